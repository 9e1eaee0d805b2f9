package dev.understudy.access;

import dev.understudy.call.Caller;
import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Lets calls in, within the limits and budgets of their team and app, which both hold. Everything is counted in memory;
 * what was spent earlier in the window of a budget is read from the database once. Until it has been, a budget counts
 * from zero: a database that is away stops nobody.
 */
@ApplicationScoped
public class Allowances {
    private static final Logger LOG = Logger.getLogger(Allowances.class);

    private final SpendStore store;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final MultiGauge shares;
    private final LongSupplier nanos;
    private final AtomicBoolean loading = new AtomicBoolean();
    private final AtomicBoolean isAway = new AtomicBoolean();

    private volatile Map<String, Map<String, Allowance>> byTeam = Map.of();
    private volatile List<Budget> budgets = List.of();
    // Both by team, or team/app, of the rules in force; guarded by this.
    private Map<String, Meter> inUse = Map.of();
    private Map<String, Ledger> ledgers = Map.of();

    @Inject
    Allowances(SpendStore store, InstantSource clock, MeterRegistry meters) {
        this(store, clock, meters, System::nanoTime);
    }

    /**
     * @param nanos the monotonic clock
     */
    Allowances(SpendStore store, InstantSource clock, MeterRegistry meters, LongSupplier nanos) {
        this.store = store;
        this.clock = clock;
        this.meters = meters;
        this.nanos = nanos;
        this.shares = MultiGauge.builder(Meters.BUDGET_USED).register(meters);
    }

