package dev.understudy.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * PostgreSQL as a supervised child of this process, on a free port of loopback, with a password; everything is brought to
 * the disk before it is acknowledged. It ends with us, whatever ends us, and is started again when it ends before. One
 * instance a data folder.
 */
public final class EmbeddedServer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(EmbeddedServer.class);
    private static final String USER = "understudy";
    private static final String DATABASE = "understudy";
    private static final int PORTS_TRIED = 3;

    private final ServerProcess process;
    private final int port;
    private final String password;
    private final FileChannel lock;

    private EmbeddedServer(ServerProcess process, int port, String password, FileChannel lock) {
        this.process = process;
        this.port = port;
        this.password = password;
        this.lock = lock;
    }

    /**
     * Starts the server and waits until it takes connections; the first time in a folder it makes a new cluster.
     *
     * @param progress told what is being done when it takes a while, one line each
     * @throws StoreFailure when it does not run: why, and what to do
     */
    public static EmbeddedServer start(DataFolder folder, Consumer<String> progress) throws StoreFailure {
        FileChannel lock = lock(folder);
        try {
            EmbeddedServer server = startLocked(folder, progress, lock);
            try {
                ServerWait.makeDatabase(server.port, USER, server.password, DATABASE);
            } catch (StoreFailure e) {
                server.close();
                throw e;
            }
            return server;
        } catch (IOException e) {
            throw released(
                    lock,
                    new StoreFailure("PostgreSQL could not be started in " + folder.root() + " (" + DataFolder.reason(e)
                            + "): programs needed: setpriv, setsid (package util-linux), id, test, sh"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw released(lock, new StoreFailure("the start of PostgreSQL was interrupted"));
        } catch (StoreFailure e) {
            throw released(lock, e);
        }
    }

    private static EmbeddedServer startLocked(DataFolder folder, Consumer<String> progress, FileChannel lock)
            throws StoreFailure, IOException, InterruptedException {
        Path data = folder.root();
        Path home = ServerFiles.unpack(data, progress);
        Path cluster = data.resolve("pg");
        ServerUser user = ServerUser.of(cluster);
        user.letThrough(data, home);
        if (!Files.exists(cluster)) {
            progress.accept("making a new database in " + cluster);
            ServerCluster.make(folder, home, cluster, USER, user);
        }
        ServerCluster.check(folder, cluster);
        ServerCluster.awaitForerunner(cluster);
        String password = folder.databasePassword();
        for (int tried = 1; ; tried++) {
            int port = freePort();
            ServerProcess process =
                    ServerProcess.start(user.child(arguments(home, cluster, port)), home, data.resolve("postgres.log"));
            try {
                ServerWait.ready(process, port, USER, password, data.resolve("postgres.log"), progress);
                process.keep();
                LOG.infof("database started version=%s port=%d pid=%d", ServerFiles.MAJOR, port, process.pid());
                return new EmbeddedServer(process, port, password, lock);
            } catch (ServerWait.PortTaken e) {
                if (tried == PORTS_TRIED) {
                    throw new StoreFailure("PostgreSQL found no free port on 127.0.0.1 in " + PORTS_TRIED + " tries");
                }
            } catch (StoreFailure | RuntimeException e) {
                process.stop();
                throw e;
            }
        }
    }

    private static List<String> arguments(Path home, Path cluster, int port) {
        return List.of(
                home.resolve("bin/postgres").toString(),
                "-D",
                cluster.toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "timezone=UTC",
                "-c",
                "log_timezone=UTC",
                // a failing statement carries what people wrote: neither it nor its row is logged
                "-c",
                "log_min_error_statement=panic",
                "-c",
                "log_error_verbosity=terse");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            return socket.getLocalPort();
        }
    }

    private static FileChannel lock(DataFolder folder) throws StoreFailure {
        Path file = folder.root().resolve("lock");
        try {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock held;
            try {
                held = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                held = null;
            }
            if (held == null) {
                String holder = Files.readString(file).strip();
                channel.close();
                throw new StoreFailure("the data folder " + folder.root() + " is in use by another Understudy"
                        + (holder.isEmpty() ? "" : " (process " + holder + ")")
                        + ": stop that one, or set understudy.data to another folder");
            }
            channel.truncate(0);
            channel.write(
                    StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
            return channel;
        } catch (IOException e) {
            throw new StoreFailure("cannot lock " + file + " (" + DataFolder.reason(e) + ")");
        }
    }

    private static StoreFailure released(FileChannel lock, StoreFailure failure) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.debugf("lock not released reason=%s", e.getMessage());
        }
        return failure;
    }

    /** Address for JDBC. */
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + DATABASE;
    }

    /** Address for the reactive client. */
    public String reactiveUrl() {
        return "postgresql://127.0.0.1:" + port + "/" + DATABASE;
    }

    /** Name to log in with. */
    public String user() {
        return USER;
    }

    /** Password to log in with. */
    public String password() {
        return password;
    }

    /** Process id of the server. */
    public long pid() {
        return process.pid();
    }

    /** Stops the server, disconnecting whoever is left, and lets go of the folder. A second call does nothing. */
    @Override
    public void close() {
        process.stop();
        released(lock, new StoreFailure("closed"));
    }
}
