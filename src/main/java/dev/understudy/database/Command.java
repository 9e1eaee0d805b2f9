package dev.understudy.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Runs a short program to its end, and builds the surroundings of a long one. */
final class Command {
    private Command() {}

    /**
     * What a program said and how it ended.
     *
     * @param exit its exit status
     * @param output both of its streams, without blanks at the ends
     */
    record Result(int exit, String output) {}

    /** A builder whose program sees none of our environment: no keys of providers, no PG variables. */
    static ProcessBuilder builder(List<String> command, Path folder) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().retainAll(Set.of("PATH", "TZ"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        return builder;
    }

    /** Runs a program and waits for it. */
    static Result run(List<String> command, Path folder) throws IOException, InterruptedException {
        Process process = builder(command, folder).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return new Result(process.waitFor(), output);
    }
}