    /**
     * Takes these rules from the next call on. A limit that stays as it was keeps its count, a budget whose window
     * stays keeps what was spent; calls under way keep the places that they have.
     */
    public synchronized void activate(AccessRules rules) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Round round = new Round(now, nanos.getAsLong());
        Map<String, Map<String, Allowance>> teams = new HashMap<>();
        for (AccessRules.Team team : rules.teams().values()) {
            teams.put(team.name(), round.team(team));
        }
        inUse = round.meters;
        ledgers = round.ledgers;
        budgets = List.copyOf(round.budgets);
        byTeam = Map.copyOf(teams);
        shares.register(
                budgets.stream()
                        .map(budget -> MultiGauge.Row.of(
                                Tags.of(Meters.TEAM, budget.team(), Meters.APP, budget.app()),
                                budget,
                                one -> one.used(clock.instant())))
                        .toList(),
                true);
    }

    /**
     * Lets a call in.
     *
     * @param tokens how many it is thought to read and write; what it turns out to be is settled at its end
     * @throws LimitReached when a limit or budget of its team or app is met; nothing is taken then
     */
    public Admission admit(Caller caller, long tokens, Instant receivedAt) throws LimitReached {
        Allowance allowance = of(caller.team(), caller.app());
        if (allowance == null) {
            return Admission.FREE;
        }
        try {
            return allowance.admit(tokens, receivedAt);
        } catch (LimitReached limit) {
            meters.counter(
                            Meters.LIMIT_REFUSED,
                            Meters.TEAM,
                            caller.team(),
                            Meters.KIND,
                            limit.kind().wire())
                    .increment();
            throw limit;
        }
    }

    /** The caller with what is left of its budgets; the same where it has none. */
    Caller withBudget(Caller caller) {
        Allowance allowance = of(caller.team(), caller.app());
        if (allowance == null || (allowance.teamBudget() == null && allowance.appBudget() == null)) {
            return caller;
        }
        Instant now = clock.instant();
        return caller.withBudget(allowance.budgetUsed(now), allowance.budgetLeft(now));
    }

    /** Reads what was spent before the ledgers were opened, where that is still unknown. Never fails. */
    public Uni<Void> load() {
        Map<List<Instant>, List<Budget>> missing = new HashMap<>();
        for (Budget budget : budgets) {
            if (!budget.ledger().isComplete()) {
                List<Instant> span =
                        List.of(budget.ledger().firstStart(), budget.ledger().openedAt());
                missing.computeIfAbsent(span, key -> new ArrayList<>()).add(budget);
            }
        }
        if (missing.isEmpty() || !loading.compareAndSet(false, true)) {
            return Uni.createFrom().voidItem();
        }
        Uni<Void> all = Uni.createFrom().voidItem();
        for (Map.Entry<List<Instant>, List<Budget>> span : missing.entrySet()) {
            all = all.chain(() -> store.between(
                            span.getKey().getFirst(), span.getKey().getLast()))
                    .invoke(spent -> span.getValue().forEach(budget -> take(budget, spent)))
                    .replaceWithVoid();
        }
        return all.invoke(() -> isAway.set(false))
                .onFailure()
                .invoke(this::tellAway)
                .onFailure()
                .recoverWithNull()
                .onTermination()
                .invoke(() -> loading.set(false));
    }

    private void tellAway(Throwable failure) {
        if (isAway.compareAndSet(false, true)) {
            LOG.warnf(
                    "spend not read, budgets count from zero %s=%s",
                    Keys.REASON, failure.getClass().getSimpleName());
        }
    }

    /** For budgets that came with a later version of the files, and those for which the database was away. */
    @Scheduled(
            every = "5s",
            delayed = "10s",
            identity = "spend",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    Uni<Void> loadAgain() {
        return load();
    }

    private void take(Budget budget, Collection<SpendStore.Spent> spent) {
        BigDecimal sum = BigDecimal.ZERO;
        for (SpendStore.Spent one : spent) {
            if (one.team().equals(budget.team())
                    && (budget.app().equals("-") || one.app().equals(budget.app()))) {
                sum = sum.add(one.cost());
            }
        }
        budget.ledger().addEarlier(sum);
        budget.tell(clock.instant());
    }

    @Nullable
    Allowance of(String team, String app) {
        Map<String, Allowance> apps = byTeam.get(team);
        return apps == null ? null : apps.get(app);
    }

    /** One turn of making allowances of rules; keeps what is in use and did not change. */
    private final class Round {
        private final Map<String, Meter> meters = new HashMap<>();
        private final Map<String, Ledger> ledgers = new HashMap<>();
        private final List<Budget> budgets = new ArrayList<>();
        private final Instant now;
        private final long nanosNow;

        Round(Instant now, long nanosNow) {
            this.now = now;
            this.nanosNow = nanosNow;
        }

        Map<String, Allowance> team(AccessRules.Team team) {
            Meter whole = meter(team.name(), "team `" + team.name() + "`", team.limits());
            Budget wholeBudget = budget(team.name(), team.name(), "-", team.budget());
            Map<String, Allowance> apps = new HashMap<>();
            for (AccessRules.App app : team.apps().values()) {
                String key = team.name() + "/" + app.name();
                Meter own = meter(key, "app `" + key + "`", app.limits());
                Budget ownBudget = budget(key, team.name(), app.name(), app.budget());
                boolean free = team.limits().equals(CallLimits.NONE)
                        && app.limits().equals(CallLimits.NONE)
                        && wholeBudget == null
                        && ownBudget == null;
                apps.put(app.name(), new Allowance(whole, own, wholeBudget, ownBudget, free, nanos));
            }
            return Map.copyOf(apps);
        }

        private Meter meter(String key, String scope, CallLimits limits) {
            Meter meter = Meter.of(scope, limits, inUse.get(key), nanosNow);
            meters.put(key, meter);
            return meter;
        }

        private @Nullable Budget budget(String key, String team, String app, @Nullable BudgetPlan plan) {
            if (plan == null) {
                return null;
            }
            Ledger before = Allowances.this.ledgers.get(key);
            Ledger ledger = before != null && before.isFor(plan) ? before : new Ledger(plan, now);
            ledgers.put(key, ledger);
            Budget budget = new Budget(team, app, plan, ledger, Allowances.this.meters);
            budgets.add(budget);
            return budget;
        }
    }
}
