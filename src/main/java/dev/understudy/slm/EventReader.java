package dev.understudy.slm;

import dev.understudy.slm.SlmListener.Prompt;
import dev.understudy.slm.SlmListener.Token;
import dev.understudy.slm.SlmListener.TopToken;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the records of {@code events.h} out of an engine's buffer. Not thread-safe: the decode thread's alone. Unknown
 * types are skipped by their length.
 */
final class EventReader {
    private static final int TOKEN = 1;
    private static final int PROMPT = 2;
    private static final int DONE = 3;
    private static final int ERROR = 4;
    private static final int ENGINE = 5;
    private static final int REFUSED = 1;
    private static final int FORCED = 8;

    private final ByteBuffer buffer;
    private final Sink sink;

    /** Where records go. */
    interface Sink {
        void token(long request, Token token);

        void prompt(long request, Prompt progress);

        /** An error record; its {@link #done} follows. */
        void error(long request, SlmException failure);

        void done(long request, SlmResult result);

        /** The engine's own state: 1 well, 2 unhealthy, 3 about to be opened anew. */
        void engine(int state, String reason);
    }

    EventReader(ByteBuffer buffer, Sink sink) {
        this.buffer = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.sink = sink;
    }

    void read(int length) {
        buffer.clear().limit(length);
        while (buffer.hasRemaining()) {
            int type = buffer.get();
            int flags = buffer.get();
            buffer.getShort();
            int end = buffer.getInt() + buffer.position() + Long.BYTES;
            long request = buffer.getLong();
            switch (type) {
                case TOKEN -> token(request, flags);
                case PROMPT -> sink.prompt(request, new Prompt(buffer.getInt(), buffer.getInt(), buffer.getInt()));
                case DONE -> done(request, flags);
                case ERROR -> {
                    SlmException.Code code = SlmException.Code.of(buffer.getInt());
                    int retryMillis = buffer.getInt();
                    sink.error(request, new SlmException(code, text(buffer.getShort()), retryMillis));
                }
                case ENGINE -> {
                    int state = buffer.getInt();
                    sink.engine(state, text(buffer.getShort()));
                }
                default -> {
                    // a newer library's record
                }
            }
            buffer.position(end);
        }
    }

    private void token(long request, int flags) {
        int id = buffer.getInt();
        float logprob = buffer.getFloat();
        float margin = buffer.getFloat();
        int offset = buffer.getInt();
        int tops = Short.toUnsignedInt(buffer.getShort());
        short bytes = buffer.getShort();
        List<TopToken> top = new ArrayList<>(tops);
        for (int i = 0; i < tops; i++) {
            top.add(new TopToken(buffer.getInt(), buffer.getFloat()));
        }
        boolean refused = (flags & REFUSED) != 0;
        boolean forced = (flags & FORCED) != 0;
        Token token = new Token(id, text(bytes), logprob, margin, offset, refused, forced, top);
        sink.token(request, token);
    }

    private void done(long request, int flags) {
        sink.done(
                request,
                new SlmResult(
                        SlmResult.Finish.of(flags),
                        buffer.getInt(),
                        buffer.getInt(),
                        buffer.getInt(),
                        buffer.getInt(),
                        buffer.getLong(),
                        buffer.getLong(),
                        buffer.getLong(),
                        buffer.getLong(),
                        null));
    }

    private String text(short length) {
        byte[] bytes = new byte[Short.toUnsignedInt(length)];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
