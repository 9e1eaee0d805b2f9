package dev.understudy.openai;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where the parts of one tool call stand, as it was read last: a whole call of a JSON answer, or a piece of a stream's. */
final class ToolCallSpans {
    private static final byte[] INDEX = JsonText.ascii("index");
    private static final byte[] ID = JsonText.ascii("id");
    private static final byte[] TYPE = JsonText.ascii("type");
    private static final byte[] FUNCTION = JsonText.ascii("function");
    private static final byte[] CUSTOM = JsonText.ascii("custom");
    private static final byte[] NAME = JsonText.ascii("name");
    private static final byte[] ARGUMENTS = JsonText.ascii("arguments");

    private final Part index = new Part();
    private final Part id = new Part();
    private final Part type = new Part();
    private final Part name = new Part();
    private final Part arguments = new Part();
    private byte[] bytes = new byte[0];
    private int position;
    private int close;
    private int members;
    private int functionClose;
    private int functionMembers;
    private boolean custom;
    private int characters;

    /** Reads the object that the cursor stands on, which is then behind it. */
    void read(JsonCursor cursor, byte[] json) throws ApiFailure {
        bytes = json;
        index.clear();
        id.clear();
        type.clear();
        name.clear();
        arguments.clear();
        position = -1;
        members = 0;
        functionClose = -1;
        functionMembers = 0;
        custom = false;
        characters = 0;
        cursor.enter();
        while (cursor.member()) {
            members++;
            if (cursor.named(INDEX)) {
                index.read(cursor);
                position = cursor.count();
            } else if (cursor.named(ID)) {
                id.read(cursor);
            } else if (cursor.named(TYPE)) {
                type.read(cursor);
            } else if (cursor.named(FUNCTION) && cursor.first() == '{') {
                readFunction(cursor);
            } else {
                custom |= cursor.named(CUSTOM);
                cursor.skip();
            }
        }
        close = cursor.end() - 1;
    }

    private void readFunction(JsonCursor cursor) throws ApiFailure {
        cursor.enter();
        while (cursor.member()) {
            functionMembers++;
            if (cursor.named(NAME)) {
                name.read(cursor);
                characters += name.said ? cursor.characters() : 0;
            } else if (cursor.named(ARGUMENTS)) {
                arguments.read(cursor);
                characters += arguments.said ? cursor.characters() : arguments.end - arguments.start;
            } else {
                cursor.skip();
            }
        }
        functionClose = cursor.end() - 1;
    }

    /** {@code index} as sent; -1 when there is none. */
    int position() {
        return position;
    }

    boolean hasId() {
        return id.said;
    }

    boolean hasName() {
        return name.said;
    }

    /** Whether it looks like the beginning of a call. */
    boolean begins() {
        return name.said || custom;
    }

    /** {@code id} as sent, quotes included; null when it says nothing. */
    byte @Nullable [] id() {
        return id.said ? Arrays.copyOfRange(bytes, id.start, id.end) : null;
    }

    /** The function's name as sent, quotes included; null when it says nothing. */
    byte @Nullable [] name() {
        return name.said ? Arrays.copyOfRange(bytes, name.start, name.end) : null;
    }

    boolean isId(byte @Nullable [] known) {
        return known != null && id.said && Arrays.equals(known, 0, known.length, bytes, id.start, id.end);
    }

    boolean isName(byte @Nullable [] known) {
        return known != null && name.said && Arrays.equals(known, 0, known.length, bytes, name.start, name.end);
    }

    /** Characters of name and arguments. */
    int characters() {
        return characters;
    }

    /** Puts another index in place of the one that was sent, or of none. */
    void setIndex(int place, Edits edits, Set<Deviation> deviations) {
        set(index, "index", Integer.toString(place), edits);
        deviations.add(Deviation.TOOL_INDEX);
    }

    /** Adds what a call has to begin with. */
    void complete(String madeId, Edits edits, Set<Deviation> deviations) {
        if (!id.said) {
            set(id, "id", '"' + madeId + '"', edits);
            deviations.add(Deviation.TOOL_FIELDS);
        }
        if (!type.said) {
            set(type, "type", custom ? "\"custom\"" : "\"function\"", edits);
            deviations.add(Deviation.TOOL_FIELDS);
        }
    }

    /** Takes out what a call has begun with. */
    void strip(byte @Nullable [] knownName, int floor, Edits edits, Set<Deviation> deviations) {
        Part first = id.start < type.start ? id : type;
        remove(first, floor, edits, deviations);
        remove(first == id ? type : id, floor, edits, deviations);
        if (name.start >= 0 && (!name.said || isName(knownName))) {
            remove(name, floor, edits, deviations);
        }
    }

    /** Makes arguments text where they are something else. */
    void argumentsAsText(Edits edits, Set<Deviation> deviations) {
        if (arguments.start < 0 || bytes[arguments.start] == '"') {
            return;
        }
        StringBuilder text = new StringBuilder();
        boolean none = bytes[arguments.start] == 'n';
        JsonText.quote(text, none ? "" : JsonText.utf8(bytes, arguments.start, arguments.end));
        edits.replace(arguments.start, arguments.end, text.toString());
        deviations.add(Deviation.TOOL_FIELDS);
    }

    /** Adds empty arguments to a function that has none. */
    void requireArguments(Edits edits, Set<Deviation> deviations) {
        if (functionClose >= 0 && arguments.start < 0) {
            edits.append(functionClose, functionMembers > 0, "\"arguments\":\"\"");
            deviations.add(Deviation.TOOL_FIELDS);
        }
    }

    private void set(Part part, String member, String value, Edits edits) {
        if (part.start >= 0) {
            edits.replace(part.start, part.end, value);
        } else {
            edits.append(close, members > 0, '"' + member + "\":" + value);
            members++;
        }
    }

    private void remove(Part part, int floor, Edits edits, Set<Deviation> deviations) {
        if (part.start >= 0) {
            edits.removeMember(bytes, part.member, part.end, floor);
            members -= part == name ? 0 : 1;
            deviations.add(Deviation.TOOL_FIELDS);
        }
    }

    /** One member. */
    private static final class Part {
        private int member = -1;
        private int start = -1;
        private int end = -1;
        private boolean said;

        private void clear() {
            start = -1;
            said = false;
        }

        private void read(JsonCursor cursor) throws ApiFailure {
            member = cursor.nameStart();
            cursor.skip();
            start = cursor.start();
            end = cursor.end();
            said = cursor.saysSomething();
        }
    }
}
