package dev.understudy.openai;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Edits of one JSON text, given in the order of their places; all other bytes keep theirs. */
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
        if (count == texts.length) {
            texts = Arrays.copyOf(texts, 2 * count);
            places = Arrays.copyOf(places, 4 * count);
        }
        places[2 * count] = start;
        places[2 * count + 1] = end;
        texts[count++] = text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Takes out a member of an object, with one comma.
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
        boolean taken = count > 0 && places[2 * count - 1] > before;
        if (json[before] == ',' && !taken) {
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

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }
}
