package dev.understudy.capture;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.understudy.call.Call;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.Signals;
import dev.understudy.call.Tool;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Column {@code facts}: inputs of rules that have no column of their own, reasons, drops. No contents. */
final class CallFacts {
    private static final int NAMES = 64;
    private static final int LONGEST_NAME = 128;

    private CallFacts() {}

    /** The facts of a call. */
    static String of(Interaction all) {
        return Json.write(out -> {
            out.writeStartObject();
            call(out, all.call());
            Json.member(out, "tags", all.caller().tags());
            if (all.signals() != null) {
                signals(out, all.signals());
            }
            if (all.decision() != null) {
                decision(out, all.decision());
            }
            out.writeEndObject();
        });
    }

    private static void call(JsonGenerator out, Call call) throws IOException {
        out.writeNumberField("bytes", call.body().length);
        out.writeNumberField("messages", call.messages().size());
        names(out, "tools", call.tools().stream().map(Tool::name).toList());
        Json.member(
                out,
                "tool_choice",
                call.tools().isEmpty() ? null : call.toolChoice().wire());
        Json.member(out, "format", call.responseFormat().type().wire());
        if (call.maxTokens() != null) {
            out.writeNumberField("max_tokens", call.maxTokens());
        }
        if (call.n() != 1) {
            out.writeNumberField("n", call.n());
        }
        if (call.store() != null) {
            out.writeBooleanField("store", call.store());
        }
        if (call.tierForced()) {
            out.writeBooleanField("tier_forced", true);
        }
        Json.member(out, "reasoning_effort", call.reasoningEffort() == null ? null : cut(call.reasoningEffort()));
        names(out, "parameters", call.parameters().stream().sorted().toList());
    }

    private static void signals(JsonGenerator out, Signals signals) throws IOException {
        Json.member(out, "task", signals.task());
        Json.member(out, "task_state", signals.taskState().wire());
        Json.member(out, "session_source", signals.sessionSource());
        out.writeNumberField("turn", signals.turn());
        out.writeNumberField("tokens", signals.tokens());
        out.writeNumberField("inspect_us", signals.micros());
        if (signals.loop().isOpen()) {
            Json.member(
                    out,
                    "loop",
                    signals.loop().model() == null ? "llm" : signals.loop().model());
        }
        if (signals.latched()) {
            out.writeBooleanField("latched", true);
        }
        if (signals.slmOff()) {
            out.writeBooleanField("slm_off", true);
        }
        Json.member(out, "reasons", signals.reasons());
        Json.member(out, "unknown", signals.unknown());
    }

    private static void decision(JsonGenerator out, Decision decision) throws IOException {
        Json.member(out, "why", decision.why());
        Json.member(out, "capture_rule", decision.capture().rule());
        if (!decision.demands().equals(Demands.NONE)) {
            demands(out, decision.demands());
        }
        if (decision.mirror() != null) {
            Json.member(out, "mirror_model", decision.mirror().model());
        }
        if (!decision.dropped().isEmpty()) {
            out.writeArrayFieldStart("dropped");
            for (Decision.Dropped dropped : decision.dropped()) {
                out.writeStartObject();
                Json.member(out, "model", dropped.model());
                Json.member(out, "code", dropped.code());
                Json.member(out, "detail", dropped.detail());
                out.writeEndObject();
            }
            out.writeEndArray();
        }
    }

    private static void demands(JsonGenerator out, Demands demands) throws IOException {
        out.writeObjectFieldStart("demands");
        if (demands.budget() != null) {
            out.writeNumberField("budget_ms", demands.budget().toMillis());
        }
        if (demands.minMargin() != null) {
            out.writeNumberField("min_margin", demands.minMargin());
        }
        if (demands.outputSecrets() != Demands.Secrets.OFF) {
            Json.member(out, "output_secrets", demands.outputSecrets().name().toLowerCase(Locale.ROOT));
        }
        names(out, "checks", demands.checks().stream().map(Demands.Check::place).toList());
        out.writeEndObject();
    }

    /** Names come from outside: as many as a person reads, none longer than a line. */
    private static void names(JsonGenerator out, String name, List<String> values) throws IOException {
        if (values.isEmpty()) {
            return;
        }
        out.writeArrayFieldStart(name);
        for (int i = 0; i < Math.min(values.size(), NAMES); i++) {
            out.writeString(cut(Json.clean(values.get(i))));
        }
        out.writeEndArray();
    }

    private static String cut(String name) {
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME);
    }
}
