package dev.understudy.access;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.understudy.call.Caller;
import dev.understudy.call.Purpose;
import dev.understudy.call.Secret;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Says who is calling, from what the caller shows. Anonymous callers cost no query. */
@ApplicationScoped
public class CallerLookup {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final KeyCache keys;
    private final InstantSource clock;

    @Inject
    CallerLookup(ApiKeys keys, InstantSource clock) {
        this(keys, clock, Ticker.systemTicker());
    }

    CallerLookup(KeyStore store, InstantSource clock, Ticker ticker) {
        this.keys = new KeyCache(store, ticker, PATIENCE);
        this.clock = clock;
    }

    /**
     * Who is calling. A key of ours, known or not, is never handed on; any other credential of an anonymous caller
     * becomes its {@link Caller#providerKey()}.
     *
     * @param authorization the header as sent, or null
     * @param apiKeyHeader {@code api-key}, else {@code x-api-key}, or null
     * @param loopback whether the connection comes from this machine
     * @param headers of the request, names in lower case; {@code x-understudy-consent} and {@code
     *     x-understudy-no-train} narrow the consent
     * @return the caller; fails with {@link AccessDenied} when turned away and with {@link KeysUnavailable} when the
     *     store of keys is down and the key not among those remembered. Given on the calling thread for anonymous
     *     callers, else on any.
     */
    public Uni<Caller> find(
            @Nullable String authorization,
            @Nullable String apiKeyHeader,
            boolean loopback,
            Map<String, String> headers,
            AccessRules rules) {
        Credential credential;
        try {
            credential = Credential.read(authorization, apiKeyHeader);
        } catch (AccessDenied denied) {
            return Uni.createFrom().failure(denied);
        }
        return switch (credential) {
            case Credential.Nothing nothing -> anonymous(null, loopback, headers, rules);
            case Credential.Provider provider -> anonymous(provider.key(), loopback, headers, rules);
            case Credential.Ours ours -> keys.find(ours).onItem().transformToUni(found -> byKey(found, headers, rules));
        };
    }

    /** Forgets what is remembered of keys, so that one just revoked is turned away at once. */
    public void forgetKeys() {
        keys.clear();
    }

    private static Uni<Caller> anonymous(
            @Nullable Secret providerKey, boolean loopback, Map<String, String> headers, AccessRules rules) {
        AccessRules.Anonymous anonymous = rules.anonymous();
        boolean allowed = switch (anonymous.allow()) {
            case NEVER -> false;
            case LOOPBACK -> loopback;
            case ALWAYS -> true;
        };
        if (!allowed) {
            return denied(providerKey == null ? AccessDenied.Reason.MISSING : AccessDenied.Reason.UNKNOWN);
        }
        return caller(null, anonymous.team(), anonymous.app(), providerKey, headers, rules);
    }

    private Uni<Caller> byKey(Optional<KeyRecord> found, Map<String, String> headers, AccessRules rules) {
        if (found.isEmpty()) {
            return denied(AccessDenied.Reason.UNKNOWN);
        }
        KeyRecord key = found.get();
        AccessDenied.Reason fault = key.faultAt(clock.instant());
        return fault != null ? denied(fault) : caller(key.id(), key.team(), key.app(), null, headers, rules);
    }

    private static Uni<Caller> caller(
            @Nullable UUID keyId,
            String teamName,
            String appName,
            @Nullable Secret providerKey,
            Map<String, String> headers,
            AccessRules rules) {
        AccessRules.Team team = rules.teams().get(teamName);
        AccessRules.App app = rules.app(teamName, appName);
        if (team == null || app == null) {
            return denied(AccessDenied.Reason.NO_TEAM);
        }
        return Uni.createFrom()
                .item(new Caller(
                        teamName,
                        appName,
                        keyId,
                        team.tags(),
                        app.models(),
                        app.human(),
                        consent(app.consent(), headers),
                        null,
                        team.sensitivityFloor(),
                        providerKey));
    }

    /** A call may take consent away, never add to it. Words that are no purpose take everything away. */
    private static Set<Purpose> consent(Set<Purpose> given, Map<String, String> headers) {
        String asked = headers.get("x-understudy-consent");
        String noTrain = headers.get("x-understudy-no-train");
        if (asked == null && noTrain == null) {
            return given;
        }
        Set<Purpose> left = EnumSet.noneOf(Purpose.class);
        left.addAll(given);
        if (noTrain != null && !noTrain.strip().equals("0")) {
            left.remove(Purpose.TRAINING);
        }
        if (asked != null) {
            List<String> words = List.of(asked.toLowerCase(Locale.ROOT).strip().split("[,\\s]+"));
            left.removeIf(purpose -> !words.contains(purpose.wire()));
        }
        return left;
    }

    private static Uni<Caller> denied(AccessDenied.Reason reason) {
        return Uni.createFrom().failure(new AccessDenied(reason));
    }
}
