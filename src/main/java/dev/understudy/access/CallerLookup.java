package dev.understudy.access;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.understudy.call.Caller;
import dev.understudy.call.Secret;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Says who is calling, from what the caller shows. Anonymous callers cost no query. */
@ApplicationScoped
public class CallerLookup {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KeyCache keys;
    private final SubjectMark subjects;
    private final Allowances allowances;
    private final InstantSource clock;

    @Inject
    CallerLookup(ApiKeys keys, SubjectMark subjects, Allowances allowances, InstantSource clock) {
        this(keys, subjects, allowances, clock, Ticker.systemTicker());
    }

    CallerLookup(KeyStore store, SubjectMark subjects, Allowances allowances, InstantSource clock, Ticker ticker) {
        this.subjects = subjects;
        this.allowances = allowances;
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
     *     x-understudy-no-train} narrow the consent, {@code x-understudy-subject} names the end user
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

    private Uni<Caller> anonymous(
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

    private Uni<Caller> caller(
            @Nullable UUID keyId,
            String teamName,
            String appName,
            @Nullable Secret providerKey,
            Map<String, String> headers,
            AccessRules rules) {
        String subject = headers.get("x-understudy-subject");
        String mark = subject == null || subject.isBlank() ? null : subjects.of(teamName, subject.strip());
        Caller caller = rules.caller(teamName, appName, keyId, providerKey, mark, headers);
        return caller == null
                ? denied(AccessDenied.Reason.NO_TEAM)
                : Uni.createFrom().item(allowances.withBudget(caller));
    }

    private static Uni<Caller> denied(AccessDenied.Reason reason) {
        return Uni.createFrom().failure(new AccessDenied(reason));
    }
}
