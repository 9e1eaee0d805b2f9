package dev.understudy.openai;

import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Frame;
import dev.understudy.model.ModelFailure;

/** A sink that does nothing. */
class IdleSink implements AnswerSink {
    @Override
    public void accepted(Accepted accepted) {}

    @Override
    public void frame(Frame frame) {}

    @Override
    public void ended(AnswerEnd end) {}

    @Override
    public void failed(ModelFailure failure) {}
}
