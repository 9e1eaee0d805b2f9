package dev.understudy.slm;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.demo.DemoErrand;
import dev.understudy.demo.DemoMessages;
import dev.understudy.demo.Split;
import dev.understudy.slm.Starter.Heard;
import dev.understudy.slm.Starter.Opened;
import dev.understudy.slm.Starter.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes what the starter and its demo adapter really answer into {@code golden/slm/answers}: a program for people, run
 * when the weights, the adapter or the requests change. The argument is the folder.
 */
final class RawAnswerRecorder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int TOGETHER = 8;

    /** One kind of question: how often, of whom, how freely. */
    private record Round(int count, DemoErrand errand, String choice, boolean adapted, double temperature, int tokens) {
        ObjectNode question(DemoMessages inbox) {
            ObjectNode body = inbox.next(errand).body().deepCopy();
            if (body.has("tools")) {
                body.put("tool_choice", choice);
            }
            return body;
        }
    }

    private static final List<Round> ROUNDS = List.of(
            new Round(100, DemoErrand.TOOLS, "required", true, 0, 96),
            new Round(40, DemoErrand.TOOLS, "auto", true, 0.8, 96),
            new Round(40, DemoErrand.TOOLS, "auto", true, 1.8, 96),
            new Round(24, DemoErrand.TOOLS, "required", false, 0, 96),
            new Round(32, DemoErrand.TOOLS, "required", false, 1.6, 96),
            new Round(32, DemoErrand.TOOLS, "auto", false, 0, 64),
            new Round(32, DemoErrand.TOOLS, "auto", false, 1, 64),
            new Round(40, DemoErrand.TRIAGE, "none", false, 1, 64),
            new Round(40, DemoErrand.ORDER, "none", false, 1, 96),
            new Round(40, DemoErrand.SUBJECT, "none", false, 1, 96),
            new Round(40, DemoErrand.REPLY, "none", false, 0.7, 64),
            new Round(16, DemoErrand.TOOLS, "required", true, 0, 6),
            new Round(16, DemoErrand.TOOLS, "auto", true, 0.8, 18),
            new Round(8, DemoErrand.ORDER, "none", false, 1, 12));

    private RawAnswerRecorder() {}

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        Map<String, Integer> bodies = new java.util.LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        try (Opened starter = Starter.open(TOGETHER)) {
            int adapter = starter.engine().loadAdapter(Path.of("src/main/resources/adapters/demo-tools/adapter.gguf"));
            var inbox = new DemoMessages(20_261_124, Split.HELD_OUT);
            for (Round round : ROUNDS) {
                for (int from = 0; from < round.count(); from += TOGETHER) {
                    record(starter, round, adapter, from, inbox, bodies, lines);
                }
            }
        }
        Files.write(folder.resolve("requests.jsonl"), bodies.keySet());
        Files.write(folder.resolve("recorded.jsonl"), lines);
    }

    private static void record(
            Opened starter,
            Round round,
            int adapter,
            int from,
            DemoMessages inbox,
            Map<String, Integer> bodies,
            List<String> lines) {
        List<ObjectNode> questions = new ArrayList<>();
        List<Waiting> asked = new ArrayList<>();
        for (int i = from; i < Math.min(round.count(), from + TOGETHER); i++) {
            ObjectNode body = round.question(inbox);
            SlmRequest request = Starter.sampled(round.tokens(), round.temperature(), i)
                    .withAdapter(round.adapted() ? adapter : 0, 1);
            questions.add(body);
            SlmPlan plan = starter.plan(body.toString());
            asked.add(starter.submit(plan, request));
            plan.close();
        }
        for (int i = 0; i < asked.size(); i++) {
            Heard heard = asked.get(i).join();
            String message = questions
                    .get(i)
                    .withArray("messages")
                    .remove(questions.get(i).path("messages").size() - 1)
                    .path("content")
                    .asText();
            int body = bodies.computeIfAbsent(questions.get(i).toString(), key -> bodies.size());
            ObjectNode line = JSON.createObjectNode();
            line.put("request", body);
            line.put("message", message);
            line.put("model", round.adapted() ? "demo-slm" : "starter");
            line.put("cut", heard.result().finish() == SlmResult.Finish.LENGTH);
            line.put("text", heard.text());
            lines.add(line.toString());
        }
    }
}
