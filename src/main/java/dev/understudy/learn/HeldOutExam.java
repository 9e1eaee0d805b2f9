package dev.understudy.learn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.slm.PrepareThreads;
import dev.understudy.slm.SlmAnswer;
import dev.understudy.slm.SlmEngine;
import dev.understudy.slm.SlmListener;
import dev.understudy.slm.SlmPlan;
import dev.understudy.slm.SlmRequest;
import dev.understudy.slm.SlmResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Asks the engine what held-out rows ask, greedily and with the grammar that serves, and counts what is wholly right.
 */
final class HeldOutExam {

    private static final int LONGEST_ANSWER = 128;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SlmEngine engine;
    private final PrepareThreads threads;
    private final int parallel;

    HeldOutExam(SlmEngine engine, PrepareThreads threads, int parallel) {
        this.engine = engine;
        this.threads = threads;
        this.parallel = parallel;
    }

    /** The score with this adapter of the engine; 0: bare. */
    Score take(List<TrainingRow> rows, int adapter) {
        int named = 0;
        int right = 0;
        int unparsed = 0;
        try (ExecutorService listeners = Executors.newSingleThreadExecutor()) {
            for (int from = 0; from < rows.size(); from += parallel) {
                List<TrainingRow> some = rows.subList(from, Math.min(rows.size(), from + parallel));
                List<CompletableFuture<SlmAnswer>> answers = new ArrayList<>();
                for (TrainingRow row : some) {
                    answers.add(ask(row, adapter, listeners));
                }
                for (int i = 0; i < some.size(); i++) {
                    SlmAnswer answer = answers.get(i).join();
                    JsonNode wanted = some.get(i).answer();
                    unparsed += answer.unparsed() == null ? 0 : 1;
                    named += sameNames(wanted, answer) ? 1 : 0;
                    right += sameAnswer(wanted, answer) ? 1 : 0;
                }
            }
        }
        return new Score(rows.size(), named, right, unparsed);
    }

    private CompletableFuture<SlmAnswer> ask(TrainingRow row, int adapter, ExecutorService listeners) {
        byte[] body = row.call().toString().getBytes(StandardCharsets.UTF_8);
        SlmPlan plan = threads.call(() -> engine.prepare(body));
        CompletableFuture<Ended> ended = new CompletableFuture<>();
        engine.submit(plan, SlmRequest.greedy(LONGEST_ANSWER).withAdapter(adapter, 1), listeners, new Collector(ended));
        return ended.thenApply(end -> threads.call(() -> plan.read(end.text(), end.cut())))
                .whenComplete((answer, failure) -> plan.close());
    }

    static boolean sameNames(JsonNode wanted, SlmAnswer answer) {
        JsonNode calls = wanted.path("tool_calls");
        if (answer.unparsed() != null || calls.size() != answer.calls().size()) {
            return false;
        }
        if (calls.isEmpty()) {
            return sameText(wanted, answer);
        }
        for (int i = 0; i < calls.size(); i++) {
            if (!calls.path(i)
                    .at("/function/name")
                    .asText()
                    .equals(answer.calls().get(i).name())) {
                return false;
            }
        }
        return true;
    }

    static boolean sameAnswer(JsonNode wanted, SlmAnswer answer) {
        if (!sameNames(wanted, answer)) {
            return false;
        }
        JsonNode calls = wanted.path("tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            try {
                JsonNode arguments = JSON.readTree(answer.calls().get(i).arguments());
                if (!calls.path(i).at("/function/arguments").equals(arguments)) {
                    return false;
                }
            } catch (JsonProcessingException e) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameText(JsonNode wanted, SlmAnswer answer) {
        return wanted.path("content").asText().strip().equals(answer.content().strip());
    }

    /** The raw text of one answer, and whether its token limit cut it. */
    private record Ended(String text, boolean cut) {}

    private static final class Collector implements SlmListener {
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<Ended> ended;

        Collector(CompletableFuture<Ended> ended) {
            this.ended = ended;
        }

        @Override
        public void prompt(Prompt progress) {}

        @Override
        public void token(Token token) {
            text.append(token.text());
        }

        @Override
        public void done(SlmResult result) {
            if (result.failure() == null) {
                ended.complete(new Ended(text.toString(), result.finish() == SlmResult.Finish.LENGTH));
            } else {
                ended.completeExceptionally(result.failure());
            }
        }
    }
}
