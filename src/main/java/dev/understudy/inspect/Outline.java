package dev.understudy.inspect;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The lines of a prompt that stay the same, as keyed hashes with their lengths. Tells how much of one prompt another
 * holds, by characters, without knowing a word of either.
 */
public final class Outline {
    /** From this share on a prompt belongs to a site. */
    static final double SAME_SITE = 0.6;

    private final long[] hashes;
    private final int[] lengths;
    private final int characters;

    private Outline(long[] hashes, int[] lengths) {
        this.hashes = hashes;
        this.lengths = lengths;
        int sum = 0;
        for (int length : lengths) {
            sum += length;
        }
        this.characters = sum;
    }

    /** An outline of these lines; a line that comes twice counts once. */
    static Outline of(Iterable<String> lines, SipHash hash) {
        SortedMap<Long, Integer> sorted = new TreeMap<>();
        for (String line : lines) {
            sorted.put(hash.hash(line), line.length());
        }
        return of(sorted);
    }

    /** Reads what {@link #packed} wrote. */
    public static Outline unpacked(Long[] packed) {
        if (packed.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "an outline is pairs of hash and length, got " + packed.length + " values");
        }
        SortedMap<Long, Integer> sorted = new TreeMap<>();
        for (int i = 0; i < packed.length; i += 2) {
            sorted.put(packed[i], packed[i + 1].intValue());
        }
        return of(sorted);
    }

    private static Outline of(SortedMap<Long, Integer> sorted) {
        long[] hashes = new long[sorted.size()];
        int[] lengths = new int[hashes.length];
        int i = 0;
        for (var line : sorted.entrySet()) {
            hashes[i] = line.getKey();
            lengths[i++] = line.getValue();
        }
        return new Outline(hashes, lengths);
    }

    /** Hash and length of each line in turn, as rows keep them. */
    public Long[] packed() {
        Long[] packed = new Long[2 * hashes.length];
        for (int i = 0; i < hashes.length; i++) {
            packed[2 * i] = hashes[i];
            packed[2 * i + 1] = (long) lengths[i];
        }
        return packed;
    }

    /** Characters of all lines. */
    public int characters() {
        return characters;
    }

    /** The share of this outline's characters that {@code other} holds, 0 to 1; 1 for two empty ones. */
    double heldBy(Outline other) {
        if (characters == 0) {
            return other.characters == 0 ? 1 : 0;
        }
        if (Arrays.equals(hashes, other.hashes)) {
            return 1;
        }
        int held = 0;
        int j = 0;
        for (int i = 0; i < hashes.length; i++) {
            while (j < other.hashes.length && other.hashes[j] < hashes[i]) {
                j++;
            }
            if (j < other.hashes.length && other.hashes[j] == hashes[i]) {
                held += lengths[i];
            }
        }
        return (double) held / characters;
    }

    /** Mixes the outline into a name for a site. */
    void digest(ByteBuffer into) {
        for (long hash : hashes) {
            into.putLong(hash);
        }
    }

    int lines() {
        return hashes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Outline that
                && Arrays.equals(hashes, that.hashes)
                && Arrays.equals(lengths, that.lengths);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hashes);
    }

    /** The outline says how large it is; its hashes are nobody's business. */
    @Override
    public String toString() {
        return "Outline[" + hashes.length + " lines, " + characters + " characters]";
    }
}
