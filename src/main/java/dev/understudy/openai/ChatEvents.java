package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
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
 * that comes late thus still goes before them. Leading frames that lack a constant wait for the frame that has it. Bound
 * to one event loop.
 */
public final class ChatEvents implements AnswerEvents {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE_FRAME = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final int NAMELESS_BYTES = 64 << 10;

    private final Call call;
    private final Consumer<Frame> out;
    private final UsageWish wish;
    private final int choices;
    private final EventScanner scanner = new EventScanner(this::event);
    private final ChunkReader chunk;
    private final HeldFrames held;
    private final List<byte[]> nameless = new ArrayList<>(0);
    private final Map<Deviation, Integer> deviations = new EnumMap<>(Deviation.class);
    private boolean begun;
    private boolean released;
    private boolean over;
    private boolean surplus;
    private boolean any;
    private int namelessBytes;
    private TokenCount usage = TokenCount.NONE;
    private @Nullable Buffer upstreamError;

    /**
     * @param call whose answer this is; says whether its caller asked for usage, by OpenAI's option or a vendor's
     * @param out told of each frame, in the order in which the client shall see them
     */
    public ChatEvents(Call call, Consumer<Frame> out) {
        this.call = call;
        this.out = out;
        this.choices = Math.max(1, call.n());
        this.wish = UsageWish.of(call);
        this.chunk = new ChunkReader(call, wish);
        this.held = new HeldFrames(chunk.identity(), out);
    }

    /**
     * Takes the next bytes of the upstream. After {@link #isOver()} they are ignored.
     *
     * @throws ApiFailure when there will be no whole answer; frames told before it stand, nothing may be fed after it
     */
    @Override
    public void feed(Buffer bytes) throws ApiFailure {
        if (!over) {
            try {
                scanner.feed(bytes);
            } catch (ApiFailure failure) {
                throw noted(failure);
            }
            surplus |= over && scanner.holdsPart();
        }
    }

    /**
     * The upstream has closed. An event cut in two is dropped; an answer whose choices have all finished gets its end mark.
     *
     * @throws ApiFailure {@code upstream_stream_truncated} when a choice that spoke has no finish reason
     */
    @Override
    public void end() throws ApiFailure {
        if (over) {
            return;
        }
        try {
            if (!isFinished() && usage.source() == TokenCount.Source.NONE) {
                throw any ? truncated() : nothing();
            }
            complete();
        } catch (ApiFailure failure) {
            throw noted(failure);
        }
        note(Deviation.NO_DONE);
        tell(DONE_FRAME, 0, DONE_FRAME.length, Frame.Kind.CLOSING);
    }

    /**
     * The upstream fell silent after {@link #isFinished()}. The first time the held finish reasons leave, told as leading
     * frames because the end is still to come, and only usage and the end mark may follow; the second time is the end.
     */
    @Override
    public void settle() throws ApiFailure {
        if (over) {
            return;
        }
        if (released) {
            end();
            return;
        }
        released = true;
        makeIdentity();
        held.release();
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

    @Override
    public boolean hasSurplus() {
        return surplus;
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

    /** What was put right, and how often, and what could not be. */
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
            if (!surplus) {
                note(Deviation.AFTER_DONE);
            }
            surplus = true;
            return;
        }
        if (plain && startsWith(bytes, from, to, DATA)) {
            data(bytes, from, from + DATA.length, to - 2, to, false);
            return;
        }
        EventLines lines = EventLines.of(bytes, from, to, first);
        if (first && !lines.isEvent()) {
            throw UpstreamJson.malformed("answered with neither a stream nor JSON");
        }
        note(lines.hasData() ? Deviation.FRAMING : Deviation.DROPPED);
        if (lines.hasData()) {
            byte[] rebuilt = lines.frame();
            data(rebuilt, 0, DATA.length, rebuilt.length - 2, rebuilt.length, lines.isError());
        }
    }

    /** One frame whose bytes are normal: {@code data: } at {@code from}, JSON from {@code start} to {@code end}. */
    private void data(byte[] bytes, int from, int start, int end, int to, boolean errorEvent) throws ApiFailure {
        if (startsWith(bytes, start, end, DONE) && isBlank(bytes, start + DONE.length, end)) {
            complete();
            tell(DONE_FRAME, 0, DONE_FRAME.length, Frame.Kind.CLOSING);
            return;
        }
        if (end == start || bytes[start] == ':') {
            note(Deviation.DROPPED);
            return;
        }
        if (Utf8.firstBroken(bytes, start, end) >= 0) {
            note(Deviation.UTF8);
            byte[] frame = new EventLines(UpstreamJson.repaired(Arrays.copyOfRange(bytes, start, end))).frame();
            data(frame, 0, DATA.length, frame.length - 2, frame.length, errorEvent);
            return;
        }
        chunk.read(bytes, start, end);
        if (chunk.isError() || errorEvent) {
            upstreamError = UpstreamError.body(bytes, start, end);
            note(Deviation.ERROR);
            throw UpstreamJson.malformed("reported an error inside its answer");
        }
        pass(bytes, from, to);
        if (!chunk.deviations().isEmpty()) {
            chunk.deviations().forEach(this::note);
        }
    }

