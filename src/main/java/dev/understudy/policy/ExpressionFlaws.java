package dev.understudy.policy;

import dev.cel.common.CelIssue;
import dev.cel.common.types.CelType;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says what is wrong with an expression in the words of this house: the compiler names neither variable nor remedy. */
final class ExpressionFlaws {
    private static final Pattern UNDECLARED = Pattern.compile("undeclared reference to '([^']*)'.*", Pattern.DOTALL);
    private static final Pattern OVERLOAD =
            Pattern.compile("found no matching overload for '([^']*)' applied to '([^']*)'.*", Pattern.DOTALL);
    private static final Pattern UNDEFINED_FIELD = Pattern.compile("undefined field '([^']*)'.*", Pattern.DOTALL);

    private ExpressionFlaws() {}

    /** The flaw that the compiler found first. */
    static Expressions.Flaw of(String text, Expressions.Scope scope, CelIssue issue) {
        int offset = offset(
                text,
                issue.getSourceLocation().getLine(),
                issue.getSourceLocation().getColumn());
        String message = issue.getMessage();
        Matcher undeclared = UNDECLARED.matcher(message);
        if (undeclared.matches()) {
            return unknown(text, scope, offset, undeclared.group(1));
        }
        Matcher overload = OVERLOAD.matcher(message);
        if (overload.matches()) {
            return new Expressions.Flaw(
                    offset,
                    Problem.Code.CEL_TYPE,
                    "'" + operator(overload.group(1)) + "' does not take "
                            + types(overload.group(2)).replace(", ", " and "),
                    remedy(overload.group(2)));
        }
        if (UNDEFINED_FIELD.matcher(message).matches() || message.contains("does not support field selection")) {
            return unknown(text, scope, start(text, offset), wordAt(text, start(text, offset)));
        }
        boolean syntax = message.contains("mismatched input")
                || message.contains("extraneous input")
                || message.contains("no viable alternative")
                || message.contains("token recognition");
        return syntax
                ? new Expressions.Flaw(
                        Math.min(offset, text.length()),
                        Problem.Code.SYNTAX,
                        "the expression is not complete or not well formed here",
                        "an example: req.tokens < 2000 && task.kind == 'extract'")
                : new Expressions.Flaw(offset, Problem.Code.CEL_TYPE, firstLine(message), "");
    }

    private static Expressions.Flaw unknown(String text, Expressions.Scope scope, int offset, String named) {
        int at = offset;
        if (text.startsWith("(", offset)) {
            at = Math.max(0, text.lastIndexOf(named, offset));
            return new Expressions.Flaw(
                    at, Problem.Code.CEL_UNKNOWN, "no function is called '" + Nearest.shown(named) + "'", "");
        }
        String word = wordAt(text, at);
        if (scope == Expressions.Scope.CALL && ExpressionVariables.OF_ANSWER.containsKey(word)) {
            return new Expressions.Flaw(
                    at,
                    Problem.Code.CEL_MISPLACED,
                    "'" + word + "' is known once there is an answer",
                    "it may stand in guard.output.cel");
        }
        List<String> known = new ArrayList<>(ExpressionVariables.OF_CALL.keySet());
        if (scope == Expressions.Scope.ANSWER) {
            known.addAll(ExpressionVariables.OF_ANSWER.keySet());
        }
        return new Expressions.Flaw(
                at,
                Problem.Code.CEL_UNKNOWN,
                "no variable is called '" + Nearest.shown(word) + "'",
                Nearest.hint(word, known));
    }

    /** The dotted name that begins at a place. */
    private static String wordAt(String text, int from) {
        int end = from;
        while (end < text.length() && (Character.isJavaIdentifierPart(text.charAt(end)) || text.charAt(end) == '.')) {
            end++;
        }
        return text.substring(Math.min(from, text.length()), end);
    }

    /** Where the dotted name begins that a place lies in. */
    private static int start(String text, int within) {
        int start = Math.min(within, text.length());
        while (start > 0 && (Character.isJavaIdentifierPart(text.charAt(start - 1)) || text.charAt(start - 1) == '.')) {
            start--;
        }
        return start;
    }

    private static String operator(String function) {
        return function.replace("_", "").replace("@", "");
    }

    /** As {@code int and double}, without brackets. */
    private static String types(String applied) {
        return applied.replaceAll("[()]", "").replace("google.protobuf.Timestamp", "timestamp");
    }

    private static String remedy(String applied) {
        String types = types(applied);
        if (types.contains("int") && types.contains("double")) {
            return "whole numbers and others do not compare: write 2.0 for 2, or double(...)";
        }
        return types.contains("timestamp") ? "write timestamp('2026-01-01T00:00:00Z')" : "compare like with like";
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /** The words for a type. */
    static String type(CelType type) {
        return types(type.name());
    }

    private static int offset(String text, int line, int column) {
        int offset = 0;
        for (int i = 1; i < line; i++) {
            int end = text.indexOf('\n', offset);
            offset = end < 0 ? offset : end + 1;
        }
        return Math.max(0, offset + column);
    }
}
