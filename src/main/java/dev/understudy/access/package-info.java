/**
 * Who is calling. What a caller shows on the wire becomes a {@link dev.understudy.call.Caller}: team, app and rights.
 *
 * <p>Start at {@link dev.understudy.access.CallerLookup}; {@link dev.understudy.access.AccessRules} is what ops wrote
 * about teams and apps, {@link dev.understudy.access.KeyDigest} the only form in which a key is kept, {@link
 * dev.understudy.access.ApiKeys} the door to those keys. An anonymous caller's own credential is for the upstream and
 * is never looked up. Unknown keys are remembered too, for a short while, so that guessing costs us no queries.
 *
 * <p>{@link dev.understudy.access.HeldIds} says which upstream holds what a team names by an id; to all other teams the
 * id is unknown.
 *
 * <p>{@link dev.understudy.access.Allowances} then lets each call of the caller in, or not: requests, tokens, calls at a
 * time and money, of its team and of its app. An {@link dev.understudy.access.Admission} is ended once, however the call
 * went. All of it is counted in memory with one atomic step a limit; only what a budget has spent outlives the process,
 * since every call leaves its cost in the database.
 */
@NullMarked
package dev.understudy.access;

import org.jspecify.annotations.NullMarked;
