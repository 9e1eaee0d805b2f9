package dev.understudy.openai;

import dev.understudy.call.TokenCount;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts one upstream's stream right, in the form of one of the APIs. Bound to one event loop. */
public interface AnswerEvents {
    /**
     * Takes the next bytes of the upstream. After {@link #isOver()} they are ignored.
     *
     * @throws ApiFailure when there will be no whole answer; frames told before it stand, nothing may be fed after it
     */
    void feed(Buffer bytes) throws ApiFailure;

    /**
     * The upstream has closed. An event cut in two is dropped.
     *
     * @throws ApiFailure when the answer is not whole
     */
    void end() throws ApiFailure;

    /**
     * The upstream fell silent after {@link #isFinished()}. If {@link #isOver()} does not hold then, a little may still
     * come, and the next silence is the end.
     *
     * @throws ApiFailure as {@link #end()} does
     */
    void settle() throws ApiFailure;

    /** Whether nothing but the end of the stream is still to come. */
    boolean isFinished();

    /** Whether the upstream's connection has nothing more to give. */
    boolean isOver();

    /** Whether something came after the end, so that the connection cannot be trusted with another answer. */
    default boolean hasSurplus() {
        return false;
    }

    /** Why the answer ended; null before it did. */
    @Nullable
    String finish();

    /** Reported usage; {@link TokenCount#NONE} when none came or it cannot be true. */
    TokenCount usage();

    /** Characters of content so far, to estimate by where no usage is reported. */
    int contentCharacters();

    /** What was put right, and how often. */
    Map<Deviation, Integer> deviations();

    /** The error that the upstream told inside its stream, as a body with four keys; null when it told none. */
    @Nullable
    Buffer upstreamError();
}
