package dev.understudy.serve;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.understudy.access.AccessDenied;
import dev.understudy.access.Admission;
import dev.understudy.access.Allowances;
import dev.understudy.access.CallerLookup;
import dev.understudy.access.KeysUnavailable;
import dev.understudy.access.LimitReached;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Signals;
import dev.understudy.call.TokenCount;
import dev.understudy.inspect.Inspector;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.policy.Decider;
import dev.understudy.policy.Held;
import dev.understudy.policy.PolicySet;
import dev.understudy.policy.PolicyStore;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The house's own judgement: access, then inspect, then policy. */
@ApplicationScoped
class HouseJudgement implements Judgement {
    private static final Logger LOG = Logger.getLogger(HouseJudgement.class);

    private static final int BEFORE_DOOR = 200;
    private static final Duration SPEND_PATIENCE = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final CallerLookup callers;
    private final Inspector inspector;
    private final PolicyStore policies;
    private final ModelDirectory directory;
    private final Allowances allowances;
    private final UpstreamNames upstreamNames = new UpstreamNames(Ticker.systemTicker());

    @Inject
    HouseJudgement(
            Vertx vertx,
            CallerLookup callers,
            Allowances allowances,
            Inspector inspector,
            PolicyStore policies,
            ModelDirectory directory) {
        this.vertx = vertx;
        this.callers = callers;
        this.allowances = allowances;
        this.inspector = inspector;
        this.policies = policies;
        this.directory = directory;
    }

    /** Before the door opens, limits are in force and what was spent is known, unless the database is away. */
    void start(@Observes @Priority(BEFORE_DOOR) StartupEvent event) {
        policies.onActivate(set -> allowances.activate(set.access()));
        allowances
                .load()
                .ifNoItem()
                .after(SPEND_PATIENCE)
                .fail()
                .onFailure()
                .recoverWithNull()
                .await()
                .indefinitely();
    }

    @Override
    public Future<Caller> caller(
            @Nullable String authorization, @Nullable String apiKey, boolean loopback, Map<String, String> headers) {
        // A promise of the loop's context brings an answer from another thread back to the loop.
        Promise<Caller> caller = ((ContextInternal) vertx.getOrCreateContext()).promise();
        callers.find(
                        authorization,
                        apiKey,
                        loopback,
                        headers,
                        policies.current().access())
                .subscribe()
                .with(caller::tryComplete, cause -> caller.tryFail(failure(cause)));
        return caller.future();
    }

    @Override
    public Ruling judge(Call call, Caller caller, Held held) throws LimitReached {
        ModelDirectory.Current current = directory.hold();
        LiveModels models = current.models();
        Admission admission = null;
        try {
            Signals signals = signals(call, caller, current.set());
            admission = allowances.admit(caller, tokens(call, signals), call.receivedAt());
            Decision decision =
                    Decider.decide(call, caller, signals, current.set(), name -> readiness(models, name), held);
            return new Ruling(signals, decision, models, admission);
        } catch (RuntimeException | LimitReached e) {
            models.release();
            if (admission != null) {
                admission.end(0, null);
            }
            throw e;
        }
    }

    /** The contents are searched only where a guard asks for it. */
    private Signals signals(Call call, Caller caller, PolicySet set) {
        Signals signals = inspector.inspect(call, caller, set.smallModels());
        return set.looksInto(caller) ? inspector.lookInto(call, caller, signals) : signals;
    }

    /** What a call may read and write at most, as far as it says so. */
    private static long tokens(Call call, Signals signals) {
        Integer most = call.maxTokens();
        return most == null ? signals.tokens() : signals.tokens() + (long) Math.max(0, most) * Math.max(1, call.n());
    }

    @Override
    public void reported(Call call, TokenCount tokens) {
        inspector.reported(call, tokens);
    }

    @Override
    public Future<ModelNames> modelsFor(Caller caller) {
        Promise<ModelNames> names = ((ContextInternal) vertx.getOrCreateContext()).promise();
        ModelDirectory.Current current = directory.hold();
        PolicySet set = current.set();
        List<Model> passing = new ArrayList<>();
        for (ModelCard card : set.passingNamesOn()) {
            Model model = current.models().model(card.name());
            if (model != null) {
                passing.add(model);
            }
        }
        var _ = upstreamNames
                .merged(set.modelsFor(caller), passing, caller.providerKey(), name -> set.mayAsk(caller, name))
                .whenComplete((found, failure) -> {
                    current.models().release();
                    if (failure == null) {
                        names.complete(found);
                    } else {
                        names.fail(failure);
                    }
                });
        return names.future();
    }

    private static Readiness readiness(LiveModels models, String name) {
        Model model = models.model(name);
        return model == null ? Readiness.unavailable("nothing here runs such models") : model.readiness();
    }

    private static ApiFailure failure(Throwable cause) {
        return switch (cause) {
            case AccessDenied denied -> new ApiFailure(ApiError.INVALID_API_KEY, String.valueOf(denied.getMessage()));
            case KeysUnavailable unavailable ->
                new ApiFailure(ApiError.SERVER_IS_OVERLOADED, String.valueOf(unavailable.getMessage()));
            default -> {
                LOG.error("caller not found out", cause);
                yield new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL);
            }
        };
    }
}
