package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import java.io.IOException;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the chunks of one chat stream, one after the other: what each carries, what in it has to be edited, and which
 * choices have spoken and finished so far.
 */
final class ChunkReader {
    private static final int CHOICES = 1_024;

    private final BitSet spoke = new BitSet();
    private final BitSet finished = new BitSet();
    private final Edits edits = new Edits();
    private @Nullable String finish;
    private int contentCharacters;

    // Of the chunk that was read last.
    private int offset;
    private boolean error;
    private boolean errorNull;
    private boolean ping;
    private boolean choicesMissing;
    private boolean otherMembers;
    private int choices;
    private boolean content;
    private boolean finishes;
    private boolean late;
    private @Nullable TokenCount usage;

    // Of the choice that was read last.
    private int index;
    private boolean choiceContent;
    private @Nullable String choiceFinish;

    /** Reads one chunk; its JSON begins at {@code start} of {@code bytes}. */
    void read(JsonParser parser, byte[] bytes, int start, boolean keepUsage) throws IOException, ApiFailure {
        reset(start);
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw UpstreamJson.malformed("sent an event that is not a JSON object");
        }
        boolean choicesSeen = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            int member = place(parser);
            JsonToken value = parser.nextToken();
            switch (name) {
                case "choices" -> {
                    choicesSeen = true;
                    readChoices(parser, value);
                }
                case "usage" -> readUsage(parser, value, bytes, member, keepUsage);
                case "error" -> readError(parser, value, bytes, member);
                case "type" ->
                    ping = value == JsonToken.VALUE_STRING && parser.getText().equals("ping");
                case "id", "object", "created", "model", "system_fingerprint", "service_tier" -> {}
                default -> otherMembers = true;
            }
            parser.skipChildren();
        }
        if (!choicesSeen && !error) {
            choicesMissing = true;
            int end = place(parser);
            edits.replace(end, end, ",\"choices\":[]");
        }
    }

    private void reset(int start) {
        offset = start;
        edits.clear();
        error = false;
        errorNull = false;
        ping = false;
        choicesMissing = false;
        otherMembers = false;
        choices = 0;
        content = false;
        finishes = false;
        late = false;
        usage = null;
    }

    private int place(JsonParser parser) {
        return offset + (int) parser.currentTokenLocation().getByteOffset();
    }

    private int endOf(JsonParser parser) throws IOException {
        parser.finishToken();
        return offset + (int) parser.currentLocation().getByteOffset();
    }

    private void readUsage(JsonParser parser, JsonToken value, byte[] bytes, int member, boolean keep)
            throws IOException {
        if (value == JsonToken.START_OBJECT) {
            usage = UsageReader.read(parser);
        } else {
            parser.skipChildren();
        }
        if (!keep) {
            edits.removeMember(bytes, member, endOf(parser), offset);
        }
    }

    private void readError(JsonParser parser, JsonToken value, byte[] bytes, int member) throws IOException {
        if (value == JsonToken.VALUE_NULL) {
            errorNull = true;
            edits.removeMember(bytes, member, endOf(parser), offset);
        } else {
            error = true;
        }
    }

    private void readChoices(JsonParser parser, JsonToken value) throws IOException, ApiFailure {
        if (value == JsonToken.VALUE_NULL) {
            choicesMissing = true;
            edits.replace(place(parser), endOf(parser), "[]");
            return;
        }
        if (value != JsonToken.START_ARRAY) {
            throw UpstreamJson.malformed("sent a chunk whose choices are no array");
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw UpstreamJson.malformed("sent a choice that is no object");
            }
            choices++;
            readChoice(parser);
        }
    }

    private void readChoice(JsonParser parser) throws IOException, ApiFailure {
        index = 0;
        choiceContent = false;
        choiceFinish = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "index" -> index = value == JsonToken.VALUE_NUMBER_INT ? parser.getIntValue() : 0;
                case "delta" -> readDelta(parser, value);
                case "finish_reason" -> choiceFinish = value == JsonToken.VALUE_STRING ? parser.getText() : null;
                default -> {}
            }
            parser.skipChildren();
        }
        if (index < 0 || index >= CHOICES) {
            throw UpstreamJson.malformed("sent a choice with an index out of range");
        }
        content |= choiceContent;
        late |= finished.get(index);
        spoke.set(index);
        if (choiceFinish != null && !choiceFinish.isEmpty()) {
            finishes = true;
            finished.set(index);
            finish = index == 0 || finish == null ? choiceFinish : finish;
        }
    }

    private void readDelta(JsonParser parser, JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken part = parser.nextToken();
            switch (name) {
                case "content", "refusal", "reasoning_content", "reasoning" -> {
                    if (part == JsonToken.VALUE_STRING) {
                        say(parser.getTextLength());
                    } else if (part.isStructStart()) {
                        say(1);
                    }
                }
                case "tool_calls" -> {
                    if (part == JsonToken.START_ARRAY) {
                        readToolCalls(parser);
                    }
                }
                case "function_call", "audio" -> choiceContent |= part == JsonToken.START_OBJECT;
                default -> {}
            }
            parser.skipChildren();
        }
    }

    private void readToolCalls(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            choiceContent = true;
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                parser.skipChildren();
                continue;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean function = parser.currentName().equals("function");
                if (parser.nextToken() == JsonToken.START_OBJECT && function) {
                    while (parser.nextToken() == JsonToken.FIELD_NAME) {
                        if (parser.nextToken() == JsonToken.VALUE_STRING) {
                            say(parser.getTextLength());
                        }
                        parser.skipChildren();
                    }
                }
                parser.skipChildren();
            }
        }
    }

    private void say(int characters) {
        choiceContent |= characters > 0;
        contentCharacters = (int) Math.min(Integer.MAX_VALUE, (long) contentCharacters + characters);
    }

    /** Whether the chunk tells an error. */
    boolean isError() {
        return error;
    }

    /** Whether the chunk is of no use to a client: a ping, an empty one, or only usage that nobody asked for. */
    boolean isNothing(boolean keepUsage) {
        boolean onlyUsage = choices == 0 && usage != null && !keepUsage;
        boolean empty = choicesMissing && usage == null && !otherMembers;
        return onlyUsage || empty || (ping && choices == 0);
    }

    /** Whether the chunk only says again what has finished. */
    boolean isLateAndEmpty() {
        return late && !content && !finishes && usage == null;
    }

    boolean hasContent() {
        return content;
    }

    /** Whether the chunk belongs to the end: a finish reason, or usage after it. */
    boolean closes() {
        return finishes || (choices == 0 && usage != null);
    }

    @Nullable
    TokenCount usage() {
        return usage;
    }

    /** What has to be edited, in the coordinates of the bytes that were read. */
    Edits edits() {
        return edits;
    }

    /** Adds how this chunk deviated. */
    void deviations(Map<Deviation, Integer> counts) {
        if (errorNull) {
            counts.merge(Deviation.ERROR_NULL, 1, Integer::sum);
        }
        if (choicesMissing) {
            counts.merge(Deviation.CHOICES, 1, Integer::sum);
        }
        if (late) {
            counts.merge(Deviation.AFTER_FINISH, 1, Integer::sum);
        }
    }

    /** Whether some choice spoke and each that did has finished. A stream of usage alone has nothing to finish. */
    boolean allFinished() {
        return spoke.equals(finished);
    }

    /** How many choices have finished. */
    int finishedChoices() {
        return finished.cardinality();
    }

    @Nullable
    String finish() {
        return finish;
    }

    int contentCharacters() {
        return contentCharacters;
    }
}
