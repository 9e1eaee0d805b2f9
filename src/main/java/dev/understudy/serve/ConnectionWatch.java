package dev.understudy.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the HTTP library does not watch on a connection: a head that was begun must end in time, and only so many requests
 * may wait in it for those before them. Confined to the connection's event loop.
 */
final class ConnectionWatch {
    /** Few clients send a request before the last one was answered, and none has good reason to send many. */
    private static final int MOST_WAITING = 100;

    private final long headMillis;
    private final Supplier<byte[]> tooSlow;
    private boolean betweenRequests = true;
    private boolean progress;
    private int waiting;
    private @Nullable Future<?> clock;

    /**
     * @param head time from the first bytes of a head to its end
     * @param tooSlow the whole answer to a head that did not end, as bytes
     */
    ConnectionWatch(Duration head, Supplier<byte[]> tooSlow) {
        this.headMillis = head.toMillis();
        this.tooSlow = tooSlow;
    }

    /** Begins; called before anything is read. */
    void begin(HttpConnection connection) {
        Channel channel = ((ConnectionBase) connection).channel();
        ChannelPipeline pipeline = channel.pipeline();
        if (pipeline.get("httpDecoder") == null) {
            // HTTP/2, whose streams the library bounds itself
            return;
        }
        pipeline.addBefore("httpDecoder", "watch-bytes", new Bytes());
        pipeline.addBefore("handler", "watch-messages", new Messages());
    }

    private void late(ChannelHandlerContext ctx) {
        clock = null;
        if (!betweenRequests) {
            return;
        }
        if (waiting > 0) {
            // An answer is under way here: it must not be cut short, and an error cannot be put into it.
            arm(ctx);
            return;
        }
        ByteBuf answer = Unpooled.wrappedBuffer(tooSlow.get());
        ctx.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
    }

    private void arm(ChannelHandlerContext ctx) {
        clock = ctx.executor().schedule(() -> late(ctx), headMillis, TimeUnit.MILLISECONDS);
    }

    private void disarm() {
        Future<?> armed = clock;
        if (armed != null) {
            armed.cancel(false);
            clock = null;
        }
    }

    /** Sees bytes before they are understood. */
    private final class Bytes extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            progress = false;
            ctx.fireChannelRead(bytes);
            // No message came of them, so they are a piece of a head.
            if (betweenRequests && !progress && clock == null && ctx.channel().isActive()) {
                arm(ctx);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            disarm();
            ctx.fireChannelInactive();
        }
    }

    /** Sees messages as the library does. */
    private final class Messages extends ChannelDuplexHandler {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            progress = true;
            if (message instanceof HttpRequest head) {
                if (!isOurs(head.protocolVersion())) {
                    // The library would answer that it cannot serve it, which is a fault of the client's.
                    head.setDecoderResult(DecoderResult.failure(new DecoderException("version")));
                }
                betweenRequests = false;
                disarm();
                if (++waiting > MOST_WAITING) {
                    var _ = ctx.close();
                }
            }
            if (message instanceof LastHttpContent) {
                betweenRequests = true;
            }
            ctx.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof LastHttpContent && !(message instanceof HttpResponse head && isInterim(head))) {
                waiting--;
            }
            var _ = ctx.write(message, promise);
        }

        @Override
        public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
            // The library closes right after it has told of broken chunks; an answer to them may wait to be flushed.
            ctx.flush();
            var _ = ctx.close(promise);
        }

        private static boolean isOurs(HttpVersion version) {
            return version.equals(HttpVersion.HTTP_1_1) || version.equals(HttpVersion.HTTP_1_0);
        }

        private static boolean isInterim(HttpResponse head) {
            return head.status().code() < 200;
        }
    }
}
