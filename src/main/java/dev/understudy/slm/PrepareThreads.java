package dev.understudy.slm;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Two threads with large stacks, on which prompts are rendered and answers read: templates, schemas and grammars
 * recurse, and on a usual Java stack a thousand levels end the JVM without a word.
 */
public final class PrepareThreads implements Executor, AutoCloseable {
    private static final int THREADS = 2;
    private static final int MAX_WAITING = 1024;
    private static final long STACK_BYTES = 16 << 20;

    private final ThreadPoolExecutor executor;

    public PrepareThreads() {
        this.executor = new ThreadPoolExecutor(
                THREADS, THREADS, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                    var thread = new Thread(null, task, "slm-prepare", STACK_BYTES);
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** @throws java.util.concurrent.RejectedExecutionException when 1,024 tasks wait, or after {@code close} */
    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    /** Runs a task here and waits for it; what it throws is thrown. Not for event loops. */
    public <T> T call(Callable<T> task) {
        var result = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return task.call();
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                executor);
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