    private void pass(byte[] bytes, int from, int to) throws ApiFailure {
        if (chunk.isNothing()) {
            note(Deviation.DROPPED);
            return;
        }
        any = true;
        if (chunk.choicesMissing()) {
            chunk.deviations().add(Deviation.CHOICES);
        }
        if (chunk.hasUsage()) {
            readUsage(bytes);
        }
        if (chunk.isUsage() && wish == UsageWish.NOWHERE) {
            return;
        }
        if (chunk.identity().isUnknown()) {
            boolean leads = !chunk.hasContent() && !chunk.finishes() && !chunk.isUsage();
            if (leads && namelessBytes <= NAMELESS_BYTES) {
                keepNameless(bytes, from, to);
                return;
            }
            chunk.identity().make(call);
        }
        byte[] usageValue = movesUsage() ? Arrays.copyOfRange(bytes, chunk.usageStart(), chunk.usageEnd()) : null;
        Buffer frame = edited(bytes, from, to);
        if (!nameless.isEmpty()) {
            tellNameless();
        }
        route(frame);
        if (usageValue != null) {
            held.usageValue(usageValue);
        }
    }

    private void readUsage(byte[] bytes) {
        try (JsonParser parser = UpstreamJson.open(bytes, chunk.usageStart(), chunk.usageEnd())) {
            parser.nextToken();
            TokenCount reported = UsageReader.read(parser);
            if (reported.source() != TokenCount.Source.NONE) {
                usage = reported;
            }
        } catch (IOException e) {
            // Deeper or longer than the reader takes: no counts that could be used.
            return;
        }
    }

    private boolean movesUsage() {
        return wish == UsageWish.IN_A_CHUNK && chunk.hasUsage() && !chunk.isUsage();
    }

    private Buffer edited(byte[] bytes, int from, int to) {
        chunk.mendIdentity();
        return chunk.edits().isEmpty()
                ? Buffer.buffer(to - from).appendBytes(bytes, from, to - from)
                : Buffer.buffer(chunk.edits().apply(bytes, from, to));
    }

    /** Sends a frame on, or holds it until its turn. */
    private void route(Buffer frame) throws ApiFailure {
        if (chunk.isUsage()) {
            if (held.usage(frame)) {
                note(Deviation.USAGE);
            }
        } else if (released || (chunk.isLateAndEmpty() && !(wish == UsageWish.ANYWHERE && chunk.hasUsage()))) {
            // Nothing of an answer: its finish reasons are known, and may have left.
            chunk.deviations().add(Deviation.AFTER_FINISH);
        } else if (chunk.finishes()) {
            held.finish(frame, chunk.hasContent());
        } else {
            if (chunk.isLate()) {
                held.part();
            }
            out.accept(new Frame(frame, chunk.hasContent() ? Frame.Kind.CONTENT : Frame.Kind.LEADING));
        }
    }

    private void keepNameless(byte[] bytes, int from, int to) {
        byte[] frame = chunk.edits().apply(bytes, from, to);
        nameless.add(frame);
        namelessBytes += frame.length;
    }

    private void makeIdentity() throws ApiFailure {
        chunk.identity().make(call);
        tellNameless();
    }

    private void tellNameless() throws ApiFailure {
        for (byte[] frame : nameless) {
            byte[] named = chunk.identity().named(frame, DATA.length, frame.length - 2);
            note(Deviation.CONSTANTS);
            out.accept(new Frame(Buffer.buffer(named), Frame.Kind.LEADING));
        }
        nameless.clear();
        namelessBytes = 0;
    }

    private void complete() throws ApiFailure {
        if (!any) {
            throw nothing();
        }
        if (!chunk.allFinished()) {
            throw truncated();
        }
        makeIdentity();
        over = true;
        held.tell();
    }

    private static ApiFailure truncated() {
        return new ApiFailure(
                ApiError.UPSTREAM_STREAM_TRUNCATED, "The upstream's stream ended before its answer did. Try again.");
    }

    private static ApiFailure nothing() {
        return UpstreamJson.malformed("answered with an empty stream");
    }

    private void tell(byte[] bytes, int from, int to, Frame.Kind kind) {
        out.accept(new Frame(Buffer.buffer(to - from).appendBytes(bytes, from, to - from), kind));
    }

    private ApiFailure noted(ApiFailure failure) {
        switch (failure.error()) {
            case UPSTREAM_STREAM_TRUNCATED -> note(Deviation.TRUNCATED);
            case UPSTREAM_EVENT_TOO_LARGE -> note(Deviation.EVENT_TOO_LARGE);
            default -> {
                if (upstreamError == null) {
                    note(Deviation.MALFORMED);
                }
            }
        }
        return failure;
    }

    private void note(Deviation deviation) {
        deviations.merge(deviation, 1, Integer::sum);
    }

    private static boolean isBlank(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != ' ' && bytes[i] != '\t') {
                return false;
            }
        }
        return true;
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
