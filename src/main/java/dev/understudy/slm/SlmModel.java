package dev.understudy.slm;

import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import dev.understudy.slm.LoadedWeights.Loaded;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A small model of the catalogue: weights, perhaps with an adapter, behind the port. */
public final class SlmModel implements Model {
    private static final Logger LOG = Logger.getLogger(SlmModel.class);

    private final ModelCard card;
    private final LoadedWeights weights;
    private final Consumer<LoadedWeights> onClose;
    private final PrepareThreads threads;
    private final OwnerMarks marks;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Served served;
    private volatile @Nullable String adapterProblem;
    private @Nullable AdapterSource adapterSource;
    private volatile @Nullable String adapterSum;

    /** What an answer runs on. */
    record Served(SlmEngine engine, int adapter, double scale, Variant variant) {}

    /** Finds the adapter's file; may read it whole. */
    interface AdapterSource {
        AdapterFile find() throws ModelSource.Missing;
    }

    private SlmModel(
            ModelCard card,
            LoadedWeights weights,
            Consumer<LoadedWeights> onClose,
            PrepareThreads threads,
            OwnerMarks marks) {
        this.card = card;
        this.weights = weights;
        this.onClose = onClose;
        this.threads = threads;
        this.marks = marks;
    }

    static SlmModel onWeights(
            ModelCard card,
            LoadedWeights weights,
            Consumer<LoadedWeights> onClose,
            PrepareThreads threads,
            OwnerMarks marks) {
        var model = new SlmModel(card, weights, onClose, threads, marks);
        weights.whenReady(
                Runnable::run,
                loaded -> model.served =
                        new Served(loaded.engine(), 0, 1, Variant.of(loaded.weights(), "", 1, loaded.template())));
        return model;
    }

    static SlmModel onAdapter(
            ModelCard card,
            ModelCard.Place.Adapter place,
            LoadedWeights weights,
            Consumer<LoadedWeights> onClose,
            PrepareThreads threads,
            OwnerMarks marks,
            AdapterSource source,
            NativeLibrary library) {
        var model = new SlmModel(card, weights, onClose, threads, marks);
        model.adapterSource = source;
        weights.whenReady(threads, loaded -> model.addAdapter(loaded, place, source, library));
        return model;
    }

    private void addAdapter(Loaded loaded, ModelCard.Place.Adapter place, AdapterSource source, NativeLibrary library) {
        try {
            AdapterFile file = source.find();
            int adapter = loaded.engine().loadAdapter(file.file(), file.sha256());
            LoadedWeights.logWarnings(library, card.name());
            Variant variant = Variant.of(loaded.weights(), file.sha256(), place.scale(), loaded.template());
            adapterSum = file.sha256();
            served = new Served(loaded.engine(), adapter, place.scale(), variant);
            if (closed.get()) {
                unloadAdapter();
            }
            LOG.infof("adapter loaded model=%s", card.name());
        } catch (ModelSource.Missing | SlmException e) {
            LOG.warnf("model unavailable model=%s reason=%s", card.name(), e.getMessage());
            adapterProblem = e.getMessage();
        }
    }

    @Override
    public ModelCard card() {
        return card;
    }

    @Override
    public Readiness readiness() {
        Readiness base = weights.readiness();
        if (base.state() != Readiness.State.READY || served != null) {
            return base;
        }
        String problem = adapterProblem;
        return problem == null
                ? Readiness.loading("the adapter of " + card.name() + " is being loaded")
                : Readiness.unavailable(problem);
    }

    @Override
    public Asked ask(Ask ask, AnswerSink sink) {
        Served now = served;
        var answer = new SlmAsked(card, ask, sink, threads, marks);
        if (now == null) {
            String reason = readiness().reason();
            ask.loop().execute(() -> answer.fail(ModelFailure.Code.UNAVAILABLE, reason));
            return answer;
        }
        try {
            threads.execute(() -> answer.begin(now));
        } catch (RejectedExecutionException e) {
            ask.loop().execute(() -> answer.fail(ModelFailure.Code.OVERLOADED, "too many prompts wait to be prepared"));
        }
        return answer;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                // behind the questions that are being prepared, and off the event loop: it waits for a step
                threads.execute(this::unloadAdapter);
            } catch (RejectedExecutionException e) {
                LOG.debugf("adapter left to the engine's end model=%s", card.name());
            }
            onClose.accept(weights);
        }
    }

    private void unloadAdapter() {
        Served last = served;
        if (last == null || last.adapter() == 0) {
            return;
        }
        served = null;
        try {
            last.engine().unloadAdapter(last.adapter());
        } catch (SlmException e) {
            LOG.debugf("adapter gone with its engine model=%s", card.name());
        }
    }

    @Override
    public Map<String, String> facts() {
        Served now = served;
        Loaded loaded = weights.loaded();
        if (now == null || loaded == null) {
            return Map.of();
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("device", now.engine().device());
        facts.put("weights", loaded.weights());
        String adapter = adapterSum;
        if (adapter != null) {
            facts.put("adapter", adapter);
        }
        facts.put("variant", now.variant().hash());
        return facts;
    }

    /** False once the adapter's file holds another adapter, or none was found and now there may be one. Reads the file. */
    @Override
    public boolean isCurrent() {
        AdapterSource source = adapterSource;
        if (source == null || (served == null && adapterProblem == null)) {
            return true;
        }
        try {
            return source.find().sha256().equals(adapterSum);
        } catch (ModelSource.Missing e) {
            return adapterSum == null;
        }
    }
}
