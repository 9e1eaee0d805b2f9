package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.testing.WireClient;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Secrets planted wherever a request has room for one, of calls that go well and of calls that do not. None is found in a
 * log line, a meter, a table or an error; bodies are not recorded by the policies of this test. Names that a caller gives
 * (of its session, tools, parameters, models) are part of a row: there a secret must look like one to be masked.
 */
@QuarkusTest
@WithTestResource(AgentsDoorQuarkusTest.OneUpstream.class)
class PlantedSecretsQuarkusTest {
    private static final String PLANT = "Pl4ntedC4nary";
    private static final String FORMED = "sk-proj-PLANTS3cretOfTheTest9";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final AgentsDoor door;
    private final Pool pool;
    private final MeterRegistry meters;
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Logger root = Logger.getLogger("");
    private final Logger ours = Logger.getLogger("dev.understudy");
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            StringBuilder line = new StringBuilder(new SimpleFormatter().format(record));
            for (Throwable thrown = record.getThrown(); thrown != null; thrown = thrown.getCause()) {
                line.append('\n').append(thrown);
            }
            lines.add(line.toString());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @Inject
    PlantedSecretsQuarkusTest(AgentsDoor door, Pool pool, MeterRegistry meters) {
        this.door = door;
        this.pool = pool;
        this.meters = meters;
    }

    @BeforeEach
    void listen() {
        handler.setLevel(Level.ALL);
        root.addHandler(handler);
        ours.setLevel(Level.ALL);
    }

    @AfterEach
    void stop() {
        root.removeHandler(handler);
        ours.setLevel(null);
    }

    @Test
    void noneIsFoundInAnySink() throws IOException {
        List<String> answers = new ArrayList<>();
        for (String request : requests()) {
            try (WireClient client = new WireClient(door.port())) {
                WireClient.Answer answer =
                        client.send(withLength(request.replace("PLANT", PLANT))).answer();
                assertThat(answer.status()).as(request).isBetween(200, 499);
                answers.add(answer.head().headers().toString());
                if (answer.status() >= 400) {
                    answers.add(answer.body());
                }
            }
        }
        String last = call("big", "the last one");
        try (WireClient client = new WireClient(door.port())) {
            awaitRow(client.post(last).answer(), "true");
        }
        assertThat(answers).noneMatch(PlantedSecretsQuarkusTest::isFound);
        // The door says one line a call at this level, so that the test would see what it looks for.
        assertThat(lines)
                .anyMatch(line -> line.contains("exchange ended"))
                .noneMatch(PlantedSecretsQuarkusTest::isFound);
        for (Meter meter : meters.getMeters()) {
            assertThat(meter.getId().toString()).matches(id -> !isFound(id));
        }
        int tables = 0;
        for (Row row : pool.query(
                        "select table_schema || '.' || table_name as name from information_schema.tables"
                                + " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')")
                .executeAndAwait()) {
            String table = row.getString("name");
            assertThat(count(table, "t::text ilike '%" + PLANT + "%'"))
                    .as(table)
                    .isZero();
            tables++;
        }
        assertThat(tables).isGreaterThan(10);
    }

