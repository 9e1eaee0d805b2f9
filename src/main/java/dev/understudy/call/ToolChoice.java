package dev.understudy.call;

/** Whether a call lets, makes or forbids the model to call a tool. */
public sealed interface ToolChoice {
    /** No tool may be called. */
    record None() implements ToolChoice {}

    /** The model decides. */
    record Auto() implements ToolChoice {}

    /** Some tool must be called. */
    record Required() implements ToolChoice {}

    /** This tool must be called. */
    record Named(String tool) implements ToolChoice {}

    /** Any other form, passed on untouched. */
    record Unknown() implements ToolChoice {}

    /** {@code none}, {@code auto}, {@code required}, {@code named} or {@code other}, as policy files match it. */
    default String wire() {
        return switch (this) {
            case None none -> "none";
            case Auto auto -> "auto";
            case Required required -> "required";
            case Named named -> "named";
            case Unknown unknown -> "other";
        };
    }
}
