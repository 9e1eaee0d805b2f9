/**
 * The names of all metrics and log keys, each in one place, so that a dashboard and the code that feeds it cannot drift
 * apart. {@link dev.understudy.telemetry.Meters} and {@link dev.understudy.telemetry.Keys}; nothing here records
 * anything.
 */
@NullMarked
package dev.understudy.telemetry;

import org.jspecify.annotations.NullMarked;
