package dev.understudy.openai;

import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a chat stream ends with, held until its end: frames with a finish reason, then one with usage. */
final class HeldFrames {
    private static final int DATA = "data: ".length();
    private static final int BLANK_LINE = 2;

    private final AnswerIdentity identity;
    private final Consumer<Frame> out;
    private final List<Frame> finishes = new ArrayList<>(2);
    private @Nullable Frame usage;

    /**
     * @param identity for frames of our own
     * @param out told of each frame that leaves
     */
    HeldFrames(AnswerIdentity identity, Consumer<Frame> out) {
        this.identity = identity;
        this.out = out;
    }

    /** Holds a frame with a finish reason, which may have content too. */
    void finish(Buffer frame, boolean content) {
        finishes.add(new Frame(frame, content ? Frame.Kind.CONTENT : Frame.Kind.CLOSING));
    }

    /** Holds a frame of nothing but usage; whether it takes the place of another. */
    boolean usage(Buffer frame) {
        boolean other = usage != null;
        usage = new Frame(frame, Frame.Kind.CLOSING);
        return other;
    }

    /** Holds usage that came elsewhere, in a frame of our own. */
    void usageValue(byte[] json) {
        usage = closing(",\"choices\":[],\"usage\":" + JsonText.utf8(json, 0, json.length));
    }

    /** Lets the content of held frames go before content that came later; their finish reasons stay. */
    void part() throws ApiFailure {
        List<Frame> left = new ArrayList<>();
        for (Frame frame : finishes) {
            if (frame.kind() != Frame.Kind.CONTENT) {
                left.add(frame);
                continue;
            }
            byte[] bytes = frame.bytes().getBytes();
            FinishSplit split = FinishSplit.of(bytes, DATA, bytes.length - BLANK_LINE);
            out.accept(new Frame(Buffer.buffer(new EventLines(split.content()).frame()), Frame.Kind.CONTENT));
            for (String choice : split.finishes()) {
                left.add(closing(",\"choices\":" + choice));
            }
        }
        finishes.clear();
        finishes.addAll(left);
    }

    /** Lets the finish reasons go before the end, and so as leading frames. */
    void release() {
        for (Frame frame : finishes) {
            boolean content = frame.kind() == Frame.Kind.CONTENT;
            out.accept(content ? frame : new Frame(frame.bytes(), Frame.Kind.LEADING));
        }
        finishes.clear();
    }

    /** Lets all of them go. */
    void tell() {
        for (Frame frame : finishes) {
            out.accept(frame);
        }
        finishes.clear();
        if (usage != null) {
            out.accept(usage);
        }
    }

    private Frame closing(String members) {
        return new Frame(Buffer.buffer("data: " + identity.object() + members + "}\n\n"), Frame.Kind.CLOSING);
    }
}
