package dev.understudy.model;

/**
 * Where an answer goes. The order is: {@code accepted} at most once, then frames, then exactly one of {@code ended} and
 * {@code failed}. After {@link Asked#cancel()} comes nothing but {@code spent}.
 */
public interface AnswerSink {
    /** The model has taken the question: a 2xx head of the upstream, or a slot of the small model. */
    void accepted(Accepted accepted);

    /** The next piece of the answer, just as the client shall see it. */
    void frame(Frame frame);

    /**
     * The answer shows something that its upstream keeps and may be asked for by id: told before the frame that shows it.
     *
     * @param id of a response, an item or a conversation; or encrypted content itself
     */
    default void shows(Shown kind, String id) {}

    /**
     * Who speaks in this answer's form where its model has fallen silent; told before the first frame. Nobody does where
     * the form needs no knowledge of what went before.
     */
    default void voice(AnswerVoice voice) {}

    /** The answer is whole. */
    void ended(AnswerEnd end);

    /** There is no whole answer. Frames that came before are all there is. */
    void failed(ModelFailure failure);

    /**
     * What an answer has cost that was cancelled: told by a small model in this process, once, in a moment after {@link
     * Asked#cancel()}, where it had accepted the question.
     */
    default void spent(LocalRun run) {}

    /** What an answer may show that is kept. */
    enum Shown {
        RESPONSE,
        ITEM,
        CONVERSATION,
        ENCRYPTED_CONTENT,
        /** A response whose events were told with other numbers than its upstream gave them. */
        RENUMBERED
    }
}
