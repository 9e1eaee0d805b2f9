package dev.understudy.policy;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.Purpose;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Calls for tests: a plain one, and what is different about another. */
final class Calls {
    Api api = Api.CHAT;
    byte[] body = new byte[0];
    String model = "gpt-x";
    boolean stream;
    List<String> partKinds = List.of("text");
    final List<Tool> tools = new ArrayList<>();
    ToolChoice toolChoice = new ToolChoice.None();
    ResponseFormat format = ResponseFormat.TEXT;

    @Nullable
    Integer maxTokens;

    int n = 1;

    @Nullable
    Boolean store;

    final Set<String> parameters = new TreeSet<>(Set.of("model", "messages"));
    boolean tierForced;

    String team = "local";
    String app = "default";

    @Nullable
    UUID keyId;

    Map<String, String> tags = Map.of();
    List<String> models = List.of("*");
    Set<Purpose> consent = Set.of(Purpose.DEBUG);

    @Nullable
    Secret providerKey = new Secret("sk-caller");

    @Nullable
    String site = "00112233445566aa";

    @Nullable
    String task = "greet";

    Kind kind = Kind.ANSWER;
    Phase phase = Phase.USER_TURN;
    int turn = 1;
    int tokens = 100;
    Sensitivity sensitivity = Sensitivity.INTERNAL;
    String session = "s-1";
    Loop loop = Loop.NONE;
    boolean latched;
    boolean slmOff;
    Set<String> findings = Set.of();
    final Map<String, String> headers = new HashMap<>();

    @Nullable
    Double budgetUsed;

    final Map<String, String> unknown = new HashMap<>();

    /** Adds a function of that name. */
    Calls tool(String name) {
        tools.add(new Tool(name, "function", "", null));
        return this;
    }

    Call call() {
        return new Call(
                new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0001L),
                Instant.parse("2026-01-01T00:00:00Z"),
                0,
                api,
                body,
                model,
                new Span(0, 0),
                stream,
                false,
                null,
                List.of(message()),
                tools,
                toolChoice,
                true,
                format,
                maxTokens,
                n,
                null,
                store,
                parameters,
                headers,
                Map.of(),
                null,
                null,
                tierForced,
                References.NONE);
    }

    private Message message() {
        return new Message("user", new Span(0, 0), "hello", partKinds, List.of(), List.of(), 0, false);
    }

    Caller caller() {
        return new Caller(team, app, keyId, tags, models, false, consent, null, Sensitivity.INTERNAL, providerKey)
                .withBudget(budgetUsed, null);
    }

    Signals signals() {
        return new Signals(
                site,
                Signals.SiteMatch.EXACT,
                task,
                Signals.TaskState.KNOWN,
                "",
                kind,
                phase,
                session,
                "call",
                turn,
                tokens,
                sensitivity,
                loop,
                latched,
                slmOff,
                findings,
                Map.of(),
                unknown,
                1);
    }
}
