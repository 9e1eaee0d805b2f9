package dev.understudy.slm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.stream.Stream;

/**
 * A program that opens, asks and closes an engine again and again, with mistakes between: what it leaves behind, in
 * memory and on its output, is looked at from outside.
 */
final class SilentEngine {
    private static final int WARM = 5;

    private SilentEngine() {}

    /**
     * Runs it.
     *
     * @param arguments the library's folder, a GGUF, cycles, a file for the kilobytes that the memory in use has grown by
     *     since the fifth
     */
    public static void main(String[] arguments) throws IOException {
        LogManager.getLogManager().getLogger("").setLevel(Level.OFF); // the natives' own output is what counts
        NativeLibrary library = NativeLibrary.load(List.of(Path.of(arguments[0])));
        Path weights = Path.of(arguments[1]);
        int cycles = Integer.parseInt(arguments[2]);
        long warm = 0;
        try (var threads = new PrepareThreads()) {
            for (int i = 1; i <= cycles; i++) {
                threads.call(() -> {
                    cycle(library, weights);
                    return true;
                });
                if (i == WARM) {
                    warm = residentKilobytes();
                }
            }
        }
        Files.writeString(Path.of(arguments[3]), Long.toString(residentKilobytes() - warm));
    }

    private static void cycle(NativeLibrary library, Path weights) {
        var config = new SlmEngine.Config("tiny", weights, ChatTemplates.source("chatml-tools"), null, 2, 1);
        try (SlmEngine engine = SlmEngine.open(library, config)) {
            var starter = new Starter.Opened(engine, new PrepareThreads());
            String body = Starter.user("Hi") + " ";
            try (SlmPlan plan = engine.prepare(body.getBytes(StandardCharsets.UTF_8))) {
                starter.ask(plan, SlmRequest.greedy(8));
                starter.ask(plan, Starter.sampled(8, 1, 3));
                mistake(() -> starter.submit(plan, SlmRequest.greedy(1).withAdapter(9, 1)));
            }
            mistake(() -> engine.prepare("{\"messages\":[".getBytes(StandardCharsets.UTF_8)));
            mistake(() -> engine.prepare(
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"nonsense\"}}}}"
                            .getBytes(StandardCharsets.UTF_8)));
            mistake(() -> engine.loadAdapter(weights));
            starter.threads().close();
        }
    }

    private static void mistake(Runnable call) {
        try {
            call.run();
        } catch (SlmException e) {
            return;
        }
        throw new IllegalStateException("a mistake went through");
    }

    private static long residentKilobytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
    }
}
