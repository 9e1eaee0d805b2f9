package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.model.Urgency;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The engine without the gateway around it. {@code upcalls LIBRARY STEPS TOKENS ROUNDS}: nanoseconds per token that
 * handing records over takes, a line a round. The others read a line of JSON from standard input and print one for it:
 * {@code answers LIBRARIES WEIGHTS TOKENS}: of a chat body prompt, tokens, and the greedy answer's tokens and margins;
 * {@code streams LIBRARIES WEIGHTS TOKENS PARALLEL CONTEXT THREADS}: of a list of chat bodies, asked all at once, the
 * milliseconds to the first token of each and the seconds until all were over; {@code urgent LIBRARIES WEIGHTS THREADS}:
 * of a pair of lists of chat bodies, the seconds to the first token of each of the first list, asked one after the
 * other, alone and while the second list is asked again and again as mirrors.
 */
public final class EngineBench {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EngineBench() {}

    static native void upcalls(Llama.Listener listener, ByteBuffer buffer, int steps, int tokens);

    public static void main(String[] arguments) throws Exception {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        switch (arguments[0]) {
            case "upcalls" -> handOver(arguments, out);
            case "answers" -> answer(arguments, out);
            case "streams" -> stream(arguments, out);
            case "urgent" -> urgent(arguments, out);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** Counts what is read, so that reading cannot be left out. */
    private static final class Counter implements EventReader.Sink {
        private long bytes;

        @Override
        public void token(long request, SlmListener.Token token) {
            bytes += token.text().length();
        }

        @Override
        public void prompt(long request, SlmListener.Prompt progress) {}

        @Override
        public void error(long request, SlmException failure) {}

        @Override
        public void done(long request, SlmResult result) {}

        @Override
        public void engine(int state, String reason) {}
    }

    private static void handOver(String[] arguments, PrintStream out) {
        System.load(arguments[1]);
        int steps = Integer.parseInt(arguments[2]);
        int tokens = Integer.parseInt(arguments[3]);
        var buffer = ByteBuffer.allocateDirect(256 << 10);
        var counter = new Counter();
        var reader = new EventReader(buffer, counter);
        long[] bytes = new long[1];
        for (int round = 0; round < Integer.parseInt(arguments[4]); round++) {
            long began = System.nanoTime();
            upcalls(length -> bytes[0] += length, buffer, steps, tokens);
            long handed = System.nanoTime();
            upcalls(reader::read, buffer, steps, tokens);
            long read = System.nanoTime();
            double count = (double) steps * tokens;
            out.println((handed - began) / count + " " + (read - handed) / count);
        }
        if (counter.bytes == 0 || bytes[0] == 0) {
            throw new IllegalStateException("nothing was handed over");
        }
    }

    private static final class Heard implements SlmListener {
        final CompletableFuture<SlmResult> done = new CompletableFuture<>();
        final List<Token> tokens = new ArrayList<>();
        volatile long firstNanos;

        @Override
        public void prompt(Prompt progress) {}

        @Override
        public void token(Token token) {
            if (firstNanos == 0 && !token.text().isEmpty()) {
                firstNanos = System.nanoTime();
            }
            tokens.add(token);
        }

        @Override
        public void done(SlmResult result) {
            done.complete(result);
        }
    }

    private static SlmEngine open(String[] arguments, int parallel, int context, int count, PrepareThreads threads) {
        var library = NativeLibrary.load(List.of(Path.of(arguments[1])));
        var config = new SlmEngine.Config(
                "bench", Path.of(arguments[2]), ChatTemplates.source("chatml-tools"), context, parallel, count);
        return threads.call(() -> SlmEngine.open(library, config));
    }

    /** As the gateway does: prepared by its two threads, told on an event loop. */
    private static void stream(String[] arguments, PrintStream out) throws Exception {
        var threads = new PrepareThreads();
        SlmEngine engine = open(
                arguments,
                Integer.parseInt(arguments[4]),
                Integer.parseInt(arguments[5]),
                Integer.parseInt(arguments[6]),
                threads);
        SlmRequest request = unending(Integer.parseInt(arguments[3]));
        ExecutorService loop = Executors.newSingleThreadExecutor();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            List<byte[]> bodies = new ArrayList<>();
            JSON.readTree(line).forEach(body -> bodies.add(body.toString().getBytes(StandardCharsets.UTF_8)));
            List<Heard> all = new ArrayList<>();
            long began = System.nanoTime();
            for (byte[] body : bodies) {
                var heard = new Heard();
                all.add(heard);
                threads.execute(() -> {
                    try {
                        engine.submit(engine.prepare(body), request, loop, heard);
                    } catch (SlmException e) {
                        heard.done.completeExceptionally(e);
                    }
                });
            }
            ObjectNode told = JSON.createObjectNode();
            ArrayNode firsts = told.putArray("firsts");
            ArrayNode lengths = told.putArray("lengths");
            ArrayNode prompts = told.putArray("prompts");
            ArrayNode cached = told.putArray("cached");
            for (Heard heard : all) {
                SlmResult result = heard.done.get();
                firsts.add((heard.firstNanos - began) / 1e9);
                lengths.add(result.generated());
                prompts.add(result.prompt());
                cached.add(result.cached());
            }
            told.put("seconds", (System.nanoTime() - began) / 1e9);
            told.set("stats", engine.stats());
            out.println(told);
        }
        loop.shutdown();
        engine.close();
        threads.close();
    }

    private static void urgent(String[] arguments, PrintStream out) throws Exception {
        var threads = new PrepareThreads();
        SlmEngine engine = open(arguments, 8, 8192, Integer.parseInt(arguments[3]), threads);
        JsonNode asked = JSON.readTree(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<SlmPlan> mirrors = new ArrayList<>();
        for (JsonNode body : asked.get(1)) {
            mirrors.add(plan(engine, threads, body));
        }
        ExecutorService loop = Executors.newSingleThreadExecutor();
        var load = new Load(engine, mirrors, loop);
        ObjectNode told = JSON.createObjectNode();
        ArrayNode alone = told.putArray("alone");
        ArrayNode beside = told.putArray("beside");
        int number = 0;
        for (JsonNode body : asked.get(0)) {
            boolean loaded = number++ % 2 == 1;
            if (loaded) {
                load.start();
            }
            try (SlmPlan plan = plan(engine, threads, body)) {
                long began = System.nanoTime();
                var heard = new Heard();
                engine.submit(plan, SlmRequest.greedy(8), loop, heard);
                heard.done.get();
                (loaded ? beside : alone).add((heard.firstNanos - began) / 1e9);
            }
            if (loaded) {
                load.stop();
            }
        }
        told.put("mirrored", load.tokens);
        out.println(told);
        loop.shutdown();
        engine.close();
        threads.close();
    }

    private static SlmPlan plan(SlmEngine engine, PrepareThreads threads, JsonNode body) {
        return threads.call(() -> engine.prepare(body.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Mirrors that are asked again as soon as they are answered. */
    private static final class Load {
        private final SlmEngine engine;
        private final List<SlmPlan> plans;
        private final ExecutorService loop;
        private volatile boolean stopping;
        private CountDownLatch over = new CountDownLatch(0);
        private long tokens;

        Load(SlmEngine engine, List<SlmPlan> plans, ExecutorService loop) {
            this.engine = engine;
            this.plans = plans;
            this.loop = loop;
        }

        /** Comes back when all run, at moments that differ from one time to the next. */
        void start() throws InterruptedException {
            stopping = false;
            over = new CountDownLatch(plans.size());
            plans.forEach(plan -> ask(plan, plans.indexOf(plan)));
            Thread.sleep(ThreadLocalRandom.current().nextInt(200, 1000));
        }

        void stop() throws InterruptedException {
            stopping = true;
            over.await();
        }

        private void ask(SlmPlan plan, int scope) {
            engine.submit(plan, mirror(scope), loop, new SlmListener() {
                @Override
                public void prompt(Prompt progress) {}

                @Override
                public void token(Token token) {
                    tokens++;
                }

                @Override
                public void done(SlmResult result) {
                    if (stopping) {
                        over.countDown();
                    } else {
                        // another scope, so that the prompt is evaluated again
                        ask(plan, scope + plans.size());
                    }
                }
            });
        }

        private static SlmRequest mirror(int scope) {
            return new SlmRequest(
                    32, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, scope, null,
                    null, true, Urgency.SHADOW);
        }
    }

    private static SlmRequest unending(int tokens) {
        return new SlmRequest(
                tokens, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, 0, null, null,
                true);
    }

    private static void answer(String[] arguments, PrintStream out) throws Exception {
        var threads = new PrepareThreads();
        SlmEngine engine = open(arguments, 4, 8192, 1, threads);
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            byte[] body = line.getBytes(StandardCharsets.UTF_8);
            try (SlmPlan plan = threads.call(() -> engine.prepare(body))) {
                var heard = new Heard();
                engine.submit(plan, SlmRequest.greedy(Integer.parseInt(arguments[3])), Runnable::run, heard);
                heard.done.get();
                ObjectNode told = JSON.createObjectNode();
                told.put("prompt", plan.prompt());
                ArrayNode tokens = told.putArray("tokens");
                for (int token : plan.tokens()) {
                    tokens.add(token);
                }
                ArrayNode answer = told.putArray("answer");
                ArrayNode margins = told.putArray("margins");
                for (SlmListener.Token token : heard.tokens) {
                    if (token.id() >= 0) {
                        answer.add(token.id());
                        margins.add(token.margin());
                    }
                }
                out.println(told);
            }
        }
        engine.close();
        threads.close();
    }
}
