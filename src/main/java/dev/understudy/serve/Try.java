package dev.understudy.serve;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Secret;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.AnswerVoice;
import dev.understudy.model.Asked;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Pricing;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import dev.understudy.openai.AnswerReader;
import dev.understudy.verify.Ladder;
import io.vertx.core.buffer.Buffer;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One target of an exchange while it is asked, and what is known of it afterwards. */
final class Try implements AnswerSink {
    /** An answer longer than this is not kept for the record; it is sent all the same. */
    private static final int KEPT_BYTES = 16 << 20;
    /** Leading frames are let go beyond this, for clients that would rather see them than nothing. */
    private static final int LEADING_BYTES = 64 << 10;
    /** Tokens of a small model's text that are looked at before they leave. */
    private static final int BEGINNING_TOKENS = 32;

    /** Who carries a call out and is told of its tries; all on one event loop. */
    interface Owner {
        /** Microseconds since the call came. */
        long microsNow();

        /** The part of the surface that the call uses. */
        Api api();

        /** The model has taken the question. */
        void accepted(Try by);

        /** An answer that is on its way to the client shows something that its upstream keeps. */
        void shows(Try by, Shown kind, String id);

        /** The next piece of an answer. */
        void frame(Try from, Frame frame);

        /** An answer is whole. */
        void ended(Try by, AnswerEnd end);

        /** There is no whole answer. */
        void failed(Try by, ModelFailure failure);

        /** What a try has cost that was given up is known. */
        void spent(Try by);

        /** A fault of our own. */
        void broke(RuntimeException fault);
    }

    private final Owner owner;
    private final int n;
    private final Decision.Target target;
    private final ModelCard card;
    private final @Nullable Secret key;
    private final Hold hold;
    private final boolean keep;
    private final boolean record;
    private final long startMicros;
    private final List<Frame> held = new ArrayList<>(4);
    private final List<Buffer> kept = new ArrayList<>();
    private @Nullable Asked asked;
    private @Nullable Accepted accepted;
    private @Nullable Long firstContentMicros;
    private @Nullable Integer status;
    private @Nullable String error;
    private @Nullable String finish;
    private @Nullable LocalRun run;
    private @Nullable AnswerVoice voice;
    /** What its answer has shown before it was chosen. */
    private List<Runnable> showing = List.of();

    private TokenCount tokens = TokenCount.NONE;
    private List<VerifyStep> verify = List.of();
    private boolean sent;
    private boolean cancelled;
    private boolean over;
    private boolean tooLong;
    private int heldBytes;
    private int keptBytes;
    private int contentFrames;
    private long contentBytes;
    private long endMicros;

    /**
     * @param keep whether its answer is looked at once more when it is whole
     * @param record whether its answer is wanted for the record
     */
    Try(Owner owner, int n, Targets.Next next, Hold hold, boolean keep, boolean record, long startMicros) {
        this.owner = owner;
        this.n = n;
        this.target = next.target();
        this.card = next.model().card();
        this.key = next.key();
        this.hold = hold;
        this.keep = keep || record;
        this.record = record;
        this.startMicros = startMicros;
    }

    void asked(Asked handle) {
        asked = handle;
    }

    /** Ends the model's work unless it has ended. */
    void cancel() {
        if (!over && asked != null) {
            cancelled = true;
            asked.cancel();
        }
    }

    void pause() {
        if (!over && asked != null) {
            asked.pause();
        }
    }

    void resume() {
        if (!over && asked != null) {
            asked.resume();
        }
    }

    @Override
    public void accepted(Accepted head) {
        accepted = head;
        status = head.status();
        owner.accepted(this); // sets a timer at most
    }

    @Override
    public void frame(Frame frame) {
        if (frame.kind() == Frame.Kind.CONTENT || frame.kind() == Frame.Kind.DOCUMENT) {
            contentFrames++;
            contentBytes += frame.bytes().length();
            if (firstContentMicros == null) {
                firstContentMicros = owner.microsNow();
            }
        }
        keep(frame.bytes());
        try {
            owner.frame(this, frame);
        } catch (RuntimeException e) {
            owner.broke(e);
        }
    }

