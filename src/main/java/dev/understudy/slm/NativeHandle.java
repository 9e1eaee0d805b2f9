package dev.understudy.slm;

import java.lang.ref.Cleaner;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/** A number of the native table with its end: {@code close} waits for calls in flight, and a forgotten handle is closed too. */
final class NativeHandle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Ending ending;
    private final Cleaner.Cleanable cleanable;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    /** Separate from the handle, which it must not keep alive. */
    private record Ending(long handle, LongConsumer end) implements Runnable {
        @Override
        public void run() {
            end.accept(handle);
        }
    }

    NativeHandle(long handle, LongConsumer end) {
        this.ending = new Ending(handle, end);
        this.cleanable = CLEANER.register(this, ending);
    }

    /**
     * Calls with the handle.
     *
     * @throws SlmException with {@code CLOSED} once closed
     */
    <T> T with(LongFunction<T> call) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new SlmException(SlmException.Code.CLOSED, "the engine is closed");
            }
            return call.apply(ending.handle());
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Calls with the handle as it is, closed or not: for a thread that {@link #close} waits for, which must not wait for
     * it in turn. The native side knows a handle that is no more.
     *
     * @throws SlmException with {@code CLOSED} once closed
     */
    void useUnlocked(LongConsumer call) {
        call.accept(ending.handle());
    }

    /** As {@link #with}, without a result. */
    void use(LongConsumer call) {
        with(handle -> {
            call.accept(handle);
            return true;
        });
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            cleanable.clean();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
