package dev.understudy.learn;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.slm.PrepareThreads;
import dev.understudy.slm.SlmEngine;
import dev.understudy.slm.SlmException;
import dev.understudy.slm.SlmPlan;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Renders rows as the engine will read them when it serves: the prompt up to the assistant's header, and the answer up to the end of the
 * turn, each with its token ids.
 */
final class RowRenderer {

    private static final String NEXT = "next question";
    private static final String SAID = "an answer of nobody";

    private final SlmEngine engine;
    private final PrepareThreads threads;

    /** What the template writes behind an answer when the user speaks again; known after the first row. */
    private String behind = "";

    RowRenderer(SlmEngine engine, PrepareThreads threads) {
        this.engine = engine;
        this.threads = threads;
    }

    /** A row as text and ids; {@code answerIds} ends with the end-of-turn token, which {@code answer} lacks. */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Rendered(String prompt, int[] promptIds, String answer, int[] answerIds, String endOfTurn) {

        /** As the trainer reads it. */
        ObjectNode json() {
            ObjectNode json =
                    JsonNodeFactory.instance.objectNode().put("prompt", prompt).put("answer", answer);
            json.set("promptIds", ids(promptIds));
            json.set("answerIds", ids(answerIds));
            return json;
        }

        private static ArrayNode ids(int[] ids) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            for (int id : ids) {
                array.add(id);
            }
            return array;
        }
    }

    /**
     * Renders a row.
     *
     * @throws TrainingRefused if the engine does not take the request, or the template writes an answer differently from its header
     */
    Rendered render(TrainingRow row) throws TrainingRefused {
        try (SlmPlan asked = prepare(row.call())) {
            String prompt = asked.prompt();
            if (behind.isEmpty()) {
                ObjectNode message = JsonNodeFactory.instance
                        .objectNode()
                        .put("role", "assistant")
                        .put("content", SAID);
                String said = text(row.answered(message, NEXT));
                int end = said.lastIndexOf(SAID);
                if (end < 0) {
                    throw new TrainingRefused("the chat template does not show an assistant's answer");
                }
                behind = said.substring(end + SAID.length());
            }
            String whole = text(row.answered(row.answer(), NEXT));
            if (!whole.startsWith(prompt)
                    || !whole.endsWith(behind)
                    || whole.length() < prompt.length() + behind.length()) {
                throw new TrainingRefused(
                        "the chat template writes this answer differently from its generation prompt");
            }
            String answer = whole.substring(prompt.length(), whole.length() - behind.length());
            int end = engine.tokenize(behind, false, true)[0];
            int[] ids = engine.tokenize(answer, false, true);
            int[] answerIds = Arrays.copyOf(ids, ids.length + 1);
            answerIds[ids.length] = end;
            return new Rendered(prompt, asked.tokens(), answer, answerIds, engine.detokenize(new int[] {end}));
        } catch (SlmException e) {
            throw new TrainingRefused("the engine does not take it: " + e.getMessage());
        }
    }

    private String text(ObjectNode body) {
        try (SlmPlan plan = prepare(body)) {
            return plan.prompt();
        }
    }

    private SlmPlan prepare(ObjectNode body) {
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        return threads.call(() -> engine.prepare(bytes));
    }
}
