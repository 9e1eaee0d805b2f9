package dev.understudy.slm;

import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Reply;
import dev.understudy.openai.ChatWriter;
import dev.understudy.slm.SlmModel.Served;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One answer of a small model under way. Text is shown as it grows; tool calls and JSON are held until the whole answer
 * has been read strictly. What cannot be read, and what is empty, ends without a frame: an empty turn never leaves.
 *
 * <p>All but {@link #begin} and the reading of a held answer happens on the exchange's event loop.
 */
final class SlmAsked implements Asked, SlmListener {
    private static final Logger LOG = Logger.getLogger(SlmAsked.class);

    /** Text that may wait for a client that does not read; further behind, it loses its answer. */
    private static final int MAX_BEHIND_BYTES = 64 << 10;

    private static final int MILLIS = 1000;
    private static final List<SlmAnswer.Bytes> WHOLE = List.of(new SlmAnswer.Bytes(0, Integer.MAX_VALUE));

    private final ModelCard card;
    private final Call call;
    private final Ask ask;
    private final AnswerSink sink;
    private final PrepareThreads threads;
    private final OwnerMarks marks;
    private final boolean plainText;
    private final ShownText shown = new ShownText();
    private final Margins margins = new Margins();
    private final Queue<Frame> behind = new ArrayDeque<>();
    private int behindBytes;
    private boolean paused;
    private boolean accepted;
    private boolean over;
    private boolean stopped;
    private @Nullable AnswerEnd endAfterPause;
    private @Nullable ChatWriter writer;

    // Written on a prepare thread before the engine knows the request, so that its events find them.
    private volatile @Nullable Served served;
    private volatile @Nullable SlmPlan plan;

    private volatile long id;
    private volatile boolean cancelled;

    SlmAsked(ModelCard card, Ask ask, AnswerSink sink, PrepareThreads threads, OwnerMarks marks) {
        this.card = card;
        this.ask = ask;
        this.call = ask.call();
        this.sink = sink;
        this.threads = threads;
        this.marks = marks;
        this.plainText = ChatParameters.isPlainText(call);
    }

    /** Prepares the prompt and submits it. On a prepare thread. */
    void begin(Served on) {
        if (cancelled) {
            return;
        }
        try {
            var limits = card.limits();
            SlmRequest request = ChatParameters.read(
                            call,
                            ask.team(),
                            on.adapter(),
                            on.scale(),
                            call.stream() ? limits.streamTimeout() : limits.timeout(),
                            limits.queue())
                    .withUrgency(ask.urgency());
            served = on;
            plan = on.engine().prepare(call.body());
            submit(on.engine(), plan, request);
        } catch (SlmException e) {
            ask.loop().execute(() -> fail(e, null));
        } catch (RuntimeException e) {
            LOG.errorf(e, "small model not asked call=%s", call.id());
            ask.loop().execute(() -> fail(ModelFailure.Code.INTERNAL, "the small model could not be asked"));
        }
    }

    private void submit(SlmEngine engine, SlmPlan prepared, SlmRequest request) {
        boolean submitted = false;
        try {
            id = engine.submit(prepared, request, ask.loop(), this);
            submitted = true;
        } finally {
            if (!submitted) {
                prepared.close();
            }
        }
        if (cancelled) {
            engine.cancel(id);
        }
    }

    @Override
    public void prompt(Prompt progress) {
        if (!cancelled && !accepted) {
            accepted = true;
            sink.accepted(Accepted.LOCAL);
        }
    }

    @Override
    public void token(Token token) {
        if (cancelled || over) {
            return;
        }
        margins.add(token);
        boolean first = shown.isEmpty();
        shown.add(token);
        if (plainText && call.stream() && !token.text().isEmpty()) {
            if (first) {
                send(writer().role());
            }
            send(writer().content(token.text()));
        }
    }

    @Override
    public void done(SlmResult result) {
        if (cancelled || over) {
            closePlan();
            spent(result);
            return;
        }
        switch (result.finish()) {
            case END_OF_TURN, STOP -> read(result, false);
            case LENGTH -> read(result, true);
            case CANCELLED -> {
                closePlan();
                fail(
                        ModelFailure.Code.INTERNAL,
                        "the answer was ended: the client did not read, or the engine closed",
                        run(result, null));
            }
            case ERROR -> {
                closePlan();
                fail(failureOf(result), run(result, null));
            }
            case DEADLINE -> {
                closePlan();
                fail(ModelFailure.Code.DEADLINE, "the small model was not done in time", run(result, null));
            }
        }
    }

    private static SlmException failureOf(SlmResult result) {
        SlmException failure = result.failure();
        return failure == null ? new SlmException(SlmException.Code.INTERNAL, "the engine failed") : failure;
    }

    private void read(SlmResult result, boolean cut) {
        if (!shown.isWhole(result.finish() == SlmResult.Finish.STOP)) {
            closePlan();
            end(result, new SlmAnswer(shown.toString(), List.of(), "streamed_differs", List.of()), cut);
            return;
        }
        if (plainText) {
            closePlan();
            end(result, new SlmAnswer(shown.toString(), List.of(), null, WHOLE), cut);
            return;
        }
        SlmPlan prepared = plan;
        if (prepared == null) {
            throw new IllegalStateException("an answer without a plan");
        }
        String raw = shown.toString();
        try {
            threads.execute(() -> {
                try (prepared) {
                    SlmAnswer answer = prepared.read(raw, cut);
                    watch().read(answer);
                    ask.loop().execute(() -> end(result, answer, cut));
                } catch (SlmException e) {
                    ask.loop().execute(() -> unread(e, result));
                }
            });
        } catch (RejectedExecutionException e) {
            closePlan();
            fail(ModelFailure.Code.OVERLOADED, "too many answers wait to be read", run(result, null));
        }
    }

    private EngineWatch watch() {
        Served on = served;
        return on == null ? EngineWatch.NONE : on.engine().watch();
    }

    private void unread(SlmException why, SlmResult result) {
        spent(result);
        fail(why, run(result, null));
    }

    private void end(SlmResult result, SlmAnswer answer, boolean cut) {
        if (cancelled || over) {
            spent(result);
            return;
        }
        LocalRun run = run(result, answer);
        Double least = run.minMargin();
        if (least != null) {
            watch().margin(least);
        }
        Reply reply = reply(answer, cut);
        var tokens = new TokenCount(result.prompt(), result.cached(), result.generated(), TokenCount.Source.REPORTED);
        over = true;
        if (reply.unparsed() != null || answer.isEmpty()) {
            // nothing of it is shown; whoever checks answers says why
            sink.ended(new AnswerEnd(reply.finish(), tokens, reply, run));
            return;
        }
        if (call.stream()) {
            sendStream(reply, tokens);
        } else {
            send(writer().document(reply, tokens));
        }
        var end = new AnswerEnd(reply.finish(), tokens, reply, run);
        if (paused) {
            endAfterPause = end;
        } else {
            sink.ended(end);
        }
    }

    /** Tells what a cancelled answer has cost; whoever was told of an end has been told that too. */
    private void spent(SlmResult result) {
        if (cancelled && !over) {
            over = true;
            sink.spent(run(result, null));
        }
    }

    private void sendStream(Reply reply, TokenCount tokens) {
        if (!plainText) {
            send(writer().role());
            if (reply.content() != null) {
                send(writer().content(reply.content()));
            }
            for (int i = 0; i < reply.calls().size(); i++) {
                Reply.ToolCall toolCall = reply.calls().get(i);
                send(writer().toolCall(i, toolCall.id(), toolCall.name()));
                send(writer().arguments(i, toolCall.arguments()));
            }
        }
        send(writer().finish(reply.finish()));
        if (call.includeUsage()) {
            send(writer().usage(tokens));
        }
        send(ChatWriter.done());
    }

    private Reply reply(SlmAnswer answer, boolean cut) {
        List<Reply.ToolCall> calls = new ArrayList<>();
        for (SlmAnswer.ToolCall read : answer.calls()) {
            calls.add(new Reply.ToolCall(
                    marks.id(ask.team(), card.name(), call.id(), calls.size()), read.name(), read.arguments()));
        }
        String finish = !calls.isEmpty() ? "tool_calls" : cut ? "length" : "stop";
        return new Reply(answer.content().isEmpty() ? null : answer.content(), calls, finish, answer.unparsed());
    }

    private ChatWriter writer() {
        ChatWriter now = writer;
        if (now == null) {
            Served on = served;
            String fingerprint = on == null ? "" : on.variant().fingerprint();
            String answerId = "chatcmpl-" + call.id().toString().replace("-", "");
            now = new ChatWriter(
                    answerId, call.receivedAt().getEpochSecond(), card.name(), fingerprint, call.includeUsage());
            writer = now;
        }
        return now;
    }

    private LocalRun run(SlmResult result, @Nullable SlmAnswer answer) {
        Served on = served;
        String raw = shown.toString();
        // of a text all counts, however it ended; what counts of a call only its reading tells
        List<SlmAnswer.Bytes> values = answer != null ? answer.values() : plainText && !raw.isEmpty() ? WHOLE : null;
        Margins.Summary margin = values == null ? null : margins.over(values, shown.bytes());
        return new LocalRun(
                on == null ? "" : on.variant().hash(),
                on == null ? "" : on.engine().device(),
                result.deviceMicros(),
                result.queuedMicros(),
                margin == null ? null : margin.least(),
                margin == null ? null : margin.mean(),
                raw.isEmpty() ? null : raw);
    }

    private void send(Frame frame) {
        if (!paused) {
            sink.frame(frame);
            return;
        }
        behind.add(frame);
        behindBytes += frame.bytes().length();
        // a held answer is in memory anyway
        if (plainText && behindBytes > MAX_BEHIND_BYTES && !over && !stopped) {
            // the engine tells of the end, with what it has cost
            stopped = true;
            stop();
        }
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            behind.clear();
            stop();
        }
    }

    private void stop() {
        Served on = served;
        if (on != null && id != 0) {
            on.engine().cancel(id);
        }
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
        // the sink may pause again at any frame
        while (!paused && !cancelled && !behind.isEmpty()) {
            Frame frame = behind.remove();
            behindBytes -= frame.bytes().length();
            sink.frame(frame);
        }
        AnswerEnd end = endAfterPause;
        if (!paused && !cancelled && behind.isEmpty() && end != null) {
            endAfterPause = null;
            sink.ended(end);
        }
    }

    private void closePlan() {
        SlmPlan prepared = plan;
        if (prepared != null) {
            prepared.close();
        }
    }

    /** Tells the sink, unless it has been told already. On the loop. */
    void fail(ModelFailure.Code code, String message) {
        fail(code, message, null);
    }

    private void fail(SlmException why, @Nullable LocalRun run) {
        fail(
                switch (why.code()) {
                    case INVALID -> ModelFailure.Code.INVALID;
                    case UNSUPPORTED -> ModelFailure.Code.UNSUPPORTED;
                    case CONTEXT_LENGTH -> ModelFailure.Code.CONTEXT_LENGTH;
                    case OVERLOADED -> ModelFailure.Code.OVERLOADED;
                    case DEADLINE -> ModelFailure.Code.DEADLINE;
                    case MODEL_LOAD, CONTEXT, CLOSED -> ModelFailure.Code.UNAVAILABLE;
                    case INTERNAL, CANCELLED -> ModelFailure.Code.INTERNAL;
                },
                String.valueOf(why.getMessage()),
                run,
                Math.ceilDiv(why.retryMillis(), MILLIS));
    }

    private void fail(ModelFailure.Code code, String message, @Nullable LocalRun run) {
        fail(code, message, run, 0);
    }

    private void fail(ModelFailure.Code code, String message, @Nullable LocalRun run, int waitSeconds) {
        if (cancelled || over) {
            return;
        }
        over = true;
        behind.clear();
        sink.failed(new ModelFailure(
                code, message, fieldAtFault(message), null, null, Map.of(), run, ModelFailure.Again.NO, waitSeconds));
    }

    /** Messages about a field begin with its name. */
    private @Nullable String fieldAtFault(String message) {
        int end = 0;
        while (end < message.length()
                && (Character.isLetterOrDigit(message.charAt(end)) || message.charAt(end) == '_')) {
            end++;
        }
        String field = message.substring(0, end);
        return call.parameters().contains(field) ? field : null;
    }
}
