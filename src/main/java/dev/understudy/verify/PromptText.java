package dev.understudy.verify;

import dev.understudy.call.Call;
import dev.understudy.call.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * The messages of a call, read once so that many values can be looked up. A value is there when it begins where a word
 * begins and does not end inside a number; with digits and letters both it must be a whole word, since half an id is
 * another id. Tools are no part of it: the examples in their descriptions are what small models like to copy.
 *
 * <p>Bounded: of a longer prompt the end counts, and a search beyond its steps finds nothing. Not thread-safe.
 */
final class PromptText {
    private static final int LONGEST = 1 << 20;
    private static final int KEY = 4;
    /** Characters compared for all values together: a few milliseconds. */
    private static final int STEPS = 4_000_000;

    private final FoldedText text;
    private final NumberSet numbers;
    private final int[] heads;
    private final int[] next;
    private final int[] starts;
    private int count;
    private int steps = STEPS;

    private PromptText(FoldedText text, NumberSet numbers) {
        this.text = text;
        this.numbers = numbers;
        this.starts = new int[text.length()];
        for (int i = 0; i < text.length(); i++) {
            if (mayBegin(i)) {
                starts[count++] = i;
            }
        }
        this.heads = new int[Integer.highestOneBit(Math.max(16, count)) << 1];
        this.next = new int[count];
        for (int i = 0; i < count && starts[i] + KEY <= text.length(); i++) {
            int slot = slot(text, starts[i]);
            next[i] = heads[slot];
            heads[slot] = i + 1;
        }
    }

    static PromptText of(Call call) {
        List<String> parts = new ArrayList<>();
        int left = LONGEST;
        for (int i = call.messages().size() - 1; i >= 0 && left > 0; i--) {
            Message message = call.messages().get(i);
            left = add(parts, message.text(), left);
            if (!message.toolNames().isEmpty()) {
                for (String arguments : EarlierCalls.arguments(call, message)) {
                    left = add(parts, arguments, left);
                }
            }
        }
        return of(parts);
    }

    static PromptText of(List<String> parts) {
        int length = 0;
        for (String part : parts) {
            length += part.length() + 1;
        }
        FoldedText text = new FoldedText(length);
        NumberSet numbers = new NumberSet(length);
        for (String part : parts) {
            String plain = FoldedText.plain(part);
            text.append(plain);
            text.close();
            numbers.addAll(plain);
        }
        return new PromptText(text, numbers);
    }

    private static int add(List<String> parts, String part, int left) {
        if (!part.isEmpty()) {
            parts.add(part.length() <= left ? part : part.substring(part.length() - left));
        }
        return left - part.length();
    }

    /** Whether a number stands there, however it is written: 1200, 1,200, 1.200,00. */
    boolean holdsNumber(String number) {
        return numbers.holds(number);
    }

    /** Whether a text stands there. */
    boolean holds(FoldedText value) {
        int length = value.length();
        if (length == 0) {
            return true;
        }
        boolean whole = hasLetterAndDigit(value);
        if (length < KEY) {
            for (int i = 0; i < count && steps > 0; i++) {
                if (isAt(starts[i], value, whole)) {
                    return true;
                }
            }
            return false;
        }
        for (int i = heads[slot(value, 0)]; i > 0 && steps > 0; i = next[i - 1]) {
            if (isAt(starts[i - 1], value, whole)) {
                return true;
            }
        }
        return false;
    }

    /** Whether so much was compared that no more is; what was not found then may be there. */
    boolean isExhausted() {
        return steps <= 0;
    }

    private boolean isAt(int from, FoldedText value, boolean whole) {
        int length = value.length();
        steps--;
        if (from + length > text.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.at(from + i) != value.at(i)) {
                steps -= i;
                return false;
            }
        }
        steps -= length;
        return mayStartHere(from, whole) && mayEndHere(from + length, whole);
    }

    private boolean mayStartHere(int from, boolean whole) {
        if (text.isApart(from)) {
            return true;
        }
        char before = text.at(from - 1);
        if (whole && isWord(before)) {
            return false;
        }
        // 50 is not in 12.50
        return !(FoldedText.isDigit(text.at(from))
                && isPoint(before)
                && from > 1
                && !text.isApart(from - 1)
                && FoldedText.isDigit(text.at(from - 2)));
    }

    private boolean mayEndHere(int end, boolean whole) {
        if (end == text.length() || text.isApart(end)) {
            return true;
        }
        char after = text.at(end);
        if (whole && isWord(after)) {
            return false;
        }
        if (!FoldedText.isDigit(text.at(end - 1))) {
            return true;
        }
        // 12 is neither in 123 nor in 12.50
        return !FoldedText.isDigit(after)
                && !(isPoint(after)
                        && end + 1 < text.length()
                        && !text.isApart(end + 1)
                        && FoldedText.isDigit(text.at(end + 1)));
    }

    private static boolean isPoint(char c) {
        return c == '.' || c == ',';
    }

    private boolean mayBegin(int at) {
        if (text.isApart(at)) {
            return true;
        }
        char before = text.at(at - 1);
        char here = text.at(at);
        if (FoldedText.isDigit(here)) {
            return !FoldedText.isDigit(before);
        }
        return !isWord(here) || !isWord(before) || FoldedText.isDigit(before);
    }

    private static boolean hasLetterAndDigit(FoldedText value) {
        boolean letter = false;
        boolean digit = false;
        for (int i = 0; i < value.length(); i++) {
            digit |= FoldedText.isDigit(value.at(i));
            letter |= !FoldedText.isDigit(value.at(i)) && isWord(value.at(i));
        }
        return letter && digit;
    }

    /** Whether a character belongs to a word; those of scripts that write no blanks stand for themselves. */
    static boolean isWord(char c) {
        if (c < 0x80) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        }
        return Character.isLetterOrDigit(c) && !hasNoBlanks(c);
    }

    /** Thai to Myanmar, Khmer, and from the kana on: Chinese, Japanese and what is written beside them. */
    static boolean hasNoBlanks(char c) {
        return (c >= '\u0e00' && c <= '\u0eff')
                || (c >= '\u1000' && c <= '\u109f')
                || (c >= '\u1780' && c <= '\u17ff')
                || (c >= '\u3040' && c <= '\u9fff')
                || Character.isSurrogate(c);
    }

    private int slot(FoldedText of, int at) {
        int hash = 0;
        for (int i = at; i < at + KEY; i++) {
            hash = hash * 31 + of.at(i);
        }
        hash *= 0x9e3779b9;
        return (hash ^ (hash >>> 15)) & (heads.length - 1);
    }
}
