package dev.understudy.inspect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Tells from the text of a tool's result whether the tool failed. Looks at the first 2,048 characters only. */
final class ToolErrors {
    private static final int CHARACTERS = 2_048;
    private static final JsonFactory JSON = new JsonFactory();
    private static final String[] EXIT_WORDS = {
        "exit code", "exit_code", "exit status", "exited with code", "exited with", "exitCode"
    };
    private static final String[] STATUS_WORDS = {
        "HTTP ", "HTTP/1.1 ", "HTTP/2 ", "status code", "status_code", "\"status\""
    };
    private static final String[] TRACES = {
        "Traceback (most recent call last)", "Exception in thread", "\n\tat ", "\n    at ", "panic: "
    };

    private ToolErrors() {}

    /** What in the text says so, for people; null when nothing does. */
    static @Nullable String sign(String result) {
        String text = result.length() > CHARACTERS ? result.substring(0, CHARACTERS) : result;
        if (hasErrorKey(text)) {
            return "an error key";
        }
        if (firstNumberAfter(text, EXIT_WORDS) > 0) {
            return "an exit code";
        }
        int status = firstNumberAfter(text, STATUS_WORDS);
        if (status >= 400 && status <= 599) {
            return "an HTTP status of 400 or more";
        }
        for (String trace : TRACES) {
            if (text.contains(trace)) {
                return "a stack trace";
            }
        }
        return null;
    }

    /** Whether the text is a JSON object with an {@code error} that is neither null nor false nor empty. */
    private static boolean hasErrorKey(String text) {
        int start = 0;
        while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
            start++;
        }
        if (start == text.length() || text.charAt(start) != '{' || !text.contains("\"error\"")) {
            return false;
        }
        try (JsonParser parser = JSON.createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean named = parser.currentName().equals("error");
                JsonToken value = parser.nextToken();
                if (named) {
                    boolean empty = value == JsonToken.VALUE_STRING && parser.getTextLength() == 0;
                    return value != JsonToken.VALUE_NULL && value != JsonToken.VALUE_FALSE && !empty;
                }
                parser.skipChildren();
            }
            return false;
        } catch (IOException e) {
            // Cut at the limit, or no JSON after all.
            return false;
        }
    }

    /** The number that follows the first of these words, past blanks and punctuation; 0 without one. */
    private static int firstNumberAfter(String text, String[] words) {
        for (String word : words) {
            int at = text.indexOf(word);
            if (at < 0) {
                continue;
            }
            int i = at + word.length();
            int stop = Math.min(text.length(), i + 8);
            while (i < stop && !Character.isLetterOrDigit(text.charAt(i))) {
                i++;
            }
            int number = 0;
            int digits = 0;
            while (i < text.length() && digits < 6 && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
                number = 10 * number + (text.charAt(i++) - '0');
                digits++;
            }
            if (digits > 0) {
                return number;
            }
        }
        return 0;
    }
}
