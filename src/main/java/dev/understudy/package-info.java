/**
 * The way in. {@link dev.understudy.Understudy} starts the gateway, or hands the words of a command line to the CLI.
 *
 * <p>This package may see every room, and no room sees it. Before the framework starts it looks for taken ports and starts
 * PostgreSQL, so that what commonly goes wrong ends in one line instead of a stack trace.
 */
@NullMarked
package dev.understudy;

import org.jspecify.annotations.NullMarked;
