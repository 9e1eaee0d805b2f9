package dev.understudy.call;

import org.jspecify.annotations.Nullable;

/**
 * One tool that a call offers.
 *
 * @param name the function's name; the type where a hosted tool has none
 * @param type {@code function}, or a hosted or custom tool's type
 * @param schemaHash SHA-256 over the canonical parameters, 64 hex digits; empty when it has none
 * @param parameters the JSON Schema of its arguments in the body, or null when it has none
 */
public record Tool(
        String name,
        String type,
        String schemaHash,
        @Nullable Span parameters) {
    /** Whether the caller runs it itself. */
    public boolean isFunction() {
        return type.equals("function");
    }
}
