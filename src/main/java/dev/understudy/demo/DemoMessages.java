package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The demo agent's inbox: an endless row of messages, the same for the same seed and half. Not thread-safe but for {@link #truthOf}.
 */
public final class DemoMessages {

    private static final int PERCENT_GREETED = 40;
    private static final int PERCENT_CLOSED = 30;
    private static final int STOCK_LIMIT = 40;
    private static final List<DemoSlot> ORDER_FIELDS =
            List.of(DemoSlot.NAME, DemoSlot.CITY, DemoSlot.ITEM, DemoSlot.QUANTITY, DemoSlot.DATE);

    private final DemoBook book;
    private final long seed;
    private final Split split;
    private final RandomGenerator random;
    private int count;

    /** An inbox that begins with message 1 of this seed and takes patterns and values of one half only. */
    public DemoMessages(long seed, Split split) {
        this.book = DemoBook.read();
        this.seed = seed;
        this.split = split;
        this.random = new SplittableRandom(seed);
    }

    /** The next message, its errand drawn by the shares of {@link DemoErrand}. */
    public DemoCall next() {
        int draw = random.nextInt(100);
        for (DemoErrand errand : DemoErrand.values()) {
            draw -= errand.percent();
            if (draw < 0) {
                return next(errand);
            }
        }
        throw new IllegalStateException("the shares of the errands add up to less than 100");
    }

    /** The next message about this errand. */
    public DemoCall next(DemoErrand errand) {
        count++;
        DemoBook.Group group = pick(book.groups().getOrDefault(errand, List.of()));
        DemoPattern pattern = pick(group.patterns().getOrDefault(split, List.of()));
        Map<DemoSlot, String> values = new EnumMap<>(DemoSlot.class);
        for (DemoSlot slot : pattern.slots()) {
            values.put(slot, slot.draw(book.words(), split, random));
        }
        String message = dressed(pattern.fill(values));
        ObjectNode body = request(errand);
        body.withArray("messages").addObject().put("role", "user").put("content", message);
        return new DemoCall(errand, "demo-%d-%d".formatted(seed, count), message, body, truth(group, values));
    }

    /** What the right answer to this message is, if it is one that the demo can generate, of either half and any seed. */
    public Optional<DemoTruth> truthOf(String message) {
        for (Split half : Split.values()) {
            for (String sentence : undressed(message, half)) {
                for (List<DemoBook.Group> groups : book.groups().values()) {
                    for (DemoBook.Group group : groups) {
                        Optional<DemoTruth> truth = truthOf(sentence, group, half);
                        if (truth.isPresent()) {
                            return truth;
                        }
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** The request of an errand without the customer's message: model, system prompt, tools, format. A copy. */
    public ObjectNode request(DemoErrand errand) {
        return Optional.ofNullable(book.requests().get(errand)).orElseThrow().deepCopy();
    }

    private Optional<DemoTruth> truthOf(String sentence, DemoBook.Group group, Split half) {
        for (DemoPattern pattern : group.patterns().getOrDefault(half, List.of())) {
            Optional<Map<DemoSlot, String>> values = pattern.read(book.words(), sentence);
            if (values.isPresent()) {
                return Optional.of(truth(group, values.get()));
            }
        }
        return Optional.empty();
    }

    private String dressed(String sentence) {
        String greeting = random.nextInt(100) < PERCENT_GREETED ? pick(greetings(split)) + " " : "";
        String closing = random.nextInt(100) < PERCENT_CLOSED ? " " + pick(closings(split)) : "";
        return greeting + sentence + closing;
    }

    /** The message without its greeting and closing, in every reading that is possible. */
    private List<String> undressed(String message, Split half) {
        var bare = new ArrayList<String>(List.of(message));
        for (String greeting : greetings(half)) {
            if (message.startsWith(greeting + " ")) {
                bare.add(message.substring(greeting.length() + 1));
            }
        }
        for (String sentence : List.copyOf(bare)) {
            for (String closing : closings(half)) {
                if (sentence.endsWith(" " + closing)) {
                    bare.add(sentence.substring(0, sentence.length() - closing.length() - 1));
                }
            }
        }
        return bare;
    }

    private DemoTruth truth(DemoBook.Group group, Map<DemoSlot, String> values) {
        return switch (group.errand()) {
            case TOOLS -> new DemoTruth.Call(group.errand(), group.key(), fields(values, parameters(group)));
            case TRIAGE -> new DemoTruth.Json(group.errand(), object().put("intent", group.key()));
            case LOOKUP -> loop(group, values);
            case ORDER -> new DemoTruth.Json(group.errand(), fields(values, ORDER_FIELDS));
            case SUBJECT -> new DemoTruth.Json(group.errand(), subject(group, values));
            case REPLY, PLAN -> new DemoTruth.Text(group.errand(), said(group.answer(), values));
        };
    }

    /** The parameters of the group's tool, in the order of its schema. */
    private List<DemoSlot> parameters(DemoBook.Group group) {
        var slots = new ArrayList<DemoSlot>();
        for (var tool : request(group.errand()).path("tools")) {
            if (tool.at("/function/name").asText().equals(group.key())) {
                tool.at("/function/parameters/properties")
                        .fieldNames()
                        .forEachRemaining(name -> slots.add(DemoSlot.valueOf(name.toUpperCase(Locale.ROOT))));
            }
        }
        return slots;
    }

    private static DemoTruth.Loop loop(DemoBook.Group group, Map<DemoSlot, String> values) {
        ObjectNode arguments = fields(values, List.of(DemoSlot.ITEM, DemoSlot.CITY));
        int stock = 1 + Math.floorMod(arguments.toString().hashCode(), STOCK_LIMIT);
        String answer = said(group.answer(), values).replace("{stock}", Integer.toString(stock));
        return new DemoTruth.Loop(group.errand(), "look_up_stock", arguments, object().put("stock", stock), answer);
    }

    private static ObjectNode subject(DemoBook.Group group, Map<DemoSlot, String> values) {
        ObjectNode content = object().put("subject", said(group.answer(), values));
        content.putArray("tags").add(group.key()).add(values.get(DemoSlot.ITEM));
        return content;
    }

    private static ObjectNode fields(Map<DemoSlot, String> values, List<DemoSlot> slots) {
        ObjectNode fields = object();
        for (DemoSlot slot : slots) {
            String value = Optional.ofNullable(values.get(slot)).orElseThrow();
            if (slot.isInteger()) {
                fields.put(slot.wire(), Integer.parseInt(value));
            } else {
                fields.put(slot.wire(), value);
            }
        }
        return fields;
    }

    private static String said(String answer, Map<DemoSlot, String> values) {
        String text = answer;
        for (var value : values.entrySet()) {
            text = text.replace("{" + value.getKey().wire() + "}", value.getValue());
        }
        return text;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private List<String> greetings(Split half) {
        return book.greetings().getOrDefault(half, List.of());
    }

    private List<String> closings(Split half) {
        return book.closings().getOrDefault(half, List.of());
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
