/**
 * What calls cost, what they saved, and each call's way, asked of the rows that {@code capture} wrote.
 *
 * <p>{@link dev.understudy.usage.CallLog} lists calls, tells one as a {@link dev.understudy.usage.CallStory} and sums all of
 * them as {@link dev.understudy.usage.Totals}. A {@link dev.understudy.usage.UsageQuestion} of known names goes to {@link
 * dev.understudy.usage.UsageQueries}, which reads a long range from roll-ups and its ends from rows; {@link
 * dev.understudy.usage.OrganizationUsage} says the same in OpenAI's shapes. Nothing is written here but roll-ups. A sum of
 * money leaves out what is not priced and says how much that was.
 */
@NullMarked
package dev.understudy.usage;

import org.jspecify.annotations.NullMarked;
