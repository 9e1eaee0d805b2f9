package dev.understudy.upstream;

import dev.understudy.openai.Deviation;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Reads what was asked for as a stream. Its first byte, not its content type, tells a JSON answer from an event stream;
 * whatever else it is, the stream's reader will not take it.
 */
final class FirstBytes implements Reading {
    private static final int BLANK_BYTES = 64 << 10;
    private static final int MARK_BYTES = 3;

    private final UpstreamAsk ask;
    private final HttpClientRequest request;
    private final HttpClientResponse response;
    private @Nullable Reading chosen;
    private @Nullable Buffer blank;

    FirstBytes(UpstreamAsk ask, HttpClientRequest request, HttpClientResponse response) {
        this.ask = ask;
        this.request = request;
        this.response = response;
    }

    @Override
    public void chunk(Buffer bytes) {
        Reading known = chosen;
        if (known != null) {
            known.chunk(bytes);
            return;
        }
        Buffer all = blank == null ? bytes : blank.appendBuffer(bytes);
        int first = firstOf(all);
        if (first == 0 && all.length() < BLANK_BYTES) {
            blank = all;
            return;
        }
        Reading made;
        if (first == '{' || first == '[') {
            made = new DocumentReading(ask, response);
        } else {
            String type = response.getHeader(HttpHeaders.CONTENT_TYPE);
            if (type == null || !type.contains("event-stream")) {
                ask.model().countDeviation(Deviation.CONTENT_TYPE, 1);
            }
            made = new StreamReading(ask, request);
        }
        chosen = made;
        made.chunk(all);
    }

    @Override
    public void end() {
        orDocument().end();
    }

    @Override
    public void broken() {
        orDocument().broken();
    }

    @Override
    public void late(boolean bodyEnded) {
        orDocument().late(bodyEnded);
    }

    private Reading orDocument() {
        Reading known = chosen;
        return known == null ? new DocumentReading(ask, response) : known;
    }

    /** The first byte that is neither blank nor part of a byte order mark; 0 when there is none. */
    private static int firstOf(Buffer bytes) {
        boolean marked = bytes.length() >= MARK_BYTES && bytes.getByte(0) == (byte) 0xEF;
        for (int i = marked ? MARK_BYTES : 0; i < bytes.length(); i++) {
            byte b = bytes.getByte(i);
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return b;
            }
        }
        return 0;
    }
}
