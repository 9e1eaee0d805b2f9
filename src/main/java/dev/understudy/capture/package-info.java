/**
 * What is written down of calls. {@link dev.understudy.capture.Recorder} takes each
 * {@link dev.understudy.call.Interaction} exactly once and returns at once; a single thread makes rows of them, secrets
 * masked, and brings them to PostgreSQL in batches.
 *
 * <p>Reading order: {@link dev.understudy.capture.Recorder}, {@link dev.understudy.capture.CallLine}, {@link
 * dev.understudy.capture.LiveFeed}. Interactions enter; rows, sums of what got no row, and live lines leave. The
 * surprise: live lines come before the rows, and also while there is no database at all.
 */
@NullMarked
package dev.understudy.capture;

import org.jspecify.annotations.NullMarked;
