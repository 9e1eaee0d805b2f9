package dev.understudy.policy;

import java.util.Map;

/** Finds the character of a file that a character of a value came from: values are folded, quoted and indented there. */
final class ExpressionPlaces {
    private final Map<String, String> files;

    /**
     * Reads from these files.
     *
     * @param files text by name
     */
    ExpressionPlaces(Map<String, String> files) {
        this.files = files;
    }

    /**
     * The place of a character in its file.
     *
     * @param value where the value begins
     * @param text the value
     * @param offset of the character in it
     */
    Place of(Place value, String text, int offset) {
        String file = files.get(value.file());
        int at = file == null ? -1 : start(file, value);
        if (file == null || at < 0 || at >= file.length() || value.line() == 0) {
            return value;
        }
        char style = file.charAt(at);
        if (style == '|' || style == '>') {
            at = file.indexOf('\n', at);
        } else if (style == '\'' || style == '"') {
            at++;
        }
        int written = 0;
        int limit = Math.min(offset, text.length());
        for (int i = 0; i < limit; i++) {
            written += Character.isWhitespace(text.charAt(i)) ? 0 : 1;
        }
        for (int i = at; i >= 0 && i < file.length(); i++) {
            char c = file.charAt(i);
            if (Character.isWhitespace(c)) {
                continue;
            }
            boolean escapes = (style == '\'' && c == '\'' && file.startsWith("''", i)) || (style == '"' && c == '\\');
            i += escapes ? 1 : 0;
            if (written-- == 0) {
                return at(file, value.file(), i);
            }
        }
        return value;
    }

    private static int start(String file, Place place) {
        int at = 0;
        for (int line = 1; line < place.line(); line++) {
            at = file.indexOf('\n', at) + 1;
            if (at == 0) {
                return -1;
            }
        }
        return at + place.column() - 1;
    }

    private static Place at(String file, String name, int offset) {
        int line = 1;
        int start = 0;
        for (int next = file.indexOf('\n'); next >= 0 && next < offset; next = file.indexOf('\n', next + 1)) {
            line++;
            start = next + 1;
        }
        return new Place(name, line, offset - start + 1);
    }
}
