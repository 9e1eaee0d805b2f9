/**
 * What ops wrote in {@code policies/}, and what follows from it for one call.
 *
 * <p>Files become a {@link dev.understudy.policy.PolicySet} in {@link dev.understudy.policy.PolicyLoader}: YAML nodes
 * with their places, closed schemas, records, references; every {@link dev.understudy.policy.Problem} of every stage is
 * reported, none stops the search for the next. {@link dev.understudy.policy.PolicyStore} holds the set in force and
 * swaps it whole. {@link dev.understudy.policy.Decider} is pure: time, readiness and signals come in as values, so that
 * {@link dev.understudy.policy.Explainer} runs the very code that serves. What belongs to a later version of the format
 * is refused, never ignored.
 */
@NullMarked
package dev.understudy.policy;

import org.jspecify.annotations.NullMarked;
