package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One set of weights at work: many requests at once, batched on a decode thread of its own. All methods may be called
 * from any thread; {@code open} and {@code prepare} recurse deeply and want a thread of {@link PrepareThreads}.
 */
public final class SlmEngine implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(SlmEngine.class);
    private static final int BUFFER_BYTES = 256 << 10;
    private static final int WELL = 1;
    private static final int UNHEALTHY = 2;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final String device;
    private final Map<Long, RequestLane> lanes = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final NativeHandle handle;
    private volatile @Nullable String unhealthy;
    private volatile EngineWatch watch = EngineWatch.NONE;

    /**
     * How an engine is opened.
     *
     * @param name of the decode thread, its first 15 characters
     * @param model the GGUF
     * @param chatTemplate source of a template that overrides the GGUF's own, or null
     * @param contextTokens of all running requests together; null: as the model was trained
     * @param parallel requests at a time, at most 256
     * @param threads of the decode pool
     * @param device {@code cpu}, {@code cuda:0}, ...
     */
    public record Config(
            String name,
            Path model,
            @Nullable String chatTemplate,
            @Nullable Integer contextTokens,
            int parallel,
            int threads,
            String device) {
        private static final int MAX_THREADS = 8;

        /** On the CPU. */
        public Config(
                String name,
                Path model,
                @Nullable String chatTemplate,
                @Nullable Integer contextTokens,
                int parallel,
                int threads) {
            this(name, model, chatTemplate, contextTokens, parallel, threads, "cpu");
        }

        /** The same on a GPU, which wants one thread: the others would only spin. */
        Config on(String gpu) {
            return new Config(name, model, chatTemplate, contextTokens, parallel, 1, gpu);
        }

        /** All cores but one, which is the JVM's: ggml's barriers spin, and one thread too many halves the speed. */
        public static int usualThreads(int processors) {
            return Math.clamp(processors - 1L, 1, MAX_THREADS);
        }

        byte[] json() {
            ObjectNode json = JSON.createObjectNode();
            json.put("name", "slm-" + name);
            json.put("model", model.toString());
            json.put("template", chatTemplate == null ? "" : chatTemplate);
            json.put("context", contextTokens == null ? 0 : contextTokens);
            json.put("parallel", parallel);
            json.put("threads", threads);
            json.put("device", device);
            return json.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * Loads the weights and starts the decode thread.
     *
     * @param library proof that the natives are there
     * @throws SlmException with {@code MODEL_LOAD}, {@code CONTEXT} or {@code INVALID}
     */
    public static SlmEngine open(NativeLibrary library, Config config) {
        library.require();
        return new SlmEngine(config);
    }

    private SlmEngine(Config config) {
        this.name = config.name();
        this.device = config.device();
        var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        var delivery = new Delivery();
        var reader = new EventReader(buffer, delivery);
        Llama.Listener listener = length -> {
            try {
                reader.read(length);
                delivery.wake();
            } catch (RuntimeException e) {
                // the decode thread must never see an exception of ours
                LOG.errorf(e, "engine records unreadable model=%s", name);
            }
        };
        this.handle = new NativeHandle(Llama.open(config.json(), listener, buffer), Llama::close);
    }

    /** What it runs on: {@code cpu}, {@code cuda:0}, ... */
    public String device() {
        return device;
    }

    /** Who is told what requests come to. */
    void watch(EngineWatch other) {
        watch = other;
    }

    EngineWatch watch() {
        return watch;
    }

    /** Why the engine is unwell at this moment, or null. */
    public @Nullable String unhealthy() {
        return unhealthy;
    }

    /**
     * Renders, tokenises and makes the grammar of an OpenAI chat body.
     *
     * @throws SlmException with {@code INVALID} or {@code UNSUPPORTED}
     */
    public SlmPlan prepare(byte[] chat) {
        SlmLimits.checkBody(chat);
        SchemaLimits.check(chat);
        return prepareByNatives(chat);
    }

    /** The same without the bounds of this side; the natives have their own. */
    SlmPlan prepareByNatives(byte[] chat) {
        return new SlmPlan(handle.<Long>with(engine -> Llama.prepare(engine, chat)));
    }

    /**
     * Queues a request.
     *
     * @param executor where {@code listener} is told, one event after the other
     * @return its id, for {@link #cancel}
     * @throws SlmException when it is not taken; then {@code listener} is told nothing
     */
    public long submit(SlmPlan plan, SlmRequest request, Executor executor, SlmListener listener) {
        long id = lastId.incrementAndGet();
        // known before it is submitted: the first record can come before submit returns
        lanes.put(id, new RequestLane(executor, listener));
        boolean taken = false;
        try {
            byte[] params = request.json();
            handle.use(engine -> plan.submit(engine, id, params));
            taken = true;
        } catch (SlmException e) {
            watch.rejected(e.code());
            throw e;
        } finally {
            if (!taken) {
                lanes.remove(id);
            }
        }
        return id;
    }

    /** Ends a request at its next step, with {@code CANCELLED}; one that has ended already is left alone. */
    public void cancel(long id) {
        try {
            handle.use(engine -> Llama.cancel(engine, id));
        } catch (SlmException e) {
            LOG.debugf("cancel after close model=%s", name);
        }
    }

    /**
     * Loads a GGUF adapter, or takes one more hold on it if the same bytes are loaded already. Reads the file; waits for
     * the step that runs.
     *
     * @return its id, for {@link SlmRequest#adapter}
     * @throws SlmException with {@code INVALID} if it cannot be read or does not fit the weights
     */
    public int loadAdapter(Path file) {
        try {
            return loadAdapter(file, Variant.sum(file));
        } catch (IOException e) {
            throw new SlmException(SlmException.Code.INVALID, "the adapter cannot be read: " + e.getMessage());
        }
    }

    /** The same with the SHA-256 of the file, which tells a new adapter under an old name from the old one. */
    int loadAdapter(Path file, String sha256) {
        byte[] path = file.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
        byte[] key = sha256.getBytes(StandardCharsets.UTF_8);
        return handle.<Integer>with(engine -> Llama.loadAdapter(engine, path, key));
    }

    /**
     * Gives one hold on an adapter back. Without holds it takes no new requests and goes with the last that uses it, its
     * evaluated prefixes too. Waits for the step that runs.
     *
     * @return whether it is gone now
     */
    public boolean unloadAdapter(int adapter) {
        return handle.<Boolean>with(engine -> Llama.unloadAdapter(engine, adapter));
    }

    /** The tokens of a text; {@code parseSpecial}: names of control tokens become those tokens. */
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return handle.with(engine -> Llama.tokenize(engine, bytes, addSpecial, parseSpecial));
    }

    /**
     * How many tokens the prompt of a chat body has; as {@link #prepare}.
     *
     * @throws SlmException with {@code INVALID} or {@code UNSUPPORTED}
     */
    public int count(byte[] chat) {
        try (SlmPlan plan = prepare(chat)) {
            return plan.tokens().length;
        }
    }

    /** The text of tokens, control tokens by name. */
    public String detokenize(int[] tokens) {
        byte[] bytes = handle.with(engine -> Llama.detokenize(engine, tokens));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Counters since the start, and the state now: {@code busy}, {@code queued}, {@code generated_tokens}, ... */
    public JsonNode stats() {
        return Json.read(handle.with(Llama::stats));
    }

    /** Ends every request with {@code CANCELLED} and frees the weights. */
    @Override
    public void close() {
        handle.close();
    }

    /** Sorts records to the lanes of their requests. Decode thread only. */
    private final class Delivery implements EventReader.Sink {
        private final Set<Long> touched = new HashSet<>();
        private final Set<Long> over = new HashSet<>();

        @Override
        public void token(long request, SlmListener.Token token) {
            RequestLane lane = lane(request);
            if (lane != null && !lane.put(token)) {
                cancelWithin(request);
            }
        }

        @Override
        public void prompt(long request, SlmListener.Prompt progress) {
            RequestLane lane = lane(request);
            if (lane != null) {
                lane.put(progress);
            }
        }

        @Override
        public void error(long request, SlmException failure) {
            RequestLane lane = lane(request);
            if (lane != null) {
                lane.fail(failure);
            }
        }

        @Override
        public void done(long request, SlmResult result) {
            RequestLane lane = lane(request);
            if (lane != null) {
                watch.ended(lane.put(result));
                over.add(request);
            }
        }

        @Override
        public void engine(int state, String reason) {
            switch (state) {
                case WELL -> unhealthy = null;
                case UNHEALTHY -> unhealthy = reason;
                default -> {
                    // about to be opened anew: the reason that was told before still holds
                }
            }
            LOG.warnf("engine state changed model=%s state=%d", name, state);
        }

        void wake() {
            for (Long request : touched) {
                RequestLane lane = lanes.get(request);
                if (lane != null && !lane.wake()) {
                    cancelWithin(request);
                }
            }
            over.forEach(lanes::remove);
            touched.clear();
            over.clear();
        }

        /** On the decode thread, for which a close waits with the lock held. */
        private void cancelWithin(long request) {
            try {
                handle.useUnlocked(engine -> Llama.cancel(engine, request));
            } catch (SlmException e) {
                LOG.debugf("cancel after close model=%s", name);
            }
        }

        private @Nullable RequestLane lane(long request) {
            touched.add(request);
            return lanes.get(request);
        }
    }
}
