package dev.understudy.openai;

import dev.understudy.call.Call;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Reads the deltas of one chat stream: whether they say anything, and how role and tool calls have to be edited. */
final class DeltaReader {
    private static final byte[] ROLE = JsonText.ascii("role");
    private static final byte[] CONTENT = JsonText.ascii("content");
    private static final byte[] REFUSAL = JsonText.ascii("refusal");
    private static final byte[] REASONING = JsonText.ascii("reasoning");
    private static final byte[] REASONING_CONTENT = JsonText.ascii("reasoning_content");
    private static final byte[] TOOL_CALLS = JsonText.ascii("tool_calls");
    private static final byte[] FUNCTION_CALL = JsonText.ascii("function_call");
    private static final byte[] AUDIO = JsonText.ascii("audio");
    private static final String ASSISTANT = "\"role\":\"assistant\"";

    private final Call call;
    private final JsonCursor cursor;
    private final Edits edits;
    private final Set<Deviation> deviations;
    private final BitSet introduced = new BitSet();
    private final Map<Integer, ToolCalls> toolCalls = new HashMap<>(2);
    private final ToolCallSpans piece = new ToolCallSpans();
    private int characters;

    // Of the chunk that was read last.
    private byte[] bytes = new byte[0];
    private int floor;

    // Of the delta that was read last.
    private boolean content;
    private boolean role;
    private int members;

    /** @param cursor the chunk reader's, which stands on the delta when this one is asked; edits and deviations too */
    DeltaReader(Call call, JsonCursor cursor, Edits edits, Set<Deviation> deviations) {
        this.call = call;
        this.cursor = cursor;
        this.edits = edits;
        this.deviations = deviations;
    }

    /** A chunk begins. */
    void begin(byte[] json, int from) {
        bytes = json;
        floor = from;
    }

    /** A delta for a choice that came without one. */
    String make(int choice) {
        deviations.add(Deviation.MEMBERS);
        if (introduced.get(choice)) {
            return "{}";
        }
        introduced.set(choice);
        deviations.add(Deviation.ROLE);
        return "{" + ASSISTANT + "}";
    }

    /** Reads the delta that the cursor stands on; whether it says anything. */
    boolean read(int choice) throws ApiFailure {
        content = false;
        role = false;
        members = 0;
        if (cursor.first() != '{') {
            cursor.skip();
            edits.replace(cursor.start(), cursor.end(), make(choice));
            return false;
        }
        cursor.enter();
        while (cursor.member()) {
            members++;
            readMember(choice);
        }
        if (!introduced.get(choice)) {
            if (!role) {
                edits.append(cursor.end() - 1, members > 0, ASSISTANT);
                deviations.add(Deviation.ROLE);
            }
            introduced.set(choice);
        }
        return content;
    }

    private void readMember(int choice) throws ApiFailure {
        if (cursor.named(CONTENT)
                || cursor.named(REFUSAL)
                || cursor.named(REASONING_CONTENT)
                || cursor.named(REASONING)) {
            readText();
        } else if (cursor.named(TOOL_CALLS) && cursor.first() == '[') {
            readToolCalls(choice);
        } else if (cursor.named(ROLE)) {
            readRole(introduced.get(choice));
        } else {
            content |= cursor.first() == '{' && (cursor.named(FUNCTION_CALL) || cursor.named(AUDIO));
            cursor.skip();
        }
    }

    private void readText() throws ApiFailure {
        boolean parts = cursor.first() == '{' || cursor.first() == '[';
        cursor.skip();
        if (cursor.saysSomething()) {
            say(cursor.characters());
        } else if (parts) {
            say(1);
        }
    }

    private void readRole(boolean known) throws ApiFailure {
        int member = cursor.nameStart();
        cursor.skip();
        if (known) {
            edits.removeMember(bytes, member, cursor.end(), floor);
            members--;
            deviations.add(Deviation.ROLE);
            return;
        }
        role = true;
        if (!cursor.saysSomething()) {
            edits.replace(cursor.start(), cursor.end(), "\"assistant\"");
            deviations.add(Deviation.ROLE);
        }
    }

    private void readToolCalls(int choice) throws ApiFailure {
        ToolCalls calls = toolCalls.get(choice);
        if (calls == null) {
            calls = new ToolCalls(call, choice);
            toolCalls.put(choice, calls);
        }
        calls.begin();
        cursor.enter();
        while (cursor.element()) {
            content = true;
            if (cursor.first() == '{') {
                piece.read(cursor, bytes);
                say(piece.characters());
                calls.mend(piece, floor, edits, deviations);
            } else {
                cursor.skip();
            }
        }
    }

    private void say(int count) {
        content |= count > 0;
        characters = (int) Math.min(Integer.MAX_VALUE, (long) characters + count);
    }

    /** Characters of content so far. */
    int characters() {
        return characters;
    }
}
