package dev.understudy.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The folder in which PostgreSQL keeps the tables. */
final class ServerCluster {
    private static final Duration FORERUNNER = Duration.ofSeconds(15);

    private ServerCluster() {}

    /** Makes a cluster. It gets its name only when it is whole, so that a start cut short leaves nothing half. */
    static void make(DataFolder folder, Path home, Path cluster, String superuser, ServerUser user)
            throws StoreFailure, IOException, InterruptedException {
        Path half = folder.root().resolve("pg.new");
        Path password = folder.root().resolve("initdb-password");
        ServerFiles.delete(half);
        Files.deleteIfExists(password);
        Files.createDirectory(half, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        user.own(half);
        try {
            DataFolder.writePrivate(password, (folder.databasePassword() + "\n").getBytes(StandardCharsets.UTF_8));
            user.own(password);
            Command.Result result = Command.run(
                    user.command(List.of(
                            home.resolve("bin/initdb").toString(),
                            "--auth=scram-sha-256",
                            "--username=" + superuser,
                            "--pwfile=" + password,
                            "--encoding=UTF-8",
                            "--locale=C.UTF-8",
                            "--pgdata=" + half)),
                    home);
            if (result.exit() != 0) {
                throw new StoreFailure(
                        "PostgreSQL could not make its database in " + cluster + ": " + lastError(result.output()));
            }
            Files.move(half, cluster);
        } finally {
            Files.deleteIfExists(password);
        }
    }

    /** The line of a program's output that names the error; the last one when none does. */
    static String lastError(String output) {
        List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
        return lines.stream()
                .filter(line -> line.contains("error:") || line.contains("FATAL") || line.contains("PANIC"))
                .reduce((first, second) -> second)
                .or(() -> lines.isEmpty() ? Optional.empty() : Optional.of(lines.getLast()))
                .orElse("it said nothing");
    }

    /**
     * Refuses a cluster that these programs or this password cannot open.
     *
     * @throws StoreFailure which one it is, and what to do
     */
    static void check(DataFolder folder, Path cluster) throws StoreFailure, IOException {
        Path version = cluster.resolve("PG_VERSION");
        if (ownedByOthers(version)) {
            return; // the server's user reads it; PostgreSQL compares the versions itself
        }
        if (!Files.exists(version)) {
            throw new StoreFailure("the folder " + cluster + " is no PostgreSQL database (PG_VERSION is missing):"
                    + " restore it from a backup, or remove the folder to begin with an empty one");
        }
        String major = Files.readString(version).strip();
        if (!major.equals(ServerFiles.MAJOR)) {
            throw new StoreFailure(
                    "the database in " + cluster + " was made by PostgreSQL " + major
                            + ", this Understudy comes with " + ServerFiles.MAJOR
                            + ": move it with the tools of PostgreSQL (pg_dumpall, pg_upgrade), or choose another understudy.data");
        }
        if (!folder.hasDatabasePassword()) {
            throw new StoreFailure("the file " + folder.root().resolve("database-password")
                    + " is missing, which opens the database in " + cluster + ": restore it from a backup");
        }
    }

    private static boolean ownedByOthers(Path version) {
        Path parent = version.getParent();
        return parent != null && !Files.isReadable(parent);
    }

    /** Waits for a server that a killed gateway has left behind, and that is on its way out. */
    static void awaitForerunner(Path cluster) throws StoreFailure, IOException, InterruptedException {
        Path file = cluster.resolve("postmaster.pid");
        long end = System.nanoTime() + FORERUNNER.toNanos();
        while (Files.exists(file)) {
            String first = Files.readString(file).lines().findFirst().orElse("").strip();
            if (!first.matches("\\d{1,10}") || !isServer(Long.parseLong(first))) {
                return; // a remainder of a crash, which PostgreSQL clears away
            }
            if (System.nanoTime() > end) {
                throw new StoreFailure("another PostgreSQL (process " + first + ") runs on " + cluster
                        + ": stop it, or set understudy.data to another folder");
            }
            Thread.sleep(50);
        }
    }

    private static boolean isServer(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .map(command -> command.endsWith("/postgres"))
                .orElse(false);
    }
}
