package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/**
 * A chat body made ready: prompt, tokens, grammar. Immutable; serves any number of requests and reads their answers.
 * Outlives its engine, whose vocabulary and template it holds on to: close it.
 */
public final class SlmPlan implements AutoCloseable {
    private final NativeHandle handle;

    SlmPlan(long plan) {
        this.handle = new NativeHandle(plan, Llama::freePlan);
    }

    /** The text that the model is shown, as the chat template renders it. */
    public String prompt() {
        return info().path("prompt").asText();
    }

    /** The GBNF that binds the answer; empty when nothing does. */
    public String grammar() {
        return info().path("grammar").asText();
    }

    /** {@code text}, {@code json}, {@code auto_calls} or {@code forced_calls}. */
    public String expected() {
        return info().path("expected").asText();
    }

    /** The prompt's tokens. */
    public int[] tokens() {
        return handle.with(Llama::planTokens);
    }

    /**
     * Reads an answer strictly; nothing is repaired. Recurses deeply: a task for {@link PrepareThreads}.
     *
     * @param text the whole raw text
     * @param cut whether it ended at its token limit
     */
    public SlmAnswer read(String text, boolean cut) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return SlmAnswer.of(handle.with(plan -> Llama.read(plan, bytes, cut)));
    }

    void submit(long engine, long id, byte[] params) {
        handle.use(plan -> Llama.submit(engine, id, plan, params));
    }

    @Override
    public void close() {
        handle.close();
    }

    private JsonNode info() {
        return Json.read(handle.with(Llama::planInfo));
    }
}
