package dev.understudy.policy;

import dev.understudy.model.ModelCard;
import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Holds the set in force and looks every two seconds whether the files have changed. A set is swapped whole; broken files
 * leave the last good one in force. Asking is cheap and safe from any thread; loading happens on a worker, one at a time.
 */
@ApplicationScoped
public class PolicyStore {
    private static final Logger LOG = Logger.getLogger(PolicyStore.class);
    private static final Duration DATABASE_PATIENCE = Duration.ofSeconds(10);

    private final PolicyLoader loader;
    private final Path folder;
    private final boolean lastGoodWillDo;
    private final Snapshots snapshots;
    private final List<Consumer<PolicySet>> listeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger reloadOk = new AtomicInteger();

    private volatile @Nullable PolicySet current;
    private volatile PolicyLoader.@Nullable Loaded last;
    // Both guarded by this: what was loaded last, and what was seen once since.
    private String loadedDigest = "";
    private String seenDigest = "";

    @Inject
    PolicyStore(
            @ConfigProperty(name = "understudy.policies") String folder,
            @ConfigProperty(name = "understudy.policy.cold-start") String coldStart,
            Snapshots snapshots,
            MeterRegistry meters) {
        this(PolicyLoader.ofProcess(), Path.of(folder), coldStart, snapshots, meters);
    }

    PolicyStore(PolicyLoader loader, Path folder, String coldStart, Snapshots snapshots, MeterRegistry meters) {
        if (!coldStart.equals("refuse") && !coldStart.equals("last-good")) {
            throw new IllegalArgumentException(
                    "understudy.policy.cold-start must be refuse or last-good, got " + coldStart);
        }
        this.loader = loader;
        this.folder = folder.toAbsolutePath().normalize();
        this.lastGoodWillDo = coldStart.equals("last-good");
        this.snapshots = snapshots;
        meters.gauge(Meters.POLICY_RELOAD_OK, reloadOk);
        FunctionCounter.builder(Meters.POLICY_CONDITION_FAILED, loader.failedConditions(), LongAdder::doubleValue)
                .register(meters);
    }

    /** The set in force. */
    public PolicySet current() {
        PolicySet set = current;
        if (set == null) {
            throw new IllegalStateException("no policy set has been loaded");
        }
        return set;
    }

    /** What became of the files when they were last loaded; its set is null when they are broken. */
    public PolicyLoader.Loaded lastLoaded() {
        PolicyLoader.Loaded loaded = last;
        if (loaded == null) {
            throw new IllegalStateException("no policy set has been loaded");
        }
        return loaded;
    }

    /** The folder that is watched, absolute. */
    public Path folder() {
        return folder;
    }

    /**
     * Tells the listener of the set in force at once, and of each later one just before calls see it, on the thread that
     * loads. A listener that throws is logged and stops nobody.
     */
    public synchronized void onActivate(Consumer<PolicySet> listener) {
        listeners.add(listener);
        PolicySet set = current;
        if (set != null) {
            listener.accept(set);
        }
    }

    /** The first load belongs to the start, whoever asks first. */
    void start(@Observes @Priority(100) StartupEvent event) {
        LOG.debugf("policies loaded %s=%s", Keys.REVISION, current().revision());
    }

    /**
     * The first load.
     *
     * @throws PolicyRefused when the files are broken and no earlier set may or can take their place
     */
    @PostConstruct
    synchronized void loadFirst() {
        PolicyFiles files = PolicyFiles.read(folder);
        PolicyLoader.Loaded loaded = take(files);
        if (loaded.set() != null) {
            return;
        }
        if (!lastGoodWillDo) {
            throw new PolicyRefused(
                    folder.toString(), loaded, "mend them, or start with UNDERSTUDY_POLICY_COLD_START=last-good");
        }
        PolicySet earlier = lastGood();
        if (earlier == null) {
            throw new PolicyRefused(folder.toString(), loaded, "and no earlier revision is stored that could be used");
        }
        LOG.warnf(
                "policies are broken, last good revision in force %s=%s %s=%d",
                Keys.REVISION, earlier.revision(), Keys.COUNT, loaded.errors());
        activate(earlier);
    }

    private @Nullable PolicySet lastGood() {
        Optional<PolicyFiles> stored = snapshots.lastGood().await().atMost(DATABASE_PATIENCE);
        return stored.isEmpty() ? null : loader.load(stored.get()).set();
    }

