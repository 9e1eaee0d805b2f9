package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's whole JSON answer, put right: it is a chat completion with all its required members, and not an error
 * under 200.
 *
 * @param bytes as they go to the client: the upstream's where nothing had to be edited
 * @param finish finish reason of the first choice, or null
 * @param usage reported; {@link TokenCount#NONE} when none came or it cannot be true
 * @param contentCharacters of all choices, to estimate by where no usage is reported
 * @param deviations what was put right
 */
public record ChatDocument(
        Buffer bytes, @Nullable String finish, TokenCount usage, int contentCharacters, Set<Deviation> deviations) {
    private static final byte[] CHOICES = JsonText.ascii("choices");
    private static final byte[] MESSAGE = JsonText.ascii("message");
    private static final byte[] OBJECT = JsonText.ascii("object");
    private static final byte[] FINISH_REASON = JsonText.ascii("finish_reason");
    private static final int MARK_BYTES = 3;

    public ChatDocument {
        deviations = Set.copyOf(deviations);
    }

    /**
     * Reads an answer.
     *
     * @param call whose answer it is
     * @throws ApiFailure {@code upstream_malformed_response} when it is not JSON, an error, or has no choices
     */
    public static ChatDocument read(Call call, Buffer body) throws ApiFailure {
        byte[] came = body.getBytes();
        Set<Deviation> deviations = EnumSet.noneOf(Deviation.class);
        byte[] bytes = came;
        if (came.length >= MARK_BYTES && came[0] == (byte) 0xEF && came[1] == (byte) 0xBB && came[2] == (byte) 0xBF) {
            bytes = Arrays.copyOfRange(came, MARK_BYTES, came.length);
            deviations.add(Deviation.FRAMING);
        }
        if (Utf8.firstBroken(bytes) >= 0) {
            bytes = UpstreamJson.repaired(bytes);
            deviations.add(Deviation.UTF8);
        }
        DocumentReader reader = new DocumentReader(call, bytes, deviations);
        reader.read();
        @SuppressWarnings("ReferenceEquality") // whether these are the very bytes that came
        boolean asItCame = bytes == came;
        Buffer sent = asItCame ? body : Buffer.buffer(bytes);
        if (!reader.edits().isEmpty()) {
            sent = Buffer.buffer(reader.edits().apply(bytes, 0, bytes.length));
        }
        return new ChatDocument(sent, reader.finish(), usage(bytes, reader), reader.characters(), deviations);
    }

    private static TokenCount usage(byte[] bytes, DocumentReader reader) {
        if (reader.usageStart() < 0 || bytes[reader.usageStart()] != '{') {
            return TokenCount.NONE;
        }
        try (JsonParser parser = UpstreamJson.open(bytes, reader.usageStart(), reader.usageEnd())) {
            parser.nextToken();
            return UsageReader.read(parser);
        } catch (IOException e) {
            // Deeper or longer than the reader takes: no counts that could be used.
            return TokenCount.NONE;
        }
    }

    /**
     * Tells the same answer as a stream: each choice's message in one chunk, then its finish reason, then usage where the
     * caller asked for it.
     *
     * @throws ApiFailure {@code upstream_event_too_large} when it does not fit into an event
     */
    public void stream(Call call, Consumer<Frame> out) throws ApiFailure {
        byte[] chunk = chunk(bytes.getBytes());
        FinishSplit split = FinishSplit.of(chunk, 0, chunk.length);
        ChatEvents events = new ChatEvents(call, out);
        events.feed(Buffer.buffer(new EventLines(split.content()).frame()));
        for (String choices : split.finishes()) {
            // Its constants are filled in from the first chunk.
            String finished = "{\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":" + choices + '}';
            events.feed(Buffer.buffer("data: " + finished + "\n\n"));
        }
        events.end();
    }

    /** The document as one chunk on one line, each choice with a finish reason. */
    private static byte[] chunk(byte[] json) throws ApiFailure {
        for (int i = 0; i < json.length; i++) {
            // Inside a string neither can stand.
            json[i] = json[i] == '\n' || json[i] == '\r' ? (byte) ' ' : json[i];
        }
        JsonCursor cursor = new JsonCursor();
        Edits edits = new Edits();
        cursor.open(json, 0, json.length);
        cursor.enter();
        while (cursor.member()) {
            if (cursor.named(CHOICES)) {
                cursor.enter();
                while (cursor.element()) {
                    choice(cursor, edits);
                }
            } else {
                boolean object = cursor.named(OBJECT);
                cursor.skip();
                if (object) {
                    edits.replace(cursor.start(), cursor.end(), "\"chat.completion.chunk\"");
                }
            }
        }
        return edits.apply(json, 0, json.length);
    }

    private static void choice(JsonCursor cursor, Edits edits) throws ApiFailure {
        cursor.enter();
        while (cursor.member()) {
            boolean reason = cursor.named(FINISH_REASON);
            if (cursor.named(MESSAGE)) {
                int name = cursor.nameStart();
                edits.replace(name, name + MESSAGE.length + 2, "\"delta\"");
            }
            cursor.skip();
            if (reason && !cursor.saysSomething()) {
                edits.replace(cursor.start(), cursor.end(), "\"stop\"");
            }
        }
    }
}
