package dev.understudy.policy;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Span;
import dev.understudy.call.Tier;
import dev.understudy.call.Tool;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import dev.understudy.slm.HonouredFields;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a model can take a call at all. Comes before choice: a model that cannot is dropped, the next one taken. */
final class Eligibility {
    private static final int SCHEMA_BYTES = 64 * 1024;
    private static final int SCHEMA_DEPTH = 64;

    private Eligibility() {}

    /**
     * Why a model was dropped.
     *
     * @param detail what exactly, for people; no content
     * @param param the field of the request at fault, or null
     */
    record Drop(Unfit unfit, String detail, @Nullable String param) {}

    /** Why no small model may take this call, whatever it can; null when one may. */
    static @Nullable Drop keptOut(Facts facts) {
        if (facts.signals().slmOff()) {
            return new Drop(Unfit.SLM_OFF, "small models are switched off", null);
        }
        if (facts.call().tierForced()) {
            return new Drop(Unfit.TIER_FORCED, "the caller forbids small models by x-understudy-tier", null);
        }
        return null;
    }

    /** Why that model cannot take this call, or null when it can. */
    static @Nullable Drop drop(Facts facts, ModelCard card) {
        Call call = facts.call();
        boolean small = card.tier() == Tier.SLM;
        if (!card.trustInside() && facts.signals().sensitivity() == Sensitivity.RESTRICTED) {
            return new Drop(Unfit.RESTRICTED, "restricted contents must not leave this installation", null);
        }
        Drop drop = small ? smallCannot(call, card) : largeCannot(facts, card);
        if (drop == null && call.api() != Api.OTHER) {
            drop = tooLong(facts, card);
        }
        return drop == null ? notReady(facts, card) : drop;
    }

    private static @Nullable Drop smallCannot(Call call, ModelCard card) {
        switch (call.api()) {
            case CHAT -> {}
            case RESPONSES, OTHER -> {
                return new Drop(Unfit.API, "small models answer chat completions only", null);
            }
        }
        List<Message> messages = call.messages();
        for (int i = 0; i < messages.size(); i++) {
            for (String kind : messages.get(i).partKinds()) {
                if (!kind.equals("text")) {
                    return new Drop(Unfit.MODALITY, "small models read text only", "messages");
                }
            }
        }
        Drop drop = parameterOf(call, card);
        if (drop == null) {
            drop = hosted(call);
        }
        return drop == null ? toolsOf(call, card) : drop;
    }

    private static @Nullable Drop parameterOf(Call call, ModelCard card) {
        if (call.n() > 1) {
            return new Drop(Unfit.PARAMETER, "small models give one answer a call", "n");
        }
        for (String parameter : call.parameters()) {
            if (!HonouredFields.has(parameter)) {
                return new Drop(Unfit.PARAMETER, "small models do not know this parameter", parameter);
            }
        }
        return lacksCapability(call, card);
    }

    private static @Nullable Drop lacksCapability(Call call, ModelCard card) {
        Set<String> capabilities = card.capabilities();
        if (!call.tools().isEmpty() && !capabilities.contains("tools")) {
            return new Drop(Unfit.PARAMETER, "it takes no tools", "tools");
        }
        ResponseFormat.Type format = call.responseFormat().type();
        boolean json = format == ResponseFormat.Type.JSON_OBJECT || format == ResponseFormat.Type.JSON_SCHEMA;
        if (json && !capabilities.contains("json_schema")) {
            return new Drop(Unfit.PARAMETER, "it does not answer by schema", "response_format");
        }
        if (format == ResponseFormat.Type.OTHER && card.tier() == Tier.SLM) {
            return new Drop(Unfit.PARAMETER, "small models do not know this response format", "response_format");
        }
        return null;
    }

    private static @Nullable Drop hosted(Call call) {
        List<Tool> tools = call.tools();
        for (int i = 0; i < tools.size(); i++) {
            if (!tools.get(i).isFunction()) {
                return new Drop(Unfit.HOSTED, "small models call functions only", "tools");
            }
        }
        if (Boolean.TRUE.equals(call.store())) {
            return new Drop(Unfit.HOSTED, "answers of small models are not stored for retrieval", "store");
        }
        return null;
    }

