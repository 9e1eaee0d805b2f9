package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.model.Urgency;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one engine, by the name of its model. What happens for each token or step is counted by the engine and
 * read when somebody looks; only what happens once a request is counted here. A later engine of the same name takes the
 * place of an earlier one.
 */
final class EngineMeters implements EngineWatch {
    private static final String PREFIX = "understudy.slm.";

    private final MeterRegistry registry;
    private final Tags model;
    private final Supplier<@Nullable SlmEngine> engine;
    private final Timer wait;
    private final Timer ttft;
    private final DistributionSummary margins;

    /** @param engine the engine, or null while there is none; asked for when somebody looks */
    EngineMeters(MeterRegistry registry, String name, Supplier<@Nullable SlmEngine> engine) {
        this.registry = registry;
        this.model = Tags.of(Meters.MODEL, name);
        this.engine = engine;
        List.copyOf(registry.getMeters()).stream()
                .filter(meter -> meter.getId().getName().startsWith(PREFIX)
                        && name.equals(meter.getId().getTag(Meters.MODEL)))
                .forEach(registry::remove);
        this.wait = timer(Meters.SLM_QUEUE_WAIT);
        this.ttft = timer(Meters.SLM_TTFT);
        this.margins = DistributionSummary.builder(Meters.SLM_MARGIN)
                .tags(model)
                .publishPercentiles(0.05, 0.5)
                .register(registry);
        gauges();
        counters();
    }

    private Timer timer(String name) {
        return Timer.builder(name)
                .tags(model)
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofSeconds(30))
                .register(registry);
    }

    private void gauges() {
        gauge(Meters.SLM_SLOTS_BUSY, model, "busy");
        gauge(Meters.SLM_KV_USED, model, "kv_used");
        for (Urgency urgency : Urgency.values()) {
            gauge(Meters.SLM_QUEUE, model.and(Meters.CLASS, urgency.wire()), "queued_" + urgency.wire());
        }
    }

    private void gauge(String name, Tags tags, String counter) {
        Gauge.builder(name, this, meters -> meters.count(counter))
                .tags(tags)
                .strongReference(true)
                .register(registry);
    }

    private void counters() {
        for (String kind : List.of("prompt", "cached", "generated")) {
            counter(Meters.SLM_TOKENS, model.and(Meters.KIND, kind), kind + "_tokens");
        }
        counter(Meters.SLM_ADAPTER_SWITCHES, model, "switches");
        counter(Meters.SLM_GRAMMAR_REFUSED, model, "grammar_refused");
        counter(Meters.SLM_DECODE_ERRORS, model, "failures");
        timer(Meters.SLM_STEP_TIME, "steps", "decode_us");
        timer(Meters.SLM_UPCALL_TIME, "events", "event_us");
    }

    private void counter(String name, Tags tags, String counter) {
        FunctionCounter.builder(name, this, meters -> meters.count(counter))
                .tags(tags)
                .register(registry);
    }

    private void timer(String name, String count, String micros) {
        FunctionTimer.builder(
                        name,
                        this,
                        meters -> (long) meters.count(count),
                        meters -> meters.count(micros),
                        TimeUnit.MICROSECONDS)
                .tags(model)
                .register(registry);
    }

    private double count(String counter) {
        SlmEngine now = engine.get();
        if (now == null) {
            return 0;
        }
        try {
            JsonNode stats = now.stats();
            return stats.path(counter).asDouble();
        } catch (SlmException e) {
            return 0; // closed since
        }
    }

    @Override
    public void rejected(SlmException.Code code) {
        count(Meters.SLM_REJECTED, Meters.CODE, code.name());
    }

    @Override
    public void ended(SlmResult result) {
        SlmException failure = result.failure();
        boolean refused = failure != null && failure.code() == SlmException.Code.OVERLOADED;
        if (refused) {
            rejected(SlmException.Code.OVERLOADED);
        }
        count(
                Meters.SLM_REQUESTS,
                Meters.REASON,
                refused ? "overloaded" : result.finish().name());
        wait.record(result.queuedMicros(), TimeUnit.MICROSECONDS);
        if (result.generated() > 0) {
            ttft.record(result.queuedMicros() + result.prefillMicros(), TimeUnit.MICROSECONDS);
        }
    }

    @Override
    public void read(SlmAnswer answer) {
        String unparsed = answer.unparsed();
        count(
                Meters.SLM_PARSE,
                Meters.VERDICT,
                unparsed != null ? unparsed : answer.calls().isEmpty() ? "text" : "calls");
    }

    @Override
    public void margin(double least) {
        margins.record(Math.max(0, least)); // negative where grammar or sampler passed over the first choice
    }

    private void count(String name, String tag, String value) {
        Counter.builder(name)
                .tags(model.and(tag, value.toLowerCase(Locale.ROOT)))
                .register(registry)
                .increment();
    }
}
