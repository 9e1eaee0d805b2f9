package dev.understudy.openai;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Edits of one JSON text, which may not overlap; all other bytes keep theirs. */
final class Edits {
    private int[] places = new int[8];
    private byte[][] texts = new byte[4][];
    private int count;

    /** Forgets all edits. */
    void clear() {
        count = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Puts {@code text} in place of the bytes from {@code start} to {@code end}. */
    void replace(int start, int end, String text) {
        replace(start, end, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The same; of two edits at one place the one that was given first stands first. */
    void replace(int start, int end, byte[] text) {
        if (count == texts.length) {
            texts = Arrays.copyOf(texts, 2 * count);
            places = Arrays.copyOf(places, 4 * count);
        }
        int slot = count;
        while (slot > 0 && places[2 * slot - 2] > start) {
            texts[slot] = texts[slot - 1];
            places[2 * slot] = places[2 * slot - 2];
            places[2 * slot + 1] = places[2 * slot - 1];
            slot--;
        }
        places[2 * slot] = start;
        places[2 * slot + 1] = end;
        texts[slot] = text;
        count++;
    }

    /**
     * Adds a member at the end of an object.
     *
     * @param close where its closing brace is
     * @param others whether a member stands before it when all edits are done
     */
    void append(int close, boolean others, String member) {
        replace(close, close, others ? "," + member : member);
    }

    /**
     * Takes out a member of an object, with one comma. Several members of one object must be taken out in their order.
     *
     * @param start where its name begins
     * @param end after its value
     * @param floor no byte before this one is looked at
     */
    void removeMember(byte[] json, int start, int end, int floor) {
        int before = start - 1;
        while (before > floor && isBlank(json[before])) {
            before--;
        }
        if (json[before] == ',' && !isTaken(before)) {
            replace(before, end, "");
            return;
        }
        int after = end;
        while (after < json.length && isBlank(json[after])) {
            after++;
        }
        boolean more = after < json.length && json[after] == ',';
        replace(start, more ? after + 1 : end, "");
    }

    /** The stretch from {@code from} to {@code to} with all edits done. */
    byte[] apply(byte[] json, int from, int to) {
        int size = to - from;
        for (int i = 0; i < count; i++) {
            size += texts[i].length - (places[2 * i + 1] - places[2 * i]);
        }
        byte[] edited = new byte[size];
        int read = from;
        int written = 0;
        for (int i = 0; i < count; i++) {
            int kept = places[2 * i] - read;
            System.arraycopy(json, read, edited, written, kept);
            System.arraycopy(texts[i], 0, edited, written + kept, texts[i].length);
            written += kept + texts[i].length;
            read = places[2 * i + 1];
        }
        System.arraycopy(json, read, edited, written, to - read);
        return edited;
    }

    private boolean isTaken(int place) {
        for (int i = 0; i < count; i++) {
            if (places[2 * i] <= place && place < places[2 * i + 1]) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }
}
