package dev.understudy.inspect;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes out of a prompt what changes from call to call and leaves its lines. A hit becomes {@code <name>}; masks are
 * tried in the order of {@link #LINE_MASKS}, after those that may cover several lines; then blanks collapse and empty
 * lines go.
 *
 * <p>RE2/J runs in linear time but slowly, so a pattern is tried only on lines that hold what it cannot do without.
 */
public final class Masks {
    /** Goes into every bucket: other masks make other sites. */
    public static final int VERSION = 1;

    /** Characters of a prompt that are looked at. */
    static final int CHARACTERS = 16 << 10;

    private static final int QUOTED_CHARACTERS = 40;
    private static final int BASE64_CHARACTERS = 24;
    private static final int HEX_DIGITS = 8;

    private static final Pattern TAG = Pattern.compile("<([A-Za-z][A-Za-z0-9_:-]{0,63})(?:\\s[^<>]{0,256})?>");

    // What a line holds. The last four stand after a digit.
    private static final int DIGIT = 1;
    private static final int AT = 1 << 1;
    private static final int SCHEME = 1 << 2;
    private static final int SLASH = 1 << 3;
    private static final int DAY = 1 << 4;
    private static final int LONG_RUN = 1 << 5;
    private static final int HEX_RUN = 1 << 6;
    private static final int COLON = 1 << 7;
    private static final int DASH = 1 << 8;
    private static final int MONTH_NAME = 1 << 9;
    private static final int DIGIT_DOT = 1 << 10;
    private static final int DIGIT_SLASH = 1 << 11;
    private static final int DIGIT_COLON = 1 << 12;
    private static final int DIGIT_DASH = 1 << 13;

    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final String MONTH =
            "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
                    + "|Nov(?:ember)?|Dec(?:ember)?)";

    private static final List<LineMask> LINE_MASKS = List.of(
            new LineMask("url", SCHEME, "(?i)\\b[a-z][a-z0-9+.-]{1,15}://[^\\s<>\"'`)\\]}]+"),
            new LineMask("email", AT, "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+"),
            new LineMask(
                    "uuid", HEX_RUN | DASH, "(?i)\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b"),
            new LineMask("ip", DIGIT_DOT, "\\b\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?::\\d{1,5})?\\b"),
            new LineMask(
                    "ip",
                    COLON | DIGIT,
                    "(?i)\\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\\b"
                            + "|\\b(?:[0-9a-f]{1,4}:)+:(?:[0-9a-f]{1,4}:)*[0-9a-f]{1,4}\\b"),
            new LineMask(
                    "date",
                    DIGIT_DASH,
                    "\\d{4}-\\d{2}-\\d{2}" + "(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?(?:Z|[+-]\\d{2}:?\\d{2})?)?"),
            new LineMask("date", DIGIT_DOT, "\\b\\d{1,2}\\.\\d{1,2}\\.\\d{2,4}\\b"),
            new LineMask("date", DIGIT_SLASH, "\\b\\d{1,2}/\\d{1,2}/\\d{2,4}\\b"),
            new LineMask(
                    "date",
                    MONTH_NAME | DIGIT,
                    "\\b\\d{1,2}(?:st|nd|rd|th)? (?:of )?" + MONTH + "\\.?,?(?: \\d{4})?\\b" + "|\\b" + MONTH
                            + "\\.? \\d{1,2}(?:st|nd|rd|th)?(?:,? \\d{4})?\\b"),
            new LineMask("date", DIGIT_COLON, "\\b\\d{1,2}:\\d{2}(?::\\d{2})?(?: ?[AaPp]\\.?[Mm]\\b)?"),
            new LineMask("date", DAY, "\\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\\b"),
            new LineMask("path", SLASH, "(^|[\\s(\\[\"'`=])((?:[A-Za-z]:\\\\|~/|\\.{0,2}/)[^\\s\"'`<>|;,)\\]]+)"),
            new LineMask("blob", LONG_RUN, "[A-Za-z0-9+/_-]{" + BASE64_CHARACTERS + ",}={0,2}"),
            new LineMask("hex", HEX_RUN, "(?i)\\b(?:0x)?[0-9a-f]{" + HEX_DIGITS + ",}\\b"),
            new LineMask("number", DIGIT, "\\d+(?:[.,]\\d+)*"));

    private Masks() {}

    /** The lines of a prompt without what changes: trimmed, none empty, in order. */
    public static List<String> lines(String prompt) {
        String text = prompt.length() > CHARACTERS ? prompt.substring(0, CHARACTERS) : prompt;
        text = quotes(fences(tags(text)));
        List<String> lines = new ArrayList<>();
        int start = 0;
        while (start <= text.length()) {
            int end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            String line = line(text.substring(start, end));
            if (!line.isEmpty()) {
                lines.add(line);
            }
            start = end + 1;
        }
        return lines;
    }

    private static String line(String raw) {
        String line = collapsed(raw);
        int features = features(line);
        for (LineMask mask : LINE_MASKS) {
            if ((features & mask.needs) == mask.needs) {
                String masked = mask.apply(line);
                if (!masked.equals(line)) {
                    // What this mask took out no longer calls for a later one.
                    features = features(masked);
                    line = masked;
                }
            }
        }
        return line;
    }

    /** Replaces what stands between an opening tag and the next closing one of the same name. */
    private static String tags(String text) {
        int close = text.indexOf("</");
        if (close < 0) {
            return text;
        }
        Matcher matcher = TAG.matcher(text);
        StringBuilder masked = new StringBuilder(text.length());
        int from = 0;
        while (from < text.length() && matcher.find(from)) {
            String closing = "</" + matcher.group(1) + ">";
            int end = text.indexOf(closing, matcher.end());
            if (end < 0) {
                masked.append(text, from, matcher.end());
                from = matcher.end();
            } else {
                masked.append(text, from, matcher.end());
                masked.append(text.substring(matcher.end(), end).isBlank() ? "" : "<body>")
                        .append(closing);
                from = end + closing.length();
            }
        }
        return masked.append(text, Math.min(from, text.length()), text.length()).toString();
    }

    private static String fences(String text) {
        int open = text.indexOf("```");
        if (open < 0) {
            return text;
        }
        StringBuilder masked = new StringBuilder(text.length());
        int from = 0;
        while (open >= 0) {
            int close = text.indexOf("```", open + 3);
            if (close < 0) {
                break;
            }
            masked.append(text, from, open).append("<code>");
            from = close + 3;
            open = text.indexOf("```", from);
        }
        return masked.append(text, from, text.length()).toString();
    }

    /** Replaces quotes over 40 characters; marks pair up from the left, within one line. */
    private static String quotes(String text) {
        StringBuilder masked = null;
        int from = 0;
        int i = 0;
        while (i < text.length()) {
            char close = closing(text.charAt(i));
            int end = close == 0 ? -1 : text.indexOf(close, i + 1);
            int line = end < 0 ? -1 : text.indexOf('\n', i);
            if (end < 0 || (line >= 0 && line < end)) {
                i++;
            } else {
                if (end - i - 1 > QUOTED_CHARACTERS) {
                    masked = masked == null ? new StringBuilder(text.length()) : masked;
                    masked.append(text, from, i).append("<quote>");
                    from = end + 1;
                }
                i = end + 1;
            }
        }
        return masked == null ? text : masked.append(text, from, text.length()).toString();
    }

    private static char closing(char open) {
        return switch (open) {
            case '"' -> '"';
            case '\u201C' -> '\u201D';
            case '\u00AB' -> '\u00BB';
            default -> 0;
        };
    }

    private static String collapsed(String line) {
        StringBuilder out = null;
        int length = line.length();
        boolean blank = true;
        for (int i = 0; i < length; i++) {
            char c = line.charAt(i);
            boolean space = Character.isWhitespace(c) || c == '\u00A0';
            boolean kept = !space || (!blank && c == ' ' && i + 1 < length && !isBlank(line.charAt(i + 1)));
            if (!kept && out == null) {
                out = new StringBuilder(length).append(line, 0, i);
            }
            if (out != null) {
                if (!space) {
                    out.append(c);
                } else if (!blank && !restIsBlank(line, i)) {
                    out.append(' ');
                }
            }
            blank = space;
        }
        return out == null ? line : out.toString();
    }

    private static boolean isBlank(char c) {
        return Character.isWhitespace(c) || c == '\u00A0';
    }

    private static boolean restIsBlank(String line, int from) {
        for (int i = from; i < line.length(); i++) {
            if (!isBlank(line.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** What a line holds that some mask needs. */
    private static int features(String line) {
        int found = 0;
        int run = 0;
        int hex = 0;
        boolean afterDigit = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            boolean digit = c >= '0' && c <= '9';
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (digit) {
                found |= DIGIT;
            } else if (letter) {
                found |= c == 'd' && line.startsWith("day", i) ? DAY : 0;
                found |= c < 'a' && isMonth(line, i) ? MONTH_NAME : 0;
            } else {
                found |= sign(line, i, c, afterDigit);
            }
            run = digit || letter || c == '+' || c == '/' || c == '_' || c == '-' ? run + 1 : 0;
            hex = digit || (letter && (c | 0x20) <= 'f') ? hex + 1 : 0;
            found |= (run >= BASE64_CHARACTERS ? LONG_RUN : 0) | (hex >= HEX_DIGITS ? HEX_RUN : 0);
            afterDigit = digit;
        }
        return found;
    }

    private static int sign(String line, int at, char c, boolean afterDigit) {
        return switch (c) {
            case '@' -> AT;
            case '/' -> afterDigit ? SLASH | DIGIT_SLASH : SLASH;
            case '\\' -> SLASH;
            case '.' -> afterDigit ? DIGIT_DOT : 0;
            case '-' -> afterDigit ? DASH | DIGIT_DASH : DASH;
            case ':' -> COLON | (afterDigit ? DIGIT_COLON : 0) | (line.startsWith("//", at + 1) ? SCHEME : 0);
            default -> 0;
        };
    }

    private static boolean isMonth(String line, int at) {
        for (int month = 0; month < MONTHS.length(); month += 3) {
            if (line.regionMatches(at, MONTHS, month, 3)) {
                return true;
            }
        }
        return false;
    }

    /** A mask that stays within a line. The hit is the second group where there is one, which keeps what is before it. */
    private record LineMask(String name, int needs, Pattern pattern) {
        LineMask(String name, int needs, String pattern) {
            this(name, needs, Pattern.compile(pattern));
        }

        String apply(String line) {
            Matcher matcher = pattern.matcher(line);
            if (!matcher.find()) {
                return line;
            }
            StringBuilder masked = new StringBuilder(line.length());
            int from = 0;
            do {
                int start = matcher.groupCount() == 2 ? matcher.start(2) : matcher.start();
                masked.append(line, from, start).append('<').append(name).append('>');
                from = matcher.end();
            } while (matcher.find());
            return masked.append(line, from, line.length()).toString();
        }
    }
}
