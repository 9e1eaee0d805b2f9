package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.model.Reply;
import dev.understudy.serve.AnyCall.Large;
import dev.understudy.serve.AnyCall.Plan;
import dev.understudy.serve.AnyCall.Small;
import dev.understudy.testing.Blocking;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers of small models that are no good, of every kind: each is replaced by the large model's, none is sent. */
class BadAnswersTest {
    private static final int CALLS = 2_000;
    private static final int AT_A_TIME = 500;

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Blocking.get(vertx.close());
    }

    @Test
    void noneIsSentAndEachIsReplacedInTheSameRequest() {
        Random random = new Random(5);
        Context loop = vertx.getOrCreateContext();
        AnyCall.Stage stage = new AnyCall.Stage(vertx, loop);
        int escalated = 0;
        for (int from = 0; from < CALLS; from += AT_A_TIME) {
            List<AnyCall> calls = new ArrayList<>();
            for (int i = 0; i < AT_A_TIME; i++) {
                boolean tool = random.nextBoolean();
                Reply bad = tool ? badCall(random) : badText(random);
                calls.add(new AnyCall(stage, plan(random.nextBoolean(), tool), bad));
            }
            loop.runOnContext(run -> calls.forEach(AnyCall::begin));
            await().atMost(Duration.ofSeconds(20)).until(() -> calls.stream().allMatch(AnyCall::isOver));
            for (AnyCall call : calls) {
                Interaction ended = call.recorded.getFirst();
                String body = call.client.body.toString();
                assertThat(ended.outcome()).as(call.toString()).isEqualTo(Interaction.Outcome.COMPLETED);
                assertThat(ended.route()).isEqualTo(Interaction.Route.CASCADE);
                assertThat(ended.served()).as(call.toString()).isEqualTo(2);
                assertThat(body).as(call.toString()).contains("large0").doesNotContain("chatcmpl-small");
                escalated += ended.escalation() == null ? 0 : 1;
            }
        }
        assertThat(escalated).isEqualTo(CALLS);
    }

    private static Plan plan(boolean stream, boolean tool) {
        return new Plan(
                Decision.Action.CASCADE,
                stream,
                tool,
                false,
                false,
                false,
                false,
                Small.TEXT,
                Large.OK,
                Large.OK,
                -1,
                List.of(0, 0, 1, 0));
    }

    private static Reply badText(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> new Reply(null, List.of(), "stop", null);
            case 1 -> text(blanks(random), "stop");
            case 2 -> text(insert(words(random), mark(random), random), "stop");
            case 3 -> text(words(random), "length");
            case 4 -> text(words(random), List.of("error", "content_filter", "").get(random.nextInt(3)));
            case 5 -> new Reply(words(random), List.of(), "stop", "text_left_over");
            default -> text((words(random).split(" ")[0] + " again ").repeat(40), "stop");
        };
    }

    private static Reply badCall(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> text(words(random), "stop");
            case 1 -> call("find", cut("{\"id\":" + random.nextInt(1_000) + "}", random));
            case 2 -> call("find", "{\"id\":\"" + words(random) + "\"}");
            case 3 -> call("find", "{\"id\":1,\"" + word(random) + "\":2}");
            case 4 -> call("find", "{\"id\":1,\"id\":2}");
            case 5 -> call(word(random), "{\"id\":1}");
            case 6 -> new Reply(null, List.of(), "tool_calls", "arguments_not_json");
            default -> {
                Reply.ToolCall one = new Reply.ToolCall("c", "find", "{\"id\":1}");
                yield new Reply(null, List.of(one, one), "tool_calls", null);
            }
        };
    }

    private static Reply text(String content, String finish) {
        return new Reply(content, List.of(), finish, null);
    }

    private static Reply call(String name, String arguments) {
        return new Reply(null, List.of(new Reply.ToolCall("c", name, arguments)), "tool_calls", null);
    }

    /** A beginning of a JSON object that is none, or an object that lacks what it must have. */
    private static String cut(String json, Random random) {
        return random.nextInt(4) == 0 ? "{}" : json.substring(0, random.nextInt(json.length()));
    }

    private static String insert(String text, String mark, Random random) {
        int at = random.nextInt(text.length() + 1);
        return text.substring(0, at) + mark + text.substring(at);
    }

    private static String mark(Random random) {
        return List.of("<tool_call>", "</tool_call>", "<|im_start|>", "<|im_end|>")
                .get(random.nextInt(4));
    }

    private static String blanks(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            text.append(" \n\t\r".charAt(random.nextInt(4)));
        }
        return text.toString();
    }

    private static String words(Random random) {
        StringBuilder text = new StringBuilder(word(random));
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append(' ').append(word(random));
        }
        return text.toString();
    }

    private static String word(Random random) {
        StringBuilder text = new StringBuilder("w");
        for (int i = random.nextInt(6); i >= 0; i--) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }
}
