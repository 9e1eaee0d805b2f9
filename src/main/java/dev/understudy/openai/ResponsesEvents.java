package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.understudy.call.Call;
import dev.understudy.call.Span;
import dev.understudy.call.TokenCount;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.AnswerVoice;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Puts one upstream's Responses stream right. Events keep their bytes, also those of a type that is not known; only their
 * framing is repaired, and what {@link MissingEvents} finds missing is put in, from where on sequence numbers are shifted.
 *
 * <p>A stream is whole once its last event has come: {@code response.completed}, {@code .incomplete} or {@code .failed}.
 * Whoever has to end it otherwise asks this object's {@link AnswerVoice} for the events that fit. Bound to one event loop.
 */
public final class ResponsesEvents implements AnswerEvents, AnswerVoice {
    private static final byte[] EVENT = "event: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR = "event: error\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);
    /** Items that are remembered for an upstream which leaves them out of its last event. */
    private static final int ITEM_BYTES = 16 << 20;

    private final Call call;
    private final Consumer<Frame> out;
    private final AnswerSink keeper;
    private final EventScanner scanner = new EventScanner(this::event);
    private final ResponseEvent event = new ResponseEvent();
    private final MissingEvents missing = new MissingEvents();
    private final Patch patch = new Patch();
    private final DoneItems items = new DoneItems(ITEM_BYTES);
    private final Map<Deviation, Integer> deviations = new EnumMap<>(Deviation.class);
    private final Set<ResponseObject.Kept> shown = new HashSet<>(4);
    private boolean begun;
    private boolean any;
    private boolean content;
    private boolean over;
    private @Nullable String finish;
    private TokenCount usage = TokenCount.NONE;
    private int contentCharacters;
    private long last = -1;
    private long shift;
    private @Nullable String id;
    private @Nullable String model;
    private long createdAt;
    private @Nullable Buffer upstreamError;
    private @Nullable String errorCode;
    private @Nullable String errorMessage;
    private boolean errorTold;

    /**
     * @param out told of each frame, in the order in which the client shall see them
     * @param keeper told of what the answer shows that its upstream keeps
     */
    public ResponsesEvents(Call call, Consumer<Frame> out, AnswerSink keeper) {
        this.call = call;
        this.out = out;
        this.keeper = keeper;
    }

    @Override
    public void feed(Buffer bytes) throws ApiFailure {
        if (!over) {
            scanner.feed(bytes);
        }
    }

    @Override
    public void end() throws ApiFailure {
        if (finish == null) {
            throw broken();
        }
        over = true;
    }

    @Override
    public void settle() throws ApiFailure {
        end();
    }

    @Override
    public boolean isFinished() {
        return finish != null || errorTold;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    /** {@code completed}, {@code incomplete} or {@code failed}; null before the last event. */
    @Override
    public @Nullable String finish() {
        return finish == null && errorTold ? "failed" : finish;
    }

    @Override
    public TokenCount usage() {
        return usage;
    }

    @Override
    public int contentCharacters() {
        return contentCharacters;
    }

    @Override
    public Map<Deviation, Integer> deviations() {
        return deviations;
    }

    @Override
    public @Nullable Buffer upstreamError() {
        return upstreamError;
    }

    @Override
    public Buffer keepAlive() {
        return ResponsesWriter.keepAlive(Math.max(0, last));
    }

    @Override
    public Buffer failure(String code, String message, @Nullable String param) {
        Buffer events = Buffer.buffer();
        if (!errorTold) {
            events.appendBuffer(ResponsesWriter.error(
                    ++last,
                    errorCode == null ? code : errorCode,
                    errorMessage == null ? message : errorMessage,
                    param));
        }
        String known = id == null ? "resp_" + call.id().toString().replace("-", "") : id;
        return events.appendBuffer(ResponsesWriter.failed(
                ++last,
                known,
                createdAt == 0 ? call.receivedAt().getEpochSecond() : createdAt,
                model == null ? call.model() : model,
                errorCode == null ? code : errorCode,
                errorMessage == null ? message : errorMessage));
    }

    private void event(byte[] bytes, int from, int to, boolean plain) throws ApiFailure {
        boolean first = !begun;
        begun = true;
        if (over) {
            return;
        }
        int start = normalData(bytes, from, to);
        if (start > 0) {
            data(bytes, from, start, to);
            return;
        }
        if (plain && startsWith(bytes, from, to, DATA)) {
            unnamed(bytes, from + DATA.length, to - 2);
            return;
        }
        EventLines lines = EventLines.of(bytes, from, to, first);
        note(lines.hasData() ? Deviation.FRAMING : Deviation.DROPPED);
        if (lines.hasData()) {
            byte[] json = lines.data();
            if (lines.name().isEmpty()) {
                unnamed(json, 0, json.length);
            } else {
                byte[] frame = frame(lines.name(), json, 0, json.length);
                data(frame, 0, frame.length - 2 - json.length, frame.length);
            }
        }
    }

    /** An event without a name, which is then its type. */
    private void unnamed(byte[] bytes, int start, int end) throws ApiFailure {
        if (end - start == DONE.length && startsWith(bytes, start, end, DONE)) {
            end();
            out.accept(new Frame(Buffer.buffer("data: [DONE]\n\n"), Frame.Kind.CLOSING));
            return;
        }
        if (end <= start || bytes[start] == ':') {
            note(Deviation.DROPPED);
            return;
        }
        read(bytes, start, end);
        note(Deviation.EVENT_NAME);
        if (event.type().isEmpty()) {
            byte[] frame = new EventLines(Arrays.copyOfRange(bytes, start, end)).frame();
            data(frame, 0, DATA.length, frame.length);
        } else {
            byte[] frame = frame(event.type(), bytes, start, end);
            data(frame, 0, frame.length - 2 - (end - start), frame.length);
        }
    }

    /** One event in normal form: its JSON from {@code start} on, a blank line behind it. */
    private void data(byte[] bytes, int from, int start, int to) throws ApiFailure {
        if (to - 2 - start == DONE.length && startsWith(bytes, start, to, DONE)) {
            end();
            out.accept(new Frame(copy(bytes, from, to), Frame.Kind.CLOSING));
            return;
        }
        if (finish != null || bytes[start] == ':') {
            note(finish == null ? Deviation.DROPPED : Deviation.AFTER_FINISH);
            return;
        }
        try (JsonParser parser = UpstreamJson.open(bytes, start, to - 2)) {
            event.read(parser, start);
        } catch (JsonProcessingException | CharConversionException e) {
            repairOrFail(bytes, from, start, to);
            return;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
        any = true;
        if (event.isError() || (event.type().isEmpty() && startsWith(bytes, from, start, ERROR))) {
            error(bytes, from, to);
        } else {
            pass(bytes, from, to);
        }
    }

    private void read(byte[] bytes, int start, int end) throws ApiFailure {
        try (JsonParser parser = UpstreamJson.open(bytes, start, end)) {
            event.read(parser, start);
        } catch (JsonProcessingException | CharConversionException e) {
            if (Utf8.firstBroken(Arrays.copyOfRange(bytes, start, end)) < 0) {
                throw UpstreamJson.malformed("sent an event that is not JSON");
            }
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
    }

    private void repairOrFail(byte[] bytes, int from, int start, int to) throws ApiFailure {
        byte[] json = Arrays.copyOfRange(bytes, start, to - 2);
        if (Utf8.firstBroken(json) < 0) {
            throw UpstreamJson.malformed("sent an event that is not JSON");
        }
        note(Deviation.UTF8);
        byte[] head = Arrays.copyOfRange(bytes, from, start);
        byte[] repaired = UpstreamJson.repaired(json);
        byte[] frame = Arrays.copyOf(head, head.length + repaired.length + 2);
        System.arraycopy(repaired, 0, frame, head.length, repaired.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        data(frame, 0, head.length, frame.length);
    }

    private void error(byte[] bytes, int from, int to) throws ApiFailure {
        errorCode = event.code() == null ? "upstream_error" : event.code();
        errorMessage = event.message() == null ? "The upstream reported an error inside its answer." : event.message();
        upstreamError = ErrorBody.json(errorMessage, "upstream_error", event.param(), errorCode);
        if (!content) {
            throw UpstreamJson.malformed("reported an error inside its answer");
        }
        if (event.isTypedError()) {
            patch.clear();
            number();
            tell(patch.apply(bytes, from, to), Frame.Kind.CONTENT);
        } else {
            tell(ResponsesWriter.error(++last, errorCode, errorMessage, event.param()), Frame.Kind.CONTENT);
        }
        errorTold = true;
    }

    private void pass(byte[] bytes, int from, int to) {
        patch.clear();
        String type = event.type();
        ResponseObject response = event.response();
        boolean ends = isLast(type);
        List<LongFunction<Buffer>> before = missing.before(event);
        for (int i = 0; i < before.size(); i++) {
            shift++;
            if (id != null) {
                show(new ResponseObject.Kept(AnswerSink.Shown.RENUMBERED, id));
            }
            note(Deviation.EVENT_MISSING);
            content = true;
            tell(before.get(i).apply(++last), Frame.Kind.CONTENT);
        }
        number();
        alignItem();
        if (response != null) {
            response(response, ends);
        }
        ResponseItem item = event.item();
        if (item != null) {
            show(item);
        }
        contentCharacters = (int) Math.min(Integer.MAX_VALUE, (long) contentCharacters + event.spoken());
        boolean leading = isLeading(type);
        content |= !leading;
        Buffer frame = patch.apply(bytes, from, to);
        if (item != null && type.equals("response.output_item.done")) {
            items.add(event.outputIndex(), frame, patch.moved(item.start()) - from, patch.moved(item.end()) - from);
        }
        if (ends) {
            finish = type.substring("response.".length());
            usage = event.usage();
        }
        tell(frame, leading ? Frame.Kind.LEADING : Frame.Kind.CONTENT);
    }

    /** Shifts the event's number by the events that were put in before it. */
    private void number() {
        Span span = event.numberSpan();
        if (span == null) {
            return;
        }
        last = event.number() + shift;
        if (shift > 0) {
            patch.replace(span.start(), span.end(), Long.toString(last));
        }
    }

    /** One item has one id in all of its events; clients look it up by that. */
    private void alignItem() {
        String announced = missing.idFor(event);
        if (announced == null) {
            return;
        }
        Span span = event.itemIdSpan();
        if (span != null && !announced.equals(event.itemId())) {
            note(Deviation.ITEM_ID);
            patch.replace(span.start(), span.end(), quoted(announced));
        } else if (span == null && event.item() == null) {
            note(Deviation.ITEM_ID);
            patch.replace(event.end(), event.end(), ",\"item_id\":" + quoted(announced));
        }
        ResponseItem item = event.item();
        if (item != null && item.idSpan() != null && !announced.equals(item.id())) {
            note(Deviation.ITEM_ID);
            patch.replace(item.idSpan().start(), item.idSpan().end(), quoted(announced));
        }
    }

    private void response(ResponseObject response, boolean ends) {
        id = id == null ? response.id() : id;
        model = model == null ? response.model() : model;
        createdAt = createdAt == 0 ? response.createdAt() : createdAt;
        for (ResponseObject.Kept kept : response.kept()) {
            show(kept);
        }
        if (ends && response.items() == 0 && !items.isEmpty()) {
            note(Deviation.OUTPUT_EMPTY);
            Span output = response.output();
            if (output == null) {
                patch.replace(response.end(), response.end(), ",\"output\":" + items.array());
            } else {
                patch.replace(output.start(), output.end(), items.array());
            }
        }
    }

    private void show(ResponseItem item) {
        if (item.id() != null) {
            show(new ResponseObject.Kept(AnswerSink.Shown.ITEM, item.id()));
        }
        if (item.encrypted() != null) {
            show(new ResponseObject.Kept(AnswerSink.Shown.ENCRYPTED_CONTENT, item.encrypted()));
        }
    }

    private void show(ResponseObject.Kept kept) {
        if (shown.add(kept)) {
            keeper.shows(kept.kind(), kept.id());
        }
    }

    private ApiFailure broken() {
        if (errorTold) {
            note(Deviation.ERROR_ALONE);
            return UpstreamJson.malformed("reported an error inside its answer");
        }
        return any
                ? new ApiFailure(
                        ApiError.UPSTREAM_STREAM_TRUNCATED,
                        "The upstream's stream ended before its answer did. Try again.")
                : UpstreamJson.malformed("answered with an empty stream");
    }

    private void tell(Buffer frame, Frame.Kind kind) {
        out.accept(new Frame(frame, kind));
    }

    private void note(Deviation deviation) {
        deviations.merge(deviation, 1, Integer::sum);
    }

    private static boolean isLast(String type) {
        return switch (type) {
            case "response.completed", "response.incomplete", "response.failed" -> true;
            default -> false;
        };
    }

    private static boolean isLeading(String type) {
        return switch (type) {
            case "response.created", "response.queued", "response.in_progress", "keepalive" -> true;
            default -> false;
        };
    }

    /** Where the JSON of an event in normal form begins: two lines, LF alone, a blank line; 0 when it is in another. */
    private static int normalData(byte[] bytes, int from, int to) {
        if (!startsWith(bytes, from, to, EVENT)) {
            return 0;
        }
        int line = from + EVENT.length;
        while (line < to && bytes[line] != '\n' && bytes[line] != '\r') {
            line++;
        }
        int start = line + 1 + DATA.length;
        if (line >= to || bytes[line] == '\r' || start >= to - 2 || !startsWith(bytes, line + 1, to, DATA)) {
            return 0;
        }
        for (int i = start; i < to - 2; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                return 0;
            }
        }
        return bytes[to - 2] == '\n' ? start : 0;
    }

    private static byte[] frame(String name, byte[] json, int from, int to) {
        byte[] head = ("event: " + name + "\ndata: ").getBytes(StandardCharsets.UTF_8);
        byte[] frame = Arrays.copyOf(head, head.length + to - from + 2);
        System.arraycopy(json, from, frame, head.length, to - from);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    private static Buffer copy(byte[] bytes, int from, int to) {
        return Buffer.buffer(to - from).appendBytes(bytes, from, to - from);
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2);
        JsonText.quote(out, text);
        return out.toString();
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
