package dev.understudy.verify;

import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.Tool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What no answer holds: marks of templates, of tool calls and of thinking, which a model leaves in its text when it has
 * lost its thread; calls written out as text; and masks of what was redacted, unless the prompt has them. Scans once,
 * from mark to mark.
 */
final class Markup {
    /** Marks of tool calls and of turns: the answer was not read as it was meant. */
    private static final List<String> TOOLS = List.of(
            "<tool_call>",
            "</tool_call>",
            "<tool_calls>",
            "</tool_calls>",
            "<tool_response>",
            "</tool_response>",
            "<tools>",
            "</tools>",
            "<function=",
            "<function_call>",
            "</function>",
            "[TOOL_CALLS]",
            "<|im_start|>",
            "<|im_end|>",
            "<|python_tag|>");

    private static final List<String> TEMPLATES = List.of(
            "<think>",
            "</think>",
            "<thinking>",
            "</thinking>",
            "<thought>",
            "</thought>",
            "<reasoning>",
            "</reasoning>",
            "<reflection>",
            "</reflection>",
            "<start_of_turn>",
            "<end_of_turn>",
            "<<SYS>>",
            "<</SYS>>",
            "[INST]",
            "[/INST]",
            "<bos>",
            "<eos>",
            "<pad>",
            "<unk>",
            "</s>");

    private static final List<String> MASKS =
            List.of("SECRET", "EMAIL", "PHONE", "IBAN", "CARD", "IP", "PATTERN", "WORDS");
    private static final int LONGEST_MARK = 48;
    private static final int TOKEN = 10;
    private static final int LONGEST_ARGUMENTS = 64;

    private Markup() {}

    /** Whether a mark of a tool call or of a turn is left. */
    static boolean holdsToolMark(String text) {
        return holds(text, TOOLS);
    }

    /** Whether a mark of a template or of thinking is left. */
    static boolean holdsTemplateMark(String text) {
        if (holds(text, TEMPLATES)) {
            return true;
        }
        for (int at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
            if (isSpecialToken(text, at)) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(String text, List<String> marks) {
        for (int at = next(text, 0); at >= 0; at = next(text, at + 1)) {
            for (int i = 0; i < marks.size(); i++) {
                String mark = marks.get(i);
                if (text.regionMatches(true, at, mark, 0, mark.length())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int next(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '<' || c == '[') {
                return i;
            }
        }
        return -1;
    }

    /** The form that most vocabularies give the tokens that no text has: between bars in angle brackets. */
    private static boolean isSpecialToken(String text, int at) {
        if (at + 2 >= text.length() || !isBar(text.charAt(at + 1))) {
            return false;
        }
        int end = Math.min(text.length() - 1, at + LONGEST_MARK);
        for (int i = at + 2; i < end; i++) {
            char c = text.charAt(i);
            if (isBar(c)) {
                return i > at + 2 && text.charAt(i + 1) == '>';
            }
            if (c <= ' ' || c == '<' || c == '>') {
                return false;
            }
        }
        return false;
    }

    private static boolean isBar(char c) {
        return c == '|' || c == '\uff5c';
    }

    /** Whether a mask of something redacted is in a text and in no message. */
    static boolean holdsForeignMask(String text, Call call) {
        for (int at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
            String mask = maskAt(text, at);
            if (mask != null && !isInPrompt(mask, call)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable String maskAt(String text, int at) {
        for (int i = 0; i < MASKS.size(); i++) {
            String kind = MASKS.get(i);
            if (text.startsWith(kind, at + 1)) {
                int end = at + 1 + kind.length();
                if (end < text.length() && text.charAt(end) == '_') {
                    end += 1 + TOKEN;
                }
                return end < text.length() && text.charAt(end) == '>' ? text.substring(at, end + 1) : null;
            }
        }
        return null;
    }

    private static boolean isInPrompt(String mask, Call call) {
        for (Message message : call.messages()) {
            if (message.text().contains(mask)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a text is a call written out: JSON with the name of a tool that is offered and its arguments, or that name
     * with its arguments in brackets. An agent would see words where something should have been done.
     */
    static boolean holdsCall(String text, Call call) {
        return !call.tools().isEmpty() && (holdsJsonCall(text, call) || holdsWrittenCall(text, call));
    }

    private static boolean holdsJsonCall(String text, Call call) {
        if (!text.contains("\"arguments\"") && !text.contains("\"parameters\"")) {
            return false;
        }
        String key = "\"name\"";
        for (int at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
            int from = skipBlanks(text, at + key.length());
            if (from < text.length() && text.charAt(from) == ':') {
                from = skipBlanks(text, from + 1);
                if (isToolInQuotes(text, from, call)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isToolInQuotes(String text, int from, Call call) {
        if (from >= text.length() || text.charAt(from) != '"') {
            return false;
        }
        int end = text.indexOf('"', from + 1);
        return end > 0 && end - from <= 65 && Ladder.toolOf(call, text.substring(from + 1, end)) != null;
    }

    /** A tool's name with a bracket at once behind it, which holds nothing, a named argument or a text in quotes. */
    private static boolean holdsWrittenCall(String text, Call call) {
        for (Tool tool : call.tools()) {
            String name = tool.name();
            for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
                int open = at + name.length();
                if (text.startsWith("(", open)
                        && (at == 0 || !PromptText.isWord(text.charAt(at - 1)))
                        && areArguments(text, open + 1)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean areArguments(String text, int from) {
        int end = Math.min(text.length(), from + LONGEST_ARGUMENTS);
        for (int i = from; i < end; i++) {
            switch (text.charAt(i)) {
                case '=', '"', '\'', '{' -> {
                    return true;
                }
                case ')' -> {
                    return i == from;
                }
                default -> {}
            }
        }
        return false;
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
        return at;
    }
}
