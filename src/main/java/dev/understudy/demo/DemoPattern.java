package dev.understudy.demo;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One way to say something: fixed text with slots between, {@code Where is order {order_id}?}.
 *
 * @param text as it stands in the file
 * @param fixed the pieces of fixed text, one more than slots; only the first and the last may be empty
 * @param slots the slots between them, none twice
 */
record DemoPattern(String text, List<String> fixed, List<DemoSlot> slots) {

    static DemoPattern parse(String text) {
        List<String> fixed = new ArrayList<>();
        List<DemoSlot> slots = new ArrayList<>();
        int at = 0;
        for (int open = text.indexOf('{'); open >= 0; open = text.indexOf('{', at)) {
            int close = text.indexOf('}', open);
            fixed.add(text.substring(at, open));
            slots.add(DemoSlot.valueOf(text.substring(open + 1, close).toUpperCase(Locale.ROOT)));
            at = close + 1;
        }
        fixed.add(text.substring(at));
        return new DemoPattern(text, List.copyOf(fixed), List.copyOf(slots));
    }

    /** The sentence with its slots filled. */
    String fill(Map<DemoSlot, String> values) {
        StringBuilder sentence = new StringBuilder(fixed.getFirst());
        for (int i = 0; i < slots.size(); i++) {
            sentence.append(values.get(slots.get(i))).append(fixed.get(i + 1));
        }
        return sentence.toString();
    }

    /** The values that make this sentence, if it is one of this pattern. */
    Optional<Map<DemoSlot, String>> read(DemoWords words, String sentence) {
        if (!sentence.startsWith(fixed.getFirst())) {
            return Optional.empty();
        }
        Map<DemoSlot, String> values = new EnumMap<>(DemoSlot.class);
        return fits(words, sentence, 0, fixed.getFirst().length(), values) ? Optional.of(values) : Optional.empty();
    }

    /** Tries each end of slot {@code i}, which begins at {@code from}, and then the slots behind it. */
    private boolean fits(DemoWords words, String sentence, int i, int from, Map<DemoSlot, String> values) {
        if (i == slots.size()) {
            return from == sentence.length();
        }
        String after = fixed.get(i + 1);
        boolean last = i + 1 == slots.size();
        int end = last ? sentence.length() - after.length() : sentence.indexOf(after, from);
        while (end >= from && sentence.startsWith(after, end)) {
            String value = sentence.substring(from, end);
            if (slots.get(i).holds(words, value)) {
                values.put(slots.get(i), value);
                if (fits(words, sentence, i + 1, end + after.length(), values)) {
                    return true;
                }
            }
            end = last ? -1 : sentence.indexOf(after, end + 1);
        }
        return false;
    }
}
