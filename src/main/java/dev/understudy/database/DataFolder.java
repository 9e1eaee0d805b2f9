package dev.understudy.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;

/**
 * The folder that holds everything Understudy keeps on this machine. Files in it are made when first asked for, mode
 * 0600; folders 0700, but the root is 0711 for root, whose PostgreSQL runs as somebody else. Safe to use from any thread.
 */
public final class DataFolder {
    private static final int SECRET_BYTES = 32;

    private final Path root;
    private final SecureRandom random = new SecureRandom();

    private DataFolder(Path root) {
        this.root = root;
    }

    /**
     * Opens the folder, making it when it is missing.
     *
     * @throws StoreFailure when it cannot be made or written
     */
    public static DataFolder open(Path root) throws StoreFailure {
        Path absolute = root.toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(absolute)) {
                makeFolder(absolute);
            }
        } catch (IOException e) {
            throw new StoreFailure("cannot make the data folder " + absolute + " (" + reason(e)
                    + "): set understudy.data to a folder that this user may write");
        }
        if (!Files.isWritable(absolute)) {
            throw new StoreFailure("the data folder " + absolute
                    + " cannot be written by this user: set understudy.data to another folder, or change its owner");
        }
        return new DataFolder(absolute);
    }

    /** The folder itself, absolute. */
    public Path root() {
        return root;
    }

    /**
     * The folder of weights and adapters.
     *
     * @throws StoreFailure when it cannot be made
     */
    public Path models() throws StoreFailure {
        Path models = root.resolve("models");
        try {
            if (!Files.isDirectory(models)) {
                makeFolder(models);
            }
        } catch (IOException e) {
            throw new StoreFailure("cannot make the models folder " + models + " (" + reason(e) + ")");
        }
        return models;
    }

    /**
     * 32 bytes from which all keyed hashes of this installation come; made once.
     *
     * @throws StoreFailure when the file can be neither read nor written, or is damaged
     */
    public byte[] installationSecret() throws StoreFailure {
        byte[] secret = readOrMake("installation-secret", randomBytes());
        if (secret.length != SECRET_BYTES) {
            throw new StoreFailure("the file " + root.resolve("installation-secret") + " holds " + secret.length
                    + " bytes instead of " + SECRET_BYTES + ": restore it from a backup, or remove it to begin with"
                    + " new hashes of sites and subjects");
        }
        return secret;
    }

    /**
     * What opens the people's door with all rights; made once, changed by writing another line into the file.
     *
     * @throws StoreFailure when the file can be neither read nor written, or is empty
     */
    public String adminToken() throws StoreFailure {
        return token("admin-token");
    }

    /** The password of our own PostgreSQL; made once. */
    String databasePassword() throws StoreFailure {
        return token("database-password");
    }

    /** Whether a password was made before. */
    boolean hasDatabasePassword() {
        return Files.exists(root.resolve("database-password"));
    }

    private String token(String name) throws StoreFailure {
        String fresh = Base64.getUrlEncoder().withoutPadding().encodeToString(randomBytes());
        String token = new String(
                        readOrMake(name, (fresh + "\n").getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8)
                .strip();
        if (token.isEmpty()) {
            throw new StoreFailure("the file " + root.resolve(name) + " is empty: remove it, and a new one is made");
        }
        return token;
    }

    private byte[] randomBytes() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Reads a file; when there is none, writes it whole under another name first, so that nobody reads half of it. */
    private synchronized byte[] readOrMake(String name, byte[] fresh) throws StoreFailure {
        Path file = root.resolve(name);
        try {
            if (!Files.exists(file)) {
                Path half = root.resolve(name + ".new");
                Files.deleteIfExists(half);
                writePrivate(half, fresh);
                move(half, file);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new StoreFailure("cannot read or make " + file + " (" + reason(e) + ")");
        }
    }

    /** Writes a new file that only this user may read, and brings it to the disk. */
    static void writePrivate(Path file, byte[] bytes) throws IOException {
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, options, mode)) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                channel.write(left);
            }
            channel.force(true);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to);
        }
    }

    private static void makeFolder(Path folder) throws IOException {
        Path parent = folder.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.createDirectory(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** What an exception of the file system says, with its class where it says only a name. */
    static String reason(IOException e) {
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
}
