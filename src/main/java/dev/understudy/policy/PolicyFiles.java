package dev.understudy.policy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * The files of a folder as they are at one moment: path below the folder to text. Names that begin with a dot are
 * skipped, also folders; a mounted config map keeps its versions in such folders and links to them.
 *
 * @param problems files that are too many, too large or not UTF-8
 */
record PolicyFiles(SequencedMap<String, String> texts, List<Problem> problems) {
    private static final int MOST_FILES = 200;
    private static final long MOST_BYTES = 1 << 20;

    PolicyFiles {
        texts = new TreeMap<>(texts);
        problems = List.copyOf(problems);
    }

    /** Reads the folder. What cannot be read is a problem, not an exception. */
    static PolicyFiles read(Path folder) {
        TreeMap<String, String> texts = new TreeMap<>();
        List<Problem> problems = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            problems.add(Place.file(folder.toString())
                    .problem(Problem.Code.MISSING, "there is no such folder", "set understudy.policies"));
            return new PolicyFiles(texts, problems);
        }
        for (Path file : list(folder, problems)) {
            String name = folder.relativize(file).toString().replace('\\', '/');
            try {
                readOne(file, name, texts, problems);
            } catch (IOException e) {
                problems.add(Place.file(name)
                        .problem(
                                Problem.Code.LIMIT,
                                "cannot be read: " + e.getClass().getSimpleName()));
            }
        }
        return new PolicyFiles(texts, problems);
    }

    private static List<Path> list(Path folder, List<Problem> problems) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(folder, Set.of(FileVisitOption.FOLLOW_LINKS), 16, new Visitor(folder, found));
        } catch (IOException e) {
            problems.add(Place.file(".").problem(Problem.Code.LIMIT, "the folder cannot be listed: " + e.getMessage()));
        }
        found.sort(null);
        if (found.size() > MOST_FILES) {
            problems.add(Place.file(".")
                    .problem(Problem.Code.LIMIT, found.size() + " files, at most " + MOST_FILES + " are read"));
            return found.subList(0, MOST_FILES);
        }
        return found;
    }

    private static void readOne(Path file, String name, TreeMap<String, String> texts, List<Problem> problems)
            throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            problems.add(Place.file(name).problem(Problem.Code.LIMIT, "the file is over 1 MiB"));
            return;
        }
        try {
            texts.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                            .toString());
        } catch (CharacterCodingException e) {
            problems.add(Place.file(name).problem(Problem.Code.SYNTAX, "the file is not UTF-8"));
        }
    }

    /** SHA-256 of a text, 64 hex digits. */
    static String sha256(String text) {
        return HexFormat.of().formatHex(newDigest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** A digest over names and texts and whatever could not be read. */
    String digest() {
        MessageDigest digest = newDigest();
        texts.forEach((name, text) -> {
            add(digest, name);
            add(digest, text);
        });
        problems.forEach(problem -> add(digest, problem.toString()));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
        digest.update(bytes);
    }

    /** Collects the YAML files below a folder. */
    private static final class Visitor extends SimpleFileVisitor<Path> {
        private final Path root;
        private final List<Path> found;

        Visitor(Path root, List<Path> found) {
            this.root = root;
            this.found = found;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return !folder.equals(root) && isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = String.valueOf(file.getFileName());
            boolean yaml = name.endsWith(".yaml") || name.endsWith(".yml");
            if (yaml && !isHidden(file) && attributes.isRegularFile()) {
                found.add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
            return FileVisitResult.CONTINUE;
        }

        private static boolean isHidden(Path path) {
            return String.valueOf(path.getFileName()).startsWith(".");
        }
    }
}
