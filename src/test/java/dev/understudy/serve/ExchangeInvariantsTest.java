package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.serve.AnyCall.Large;
import dev.understudy.serve.AnyCall.Plan;
import dev.understudy.serve.AnyCall.Small;
import dev.understudy.testing.Blocking;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What must hold of every call, whatever its models and its client do and when. */
class ExchangeInvariantsTest {
    private static final int CALLS = 4_000;
    private static final int AT_A_TIME = 500;

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Blocking.get(vertx.close());
    }

    @Test
    void whateverHappensEachCallEndsAsItMust() {
        Random random = new Random(20_260_705);
        Context loop = vertx.getOrCreateContext();
        AnyCall.Stage stage = new AnyCall.Stage(vertx, loop);
        Map<Interaction.Outcome, Integer> outcomes = new EnumMap<>(Interaction.Outcome.class);
        Map<Interaction.Route, Integer> routes = new EnumMap<>(Interaction.Route.class);
        for (int from = 0; from < CALLS; from += AT_A_TIME) {
            List<AnyCall> calls = new ArrayList<>();
            for (int i = 0; i < AT_A_TIME; i++) {
                calls.add(new AnyCall(stage, Plan.any(random)));
            }
            loop.runOnContext(run -> calls.forEach(AnyCall::begin));
            await().atMost(Duration.ofSeconds(20)).until(() -> calls.stream().allMatch(AnyCall::isOver));
            for (AnyCall call : calls) {
                check(call);
                Interaction ended = call.recorded.getFirst();
                outcomes.merge(ended.outcome(), 1, Integer::sum);
                if (ended.route() != null) {
                    routes.merge(ended.route(), 1, Integer::sum);
                }
            }
        }
        // The generator reaches every end, and each often.
        assertThat(outcomes.get(Interaction.Outcome.COMPLETED)).isGreaterThan(CALLS / 4);
        assertThat(outcomes.get(Interaction.Outcome.FAILED)).isGreaterThan(CALLS / 20);
        assertThat(outcomes.get(Interaction.Outcome.CLIENT_GONE)).isGreaterThan(CALLS / 20);
        assertThat(routes.get(Interaction.Route.CASCADE)).isGreaterThan(CALLS / 20);
        assertThat(routes.get(Interaction.Route.FALLBACK)).isGreaterThan(CALLS / 40);
    }

    private static void check(AnyCall call) {
        String what = call.plan.toString();
        assertThat(call.recorded).as(what).hasSize(1);
        Interaction ended = call.recorded.getFirst();
        String body = call.client.body.toString();
        boolean gone = ended.outcome() == Interaction.Outcome.CLIENT_GONE;
        assertThat(call.violations).as(what).isEmpty();
        assertThat(call.released()).as(what + ": models are let go").isTrue();
        attempts(what, ended);
        escalates(what, call, ended, gone);
        if (!gone) {
            assertThat(call.client.ends).as(what + ": the answer ends once").isEqualTo(1);
            answer(what, call, ended, body);
        }
        stays(what, call, body);
    }

    /** The tries are numbered; one at most was sent, and what a small model did is priced. */
    private static void attempts(String what, Interaction ended) {
        int accepted = 0;
        for (int i = 0; i < ended.attempts().size(); i++) {
            Attempt attempt = ended.attempts().get(i);
            assertThat(attempt.n()).as(what).isEqualTo(i + 1);
            accepted += attempt.accepted() ? 1 : 0;
            if (attempt.tier() == Tier.SLM) {
                assertThat(attempt.cost()).as(what + ": priced").isNotNull();
            }
            if (i < ended.attempts().size() - 1) {
                assertThat(attempt.accepted())
                        .as(what + ": nothing is retried once it was sent")
                        .isFalse();
                assertThat(attempt.error()).as(what).isNotNull();
            }
        }
        assertThat(accepted).as(what).isEqualTo(ended.served() == null ? 0 : 1);
    }

    /** A small model's failed try is followed by another target in the same request, if one may be asked. */
    private static void escalates(String what, AnyCall call, Interaction ended, boolean gone) {
        if (ended.attempts().isEmpty()) {
            assertThat(call.plan.mayGoOutside()).as(what).isFalse();
            return;
        }
        boolean mayGoOn = call.plan.mayGoOutside() && call.plan.action() != Decision.Action.LLM;
        Attempt last = ended.attempts().getLast();
        boolean smallFailed = last.tier() == Tier.SLM && !last.accepted();
        if (smallFailed && !gone) {
            assertThat(mayGoOn)
                    .as(what + ": a failed small model is not the last one asked")
                    .isFalse();
        }
        boolean gaveWay =
                ended.attempts().size() > 1 && ended.attempts().getFirst().tier() == Tier.SLM;
        assertThat(ended.escalation() != null).as(what).isEqualTo(gaveWay);
        if (gaveWay && call.plan.action() == Decision.Action.CASCADE) {
            assertThat(ended.attempts().get(1).role()).as(what).isEqualTo(Attempt.Role.ESCALATE);
        }
    }

    /** A whole answer of one model, or an error; never an empty turn, never a clean end after a failure. */
    private static void answer(String what, AnyCall call, Interaction ended, String body) {
        boolean stream = call.plan.stream();
        switch (ended.outcome()) {
            case COMPLETED -> {
                assertThat(ended.served()).as(what).isNotNull();
                assertThat(ended.attempts().getLast().accepted()).as(what).isTrue();
                assertThat(body).as(what).doesNotContain("\"error\":{");
                if (stream) {
                    assertThat(body).as(what).endsWith("data: [DONE]\n\n");
                }
                if (ended.attempts().getLast().tier() == Tier.SLM) {
                    assertThat(call.plan.small().isGood())
                            .as(what + ": only good answers are sent")
                            .isTrue();
                    assertThat(body).as(what).containsAnyOf(AnyCall.SMALL_SAYS, "\"tool_calls\":[{");
                } else if (call.saysSomething()) {
                    assertThat(body).as(what).containsAnyOf("large0", "large1");
                }
            }
            case FAILED, DENIED -> {
                assertThat(body)
                        .as(what + ": an error is told")
                        .contains("\"error\":{")
                        .doesNotContain("[DONE]");
                assertThat(ended.error()).as(what).isNotNull();
                if (!body.contains("data: ")) {
                    assertThat(call.client.status).as(what).isGreaterThanOrEqualTo(400);
                } else {
                    assertThat(body).as(what).contains("event: error\n").endsWith("\n\n");
                }
            }
            case CLIENT_GONE -> throw new AssertionError(what);
        }
    }

    /** Nobody sees what must not leave; nothing of two models is mixed; a key reaches one address. */
    private static void stays(String what, AnyCall call, String body) {
        int speakers = 0;
        for (String mark : List.of(AnyCall.SMALL_SAYS, "large0", "large1", "\"mirror")) {
            speakers += body.contains(mark) ? 1 : 0;
        }
        assertThat(speakers).as(what + ": one speaks").isLessThanOrEqualTo(1);
        assertThat(body).as(what + ": no mirror is heard").doesNotContain("mirror");
        if (call.plan.restricted()) {
            assertThat(call.outsideAsked).as(what + ": stays inside").hasValue(0);
        }
        assertThat(call.addressesOfKey.size())
                .as(what + ": the key's addresses")
                .isLessThanOrEqualTo(1);
    }

    @Test
    void theGeneratorKnowsAllBehaviours() {
        Random random = new Random(1);
        List<Plan> plans = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            plans.add(Plan.any(random));
        }
        assertThat(plans).extracting(Plan::small).contains(Small.values());
        assertThat(plans).extracting(Plan::first).contains(Large.values());
    }
}
