package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Call;
import dev.understudy.call.Span;
import java.io.IOException;

/** Where a caller wants to see the usage of a stream. */
enum UsageWish {
    /** Nowhere: what we asked for ourselves is taken out again. */
    NOWHERE,
    /** In one chunk before the end mark, as OpenAI does. */
    IN_A_CHUNK,
    /** Wherever the upstream puts it: a vendor's option was set. */
    ANYWHERE;

    /** What a call asks for. */
    static UsageWish of(Call call) {
        Span options = call.streamOptions();
        if (options != null && isTrue(call, options, "continuous_usage_stats")) {
            return ANYWHERE;
        }
        if (call.parameters().contains("usage")) {
            return asksVendor(call) ? ANYWHERE : call.includeUsage() ? IN_A_CHUNK : NOWHERE;
        }
        return call.includeUsage() ? IN_A_CHUNK : NOWHERE;
    }

    private static boolean isTrue(Call call, Span object, String option) {
        try (JsonParser parser = StrictJson.reopen(call.body(), object)) {
            parser.nextToken();
            return isTrue(parser, option);
        } catch (IOException e) {
            throw new IllegalStateException("the object was read before and is valid", e);
        }
    }

    /** Whether {@code usage.include} is set at the top of the body. */
    private static boolean asksVendor(Call call) {
        try (JsonParser parser = StrictJson.reopen(call.body(), new Span(0, call.body().length))) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean usage = parser.currentName().equals("usage");
                parser.nextToken();
                if (usage) {
                    return isTrue(parser, "include");
                }
                parser.skipChildren();
            }
            return false;
        } catch (IOException e) {
            throw new IllegalStateException("the body was read before and is valid", e);
        }
    }

    /** Whether the parser stands on an object that has this option set. */
    private static boolean isTrue(JsonParser parser, String option) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return false;
        }
        boolean set = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean asked = parser.currentName().equals(option);
            JsonToken value = parser.nextToken();
            set |= asked && value == JsonToken.VALUE_TRUE;
            parser.skipChildren();
        }
        return set;
    }
}
