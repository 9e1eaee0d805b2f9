package dev.understudy.model;

/**
 * Where an answer goes. The order is: {@code accepted} at most once, then frames, then exactly one of {@code ended} and
 * {@code failed}; nothing after {@link Asked#cancel()}.
 */
public interface AnswerSink {
    /** The model has taken the question: a 2xx head of the upstream, or a slot of the small model. */
    void accepted(Accepted accepted);

    /** The next piece of the answer, just as the client shall see it. */
    void frame(Frame frame);

    /** The answer is whole. */
    void ended(AnswerEnd end);

    /** There is no whole answer. Frames that came before are all there is. */
    void failed(ModelFailure failure);
}
