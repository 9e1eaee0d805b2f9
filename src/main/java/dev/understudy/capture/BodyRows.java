package dev.understudy.capture;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.detect.JsonMask;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import dev.understudy.openai.AnswerReader;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a call as they are kept: secrets masked, then compressed. A streamed answer is kept as the document it
 * amounts to, since a secret can be cut in two by the border of an event. For one thread.
 */
final class BodyRows {
    private static final int PLAIN = 0;
    private static final int ZSTD = 1;
    /** Level 3 takes about a third longer for one to five hundredths less. */
    private static final int LEVEL = 1;
    /** What is shorter hardly shrinks. */
    private static final int LEAST_BYTES = 1 << 10;

    private static final JsonFactory JSON = new JsonFactory();

    /** Making one for each body would cost more than compressing it. */
    private final ZstdCompressCtx zstd = new ZstdCompressCtx().setLevel(LEVEL);

    /**
     * Rows of the request (0) and of each answer.
     *
     * @param answers what was read of the answers, by the number of the try
     */
    List<Object[]> of(Interaction interaction, OffsetDateTime ts, Map<Integer, Answer> answers) {
        List<Object[]> rows = new ArrayList<>();
        UUID id = interaction.call().id();
        rows.add(row(id, ts, 0, interaction.call().body()));
        for (Attempt attempt : interaction.attempts()) {
            byte[] json = json(attempt, answers.get(attempt.n()));
            if (json != null) {
                rows.add(row(id, ts, attempt.n(), json));
            }
        }
        return rows;
    }

    /** The row of one answer, or none when nothing was kept of it. */
    List<Object[]> of(UUID id, OffsetDateTime ts, Attempt attempt, @Nullable Answer answer) {
        byte[] json = json(attempt, answer);
        return json == null ? List.of() : List.<Object[]>of(row(id, ts, attempt.n(), json));
    }

    private static byte @Nullable [] json(Attempt attempt, @Nullable Answer answer) {
        if (attempt.answer() == null) {
            return attempt.rawText() == null ? null : raw(attempt.rawText());
        }
        byte[] whole = AnswerReader.document(attempt.answer());
        return whole != null ? whole : answer != null ? document(answer) : new byte[0];
    }

    private Object[] row(UUID id, OffsetDateTime ts, int n, byte[] json) {
        JsonMask.Masked masked = JsonMask.mask(json);
        byte[] plain = masked.json();
        boolean shrinks = plain.length >= LEAST_BYTES;
        Buffer data = Buffer.buffer(shrinks ? zstd.compress(plain) : plain);
        return new Object[] {id, ts, n, shrinks ? ZSTD : PLAIN, data, redaction(masked)};
    }

    private static @Nullable String redaction(JsonMask.Masked masked) {
        if (masked.secrets() + masked.cut() == 0) {
            return null;
        }
        return "{\"secrets\":" + masked.secrets() + ",\"cut\":" + masked.cut() + "}";
    }

    /** The answer in OpenAI's form of one that was not streamed. */
    static byte[] document(Answer answer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("object", "chat.completion");
            out.writeArrayFieldStart("choices");
            out.writeStartObject();
            out.writeNumberField("index", 0);
            out.writeObjectFieldStart("message");
            out.writeStringField("role", "assistant");
            text(out, "content", answer.content());
            text(out, "refusal", answer.refusal());
            if (!answer.toolCalls().isEmpty()) {
                out.writeArrayFieldStart("tool_calls");
                for (Reply.ToolCall call : answer.toolCalls()) {
                    toolCall(out, call);
                }
                out.writeEndArray();
            }
            out.writeEndObject();
            text(out, "finish_reason", answer.finish());
            out.writeEndObject();
            out.writeEndArray();
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** What a small model wrote that could not be read, or was not waited for. */
    private static byte[] raw(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("object", "raw_text");
            text(out, "text", text);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void toolCall(JsonGenerator out, Reply.ToolCall call) throws IOException {
        out.writeStartObject();
        text(out, "id", call.id());
        out.writeStringField("type", "function");
        out.writeObjectFieldStart("function");
        text(out, "name", call.name());
        text(out, "arguments", call.arguments());
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void text(JsonGenerator out, String name, @Nullable String value) throws IOException {
        out.writeFieldName(name);
        if (value == null) {
            out.writeNull();
        } else {
            out.writeString(JsonMask.whole(value));
        }
    }
}
