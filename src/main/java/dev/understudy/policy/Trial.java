package dev.understudy.policy;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import dev.understudy.model.Readiness;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The call of a test case. What the case does not say is unknown, models are ready, and lack what they need only where
 * the case says so: the outcome depends on the files alone.
 */
record Trial(Facts facts) {
    private static final String NOW = "2026-01-01";
    private static final String TEXT = "text";
    private static final String IMAGE = "image_url";

    /** The call that this describes, for the rules of that set. */
    static Trial of(TestsSpec.@Nullable GivenSpec written, PolicySet set) {
        TestsSpec.GivenSpec given = written == null
                ? new TestsSpec.GivenSpec(null, null, null, null, null, List.of(), null, null)
                : written;
        Map<String, String> unknown = new HashMap<>();
        Call call = call(given, unknown);
        Caller caller = caller(given, set, unknown);
        Signals signals = signals(given, unknown);
        return new Trial(new Facts(
                call, caller, signals, set.catalogue(), model -> Readiness.READY, Set.copyOf(given.unavailable())));
    }

    /** The value, or what stands for it while it is unknown. */
    private static <T> T known(@Nullable T value, T otherwise, String signal, Map<String, String> unknown) {
        if (value == null) {
            unknown.put(signal, "the case does not say");
            return otherwise;
        }
        return value;
    }

    private static Call call(TestsSpec.GivenSpec given, Map<String, String> unknown) {
        TestsSpec.RequestSpec req = given.req() == null
                ? new TestsSpec.RequestSpec(
                        null, null, null, null, null, null, null, null, null, null, null, null, null, null)
                : given.req();
        boolean images = known(req.images(), false, MatchKey.IMAGES.wire(), unknown);
        List<Tool> tools = new ArrayList<>();
        for (String name : known(req.tools(), List.<String>of(), MatchKey.TOOLS.wire(), unknown)) {
            tools.add(new Tool(name, "function", "", null));
        }
        String now = given.now() == null ? NOW : given.now();
        String format = known(req.format(), TEXT, MatchKey.RESPONSE_FORMAT.wire(), unknown);
        Message message = new Message(
                "user",
                new Span(0, 0),
                "",
                images ? List.of(TEXT, IMAGE) : List.of(TEXT),
                List.of(),
                List.of(),
                0,
                false);
        Integer maxTokens = req.maxTokens();
        known(maxTokens, 0, MatchKey.MAX_TOKENS.wire(), unknown);
        return new Call(
                new UUID(0, 0),
                Instant.parse(now.contains("T") ? now : now + "T00:00:00Z"),
                0,
                Wire.of(Api.values(), Api::wire, known(req.api(), Api.CHAT.wire(), MatchKey.API.wire(), unknown)),
                new byte[0],
                known(req.model(), "", MatchKey.MODEL.wire(), unknown),
                new Span(0, 0),
                known(req.stream(), false, MatchKey.STREAM.wire(), unknown),
                false,
                null,
                List.of(message),
                tools,
                toolChoice(known(req.toolChoice(), "none", MatchKey.TOOL_CHOICE.wire(), unknown)),
                true,
                new ResponseFormat(
                        Wire.of(ResponseFormat.Type.values(), ResponseFormat.Type::wire, format), "", null, false),
                maxTokens,
                1,
                null,
                null,
                Set.of("model", "messages"),
                req.headers() == null ? Map.of() : req.headers(),
                req.metadata() == null ? Map.of() : req.metadata(),
                null,
                null,
                given.signals() != null && Boolean.TRUE.equals(given.signals().tierForced()),
                References.NONE);
    }

    private static ToolChoice toolChoice(String word) {
        return switch (word) {
            case "auto" -> new ToolChoice.Auto();
            case "required" -> new ToolChoice.Required();
            case "named" -> new ToolChoice.Named("");
            default -> new ToolChoice.None();
        };
    }

    private static Caller caller(TestsSpec.GivenSpec given, PolicySet set, Map<String, String> unknown) {
        TestsSpec.CallerSpec who =
                given.caller() == null ? new TestsSpec.CallerSpec(null, null, null, null) : given.caller();
        String team = known(who.team(), "", MatchKey.TEAMS.wire(), unknown);
        String app = known(who.app(), "default", MatchKey.APPS.wire(), unknown);
        UUID key = who.key() == null ? null : UUID.fromString(who.key());
        Caller known = set.access().caller(team, app, key, new Secret("of-a-test"), null, Map.of());
        Caller caller = known != null
                ? known
                : new Caller(
                        team,
                        app,
                        key,
                        Map.of(),
                        List.of("*"),
                        false,
                        Set.of(),
                        null,
                        Sensitivity.INTERNAL,
                        new Secret("of-a-test"));
        TestsSpec.BudgetSpec budget = given.budget();
        Map<String, String> tags = who.tags() == null ? caller.tags() : who.tags();
        return new Caller(
                team,
                app,
                key,
                tags,
                caller.models(),
                caller.human(),
                caller.consent(),
                null,
                caller.sensitivityFloor(),
                caller.providerKey(),
                budget == null ? null : budget.used(),
                budget == null ? null : budget.left());
    }

    private static Signals signals(TestsSpec.GivenSpec given, Map<String, String> unknown) {
        TestsSpec.RequestSpec req = given.req();
        TestsSpec.TaskSpec task = given.task();
        TestsSpec.ContentsSpec data = given.data();
        TestsSpec.SignalsSpec over = given.signals();
        String kind = known(task == null ? null : task.kind(), Kind.ANSWER.wire(), MatchKey.KIND.wire(), unknown);
        String phase = known(req == null ? null : req.phase(), Phase.USER_TURN.wire(), MatchKey.PHASE.wire(), unknown);
        String label = known(
                data == null ? null : data.sensitivity(),
                Sensitivity.INTERNAL.wire(),
                MatchKey.SENSITIVITY.wire(),
                unknown);
        String session = known(req == null ? null : req.session(), "of-a-test", "session", unknown);
        int turns = known(req == null ? null : req.turns(), 1, Facts.TURN, unknown);
        int tokens = known(req == null ? null : req.tokens(), 0, MatchKey.TOKENS.wire(), unknown);
        return new Signals(
                task == null ? null : task.site(),
                Signals.SiteMatch.EXACT,
                task == null ? null : task.name(),
                Signals.TaskState.KNOWN,
                "",
                Wire.of(Kind.values(), Kind::wire, kind),
                Wire.of(Phase.values(), Phase::wire, phase),
                session,
                "call",
                turns,
                tokens,
                Wire.sensitivity(label),
                loop(over == null ? null : over.loop()),
                over != null && Boolean.TRUE.equals(over.latched()),
                over != null && Boolean.TRUE.equals(over.slmOff()),
                data == null ? Set.of() : Set.copyOf(data.findings()),
                Map.of(),
                unknown,
                0);
    }

    private static Loop loop(@Nullable String owner) {
        if (owner == null) {
            return Loop.NONE;
        }
        return owner.equals("llm") ? Loop.LLM : Loop.of(owner);
    }
}
