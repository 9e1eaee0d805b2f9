package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts one upstream's chat stream right. A normal frame keeps its bytes, so a conformant stream leaves as it came, but
 * for the usage that {@link Splice} had asked for; what deviates is edited in place or dropped.
 *
 * <p>Frames with a finish reason and the usage chunk are held until the end mark, the close or {@link #settle}: content
 * that comes late thus still goes before them. Bound to one event loop.
 */
public final class ChatEvents implements AnswerEvents {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE_FRAME = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Consumer<Frame> out;
    private final boolean usageAsked;
    private final int choices;
    private final EventScanner scanner = new EventScanner(this::event);
    private final ChunkReader chunk = new ChunkReader();
    private final List<Frame> held = new ArrayList<>(2);
    private final Map<Deviation, Integer> deviations = new EnumMap<>(Deviation.class);
    private boolean begun;
    private boolean over;
    private boolean any;
    private TokenCount usage = TokenCount.NONE;
    private @Nullable Buffer upstreamError;

    /**
     * @param call whose answer this is; says whether its caller asked for usage, by OpenAI's option or a vendor's
     * @param out told of each frame, in the order in which the client shall see them
     */
    public ChatEvents(Call call, Consumer<Frame> out) {
        this.out = out;
        this.choices = Math.max(1, call.n());
        this.usageAsked = call.includeUsage() || call.parameters().contains("usage");
    }

    /**
     * Takes the next bytes of the upstream. After {@link #isOver()} they are ignored.
     *
     * @throws ApiFailure when there will be no whole answer; frames told before it stand, nothing may be fed after it
     */
    @Override
    public void feed(Buffer bytes) throws ApiFailure {
        if (!over) {
            scanner.feed(bytes);
        }
    }

    /**
     * The upstream has closed. An event cut in two is dropped; an answer whose choices have all finished gets its end mark.
     *
     * @throws ApiFailure {@code upstream_stream_truncated} when a choice that spoke has no finish reason
     */
    @Override
    public void end() throws ApiFailure {
        if (!over) {
            if (!isFinished() && usage.source() == TokenCount.Source.NONE) {
                throw any ? truncated() : UpstreamJson.malformed("answered with an empty stream");
            }
            complete();
            note(Deviation.NO_DONE);
            tell(DONE_FRAME, 0, DONE_FRAME.length, Frame.Kind.CLOSING);
        }
    }

    /** Lets the held frames and the end mark go, for an upstream that fell silent after {@link #isFinished()}. */
    @Override
    public void settle() throws ApiFailure {
        end();
    }

    /** Whether as many choices as were asked for have finished; only usage and the end mark are still to come. */
    @Override
    public boolean isFinished() {
        return chunk.allFinished() && chunk.finishedChoices() >= choices;
    }

    /** Whether the end mark has left; the upstream's connection has nothing more to give. */
    @Override
    public boolean isOver() {
        return over;
    }

    /** Finish reason of the first choice; null before it came. */
    @Override
    public @Nullable String finish() {
        return chunk.finish();
    }

    /** Reported usage; {@link TokenCount#NONE} when none came or it cannot be true. */
    @Override
    public TokenCount usage() {
        return usage;
    }

    /** Characters of content so far, to estimate by where no usage is reported. */
    @Override
    public int contentCharacters() {
        return chunk.contentCharacters();
    }

    /** What was put right, and how often. */
    @Override
    public Map<Deviation, Integer> deviations() {
        return deviations;
    }

    /** The error that the upstream told inside its stream, as a body with four keys; null when it told none. */
    @Override
    public @Nullable Buffer upstreamError() {
        return upstreamError;
    }

    private void event(byte[] bytes, int from, int to, boolean plain) throws ApiFailure {
        boolean first = !begun;
        begun = true;
        if (over) {
            return;
        }
        if (plain && startsWith(bytes, from, to, DATA)) {
            data(bytes, from, from + DATA.length, to - 2, to, false);
            return;
        }
        EventLines lines = EventLines.of(bytes, from, to, first);
        note(lines.hasData() ? Deviation.FRAMING : Deviation.DROPPED);
        if (lines.hasData()) {
            byte[] rebuilt = lines.frame();
            data(rebuilt, 0, DATA.length, rebuilt.length - 2, rebuilt.length, lines.isError());
        }
    }

    /** One frame whose bytes are normal: {@code data: } at {@code from}, JSON from {@code start} to {@code end}. */
    private void data(byte[] bytes, int from, int start, int end, int to, boolean errorEvent) throws ApiFailure {
        if (end - start == DONE.length && startsWith(bytes, start, end, DONE)) {
            complete();
            tell(bytes, from, to, Frame.Kind.CLOSING);
            return;
        }
        if (end == start || bytes[start] == ':') {
            note(Deviation.DROPPED);
            return;
        }
        try (JsonParser parser = UpstreamJson.open(bytes, start, end)) {
            chunk.read(parser, bytes, start, usageAsked);
        } catch (JsonProcessingException | CharConversionException e) {
            repairOrFail(bytes, start, end, errorEvent);
            return;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
        if (chunk.isError() || errorEvent) {
            upstreamError = UpstreamError.body(bytes, start, end);
            throw UpstreamJson.malformed("reported an error inside its answer");
        }
        pass(bytes, from, to);
    }

    private void repairOrFail(byte[] bytes, int start, int end, boolean errorEvent) throws ApiFailure {
        byte[] json = Arrays.copyOfRange(bytes, start, end);
        if (Utf8.firstBroken(json) < 0) {
            throw UpstreamJson.malformed("sent an event that is not JSON");
        }
        note(Deviation.UTF8);
        byte[] frame = new EventLines(UpstreamJson.repaired(json)).frame();
        data(frame, 0, DATA.length, frame.length - 2, frame.length, errorEvent);
    }

    private void pass(byte[] bytes, int from, int to) {
        any = true;
        TokenCount reported = chunk.usage();
        if (reported != null && reported.source() != TokenCount.Source.NONE) {
            usage = reported;
        }
        if (chunk.isNothing(usageAsked)) {
            if (reported == null) {
                note(Deviation.DROPPED);
            }
            return;
        }
        if (chunk.isLateAndEmpty()) {
            note(Deviation.AFTER_FINISH);
            return;
        }
        chunk.deviations(deviations);
        Buffer frame;
        if (chunk.edits().isEmpty()) {
            frame = Buffer.buffer(to - from).appendBytes(bytes, from, to - from);
        } else {
            frame = Buffer.buffer(chunk.edits().apply(bytes, from, to));
        }
        Frame.Kind kind =
                chunk.hasContent() ? Frame.Kind.CONTENT : chunk.closes() ? Frame.Kind.CLOSING : Frame.Kind.LEADING;
        if (chunk.closes()) {
            held.add(new Frame(frame, kind));
        } else {
            out.accept(new Frame(frame, kind));
        }
    }

    private void complete() throws ApiFailure {
        if (!any) {
            throw UpstreamJson.malformed("answered with an empty stream");
        }
        if (!chunk.allFinished()) {
            throw truncated();
        }
        over = true;
        for (Frame frame : held) {
            out.accept(frame);
        }
        held.clear();
    }

    private static ApiFailure truncated() {
        return new ApiFailure(
                ApiError.UPSTREAM_STREAM_TRUNCATED, "The upstream's stream ended before its answer did. Try again.");
    }

    private void tell(byte[] bytes, int from, int to, Frame.Kind kind) {
        out.accept(new Frame(Buffer.buffer(to - from).appendBytes(bytes, from, to - from), kind));
    }

    private void note(Deviation deviation) {
        deviations.merge(deviation, 1, Integer::sum);
    }

    private static boolean startsWith(byte[] bytes, int from, int to, byte[] prefix) {
        if (to - from < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            if (bytes[from + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }
}
