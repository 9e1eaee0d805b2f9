/**
 * Whether a small model's answer is good enough to be sent.
 *
 * <p>{@link dev.understudy.verify.Ladder} takes an {@link dev.understudy.verify.Inquiry}, climbs its steps in order and
 * stops at the first that fails. {@link dev.understudy.verify.Schemas} keeps the callers' JSON Schemas compiled; {@link
 * dev.understudy.verify.Grounding} looks an answer's values up in the {@link dev.understudy.verify.PromptText}; {@link
 * dev.understudy.verify.Degeneration}, {@link dev.understudy.verify.Markup} and {@link dev.understudy.verify.Repetition}
 * know what lost models write; {@link dev.understudy.verify.OutputGuard} asks what policies ask.
 *
 * <p>A doubt goes to the large model: a schema that cannot be compiled fails the answer. All searches are bounded, since
 * they run on an event loop over texts that others wrote. What is written about a step never holds contents.
 */
@NullMarked
package dev.understudy.verify;

import org.jspecify.annotations.NullMarked;
