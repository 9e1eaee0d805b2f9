/**
 * What kind of errand a call is. A {@link dev.understudy.call.Call} and its {@link dev.understudy.call.Caller} enter,
 * {@link dev.understudy.call.Signals} leave, each with its reason.
 *
 * <p>Start at {@link dev.understudy.inspect.Inspector}. A call site is a bucket (exact, {@link
 * dev.understudy.inspect.SiteKeys}) and an {@link dev.understudy.inspect.Outline} of masked lines ({@link
 * dev.understudy.inspect.Masks}), which tolerates slots; the {@link dev.understudy.inspect.TaskBook} knows the sites and
 * tasks of a team. What cannot be told is unknown, with the reason, and never stops a call. Every hash is keyed by the
 * installation and the team: equal prompts of two teams look unrelated.
 */
@NullMarked
package dev.understudy.inspect;

import org.jspecify.annotations.NullMarked;
