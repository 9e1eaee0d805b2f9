package dev.understudy.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that the demo can say, read from the jar: sentence patterns in groups, greetings, closings, values, and the request of each errand.
 *
 * @param groups the sentence groups of each errand
 * @param greetings what may stand before a sentence, by half
 * @param closings what may stand behind it, by half
 */
record DemoBook(
        Map<DemoErrand, List<Group>> groups,
        Map<Split, List<String>> greetings,
        Map<Split, List<String>> closings,
        DemoWords words,
        Map<DemoErrand, ObjectNode> requests) {

    private static final String PATTERNS = "/demo/patterns.txt";
    private static final String REQUESTS = "/demo/requests.json";

    /**
     * Sentences that mean the same.
     *
     * @param key a tool, an intent or a subject
     * @param answer the text of the right answer with slots, empty where the answer is no text
     */
    record Group(DemoErrand errand, String key, String answer, Map<Split, List<DemoPattern>> patterns) {}

    static DemoBook read() {
        Map<Split, List<String>> greetings = new EnumMap<>(Split.class);
        Map<Split, List<String>> closings = new EnumMap<>(Split.class);
        Map<String, Group> groups = new LinkedHashMap<>();
        ResourceLines.sections(PATTERNS).forEach((head, lines) -> {
            String[] words = head.split(" ");
            Split split = Split.ofWire(words[words.length - 1]);
            switch (words[0]) {
                case "greeting" -> greetings.put(split, List.copyOf(lines));
                case "closing" -> closings.put(split, List.copyOf(lines));
                default -> {
                    List<String> answers =
                            lines.stream().filter(line -> line.startsWith(">")).toList();
                    String answer = answers.isEmpty()
                            ? ""
                            : answers.getFirst().substring(1).strip();
                    DemoErrand errand = DemoErrand.ofWire(words[0]);
                    groups.computeIfAbsent(
                                    words[0] + " " + words[1],
                                    key -> new Group(errand, words[1], answer, new EnumMap<>(Split.class)))
                            .patterns()
                            .put(split, patterns(lines));
                }
            }
        });
        Map<DemoErrand, List<Group>> byErrand = new EnumMap<>(DemoErrand.class);
        groups.values()
                .forEach(group -> byErrand.computeIfAbsent(group.errand(), errand -> new ArrayList<>())
                        .add(group));
        return new DemoBook(byErrand, greetings, closings, DemoWords.read(), readRequests());
    }

    private static List<DemoPattern> patterns(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.startsWith(">"))
                .map(DemoPattern::parse)
                .toList();
    }

    private static Map<DemoErrand, ObjectNode> readRequests() {
        Map<DemoErrand, ObjectNode> requests = new EnumMap<>(DemoErrand.class);
        try {
            var file = (ObjectNode) new ObjectMapper().readTree(ResourceLines.text(REQUESTS));
            for (DemoErrand errand : DemoErrand.values()) {
                requests.put(errand, file.withObject("/" + errand.wire()));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(REQUESTS + " of the jar is no JSON", e);
        }
        return requests;
    }
}
