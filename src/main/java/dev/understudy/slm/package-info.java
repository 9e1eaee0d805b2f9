/**
 * Small models in this process. A {@link dev.understudy.model.ModelCard} with weights becomes a {@link
 * dev.understudy.slm.SlmModel}, which turns a call into tokens and tokens into OpenAI's frames.
 *
 * <p>Reading order: {@link dev.understudy.slm.SlmModelFactory} makes models, {@link dev.understudy.slm.SlmEngine} runs
 * one set of weights, {@code Llama} is the border to the C++ half in {@code src/main/native}. Calls come in on event
 * loops, are prepared on two threads with large stacks, and are told of on the loop they came from. Without the native
 * library, or without the weights, the models say what is missing and the product goes on.
 */
@NullMarked
package dev.understudy.slm;

import org.jspecify.annotations.NullMarked;
