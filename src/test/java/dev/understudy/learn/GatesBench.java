package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.call.Kind;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * How a gate errs, on histories played by chance; run by {@code ./understudy bench gates}. Each row of the table has its
 * aim, and one that is missed fails the run.
 */
class GatesBench {
    private static final int HISTORIES = 1_000;
    private static final int LABELS = 3_000;
    private static final int A_DAY = 50;
    private static final double P0 = 0.95;
    private static final GateTerms TERMS = new GateTerms(P0, 0.05, 300, GateTerms.AutoPromote.SERVE, 0.04);

    private final Random random = new Random(20_261_124);
    private final List<String> missed = new ArrayList<>();

    @Test
    void gates() {
        row("wrong promotions of 1,000 at exactly p0, percent", percent(wins(P0)), "<=", 5);
        row("promotions of 200 at 0.99, percent", percent(wins(0.99, 200) * 5), ">=", 99);
        row("0.98, then 0.80: labels to demotion, median", labelsToDemotion(0.80), "<=", 80);
        row("0.98, then 0.90: labels to demotion, median", labelsToDemotion(0.90), "<=", 600);
        row("false demotions of 1,000 in 3,000 labels at p0, percent", percent(alarms(P0)), "<=", 6);
        row("false demotions of 1,000 in 3,000 labels at 0.98, percent", percent(alarms(0.98)), "<=", 0.2);
        int[] compared = comparisons();
        row("permutations accepted of 10,000", compared[0], ">=", 10_000);
        row("mutations refused of 10,000", compared[1], ">=", 10_000);
        assertThat(missed).as("aims that were missed").isEmpty();
    }

    private int wins(double share) {
        return wins(share, HISTORIES);
    }

    /** Auditions won, by the whole of the rules, looked at after each day. */
    private int wins(double share, int histories) {
        int won = 0;
        for (int history = 0; history < histories; history++) {
            Tally tally = new Tally(P0);
            GateState state = GateState.SHADOW;
            for (int n = 1; n <= LABELS && state == GateState.SHADOW; n++) {
                tally.add(verdict(random.nextDouble() < share));
                if (n % A_DAY == 0) {
                    GateRules.Move move = GateRules.next(TERMS, shadow(tally, n / A_DAY));
                    state = move == null ? state : move.to();
                }
            }
            won += state == GateState.SERVE ? 1 : 0;
        }
        return won;
    }

    private static GateRules.Moment shadow(Tally tally, int days) {
        // an audition of 3,000 labels may take as long as it takes here: days are counted, not awaited
        return new GateRules.Moment(
                GateState.SHADOW,
                0,
                Duration.ofDays(Math.min(29, days)),
                true,
                LABELS,
                LABELS,
                true,
                true,
                tally.standing(),
                false,
                false,
                0,
                0);
    }

    private int alarms(double share) {
        int alarms = 0;
        for (int history = 0; history < HISTORIES; history++) {
            ShiryaevRoberts slip = new ShiryaevRoberts(P0);
            for (int n = 0; n < LABELS; n++) {
                slip.add(random.nextDouble() < share);
                if (slip.level() >= GateRules.DEMOTE) {
                    alarms++;
                    break;
                }
            }
        }
        return alarms;
    }

    private double labelsToDemotion(double share) {
        int[] needed = new int[501];
        for (int history = 0; history < needed.length; history++) {
            ShiryaevRoberts slip = new ShiryaevRoberts(P0);
            for (int i = 0; i < 1_000; i++) {
                slip.add(random.nextDouble() < 0.98);
            }
            while (slip.level() < GateRules.DEMOTE) {
                slip.add(random.nextDouble() < share);
                needed[history]++;
            }
        }
        Arrays.sort(needed);
        return needed[needed.length / 2];
    }

    private static Verdict verdict(boolean right) {
        return new Verdict(new UUID(0, 0), Instant.EPOCH, right, true, true, true, null);
    }

