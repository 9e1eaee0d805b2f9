package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.access.ApiKeys;
import dev.understudy.access.CallerLookup;
import dev.understudy.telemetry.Meters;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who may call, how often, for how much and which models: keys in the database, files, a door, real sockets. */
@QuarkusTest
@WithTestResource(CallersQuarkusTest.Teams.class)
class CallersQuarkusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String UNKNOWN = "usk_AAAAAAAA_" + "A".repeat(32);
    private static final String POLICIES = """
            apiVersion: understudy.dev/v1
            kind: Models
            metadata: { name: test }
            spec:
              currency: USD
              models:
              - { name: fixed, tier: llm, upstream: { baseUrl: "%1$s", model: sent-name },
                  pricing: [{ from: 2026-01-01, per1M: { input: 1000000, output: 1000000 } }] }
              - { name: any, tier: llm, upstream: { baseUrl: "%1$s" } }
              - { name: theirs, tier: llm, upstream: { baseUrl: "%1$s/theirs", apiKey: { env: NOT_SET, else: forward } } }
            ---
            apiVersion: understudy.dev/v1
            kind: Access
            metadata: { name: test }
            spec:
              anonymous: { allow: loopback, team: local, app: default }
              teams:
              - { name: local, apps: [{ name: default }] }
              - { name: narrow, apps: [{ name: default, models: [fixed, "gpt-*", "org/*"] }] }
              - { name: minute, limits: { requestsPerMinute: 3 },
                  apps: [{ name: default, limits: { requestsPerMinute: 2, tokensPerMinute: 100000 } }, { name: other }] }
              - { name: words, limits: { tokensPerMinute: 120 }, apps: [{ name: default }] }
              - { name: single, apps: [{ name: default, limits: { concurrent: 1 } }] }
              - { name: paths, limits: { requestsPerMinute: 3, concurrent: 1 }, apps: [{ name: default }] }
              - { name: money, budget: { limit: 10, window: month, softAt: 0.5 }, apps: [{ name: default }] }
            ---
            apiVersion: understudy.dev/v1
            kind: Policy
            metadata: { name: everyone }
            spec:
              rules:
              - { id: no, match: { model: ["no-*"] }, action: { deny: {} } }
              - { id: fixed, match: { model: [fixed] }, action: { llm: { model: fixed } } }
              - { id: theirs, match: { model: ["theirs-*"] }, action: { llm: { model: theirs } } }
              - { id: default, action: { llm: { model: any } } }
            ---
            apiVersion: understudy.dev/v1
            kind: Capture
            metadata: { name: test }
            spec:
              default: { record: metadata }
            """;

    @Inject
    AgentsDoor door;

    @Inject
    ApiKeys keys;

    @Inject
    CallerLookup lookup;

    @Inject
    MeterRegistry meters;

    @Inject
    Pool pool;

    private String key(String team, String app, @Nullable Instant expiresAt) {
        return keys.create(team, app, null, expiresAt).await().atMost(PATIENCE).key();
    }

    private String key(String team) {
        return key(team, "default", null);
    }

    private static String body(String model, String more) {
        return "{\"model\":\"" + model + "\"," + more + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    }

    private WireClient.Answer post(String body, String... headers) throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            return client.post(body, headers).answer();
        }
    }

    private WireClient.Answer chat(String key, String model) throws IOException {
        return post(body(model, ""), "authorization: Bearer " + key);
    }

    private WireClient.Answer get(String path, String... headers) throws IOException {
        return get(door.port(), path, headers);
    }

    private static WireClient.Answer get(int port, String path, String... headers) throws IOException {
        try (WireClient client = new WireClient(port)) {
            StringBuilder head = new StringBuilder("GET " + path + " HTTP/1.1\r\nhost: g\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            return client.send(head.append("\r\n").toString()).answer();
        }
    }

    /** Chat calls that the upstream has seen, and the credential of the last. */
    private String seen() throws IOException {
        // Not injected: the test classes of one application share its settings.
        int peer = ConfigProvider.getConfig().getValue("test.peer.port", Integer.class);
        return get(peer, "/seen").body();
    }

    @Test
    void aCredentialIsLookedAtBeforeAnythingElseAndNeverHandedOn() throws IOException {
        String good = key("local");
        String old = key("local", "default", Instant.now().minusSeconds(1));
        String orphan = key("gone");
        String revoked = key("local");
        keys.revoke(revoked.substring(4, 12)).await().atMost(PATIENCE);
        lookup.forgetKeys();
        String before = seen();
        List<List<String>> refused = List.of(
                List.of("authorization:"),
                List.of("authorization: Bearer"),
                List.of("authorization: Bearer  "),
                List.of("authorization: Basic dXNlcjpwYXNz"),
                List.of("authorization: " + good),
                List.of("authorization: Bearer two words"),
                List.of("authorization: Bearer schl\u00fcssel"),
                List.of("authorization: Bearer ' or 1=1 --"),
                List.of("authorization: Bearer " + UNKNOWN),
                List.of("authorization: Bearer " + good.substring(0, 40)),
                List.of("authorization: Bearer " + good.substring(0, 13) + "0".repeat(32)),
                List.of("authorization: Bearer " + old),
                List.of("authorization: Bearer " + orphan),
                List.of("authorization: Bearer " + revoked),
                List.of("authorization: Bearer " + good, "authorization: Bearer " + good),
                List.of("authorization: Bearer " + good, "Authorization: Bearer sk-other"),
                List.of("authorization: Bearer " + good, "api-key: sk-other"),
                List.of("authorization: Bearer sk-other", "x-api-key: " + good),
                List.of("authorization: Bearer " + good, "api-key:"),
                List.of("api-key: " + good, "x-api-key: sk-other"),
                List.of("api-key: " + good, "api-key: " + good),
                List.of("api-key: " + UNKNOWN),
                List.of("x-api-key:"));
        for (List<String> headers : refused) {
            for (String body : List.of(body("gpt-a", ""), "{ broken")) {
                WireClient.Answer answer = post(body, headers.toArray(String[]::new));
                assertThat(answer.status()).as("%s", headers).isEqualTo(401);
                assertThat(answer.body())
                        .startsWith("{\"error\":{\"message\":\"")
                        .endsWith("\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}")
                        .doesNotContain(good.substring(13), "sk-other", "AAAA");
            }
            assertThat(get("/v1/models", headers.toArray(String[]::new)).status())
                    .as("%s", headers)
                    .isEqualTo(401);
        }
        assertThat(seen()).isEqualTo(before);
        for (List<String> headers : List.of(
                List.of("authorization: Bearer " + good),
                List.of("AUTHORIZATION: bEaReR   " + good),
                List.of("api-key: " + good),
                List.of("x-api-key: " + good),
                List.of("authorization: Bearer " + good, "api-key: " + good, "x-api-key: " + good),
                List.of("authorization: Bearer none"),
                List.<String>of())) {
            assertThat(post(body("gpt-a", ""), headers.toArray(String[]::new)).status())
                    .as("%s", headers)
                    .isEqualTo(200);
            assertThat(seen()).endsWith(" null");
        }
    }

    @Test
    void anyOtherCredentialIsTheProvidersAndReachesItWhereItIsForwarded() throws IOException {
        assertThat(post(body("theirs-a", ""), "api-key: sk-mine").status()).isEqualTo(200);
        assertThat(seen()).endsWith(" Bearer sk-mine");
        assertThat(post(body("gpt-a", ""), "authorization: Bearer sk-mine").status())
                .isEqualTo(200);
        assertThat(seen()).endsWith(" null");
    }

    @Test
    void requestsOfAMinuteAreLimitedForAppAndTeam() throws IOException {
        String key = key("minute");
        WireClient.Answer first = chat(key, "gpt-a");
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("x-ratelimit-limit-requests")).isEqualTo("2");
        assertThat(first.header("x-ratelimit-remaining-requests")).isEqualTo("1");
        assertThat(first.header("x-ratelimit-reset-requests")).isEqualTo("30s");
        assertThat(first.header("x-ratelimit-limit-tokens")).isEqualTo("100000");
        assertThat(first.header("x-ratelimit-remaining-tokens")).matches("999\\d\\d");
        assertThat(first.header("x-ratelimit-reset-tokens")).matches("\\d+ms");
        assertThat(chat(key("minute"), "gpt-a").status())
                .as("keys of one app share")
                .isEqualTo(200);
        WireClient.Answer refused = chat(key, "gpt-a");
        assertThat(refused.status()).isEqualTo(429);
        int wait = Integer.parseInt(String.valueOf(refused.header("retry-after")));
        assertThat(wait).isBetween(20, 30);
        assertThat(refused.body())
                .isEqualTo("{\"error\":{\"message\":\"Rate limit reached for app `minute/default` on requests per min"
                        + " (RPM): Limit 2, Requested 1. Please try again in " + wait
                        + "s.\",\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}");
        assertThat(refused.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(refused.header("x-ratelimit-reset-requests")).matches("1m0s|5\\ds");
        assertThat(refused.header("x-should-retry")).isNull();
        String other = key("minute", "other", null);
        WireClient.Answer last = chat(other, "gpt-a");
        assertThat(last.header("x-ratelimit-limit-requests")).isEqualTo("3");
        assertThat(last.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(chat(other, "gpt-a").body()).contains("for team `minute` on requests per min (RPM): Limit 3");
        assertThat(get("/v1/models", "api-key: " + other).status())
                .as("a list is no call")
                .isEqualTo(200);
    }

    @Test
    void tokensAreSetAsideByWhatIsAskedForAndSettledByWhatWasUsed() throws IOException {
        String key = key("words");
        WireClient.Answer large = post(body("gpt-a", "\"max_tokens\":100,"), "api-key: " + key);
        assertThat(large.status()).isEqualTo(200);
        assertThat(Integer.parseInt(String.valueOf(large.header("x-ratelimit-remaining-tokens"))))
                .isLessThan(20);
        // the answer took seven: as much may be asked for again
        assertThat(post(body("gpt-a", "\"max_completion_tokens\":100,"), "api-key: " + key)
                        .status())
                .isEqualTo(200);
        WireClient.Answer refused = post(body("gpt-a", "\"max_tokens\":60,\"n\":2,"), "api-key: " + key);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.body())
                .contains("on tokens per min (TPM): Limit 120, Requested 12")
                .endsWith("s.\",\"type\":\"tokens\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}");
        assertThat(refused.header("x-ratelimit-limit-requests")).isNull();
    }

    @Test
    void allPathsCountForTheSameLimits() throws IOException {
        String key = key("paths");
        List<List<String>> requests = List.of(
                List.of("/v1/chat/completions", body("gpt-a", "")),
                List.of("/v1/responses", "{\"model\":\"gpt-a\",\"input\":\"hi\"}"),
                List.of("/v1/embeddings", "{\"model\":\"gpt-a\",\"input\":\"hi\"}"));
        int left = 3;
        for (List<String> request : requests) {
            WireClient.Answer answer = sendToFreePlace(request, key);
            assertThat(answer.status()).as("%s", request).isEqualTo(200);
            assertThat(answer.header("x-ratelimit-remaining-requests"))
                    .as("%s", request)
                    .isEqualTo(String.valueOf(--left));
        }
        for (List<String> request : requests) {
            WireClient.Answer answer = sendToFreePlace(request, key);
            assertThat(answer.status()).as("%s", request).isEqualTo(429);
            assertThat(answer.header("x-ratelimit-remaining-requests")).isEqualTo("0");
            assertThat(answer.body()).contains("for team `paths` on requests per min (RPM)");
        }
    }

    /** A place comes free a moment after the last byte of the call that had it. */
    private WireClient.Answer sendToFreePlace(List<String> request, String key) {
        return await().until(
                        () -> send(request.getFirst(), request.getLast(), key),
                        answer -> !answer.body().contains("calls at a time"));
    }

    private WireClient.Answer send(String path, String json, String key) throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            return client.send("POST " + path + " HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\napi-key: "
                            + key + "\r\ncontent-length: " + json.length() + "\r\n\r\n" + json)
                    .answer();
        }
    }

    @Test
    void limitsOfTheUpstreamAreShownToThoseWhoHaveNone() throws IOException {
        assertThat(chat(key("local"), "gpt-a").header("x-ratelimit-remaining-requests"))
                .isEqualTo("4711");
        WireClient.Answer failed = chat(key("words"), "fail");
        assertThat(failed.status()).isEqualTo(400);
        assertThat(failed.header("x-ratelimit-limit-requests")).isNull();
        assertThat(failed.header("x-ratelimit-limit-tokens")).isEqualTo("120");
    }

    @Test
    void aPlaceIsFreeAgainHoweverItsCallEnds() throws IOException {
        String key = key("single");
        for (String model : List.of("gpt-a", "fail", "cut", "no-way", "gpt-b")) {
            chat(key, model);
            free(key);
        }
        assertThat(post("{\"model\":\"gpt-a\"}", "api-key: " + key).status()).isEqualTo(400);
        free(key);
        for (int i = 0; i < 3; i++) {
            WireClient leaving = new WireClient(door.port());
            leaving.post(body("hang", "\"stream\":true,"), "api-key: " + key);
            if (i > 0) {
                leaving.head();
            }
            awaitTaken(key);
            if (i == 1) {
                leaving.reset();
            } else {
                leaving.close();
            }
            free(key);
        }
    }

    private void awaitTaken(String key) {
        await().untilAsserted(() -> {
            WireClient.Answer refused = chat(key, "gpt-a");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(refused.body())
                    .contains("on calls at a time: Limit 1, Requested 1. Please try again in 1s.")
                    .contains("\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"");
        });
    }

    private void free(String key) {
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(chat(key, "gpt-a").status()).isEqualTo(200));
    }

    @Test
    void aBudgetIsToldOfAtItsSoftLimitAndDeniesAtItsHardOne() throws IOException {
        String key = key("money");
        for (int i = 0; i < 3; i++) {
            assertThat(chat(key, "gpt-a").status()).as("unpriced").isEqualTo(200);
        }
        assertThat(crossed("soft")).isZero();
        assertThat(chat(key, "fixed").status()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(crossed("soft")).isEqualTo(1));
        assertThat(crossed("hard")).isZero();
        assertThat(chat(key, "fixed").status()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(crossed("hard")).isEqualTo(1));
        String before = seen();
        WireClient.Answer denied = chat(key, "gpt-a");
        assertThat(denied.status()).isEqualTo(429);
        assertThat(denied.header("x-should-retry")).isEqualTo("false");
        assertThat(denied.header("retry-after")).isNull();
        assertThat(denied.body())
                .isEqualTo("{\"error\":{\"message\":\"The budget of team `money` for this month is spent. Who keeps the"
                        + " policies can raise it.\",\"type\":\"insufficient_quota\",\"param\":null,"
                        + "\"code\":\"insufficient_quota\"}}");
        assertThat(seen()).isEqualTo(before);
        assertThat(crossed("soft")).isEqualTo(1);
        assertThat(meters.get(Meters.BUDGET_USED)
                        .tags(Meters.TEAM, "money")
                        .gauge()
                        .value())
                .isEqualTo(1.4);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(denials("money")).isEqualTo(1));
    }

    private double crossed(String level) {
        Counter counter = meters.find(Meters.BUDGET_CROSSED)
                .tags(Meters.TEAM, "money", Meters.APP, "-", Meters.LEVEL, level)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private long denials(String team) {
        return pool.preparedQuery("select count(*) from understudy.interaction where team = $1 and outcome = 'denied'"
                        + " and status = 429 and error = 'insufficient_quota'")
                .execute(Tuple.of(team))
                .await()
                .atMost(PATIENCE)
                .iterator()
                .next()
                .getLong(0);
    }

    @Test
    void anAppSeesAndAsksForItsOwnModelsOnly() throws IOException {
        String all = get("/v1/models", "api-key: " + key("local")).body();
        assertThat(ids(all)).containsExactly("fixed", "gpt-a", "org/b:free", "other");
        assertThat(all).contains("{\"id\":\"gpt-a\",\"object\":\"model\",\"created\":7,\"owned_by\":\"o\"}");
        String narrow = "api-key: " + key("narrow");
        assertThat(ids(get("/v1/models", narrow).body())).containsExactly("fixed", "gpt-a", "org/b:free");
        assertThat(get("/v1/models/org%2Fb:free", narrow).body())
                .isEqualTo("{\"id\":\"org/b:free\",\"object\":\"model\"}");
        assertThat(get("/v1/models/org/b%3Afree", narrow).status()).isEqualTo(200);
        assertThat(get("/v1/models/org%252Fb:free", narrow).status()).isEqualTo(404);
        assertThat(get("/v1/models/fixed", narrow).body()).contains("\"id\":\"fixed\"");
        WireClient.Answer hidden = get("/v1/models/other", narrow);
        assertThat(hidden.status()).isEqualTo(404);
        WireClient.Answer asked = post(body("other", ""), narrow);
        assertThat(asked.status()).isEqualTo(404);
        assertThat(asked.body()).isEqualTo(hidden.body());
        assertThat(get("/v1/models/nowhere", narrow).body())
                .isEqualTo(hidden.body().replace("other", "nowhere"));
        assertThat(post(body("gpt-z", ""), narrow).status()).isEqualTo(200);
    }

    @Test
    void theModelsOfACallersOwnKeyAreAskedForWithThatKey() throws IOException {
        assertThat(ids(get("/v1/models", "authorization: Bearer sk-a").body())).contains("mine-sk-a");
        assertThat(ids(get("/v1/models", "authorization: Bearer sk-b").body()))
                .contains("mine-sk-b")
                .doesNotContain("mine-sk-a");
    }

    private static List<String> ids(String list) {
        List<String> ids = new ArrayList<>();
        for (int at = list.indexOf("\"id\":\""); at >= 0; at = list.indexOf("\"id\":\"", at + 6)) {
            ids.add(list.substring(at + 6, list.indexOf('"', at + 6)));
        }
        return ids;
    }

    @Test
    void aKeyStandsInNoColumnOfAnyTable() throws IOException {
        String key = key("local");
        String secret = key.substring(13);
        assertThat(chat(key, "gpt-a").status()).isEqualTo(200);
        assertThat(post(body("gpt-a", ""), "api-key: sk-planted-provider-key").status())
                .isEqualTo(200);
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(rowsWith("interaction", "'gpt-a'")).isPositive());
        String hex = HexFormat.of().formatHex(secret.getBytes(StandardCharsets.US_ASCII));
        int tables = 0;
        for (Row row : pool.query("select table_name::text from information_schema.tables where table_schema ="
                        + " 'understudy' and table_type = 'BASE TABLE'")
                .execute()
                .await()
                .atMost(PATIENCE)) {
            String table = row.getString(0);
            tables++;
            for (String planted : List.of(secret, hex, "planted-provider")) {
                assertThat(rowsWith(table, "'" + planted + "'")).as(table).isZero();
            }
        }
        assertThat(tables).isGreaterThan(15);
        assertThat(rowsWith("api_key", "'" + key.substring(4, 12) + "'"))
                .as("the prefix")
                .isEqualTo(1);
    }

    private long rowsWith(String table, String literal) {
        return pool.query("select count(*) from understudy.\"" + table + "\" t where position(" + literal
                        + " in t::text) > 0")
                .execute()
                .await()
                .atMost(PATIENCE)
                .iterator()
                .next()
                .getLong(0);
    }

    /** Policies of many teams, and one upstream that does as the model's name says. */
    public static final class Teams implements QuarkusTestResourceLifecycleManager {
        private final Vertx vertx = Vertx.vertx();
        private final ScriptedPeer peer = new ScriptedPeer(vertx, this::answer);
        private int calls;
        private @Nullable String credential;

        private void answer(ScriptedPeer.Talk talk) {
            if (talk.head().startsWith("GET /seen")) {
                talk.json(200, calls + " " + credential);
            } else if (talk.head().startsWith("GET /v1/theirs/models")) {
                String shown = String.valueOf(talk.header("authorization"));
                talk.json(200, "{\"data\":[{\"id\":\"mine-" + shown.replace("Bearer ", "") + "\"}]}");
            } else if (talk.head().startsWith("GET /v1/models")) {
                talk.json(
                        200,
                        "{\"object\":\"list\",\"data\":["
                                + "{\"id\":\"gpt-a\",\"object\":\"model\",\"created\":7,\"owned_by\":\"o\"},"
                                + "{\"id\":\"org/b:free\",\"object\":\"model\"},{\"id\":\"other\"}]}");
            } else {
                calls++;
                credential = talk.header("authorization");
                chat(talk);
            }
        }

        private static void chat(ScriptedPeer.Talk talk) {
            String text = talk.text();
            if (talk.head().startsWith("POST /v1/responses")) {
                talk.json(
                        200,
                        "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":[],"
                                + "\"usage\":{\"input_tokens\":5,\"output_tokens\":2,\"total_tokens\":7}}");
            } else if (text.contains("\"hang\"")) {
                talk.stream().content("a");
            } else if (text.contains("\"cut\"")) {
                talk.close();
            } else if (text.contains("\"fail\"")) {
                talk.json(400, "{\"error\":{\"message\":\"no\"}}", "x-ratelimit-limit-requests: 9");
            } else {
                talk.json(
                        200,
                        Chunks.document("hi", 5, 2),
                        "x-ratelimit-limit-requests: 5000",
                        "x-ratelimit-remaining-requests: 4711");
            }
        }

        @Override
        public Map<String, String> start() {
            try {
                Path folder = Files.createTempDirectory("policies");
                Files.writeString(folder.resolve("all.yaml"), POLICIES.formatted(peer.baseUrl()));
                String port = peer.baseUrl().replaceAll(".*:(\\d+)/v1", "$1");
                return Map.of("understudy.policies", folder.toString(), "test.peer.port", port);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void stop() {
            peer.close();
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
