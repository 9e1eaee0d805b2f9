package dev.understudy.openai;

/**
 * Walks through one JSON text by its bytes. It makes places and no values, so that reading a frame of a stream allocates
 * nothing; what it has walked through is JSON by RFC 8259. Names with escapes in them match no name.
 *
 * <pre>{@code
 * cursor.open(bytes, from, to);
 * cursor.enter();                  // the object
 * while (cursor.member()) {        // stands on a value, whose name can be asked for
 *     cursor.skip();               // or enter() and walk through it
 * }
 * cursor.close();
 * }</pre>
 */
final class JsonCursor {
    private static final int DEPTH = 500;
    private static final int HEX_DIGITS = 4;

    private byte[] bytes = new byte[0];
    private int limit;
    private int at;
    private int start;
    private int nameStart;
    private int nameEnd;
    /** Whether an object or array was entered of which nothing has been read. */
    private boolean entered;

    /** Begins with the value that stands from {@code from} to {@code to}, with blanks around it or without. */
    void open(byte[] json, int from, int to) {
        bytes = json;
        limit = to;
        at = from;
        entered = false;
        blanks();
        start = at;
    }

    /** First byte of the value that the cursor stands on; 0 at the end. */
    int first() {
        return at < limit ? bytes[at] : 0;
    }

    /** Where the value begins that the cursor stands on, or that was skipped last. */
    int start() {
        return start;
    }

    /** After the last byte that was walked through. */
    int end() {
        return at;
    }

    /** Where the name of the member begins, its quote included. */
    int nameStart() {
        return nameStart;
    }

    /** Whether the member that the cursor stands on has this name. */
    boolean named(byte[] name) {
        int length = nameEnd - nameStart - 2;
        if (length != name.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (bytes[nameStart + 1 + i] != name[i]) {
                return false;
            }
        }
        return true;
    }

    /** Steps into the object or array that the cursor stands on. */
    void enter() {
        at++;
        entered = true;
    }

    /** Goes on to the next member's value; false when the object has ended, which is then behind the cursor. */
    boolean member() throws ApiFailure {
        if (ended('}')) {
            return false;
        }
        nameStart = at;
        if (first() != '"') {
            throw broken();
        }
        string();
        nameEnd = at;
        blanks();
        if (first() != ':') {
            throw broken();
        }
        at++;
        blanks();
        start = at;
        return true;
    }

    /** Goes on to the next element; false when the array has ended, which is then behind the cursor. */
    boolean element() throws ApiFailure {
        if (ended(']')) {
            return false;
        }
        start = at;
        return true;
    }

    /** Goes past the value that the cursor stands on. */
    void skip() throws ApiFailure {
        start = at;
        int from = at;
        value(0);
        start = from;
    }

    /** Goes to a value that the cursor has been at before, or behind it. */
    void moveTo(int place) {
        at = place;
        start = place;
        entered = false;
    }

    /** Checks that nothing but blanks is left. */
    void close() throws ApiFailure {
        blanks();
        if (at < limit) {
            throw broken();
        }
    }

    /** Length in UTF-16 units of the string that was skipped last. */
    int characters() {
        int count = 0;
        for (int i = start + 1; i < at - 1; i++) {
            int b = bytes[i];
            if (b == '\\') {
                i += bytes[i + 1] == 'u' ? 1 + HEX_DIGITS : 1;
                count++;
            } else if ((b & 0xC0) != 0x80) {
                // Four bytes make two units.
                count += (b & 0xF8) == 0xF0 ? 2 : 1;
            }
        }
        return count;
    }

    /** Whether the value that was skipped last is a string that says something. */
    boolean saysSomething() {
        return bytes[start] == '"' && at - start > 2;
    }

    /** Whether the value that was skipped last is {@code null}. */
    boolean isNull() {
        return bytes[start] == 'n';
    }

    /** The integer that was skipped last; -1 when it is none of zero to 999,999,999. */
    int count() {
        if (at - start > 9) {
            return -1;
        }
        int count = 0;
        for (int i = start; i < at; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            count = 10 * count + digit;
        }
        return count;
    }

    /** Whether the value that was skipped last is an integer over zero. */
    boolean isPositive() {
        for (int i = start; i < at; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return false;
            }
        }
        return bytes[start] != '0';
    }

    private boolean ended(char close) throws ApiFailure {
        blanks();
        boolean isFirst = entered;
        entered = false;
        if (first() == close) {
            at++;
            return true;
        }
        if (!isFirst) {
            if (first() != ',') {
                throw broken();
            }
            at++;
            blanks();
        }
        return false;
    }

    private void blanks() {
        while (at < limit) {
            byte b = bytes[at];
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return;
            }
            at++;
        }
    }

    private void value(int depth) throws ApiFailure {
        if (depth > DEPTH) {
            throw broken();
        }
        switch (first()) {
            case '"' -> string();
            case '{' -> {
                enter();
                while (member()) {
                    value(depth + 1);
                }
            }
            case '[' -> {
                enter();
                while (element()) {
                    value(depth + 1);
                }
            }
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            default -> number();
        }
    }

    private void string() throws ApiFailure {
        int i = at + 1;
        while (i < limit) {
            byte b = bytes[i++];
            if (b == '"') {
                at = i;
                return;
            }
            if (b == '\\') {
                i = escape(i);
            } else if (b >= 0 && b < ' ') {
                throw broken();
            }
        }
        throw broken();
    }

    /** Checks the escape after the backslash; returns the place after it. */
    private int escape(int from) throws ApiFailure {
        if (from >= limit) {
            throw broken();
        }
        return switch (bytes[from]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> from + 1;
            case 'u' -> {
                int to = from + 1 + HEX_DIGITS;
                for (int i = from + 1; i < to; i++) {
                    if (i >= limit || Character.digit(bytes[i], 16) < 0) {
                        throw broken();
                    }
                }
                yield to;
            }
            default -> throw broken();
        };
    }

    private void literal(String word) throws ApiFailure {
        for (int i = 0; i < word.length(); i++) {
            if (first() != word.charAt(i)) {
                throw broken();
            }
            at++;
        }
    }

    private void number() throws ApiFailure {
        if (first() == '-') {
            at++;
        }
        if (first() == '0') {
            at++;
        } else {
            digits();
        }
        if (first() == '.') {
            at++;
            digits();
        }
        if (first() == 'e' || first() == 'E') {
            at++;
            if (first() == '+' || first() == '-') {
                at++;
            }
            digits();
        }
    }

    private void digits() throws ApiFailure {
        int from = at;
        while (first() >= '0' && first() <= '9') {
            at++;
        }
        if (at == from) {
            throw broken();
        }
    }

    private static ApiFailure broken() {
        return UpstreamJson.malformed("sent what is not JSON");
    }
}
