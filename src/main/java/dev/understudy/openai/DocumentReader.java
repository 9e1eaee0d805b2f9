package dev.understudy.openai;

import dev.understudy.call.Call;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One pass over an upstream's JSON answer: what it says, and what in it has to be edited. */
final class DocumentReader {
    private static final byte[] CHOICES = JsonText.ascii("choices");
    private static final byte[] USAGE = JsonText.ascii("usage");
    private static final byte[] ERROR = JsonText.ascii("error");
    private static final byte[] INDEX = JsonText.ascii("index");
    private static final byte[] MESSAGE = JsonText.ascii("message");
    private static final byte[] LOGPROBS = JsonText.ascii("logprobs");
    private static final byte[] FINISH_REASON = JsonText.ascii("finish_reason");
    private static final byte[] ROLE = JsonText.ascii("role");
    private static final byte[] CONTENT = JsonText.ascii("content");
    private static final byte[] REFUSAL = JsonText.ascii("refusal");
    private static final byte[] TOOL_CALLS = JsonText.ascii("tool_calls");
    private static final String NO_MESSAGE = "{\"role\":\"assistant\",\"content\":null,\"refusal\":null}";

    private final Call call;
    private final byte[] bytes;
    private final Set<Deviation> deviations;
    private final AnswerIdentity identity = new AnswerIdentity("chat.completion");
    private final JsonCursor cursor = new JsonCursor();
    private final Edits edits = new Edits();
    private final ToolCallSpans toolCall = new ToolCallSpans();
    private boolean choicesSeen;
    private int choices;
    private int calls;
    private @Nullable String finish;
    private int usageStart = -1;
    private int usageEnd = -1;
    private int characters;

    DocumentReader(Call call, byte[] bytes, Set<Deviation> deviations) {
        this.call = call;
        this.bytes = bytes;
        this.deviations = deviations;
    }

    /** Reads it all; called once. */
    void read() throws ApiFailure {
        int members = 0;
        identity.begin();
        cursor.open(bytes, 0, bytes.length);
        if (cursor.first() != '{') {
            throw UpstreamJson.malformed("sent an answer that is not a JSON object");
        }
        int floor = cursor.start();
        cursor.enter();
        while (cursor.member()) {
            members++;
            if (cursor.named(CHOICES) && cursor.first() == '[') {
                readChoices();
            } else if (cursor.named(ERROR)) {
                int member = cursor.nameStart();
                cursor.skip();
                if (!cursor.isNull()) {
                    throw UpstreamJson.malformed("answered with an error under a status of success");
                }
                edits.removeMember(bytes, member, cursor.end(), floor);
                deviations.add(Deviation.ERROR_NULL);
                members--;
            } else if (!identity.read(cursor, bytes)) {
                boolean usage = cursor.named(USAGE);
                cursor.skip();
                usageStart = usage ? cursor.start() : usageStart;
                usageEnd = usage ? cursor.end() : usageEnd;
            }
        }
        int close = cursor.end() - 1;
        cursor.close();
        if (!choicesSeen) {
            throw UpstreamJson.malformed("sent an answer without choices");
        }
        if (!identity.isRight()) {
            identity.make(call);
            identity.mend(edits, close, members > 0);
            deviations.add(Deviation.CONSTANTS);
        }
    }

    private void readChoices() throws ApiFailure {
        choicesSeen = true;
        cursor.enter();
        while (cursor.element()) {
            if (cursor.first() != '{') {
                throw UpstreamJson.malformed("sent a choice that is no object");
            }
            readChoice();
            choices++;
        }
    }

    private void readChoice() throws ApiFailure {
        int members = 0;
        boolean index = false;
        boolean message = false;
        boolean logprobs = false;
        boolean reason = false;
        cursor.enter();
        while (cursor.member()) {
            members++;
            index |= cursor.named(INDEX);
            logprobs |= cursor.named(LOGPROBS);
            if (cursor.named(MESSAGE)) {
                message = true;
                readMessage();
            } else {
                boolean finishes = cursor.named(FINISH_REASON);
                cursor.skip();
                if (finishes) {
                    reason = true;
                    readFinish();
                }
            }
        }
        int close = cursor.end() - 1;
        require(index, close, members > 0, "\"index\":" + choices);
        require(message, close, true, "\"message\":" + NO_MESSAGE);
        require(logprobs, close, true, "\"logprobs\":null");
        require(reason, close, true, "\"finish_reason\":null");
    }

    private void readFinish() {
        if (finish == null && cursor.saysSomething()) {
            finish = JsonText.utf8(bytes, cursor.start() + 1, cursor.end() - 1);
        }
    }

    private void readMessage() throws ApiFailure {
        if (cursor.first() != '{') {
            cursor.skip();
            edits.replace(cursor.start(), cursor.end(), NO_MESSAGE);
            deviations.add(Deviation.MEMBERS);
            return;
        }
        int members = 0;
        boolean role = false;
        boolean content = false;
        boolean refusal = false;
        cursor.enter();
        while (cursor.member()) {
            members++;
            content |= cursor.named(CONTENT);
            refusal |= cursor.named(REFUSAL);
            if (cursor.named(ROLE)) {
                role = true;
                readRole();
            } else if (cursor.named(TOOL_CALLS) && cursor.first() == '[') {
                readToolCalls();
            } else {
                boolean isText = cursor.first() == '"';
                cursor.skip();
                // Whatever its name, all of it was generated.
                say(isText ? cursor.characters() : cursor.isNull() ? 0 : cursor.end() - cursor.start());
            }
        }
        int close = cursor.end() - 1;
        require(role, close, members > 0, "\"role\":\"assistant\"");
        require(content, close, true, "\"content\":null");
        require(refusal, close, true, "\"refusal\":null");
    }

    private void readRole() throws ApiFailure {
        cursor.skip();
        if (!cursor.saysSomething()) {
            edits.replace(cursor.start(), cursor.end(), "\"assistant\"");
            deviations.add(Deviation.ROLE);
        }
    }

    private void readToolCalls() throws ApiFailure {
        cursor.enter();
        while (cursor.element()) {
            if (cursor.first() == '{') {
                toolCall.read(cursor, bytes);
                say(toolCall.characters());
                toolCall.complete(ToolCalls.madeId(call, choices, calls), edits, deviations);
                toolCall.argumentsAsText(edits, deviations);
                toolCall.requireArguments(edits, deviations);
                calls++;
            } else {
                cursor.skip();
            }
        }
    }

    private void require(boolean there, int close, boolean others, String member) {
        if (!there) {
            edits.append(close, others, member);
            deviations.add(Deviation.MEMBERS);
        }
    }

    private void say(int count) {
        characters = (int) Math.min(Integer.MAX_VALUE, (long) characters + count);
    }

    Edits edits() {
        return edits;
    }

    @Nullable
    String finish() {
        return finish;
    }

    /** Where the value of {@code usage} begins; -1 when there is none. */
    int usageStart() {
        return usageStart;
    }

    int usageEnd() {
        return usageEnd;
    }

    /** Characters of what all choices say. */
    int characters() {
        return characters;
    }
}
