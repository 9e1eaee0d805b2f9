package dev.understudy.serve;

import dev.understudy.call.TokenCount;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Readiness;
import dev.understudy.model.Reply;
import dev.understudy.openai.ChatWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A small model that answers as a test tells it to; counts what was asked and cancelled. */
class HandModel implements Model {
    static final LocalRun RUN = new LocalRun("variant", "cpu", 3_600, 10, 1.5, 2.5, null);

    final AtomicInteger asked = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    private final ModelCard card;
    private final BiConsumer<Ask, Telling> script;

    HandModel(ModelCard card, BiConsumer<Ask, Telling> script) {
        this.card = card;
        this.script = script;
    }

    @Override
    public ModelCard card() {
        return card;
    }

    @Override
    public Readiness readiness() {
        return Readiness.READY;
    }

    @Override
    public Asked ask(Ask ask, AnswerSink sink) {
        asked.incrementAndGet();
        Telling telling = new Telling(ask, sink);
        ask.loop().execute(() -> script.accept(ask, telling));
        return new Asked() {
            @Override
            public void cancel() {
                cancelled.incrementAndGet();
                if (telling.accepted && !telling.over) {
                    ask.loop().execute(() -> sink.spent(RUN));
                }
                telling.over = true;
            }

            @Override
            public void pause() {}

            @Override
            public void resume() {}
        };
    }

    @Override
    public void close() {}

    /** Tells a sink, unless the question was cancelled. On its loop only. */
    static final class Telling {
        final ChatWriter writer;
        private final Ask ask;
        private final AnswerSink sink;
        private boolean over;
        private boolean accepted;

        Telling(Ask ask, AnswerSink sink) {
            this.ask = ask;
            this.sink = sink;
            this.writer =
                    new ChatWriter("chatcmpl-s", 1, "small", "fp", ask.call().includeUsage());
        }

        Telling accepted() {
            if (!over) {
                accepted = true;
                sink.accepted(Accepted.LOCAL);
            }
            return this;
        }

        Telling frame(Frame frame) {
            if (!over) {
                sink.frame(frame);
            }
            return this;
        }

        boolean isOver() {
            return over;
        }

        void failed(ModelFailure.Code code) {
            if (!over) {
                over = true;
                sink.failed(ModelFailure.of(code, "it failed"));
            }
        }

        void ended(Reply reply) {
            if (!over) {
                over = true;
                sink.ended(
                        new AnswerEnd(reply.finish(), new TokenCount(9, 0, 4, TokenCount.Source.REPORTED), reply, RUN));
            }
        }

        /** A whole answer, as the engine would give it. */
        void answer(@Nullable String content, List<Reply.ToolCall> calls, String finish) {
            Reply reply = new Reply(content, calls, finish, null);
            accepted();
            if (ask.call().stream()) {
                frame(writer.role());
                if (content != null) {
                    for (String word : content.split("(?<= )")) {
                        frame(writer.content(word));
                    }
                }
                for (int i = 0; i < calls.size(); i++) {
                    frame(writer.toolCall(i, calls.get(i).id(), calls.get(i).name()));
                    frame(writer.arguments(i, calls.get(i).arguments()));
                }
                frame(writer.finish(finish));
                frame(ChatWriter.done());
            } else {
                frame(writer.document(reply, new TokenCount(9, 0, 4, TokenCount.Source.REPORTED)));
            }
            ended(reply);
        }
    }
}
