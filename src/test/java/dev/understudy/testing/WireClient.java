package dev.understudy.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client on the level of bytes, for one connection. Reads when told to, so it can be slow, and leaves when told to. */
public final class WireClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 20_000;

    private final Socket socket;
    private final InputStream in;

    public WireClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Sends bytes as they are. */
    public WireClient send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    /** Sends a chat call. */
    public WireClient post(String json, String... headers) throws IOException {
        return postTo("/v1/chat/completions", json, headers);
    }

    /** Sends a JSON body to a path. */
    public WireClient postTo(String path, String json, String... headers) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("POST " + path + " HTTP/1.1\r\nhost: gateway\r\n");
        head.append("content-type: application/json\r\ncontent-length: ")
                .append(body.length)
                .append("\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        all.writeBytes(body);
        socket.getOutputStream().write(all.toByteArray());
        socket.getOutputStream().flush();
        return this;
    }

    /** Sends a request with a JSON body, or without one where it is null. */
    public WireClient request(String line, @Nullable String json, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(line).append(" HTTP/1.1\r\nhost: gateway\r\n");
        byte[] body = json == null ? new byte[0] : json.getBytes(StandardCharsets.UTF_8);
        if (json != null) {
            head.append("content-type: application/json\r\ncontent-length: ")
                    .append(body.length)
                    .append("\r\n");
        }
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        send(head.append("\r\n").toString());
        socket.getOutputStream().write(body);
        socket.getOutputStream().flush();
        return this;
    }

    /** Sends bytes as they are. */
    public WireClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Reads so many bytes. */
    public byte[] bytes(int length) throws IOException {
        return in.readNBytes(length);
    }

    /** Reads the head of an answer. */
    public Head head() throws IOException {
        int status = Integer.parseInt(line().split(" ")[1]);
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new Head(status, headers);
    }

    /** Reads a whole answer. */
    public Answer answer() throws IOException {
        Head head = head();
        return new Answer(head, body(head));
    }

    /** Reads the rest of an answer whose head was read. */
    public String body(Head head) throws IOException {
        String length = head.headers().get("content-length");
        if (length != null) {
            return new String(in.readNBytes(Integer.parseInt(length)), StandardCharsets.UTF_8);
        }
        StringBuilder text = new StringBuilder();
        for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
            text.append(chunk);
        }
        return text.toString();
    }

    /** Reads the next chunk of a stream; empty at its end. */
    public String chunk() throws IOException {
        int length = Integer.parseInt(line(), 16);
        byte[] bytes = in.readNBytes(length);
        line();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Whether the other side has closed. */
    public boolean isClosed() throws IOException {
        return in.read() < 0;
    }

    /** Leaves by an orderly close. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Leaves by half: says that it sends no more, and would still read. */
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Leaves by a reset. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private String line() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("closed after: " + bytes.toString(StandardCharsets.ISO_8859_1));
            }
            if (b != '\r') {
                bytes.write(b);
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** Status and headers, names in lower case. */
    public record Head(int status, Map<String, String> headers) {
        public @Nullable String header(String name) {
            return headers.get(name);
        }
    }

    /** A whole answer. */
    public record Answer(Head head, String body) {
        public int status() {
            return head.status();
        }

        public @Nullable String header(String name) {
            return head.header(name);
        }
    }
}
