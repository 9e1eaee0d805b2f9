package dev.understudy.openai;

import dev.understudy.call.Call;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the chunks of one chat stream, one after the other: what each carries, what in it has to be edited, and which
 * choices have spoken and finished so far. A chunk as OpenAI would send it is read without allocating anything.
 */
final class ChunkReader {
    private static final byte[] CHOICES = JsonText.ascii("choices");
    private static final byte[] USAGE = JsonText.ascii("usage");
    private static final byte[] ERROR = JsonText.ascii("error");
    private static final byte[] TYPE = JsonText.ascii("type");
    private static final byte[] FINGERPRINT = JsonText.ascii("system_fingerprint");
    private static final byte[] TIER = JsonText.ascii("service_tier");
    private static final byte[] INDEX = JsonText.ascii("index");
    private static final byte[] DELTA = JsonText.ascii("delta");
    private static final byte[] FINISH_REASON = JsonText.ascii("finish_reason");
    private static final String PING = "\"ping\"";
    private static final int MOST_CHOICES = 1_024;

    private final UsageWish wish;
    private final AnswerIdentity identity = new AnswerIdentity("chat.completion.chunk");
    private final JsonCursor cursor = new JsonCursor();
    private final Edits edits = new Edits();
    private final DeltaReader deltas;
    private final BitSet spoke = new BitSet();
    private final BitSet finished = new BitSet();
    private final Set<Deviation> deviations = EnumSet.noneOf(Deviation.class);
    private @Nullable String finish;

    // Of the chunk that was read last.
    private byte[] bytes = new byte[0];
    private int start;
    private int close;
    private int members;
    private boolean error;
    private boolean ping;
    private boolean choicesMissing;
    private boolean otherMembers;
    private int choices;
    private boolean content;
    private boolean finishes;
    private boolean late;
    private int usageMember;
    private int usageStart;
    private int usageEnd;

    // Of the choice that was read last.
    private int index;
    private int finishStart;
    private int finishEnd;
    private boolean saysFinish;

    ChunkReader(Call call, UsageWish wish) {
        this.wish = wish;
        this.deltas = new DeltaReader(call, cursor, edits, deviations);
    }

    /** Reads one chunk, whose JSON stands from {@code from} to {@code to}. */
    void read(byte[] json, int from, int to) throws ApiFailure {
        reset(json, from);
        cursor.open(json, from, to);
        if (cursor.first() != '{') {
            throw UpstreamJson.malformed("sent an event that is not a JSON object");
        }
        start = cursor.start();
        boolean choicesSeen = false;
        cursor.enter();
        while (cursor.member()) {
            members++;
            if (cursor.named(CHOICES)) {
                choicesSeen = true;
                readChoices();
            } else if (!identity.read(cursor, json)) {
                readOther();
            }
        }
        close = cursor.end() - 1;
        cursor.close();
        mendUsage();
        if (!choicesSeen && !error) {
            choicesMissing = true;
            edits.append(close, members > 0, "\"choices\":[]");
            members++;
        }
    }

    private void reset(byte[] json, int from) {
        bytes = json;
        start = from;
        members = 0;
        edits.clear();
        deviations.clear();
        identity.begin();
        deltas.begin(json, from);
        error = false;
        ping = false;
        choicesMissing = false;
        otherMembers = false;
        choices = 0;
        content = false;
        finishes = false;
        late = false;
        usageMember = -1;
        usageStart = -1;
    }

    private void readOther() throws ApiFailure {
        int member = cursor.nameStart();
        if (cursor.named(USAGE)) {
            cursor.skip();
            usageMember = member;
            usageStart = cursor.start();
            usageEnd = cursor.end();
            if (wish == UsageWish.NOWHERE) {
                edits.removeMember(bytes, member, usageEnd, start);
                members--;
            }
        } else if (cursor.named(ERROR)) {
            cursor.skip();
            if (cursor.isNull()) {
                edits.removeMember(bytes, member, cursor.end(), start);
                members--;
                deviations.add(Deviation.ERROR_NULL);
            } else {
                error = true;
            }
        } else if (cursor.named(TYPE)) {
            cursor.skip();
            ping = JsonText.utf8(bytes, cursor.start(), cursor.end()).equals(PING);
        } else {
            otherMembers |= !cursor.named(FINGERPRINT) && !cursor.named(TIER);
            cursor.skip();
        }
    }

    private void readChoices() throws ApiFailure {
        if (cursor.first() == 'n') {
            cursor.skip();
            choicesMissing = true;
            edits.replace(cursor.start(), cursor.end(), "[]");
            return;
        }
        if (cursor.first() != '[') {
            throw UpstreamJson.malformed("sent a chunk whose choices are no array");
        }
        cursor.enter();
        while (cursor.element()) {
            if (cursor.first() != '{') {
                throw UpstreamJson.malformed("sent a choice that is no object");
            }
            choices++;
            readChoice();
        }
    }

