package dev.understudy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.call.Call;
import dev.understudy.call.Phase;
import dev.understudy.inspect.Masks;
import dev.understudy.inspect.SiteInputs;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import dev.understudy.telemetry.Keys;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * The tasks that adapters bring along: the {@code site} of an adapter's manifest says which calls it was trained for, so
 * they are known from the first one on.
 */
final class AdapterTasks {
    private static final Logger LOG = Logger.getLogger(AdapterTasks.class);
    private static final List<String> IN_THE_JAR = List.of("demo-tools");

    private AdapterTasks() {}

    /**
     * One task of an adapter.
     *
     * @param name of the task
     * @param inputs of its site, for every model family
     * @param lines of its prompt, masked
     */
    record AdapterTask(String name, Phase phase, SiteInputs inputs, List<String> lines) {
        AdapterTask {
            lines = List.copyOf(lines);
        }
    }

    /** The tasks of the adapters that come in the jar. A manifest that cannot be read is told in the log and left out. */
    static List<AdapterTask> inTheJar() {
        List<AdapterTask> tasks = new ArrayList<>();
        for (String name : IN_THE_JAR) {
            String file = "adapters/" + name + "/manifest.json";
            try (InputStream manifest = AdapterTasks.class.getClassLoader().getResourceAsStream(file)) {
                if (manifest != null) {
                    tasks.add(of(new ObjectMapper().readTree(manifest).path("site")));
                }
            } catch (IOException | ApiFailure | IllegalArgumentException e) {
                LOG.warnf("adapter's site not read %s=%s %s=%s", Keys.FILE, file, Keys.REASON, e.getMessage());
            }
        }
        return tasks;
    }

    /**
     * Reads the {@code site} of a manifest. It becomes a request and is read as one, so that site and calls cannot be
     * understood differently.
     */
    static AdapterTask of(JsonNode site) throws IOException, ApiFailure {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("model", site.path("model").asText(SiteInputs.ANY_FAMILY));
        request.putArray("messages")
                .addObject()
                .put("role", "system")
                .put("content", site.path("system").asText());
        for (Map.Entry<String, String> part : Map.of(
                        "tools", "tools", "toolChoice", "tool_choice", "responseFormat", "response_format")
                .entrySet()) {
            if (!site.path(part.getKey()).isMissingNode()) {
                request.set(part.getValue(), site.get(part.getKey()));
            }
        }
        byte[] body = new ObjectMapper().writeValueAsBytes(request);
        Call call = CallReader.read(new UUID(0, 0), Instant.EPOCH, 0, body, Map.of());
        String name = site.path("task").asText();
        if (name.isEmpty()) {
            throw new IllegalArgumentException("site.task is missing");
        }
        return new AdapterTask(
                name,
                phase(site.path("phase").asText(Phase.USER_TURN.wire())),
                SiteInputs.of(call).anyFamily(),
                Masks.lines(call.messages().getFirst().text()));
    }

    private static Phase phase(String wire) {
        for (Phase phase : Phase.values()) {
            if (phase.wire().equals(wire)) {
                return phase;
            }
        }
        throw new IllegalArgumentException("site.phase is no phase");
    }
}
