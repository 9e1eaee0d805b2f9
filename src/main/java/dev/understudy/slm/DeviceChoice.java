package dev.understudy.slm;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where an engine is opened.
 *
 * @param device {@code cpu}, {@code cuda:0}, ...
 * @param reason why on the CPU although a GPU was wished for, beginning with {@code cuda: }; empty otherwise
 */
record DeviceChoice(String device, String reason) {
    static final DeviceChoice CPU = new DeviceChoice("cpu", "");

    private static final String PREFIX = "cuda:";
    private static final double MARGIN = 1.1;
    private static final double GIGABYTE = 1e9;
    private static final double MEGABYTE = 1e6;

    /**
     * A GPU as it is at this moment.
     *
     * @param number from 0 on
     * @param free bytes
     */
    record Gpu(int number, long free) {}

    static DeviceChoice cpu(String reason) {
        return new DeviceChoice(CPU.device, reason);
    }

    boolean isGpu() {
        return !device.equals(CPU.device);
    }

    /** The number that a wish names, or null: any. */
    static @Nullable Integer named(String wish) {
        return wish.startsWith(PREFIX) ? Integer.valueOf(wish.substring(PREFIX.length())) : null;
    }

    /**
     * The GPU that is named, else the freest, if it holds a tenth more than the engine takes; else the CPU. An engine is
     * never spread over two devices.
     *
     * @param wish {@code auto}, {@code cuda} or {@code cuda:<n>}
     * @param gpus at least one
     * @param need bytes that the engine takes: weights, context and compute buffers
     */
    static DeviceChoice among(List<Gpu> gpus, String wish, long need) {
        Integer named = named(wish);
        Gpu gpu = gpus.stream()
                .filter(one -> named == null || one.number == named)
                .max(Comparator.comparingLong(Gpu::free).thenComparing(Gpu::number, Comparator.reverseOrder()))
                .orElse(null);
        if (gpu == null) {
            return cpu("cuda: there is no device " + wish + ", the last is cuda:" + (gpus.size() - 1));
        }
        long wanted = Math.round(need * MARGIN);
        if (gpu.free < wanted) {
            String where = named == null ? ", largest free is " : ", free on " + wish + " is ";
            return cpu("cuda: needs " + size(wanted) + where + size(gpu.free));
        }
        return new DeviceChoice(PREFIX + gpu.number, "");
    }

    private static String size(long bytes) {
        return bytes < GIGABYTE
                ? String.format(Locale.ROOT, "%.0f MB", bytes / MEGABYTE)
                : String.format(Locale.ROOT, "%.1f GB", bytes / GIGABYTE);
    }
}