    @Override
    public void shows(Shown kind, String id) {
        if (sent) {
            owner.shows(this, kind, id);
        } else {
            showing = showing.isEmpty() ? new ArrayList<>(4) : showing;
            showing.add(() -> owner.shows(this, kind, id));
        }
    }

    @Override
    public void voice(AnswerVoice speaker) {
        voice = speaker;
    }

    @Override
    public void ended(AnswerEnd end) {
        over = true;
        endMicros = owner.microsNow();
        finish = end.finish();
        tokens = end.tokens();
        run = end.run();
        try {
            owner.ended(this, end);
        } catch (RuntimeException e) {
            owner.broke(e);
        }
    }

    @Override
    public void failed(ModelFailure failure) {
        over = true;
        endMicros = owner.microsNow();
        error = failure.code().wire();
        run = failure.run();
        if (failure.status() != null) {
            status = failure.status();
        }
        try {
            owner.failed(this, failure);
        } catch (RuntimeException e) {
            owner.broke(e);
        }
    }

    @Override
    public void spent(LocalRun cost) {
        run = cost;
        owner.spent(this);
    }

    /** Whether it was cancelled in this process, and will say in a moment what it has cost. */
    boolean isAwaited() {
        return cancelled && run == null && accepted != null && card.isLocal();
    }

    /** Its answer did not pass, or the client left. */
    void giveUp(String why) {
        cancel();
        error = why;
        if (!over) {
            over = true;
            endMicros = owner.microsNow();
        }
    }

    /** Whether it was given up, or failed by itself. */
    boolean hasFailed() {
        return error != null;
    }

    /** The step of the ladder at which its answer failed, else the code of its failure. */
    String whyNot() {
        if (error != null && !error.equals(ModelFailure.Code.UNPARSED.wire())) {
            return error;
        }
        boolean fell = !verify.isEmpty() && verify.getLast().result() == VerifyStep.Result.FAIL;
        return fell ? verify.getLast().step() : ModelFailure.Code.UNPARSED.wire();
    }

    /** Whether its answer may be sent: it passed the ladder, or where nothing could be checked says something. */
    boolean passed() {
        return verify.isEmpty() ? contentFrames > 0 : Ladder.holds(verify);
    }

    /** Whether its answer ends where a limit on its tokens does. */
    boolean isCut() {
        return "length".equals(finish);
    }

    void verified(List<VerifyStep> steps) {
        verify = steps;
    }

    /** Its answer is the one that the client gets. */
    void chosen() {
        sent = true;
        showing.forEach(Runnable::run);
        showing = List.of();
    }

    /** Who speaks for it where it is silent, or null. */
    @Nullable
    AnswerVoice voice() {
        return voice;
    }

    /** The caller's own key that went with the question, or null. */
    @Nullable
    Secret key() {
        return key;
    }

    void hold(Frame frame) {
        held.add(frame);
        heldBytes += frame.bytes().length();
    }

    /** What is held; not to be changed. */
    List<Frame> heldFrames() {
        return held;
    }

    /** What was held, which is no longer held. */
    List<Frame> takeHeld() {
        List<Frame> all = List.copyOf(held);
        held.clear();
        heldBytes = 0;
        return all;
    }

    /** The answer read from what is held, for a small model behind a base URL; null when some of it has left. */
    @Nullable
    Reply readReply(boolean stream) {
        return held.isEmpty() || hold != Hold.WHOLE ? null : readHeld(stream);
    }

    /** What can be read of an answer's beginning. */
    Reply readHeld(boolean stream) {
        Buffer all = Buffer.buffer(heldBytes);
        held.forEach(frame -> all.appendBuffer(frame.bytes()));
        return read(new AnswerBytes(owner.api(), stream, all.getBytes()));
    }

    /** The whole answer of a large model read once more, from what was kept of it; null when it was too long. */
    @Nullable
    Reply readKept(boolean stream) {
        AnswerBytes all = answer(stream);
        return all == null ? null : read(all);
    }

    private static Reply read(AnswerBytes bytes) {
        Answer answer = AnswerReader.read(bytes);
        String said = answer.finish() == null ? "" : answer.finish();
        return new Reply(answer.content(), answer.toolCalls(), said, null);
    }

    /** From its submit to its end. */
    long ranMicros() {
        return endMicros - startMicros;
    }

    /** All that its answer has come to. */
    long answerBytes() {
        return keptBytes;
    }

