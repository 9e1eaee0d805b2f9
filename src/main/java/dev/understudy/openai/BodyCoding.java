package dev.understudy.openai;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/** How a body was packed for the wire (RFC 9110, section 8.4.1; zstd: RFC 8878 within the window of RFC 9659). */
public enum BodyCoding {
    NONE,
    GZIP,
    DEFLATE,
    ZSTD;

    private static final int BLOCK_BYTES = 16 << 10;
    /** No honest JSON shrinks further; what does is made to fill memory. */
    private static final int MOST_RATIO = 100;
    /** So much may come of anything. */
    private static final int FREE_BYTES = 1 << 20;
    /** 8 MiB, which senders may not exceed and receivers must have. */
    private static final int ZSTD_WINDOW_LOG = 23;

    private static final int DEFLATED = 8;

    /** The coding of a {@code Content-Encoding} header, absent or not; null when it is none that we know. */
    public static @Nullable BodyCoding of(@Nullable String header) {
        if (header == null) {
            return NONE;
        }
        return switch (header.strip().toLowerCase(Locale.ROOT)) {
            case "", "identity" -> NONE;
            case "gzip", "x-gzip" -> GZIP;
            case "deflate" -> DEFLATE;
            case "zstd" -> ZSTD;
            default -> null;
        };
    }

    /** Takes what comes of a body. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Takes the first {@code length} bytes of this block, which is used again.
         *
         * @throws ApiFailure when it is too much
         */
        void add(byte[] block, int length) throws ApiFailure;
    }

    /**
     * Unpacks a body. Takes milliseconds for each MiB.
     *
     * @param into for what comes of it, which bounds it
     * @throws ApiFailure when that is too much, or the bytes are broken
     */
    public void unpack(byte[] packed, Sink into) throws ApiFailure {
        long most = Math.max(FREE_BYTES, (long) MOST_RATIO * packed.length);
        byte[] block = new byte[BLOCK_BYTES];
        // An inflater of one's own is not ended by its stream.
        Inflater inflater = this == DEFLATE ? new Inflater(!hasZlibHead(packed)) : null;
        try (InputStream in = open(packed, inflater)) {
            long unpacked = 0;
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                unpacked += read;
                if (unpacked > most) {
                    throw new ApiFailure(
                            ApiError.REQUEST_TOO_LARGE,
                            "The body unpacks to more than 100 times its size. Send it with less compression.");
                }
                into.add(block, read);
            }
        } catch (IOException e) {
            throw new ApiFailure(
                    ApiError.INVALID_VALUE,
                    "The body cannot be unpacked as " + name().toLowerCase(Locale.ROOT)
                            + ", which its Content-Encoding says it is.");
        } finally {
            if (inflater != null) {
                inflater.end();
            }
        }
    }

    private InputStream open(byte[] packed, @Nullable Inflater inflater) throws IOException {
        InputStream bytes = new ByteArrayInputStream(packed);
        return switch (this) {
            case NONE -> bytes;
            case GZIP -> new GZIPInputStream(bytes, BLOCK_BYTES);
            case DEFLATE -> new InflaterInputStream(bytes, inflater, BLOCK_BYTES);
            case ZSTD -> new ZstdInputStreamNoFinalizer(bytes).setLongMax(ZSTD_WINDOW_LOG);
        };
    }

    /** Deflate has a head (RFC 1950), which some senders leave out. */
    private static boolean hasZlibHead(byte[] packed) {
        return packed.length >= 2
                && (packed[0] & 0x0F) == DEFLATED
                && (((packed[0] & 0xFF) << 8) | (packed[1] & 0xFF)) % 31 == 0;
    }
}
