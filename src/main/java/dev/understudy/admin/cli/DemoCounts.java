package dev.understudy.admin.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What the two witnesses of a demo run counted: the gateway's rows, and the scripted upstream. */
final class DemoCounts implements AutoCloseable {

    /** Rows are written a moment after their calls end. */
    private static final int POLLS = 100;

    private static final Duration BETWEEN_POLLS = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PeopleDoorClient people;
    private final URI stats;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    DemoCounts(PeopleDoorClient people, URI upstream) {
        this.people = people;
        this.stats = URI.create(upstream + "/stats");
    }

    /** What the gateway wrote down: rows by tier, of the models that took part. */
    record Gateway(Map<String, Long> byTier) {
        Gateway {
            byTier = Map.copyOf(byTier);
        }

        long calls() {
            return byTier.values().stream().mapToLong(Long::longValue).sum();
        }

        long tier(String tier) {
            return byTier.getOrDefault(tier, 0L);
        }
    }

    /** What the scripted upstream counted: answers given whole, and requests that were left or refused. */
    record Upstream(long answered, long notAnswered) {
        Upstream since(Upstream before) {
            return new Upstream(answered - before.answered, notAnswered - before.notAnswered);
        }
    }

    /** Waits until the gateway has as many rows as calls were made, but not for long, and gives what it has. */
    Gateway gateway(Instant from, int calls, Set<String> models) throws CommandFailure, InterruptedException {
        ObjectNode query = JsonNodeFactory.instance.objectNode();
        query.putArray("metrics").add("calls");
        query.putArray("groupBy").add("tier").add("model");
        query.put("from", from.toString());
        Gateway rows = read(people.post("/api/analytics/query", query), models);
        for (int i = 0; i < POLLS && rows.calls() < calls; i++) {
            Thread.sleep(BETWEEN_POLLS);
            rows = read(people.post("/api/analytics/query", query), models);
        }
        return rows;
    }

    private static Gateway read(JsonNode answer, Set<String> models) {
        Map<String, Long> byTier = new TreeMap<>();
        for (JsonNode row : answer.path("rows")) {
            if (models.contains(row.path("model").asText())) {
                byTier.merge(row.path("tier").asText(), row.path("calls").asLong(), Long::sum);
            }
        }
        return new Gateway(byTier);
    }

    /** The counters of the scripted upstream; empty when nothing answers there, or something else does. */
    Optional<Upstream> upstream() throws InterruptedException {
        try {
            HttpResponse<String> answer =
                    http.send(HttpRequest.newBuilder(stats).timeout(PATIENCE).build(), BodyHandlers.ofString());
            JsonNode counts = JSON.readTree(answer.body());
            return counts.path("scripted").asBoolean()
                    ? Optional.of(new Upstream(
                            counts.path("answered").asLong(),
                            counts.path("aborted").asLong()
                                    + counts.path("refused").asLong()))
                    : Optional.empty();
        } catch (JsonProcessingException e) {
            // Some other program listens there: starting our own will fail and say so.
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
