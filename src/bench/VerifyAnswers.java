import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.call.Tier;
import dev.understudy.call.VerifyStep;
import dev.understudy.demo.DemoRows;
import dev.understudy.demo.Split;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import dev.understudy.model.Reply;
import dev.understudy.openai.CallReader;
import dev.understudy.slm.SlmModelFactory;
import dev.understudy.verify.Inquiry;
import dev.understudy.verify.Ladder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The Java half of the bench {@code verify}: asks small models through their port and holds each answer against the
 * ladder, as the gateway does. One JSON object a line in and out.
 *
 * <pre>
 * rows FILE COUNT SEED                     held-out rows of the errand demo-tools
 * ask LIBRARY MODELS starter|demo IN OUT   {"id", "body"} to {"id", "calls", "steps", "minMargin", ...}
 * costs                                    microseconds of each step, p50 and p99, as one object
 * </pre>
 */
final class VerifyAnswers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PARALLEL = 4;
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 20_000;
    private static final int PROMPT_BYTES = 8 << 10;

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "rows" ->
                DemoRows.write(
                        Path.of(arguments[1]),
                        Integer.parseInt(arguments[2]),
                        Long.parseLong(arguments[3]),
                        Split.HELD_OUT);
            case "ask" -> ask(arguments);
            case "costs" -> costs();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void ask(String[] arguments) throws Exception {
        SlmModelFactory factory = new SlmModelFactory(
                List.of(Path.of(arguments[1])),
                List.of(Path.of(arguments[2])),
                new OwnerMarks(new byte[32]),
                new SimpleMeterRegistry());
        ModelCard starter = card(
                "starter",
                new ModelCard.Place.Weights(
                        new ModelCard.Source.Path("SmolLM2-135M-Instruct.Q4_1.gguf"), "cpu", PARALLEL, 1, "chatml-tools"));
        ModelCard demo = card("demo", new ModelCard.Place.Adapter("starter", "adapters/demo-tools", 1));
        Catalogue catalogue = Catalogue.of("USD", null, Map.of("starter", starter, "demo", demo));
        List<Model> models = List.of(factory.make(starter, catalogue), factory.make(demo, catalogue));
        Model model = models.get(arguments[3].equals("demo") ? 1 : 0);
        while (model.readiness().state() == Readiness.State.LOADING) {
            Thread.sleep(50);
        }
        if (model.readiness().state() != Readiness.State.READY) {
            throw new IllegalStateException(model.readiness().reason());
        }
        Ladder ladder = new Ladder();
        List<String> lines = Files.readAllLines(Path.of(arguments[4]));
        try (PrintStream out = new PrintStream(arguments[5], StandardCharsets.UTF_8)) {
            for (int from = 0; from < lines.size(); from += PARALLEL) {
                List<CompletableFuture<ObjectNode>> some = new ArrayList<>();
                for (String line : lines.subList(from, Math.min(lines.size(), from + PARALLEL))) {
                    some.add(one(model, ladder, JSON.readTree(line)));
                }
                for (CompletableFuture<ObjectNode> answer : some) {
                    out.println(answer.get());
                }
            }
        }
        models.forEach(Model::close);
        // the factory's threads would wait for more
        System.exit(0);
    }

    private static ModelCard card(String name, ModelCard.Place place) {
        Duration long_ = Duration.ofMinutes(5);
        var limits = new ModelCard.Limits(8, long_, long_, long_, long_, long_, long_, long_);
        return new ModelCard(
                name, Tier.SLM, true, place, null, Set.of("chat"), null, limits, ModelCard.OutputMayTrain.YES, null, List.of());
    }

    private static CompletableFuture<ObjectNode> one(Model model, Ladder ladder, JsonNode line) throws Exception {
        byte[] body = line.path("body").toString().getBytes(StandardCharsets.UTF_8);
        Call call = CallReader.read(UUID.randomUUID(), Instant.EPOCH, System.nanoTime(), body, Map.of());
        CompletableFuture<ObjectNode> done = new CompletableFuture<>();
        ObjectNode told = JSON.createObjectNode().put("id", line.path("id").asText());
        Executor loop = Runnable::run;
        model.ask(new Ask(call, "bench", null, loop), new AnswerSink() {
            @Override
            public void accepted(Accepted head) {}

            @Override
            public void frame(Frame frame) {}

            @Override
            public void ended(AnswerEnd end) {
                Reply reply = end.reply();
                Inquiry inquiry = new Inquiry(
                        call,
                        Kind.TOOL_CALL,
                        Demands.NONE,
                        reply,
                        end.run(),
                        end.tokens().output(),
                        call.microsAt(System.nanoTime()));
                write(told, reply, end.run(), ladder.check(inquiry));
                done.complete(told);
            }

            @Override
            public void failed(ModelFailure failure) {
                done.complete(told.put("error", failure.code().wire() + ": " + failure.message()));
            }
        });
        return done;
    }

    private static void write(ObjectNode told, Reply reply, LocalRun run, List<VerifyStep> steps) {
        told.put("content", reply.content()).put("unparsed", reply.unparsed());
        ArrayNode calls = told.putArray("calls");
        for (Reply.ToolCall made : reply.calls()) {
            calls.addObject().put("name", made.name()).put("arguments", made.arguments());
        }
        told.put("minMargin", run.minMargin()).put("meanMargin", run.meanMargin());
        ArrayNode written = told.putArray("steps");
        for (VerifyStep step : steps) {
            written.addArray().add(step.step()).add(step.result().wire()).add(step.detail());
        }
    }

    private static void costs() throws Exception {
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; prompt.length() < PROMPT_BYTES; i++) {
            prompt.append("Order KX-").append(48_213 + i).append(" of ").append(i % 28 + 1)
                    .append(" March came to 1,").append(100 + i % 900).append(".50, said Anna Schmidt from M\u00fcnchen; ");
        }
        ObjectNode body = JSON.createObjectNode().put("model", "m").put("tool_choice", "required");
        body.putArray("messages").addObject().put("role", "user").put("content", prompt.toString());
        ObjectNode function = body.putArray("tools").addObject().put("type", "function").putObject("function");
        function.put("name", "refund_order");
        function.set("parameters", JSON.readTree("""
                {"type": "object", "properties": {"order_id": {"type": "string", "maxLength": 20}, "amount": {"type": "number"},
                 "name": {"type": "string"}, "city": {"type": "string"}, "reason": {"enum": ["late", "broken"]}},
                 "required": ["order_id", "amount"], "additionalProperties": false}"""));
        Call call = CallReader.read(
                UUID.randomUUID(), Instant.EPOCH, 0, body.toString().getBytes(StandardCharsets.UTF_8), Map.of());
        String arguments = "{\"order_id\": \"KX-48220\", \"amount\": 1107.5, \"name\": \"Anna Schmidt\", "
                + "\"city\": \"M\u00fcnchen\", \"reason\": \"late\"}";
        Reply reply = new Reply(
                null, List.of(new Reply.ToolCall("c", "refund_order", arguments)), "tool_calls", null);
        LocalRun run = new LocalRun("v", "cpu", 1, 1, 2.0, 2.0, null);
        Demands demands = new Demands(Duration.ofSeconds(5), 1.0, Demands.Secrets.OFF, List.of(new Demands.Check() {
            @Override
            public String place() {
                return "bench";
            }

            @Override
            public boolean holds(AnswerFacts answer) {
                return answer.text().isEmpty();
            }
        }));
        Ladder ladder = new Ladder();
        Map<String, long[]> micros = new LinkedHashMap<>();
        for (int i = 0; i < WARM_UP + MEASURED; i++) {
            for (VerifyStep step : ladder.check(new Inquiry(call, Kind.TOOL_CALL, demands, reply, run, 40, 900))) {
                if (step.result() != VerifyStep.Result.PASS) {
                    throw new IllegalStateException(step.toString());
                }
                if (i >= WARM_UP) {
                    micros.computeIfAbsent(step.step(), name -> new long[MEASURED])[i - WARM_UP] = step.micros();
                }
            }
        }
        ObjectNode told = JSON.createObjectNode();
        micros.forEach((step, times) -> {
            Arrays.sort(times);
            told.putArray(step).add(times[MEASURED / 2]).add(times[MEASURED * 99 / 100]);
        });
        System.out.println(told);
    }
}
