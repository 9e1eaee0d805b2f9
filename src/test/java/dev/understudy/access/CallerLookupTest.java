package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Caller;
import dev.understudy.call.Purpose;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallerLookupTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String KEY = "usk_AAAAAAAA_" + "b".repeat(32);
    private static final String OTHER_KEY = "usk_AAAAAAAA_" + "c".repeat(32);

    private final Rows rows = new Rows();
    private final AtomicLong nanos = new AtomicLong();
    private final CallerLookup lookup = new CallerLookup(
            rows,
            new SubjectMark(new byte[32]),
            new Allowances(
                    (from, until) -> Uni.createFrom().item(List.of()),
                    () -> NOW,
                    new SimpleMeterRegistry(),
                    nanos::get),
            () -> NOW,
            nanos::get);

    /** Keys in memory, which may be down. */
    private static final class Rows implements KeyStore {
        private final Map<KeyDigest, KeyRecord> keys = new HashMap<>();
        private int asked;
        private boolean down;
        private boolean silent;

        @Override
        public Uni<Optional<KeyRecord>> find(String prefix, KeyDigest digest) {
            asked++;
            if (silent) {
                return Uni.createFrom().nothing();
            }
            return down
                    ? Uni.createFrom().failure(new IllegalStateException("connection refused"))
                    : Uni.createFrom().item(Optional.ofNullable(keys.get(digest)));
        }
    }

    private static AccessRules rules(AccessRules.Allow allow) {
        AccessRules.App app = new AccessRules.App(
                "default", List.of("*"), false, Set.of(Purpose.DEBUG, Purpose.TRAINING), CallLimits.NONE, null);
        AccessRules.Team team = new AccessRules.Team(
                "local", Map.of("a", "b"), Sensitivity.PERSONAL, CallLimits.NONE, null, Map.of("default", app));
        return new AccessRules(new AccessRules.Anonymous(allow, "local", "default"), Map.of("local", team));
    }

    private void store(@Nullable Instant expiresAt, @Nullable Instant revokedAt, String team) {
        rows.keys.put(
                KeyDigest.of(KEY),
                new KeyRecord(new UUID(1, 2), "AAAAAAAA", team, "default", "n", NOW, expiresAt, revokedAt));
    }

    private Caller find(@Nullable String authorization, @Nullable String apiKey, boolean loopback) {
        return lookup.find(authorization, apiKey, loopback, Map.of(), rules(AccessRules.Allow.LOOPBACK))
                .await()
                .atMost(Duration.ofSeconds(5));
    }

    private void isDenied(AccessDenied.Reason reason, @Nullable String authorization, @Nullable String apiKey) {
        assertThatThrownBy(() -> find(authorization, apiKey, true))
                .cause()
                .isInstanceOfSatisfying(
                        AccessDenied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(reason));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer none", "bearer NONE", "Bearer  none "})
    void aWordThatIsNoKeyIsNone(String authorization) {
        Caller caller = find(authorization, null, true);
        assertThat(caller.anonymous()).isTrue();
        assertThat(caller.providerKey()).isNull();
        assertThat(caller.team()).isEqualTo("local");
        assertThat(caller.sensitivityFloor()).isEqualTo(Sensitivity.PERSONAL);
        assertThat(rows.asked).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer sk-mine", "BEARER sk-mine", "bearer   sk-mine"})
    void anyOtherCredentialIsForTheProvider(String authorization) {
        assertThat(find(authorization, null, true).providerKey()).isEqualTo(new Secret("sk-mine"));
        assertThat(find(null, "sk-mine", true).providerKey()).isEqualTo(new Secret("sk-mine"));
        assertThat(rows.asked).isZero();
    }

    @ParameterizedTest
    @CsvSource({"NEVER,true,false", "LOOPBACK,true,true", "LOOPBACK,false,false", "ALWAYS,false,true"})
    void anonymousCallersComeFromWhereTheyMay(AccessRules.Allow allow, boolean loopback, boolean allowed) {
        Uni<Caller> found = lookup.find(null, null, loopback, Map.of(), rules(allow));
        if (allowed) {
            assertThat(found.await().indefinitely().team()).isEqualTo("local");
        } else {
            assertThatThrownBy(() -> found.await().indefinitely()).cause().isInstanceOf(AccessDenied.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Basic dXNlcjpwYXNz",
                "Bearer two words",
                "Bearer schlüssel",
                "Bearer ' or 1=1 --",
                "Bearer usk_",
                "Bearer usk_AAAAAAAA_short",
                "Bearer usk_AAAAAAAA_" + "!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            })
    void whatCannotBeAKeyIsTurnedAwayAndNeverHandedOn(String authorization) {
        isDenied(AccessDenied.Reason.MALFORMED, authorization, null);
        assertThat(rows.asked).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer", "bearer ", "", "  "})
    void anEmptyCredentialIsTurnedAway(String authorization) {
        isDenied(AccessDenied.Reason.EMPTY, authorization, null);
        isDenied(AccessDenied.Reason.EMPTY, null, "");
        isDenied(AccessDenied.Reason.EMPTY, "Bearer none", " ");
    }

    @Test
    void twoPrincipalsAreTurnedAway() {
        isDenied(AccessDenied.Reason.SEVERAL, "Bearer sk-a", "sk-b");
        isDenied(AccessDenied.Reason.SEVERAL, "Bearer none", "sk-b");
        isDenied(AccessDenied.Reason.SEVERAL, "Bearer sk-a", KEY);
        assertThat(rows.asked).isZero();
    }

    @Test
    void theSamePrincipalTwiceIsOne() {
        store(null, null, "local");
        assertThat(find("Bearer " + KEY, KEY, false).keyId()).isEqualTo(new UUID(1, 2));
    }

    @Test
    void aKnownKeyIsItsTeamAndNeverAProviderKey() {
        store(null, null, "local");
        Caller caller = find("Bearer " + KEY, null, false);
        assertThat(caller.keyId()).isEqualTo(new UUID(1, 2));
        assertThat(caller.tags()).containsEntry("a", "b");
        assertThat(caller.providerKey()).isNull();
        assertThat(find(null, KEY, false).keyId()).isEqualTo(new UUID(1, 2));
        assertThat(rows.asked).isEqualTo(1);
    }

    @Test
    void anUnknownKeyOfOursIsTurnedAwayAndAskedForOnce() {
        isDenied(AccessDenied.Reason.UNKNOWN, "Bearer " + OTHER_KEY, null);
        isDenied(AccessDenied.Reason.UNKNOWN, "Bearer " + OTHER_KEY, null);
        assertThat(rows.asked).isEqualTo(1);
        nanos.addAndGet(Duration.ofSeconds(11).toNanos());
        isDenied(AccessDenied.Reason.UNKNOWN, "Bearer " + OTHER_KEY, null);
        assertThat(rows.asked).isEqualTo(2);
    }

    @Test
    void theRevocationOfAKeyInUseIsSeenWithinSeconds() {
        store(null, null, "local");
        find("Bearer " + KEY, null, false);
        store(null, NOW, "local");
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        find("Bearer " + KEY, null, false);
        assertThat(rows.asked).isEqualTo(1);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        isDenied(AccessDenied.Reason.REVOKED, "Bearer " + KEY, null);
        assertThat(rows.asked).isEqualTo(2);
    }

    @Test
    void aKeyInUseDoesNotWaitWhileItIsAskedForAgain() {
        store(null, null, "local");
        find("Bearer " + KEY, null, false);
        rows.silent = true;
        nanos.addAndGet(Duration.ofSeconds(4).toNanos());
        Uni<Caller> again = lookup.find("Bearer " + KEY, null, false, Map.of(), rules(AccessRules.Allow.NEVER));
        assertThat(again.subscribeAsCompletionStage()).isDone();
        assertThat(rows.asked).isEqualTo(2);
    }

    @Test
    void expiredRevokedAndOrphanedKeysAreTurnedAway() {
        store(NOW, null, "local");
        isDenied(AccessDenied.Reason.EXPIRED, "Bearer " + KEY, null);
        lookup.forgetKeys();
        store(NOW.plusSeconds(1), NOW, "local");
        isDenied(AccessDenied.Reason.REVOKED, "Bearer " + KEY, null);
        lookup.forgetKeys();
        store(NOW.plusSeconds(1), null, "gone");
        isDenied(AccessDenied.Reason.NO_TEAM, "Bearer " + KEY, null);
    }

    @Test
    void whileTheStoreIsDownKnownKeysGoOnAndOthersMayTryAgain() {
        store(null, null, "local");
        find("Bearer " + KEY, null, false);
        rows.down = true;
        nanos.addAndGet(Duration.ofSeconds(11).toNanos());
        assertThat(find("Bearer " + KEY, null, false).team()).isEqualTo("local");
        assertThat(find("Bearer " + KEY, null, false).team()).isEqualTo("local");
        assertThat(rows.asked).isEqualTo(2);
        assertThatThrownBy(() -> find("Bearer " + OTHER_KEY, null, true))
                .cause()
                .isInstanceOf(KeysUnavailable.class);
        assertThat(find(null, null, true).team()).isEqualTo("local");
        nanos.addAndGet(Duration.ofHours(25).toNanos());
        assertThatThrownBy(() -> find("Bearer " + KEY, null, true)).cause().isInstanceOf(KeysUnavailable.class);
    }

    @Test
    void aCallMayTakeConsentAwayOnly() {
        assertThat(consent(Map.of())).containsExactlyInAnyOrder(Purpose.DEBUG, Purpose.TRAINING);
        assertThat(consent(Map.of("x-understudy-no-train", "1"))).containsExactly(Purpose.DEBUG);
        assertThat(consent(Map.of("x-understudy-consent", "training, evaluation")))
                .containsExactly(Purpose.TRAINING);
        assertThat(consent(Map.of("x-understudy-consent", "none"))).isEmpty();
    }

    private Set<Purpose> consent(Map<String, String> headers) {
        return lookup.find(null, null, true, headers, rules(AccessRules.Allow.LOOPBACK))
                .await()
                .indefinitely()
                .consent();
    }

    @Test
    void theEndUserIsAHashThatDiffersByTeam() {
        Map<String, String> headers = Map.of("x-understudy-subject", "jane@example.org");
        Caller caller = lookup.find(null, null, true, headers, rules(AccessRules.Allow.LOOPBACK))
                .await()
                .indefinitely();
        SubjectMark marks = new SubjectMark(new byte[32]);
        assertThat(caller.subject()).matches("[0-9a-f]{32}").isEqualTo(marks.of("local", "jane@example.org"));
        assertThat(marks.of("other", "jane@example.org")).isNotEqualTo(caller.subject());
        assertThat(find(null, null, true).subject()).isNull();
    }

    @Test
    void aMadeKeyHasItsFormAndPrintsNowhere() {
        String key = KeyForm.make(new Random(1));
        assertThat(key).matches("usk_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}");
        assertThat(KeyForm.prefixOf(key)).isEqualTo(key.substring(4, 12));
        assertThat(KeyDigest.of(key)).isEqualTo(KeyDigest.of(key)).isNotEqualTo(KeyDigest.of(KEY));
        assertThat(KeyDigest.of(key).toString()).hasSize(8);
    }
}
