package dev.understudy.model;

import dev.understudy.call.Call;
import dev.understudy.call.Secret;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One question to one model.
 *
 * @param call what was asked; an upstream sends these very bytes
 * @param team who asks; what a small model has evaluated for one team is never used for another, whom a shared cache
 *     would tell by its speed what the first has sent
 * @param providerKey the caller's own credential, for models that forward it; else null
 * @param headers all headers of the request as they came, from which an upstream takes those that go on; not to be
 *     changed
 * @param loop the event loop of the exchange; the sink is told there and nowhere else
 * @param urgency which of the questions that wait for a small model goes first; an upstream knows no difference
 */
public record Ask(
        Call call,
        String team,
        @Nullable Secret providerKey,
        Iterable<Map.Entry<String, String>> headers,
        Executor loop,
        Urgency urgency) {
    /** A question for which somebody waits. */
    public Ask(
            Call call,
            String team,
            @Nullable Secret providerKey,
            Iterable<Map.Entry<String, String>> headers,
            Executor loop) {
        this(call, team, providerKey, headers, loop, Urgency.LIVE);
    }

    /** A question for which somebody waits, whose request had no headers worth passing on. */
    public Ask(Call call, String team, @Nullable Secret providerKey, Executor loop) {
        this(call, team, providerKey, List.of(), loop);
    }

    /** The record says which call it is, never what is in it. */
    @Override
    public String toString() {
        return "Ask[" + call.id() + "]";
    }
}
