package dev.understudy.openai;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** JSON as we write it ourselves: compact, ASCII controls escaped, broken surrogates replaced by U+FFFD. */
final class JsonText {
    private static final String HEX = "0123456789abcdef";

    private JsonText() {}

    /** Appends {@code text} as a JSON string, quotes included. */
    static void quote(StringBuilder out, CharSequence text) {
        out.append('"');
        appendEscaped(out, text);
        out.append('"');
    }

    /** Appends {@code text} as a JSON string, or {@code null}. */
    static void quoteOrNull(StringBuilder out, @Nullable CharSequence text) {
        if (text == null) {
            out.append("null");
        } else {
            quote(out, text);
        }
    }

    /** The bytes of a name or value that is ASCII. */
    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The text of a stretch of UTF-8. */
    static String utf8(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private static void appendEscaped(StringBuilder out, CharSequence text) {
        int plain = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c)) {
                continue;
            }
            if (isPair(text, i)) {
                i++;
                continue;
            }
            out.append(text, plain, i);
            plain = i + 1;
            if (Character.isSurrogate(c)) {
                out.append('\uFFFD');
            } else {
                appendControl(out, c);
            }
        }
        out.append(text, plain, text.length());
    }

    private static boolean isPair(CharSequence text, int at) {
        return Character.isHighSurrogate(text.charAt(at))
                && at + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(at + 1));
    }

    private static void appendControl(StringBuilder out, char c) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> out.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
        }
    }
}
