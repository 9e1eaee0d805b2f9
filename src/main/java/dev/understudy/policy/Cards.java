package dev.understudy.policy;

import dev.understudy.call.Tier;
import dev.understudy.model.Catalogue;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Price;
import java.net.URI;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the catalogue of what files of kind Models say; defaults and inheritance of an adapter from its base are here. */
final class Cards {
    private static final Set<String> SMALL = Set.of("chat", "tools", "json_schema");
    private static final Set<String> LARGE =
            Set.of("chat", "tools", "json_schema", "vision", "audio", "embeddings", "logprobs");
    private static final int SMALL_TOOLS = 12;
    private static final int PARALLEL = 4;

    private final Surroundings surroundings;
    private final Map<String, ModelsSpec.ModelSpec> specs = new HashMap<>();

    private Cards(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** The catalogue; the specs are known to be right and to fit together. */
    static Catalogue catalogue(List<ModelsSpec> documents, Surroundings surroundings) {
        Cards cards = new Cards(surroundings);
        String baseline = null;
        List<ModelsSpec.ModelSpec> models = new ArrayList<>();
        for (ModelsSpec document : documents) {
            baseline = document.baseline() == null ? baseline : document.baseline();
            Lists.present(document.models()).forEach(models::add);
        }
        models.forEach(model -> cards.specs.put(model.name(), model));
        SequencedMap<String, ModelCard> byName = new LinkedHashMap<>();
        models.forEach(model -> byName.put(model.name(), cards.card(model)));
        boolean requested = baseline == null || baseline.equals("requested");
        return new Catalogue(documents.getFirst().currency(), requested ? null : baseline, byName);
    }

    private ModelCard card(ModelsSpec.ModelSpec model) {
        ModelsSpec.LocalSpec local = model.local();
        ModelsSpec.ModelSpec base = local == null || local.base() == null ? model : baseOf(local.base());
        boolean small = model.tier().equals("slm");
        Integer context = first(model.contextTokens(), base.contextTokens());
        List<String> capabilities = first(model.capabilities(), base.capabilities());
        Integer maxTools = first(model.maxTools(), base.maxTools());
        String train = first(model.outputMayTrain(), base.outputMayTrain());
        String trust = first(model.trust(), base.trust());
        return new ModelCard(
                model.name(),
                small ? Tier.SLM : Tier.LLM,
                trust == null ? small : trust.equals("inside"),
                place(model),
                context,
                capabilities == null ? (small ? SMALL : LARGE) : Set.copyOf(capabilities),
                maxTools == null && small ? Integer.valueOf(SMALL_TOOLS) : maxTools,
                small ? smallLimits(first(model.limits(), base.limits()), parallel(base)) : largeLimits(model.limits()),
                train == null
                        ? ModelCard.OutputMayTrain.ASK
                        : Wire.of(ModelCard.OutputMayTrain.values(), ModelCard.OutputMayTrain::wire, train),
                first(model.licence(), base.licence()),
                Lists.present(model.pricing()).map(Cards::price).toList());
    }

    private ModelsSpec.ModelSpec baseOf(String name) {
        return Objects.requireNonNull(specs.get(name), "base");
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T other) {
        return own == null ? other : own;
    }

    private static int parallel(ModelsSpec.ModelSpec model) {
        ModelsSpec.LocalSpec local = model.local();
        Integer parallel = local == null ? null : local.parallel();
        return parallel == null ? PARALLEL : parallel;
    }

    private ModelCard.Place place(ModelsSpec.ModelSpec model) {
        ModelsSpec.LocalSpec local = model.local();
        if (local == null) {
            return upstream(Objects.requireNonNull(model.upstream(), "upstream"));
        }
        if (local.base() != null) {
            double scale = local.scale() == null ? 1.0 : local.scale().doubleValue();
            String path = Objects.requireNonNull(local.adapter(), "adapter").path();
            return new ModelCard.Place.Adapter(local.base(), path, scale);
        }
        return new ModelCard.Place.Weights(
                source(Objects.requireNonNull(local.source(), "source")),
                local.device() == null ? "auto" : local.device(),
                parallel(model),
                local.threads(),
                local.chatTemplate());
    }

    private static ModelCard.Source source(ModelsSpec.SourceSpec source) {
        if (source.path() != null) {
            return new ModelCard.Source.Path(source.path());
        }
        String file = Objects.requireNonNull(source.file(), "file");
        String sha256 = Objects.requireNonNull(source.sha256(), "sha256");
        return source.pypi() != null
                ? new ModelCard.Source.Pypi(source.pypi(), file, sha256)
                : new ModelCard.Source.Hub(Objects.requireNonNull(source.hf(), "hf"), file, sha256);
    }

    private ModelCard.Place.Upstream upstream(ModelsSpec.UpstreamSpec upstream) {
        ModelsSpec.SecretSpec key = upstream.apiKey();
        ModelCard.Credential credential = key == null
                ? new ModelCard.Credential.None()
                : Secrets.credential(key.env(), key.file(), key.otherwise(), surroundings);
        String url = upstream.baseUrl().replaceAll("/+$", "");
        Set<String> apis = upstream.apis() == null ? Set.of("chat", "responses") : Set.copyOf(upstream.apis());
        return new ModelCard.Place.Upstream(URI.create(url), upstream.model(), credential, apis);
    }

    private static ModelCard.Limits smallLimits(ModelsSpec.@Nullable LimitsSpec limits, int parallel) {
        return limits(limits, parallel, 50, 2_000, 60_000, 4_000, 10_000, 30_000, 30_000);
    }

    private static ModelCard.Limits largeLimits(ModelsSpec.@Nullable LimitsSpec limits) {
        return limits(limits, 256, 0, 2_000, 60_000, 300_000, 300_000, 600_000, 1_800_000);
    }

    private static ModelCard.Limits limits(
            ModelsSpec.@Nullable LimitsSpec given,
            int maxConcurrent,
            int queue,
            int connect,
            int head,
            int firstToken,
            int idle,
            int timeout,
            int streamTimeout) {
        ModelsSpec.LimitsSpec limits =
                given == null ? new ModelsSpec.LimitsSpec(null, null, null, null, null, null, null, null) : given;
        return new ModelCard.Limits(
                limits.maxConcurrent() == null ? maxConcurrent : limits.maxConcurrent(),
                millis(limits.queueMs(), queue),
                millis(limits.connectMs(), connect),
                millis(limits.headMs(), head),
                millis(limits.firstTokenMs(), firstToken),
                millis(limits.idleMs(), idle),
                millis(limits.timeoutMs(), timeout),
                millis(limits.streamTimeoutMs(), streamTimeout));
    }

    private static Duration millis(@Nullable Integer given, int standard) {
        return Duration.ofMillis(given == null ? standard : given);
    }

    private static Price price(ModelsSpec.PriceSpec price) {
        ModelsSpec.TokenPriceSpec tokens = price.per1M();
        return new Price(
                LocalDate.parse(price.from()),
                price.match() == null ? "*" : price.match(),
                tokens == null ? null : tokens.input(),
                tokens == null ? null : tokens.cachedInput(),
                tokens == null ? null : tokens.output(),
                price.perHour());
    }
}
