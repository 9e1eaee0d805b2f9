package dev.understudy.learn;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * How an adapter is trained. The defaults are those that taught the starter model; see {@code recipe.py} for the schedule.
 *
 * @param targets which projections get an adapter
 * @param rank of each
 * @param alpha the scale is alpha / rank
 * @param rate peak of the learning rate
 * @param batch rows a step
 * @param epochs how often each row is seen
 * @param seed of initial weights and order; the same seed gives the same bytes on one machine
 * @param device {@code auto}, {@code cpu} or {@code cuda}
 * @param threads of the trainer on a CPU
 */
public record Recipe(
        Targets targets,
        int rank,
        int alpha,
        double rate,
        int batch,
        int epochs,
        long seed,
        String device,
        int threads) {

    private static final int RANK = 8;
    private static final int ALPHA = 16;
    private static final int BATCH = 8;
    private static final int ROWS_SEEN = 600;
    private static final int MOST_EPOCHS = 4;

    /** Which projections of each layer are adapted. */
    public enum Targets {
        /** Query and value: small, and cheap to serve. */
        QV(2e-3),
        /** All seven: learns more, costs a quarter of the speed. */
        ALL(1e-3);

        private final double rate;

        Targets(double rate) {
            this.rate = rate;
        }

        /** How commands and manifests spell it. */
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Recipe {
        if (rank < 1 || rank > 64) {
            throw new IllegalArgumentException("rank must be 1 to 64, was " + rank);
        }
        if (batch < 1 || epochs < 1 || threads < 1) {
            throw new IllegalArgumentException("batch, epochs and threads must be at least 1");
        }
    }

    /** The usual recipe for so many rows: 600 rows are seen in all, or each row once if there are more. */
    public static Recipe usual(Targets targets, int rows, long seed, String device, int threads) {
        int epochs = Math.clamp((ROWS_SEEN + rows - 1) / rows, 1, MOST_EPOCHS);
        return new Recipe(targets, RANK, ALPHA, targets.rate, BATCH, epochs, seed, device, threads);
    }

    /** As the job file and the manifest carry it. */
    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("targets", targets.wire())
                .put("rank", rank)
                .put("alpha", alpha)
                .put("rate", rate)
                .put("batch", batch)
                .put("epochs", epochs)
                .put("seed", seed)
                .put("device", device)
                .put("threads", threads);
    }
}
