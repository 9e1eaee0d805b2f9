package dev.understudy.policy;

import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Purpose;
import dev.understudy.call.Sensitivity;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** From the words in files to the values that they stand for. */
final class Wire {
    private Wire() {}

    static Set<Purpose> purposes(@Nullable Collection<String> words) {
        Set<Purpose> purposes = EnumSet.noneOf(Purpose.class);
        if (words != null) {
            words.forEach(word -> purposes.add(of(Purpose.values(), Purpose::wire, word)));
        }
        return purposes;
    }

    static Sensitivity sensitivity(String word) {
        return of(Sensitivity.values(), Sensitivity::wire, word);
    }

    static CaptureOrder.Level level(String word) {
        return of(CaptureOrder.Level.values(), CaptureOrder.Level::wire, word);
    }

    /** The value with that word; the schema has seen to it that there is one. */
    static <T> T of(T[] values, Function<T, String> wire, String word) {
        return List.of(values).stream()
                .filter(value -> wire.apply(value).equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("schema and records disagree about " + word));
    }
}
