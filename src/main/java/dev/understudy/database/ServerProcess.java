package dev.understudy.database;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The child, and the thread that starts it: the kernel interrupts a child when its starting thread is gone, so that thread
 * lives as long as the server shall. A server that ends by itself is started again, on the same port.
 */
final class ServerProcess {
    private static final Logger LOG = Logger.getLogger(ServerProcess.class);
    private static final long STOP_SECONDS = 20;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    /** A server that ran this long begins with short pauses again. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    private final List<String> command;
    private final Path folder;
    private final Path log;
    private final CompletableFuture<Process> first = new CompletableFuture<>();

    private volatile Process process;
    private volatile boolean kept;
    private volatile boolean ending;

    private ServerProcess(List<String> command, Path folder, Path log) throws IOException, InterruptedException {
        this.command = command;
        this.folder = folder;
        this.log = log;
        Thread.ofPlatform().name("postgres-parent").daemon().start(this::live);
        try {
            this.process = first.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException("the starting thread ended", e);
        }
    }

    /** Starts a server; whether it takes connections is another question. */
    static ServerProcess start(List<String> command, Path folder, Path log) throws IOException, InterruptedException {
        return new ServerProcess(command, folder, log);
    }

    /** From here on the server is started again when it ends. */
    void keep() {
        kept = true;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    private void live() {
        try {
            Process running = spawn(false);
            first.complete(running);
            Duration pause = FIRST_PAUSE;
            while (true) {
                long since = System.nanoTime();
                int status = running.waitFor();
                if (ending || !kept) {
                    return;
                }
                if (System.nanoTime() - since > STEADY.toNanos()) {
                    pause = FIRST_PAUSE;
                }
                LOG.warnf("database ended status=%d again_in_ms=%d", status, pause.toMillis());
                Thread.sleep(pause);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
                if (ending) {
                    return;
                }
                running = spawn(true);
                process = running;
            }
        } catch (IOException | InterruptedException e) {
            if (!first.completeExceptionally(e)) {
                LOG.errorf("database not started again reason=%s", e.getMessage());
            }
        }
    }

    private Process spawn(boolean again) throws IOException {
        if (!Files.exists(log)) {
            DataFolder.writePrivate(log, new byte[0]);
        }
        Process started = Command.builder(command, folder)
                .redirectErrorStream(true)
                .redirectOutput(again ? Redirect.appendTo(log.toFile()) : Redirect.to(log.toFile()))
                .start();
        started.getOutputStream().close();
        return started;
    }

    /** Ends the server, disconnecting whoever is left. */
    void stop() {
        ending = true;
        Process last = process;
        if (!last.isAlive()) {
            return;
        }
        try {
            // SIGTERM would wait for every client to leave; SIGINT rolls back and ends
            new ProcessBuilder("sh", "-c", "kill -INT " + last.pid()).start().waitFor();
            if (!last.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warnf("database killed reason=\"still running after %d s\"", STOP_SECONDS);
                last.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            last.destroy();
        } catch (InterruptedException e) {
            last.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
