package dev.understudy.demo;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/** The real values that fill the demo's messages, in the order of their file. */
record DemoWords(
        SequencedSet<String> cities,
        SequencedSet<String> items,
        SequencedSet<String> firstNames,
        SequencedSet<String> lastNames) {

    private static final String FILE = "/demo/values.txt";

    static DemoWords read() {
        var sections = ResourceLines.sections(FILE);
        return new DemoWords(
                values(sections, "city"),
                values(sections, "item"),
                values(sections, "first"),
                values(sections, "last"));
    }

    private static SequencedSet<String> values(Map<String, List<String>> sections, String name) {
        var lines = sections.get(name);
        if (lines == null) {
            throw new IllegalStateException(FILE + " has no section " + name);
        }
        SequencedSet<String> values = new LinkedHashSet<>();
        for (String line : lines) {
            for (String value : line.split(",")) {
                values.add(value.strip());
            }
        }
        return Collections.unmodifiableSequencedSet(values);
    }
}
