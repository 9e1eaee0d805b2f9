package dev.understudy.learn;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Where the trainer lives: a Python virtual environment of its own below the data folder, made on first use from versions pinned by hash,
 * and the job's source beside it, written anew from the jar each time.
 *
 * @param python the environment's interpreter
 * @param sources the folder to put on Python's path
 */
record TrainerHome(Path python, Path sources) {

    private static final String PACKAGE = "/python/understudy_train/";
    private static final List<String> FILES = List.of(
            "__init__.py",
            "__main__.py",
            "job.py",
            "packing.py",
            "progress.py",
            "recipe.py",
            "rows.py",
            "requirements.txt");
    private static final String STAMP = "requirements.sha256";

    /**
     * Opens the home, making it when it is missing or of other versions. Takes minutes and about 7 GB the first time.
     *
     * @param folder of the environment
     * @param say told what takes long
     * @throws TrainingRefused if Python is missing or the packages cannot be installed; the message has the remedy
     */
    static TrainerHome open(Path folder, Consumer<String> say)
            throws TrainingRefused, IOException, InterruptedException {
        Files.createDirectories(folder);
        Path sources = folder.resolve("understudy");
        Path job = Files.createDirectories(sources.resolve("understudy_train"));
        for (String file : FILES) {
            try (InputStream in = TrainerHome.class.getResourceAsStream(PACKAGE + file)) {
                if (in == null) {
                    throw new IllegalStateException("the jar lacks " + PACKAGE + file);
                }
                Files.copy(in, job.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path requirements = job.resolve("requirements.txt");
        Path python = folder.resolve("bin").resolve("python");
        String wanted = Digests.sha256(requirements);
        if (!wanted.equals(stamp(folder))) {
            say.accept("making the trainer's Python environment in " + folder + " (once; minutes, about 7 GB)");
            Path log = folder.resolve("install.log");
            run(
                    List.of("python3", "-m", "venv", folder.toString()),
                    log,
                    "install Python 3 with venv (Debian: apt-get install python3-venv)");
            run(
                    install(python, requirements),
                    log,
                    "see " + log + "; Python 3.11 on Linux x86-64 is what the versions are pinned for");
            Files.writeString(folder.resolve(STAMP), wanted + "\n");
        }
        return new TrainerHome(python, sources);
    }

    private static List<String> install(Path python, Path requirements) {
        List<String> command = new ArrayList<>(List.of(python.toString(), "-m", "pip", "install", "--quiet"));
        command.addAll(
                List.of("--disable-pip-version-check", "--only-binary", ":all:", "--no-deps", "--require-hashes"));
        command.addAll(List.of("-r", requirements.toString()));
        return command;
    }

    private static String stamp(Path folder) throws IOException {
        try {
            return Files.readString(folder.resolve(STAMP), StandardCharsets.UTF_8)
                    .strip();
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    private static void run(List<String> command, Path log, String remedy)
            throws TrainingRefused, IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new TrainingRefused(
                    "the trainer's Python cannot be made, " + command.getFirst() + " did not start: " + remedy);
        }
        try {
            if (process.waitFor() != 0) {
                throw new TrainingRefused("the trainer's Python cannot be made: " + remedy);
            }
        } finally {
            process.destroy();
        }
    }
}
