package dev.understudy.openai;

import dev.understudy.call.Call;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stays the same in all chunks of a stream: {@code id}, {@code object}, {@code created}, {@code model}. The first
 * chunk that has one decides; one that none has is made.
 */
final class AnswerIdentity {
    private static final List<String> NAMES = List.of("id", "object", "created", "model");
    private static final byte[][] NAME_BYTES = {
        JsonText.ascii(NAMES.get(0)),
        JsonText.ascii(NAMES.get(1)),
        JsonText.ascii(NAMES.get(2)),
        JsonText.ascii(NAMES.get(3))
    };
    private static final int ID = 0;
    private static final int OBJECT = 1;
    private static final int CREATED = 2;
    private static final int MODEL = 3;
    private static final int ALL = 0b1111;

    private final byte[] @Nullable [] known = new byte[NAME_BYTES.length][];
    /** Of the chunk that was read last: where each value stands, or -1. */
    private final int[] starts = new int[NAME_BYTES.length];

    private final int[] ends = new int[NAME_BYTES.length];
    /** A bit for each that is as it should be in the chunk that was read last. */
    private int right;

    /** @param object the value of {@code object}, which does not depend on the upstream */
    AnswerIdentity(String object) {
        known[OBJECT] = JsonText.ascii('"' + object + '"');
    }

    /** A new chunk is read. */
    void begin() {
        right = 0;
        Arrays.fill(starts, -1);
    }

    /** Reads the member that the cursor stands on, if it is one of them; its value is then behind the cursor. */
    boolean read(JsonCursor cursor, byte[] bytes) throws ApiFailure {
        for (int i = 0; i < NAME_BYTES.length; i++) {
            if (cursor.named(NAME_BYTES[i])) {
                cursor.skip();
                starts[i] = cursor.start();
                ends[i] = cursor.end();
                if (!isValue(i, cursor)) {
                    right &= ~(1 << i);
                } else if (known[i] == null) {
                    known[i] = Arrays.copyOfRange(bytes, starts[i], ends[i]);
                    right |= 1 << i;
                } else if (Arrays.equals(known[i], 0, known[i].length, bytes, starts[i], ends[i])) {
                    right |= 1 << i;
                } else {
                    right &= ~(1 << i);
                }
                return true;
            }
        }
        return false;
    }

    private static boolean isValue(int constant, JsonCursor cursor) {
        return constant == CREATED ? cursor.isPositive() : cursor.saysSomething();
    }

    /** Whether the chunk that was read last has all of them as they should be. */
    boolean isRight() {
        return right == ALL;
    }

    /** Whether the chunk that was read last lacks one that is not known. */
    boolean isUnknown() {
        for (int i = 0; i < NAME_BYTES.length; i++) {
            if ((right & 1 << i) == 0 && known[i] == null) {
                return true;
            }
        }
        return false;
    }

    /** Makes those that are not known. */
    void make(Call call) {
        if (known[ID] == null) {
            known[ID] = JsonText.ascii("\"chatcmpl-" + call.id().toString().replace("-", "") + '"');
        }
        if (known[CREATED] == null) {
            known[CREATED] =
                    JsonText.ascii(Long.toString(Math.max(1, call.receivedAt().getEpochSecond())));
        }
        if (known[MODEL] == null) {
            StringBuilder model = new StringBuilder();
            JsonText.quote(model, call.model());
            known[MODEL] = model.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * Adds what the chunk that was read last needs.
     *
     * @param close where its closing brace is
     * @param others whether it has members that stay
     */
    void mend(Edits edits, int close, boolean others) {
        boolean more = others;
        for (int i = 0; i < NAME_BYTES.length; i++) {
            if ((right & 1 << i) != 0) {
                continue;
            }
            if (starts[i] >= 0) {
                edits.replace(starts[i], ends[i], bytes(i));
            } else {
                edits.append(close, more, '"' + NAMES.get(i) + "\":" + value(i));
                more = true;
            }
        }
    }

    /** The beginning of a chunk of our own: these members, which others follow. */
    String object() {
        StringBuilder chunk = new StringBuilder(128);
        for (int i = 0; i < NAME_BYTES.length; i++) {
            chunk.append(i == 0 ? "{\"" : ",\"")
                    .append(NAMES.get(i))
                    .append("\":")
                    .append(value(i));
        }
        return chunk.toString();
    }

    /** A whole frame whose JSON stands from {@code from} to {@code to}, with the members that it lacks. */
    byte[] named(byte[] frame, int from, int to) throws ApiFailure {
        JsonCursor cursor = new JsonCursor();
        Edits edits = new Edits();
        boolean others = false;
        begin();
        cursor.open(frame, from, to);
        cursor.enter();
        while (cursor.member()) {
            others = true;
            if (!read(cursor, frame)) {
                cursor.skip();
            }
        }
        mend(edits, cursor.end() - 1, others);
        return edits.apply(frame, 0, frame.length);
    }

    private String value(int constant) {
        byte[] value = bytes(constant);
        return JsonText.utf8(value, 0, value.length);
    }

    private byte[] bytes(int constant) {
        byte[] value = known[constant];
        if (value == null) {
            throw new IllegalStateException("a constant is used before it is known");
        }
        return value;
    }
}
