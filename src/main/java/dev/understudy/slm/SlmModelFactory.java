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
import java.util.function.Function;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/** Makes models that run in this process. Cards on the same weights share one engine, also across reloads of the files. */
@ApplicationScoped
public class SlmModelFactory implements ModelFactory {
    private static final Path NVIDIA_DRIVER = Path.of("/proc/driver/nvidia");

    private final NativeLibrary library;
    private final Gpus gpus;
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
     * @param cuda setting {@code understudy.slm.cuda}: {@code auto}, {@code off} or {@code require}
     * @param cudaPlugin setting {@code understudy.slm.cuda-plugin}: the file that knows GPUs
     * @throws StoreFailure when the models folder cannot be made
     * @throws SlmException when a GPU is required and the plug-in, the driver or the GPU is not fit
     */
    @Inject
    SlmModelFactory(
            DataFolder data,
            @ConfigProperty(name = "understudy.slm.library") Optional<Path> libraryFolder,
            @ConfigProperty(name = "understudy.cache") Optional<Path> cache,
            @ConfigProperty(name = "understudy.slm.cuda", defaultValue = "auto") String cuda,
            @ConfigProperty(name = "understudy.slm.cuda-plugin") Optional<Path> cudaPlugin,
            OwnerMarks marks,
            MeterRegistry meters)
            throws StoreFailure {
        this(
                NativeLibrary.load(
                        libraryFolder.map(List::of).orElse(List.of(Path.of("target", "native"), Path.of("native")))),
                folders(data.models(), cache),
                library -> Gpus.of(
                        CudaUse.of(cuda), cudaPlugin.orElse(null), library, new CudaMemory(data.root(), NVIDIA_DRIVER)),
                marks,
                meters);
    }

    /**
     * With the GPU plug-in that lies beside the native library, if there is one; its verdict is not remembered.
     *
     * @param libraryFolders where the native library may be
     * @param folders where weights and adapters may be; what is fetched goes into the last
     * @param marks which the ids of their tool calls bear
     */
    public SlmModelFactory(List<Path> libraryFolders, List<Path> folders, OwnerMarks marks, MeterRegistry meters) {
        this(
                NativeLibrary.load(libraryFolders),
                folders,
                library -> Gpus.of(CudaUse.AUTO, null, library, new CudaMemory(null, NVIDIA_DRIVER)),
                marks,
                meters);
    }

    /** @throws SlmException when a GPU is required and cannot be had */
    SlmModelFactory(
            NativeLibrary library,
            List<Path> folders,
            Function<NativeLibrary, Gpus> gpus,
            OwnerMarks marks,
            MeterRegistry meters) {
        this.marks = marks;
        this.meters = meters;
        this.library = library;
        this.folders = List.copyOf(folders);
        this.source = new ModelSource(folders);
        this.gpus = gpus.apply(library);
        if (this.gpus.use() == CudaUse.REQUIRE) {
            this.gpus.require();
        }
    }

    /** One line on GPUs for people: off, the devices, or why there are none. Does not block. */
    public String cuda() {
        return gpus.state();
    }

    /** The setting {@code understudy.slm.cuda} as it is in force. */
    public String cudaUse() {
        return gpus.use().wire();
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
            fresh.measure(meters, base.name());
            fresh.load(gpus, library, source, base.name(), place, base.contextTokens());
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
