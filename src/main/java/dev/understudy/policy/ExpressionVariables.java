package dev.understudy.policy;

import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.runtime.CelVariableResolver;
import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Tool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The values that an expression asks for, read when it asks. An unknown text is empty; an unknown number is missing, so
 * that whatever asks for it cannot be evaluated.
 */
final class ExpressionVariables implements CelVariableResolver {
    private static final CelType TEXT = SimpleType.STRING;
    private static final CelType TEXTS = ListType.create(SimpleType.STRING);
    private static final CelType MAP = MapType.create(SimpleType.STRING, SimpleType.STRING);

    /** Of a call, by name. */
    static final SequencedMap<String, CelType> OF_CALL = sorted(Map.ofEntries(
            Map.entry("caller.team", TEXT),
            Map.entry("caller.app", TEXT),
            Map.entry("caller.key", TEXT),
            Map.entry("caller.tags", MAP),
            Map.entry("req.model", TEXT),
            Map.entry("req.api", TEXT),
            Map.entry("req.phase", TEXT),
            Map.entry("req.tools", TEXTS),
            Map.entry("req.tool_choice", TEXT),
            Map.entry("req.format", TEXT),
            Map.entry("req.tokens", SimpleType.INT),
            Map.entry("req.max_tokens", SimpleType.INT),
            Map.entry("req.turns", SimpleType.INT),
            Map.entry("req.stream", SimpleType.BOOL),
            Map.entry("req.images", SimpleType.BOOL),
            Map.entry("req.session", TEXT),
            Map.entry("req.headers", MAP),
            Map.entry("req.metadata", MAP),
            Map.entry("task.name", TEXT),
            Map.entry("task.site", TEXT),
            Map.entry("task.kind", TEXT),
            Map.entry("data.sensitivity", TEXT),
            Map.entry("data.findings", TEXTS),
            Map.entry("budget.used", SimpleType.DOUBLE),
            Map.entry("budget.left", SimpleType.DOUBLE),
            Map.entry("now", SimpleType.TIMESTAMP)));

    /** Of an answer besides, by name. */
    static final SequencedMap<String, CelType> OF_ANSWER = sorted(Map.of(
            "answer.finish", TEXT,
            "answer.text", TEXT,
            "answer.tools", TEXTS,
            "answer.tokens", SimpleType.INT,
            "answer.ms", SimpleType.INT));

    private final Facts facts;
    private final @Nullable AnswerFacts answer;

    ExpressionVariables(Facts facts, @Nullable AnswerFacts answer) {
        this.facts = facts;
        this.answer = answer;
    }

    private static SequencedMap<String, CelType> sorted(Map<String, CelType> types) {
        return new TreeMap<>(types);
    }

    @Override
    public Optional<Object> find(String name) {
        return Optional.ofNullable(name.startsWith("answer.") ? ofAnswer(name) : ofCall(name));
    }

    private @Nullable Object ofAnswer(String name) {
        if (answer == null) {
            return null;
        }
        return switch (name) {
            case "answer.finish" -> answer.finish();
            case "answer.text" -> answer.text();
            case "answer.tools" -> answer.tools();
            case "answer.tokens" -> (long) answer.tokens();
            case "answer.ms" -> answer.millis();
            default -> null;
        };
    }

    private @Nullable Object ofCall(String name) {
        return switch (name) {
            case "caller.team" -> facts.caller().team();
            case "caller.app" -> facts.caller().app();
            case "caller.key" ->
                facts.caller().keyId() == null ? "" : facts.caller().keyId().toString();
            case "caller.tags" -> facts.caller().tags();
            case "req.model" -> facts.isUnknown("model") ? "" : facts.call().model();
            case "req.api" -> facts.isUnknown("api") ? "" : facts.call().api().wire();
            case "req.phase" ->
                facts.isUnknown("phase") ? "" : facts.signals().phase().wire();
            case "req.tools" -> facts.isUnknown("tools") ? null : toolNames();
            case "req.tool_choice" ->
                facts.isUnknown("toolChoice") ? "" : facts.call().toolChoice().wire();
            case "req.format" ->
                facts.isUnknown("responseFormat")
                        ? ""
                        : facts.call().responseFormat().type().wire();
            case "req.tokens" ->
                facts.isUnknown("tokens") ? null : (Long) (long) facts.signals().tokens();
            case "req.max_tokens" -> facts.isUnknown("maxTokens") ? null : (Long) maxTokens();
            case "req.turns" ->
                facts.isUnknown("turn") ? null : (Long) (long) facts.signals().turn();
            case "req.stream" -> facts.isUnknown("stream") ? null : (Boolean) facts.call().stream();
            case "req.images" -> facts.isUnknown("images") ? null : (Boolean) facts.hasImages();
            case "req.session" ->
                facts.isUnknown("session") ? "" : facts.signals().session();
            case "req.headers" -> facts.call().headers();
            case "req.metadata" -> facts.call().metadata();
            case "now" -> facts.isUnknown("now") ? null : facts.call().receivedAt();
            default -> ofErrand(name);
        };
    }

    private @Nullable Object ofErrand(String name) {
        return switch (name) {
            case "task.name" -> word(facts.signals().task());
            case "task.site" -> word(facts.signals().site());
            case "task.kind" ->
                facts.isUnknown("kind") ? "" : facts.signals().kind().wire();
            case "data.sensitivity" ->
                facts.isUnknown("sensitivity")
                        ? ""
                        : facts.signals().sensitivity().wire();
            case "data.findings" -> List.copyOf(facts.signals().findings());
            case "budget.used" ->
                facts.caller().budgetUsed() == null
                        ? (Double) 0.0
                        : facts.caller().budgetUsed();
            case "budget.left" ->
                facts.caller().budgetLeft() == null
                        ? (Double) Double.POSITIVE_INFINITY
                        : facts.caller().budgetLeft();
            default -> null;
        };
    }

    private String word(@Nullable String word) {
        return word == null || facts.isUnknown("task") ? "" : word;
    }

    private long maxTokens() {
        Integer asked = facts.call().maxTokens();
        return asked == null ? 0 : asked;
    }

    private List<String> toolNames() {
        List<Tool> tools = facts.call().tools();
        List<String> names = new ArrayList<>(tools.size());
        for (int i = 0; i < tools.size(); i++) {
            names.add(tools.get(i).name());
        }
        return names;
    }
}
