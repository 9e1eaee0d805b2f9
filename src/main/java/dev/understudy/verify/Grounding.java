package dev.understudy.verify;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.call.Call;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.model.Reply;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the strings and numbers of an answer come from the prompt, or from the schema's own {@code enum}, {@code
 * const} or {@code default}: an errand is to copy, so what stands nowhere was made up. Not looked at are booleans, dates
 * and times (by the schema's {@code format}, or written as ISO 8601 has them) and texts of more than six words.
 */
final class Grounding {
    private static final int KEPT = 1_000;
    private static final int WORDS = 6;
    private static final Finding NOTHING = Finding.skip("no values");

    private final JsonMapper json = JsonMapper.builder(JsonFactory.builder()
                    // names come from outside: a table of all of them would only grow
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private final Cache<String, JsonNode> schemas =
            Caffeine.newBuilder().maximumSize(KEPT).build();

    Finding look(Inquiry inquiry) {
        return switch (inquiry.kind()) {
            case TOOL_CALL, EXTRACT -> values(inquiry.call(), inquiry.reply());
            case CHAT, DECIDE, CLASSIFY, GENERATE, ANSWER -> Finding.skip("kind");
        };
    }

    private Finding values(Call call, Reply reply) {
        String content = reply.content();
        boolean document = content != null && isJson(call.responseFormat().type());
        if (reply.calls().isEmpty() && !document) {
            return NOTHING;
        }
        Search search = new Search(call);
        for (Reply.ToolCall made : reply.calls()) {
            Tool tool = Ladder.toolOf(call, made.name());
            JsonNode schema =
                    tool == null ? MissingNode.getInstance() : schema(call, tool.schemaHash(), tool.parameters());
            Finding finding = check(made.arguments(), schema, search);
            if (finding.isFailure()) {
                return finding;
            }
        }
        if (reply.calls().isEmpty() && content != null) {
            ResponseFormat format = call.responseFormat();
            return check(content, schema(call, format.schemaHash(), format.schema()), search);
        }
        return Finding.PASS;
    }

    private static boolean isJson(ResponseFormat.Type type) {
        return switch (type) {
            case JSON_OBJECT, JSON_SCHEMA -> true;
            case TEXT, OTHER -> false;
        };
    }

    private Finding check(String document, JsonNode schema, Search search) {
        try {
            return search.check(json.readTree(document), SchemaWalk.of(schema));
        } catch (JsonProcessingException e) {
            return Finding.fail("not_json");
        }
    }

    private JsonNode schema(Call call, String hash, @Nullable Span span) {
        return span == null ? MissingNode.getInstance() : schemas.get(hash, key -> read(call, span));
    }

    private JsonNode read(Call call, Span span) {
        try {
            return json.readTree(call.body(), span.start(), span.length());
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }

    /** One answer's values looked up in one prompt, which is read when the first asks for it. */
    private static final class Search {
        private final Call call;
        private @Nullable PromptText prompt;

        Search(Call call) {
            this.call = call;
        }

        Finding check(JsonNode value, SchemaWalk at) {
            if (value.isObject()) {
                for (Map.Entry<String, JsonNode> member : value.properties()) {
                    Finding finding = check(member.getValue(), at.member(member.getKey()));
                    if (finding.isFailure()) {
                        return finding;
                    }
                }
                return Finding.PASS;
            }
            if (value.isArray()) {
                for (int i = 0; i < value.size(); i++) {
                    Finding finding = check(value.get(i), at.element(i));
                    if (finding.isFailure()) {
                        return finding;
                    }
                }
                return Finding.PASS;
            }
            return leaf(value, at);
        }

        private Finding leaf(JsonNode value, SchemaWalk at) {
            if (value.isTextual()) {
                String text = value.textValue();
                boolean fine = isLong(text)
                        || isIsoDate(text)
                        || at.isDate()
                        || at.names(value)
                        || prompt().holdsNumber(text)
                        || prompt().holds(FoldedText.of(text));
                return fine ? Finding.PASS : missing("text");
            }
            if (value.isNumber()) {
                String number = written(value);
                boolean fine = at.names(value) || prompt().holdsNumber(number) || prompt().holds(FoldedText.of(number));
                return fine ? Finding.PASS : missing("number");
            }
            return Finding.PASS;
        }

        /** Digits as they are, without an exponent where that is short. */
        private static String written(JsonNode number) {
            if (!number.isFloatingPointNumber()) {
                return number.asText();
            }
            BigDecimal value = number.decimalValue();
            return Math.abs(value.scale()) > 40 ? value.toString() : value.toPlainString();
        }

        private Finding missing(String what) {
            return Finding.fail(prompt().isExhausted() ? "too much to compare" : what + " not in the prompt");
        }

        private PromptText prompt() {
            PromptText read = prompt;
            if (read == null) {
                read = PromptText.of(call);
                prompt = read;
            }
            return read;
        }
    }

    /** More than six words; in scripts without blanks two characters count as one. */
    static boolean isLong(String text) {
        int words = 0;
        int characters = 0;
        boolean inside = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean blank = FoldedText.isBlank(c);
            if (!blank && PromptText.hasNoBlanks(c)) {
                characters++;
            } else if (!blank && !inside) {
                words++;
            }
            inside = !blank && !PromptText.hasNoBlanks(c);
        }
        return words + characters / 2 > WORDS;
    }

    /** 2027-03-12, perhaps with a time behind it. */
    static boolean isIsoDate(String text) {
        int length = text.length();
        if (length < 10 || length > 35 || (length > 10 && text.charAt(10) != 'T')) {
            return false;
        }
        for (int i = 0; i < 10; i++) {
            char c = text.charAt(i);
            boolean dash = i == 4 || i == 7;
            if (dash ? c != '-' : !FoldedText.isDigit(c)) {
                return false;
            }
        }
        return true;
    }
}
