/**
 * The records that a call gathers on its way, and their value types; nothing here knows how they are made.
 *
 * <p>In the order in which they come to be: {@link dev.understudy.call.Call} (what was asked), {@link
 * dev.understudy.call.Caller} (who asks), {@link dev.understudy.call.Signals} (what kind of errand it is), {@link
 * dev.understudy.call.Decision} (who shall answer), {@link dev.understudy.call.Attempt} (one try on one model), {@link
 * dev.understudy.call.Interaction} (all of it, once). Each is immutable and never edited by a later room. Times are
 * microseconds since {@link dev.understudy.call.Call#receivedAt()} unless a name says otherwise.
 */
@NullMarked
package dev.understudy.call;

import org.jspecify.annotations.NullMarked;
