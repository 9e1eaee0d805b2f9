package dev.understudy.slm;

import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One engine for all models on the same weights. Files are found or fetched and the engine is opened on a thread of its
 * own; until then, or if that fails, {@link #readiness()} says what the matter is.
 */
final class LoadedWeights {
    private static final Logger LOG = Logger.getLogger(LoadedWeights.class);
    private static final long STACK_BYTES = 16 << 20;

    private final CompletableFuture<Loaded> ready = new CompletableFuture<>();
    private volatile Readiness readiness;
    private volatile EngineWatch watch = EngineWatch.NONE;
    private int users;
    private boolean closed;

    /**
     * The engine at work.
     *
     * @param weights SHA-256 of the GGUF
     * @param template source of the override; empty for the GGUF's own template
     */
    record Loaded(SlmEngine engine, String weights, String template) {}

    LoadedWeights(String name) {
        this.readiness = Readiness.loading("weights of " + name + " are being loaded");
    }

    /** Starts to load; once. */
    void load(
            Gpus gpus,
            NativeLibrary library,
            ModelSource source,
            String name,
            ModelCard.Place.Weights place,
            @Nullable Integer context) {
        var thread = new Thread(
                null, () -> loadNow(gpus, library, source, name, place, context), "slm-load-" + name, STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
    }

    /** Shows what the engine is at. A later engine of the same name takes the place of an earlier one. */
    void measure(MeterRegistry meters, String name) {
        watch = new EngineMeters(meters, name, () -> {
            Loaded loaded = loaded();
            return loaded == null ? null : loaded.engine();
        });
    }

    private void loadNow(
            Gpus gpus,
            NativeLibrary library,
            ModelSource source,
            String name,
            ModelCard.Place.Weights place,
            @Nullable Integer context) {
        long from = System.nanoTime();
        try {
            library.require();
            ModelSource.Found found = source.resolve(place.source());
            String template = place.chatTemplate() == null ? "" : ChatTemplates.source(place.chatTemplate());
            int threads = place.threads() != null
                    ? place.threads()
                    : SlmEngine.Config.usualThreads(Runtime.getRuntime().availableProcessors());
            var config = new SlmEngine.Config(
                    name, found.file(), template.isEmpty() ? null : template, context, place.parallel(), threads);
            Gpus.Placed placed = gpus.open(config, place.device());
            SlmEngine engine = placed.engine();
            logWarnings(library, name);
            engine.watch(watch);
            if (become(new Loaded(engine, found.sha256(), template), note(placed.choice()))) {
                log(name, place.device(), placed.choice(), millisSince(from));
            } else {
                engine.close();
            }
        } catch (ModelSource.Missing e) {
            unavailable(name, e.reason());
        } catch (SlmException e) {
            unavailable(name, reason(place, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            unavailable(name, "loading was interrupted");
        } catch (RuntimeException e) {
            LOG.errorf(e, "engine not opened model=%s", name);
            unavailable(name, "the engine could not be opened: " + e.getClass().getSimpleName());
        }
    }

    private static void log(String name, String wish, DeviceChoice choice, long ms) {
        LOG.infof("engine opened model=%s device=%s ms=%d", name, choice.device(), ms);
        if (!choice.reason().isEmpty()) {
            LOG.warnf("model on the CPU model=%s wanted=%s reason=%s", name, wish, choice.reason());
        }
    }

    /** What a person should know of where it runs; empty: nothing. */
    private static String note(DeviceChoice choice) {
        if (choice.isGpu()) {
            return "runs on " + choice.device() + "; " + Gpus.UNPROVEN;
        }
        return choice.reason().isEmpty() ? "" : choice.reason() + "; runs on the CPU";
    }

    private static String reason(ModelCard.Place.Weights place, SlmException e) {
        String remedy = e.code() == SlmException.Code.CONTEXT
                ? ": lower contextTokens or parallel (" + place.parallel() + ")"
                : "";
        return e.getMessage() + remedy;
    }

    /** llama.cpp says the same of each tensor: one line stands for all. */
    static void logWarnings(NativeLibrary library, String name) {
        List<String> lines = library.drainLog();
        if (!lines.isEmpty()) {
            LOG.debugf("llama.cpp warned model=%s lines=%d first=%s", name, lines.size(), lines.getFirst());
        }
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    private synchronized boolean become(Loaded loaded, String note) {
        if (closed) {
            return false;
        }
        readiness = note.isEmpty() ? Readiness.READY : Readiness.ready(note);
        ready.complete(loaded);
        return true;
    }

    private void unavailable(String name, String reason) {
        LOG.warnf("model unavailable model=%s reason=%s", name, reason);
        readiness = Readiness.unavailable(reason);
        ready.completeExceptionally(new SlmException(SlmException.Code.MODEL_LOAD, reason));
    }

    Readiness readiness() {
        Readiness now = readiness;
        Loaded loaded = loaded();
        String unhealthy = loaded == null ? null : loaded.engine().unhealthy();
        return unhealthy == null ? now : Readiness.failing("the engine fails: " + unhealthy, 1);
    }

    /** Runs a task with the engine once it is there, never if it will not be. The task tells its failures itself. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits: readiness says how it went
    void whenReady(Executor executor, Consumer<Loaded> task) {
        ready.thenAcceptAsync(task, executor);
    }

    /** The engine, or null while there is none. */
    @Nullable
    Loaded loaded() {
        return ready.isDone() && !ready.isCompletedExceptionally() ? ready.getNow(null) : null;
    }

    /** Counts a model that uses these weights. */
    synchronized void retain() {
        users++;
    }

    /** True when the last model has gone and {@link #close} is due. */
    synchronized boolean release() {
        users--;
        closed = users == 0;
        return closed;
    }

    /** Ends the engine; blocks for the step that runs. */
    void close() {
        Loaded loaded = loaded();
        if (loaded != null) {
            loaded.engine().close();
        }
    }
}
