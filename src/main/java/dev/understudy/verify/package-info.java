/**
 * Whether a small model's answer is good enough to be sent.
 *
 * <p>{@link dev.understudy.verify.Ladder} takes an {@link dev.understudy.verify.Inquiry}, climbs its steps from the cheapest up and stops
 * at the first that fails; {@link dev.understudy.verify.Schemas} keeps the callers' JSON Schemas compiled. A schema
 * that cannot be compiled fails the answer: a doubt goes to the large model. What is written about a step never holds
 * contents.
 */
@NullMarked
package dev.understudy.verify;

import org.jspecify.annotations.NullMarked;
