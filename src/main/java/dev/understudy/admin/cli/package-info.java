/**
 * The command line. {@link dev.understudy.admin.cli.Cli} knows all commands, one class each; they run in a plain JVM.
 *
 * <p>What a command needs to know about this machine comes in as {@link dev.understudy.admin.cli.CliSettings}; a command that needs
 * the running gateway asks its people's door through {@link dev.understudy.admin.cli.PeopleDoorClient}. A command that cannot do its
 * work throws {@link dev.understudy.admin.cli.CommandFailure}, which becomes one line and exit status 1.
 */
@NullMarked
package dev.understudy.admin.cli;

import org.jspecify.annotations.NullMarked;
