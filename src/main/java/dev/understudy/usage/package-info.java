/**
 * What calls cost, what they saved, and each call's way, asked of the rows that {@code capture} wrote.
 *
 * <p>{@link dev.understudy.usage.CallLog} lists calls, tells one as a {@link dev.understudy.usage.CallStory} and sums all of
 * them as {@link dev.understudy.usage.Totals}. Nothing is written here. A sum of money leaves out what is not priced and
 * says how much that was.
 */
@NullMarked
package dev.understudy.usage;

import org.jspecify.annotations.NullMarked;
