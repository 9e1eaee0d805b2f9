package dev.understudy.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DemoMessagesTest {

    @Test
    void the_same_seed_and_half_give_the_same_inbox() {
        DemoMessages one = new DemoMessages(7, Split.TRAIN);
        DemoMessages two = new DemoMessages(7, Split.TRAIN);
        for (int i = 0; i < 200; i++) {
            assertThat(one.next()).isEqualTo(two.next());
        }
        assertThat(new DemoMessages(8, Split.TRAIN).next().message())
                .isNotEqualTo(new DemoMessages(7, Split.TRAIN).next().message());
    }

    @Test
    void every_truth_can_be_read_back_from_the_message_alone() {
        DemoMessages reader = new DemoMessages(0, Split.TRAIN);
        for (Split split : Split.values()) {
            DemoMessages inbox = new DemoMessages(11, split);
            for (int i = 0; i < 3_000; i++) {
                DemoCall call = inbox.next();
                assertThat(reader.truthOf(call.message())).as(call.message()).contains(call.truth());
            }
        }
        assertThat(reader.truthOf("Where is Elvis?")).isEmpty();
    }

    @Test
    void the_inbox_has_the_shares_of_the_errands() {
        assertThat(Arrays.stream(DemoErrand.values())
                        .mapToInt(DemoErrand::percent)
                        .sum())
                .isEqualTo(100);
        Map<DemoErrand, Integer> counts = new EnumMap<>(DemoErrand.class);
        DemoMessages inbox = new DemoMessages(3, Split.HELD_OUT);
        for (int i = 0; i < 10_000; i++) {
            counts.merge(inbox.next().errand(), 1, Integer::sum);
        }
        for (DemoErrand errand : DemoErrand.values()) {
            assertThat(counts.getOrDefault(errand, 0) / 100.0)
                    .as(errand.wire())
                    .isBetween(errand.percent() - 2.0, errand.percent() + 2.0);
        }
    }

    @Test
    void no_held_out_pattern_or_value_occurs_in_training() {
        Map<Split, Set<String>> patterns = new EnumMap<>(Split.class);
        DemoBook book = DemoBook.read();
        for (Split split : Split.values()) {
            Set<String> all = new HashSet<>(book.greetings().getOrDefault(split, List.of()));
            all.addAll(book.closings().getOrDefault(split, List.of()));
            book.groups()
                    .values()
                    .forEach(groups -> groups.forEach(group -> group.patterns()
                            .getOrDefault(split, List.of())
                            .forEach(pattern -> all.add(pattern.text()))));
            patterns.put(split, all);
        }
        assertThat(patterns.get(Split.HELD_OUT))
                .hasSizeGreaterThan(70)
                .doesNotContainAnyElementsOf(patterns.get(Split.TRAIN));

        Map<Split, Map<DemoSlot, Set<String>>> values = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            DemoMessages inbox = new DemoMessages(5, split);
            Map<DemoSlot, Set<String>> seen = new HashMap<>();
            for (int i = 0; i < 5_000; i++) {
                DemoCall call = inbox.next(DemoErrand.TOOLS);
                arguments(call)
                        .forEach((slot, value) ->
                                seen.computeIfAbsent(slot, s -> new HashSet<>()).add(value));
            }
            values.put(split, seen);
        }
        assertThat(seen(values, Split.HELD_OUT)).containsOnlyKeys(DemoSlot.values());
        for (DemoSlot slot : DemoSlot.values()) {
            assertThat(seen(values, Split.HELD_OUT).get(slot))
                    .as(slot.wire())
                    .doesNotContainAnyElementsOf(seen(values, Split.TRAIN).get(slot));
        }
    }

    @Test
    void each_argument_is_copied_from_the_message_letter_by_letter() {
        DemoMessages inbox = new DemoMessages(9, Split.HELD_OUT);
        for (int i = 0; i < 1_000; i++) {
            DemoCall call = inbox.next(DemoErrand.TOOLS);
            assertThat(call.message()).contains(arguments(call).values());
        }
    }

    @Test
    void a_tool_loop_goes_on_with_the_result_and_without_tools() {
        DemoCall call = new DemoMessages(1, Split.TRAIN).next(DemoErrand.LOOKUP);
        var assistant = JsonNodeFactory.instance.objectNode().put("role", "assistant");
        assistant.putArray("tool_calls").addObject().put("id", "call_1");

        var next = call.followUp(assistant);

        assertThat(next.path("messages")).hasSize(4);
        assertThat(next.at("/messages/3/role").asText()).isEqualTo("tool");
        assertThat(next.at("/messages/3/tool_call_id").asText()).isEqualTo("call_1");
        assertThat(next.path("tool_choice").asText()).isEqualTo("none");
    }

    private static Map<DemoSlot, Set<String>> seen(Map<Split, Map<DemoSlot, Set<String>>> values, Split split) {
        return values.getOrDefault(split, Map.of());
    }

    private static Map<DemoSlot, String> arguments(DemoCall call) {
        Map<DemoSlot, String> values = new EnumMap<>(DemoSlot.class);
        ((DemoTruth.Call) call.truth())
                .arguments()
                .properties()
                .forEach(field -> values.put(
                        DemoSlot.valueOf(field.getKey().toUpperCase(Locale.ROOT)),
                        field.getValue().asText()));
        return values;
    }
}
