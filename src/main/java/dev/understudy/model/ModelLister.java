package dev.understudy.model;

import dev.understudy.call.Secret;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A {@link Model} that can say which names it knows, since it passes requested names on. */
public interface ModelLister {
    /**
     * Asks for all names, in bounded time and size. To be called on an event loop, where the answer comes too; fails
     * when there is none.
     *
     * @param providerKey the caller's own credential, for models that forward it; else null
     */
    CompletionStage<List<ListedModel>> list(@Nullable Secret providerKey);
}
