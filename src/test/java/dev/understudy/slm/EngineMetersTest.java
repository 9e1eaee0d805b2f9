package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.slm.Starter.Heard;
import dev.understudy.slm.Starter.Opened;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What an engine's metrics say, on the starter model. */
class EngineMetersTest {
    private static final int BEYOND_THE_CONTEXT = 9000;

    private final MeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void everyMeterOfTheDesignIsThereAndSaysWhatHappened() {
        try (Opened starter = Starter.open(2);
                SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            var meters = new EngineMeters(registry, "small", starter::engine);
            starter.engine().watch(meters);
            Heard first = starter.ask(plan, SlmRequest.greedy(4));
            Heard second = starter.ask(plan, SlmRequest.greedy(4));
            try (SlmPlan endless = starter.plan(Starter.user("word ".repeat(BEYOND_THE_CONTEXT)))) {
                assertThatThrownBy(() -> starter.submit(endless, SlmRequest.greedy(1)))
                        .isInstanceOf(SlmException.class);
            }
            meters.read(new SlmAnswer("text", List.of(), null, List.of()));
            meters.read(new SlmAnswer("text", List.of(), "cut_off", List.of()));
            meters.margin(1.5);

            assertThat(names())
                    .contains(
                            "understudy.slm.queue.size",
                            "understudy.slm.queue.wait",
                            "understudy.slm.rejected",
                            "understudy.slm.requests",
                            "understudy.slm.ttft",
                            "understudy.slm.tokens",
                            "understudy.slm.step.time",
                            "understudy.slm.slots.busy",
                            "understudy.slm.kv.used",
                            "understudy.slm.adapter.switches",
                            "understudy.slm.grammar.refused",
                            "understudy.slm.parse",
                            "understudy.slm.margin.min",
                            "understudy.slm.decode.errors",
                            "understudy.slm.upcall.time");
            assertThat(counter(Meters.SLM_REQUESTS, Meters.REASON, "length")).isEqualTo(2);
            assertThat(counter(Meters.SLM_REJECTED, Meters.CODE, "context_length"))
                    .isEqualTo(1);
            assertThat(counter(Meters.SLM_PARSE, Meters.VERDICT, "text")).isEqualTo(1);
            assertThat(counter(Meters.SLM_PARSE, Meters.VERDICT, "cut_off")).isEqualTo(1);
            assertThat(tokens("generated"))
                    .isEqualTo(first.result().generated() + second.result().generated());
            assertThat(tokens("cached")).isEqualTo(second.result().cached());
            assertThat(tokens("prompt") + tokens("cached")).isEqualTo(2.0 * plan.tokens().length);
            assertThat(registry.get(Meters.SLM_TTFT).timer().count()).isEqualTo(2);
            assertThat(registry.get(Meters.SLM_STEP_TIME).functionTimer().count())
                    .isEqualTo(8);
            assertThat(registry.get(Meters.SLM_UPCALL_TIME).functionTimer().count())
                    .isEqualTo(8);
            assertThat(registry.get(Meters.SLM_SLOTS_BUSY).gauge().value()).isZero();
            assertThat(registry.get(Meters.SLM_KV_USED).gauge().value()).isEqualTo(plan.tokens().length + 3.0);
            assertThat(registry.get(Meters.SLM_MARGIN).summary().max()).isEqualTo(1.5);
            assertThat(registry.get(Meters.SLM_QUEUE)
                            .tag(Meters.CLASS, "shadow")
                            .gauge()
                            .value())
                    .isZero();
        }
        assertThat(registry.get(Meters.SLM_SLOTS_BUSY).gauge().value()).isZero();
    }

    @Test
    void aLaterEngineOfTheSameNameTakesThePlaceOfAnEarlierOne() {
        new EngineMeters(registry, "small", () -> null).rejected(SlmException.Code.CLOSED);
        new EngineMeters(registry, "other", () -> null).rejected(SlmException.Code.CLOSED);
        int before = registry.getMeters().size();
        new EngineMeters(registry, "small", () -> null);

        assertThat(registry.getMeters()).hasSize(before - 1);
        assertThat(registry.find(Meters.SLM_REJECTED).counters())
                .extracting(one -> one.getId().getTag(Meters.MODEL))
                .containsExactly("other");
    }

    private List<String> names() {
        return registry.getMeters().stream()
                .filter(meter -> "small".equals(meter.getId().getTag(Meters.MODEL)))
                .map(Meter::getId)
                .map(Meter.Id::getName)
                .collect(Collectors.toList());
    }

    private double counter(String name, String tag, String value) {
        return registry.get(name).tag(tag, value).counter().count();
    }

    private double tokens(String kind) {
        return registry.get(Meters.SLM_TOKENS)
                .tag(Meters.KIND, kind)
                .functionCounter()
                .count();
    }
}