    private void readChoice() throws ApiFailure {
        index = -1;
        finishStart = -1;
        saysFinish = false;
        int count = 0;
        int delta = -1;
        boolean deltaRead = false;
        cursor.enter();
        while (cursor.member()) {
            count++;
            if (cursor.named(INDEX)) {
                cursor.skip();
                index = cursor.count();
                checkIndex();
            } else if (cursor.named(DELTA)) {
                delta = cursor.start();
                deltaRead = index >= 0;
                if (deltaRead) {
                    content |= deltas.read(index);
                } else {
                    cursor.skip();
                }
            } else if (cursor.named(FINISH_REASON)) {
                cursor.skip();
                finishStart = cursor.start();
                finishEnd = cursor.end();
                saysFinish = cursor.saysSomething();
            } else {
                cursor.skip();
            }
        }
        int end = cursor.end();
        count = completeChoice(end - 1, count);
        if (delta < 0) {
            String made = deltas.make(index);
            edits.append(end - 1, count > 0, "\"delta\":" + made);
        } else if (!deltaRead) {
            // Its role and its calls belong to a choice whose number stood behind it.
            cursor.moveTo(delta);
            content |= deltas.read(index);
            cursor.moveTo(end);
        }
        finishChoice();
    }

    private void checkIndex() throws ApiFailure {
        if (index < 0 || index >= MOST_CHOICES) {
            throw UpstreamJson.malformed("sent a choice with an index out of range");
        }
    }

    private int completeChoice(int end, int count) {
        int added = count;
        if (index < 0) {
            index = 0;
            edits.append(end, added++ > 0, "\"index\":0");
            deviations.add(Deviation.MEMBERS);
        }
        if (finishStart < 0) {
            edits.append(end, added++ > 0, "\"finish_reason\":null");
            deviations.add(Deviation.MEMBERS);
        } else if (!saysFinish && bytes[finishStart] != 'n') {
            edits.replace(finishStart, finishEnd, "null");
            deviations.add(Deviation.MEMBERS);
        }
        return added;
    }

    private void finishChoice() {
        spoke.set(index);
        if (finished.get(index)) {
            late = true;
            deviations.add(Deviation.AFTER_FINISH);
            if (saysFinish) {
                edits.replace(finishStart, finishEnd, "null");
            }
        } else if (saysFinish) {
            finishes = true;
            finished.set(index);
            if (index == 0 || finish == null) {
                finish = JsonText.utf8(bytes, finishStart + 1, finishEnd - 1);
            }
        }
    }

    /** In a chunk of its own usage stays; elsewhere its place is the last chunk, as OpenAI has it. */
    private void mendUsage() {
        if (hasUsage() && choices > 0 && wish != UsageWish.ANYWHERE) {
            deviations.add(Deviation.USAGE);
            if (wish == UsageWish.IN_A_CHUNK) {
                edits.replace(usageStart, usageEnd, "null");
            }
        }
    }

    /** Adds the members that the chunk lacks. */
    void mendIdentity() {
        if (!identity.isRight()) {
            identity.mend(edits, close, members > 0);
            deviations.add(Deviation.CONSTANTS);
        }
    }

    AnswerIdentity identity() {
        return identity;
    }

    /** Whether the chunk tells an error. */
    boolean isError() {
        return error;
    }

    /** Whether the chunk says nothing: a ping, or one without choices, usage or vendor data. */
    boolean isNothing() {
        boolean empty = choicesMissing && !hasUsage() && !otherMembers;
        return empty || (ping && choices == 0);
    }

    /** Whether all that the chunk has is usage. */
    boolean isUsage() {
        return choices == 0 && hasUsage();
    }

    /** Whether the chunk only says again what has finished. */
    boolean isLateAndEmpty() {
        return late && !content && !finishes;
    }

    boolean isLate() {
        return late;
    }

    boolean hasContent() {
        return content;
    }

    /** Whether the chunk has a finish reason. */
    boolean finishes() {
        return finishes;
    }

    boolean choicesMissing() {
        return choicesMissing;
    }

    boolean hasUsage() {
        return usageMember >= 0 && bytes[usageStart] == '{';
    }

    /** Where the usage object begins. */
    int usageStart() {
        return usageStart;
    }

    /** After the usage object. */
    int usageEnd() {
        return usageEnd;
    }

    /** What has to be edited, in the coordinates of the bytes that were read. */
    Edits edits() {
        return edits;
    }

    /** How this chunk deviated. */
    Set<Deviation> deviations() {
        return deviations;
    }

    /** Whether some choice spoke and each that did has finished. A stream of usage alone has nothing to finish. */
    boolean allFinished() {
        return spoke.equals(finished);
    }

    /** How many choices have finished. */
    int finishedChoices() {
        return finished.cardinality();
    }

    @Nullable
    String finish() {
        return finish;
    }

    int contentCharacters() {
        return deltas.characters();
    }
}