    @Test
    void halfCharactersAndZerosDoNotKeepACallFromItsRow() throws IOException {
        String body = "{\"model\":\"big\",\"user\":\"u\\u0000\\udfff\",\"metadata\":{\"session_id\":\"s\\u0000"
                + "\\ud800\",\"k\\u0000\":\"v\"},\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\\u0000\\ud800\""
                + "}}],\"messages\":[{\"role\":\"r\\u0000\\ud800\",\"content\":\"c\\u0000\\ud800\"},{\"role\":\"tool\","
                + "\"tool_call_id\":\"i\\u0000\",\"content\":\"\\udc00\"}]}";
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.post(
                            body, "x-understudy-session: s\u00E9", "x-understudy-subject: \u00FF")
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
            // The upstream of this test says back what it was sent.
            assertThat(answer.body()).contains("\\\\ud800").contains("\\\\u0000");
            awaitRow(answer, "facts->>'tools' = '[\"t\uFFFD\uFFFD\"]'");
        }
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.post(body.replace("\"big\"", "\"b\\u0000\\ud800\uD83D\uDE00\""))
                    .answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("`b\uFFFD\uFFFD");
            awaitRow(answer, "model = 'b\uFFFD\uFFFD\uD83D\uDE00'");
        }
    }

    private void awaitRow(WireClient.Answer answer, String condition) {
        String id = String.valueOf(answer.header("x-understudy-call"));
        await().atMost(PATIENCE).until(() -> count("interaction", "id = '" + id + "' and " + condition) == 1);
    }

    @Test
    void noCredentialOfOddFormIsEverFound() throws IOException {
        for (String credential : List.of(
                "authorization: Bearer usk_' OR '1'='1",
                "authorization: Bearer usk_AAAAAAAA_';drop table api_key;--",
                "authorization: Bearer caf\u00E9",
                "authorization: Basic dXNlcjpwYXNz",
                "authorization: Bearer usk_",
                "authorization: Bearer usk_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "authorization: Bearer a\r\nauthorization: Bearer a",
                "api-key: a\r\nx-api-key: b",
                "api-key: a\r\napi-key: a",
                "authorization: Bearer a\r\napi-key: b",
                "api-key: ' or 1=1 --",
                "authorization: Bearer " + "a".repeat(5_000))) {
            try (WireClient client = new WireClient(door.port())) {
                WireClient.Answer answer =
                        client.post(call("big", "hi"), credential).answer();
                assertThat(answer.status()).as(credential).isEqualTo(401);
                assertThat(answer.body()).contains("\"code\":\"invalid_api_key\"");
            }
        }
        assertThat(count("api_key", "true")).isNotNegative();
    }

    private static List<String> requests() {
        String fine = call("big", "hi");
        List<String> requests = new ArrayList<>();
        for (String header : List.of(
                "authorization: Bearer sk-PLANT",
                "authorization: Bearer usk_AAAAAAAA_PLANTPLANT",
                "authorization: Basic PLANT",
                "api-key: PLANT",
                "x-api-key: sk-PLANT",
                "authorization: Bearer a\r\nx-api-key: PLANT",
                "cookie: session=PLANT",
                "x-made-up: PLANT",
                "x-PLANT: 1",
                "x-understudy-tier: PLANT",
                "x-understudy-session: " + FORMED,
                "x-understudy-subject: PLANT",
                "x-session-id: " + FORMED,
                "user-agent: PLANT",
                "content-type: text/PLANT",
                "content-encoding: PLANT",
                "x-api-base: PLANT",
                "x-odd: PLANT\u0001",
                "PLANT odd: x",
                "expect: PLANT")) {
            requests.add("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n" + header + "\r\n\r\n" + fine);
        }
        for (String target : List.of(
                "/v1/chat/completions?x=PLANT",
                "/v1/chat/completions?PLANT=x",
                "/v1/chat/completions?api_base=PLANT",
                "/v1/chat/completions?x=PLANT%zz",
                "/v1/PLANT",
                "/PLANT",
                "/v1/chat/completions;PLANT")) {
            requests.add("POST " + target + " HTTP/1.1\r\nhost: g\r\n\r\n" + fine);
        }
        for (String body : List.of(
                call("big", "PLANT"),
                call("big", "sk-proj-PLANT0123456789abcdef"),
                "{\"PLANT",
                "{\"model\":\"PLANT\u0000\"}",
                "PLANT",
                "{\"model\":\"big\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\",\"x\":PLANT}]}",
                "{\"model\":\"big\",\"" + FORMED + "\":1,\"messages\":[{\"PLANT\":\"PLANT\"}]}",
                "{\"model\":\"big\",\"n\":\"PLANT\",\"messages\":[{}]}",
                "{\"model\":\"big\",\"api_base\":\"PLANT\",\"messages\":[{}]}",
                "{\"model\":\"big\",\"user\":\"PLANT\",\"messages\":[{}]}",
                "{\"model\":\"big\",\"messages\":[{\"role\":\"system\",\"content\":\"PLANT PLANT PLANT\"},{}]}",
                "{\"model\":\"big\",\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"" + FORMED
                        + "\",\"content\":\"PLANT\"}]}",
                "{\"model\":\"big\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"" + FORMED
                        + "\",\"description\":"
                        + "\"PLANT\",\"parameters\":{\"enum\":[\"PLANT\"]}}}],\"messages\":[{}]}")) {
            requests.add("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n\r\n" + body);
        }
        return requests;
    }

    private static String withLength(String request) {
        int end = request.indexOf("\r\n\r\n");
        int length = request.substring(end + 4).getBytes(StandardCharsets.ISO_8859_1).length;
        return request.substring(0, end) + "\r\ncontent-length: " + length + request.substring(end);
    }

    private static String call(String model, String text) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    private static boolean isFound(String text) {
        return text.toLowerCase(Locale.ROOT).contains(PLANT.toLowerCase(Locale.ROOT));
    }

    private long count(String table, String condition) {
        return pool.query("select count(*) as n from " + table + " t where " + condition)
                .executeAndAwait()
                .iterator()
                .next()
                .getLong("n");
    }
}