    /** Whether it is a text whose beginning alone is held. */
    boolean isBeginning() {
        return hold == Hold.BEGINNING;
    }

    /** Whether it may not leave before its end. */
    boolean isHeldWhole() {
        return hold == Hold.WHOLE;
    }

    int heldBytes() {
        return heldBytes;
    }

    int contentFrames() {
        return contentFrames;
    }

    /**
     * Whether what is held may leave with this frame, the last that was held.
     *
     * @param due whether its beginning is wanted, content or not
     */
    boolean mayLeave(Frame frame, boolean due) {
        return switch (hold) {
            case LEADING -> frame.kind() != Frame.Kind.LEADING || heldBytes > LEADING_BYTES || due;
            case BEGINNING -> contentFrames >= BEGINNING_TOKENS;
            case WHOLE -> false;
        };
    }

    int n() {
        return n;
    }

    ModelCard card() {
        return card;
    }

    boolean isSmall() {
        return card.tier() == Tier.SLM;
    }

    /** How an answer of its comes about, under a rule of that action. */
    Interaction.Route route(Decision.Action action) {
        return switch (target.role()) {
            case SERVE ->
                isSmall() && action == Decision.Action.CASCADE ? Interaction.Route.CASCADE : Interaction.Route.DIRECT;
            case ESCALATE -> Interaction.Route.CASCADE;
            case FALLBACK -> Interaction.Route.FALLBACK;
            case MIRROR -> throw new IllegalStateException("a mirror answers nobody");
        };
    }

    @Nullable
    Accepted head() {
        return accepted;
    }

    TokenCount tokens() {
        return tokens;
    }

    @Nullable
    Long firstContentMicros() {
        return firstContentMicros;
    }

    /** Adds the prompt to an estimate, and estimates what was delivered where the model said nothing. */
    void completeTokens(int promptTokens, boolean stream) {
        if (tokens.source() == TokenCount.Source.ESTIMATED) {
            tokens = new TokenCount(promptTokens, 0, tokens.output(), TokenCount.Source.ESTIMATED);
        } else if (tokens.source() == TokenCount.Source.NONE && accepted != null) {
            // A frame of a stream carries about a token; a document's bytes are mostly its text.
            long output = stream ? contentFrames : contentBytes / 4;
            tokens = new TokenCount(promptTokens, 0, (int) output, TokenCount.Source.ESTIMATED);
        }
    }

    /** In the catalogue's currency; null when unpriced. What was never accepted cost nothing. */
    @Nullable
    BigDecimal cost(String requested, LocalDate day) {
        if (accepted == null && run == null) {
            return BigDecimal.ZERO;
        }
        return Pricing.cost(card, requested, tokens, run == null ? null : run.deviceMicros(), day);
    }

    Attempt attempt(boolean stream, @Nullable BigDecimal cost) {
        LocalRun ran = run;
        return new Attempt(
                n,
                target.role(),
                card.tier(),
                card.name(),
                ran == null ? null : ran.variant(),
                startMicros,
                ran == null ? null : ran.queueMicros(),
                firstContentMicros,
                endMicros,
                isSmall() ? null : status,
                error,
                finish,
                tokens,
                ran == null ? null : ran.device(),
                ran == null ? null : ran.deviceMicros(),
                ran == null ? null : ran.minMargin(),
                ran == null ? null : ran.meanMargin(),
                verify,
                sent,
                record ? answer(stream) : null,
                ran == null || !record ? null : ran.rawText(),
                accepted == null ? null : accepted.upstreamRequestId(),
                cost);
    }

    private void keep(Buffer bytes) {
        if (!keep || tooLong) {
            return;
        }
        keptBytes += bytes.length();
        if (keptBytes > KEPT_BYTES) {
            tooLong = true;
            kept.clear();
        } else {
            kept.add(bytes);
        }
    }

    private @Nullable AnswerBytes answer(boolean stream) {
        if (kept.isEmpty()) {
            return null;
        }
        byte[] all = new byte[keptBytes];
        int at = 0;
        for (int i = 0; i < kept.size(); i++) {
            Buffer part = kept.get(i);
            part.getBytes(0, part.length(), all, at);
            at += part.length();
        }
        return new AnswerBytes(owner.api(), stream, all);
    }
}
