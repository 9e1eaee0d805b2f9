package dev.understudy.verify;

import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Reply;
import org.jspecify.annotations.Nullable;

/**
 * One answer of a small model, and what it is held against.
 *
 * @param kind of the errand; only some kinds have values that must stand in the prompt
 * @param demands of the decision
 * @param reply the whole answer
 * @param run how the engine ran it; null from a model behind a base URL, which tells no margins
 * @param tokens written
 * @param micros from submit to now
 */
public record Inquiry(
        Call call,
        Kind kind,
        Demands demands,
        Reply reply,
        @Nullable LocalRun run,
        int tokens,
        long micros) {}