    /** Looks once. Files that stay as they are between two looks are loaded, so that half a copy is not. */
    @Scheduled(
            every = "2s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP,
            skipExecutionIf = Scheduled.ApplicationNotRunning.class)
    synchronized void look() {
        PolicyFiles files = PolicyFiles.read(folder);
        String digest = files.digest();
        if (digest.equals(loadedDigest)) {
            seenDigest = digest;
        } else if (digest.equals(seenDigest)) {
            takeWhateverHappens(files);
        } else {
            seenDigest = digest;
        }
    }

    /** A fault of ours in the loader must look like a fault of the files: the set in force stays, and a person is told. */
    private void takeWhateverHappens(PolicyFiles files) {
        try {
            take(files);
        } catch (RuntimeException e) {
            loadedDigest = files.digest();
            reloadOk.set(0);
            LOG.errorf(
                    e,
                    "policies not loaded, earlier revision stays %s=%s",
                    Keys.REVISION,
                    current().revision());
        }
    }

    /** Loads the files as they are now, without waiting for the next look. Slow: for a worker. */
    public synchronized PolicyLoader.Loaded reload() {
        return take(PolicyFiles.read(folder));
    }

    private PolicyLoader.Loaded take(PolicyFiles files) {
        PolicyLoader.Loaded loaded = loader.load(
                files, current == null ? null : current().catalogue().currency());
        loadedDigest = files.digest();
        seenDigest = loadedDigest;
        last = loaded;
        PolicySet set = loaded.set();
        boolean wasOk = reloadOk.getAndSet(set == null ? 0 : 1) == 1;
        if (set != null && !wasOk && current != null) {
            LOG.infof("policies are sound again %s=%s", Keys.REVISION, set.revision());
        }
        if (set == null) {
            if (current != null || lastGoodWillDo) {
                loaded.problems().stream()
                        .filter(Problem::isError)
                        .forEach(problem -> LOG.errorf("policy problem found: %s", problem));
            }
            if (current != null) {
                LOG.errorf(
                        "policies rejected, earlier revision stays %s=%s %s=%d",
                        Keys.REVISION, current().revision(), Keys.COUNT, loaded.errors());
            }
        } else {
            activate(set);
        }
        snapshots.write(files, loaded);
        return loaded;
    }

    private void activate(PolicySet set) {
        PolicySet before = current;
        boolean same = before != null
                && before.fullRevision().equals(set.fullRevision())
                && before.catalogue().equals(set.catalogue());
        if (same) {
            return;
        }
        for (Consumer<PolicySet> listener : listeners) {
            try {
                listener.accept(set);
            } catch (RuntimeException e) {
                LOG.errorf(e, "policy listener failed %s=%s", Keys.REVISION, set.revision());
            }
        }
        current = set;
        LOG.infof("policies activated %s=%s rules=%d", Keys.REVISION, set.revision(), set.ruleCount());
        tellStandIns(set);
    }

    /** Says so when a rule may let a small model answer for a large one that nobody has configured. */
    private static void tellStandIns(PolicySet set) {
        for (Policy policy : set.policies()) {
            for (Rule rule : policy.rules()) {
                for (Condition condition : rule.match().all()) {
                    if (condition instanceof Condition.Unavailable(List<String> models)) {
                        models.forEach(model -> tellStandIn(set, rule, model));
                    }
                }
            }
        }
    }

    private static void tellStandIn(PolicySet set, Rule rule, String model) {
        ModelCard card = set.catalogue().card(model).orElse(null);
        if (card == null || !(card.place() instanceof ModelCard.Place.Upstream upstream)) {
            return;
        }
        switch (upstream.credential()) {
            case ModelCard.Credential.Forward forward ->
                LOG.infof(
                        "rule can hold for calls without a provider key %s=%s %s=%s",
                        Keys.RULE, rule.id(), Keys.MODEL, model);
            case ModelCard.Credential.Missing missing ->
                LOG.infof(
                        "rule can hold since a key is missing %s=%s %s=%s %s=%s",
                        Keys.RULE, rule.id(), Keys.MODEL, model, Keys.REASON, missing.missing());
            case ModelCard.Credential.None none -> {}
            case ModelCard.Credential.Ours ours -> {}
        }
    }
}
