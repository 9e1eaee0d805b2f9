package dev.understudy.slm;

import java.util.List;

/** Told of one request, in order, on the executor that was given with it. {@link #done} comes exactly once, last. */
public interface SlmListener {
    /** A part of the prompt has been evaluated; the first time says that a slot was found. */
    void prompt(Prompt progress);

    /** A token was chosen. */
    void token(Token token);

    /** The end. */
    void done(SlmResult result);

    /**
     * Progress of the prompt, in tokens.
     *
     * @param done evaluated or found in the cache
     * @param cached found in the cache
     */
    record Prompt(int done, int total, int cached) {}

    /**
     * One token, or text that had been held back.
     *
     * @param id in the vocabulary; -1 for text that was held back
     * @param text whole characters that may be shown, perhaps none
     * @param logprob natural logarithm, NaN unless asked for
     * @param margin raw logit minus the best other's; negative if grammar or sampling passed over the first choice
     * @param offset byte of the whole raw text where the token's own text begins
     * @param refused whether the grammar refused the model's first choice
     * @param forced whether only one token was allowed
     * @param top the likeliest tokens, if asked for
     */
    record Token(
            int id,
            String text,
            float logprob,
            float margin,
            int offset,
            boolean refused,
            boolean forced,
            List<TopToken> top) {}

    /** A token and its logprob. */
    record TopToken(int id, float logprob) {}
}
