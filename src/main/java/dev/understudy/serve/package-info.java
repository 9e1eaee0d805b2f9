/**
 * The agents' door: a call comes in as bytes, is judged by the rooms below and carried out.
 *
 * <p>{@link dev.understudy.serve.AgentsDoor} listens; {@code Reception} sorts by path; {@code Intake} makes a call of a
 * request; {@code Exchange} carries the decision out, target by target, each a {@code Try}; {@code ClientAnswer} is the
 * client's side of it. OpenAI's other paths, the table of {@code Endpoint}, are passed through: {@code PassThrough} finds
 * out who answers, {@code Passing} moves the bytes. {@link dev.understudy.serve.ModelDirectory} keeps the models of the policy set alive. In goes one
 * HTTP request; out come its answer and exactly one {@code Interaction}. An exchange lives on one event loop from its
 * first byte to its last, so nothing in it is locked.
 */
@NullMarked
package dev.understudy.serve;

import org.jspecify.annotations.NullMarked;
