package dev.understudy.testing;

import io.netty.channel.ChannelOption;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.NetSocketInternal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An upstream that does as it is told, on the level of bytes: it can stall, be cut off in the middle of an event, reset
 * its connection, answer nonsense. Listens on a free port of the loopback address.
 */
public final class ScriptedPeer implements AutoCloseable {
    private final Vertx vertx;
    private final NetServer server;
    private final List<Talk> talks = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile Consumer<Talk> script;

    /**
     * @param script what is done for each request; on the event loop of its connection
     */
    public ScriptedPeer(Vertx vertx, Consumer<Talk> script) {
        this.vertx = vertx;
        this.script = script;
        this.server = vertx.createNetServer(new NetServerOptions().setHost("127.0.0.1"));
        server.connectHandler(this::accept);
        Blocking.get(server.listen(0, "127.0.0.1"));
    }

    /** Does something else from the next request on. */
    public void script(Consumer<Talk> next) {
        script = next;
    }

    /** The base URL, with {@code /v1}. */
    public String baseUrl() {
        return "http://127.0.0.1:" + server.actualPort() + "/v1";
    }

    /** Requests so far, in order of arrival. */
    public List<Talk> talks() {
        return talks;
    }

    /** Connections that are open. */
    public int open() {
        return open.get();
    }

    /** Connections so far. */
    public int connections() {
        return connections.get();
    }

    @Override
    public void close() {
        Blocking.get(server.close());
    }

    private void accept(NetSocket socket) {
        open.incrementAndGet();
        connections.incrementAndGet();
        Inbox inbox = new Inbox(socket);
        socket.handler(inbox::take);
        socket.exceptionHandler(cause -> {});
        socket.closeHandler(closed -> {
            open.decrementAndGet();
            Talk last = inbox.talk;
            if (last != null) {
                last.closedNanos = System.nanoTime();
                last.closed = true;
            }
        });
    }

    /** Gathers requests of one connection. */
    private final class Inbox {
        private final NetSocket socket;
        private Buffer bytes = Buffer.buffer();
        private @Nullable Talk talk;

        private Inbox(NetSocket socket) {
            this.socket = socket;
        }

        private void take(Buffer chunk) {
            bytes.appendBuffer(chunk);
            String text = bytes.toString(StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end < 0) {
                return;
            }
            int length = contentLength(text.substring(0, end));
            if (bytes.length() >= end + 4 + length) {
                String head = text.substring(0, end);
                byte[] body = bytes.getBytes(end + 4, end + 4 + length);
                bytes = bytes.getBuffer(end + 4 + length, bytes.length());
                Talk next = new Talk(vertx, socket, head, body);
                talk = next;
                talks.add(next);
                script.accept(next);
            }
        }

        private int contentLength(String head) {
            for (String line : head.split("\r\n")) {
                if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    return Integer.parseInt(
                            line.substring(line.indexOf(':') + 1).strip());
                }
            }
            return 0;
        }
    }

    /** One request and the way to answer it. */
    public static final class Talk {
        private final Vertx vertx;
        private final NetSocket socket;
        private final String head;
        private final byte[] body;
        private volatile boolean closed;
        private volatile long closedNanos;

        private Talk(Vertx vertx, NetSocket socket, String head, byte[] body) {
            this.vertx = vertx;
            this.socket = socket;
            this.head = head;
            this.body = body;
        }

        /** Request line and headers. */
        public String head() {
            return head;
        }

        /** Value of a request header, or null. */
        public @Nullable String header(String name) {
            for (String line : head.split("\r\n")) {
                int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                    return line.substring(colon + 1).strip();
                }
            }
            return null;
        }

        public byte[] body() {
            return body;
        }

        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** Whether the other side, or this one, has closed the connection. */
        public boolean isClosed() {
            return closed;
        }

        /** When it was closed, on the monotonic clock; 0 while it is open. */
        public long closedNanos() {
            return closedNanos;
        }

        /** Sends bytes as they are. */
        public Talk raw(String bytes) {
            socket.write(bytes);
            return this;
        }

        /** Sends a whole JSON answer. */
        public Talk json(int status, String json, String... headers) {
            StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " X\r\ncontent-type: application/json\r\n");
            for (String header : headers) {
                text.append(header).append("\r\n");
            }
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            text.append("content-length: ").append(bytes.length).append("\r\n\r\n");
            socket.write(Buffer.buffer(text.toString()).appendBytes(bytes));
            return this;
        }

        /** Begins a stream in chunks. */
        public Talk stream(String... headers) {
            StringBuilder text = new StringBuilder(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n");
            for (String header : headers) {
                text.append(header).append("\r\n");
            }
            socket.write(text.append("\r\n").toString());
            return this;
        }

        /** Sends bytes as one chunk of a stream. */
        public Talk chunk(String bytes) {
            byte[] content = bytes.getBytes(StandardCharsets.UTF_8);
            socket.write(Buffer.buffer(Integer.toHexString(content.length) + "\r\n")
                    .appendBytes(content)
                    .appendString("\r\n"));
            return this;
        }

        /** Sends a chunk of one byte. */
        public Talk rawChunk(byte single) {
            socket.write(Buffer.buffer("1\r\n").appendByte(single).appendString("\r\n"));
            return this;
        }

        /** Sends one event. */
        public Talk event(String data) {
            return chunk("data: " + data + "\n\n");
        }

        /** A chunk of OpenAI's that carries text. */
        public Talk content(String text) {
            return event(Chunks.content(text));
        }

        /** Ends a stream as it should: finish, end mark, last chunk. */
        public Talk finish() {
            return event(Chunks.finish("stop")).event("[DONE]").end();
        }

        /** Sends the last chunk. */
        public Talk end() {
            return raw("0\r\n\r\n");
        }

        /** Closes the connection. */
        public void close() {
            socket.close();
        }

        /** Breaks the connection by a reset. */
        public void reset() {
            ((NetSocketInternal) socket)
                    .channelHandlerContext()
                    .channel()
                    .config()
                    .setOption(ChannelOption.SO_LINGER, 0);
            socket.close();
        }

        /** Does something a while later, unless the connection is closed by then. */
        public Talk later(long millis, Consumer<Talk> then) {
            vertx.setTimer(millis, fired -> {
                if (!closed) {
                    then.accept(this);
                }
            });
            return this;
        }

        /** Whether the other side takes no more at the moment. */
        public boolean isFull() {
            return socket.writeQueueFull();
        }
    }
}
