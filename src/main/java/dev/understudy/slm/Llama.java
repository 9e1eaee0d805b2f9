package dev.understudy.slm;

import java.nio.ByteBuffer;

/**
 * The natives of {@code libunderstudy_slm.so}. Strings are UTF-8 bytes, structures JSON, handles numbers in a table: a
 * stale one throws {@link SlmException} with {@code CLOSED}. All but {@code init} and {@code open} may be called from
 * any thread; {@code prepare}, {@code read} and {@code open} need a stack of several megabytes.
 */
final class Llama {
    private Llama() {}

    /** Told by the decode thread of an engine; must not block and must not throw. */
    interface Listener {
        /** The first {@code length} bytes of the engine's buffer hold records. They are gone when this returns. */
        void onEvents(int length);
    }

    static native void init(byte[] libraryFolder);

    static native int loadGpus(byte[] plugin);

    static native void noteAbort(byte[] file);

    static native byte[] memoryNeed(byte[] config);

    static native byte[] devices();

    static native byte[] drainLog();

    static native long open(byte[] config, Listener listener, ByteBuffer buffer);

    static native void close(long engine);

    static native long prepare(long engine, byte[] chat);

    static native byte[] planInfo(long plan);

    static native int[] planTokens(long plan);

    static native void freePlan(long plan);

    static native byte[] read(long plan, byte[] text, boolean cut);

    static native void submit(long engine, long id, long plan, byte[] params);

    static native void cancel(long engine, long id);

    static native int loadAdapter(long engine, byte[] path, byte[] key);

    static native boolean unloadAdapter(long engine, int adapter);

    static native byte[] adapters(long engine);

    static native int[] tokenize(long engine, byte[] text, boolean addSpecial, boolean parseSpecial);

    static native byte[] detokenize(long engine, int[] tokens);

    static native byte[] stats(long engine);
}
