package dev.understudy.model;

import dev.understudy.call.Call;
import dev.understudy.call.Secret;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One question to one model.
 *
 * @param call what was asked; an upstream sends these very bytes
 * @param providerKey the caller's own credential, for models that forward it; else null
 * @param loop the event loop of the exchange; the sink is told there and nowhere else
 */
public record Ask(Call call, @Nullable Secret providerKey, Executor loop) {}
