package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Caller;
import dev.understudy.call.Sensitivity;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AllowancesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Instant NOON = Instant.parse("2026-03-10T12:00:00Z");
    private static final BudgetPlan DAILY = plan("10", BudgetPlan.Window.DAY);

    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final Books books = new Books();
    private Instant now = NOON;
    private long nanos;
    private final Allowances allowances = new Allowances(books, () -> now, meters, () -> nanos);

    /** What is written down; may be away. */
    private static final class Books implements SpendStore {
        private final List<Spent> spent = new ArrayList<>();
        private final List<Instant> asked = new ArrayList<>();
        private boolean down;

        @Override
        public Uni<List<Spent>> between(Instant from, Instant until) {
            asked.add(from);
            asked.add(until);
            return down
                    ? Uni.createFrom().failure(new IllegalStateException("refused"))
                    : Uni.createFrom().item(spent);
        }
    }

    private static BudgetPlan plan(String limit, BudgetPlan.Window window) {
        return new BudgetPlan(new BigDecimal(limit), window, ZoneOffset.UTC, 0.5);
    }

    private static AccessRules rules(
            CallLimits team, @Nullable BudgetPlan teamBudget, CallLimits app, @Nullable BudgetPlan appBudget) {
        AccessRules.App bot = new AccessRules.App("bot", List.of("*"), false, Set.of(), app, appBudget);
        AccessRules.App other = new AccessRules.App("other", List.of("*"), false, Set.of(), CallLimits.NONE, null);
        AccessRules.Team support = new AccessRules.Team(
                "support", Map.of(), Sensitivity.INTERNAL, team, teamBudget, Map.of("bot", bot, "other", other));
        return new AccessRules(new AccessRules.Anonymous(AccessRules.Allow.NEVER, "", ""), Map.of("support", support));
    }

    private void limits(CallLimits team, CallLimits app) {
        allowances.activate(rules(team, null, app, null));
    }

    private void budgets(@Nullable BudgetPlan team, @Nullable BudgetPlan app) {
        allowances.activate(rules(CallLimits.NONE, team, CallLimits.NONE, app));
        allowances.load().await().indefinitely();
    }

    private static Caller caller(String app) {
        return new Caller(
                "support", app, null, Map.of(), List.of("*"), false, Set.of(), null, Sensitivity.INTERNAL, null);
    }

    private Admission admit(String app, long tokens) {
        try {
            return allowances.admit(caller(app), tokens, now);
        } catch (LimitReached limit) {
            throw new AssertionError(limit);
        }
    }

    private LimitReached refused(String app, long tokens) {
        try {
            allowances.admit(caller(app), tokens, now);
            throw new AssertionError("it was let in");
        } catch (LimitReached limit) {
            return limit;
        }
    }

    private double counted(String name, String... tags) {
        Counter counter = meters.find(name).tags(tags).counter();
        return counter == null ? 0 : counter.count();
    }

    @Test
    void whomNothingLimitsCostsNothing() {
        limits(CallLimits.NONE, CallLimits.NONE);
        assertThat(admit("bot", 1)).isSameAs(Admission.FREE);
        assertThat(allowances.withBudget(caller("bot"))).isEqualTo(caller("bot"));
        admit("bot", 1).end(1, BigDecimal.ONE);
    }

    @Test
    void theStricterOfTeamAndAppAnswers() {
        limits(new CallLimits(4, null, null), new CallLimits(2, null, null));
        Standing standing = admit("bot", 1).standing();
        assertThat(standing).isEqualTo(new Standing(new Standing.Rate(2, 1, 30 * SECOND), null));
        admit("bot", 1);
        LimitReached limit = refused("bot", 1);
        assertThat(limit.kind()).isEqualTo(LimitReached.Kind.REQUESTS);
        assertThat(limit)
                .hasMessage("Rate limit reached for app `support/bot` on requests per min (RPM): Limit 2, Requested 1."
                        + " Please try again in 30s.");
        assertThat(limit.waitSeconds()).isEqualTo(30);
        assertThat(limit.standing()).isEqualTo(new Standing(new Standing.Rate(2, 0, 60 * SECOND), null));
        // What the app refused weighs not on its team: two are left for another app.
        admit("other", 1);
        admit("other", 1);
        assertThat(refused("other", 1)).hasMessageStartingWith("Rate limit reached for team `support` on requests");
        assertThat(counted(Meters.LIMIT_REFUSED, Meters.TEAM, "support", Meters.KIND, "requests"))
                .isEqualTo(2);
    }

    @Test
    void tokensAreSetAsideAndSettled() {
        limits(new CallLimits(null, 600, null), CallLimits.NONE);
        Admission admission = admit("bot", 500);
        assertThat(admission.standing()).isEqualTo(new Standing(null, new Standing.Rate(600, 100, 50 * SECOND)));
        LimitReached limit = refused("other", 200);
        assertThat(limit.kind()).isEqualTo(LimitReached.Kind.TOKENS);
        assertThat(limit)
                .hasMessage("Rate limit reached for team `support` on tokens per min (TPM): Limit 600, Requested 200."
                        + " Please try again in 10s.");
        admission.end(50, null);
        admission.end(50, null);
        admit("other", 550);
        assertThat(refused("other", 1).waitSeconds()).isEqualTo(1);
    }

    @Test
    void aRequestWhoseTokensAreRefusedIsNotCounted() {
        limits(new CallLimits(1, 10, 1), CallLimits.NONE);
        admit("bot", 10).end(10, null);
        nanos += 60 * SECOND;
        admit("bot", 10).end(10, null);
        nanos += 59 * SECOND;
        // 59/60 of a request is there; only tokens come back sooner
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.REQUESTS);
        nanos += SECOND;
        admit("bot", 10);
    }

    @Test
    void placesAreGivenBackOnceHoweverACallEnds() {
        limits(CallLimits.NONE, new CallLimits(null, null, 2));
        Admission first = admit("bot", 1);
        admit("bot", 1);
        LimitReached limit = refused("bot", 1);
        assertThat(limit.kind()).isEqualTo(LimitReached.Kind.CONCURRENT);
        assertThat(limit)
                .hasMessage("Rate limit reached for app `support/bot` on calls at a time: Limit 2, Requested 1."
                        + " Please try again in 1s.");
        assertThat(limit.standing()).isNull();
        first.end(0, null);
        first.end(0, null);
        admit("bot", 1);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.CONCURRENT);
    }

    @Test
    void aPlaceMayBeGivenBackBeforeTheEndAndIsGivenBackOnce() {
        limits(new CallLimits(null, 100, 1), CallLimits.NONE);
        Admission first = admit("bot", 60);
        first.leave();
        first.leave();
        Admission second = admit("bot", 40);
        first.end(10, null);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.CONCURRENT);
        second.end(40, null);
        // what the first had set aside and not used came back at its end
        admit("bot", 50);
        assertThat(refused("other", 1).kind()).isEqualTo(LimitReached.Kind.CONCURRENT);
    }

    @Test
    void newFilesKeepTheCountsOfWhatDidNotChange() {
        limits(new CallLimits(2, 100, 1), new CallLimits(9, null, null));
        Admission under = admit("bot", 100);
        limits(new CallLimits(2, 200, 2), new CallLimits(9, null, null));
        // one request and one place are taken still; the bucket of tokens is another
        admit("bot", 200);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.CONCURRENT);
        under.end(0, null);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.REQUESTS);
    }

    @Test
    void aBudgetIsSpentSoftlyThenHard() {
        budgets(null, DAILY);
        admit("bot", 1).end(1, new BigDecimal("4.999999999"));
        assertThat(counted(Meters.BUDGET_CROSSED)).isZero();
        admit("bot", 1).end(1, new BigDecimal("0.000000001"));
        admit("bot", 1).end(1, BigDecimal.ONE);
        assertThat(counted(Meters.BUDGET_CROSSED, Meters.APP, "bot", Meters.LEVEL, "soft"))
                .isEqualTo(1);
        Caller caller = allowances.withBudget(caller("bot"));
        assertThat(caller.budgetUsed()).isEqualTo(0.6);
        assertThat(caller.budgetLeft()).isEqualTo(4.0);
        assertThat(meters.get(Meters.BUDGET_USED)
                        .tags(Meters.TEAM, "support", Meters.APP, "bot")
                        .gauge()
                        .value())
                .isEqualTo(0.6);

        admit("bot", 1).end(1, new BigDecimal("4"));
        LimitReached limit = refused("bot", 1);
        assertThat(limit.kind()).isEqualTo(LimitReached.Kind.BUDGET);
        assertThat(limit.waitSeconds()).isZero();
        assertThat(limit).hasMessageStartingWith("The budget of app `support/bot` for this day is spent.");
        assertThat(counted(Meters.BUDGET_CROSSED, Meters.APP, "bot", Meters.LEVEL, "hard"))
                .isEqualTo(1);
        admit("other", 1);
    }

    @Test
    void aCallWithoutAPriceCountsForNoBudget() {
        budgets(DAILY, null);
        admit("bot", 1).end(1_000_000, null);
        assertThat(allowances.withBudget(caller("bot")).budgetUsed()).isZero();
    }

    @Test
    void aBudgetBeginsAnewWithItsWindow() {
        budgets(DAILY, null);
        Admission late = admit("bot", 1);
        admit("bot", 1).end(1, BigDecimal.TEN);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.BUDGET);
        now = NOON.plusSeconds(12 * 3_600);
        admit("bot", 1).end(1, BigDecimal.ONE);
        // A call of yesterday is yesterday's.
        late.end(1, BigDecimal.TEN);
        assertThat(allowances.withBudget(caller("bot")).budgetUsed()).isEqualTo(0.1);
    }

    @Test
    void whatWasSpentBeforeTheStartIsReadOnce() {
        books.spent.add(new SpendStore.Spent("support", "bot", new BigDecimal("3")));
        books.spent.add(new SpendStore.Spent("support", "other", new BigDecimal("2")));
        books.spent.add(new SpendStore.Spent("sales", "bot", new BigDecimal("90")));
        budgets(DAILY, plan("100", BudgetPlan.Window.DAY));
        allowances.load().await().indefinitely();
        assertThat(books.asked).containsExactly(Instant.parse("2026-03-10T00:00:00Z"), NOON);
        Caller caller = allowances.withBudget(caller("bot"));
        assertThat(caller.budgetUsed()).isEqualTo(0.5);
        assertThat(caller.budgetLeft()).isEqualTo(5.0);
        // said after a start too, or nobody would know
        assertThat(counted(Meters.BUDGET_CROSSED, Meters.APP, "-", Meters.LEVEL, "soft"))
                .isEqualTo(1);
    }

    @Test
    void whileTheStoreIsAwayBudgetsCountFromZeroAndCatchUp() {
        books.down = true;
        books.spent.add(new SpendStore.Spent("support", "bot", new BigDecimal("9")));
        budgets(DAILY, null);
        admit("bot", 1).end(1, BigDecimal.ONE);
        assertThat(allowances.withBudget(caller("bot")).budgetUsed()).isEqualTo(0.1);
        books.down = false;
        now = NOON.plusSeconds(60);
        allowances.load().await().indefinitely();
        assertThat(books.asked.getLast()).isEqualTo(NOON);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.BUDGET);
    }

    @Test
    void aHigherLimitKeepsWhatWasSpentAndAnotherWindowIsReadAnew() {
        budgets(DAILY, null);
        admit("bot", 1).end(1, BigDecimal.TEN);
        budgets(plan("20", BudgetPlan.Window.DAY), null);
        assertThat(allowances.withBudget(caller("bot")).budgetUsed()).isEqualTo(0.5);
        assertThat(books.asked).hasSize(2);
        budgets(plan("20", BudgetPlan.Window.MONTH), null);
        assertThat(books.asked.subList(2, 4)).containsExactly(Instant.parse("2026-03-01T00:00:00Z"), NOON);
    }

    @Test
    void aWindowIsOneOfTheCalendarWhereItsZoneIs() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        BudgetPlan day = new BudgetPlan(BigDecimal.ONE, BudgetPlan.Window.DAY, berlin, 1);
        // the night in which an hour is left out
        assertThat(day.startAt(Instant.parse("2026-03-29T12:00:00Z"))).isEqualTo("2026-03-28T23:00:00Z");
        assertThat(day.endAt(Instant.parse("2026-03-29T12:00:00Z"))).isEqualTo("2026-03-29T22:00:00Z");
        BudgetPlan week = plan("1", BudgetPlan.Window.WEEK);
        assertThat(week.startAt(NOON)).isEqualTo("2026-03-09T00:00:00Z");
        assertThat(week.endAt(NOON)).isEqualTo("2026-03-16T00:00:00Z");
        BudgetPlan month = plan("1", BudgetPlan.Window.MONTH);
        assertThat(month.endAt(Instant.parse("2026-12-31T23:59:59Z"))).isEqualTo("2027-01-01T00:00:00Z");
    }

    @Test
    void aBudgetOfNothingLetsNobodyIn() {
        budgets(plan("0", BudgetPlan.Window.MONTH), null);
        assertThat(refused("bot", 1).kind()).isEqualTo(LimitReached.Kind.BUDGET);
        assertThat(allowances.withBudget(caller("bot")).budgetUsed()).isEqualTo(1.0);
    }

    @Test
    void limitsAndBudgetsRefuseWhatTheyCannotMean() {
        assertThatThrownBy(() -> new CallLimits(0, null, null)).hasMessageStartingWith("requestsPerMinute must be");
        assertThatThrownBy(() -> plan("-1", BudgetPlan.Window.DAY)).hasMessageStartingWith("limit must not be");
    }

    @Test
    void aResetIsWrittenAsOpenAiDoes() {
        assertThat(new Standing.Rate(1, 1, 0).reset()).isEqualTo("0s");
        assertThat(new Standing.Rate(1, 1, 1).reset()).isEqualTo("1ms");
        assertThat(new Standing.Rate(1, 1, 19_000_001).reset()).isEqualTo("20ms");
        assertThat(new Standing.Rate(1, 1, SECOND).reset()).isEqualTo("1s");
        assertThat(new Standing.Rate(1, 1, 11 * SECOND + 1).reset()).isEqualTo("12s");
        assertThat(new Standing.Rate(1, 1, 360 * SECOND).reset()).isEqualTo("6m0s");
        assertThat(new Standing.Rate(1, 1, 3_661 * SECOND).reset()).isEqualTo("1h1m1s");
    }
}
