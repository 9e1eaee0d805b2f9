package dev.understudy.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.openai.ApiFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageQuestionReaderTest {
    private static final List<String> NAMES = List.of(
            "calls", "cost", "team", "tier", "day", "-cost", "x'; drop table interaction; --", "' or 1=1", "a\u0000b");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant NOW = Instant.parse("2026-11-24T12:30:00Z");

    @Test
    void readsAWholeQuestion() throws Exception {
        UsageQuestion question = read("""
                {"metrics":["calls","p95Latency"],"groupBy":["team","hour"],"filters":{"tier":["slm"],"task":"greet"},
                 "from":"7d","to":1795536000,"limit":5,"order":"-p95Latency"}""");
        assertThat(question.metrics()).containsExactly(Metric.CALLS, Metric.P95_LATENCY);
        assertThat(question.groupBy()).containsExactly(Dimension.TEAM, Dimension.HOUR);
        assertThat(question.filters()).containsEntry(Dimension.TASK, List.of("greet"));
        assertThat(question.from()).isEqualTo(NOW.minus(Duration.ofDays(7)));
        assertThat(question.order()).isEqualTo(new UsageQuestion.Order(Metric.P95_LATENCY, null, true));
    }

    @Test
    void takesDefaultsForWhatIsNotSaid() throws Exception {
        UsageQuestion question = read("{}");
        assertThat(question.metrics()).containsExactly(Metric.CALLS, Metric.COST);
        assertThat(Duration.between(question.from(), question.to())).isEqualTo(Duration.ofHours(24));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{\"metrics\":[\"revenue\"]} | metrics",
                "{\"metrics\":[]} | metrics",
                "{\"groupBy\":[\"minute\"]} | groupBy",
                "{\"groupBy\":[\"team') or 1=1 --\"]} | groupBy",
                "{\"filters\":{\"subject\":\"x\"}} | filters",
                "{\"filters\":[1]} | filters",
                "{\"limit\":0} | limit",
                "{\"limit\":1.5} | limit",
                "{\"order\":\"cost desc\"} | order",
                "{\"order\":\"p99Ttft\"} | order",
                "{\"from\":\"yesterday\"} | from",
                "{\"from\":\"2026-11-24T13:00:00Z\"} | from",
                "{\"from\":\"-100y\"} | from",
                "{\"to\":99999999999999} | to",
                "{\"sql\":\"select 1\"} | body"
            })
    void namesTheFieldAtFault(String json, String field) {
        assertThatThrownBy(() -> read(json)).isInstanceOfSatisfying(ApiFailure.class, failure -> {
            assertThat(failure.param()).isEqualTo(field);
            assertThat(failure.status()).isEqualTo(400);
        });
    }

    @Test
    void letsNothingOfAQuestionIntoTheQuery() {
        RandomGenerator random = new SplittableRandom(7);
        int asked = 0;
        for (int i = 0; i < 5_000; i++) {
            var json = JSON.createObjectNode();
            names(random, 4).forEach(json.putArray("metrics")::add);
            names(random, 3).forEach(json.putArray("groupBy")::add);
            names(random, 3).forEach(json.putObject("filters").putArray("team")::add);
            names(random, 2).forEach(name -> json.put("order", name));
            UsageQuestion question;
            try {
                question = UsageQuestionReader.read(json, NOW);
            } catch (ApiFailure e) {
                assertThat(e.status()).isEqualTo(400);
                continue;
            }
            asked++;
            String sql = UsageSql.sums(question, Segment.cut(question.from(), question.to(), NOW, false, false))
                    .text();
            assertThat(sql).doesNotContain("drop").doesNotContain("or 1=1").doesNotContain("\u0000");
        }
        assertThat(asked).isPositive();
    }

    private static List<String> names(RandomGenerator random, int bound) {
        return random.ints(random.nextInt(bound), 0, NAMES.size())
                .mapToObj(NAMES::get)
                .toList();
    }

    private static UsageQuestion read(String json) throws JsonProcessingException, ApiFailure {
        return UsageQuestionReader.read(JSON.readTree(json), NOW);
    }
}