    private static @Nullable Drop toolsOf(Call call, ModelCard card) {
        List<Tool> tools = call.tools();
        Integer most = card.maxTools();
        if (most != null && tools.size() > most) {
            return new Drop(Unfit.TOOLS, tools.size() + " tools are offered, it takes " + most, "tools");
        }
        for (int i = 0; i < tools.size(); i++) {
            Span parameters = tools.get(i).parameters();
            if (parameters != null && isTooLarge(call.body(), parameters)) {
                return new Drop(Unfit.SCHEMA, "a tool's schema is over 64 KiB or 64 levels", "tools");
            }
        }
        Span schema = call.responseFormat().schema();
        if (schema != null && isTooLarge(call.body(), schema)) {
            return new Drop(Unfit.SCHEMA, "the response schema is over 64 KiB or 64 levels", "response_format");
        }
        return null;
    }

    /** Nesting takes two bytes a level, so that short schemas need no look. */
    private static boolean isTooLarge(byte[] body, Span schema) {
        return schema.length() > SCHEMA_BYTES
                || (schema.length() > 2 * SCHEMA_DEPTH && depth(body, schema) > SCHEMA_DEPTH);
    }

    private static int depth(byte[] body, Span json) {
        int depth = 0;
        int deepest = 0;
        boolean text = false;
        for (int i = json.start(); i < json.end(); i++) {
            byte b = body[i];
            if (text) {
                if (b == '\\') {
                    i++;
                } else if (b == '"') {
                    text = false;
                }
            } else if (b == '"') {
                text = true;
            } else if (b == '{' || b == '[') {
                deepest = Math.max(deepest, ++depth);
            } else if (b == '}' || b == ']') {
                depth--;
            }
        }
        return deepest;
    }

    private static @Nullable Drop largeCannot(Facts facts, ModelCard card) {
        Call call = facts.call();
        Set<String> capabilities = card.capabilities();
        if (call.api() == Api.OTHER) {
            // Passed through unread: what such a path takes is the upstream's own business.
            return null;
        }
        if (card.place() instanceof ModelCard.Place.Upstream upstream
                && !upstream.apis().contains(call.api().wire())) {
            return new Drop(Unfit.API, "it does not have this endpoint", null);
        }
        if (!capabilities.contains("vision") && facts.hasImages()) {
            return new Drop(Unfit.MODALITY, "it does not see pictures", contents(call));
        }
        if (!capabilities.contains("audio") && facts.hasPart("input_audio")) {
            return new Drop(Unfit.MODALITY, "it does not hear", contents(call));
        }
        if (!capabilities.contains("logprobs") && call.parameters().contains("logprobs")) {
            return new Drop(Unfit.PARAMETER, "it gives no log probabilities", "logprobs");
        }
        return lacksCapability(call, card);
    }

    private static @Nullable Drop tooLong(Facts facts, ModelCard card) {
        Integer context = card.contextTokens();
        if (context == null || facts.isUnknown("tokens")) {
            return null;
        }
        Integer asked = facts.call().maxTokens();
        long needed = (long) facts.signals().tokens() + (asked == null ? 0 : asked);
        return needed <= context
                ? null
                : new Drop(
                        Unfit.CONTEXT,
                        "about " + needed + " tokens are needed, it has room for " + context,
                        contents(facts.call()));
    }

    /** The field that holds what is said. */
    private static String contents(Call call) {
        return switch (call.api()) {
            case CHAT, OTHER -> "messages";
            case RESPONSES -> "input";
        };
    }

    private static @Nullable Drop notReady(Facts facts, ModelCard card) {
        String lack = facts.lack(card.name());
        if (lack != null) {
            return new Drop(Unfit.UNAVAILABLE, lack, null);
        }
        Readiness ready = facts.readiness().apply(card.name());
        return switch (ready.state()) {
            case LOADING -> new Drop(Unfit.BUSY, "it is still loading", null);
            case FAILING -> new Drop(Unfit.FAILING, "it has failed too often of late", null);
            case READY, UNAVAILABLE -> null;
        };
    }
}
