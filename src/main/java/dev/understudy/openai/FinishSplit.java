package dev.understudy.openai;

import java.util.ArrayList;
import java.util.List;

/**
 * Parts a chunk that has content and finish reasons, so that more content can stand between them.
 *
 * @param content the chunk with its finish reasons taken out; JSON
 * @param finishes the value of {@code choices} of a chunk for each finish reason
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record FinishSplit(byte[] content, List<String> finishes) {
    private static final byte[] CHOICES = JsonText.ascii("choices");
    private static final byte[] INDEX = JsonText.ascii("index");
    private static final byte[] FINISH_REASON = JsonText.ascii("finish_reason");

    /** Parts the chunk whose JSON stands from {@code from} to {@code to}. */
    static FinishSplit of(byte[] json, int from, int to) throws ApiFailure {
        JsonCursor cursor = new JsonCursor();
        Edits edits = new Edits();
        List<String> finishes = new ArrayList<>(1);
        cursor.open(json, from, to);
        cursor.enter();
        while (cursor.member()) {
            if (cursor.named(CHOICES) && cursor.first() == '[') {
                cursor.enter();
                while (cursor.element()) {
                    choice(cursor, json, edits, finishes);
                }
            } else {
                cursor.skip();
            }
        }
        return new FinishSplit(edits.apply(json, from, to), finishes);
    }

    private static void choice(JsonCursor cursor, byte[] json, Edits edits, List<String> finishes) throws ApiFailure {
        String index = "0";
        String reason = null;
        cursor.enter();
        while (cursor.member()) {
            boolean isIndex = cursor.named(INDEX);
            boolean isReason = cursor.named(FINISH_REASON);
            cursor.skip();
            String value = isIndex || isReason ? JsonText.utf8(json, cursor.start(), cursor.end()) : "";
            if (isIndex) {
                index = value;
            } else if (isReason && cursor.saysSomething()) {
                reason = value;
                edits.replace(cursor.start(), cursor.end(), "null");
            }
        }
        if (reason != null) {
            finishes.add("[{\"index\":" + index + ",\"delta\":{},\"logprobs\":null,\"finish_reason\":" + reason + "}]");
        }
    }
}
