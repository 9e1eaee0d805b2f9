package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** What a scripted upstream counts. Confined to its event loop. */
final class UpstreamCounts {

    private final Map<String, Long> answeredByErrand = new TreeMap<>();
    private long calls;
    private long answered;
    private long aborted;
    private long refused;
    private long streams;
    private long streamsFinished;
    private long streamsAborted;
    private long otherwise;
    private long promptTokens;
    private long completionTokens;
    private int openConnections;

    void connected() {
        openConnections++;
    }

    void disconnected() {
        openConnections--;
    }

    void began(boolean stream) {
        calls++;
        if (stream) {
            streams++;
        }
    }

    void answered(ScriptedAnswer answer, boolean stream, int prompt) {
        answered++;
        if (stream) {
            streamsFinished++;
        }
        if (answer.otherwise()) {
            otherwise++;
        }
        promptTokens += prompt;
        completionTokens += answer.tokens();
        answeredByErrand.merge(answer.errand(), 1L, Long::sum);
    }

    /** The client left before the answer had ended. */
    void aborted(boolean stream) {
        aborted++;
        if (stream) {
            streamsAborted++;
        }
    }

    /** The request was not one that could be answered. */
    void refused() {
        refused++;
    }

    /** All counts since the start; {@code active} is what has begun and not ended. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("scripted", true)
                .put("calls", calls)
                .put("answered", answered)
                .put("aborted", aborted)
                .put("refused", refused)
                .put("active", calls - answered - aborted)
                .put("openConnections", openConnections)
                .put("otherwise", otherwise);
        json.putObject("streams")
                .put("begun", streams)
                .put("finished", streamsFinished)
                .put("aborted", streamsAborted)
                .put("active", streams - streamsFinished - streamsAborted);
        json.putObject("tokens").put("prompt", promptTokens).put("completion", completionTokens);
        ObjectNode errands = json.putObject("errands");
        answeredByErrand.forEach(errands::put);
        return json;
    }
}
