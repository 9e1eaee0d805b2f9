package dev.understudy.slm;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFactory;
import dev.understudy.model.OwnerMarks;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/** Makes models that run in this process. Cards on the same weights share one engine, also across reloads of the files. */
@ApplicationScoped
public class SlmModelFactory implements ModelFactory {
    private final NativeLibrary library;
    private final List<Path> folders;
    private final ModelSource source;
    private final OwnerMarks marks;
    private final MeterRegistry meters;
    private final PrepareThreads threads = new PrepareThreads();
    private final Map<Key, LoadedWeights> loaded = new HashMap<>();

    /** What makes two cards run on the same engine. */
    private record Key(
            ModelCard.Place.Weights place, @Nullable Integer contextTokens) {}

    /**
     * @param libraryFolder setting {@code understudy.slm.library}: the folder of the native library
     * @param cache setting {@code understudy.cache}: fetched files go below it, else below the models folder
     */
    @Inject
    SlmModelFactory(
            DataFolder data,
            @ConfigProperty(name = "understudy.slm.library") Optional<Path> libraryFolder,
            @ConfigProperty(name = "understudy.cache") Optional<Path> cache,
            OwnerMarks marks,
            MeterRegistry meters)
            throws StoreFailure {
        this(
                libraryFolder.map(List::of).orElse(List.of(Path.of("target", "native"), Path.of("native"))),
                folders(data.models(), cache),
                marks,
                meters);
    }

    /**
     * @param libraryFolders where the native library may be
     * @param folders where weights and adapters may be; what is fetched goes into the last
     * @param marks which the ids of their tool calls bear
     */
    public SlmModelFactory(List<Path> libraryFolders, List<Path> folders, OwnerMarks marks, MeterRegistry meters) {
        this.marks = marks;
        this.meters = meters;
        this.library = NativeLibrary.load(libraryFolders);
        this.folders = List.copyOf(folders);
        this.source = new ModelSource(folders);
    }

    private static List<Path> folders(Path models, Optional<Path> cache) {
        List<Path> folders = new ArrayList<>(List.of(models));
        cache.ifPresent(folder -> folders.add(folder.resolve("models")));
        return folders;
    }

    @Override
    public boolean makes(ModelCard card) {
        return switch (card.place()) {
            case ModelCard.Place.Weights weights -> true;
            case ModelCard.Place.Adapter adapter -> true;
            case ModelCard.Place.Upstream upstream -> false;
        };
    }

    @Override
    public Model make(ModelCard card, Catalogue catalogue) {
        return switch (card.place()) {
            case ModelCard.Place.Weights weights ->
                SlmModel.onWeights(card, engine(card, weights), this::release, threads, marks);
            case ModelCard.Place.Adapter adapter -> {
                ModelCard base = catalogue
                        .card(adapter.base())
                        .orElseThrow(() ->
                                new IllegalArgumentException("adapter: base: there is no model " + adapter.base()));
                if (!(base.place() instanceof ModelCard.Place.Weights weights)) {
                    throw new IllegalArgumentException("adapter: base: " + base.name() + " has no weights of its own");
                }
                yield SlmModel.onAdapter(
                        card,
                        adapter,
                        engine(base, weights),
                        this::release,
                        threads,
                        marks,
                        () -> AdapterFile.find(folders, adapter.adapter()),
                        library);
            }
            case ModelCard.Place.Upstream upstream -> throw new IllegalArgumentException("an upstream has no weights");
        };
    }

    private synchronized LoadedWeights engine(ModelCard base, ModelCard.Place.Weights place) {
        LoadedWeights weights = loaded.computeIfAbsent(new Key(place, base.contextTokens()), key -> {
            var fresh = new LoadedWeights(base.name());
            fresh.load(library, source, base.name(), place, base.contextTokens());
            fresh.measure(meters, base.name());
            return fresh;
        });
        weights.retain();
        return weights;
    }

    private synchronized void release(LoadedWeights weights) {
        if (weights.release()) {
            loaded.values().remove(weights);
            // waits for a step, which an event loop must not
            Thread.ofPlatform().daemon().name("slm-close").start(weights::close);
        }
    }

    @PreDestroy
    void close() {
        List<LoadedWeights> all;
        synchronized (this) {
            all = List.copyOf(loaded.values());
            loaded.clear();
        }
        all.forEach(LoadedWeights::close);
        threads.close();
    }
}
