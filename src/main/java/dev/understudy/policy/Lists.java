package dev.understudy.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Lists of the records that files are read into: missing ones are empty, wrong items are gaps. */
final class Lists {
    private Lists() {}

    /** The list, or an empty one; gaps stay, so that items keep their numbers. */
    static <T extends @Nullable Object> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : Collections.unmodifiableList(new ArrayList<>(list));
    }

    /** The map, or an empty one. */
    static <T> Map<String, T> orEmpty(@Nullable Map<String, T> map) {
        return map == null ? Map.of() : Map.copyOf(map);
    }

    /** The items without gaps. */
    static <T> Stream<T> present(List<@Nullable T> list) {
        return list.stream().filter(Objects::nonNull).map(Objects::requireNonNull);
    }
}
