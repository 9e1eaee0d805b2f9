package dev.understudy.openai;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Checks text for strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF. */
final class Utf8 {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    /** Offset of the first byte that is no UTF-8; -1 when there is none. */
    static int firstBroken(byte[] bytes) {
        return firstBroken(bytes, 0, bytes.length);
    }

    /** The same of a stretch. */
    static int firstBroken(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            if (i + Long.BYTES <= to && ((long) LONGS.get(bytes, i) & HIGH_BITS) == 0) {
                i += Long.BYTES;
            } else if (bytes[i] >= 0) {
                i++;
            } else {
                int length = sequence(bytes, i, to);
                if (length == 0) {
                    return i;
                }
                i += length;
            }
        }
        return -1;
    }

    /** Length of the sequence that begins at {@code at} with a byte over 0x7F; 0 when it is none. */
    private static int sequence(byte[] bytes, int at, int to) {
        int first = bytes[at] & 0xFF;
        int left = to - at;
        if (first < 0xC2 || first > 0xF4 || left < 2) {
            return 0;
        }
        int second = bytes[at + 1] & 0xFF;
        if (first < 0xE0) {
            return isTail(second) ? 2 : 0;
        }
        int least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (second < least || second > most || left < 3 || !isTail(bytes[at + 2] & 0xFF)) {
            return 0;
        }
        if (first < 0xF0) {
            return 3;
        }
        return left >= 4 && isTail(bytes[at + 3] & 0xFF) ? 4 : 0;
    }

    private static boolean isTail(int b) {
        return (b & 0xC0) == 0x80;
    }
}
