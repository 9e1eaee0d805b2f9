package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Span;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Edits a copy of a call's bytes at known places. All other bytes stay as they came. */
public final class Splice {
    private static final String ASK = "\"include_usage\":true";

    private Splice() {}

    /**
     * The bytes that go upstream: the upstream's name for the model, and for a stream the wish for a usage chunk, which
     * {@link ChatEvents} takes out again where the caller did not have it.
     *
     * @param upstreamModel null: as requested
     * @return the call's own array when nothing is to be edited; not to be changed
     */
    public static byte[] forUpstream(Call call, @Nullable String upstreamModel) {
        return forUpstream(call, upstreamModel, addsUsage(call));
    }

    /** Whether the wish for a usage chunk has to be added to this call. A response tells its usage unasked. */
    public static boolean addsUsage(Call call) {
        return call.api() == Api.CHAT && call.stream() && !call.includeUsage();
    }

    /**
     * The same for an upstream that may not know the wish.
     *
     * @param usage whether the wish for a usage chunk is added; only where {@link #addsUsage}
     */
    public static byte[] forUpstream(Call call, @Nullable String upstreamModel, boolean usage) {
        byte[] body = call.body();
        Span options = usage ? call.streamOptions() : null;
        boolean add = usage && options == null;
        StringBuilder model = new StringBuilder();
        if (upstreamModel != null && !upstreamModel.equals(call.model())) {
            JsonText.quote(model, upstreamModel);
        } else if (add) {
            model.append(text(body, call.modelSpan()));
        }
        if (add) {
            model.append(",\"stream_options\":{").append(ASK).append('}');
        }
        // The later place first: the earlier one's offsets then still hold.
        if (options != null && options.start() > call.modelSpan().start()) {
            return replace(withUsage(body, options), call.modelSpan(), model);
        }
        byte[] renamed = replace(body, call.modelSpan(), model);
        return options == null ? renamed : withUsage(renamed, options);
    }

    /** The same body, its {@code stream_options} asking for usage. */
    private static byte[] withUsage(byte[] body, Span options) {
        try (JsonParser parser = StrictJson.reopen(body, options)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return replace(body, options, "{" + ASK + "}");
            }
            boolean empty = true;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                empty = false;
                boolean asks = parser.currentName().equals("include_usage");
                parser.nextToken();
                if (asks) {
                    int start = StrictJson.start(parser);
                    parser.skipChildren();
                    Span value = StrictJson.spanFrom(start, parser);
                    int offset = options.start();
                    return replace(body, new Span(offset + value.start(), offset + value.end()), "true");
                }
                parser.skipChildren();
            }
            int inside = options.start() + 1;
            return replace(body, new Span(inside, inside), empty ? ASK : ASK + ",");
        } catch (IOException e) {
            throw new IllegalStateException("stream_options was read before and is valid", e);
        }
    }

    private static byte[] replace(byte[] body, Span span, CharSequence by) {
        if (by.isEmpty()) {
            return body;
        }
        byte[] inserted = by.toString().getBytes(StandardCharsets.UTF_8);
        byte[] edited = Arrays.copyOf(body, body.length - span.length() + inserted.length);
        System.arraycopy(inserted, 0, edited, span.start(), inserted.length);
        System.arraycopy(body, span.end(), edited, span.start() + inserted.length, body.length - span.end());
        return edited;
    }

    private static String text(byte[] body, Span span) {
        return new String(body, span.start(), span.length(), StandardCharsets.UTF_8);
    }
}
