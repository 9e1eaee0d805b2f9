package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Call;
import dev.understudy.call.Tier;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small models behind the port, from the bytes of a call to OpenAI's frames. */
class SlmModelTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LOOP = "the-loop";
    private static final String TOOLS = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"play_music\","
            + "\"parameters\":{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\",\"maxLength\":12}},"
            + "\"required\":[\"title\"]}}}],\"tool_choice\":\"required\",\"parallel_tool_calls\":false";

    @TempDir
    private static Path folder;

    private static final OwnerMarks MARKS = new OwnerMarks(new byte[32]);
    private static final ExecutorService loop = Executors.newSingleThreadExecutor(task -> new Thread(task, LOOP));
    private static SlmModelFactory factory;
    private static Model starter;

    @BeforeAll
    static void openOnce() {
        List<Path> folders = new ArrayList<>(List.of(folder));
        folders.addAll(Starter.modelFolders());
        factory = new SlmModelFactory(Starter.libraryFolders(), folders, MARKS, new SimpleMeterRegistry());
        ModelCard card = card("starter", weights(Starter.SOURCE));
        starter = factory.make(card, Catalogue.of("USD", null, Map.of("starter", card)));
        await(starter);
    }

    @AfterAll
    static void close() {
        starter.close();
        factory.close();
        loop.shutdown();
    }

    private static void await(Model model) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(3))
                .until(() -> model.readiness().state() != Readiness.State.LOADING);
    }

    private static ModelCard.Place.Weights weights(ModelCard.Source source) {
        return new ModelCard.Place.Weights(source, "cpu", 4, 1, "chatml-tools");
    }

    private static ModelCard card(String name, ModelCard.Place place) {
        return card(name, place, null);
    }

    static ModelCard card(String name, ModelCard.Place place, @Nullable Integer contextTokens) {
        Duration minutes = Duration.ofMinutes(3);
        var limits = new ModelCard.Limits(8, minutes, minutes, minutes, minutes, minutes, minutes, minutes);
        return new ModelCard(
                name,
                Tier.SLM,
                true,
                place,
                contextTokens,
                Set.of("chat"),
                null,
                limits,
                ModelCard.OutputMayTrain.YES,
                null,
                List.of());
    }

    private static Call call(String fields) {
        String body = "{\"model\":\"starter\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":"
                + "\"What is the capital of France?\"}]" + (fields.isEmpty() ? "" : "," + fields) + "}";
        try {
            return CallReader.read(
                    new UUID(0x7000L, 1), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }

    /** Everything a sink was told, in order. */
    private static final class Told implements AnswerSink {
        private final List<String> order = new ArrayList<>();
        private final List<Frame> frames = new ArrayList<>();
        private final List<String> threads = new ArrayList<>();
        private final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
        private @Nullable AnswerEnd end;
        private @Nullable ModelFailure failure;
        private final LinkedBlockingQueue<LocalRun> spent = new LinkedBlockingQueue<>();

        private void tell(String what) {
            order.add(what);
            threads.add(Thread.currentThread().getName());
            events.add(what);
        }

        @Override
        public void accepted(Accepted accepted) {
            tell("accepted");
        }

        @Override
        public void frame(Frame frame) {
            frames.add(frame);
            tell("frame");
        }

        @Override
        public void spent(LocalRun run) {
            spent.add(run);
        }

        @Override
        public void ended(AnswerEnd with) {
            end = with;
            tell("ended");
        }

        @Override
        public void failed(ModelFailure with) {
            failure = with;
            tell("failed");
        }

        void awaitOver() throws InterruptedException {
            String event;
            do {
                event = events.poll(2, TimeUnit.MINUTES);
                assertThat(event).as("the answer must end").isNotNull();
            } while (!event.equals("ended") && !event.equals("failed"));
        }

        LocalRun run() {
            return Objects.requireNonNull(Objects.requireNonNull(end).run());
        }

        Reply reply() {
            return Objects.requireNonNull(Objects.requireNonNull(end).reply());
        }

        ModelFailure failure() {
            return Objects.requireNonNull(failure);
        }

        String bytes() {
            var all = new StringBuilder();
            frames.forEach(frame -> all.append(frame.bytes().toString()));
            return all.toString();
        }
    }

    private static Told ask(Model model, Call call) throws InterruptedException {
        return ask(model, call, "local");
    }

    private static Told ask(Model model, Call call, String team) throws InterruptedException {
        var told = new Told();
        model.ask(new Ask(call, team, null, loop), told);
        told.awaitOver();
        assertThat(told.threads).containsOnly(LOOP);
        return told;
    }

    private static List<JsonNode> chunks(Told told) throws Exception {
        List<JsonNode> chunks = new ArrayList<>();
        for (String event : told.bytes().split("\n\n", 0)) {
            assertThat(event).startsWith("data: ");
            if (!event.equals("data: [DONE]")) {
                chunks.add(JSON.readTree(event.substring("data: ".length())));
            }
        }
        return chunks;
    }

    @Test
    void aWholeAnswerIsOneDocument() throws Exception {
        Told told = ask(starter, call("\"max_tokens\":40"));

        assertThat(told.order).containsExactly("accepted", "frame", "ended");
        JsonNode document = JSON.readTree(told.bytes());
        assertThat(document.path("object").asText()).isEqualTo("chat.completion");
        assertThat(document.path("model").asText()).isEqualTo("starter");
        assertThat(document.path("system_fingerprint").asText()).matches("fp_[0-9a-f]{10}");
        JsonNode choice = document.path("choices").path(0);
        assertThat(choice.path("message").path("content").asText()).contains("Paris");
        assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
        assertThat(document.path("usage").path("total_tokens").asInt())
                .isEqualTo(document.path("usage").path("prompt_tokens").asInt()
                        + document.path("usage").path("completion_tokens").asInt());
        assertThat(told.run().minMargin()).isNotNull();
        assertThat(told.run().meanMargin()).isGreaterThan(told.run().minMargin());
        assertThat(told.run().rawText()).isEqualTo(told.reply().content());
        assertThat(told.run().deviceMicros()).isPositive();
        assertThat(told.run().device()).isEqualTo("cpu");
        assertThat(told.reply().content()).contains("Paris");
    }

    @Test
    void textIsStreamedAsItGrows() throws Exception {
        Told told = ask(starter, call("\"max_tokens\":40,\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        assertThat(told.bytes()).endsWith("data: [DONE]\n\n");
        List<JsonNode> chunks = chunks(told);
        assertThat(told.frames.getFirst().kind()).isEqualTo(Frame.Kind.LEADING);
        assertThat(told.frames.stream()
                        .filter(frame -> frame.kind() == Frame.Kind.CONTENT)
                        .count())
                .isGreaterThan(3);
        var text = new StringBuilder();
        chunks.forEach(chunk -> text.append(
                chunk.path("choices").path(0).path("delta").path("content").asText("")));
        assertThat(text).contains("Paris");
        assertThat(chunks.getLast().path("usage").path("completion_tokens").asInt())
                .isPositive();
        assertThat(chunks.get(chunks.size() - 2)
                        .path("choices")
                        .path(0)
                        .path("finish_reason")
                        .asText())
                .isEqualTo("stop");
    }

    @Test
    void aForcedCallIsHeldAndThenWrittenWhole() throws Exception {
        Told told = ask(starter, call(TOOLS + ",\"stream\":true"));

        List<JsonNode> chunks = chunks(told);
        JsonNode opened = chunks.get(1)
                .path("choices")
                .path(0)
                .path("delta")
                .path("tool_calls")
                .path(0);
        assertThat(opened.path("function").path("name").asText()).isEqualTo("play_music");
        assertThat(MARKS.isOf("local", "starter", opened.path("id").asText())).isTrue();
        var arguments = new StringBuilder();
        for (JsonNode chunk : chunks) {
            arguments.append(chunk.path("choices")
                    .path(0)
                    .path("delta")
                    .path("tool_calls")
                    .path(0)
                    .path("function")
                    .path("arguments")
                    .asText(""));
        }
        assertThat(JSON.readTree(arguments.toString()).path("title").isTextual())
                .isTrue();
        assertThat(chunks.getLast()
                        .path("choices")
                        .path(0)
                        .path("finish_reason")
                        .asText())
                .isEqualTo("tool_calls");
        assertThat(told.reply().calls()).hasSize(1);
        assertThat(told.bytes()).doesNotContain("<tool_call>");
    }

    @Test
    void jsonFollowsItsSchema() throws Exception {
        Told told = ask(
                starter,
                call("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"c\",\"schema\":{"
                        + "\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"maxLength\":20}},"
                        + "\"required\":[\"city\"],\"additionalProperties\":false}}}"));

        String content = JSON.readTree(told.bytes())
                .path("choices")
                .path(0)
                .path("message")
                .path("content")
                .asText();
        assertThat(JSON.readTree(content).path("city").isTextual()).isTrue();
    }

    @Test
    void anAnswerThatWasCutBeforeItCouldBeReadShowsNothingAndSaysWhy() throws Exception {
        Told told = ask(starter, call(TOOLS + ",\"max_tokens\":5,\"stream\":true"));

        assertThat(told.frames).isEmpty();
        AnswerEnd end = Objects.requireNonNull(told.end);
        assertThat(Objects.requireNonNull(end.reply()).unparsed()).isEqualTo("cut_off");
        assertThat(end.tokens().output()).isEqualTo(5);
        LocalRun run = Objects.requireNonNull(end.run());
        assertThat(run.deviceMicros()).isPositive();
        assertThat(run.rawText()).startsWith("<tool_call>");
    }

    @Test
    void anEmptyAnswerShowsNothing() throws Exception {
        Told told = ask(starter, call("\"stop\":[\"The\"]"));

        assertThat(told.frames).isEmpty();
        assertThat(Objects.requireNonNull(told.end).reply()).isEqualTo(new Reply(null, List.of(), "stop", null));
    }

    @Test
    void whatASmallModelCannotDoIsRefusedByName() throws Exception {
        assertFails("\"n\":2", ModelFailure.Code.UNSUPPORTED, "n");
        assertFails("\"logprobs\":true", ModelFailure.Code.UNSUPPORTED, "logprobs");
        assertFails("\"web_search_options\":{}", ModelFailure.Code.UNSUPPORTED, "web_search_options");
        assertFails("\"top_p\":0", ModelFailure.Code.INVALID, "top_p");
        assertFails("\"seed\":1.5", ModelFailure.Code.INVALID, "seed");
        assertFails(
                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]",
                ModelFailure.Code.INVALID,
                "tools");
    }

    private static void assertFails(String fields, ModelFailure.Code code, String param) throws Exception {
        Told told = ask(starter, call(fields));
        assertThat(told.order).containsExactly("failed");
        assertThat(told.failure().code()).isEqualTo(code);
        assertThat(told.failure().param()).isEqualTo(param);
    }

    @Test
    void whatWasEvaluatedForOneTeamIsNotUsedForAnother() throws Exception {
        assertThat(cachedTokens("sales")).isZero();
        assertThat(cachedTokens("support")).isZero();
        assertThat(cachedTokens("sales")).isPositive();
    }

    private static int cachedTokens(String team) throws InterruptedException {
        return Objects.requireNonNull(ask(starter, call("\"max_tokens\":2"), team).end)
                .tokens()
                .cached();
    }

    @Test
    void nothingIsToldAfterACancel() throws Exception {
        var told = new Told();
        Asked asked = starter.ask(
                new Ask(call("\"stream\":true,\"max_tokens\":2000,\"stop\":[\"zzzz\"]"), "local", null, loop), told);
        assertThat(told.events.poll(2, TimeUnit.MINUTES)).isEqualTo("accepted");
        int seen = loop.submit(() -> {
                    asked.cancel();
                    return told.order.size();
                })
                .get();

        LocalRun spent = Objects.requireNonNull(told.spent.poll(1, TimeUnit.MINUTES));
        assertThat(spent.deviceMicros()).isPositive();
        assertThat(spent.variant()).isNotEmpty();
        assertThat(ask(starter, call("\"max_tokens\":2")).order).contains("ended");
        assertThat(loop.submit(told.order::size).get()).isEqualTo(seen);
        assertThat(told.spent).isEmpty();
    }

    @Test
    void aPausedClientGetsEverythingLater() throws Exception {
        var told = new Told();
        Asked asked = starter.ask(new Ask(call("\"stream\":true,\"max_tokens\":20"), "local", null, loop), told);
        loop.submit(asked::pause).get();
        assertThat(ask(starter, call("\"max_tokens\":30")).order).contains("ended");
        assertThat(loop.submit(told.frames::size).get()).isZero();
        loop.submit(asked::resume).get();
        told.awaitOver();

        assertThat(told.bytes()).contains("Paris").endsWith("data: [DONE]\n\n");
    }

    @Test
    void anAdapterIsAModelOfItsOwnOnTheSameWeights() throws Exception {
        Files.createDirectories(folder.resolve("adapters/loud"));
        Files.write(folder.resolve("adapters/loud/adapter.gguf"), RandomAdapter.forStarter(4, 0.4F, 1));
        ModelCard card = card("loud", new ModelCard.Place.Adapter("starter", "adapters/loud", 1));
        Model loud = factory.make(card, Catalogue.of("USD", null, Map.of("starter", starter.card(), "loud", card)));
        await(loud);

        assertThat(loud.readiness()).isEqualTo(Readiness.READY);
        JsonNode answer = JSON.readTree(ask(loud, call("\"max_tokens\":8")).bytes());
        JsonNode bare = JSON.readTree(ask(starter, call("\"max_tokens\":8")).bytes());
        assertThat(answer.path("system_fingerprint")).isNotEqualTo(bare.path("system_fingerprint"));
        assertThat(answer.path("choices").path(0).path("message"))
                .isNotEqualTo(bare.path("choices").path(0).path("message"));
        assertThat(loud.facts()).containsOnlyKeys("device", "weights", "adapter", "variant");
        assertThat(loud.facts().get("weights")).isEqualTo(starter.facts().get("weights"));
        assertThat(loud.isCurrent()).isTrue();
        Files.write(folder.resolve("adapters/loud/adapter.gguf"), RandomAdapter.forStarter(4, 0.4F, 2));
        assertThat(loud.isCurrent()).isFalse();
        assertThat(starter.isCurrent()).isTrue();
        loud.close();
        assertThat(ask(starter, call("\"max_tokens\":2")).order).contains("ended");
    }

    @Test
    void whatIsMissingIsSaidWithTheRemedy() throws Exception {
        ModelCard lost = card("lost", weights(new ModelCard.Source.Path("nowhere.gguf")));
        Model model = factory.make(lost, Catalogue.of("USD", null, Map.of("lost", lost)));
        await(model);
        assertThat(model.readiness().state()).isEqualTo(Readiness.State.UNAVAILABLE);
        assertThat(model.readiness().reason()).contains("nowhere.gguf").contains("put the file there");
        assertThat(ask(model, call("")).failure().code()).isEqualTo(ModelFailure.Code.UNAVAILABLE);

        var without = new SlmModelFactory(List.of(folder), List.of(folder), MARKS, new SimpleMeterRegistry());
        Model bare = without.make(starter.card(), Catalogue.of("USD", null, Map.of()));
        await(bare);
        assertThat(bare.readiness().reason()).contains("libunderstudy_slm.so").contains("./understudy setup");
        without.close();

        ModelCard orphan = card("orphan", new ModelCard.Place.Adapter("starter", "adapters/none", 1));
        Model adapter =
                factory.make(orphan, Catalogue.of("USD", null, Map.of("starter", starter.card(), "orphan", orphan)));
        await(adapter);
        assertThat(adapter.readiness().reason()).contains("adapters/none").contains("./understudy train");
    }

    @Test
    void weightsOfAnotherSumAreNotServed() throws Exception {
        Files.writeString(folder.resolve("text.gguf"), "no weights");
        ModelCard card = card("text", weights(new ModelCard.Source.Path("text.gguf")));
        Model model = factory.make(card, Catalogue.of("USD", null, Map.of("text", card)));
        await(model);
        assertThat(model.readiness().reason()).contains("no GGUF");
    }
}