    /** How many of 10,000 reorderings are taken for the same, and how many of 10,000 changes are not. */
    private int[] comparisons() {
        int accepted = 0;
        int refused = 0;
        for (int i = 0; i < 10_000; i++) {
            List<ObjectNode> calls = new ArrayList<>();
            for (int n = random.nextInt(3); n >= 0; n--) {
                calls.add(object(0));
            }
            List<ObjectNode> other = new ArrayList<>();
            calls.forEach(call -> other.add((ObjectNode) reordered(call)));
            Collections.shuffle(other, random);
            accepted += compare(other, calls) instanceof Comparison.Agrees ? 1 : 0;
            List<ObjectNode> changed = new ArrayList<>();
            calls.forEach(call -> changed.add(call.deepCopy()));
            mutate(changed);
            refused += compare(changed, calls) instanceof Comparison.Differs ? 1 : 0;
        }
        return new int[] {accepted, refused};
    }

    private static Comparison compare(List<ObjectNode> got, List<ObjectNode> want) {
        return AnswerComparator.compare(
                Kind.TOOL_CALL, new AnswerShape(Map.of(), MissingNode.getInstance()), answer(got), answer(want));
    }

    private static Answer answer(List<ObjectNode> calls) {
        List<Reply.ToolCall> all = new ArrayList<>();
        for (ObjectNode call : calls) {
            all.add(new Reply.ToolCall(
                    "id", call.path("tool").asText(), call.path("arguments").toString()));
        }
        return new Answer(null, null, all, "tool_calls", TokenCount.NONE);
    }

    private ObjectNode object(int depth) {
        ObjectNode call = JsonNodeFactory.instance.objectNode();
        call.put("tool", "tool" + random.nextInt(4));
        call.set("arguments", members(depth));
        return call;
    }

    private ObjectNode members(int depth) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            object.set("m" + random.nextInt(9), value(depth));
        }
        return object;
    }

    private JsonNode value(int depth) {
        JsonNodeFactory make = JsonNodeFactory.instance;
        return switch (random.nextInt(depth < 3 ? 7 : 5)) {
            case 0 -> make.textNode("word" + random.nextInt(1_000));
            case 1 -> make.numberNode(random.nextInt(100_000));
            case 2 -> make.numberNode(random.nextInt(100_000) / 8.0 + 0.0625);
            case 3 -> make.booleanNode(random.nextBoolean());
            case 4 -> make.nullNode();
            case 5 -> members(depth + 1);
            default -> {
                ArrayNode array = make.arrayNode();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(value(depth + 1));
                }
                yield array;
            }
        };
    }

    private JsonNode reordered(JsonNode node) {
        if (node.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            node.forEach(one -> array.add(reordered(one)));
            return array;
        }
        if (!node.isObject()) {
            return node;
        }
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        Collections.shuffle(names, random);
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        names.forEach(name -> object.set(name, reordered(node.get(name))));
        return object;
    }

    /** One change: a name, an argument less or more, a type, a value, a call twice or not at all. */
    private void mutate(List<ObjectNode> calls) {
        ObjectNode call = calls.get(random.nextInt(calls.size()));
        ObjectNode arguments = (ObjectNode) call.get("arguments");
        String member = arguments.fieldNames().next();
        switch (random.nextInt(7)) {
            case 0 -> call.put("tool", "another");
            case 1 -> arguments.remove(member);
            case 2 -> arguments.put("more", 1);
            case 3 -> arguments.put(member, "a text that was not there");
            case 4 -> arguments.set(member, JsonNodeFactory.instance.arrayNode().add(arguments.get(member)));
            case 5 -> calls.add(call.deepCopy());
            default -> calls.remove(call);
        }
    }

    private void row(String figure, double value, String relation, double aim) {
        boolean met = relation.equals("<=") ? value <= aim : value >= aim;
        System.out.println(String.format(
                Locale.ROOT, "%-62s %10.1f   aim %s %.1f%s", figure, value, relation, aim, met ? "" : "   MISSED"));
        if (!met) {
            missed.add(figure);
        }
    }

    private static double percent(int of1000) {
        return of1000 / 10.0;
    }
}
