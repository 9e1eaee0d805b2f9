package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.slm.DeviceChoice.Gpu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of this process. Whether there are any is found out once, by the first engine that would like one: a child
 * process tries the plug-in, and only when that went well is it loaded here.
 */
final class Gpus {
    private static final Logger LOG = Logger.getLogger(Gpus.class);

    /** Said of every model on a GPU, until the proof on hardware is committed. */
    static final String UNPROVEN = "CUDA: unproven on hardware";

    private final CudaUse use;
    private final @Nullable Path plugin;
    private final NativeLibrary library;
    private final CudaProbe probe;
    private final CudaMemory memory;
    private final Object opening = new Object();
    private @Nullable CudaVerdict verdict;
    private volatile String state = "not tried yet";

    /**
     * @param plugin null: the one in the folder {@code cuda} beside the native library, if there is one
     * @param memory where good verdicts are remembered
     */
    static Gpus of(CudaUse use, @Nullable Path plugin, NativeLibrary library, CudaMemory memory) {
        return new Gpus(use, plugin == null ? usualPlugin(library) : plugin, library, CudaProbe.of(library), memory);
    }

    private static @Nullable Path usualPlugin(NativeLibrary library) {
        Path folder = library.folder();
        Path file = folder == null ? null : folder.resolve("cuda").resolve("libggml-cuda.so");
        return file != null && Files.isRegularFile(file) ? file : null;
    }

    Gpus(CudaUse use, @Nullable Path plugin, NativeLibrary library, CudaProbe probe, CudaMemory memory) {
        this.use = use;
        this.plugin = plugin;
        this.library = library;
        this.probe = probe;
        this.memory = memory;
        String abort = memory.lastAbort();
        if (abort != null) {
            LOG.warnf("the engine ended the last process reason=%s", abort);
        }
        Path note = memory.abortFile();
        if (note != null) {
            library.noteAbort(note);
        }
        if (use == CudaUse.OFF) {
            state = "off";
        } else if (plugin == null) {
            state = "no plug-in";
        }
    }

    /**
     * Does nothing when GPUs can be used. Blocks like {@link #verdict}.
     *
     * @throws SlmException with {@code MODEL_LOAD} and the reason
     */
    void require() {
        try {
            CudaVerdict found = verdict();
            if (!found.good()) {
                throw required(found.reason());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw required("cuda: the trial of the plug-in was interrupted");
        }
    }

    private static SlmException required(String reason) {
        return new SlmException(SlmException.Code.MODEL_LOAD, reason + " (understudy.slm.cuda is require)");
    }

    CudaUse use() {
        return use;
    }

    /** One line for people: whether a plug-in was tried and how it went. Does not block. */
    String state() {
        return state;
    }

    /**
     * The plug-in's verdict, found now if it was not before; loads it into this process if it is good. Blocks for as
     * long as the trial takes, which may be minutes.
     */
    synchronized CudaVerdict verdict() throws InterruptedException {
        CudaVerdict known = verdict;
        if (known == null) {
            state = "the plug-in is being tried";
            known = find();
            verdict = known;
            state = known.good() ? String.join(", ", known.devices()) : known.reason();
            LOG.infof("cuda verdict good=%s reason=%s devices=%s", known.good(), known.reason(), known.devices());
        }
        return known;
    }

    private CudaVerdict find() throws InterruptedException {
        Path folder = library.folder();
        if (folder == null) {
            return CudaVerdict.bad(Optional.ofNullable(library.problem()).orElse("no native library"));
        }
        if (plugin == null) {
            return CudaVerdict.bad("no plug-in: set understudy.slm.cuda-plugin, or put libggml-cuda.so into "
                    + folder.resolve("cuda"));
        }
        if (folder.equals(plugin.toAbsolutePath().normalize().getParent())) {
            return CudaVerdict.bad("the plug-in must lie in a folder of its own, not in " + folder);
        }
        CudaVerdict found = Files.isRegularFile(plugin) ? memory.recall(plugin, probe.executable()) : null;
        if (found == null) {
            found = probe.run(folder, plugin);
            if (found.good()) {
                memory.remember(plugin, probe.executable(), found);
            }
        }
        if (found.good()) {
            try {
                library.loadGpus(plugin);
            } catch (SlmException e) {
                return CudaVerdict.bad(String.valueOf(e.getMessage()));
            }
        }
        return found;
    }

    /** An engine and why it is where it is. */
    record Placed(SlmEngine engine, DeviceChoice choice) {}

    /**
     * Opens an engine on the device that was wished for, or on the CPU.
     *
     * @param config for the CPU
     * @param wish {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:<n>}
     * @throws SlmException with {@code MODEL_LOAD} and the reason where a GPU is required and cannot be had
     */
    Placed open(SlmEngine.Config config, String wish) throws InterruptedException {
        DeviceChoice without = withoutGpu(wish);
        if (without != null) {
            return onCpu(config, without);
        }
        // one after the other: what one takes is not free for the next
        synchronized (opening) {
            DeviceChoice choice = choose(config, wish);
            return choice.isGpu() ? onGpu(config, choice) : onCpu(config, choice);
        }
    }

    /** Why a model does not come near a GPU, or null: it may. Blocks like {@link #verdict}. */
    @Nullable
    DeviceChoice withoutGpu(String wish) throws InterruptedException {
        if (wish.equals("cpu") || (use == CudaUse.OFF && wish.equals("auto"))) {
            return DeviceChoice.CPU;
        }
        if (use == CudaUse.OFF) {
            return DeviceChoice.cpu("cuda: off by understudy.slm.cuda");
        }
        CudaVerdict found = verdict();
        if (found.good()) {
            return null;
        }
        // who has no plug-in and asked for no GPU misses nothing
        boolean silent = plugin == null && wish.equals("auto") && use == CudaUse.AUTO;
        return silent ? DeviceChoice.CPU : DeviceChoice.cpu(found.reason());
    }

    /** The GPU that holds an engine now, or the CPU and why. Only once the verdict was good. */
    DeviceChoice choose(SlmEngine.Config config, String wish) {
        int count = gpus().size();
        Integer named = DeviceChoice.named(wish);
        int measured = named != null && named < count ? named : 0;
        JsonNode need = Json.read(Llama.memoryNeed(config.on("cuda:" + measured).json()));
        long bytes = need.path("weights").asLong()
                + need.path("context").asLong()
                + need.path("compute").asLong();
        // read after the measuring, which makes the driver take what it needs for itself
        return DeviceChoice.among(gpus(), wish, bytes);
    }

    private List<Gpu> gpus() {
        List<Gpu> gpus = new ArrayList<>();
        for (JsonNode device : library.devices()) {
            if (device.path("kind").asText().endsWith("gpu")) {
                gpus.add(new Gpu(gpus.size(), device.path("free").asLong()));
            }
        }
        return gpus;
    }

    private Placed onGpu(SlmEngine.Config config, DeviceChoice choice) {
        try {
            return new Placed(SlmEngine.open(library, config.on(choice.device())), choice);
        } catch (SlmException e) {
            if (e.code() != SlmException.Code.MODEL_LOAD && e.code() != SlmException.Code.CONTEXT) {
                throw e;
            }
            return onCpu(config, DeviceChoice.cpu("cuda: " + choice.device() + ": " + e.getMessage()));
        }
    }

    private Placed onCpu(SlmEngine.Config config, DeviceChoice choice) {
        if (use == CudaUse.REQUIRE && !choice.reason().isEmpty()) {
            throw required(choice.reason());
        }
        return new Placed(SlmEngine.open(library, config), choice);
    }
}
