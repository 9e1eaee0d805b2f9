package dev.understudy.learn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.understudy.call.Kind;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says whether an answer is as good as a reference: a large model's, or a person's. Pure; a change of what it accepts is
 * a new {@link #VERSION}, which voids the evidence gathered under the old one.
 */
public final class AnswerComparator {
    /** What evidence names. */
    public static final String VERSION = "1";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final String ROOT = "$";

    private AnswerComparator() {}

    /** Whether answers of this kind can be compared at all. */
    public static boolean isFor(Kind kind) {
        return switch (kind) {
            case CLASSIFY, EXTRACT, GENERATE, TOOL_CALL -> true;
            case CHAT, DECIDE, ANSWER -> false;
        };
    }

    /**
     * Compares.
     *
     * @param shape of the call that both answer
     */
    static Comparison compare(Kind kind, AnswerShape shape, Answer got, Answer want) {
        if (!isFor(kind)) {
            return new Comparison.Unscorable("no_comparator");
        }
        if ("length".equals(want.finish()) || want.finish() == null) {
            return new Comparison.Unscorable("reference_cut");
        }
        boolean silent = want.content() == null || want.content().isBlank();
        if (silent && want.toolCalls().isEmpty()) {
            return new Comparison.Unscorable("reference_empty");
        }
        return switch (kind) {
            case CLASSIFY -> label(shape, got, want);
            case TOOL_CALL -> calls(shape, got, want);
            case EXTRACT, GENERATE, CHAT, DECIDE, ANSWER -> document(shape, got, want);
        };
    }

    private static Comparison label(AnswerShape shape, Answer got, Answer want) {
        JsonNode reference = parsed(want.content());
        if (reference != null && reference.isContainerNode()) {
            return document(shape, got, want);
        }
        String wanted = Texts.label(String.valueOf(want.content()));
        boolean same = got.toolCalls().isEmpty()
                && got.content() != null
                && Texts.label(got.content()).equals(wanted);
        return same ? Comparison.AGREES : new Comparison.Differs(ROOT, shown(got.content()), shown(want.content()));
    }

    private static Comparison document(AnswerShape shape, Answer got, Answer want) {
        JsonNode reference = parsed(want.content());
        if (reference == null) {
            return new Comparison.Unscorable("reference_not_json");
        }
        JsonNode answer = got.toolCalls().isEmpty() ? parsed(got.content()) : null;
        if (answer == null) {
            return new Comparison.Differs(ROOT, shown(got.content()), reference.toString());
        }
        return new ValueComparison(shape.format()).compare(ROOT, answer, reference);
    }

    private static Comparison calls(AnswerShape shape, Answer got, Answer want) {
        List<JsonNode> reference = arguments(want.toolCalls());
        if (reference == null) {
            return new Comparison.Unscorable("reference_not_json");
        }
        if (want.toolCalls().isEmpty()) {
            return got.toolCalls().isEmpty() && got.content() != null
                    ? Comparison.AGREES
                    : new Comparison.Differs("calls", names(got.toolCalls()), "[]");
        }
        List<JsonNode> answer = arguments(got.toolCalls());
        if (answer == null || !sorted(got.toolCalls()).equals(sorted(want.toolCalls()))) {
            return new Comparison.Differs("calls", names(got.toolCalls()), names(want.toolCalls()));
        }
        boolean paired = Pairing.isComplete(want.toolCalls().size(), (one, other) -> {
            String name = want.toolCalls().get(one).name();
            return name.equals(got.toolCalls().get(other).name())
                    && new ValueComparison(shape.tool(name)).compare(ROOT, answer.get(other), reference.get(one))
                            instanceof Comparison.Agrees;
        });
        return paired ? Comparison.AGREES : firstDifference(shape, got, want, answer, reference);
    }

    /** Of calls that cannot be paired: what the first one lacks, held against the call of its name that comes next. */
    private static Comparison firstDifference(
            AnswerShape shape, Answer got, Answer want, List<JsonNode> answer, List<JsonNode> reference) {
        Set<Integer> free = new LinkedHashSet<>();
        for (int i = 0; i < answer.size(); i++) {
            free.add(i);
        }
        for (int i = 0; i < reference.size(); i++) {
            String name = want.toolCalls().get(i).name();
            Comparison first = null;
            Integer taken = null;
            for (Integer other : free) {
                if (!got.toolCalls().get(other).name().equals(name)) {
                    continue;
                }
                Comparison one = new ValueComparison(shape.tool(name))
                        .compare("calls[" + i + "]", answer.get(other), reference.get(i));
                if (first == null || one instanceof Comparison.Agrees) {
                    first = one;
                    taken = other;
                }
            }
            if (first != null && !(first instanceof Comparison.Agrees)) {
                return first;
            }
            free.remove(taken);
        }
        return new Comparison.Differs("calls", names(got.toolCalls()), names(want.toolCalls()));
    }

    private static @Nullable List<JsonNode> arguments(List<Reply.ToolCall> calls) {
        List<JsonNode> all = new ArrayList<>(calls.size());
        for (Reply.ToolCall call : calls) {
            JsonNode read = parsed(call.arguments().isBlank() ? "{}" : call.arguments());
            if (read == null) {
                return null;
            }
            all.add(read);
        }
        return all;
    }

    private static List<String> sorted(List<Reply.ToolCall> calls) {
        return calls.stream().map(Reply.ToolCall::name).sorted().toList();
    }

    private static String names(List<Reply.ToolCall> calls) {
        return sorted(calls).toString();
    }

    private static @Nullable JsonNode parsed(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return null;
        }
        try {
            JsonNode node = JSON.readTree(text);
            return node.isMissingNode() ? null : node;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static String shown(@Nullable String text) {
        return text == null ? "" : text;
    }
}
