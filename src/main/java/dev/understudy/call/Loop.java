package dev.understudy.call;

import org.jspecify.annotations.Nullable;

/**
 * Whose tool loop a call goes on with. A loop is open while the request ends in tool results.
 *
 * @param owner who made all of its calls since the last user message
 * @param model the small model that owns it; null for every other owner
 */
public record Loop(Owner owner, @Nullable String model) {
    public static final Loop NONE = new Loop(Owner.NONE, null);
    public static final Loop LLM = new Loop(Owner.LLM, null);

    public Loop {
        if ((owner == Owner.SLM) != (model != null)) {
            throw new IllegalArgumentException("a model is named exactly when a small one owns the loop");
        }
    }

    /** The loop of a small model. */
    public static Loop of(String model) {
        return new Loop(Owner.SLM, model);
    }

    /** Whether tool results are waiting for an answer. */
    public boolean isOpen() {
        return owner != Owner.NONE;
    }

    /** Who owns a loop. */
    public enum Owner {
        /** No loop is open. */
        NONE,
        LLM,
        SLM
    }
}
