package dev.understudy.serve;

import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Measures calls as they end. Timers are kept by team, tier and outcome, so that a call costs one look-up. */
final class CallMeters {
    private final MeterRegistry registry;
    private final Timer overhead;
    private final Map<Tags, Timer> calls = new ConcurrentHashMap<>();

    CallMeters(MeterRegistry registry) {
        this.registry = registry;
        this.overhead = registry.timer(Meters.OVERHEAD);
    }

    void count(Interaction interaction, Tier tier) {
        Tags tags = new Tags(interaction.caller().team(), tier, interaction.outcome());
        Timer timer = calls.get(tags);
        if (timer == null) {
            timer = calls.computeIfAbsent(tags, this::timer);
        }
        timer.record(interaction.endMicros(), TimeUnit.MICROSECONDS);
        String escalation = interaction.escalation();
        if (escalation != null) {
            registry.counter(Meters.ESCALATIONS, Meters.REASON, escalation).increment();
        }
        if (interaction.decision() != null
                && interaction.decision().action() == Decision.Action.CASCADE
                && !interaction.attempts().isEmpty()) {
            cascade(interaction, tier);
        }
        if (!interaction.attempts().isEmpty()) {
            overhead.record(interaction.overheadMicros(), TimeUnit.MICROSECONDS);
        }
    }

    private void cascade(Interaction interaction, Tier tier) {
        boolean small = interaction.attempts().getFirst().tier() == Tier.SLM;
        if (small && interaction.outcome() != Interaction.Outcome.CLIENT_GONE) {
            boolean answered = interaction.outcome() == Interaction.Outcome.COMPLETED;
            String outcome = !answered ? "failed" : tier == Tier.SLM ? "passed" : "escalated";
            registry.counter(Meters.CASCADES, Meters.OUTCOME, outcome).increment();
        }
    }

    private Timer timer(Tags tags) {
        return registry.timer(
                Meters.CALLS,
                Meters.TEAM,
                tags.team(),
                Meters.TIER,
                tags.tier().wire(),
                Meters.OUTCOME,
                tags.outcome().wire());
    }

    private record Tags(String team, Tier tier, Interaction.Outcome outcome) {}
}
