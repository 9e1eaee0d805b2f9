package dev.understudy.serve;

import dev.understudy.access.LimitReached;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.TokenCount;
import dev.understudy.policy.Held;
import io.vertx.core.Future;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the agents' door asks of the rooms below it. */
interface Judgement {
    /**
     * Who is calling.
     *
     * @param apiKey {@code api-key} or {@code x-api-key}
     * @param loopback whether the connection comes from this machine
     * @param headers of the request that matter, names in lower case
     * @return the caller, on the calling event loop; fails with an {@code ApiFailure}
     */
    Future<Caller> caller(
            @Nullable String authorization, @Nullable String apiKey, boolean loopback, Map<String, String> headers);

    /**
     * Whether the caller may have one more, what kind of errand it is and who shall answer. Does not wait for anything.
     *
     * @param held what is known of the ids that the call names
     * @throws LimitReached when a limit or budget of the caller is met
     */
    Ruling judge(Call call, Caller caller, Held held) throws LimitReached;

    /** Learns from what an upstream said it read and wrote for a call. */
    void reported(Call call, TokenCount tokens);

    /** The names that this caller may ask for; on the calling event loop. */
    Future<ModelNames> modelsFor(Caller caller);
}
