package dev.understudy.learn;

import java.util.Arrays;

/** Whether each of n things can have one of n others to itself. */
final class Pairing {
    /** Beyond that only the given order is tried. */
    private static final int MOST = 256;

    private static final int NOBODY = -1;

    private final int size;
    private final Fit fit;
    private final int[] partner;

    private Pairing(int size, Fit fit) {
        this.size = size;
        this.fit = fit;
        this.partner = new int[size];
        Arrays.fill(partner, NOBODY);
    }

    /** Whether two fit together. */
    interface Fit {
        /** Whether the one on the left may have the one on the right. */
        boolean fits(int left, int right);
    }

    /** Whether all can be paired; by augmenting paths, so in n³ looks at most. */
    static boolean isComplete(int size, Fit fit) {
        if (size > MOST) {
            for (int i = 0; i < size; i++) {
                if (!fit.fits(i, i)) {
                    return false;
                }
            }
            return true;
        }
        Pairing pairing = new Pairing(size, fit);
        for (int left = 0; left < size; left++) {
            if (!pairing.place(left, new boolean[size])) {
                return false;
            }
        }
        return true;
    }

    private boolean place(int left, boolean[] asked) {
        for (int right = 0; right < size; right++) {
            if (!asked[right] && fit.fits(left, right)) {
                asked[right] = true;
                if (partner[right] == NOBODY || place(partner[right], asked)) {
                    partner[right] = left;
                    return true;
                }
            }
        }
        return false;
    }
}
