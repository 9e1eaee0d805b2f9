package dev.understudy.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Secret;
import dev.understudy.call.Signals;
import dev.understudy.inspect.Inspector;
import dev.understudy.model.Readiness;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import dev.understudy.policy.Explainer;
import dev.understudy.policy.Explanation;
import dev.understudy.policy.PolicySet;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request, looks at it and explains its decision, as the agents' door would. Nothing is asked, counted or kept.
 *
 * @param inspector whose book knows the tasks
 * @param set that decides
 * @param readiness of a model, by name
 */
public record Explaining(Inspector inspector, PolicySet set, Function<String, Readiness> readiness) {
    /**
     * What would become of a request.
     *
     * @param request a body of {@code POST /v1/chat/completions}
     * @param team null: that of anonymous callers
     * @param app null: that of anonymous callers, or {@code default} with another team
     * @param headers of the request, names in lower case
     * @param ownKey whether the caller sends a key for the provider
     * @throws ApiFailure when the request cannot be read, or there is no such team or app
     */
    public Explanation explain(
            JsonNode request, @Nullable String team, @Nullable String app, Map<String, String> headers, boolean ownKey)
            throws ApiFailure {
        byte[] body = request.toString().getBytes(StandardCharsets.UTF_8);
        Call call = CallReader.read(new UUID(0, 0), Instant.EPOCH, 0, body, headers);
        String anonymous = set.access().anonymous().team();
        String asTeam = team != null ? team : anonymous;
        String asApp = app != null
                ? app
                : asTeam.equals(anonymous) ? set.access().anonymous().app() : "default";
        Secret key = ownKey ? new Secret("of-the-caller") : null;
        Caller caller = set.access().caller(asTeam, asApp, null, key, null, headers);
        if (caller == null) {
            boolean known = set.access().teams().containsKey(asTeam);
            throw new ApiFailure(
                    ApiError.INVALID_VALUE,
                    known
                            ? "The team has no such app in the policy files."
                            : "There is no such team in the policy files.",
                    known ? "app" : "team");
        }
        Signals signals = inspector.consider(call, caller, set.smallModels());
        if (set.looksInto(caller)) {
            signals = inspector.lookInto(call, caller, signals);
        }
        return Explainer.explain(call, caller, signals, set, readiness);
    }
}
