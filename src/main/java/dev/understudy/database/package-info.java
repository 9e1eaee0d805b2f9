/**
 * Where Understudy keeps what it remembers: the folder of its files and, when no outside server is configured, a
 * PostgreSQL of its own.
 *
 * <p>Start at {@link dev.understudy.database.DataFolder} (secrets, tokens and models, readable by this user alone), then
 * {@link dev.understudy.database.EmbeddedServer}, which gives addresses and a password and sets nothing itself. What
 * cannot be done comes out as a {@link dev.understudy.database.StoreFailure}: one line with its remedy. The surprise:
 * started by root, the server alone gives up root, so the folder must be reachable by another user, though not readable.
 */
@NullMarked
package dev.understudy.database;

import org.jspecify.annotations.NullMarked;
