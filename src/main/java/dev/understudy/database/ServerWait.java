package dev.understudy.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.function.Consumer;
import org.postgresql.Driver;

/** Waits for a server that is coming up, and makes the database in it. */
final class ServerWait {
    private static final Duration UP = Duration.ofSeconds(60);
    private static final Duration RECOVERY = Duration.ofMinutes(10);

    private ServerWait() {}

    /** Somebody took the port between our look and the server's. */
    static final class PortTaken extends Exception {
        PortTaken() {
            super("port taken", null, false, false);
        }
    }

    /** Waits until the server takes connections. */
    static void ready(
            ServerProcess process, int port, String user, String password, Path log, Consumer<String> progress)
            throws StoreFailure, PortTaken, IOException, InterruptedException {
        long begin = System.nanoTime();
        boolean told = false;
        while (true) {
            try (Connection connection = connect(port, user, password, "postgres")) {
                connection.isValid(1);
                return;
            } catch (SQLException e) {
                String said = Files.readString(log, StandardCharsets.UTF_8);
                if (!process.isAlive()) {
                    if (said.contains("could not bind")) {
                        throw new PortTaken();
                    }
                    throw new StoreFailure("PostgreSQL ended at its start: " + ServerCluster.lastError(said)
                            + " (all of it: " + log + ")");
                }
                if ("28P01".equals(e.getSQLState())) {
                    throw new StoreFailure("the password in database-password beside " + log
                            + " does not open the database: restore it from a backup");
                }
                boolean recovering = "57P03".equals(e.getSQLState());
                if (recovering && !told && System.nanoTime() - begin > 2_000_000_000L) {
                    told = true;
                    progress.accept("PostgreSQL is recovering after an unclean stop");
                }
                if (System.nanoTime() - begin > (recovering ? RECOVERY : UP).toNanos()) {
                    throw new StoreFailure("PostgreSQL took no connections within "
                            + (recovering ? RECOVERY : UP).toSeconds() + " s: see " + log);
                }
                Thread.sleep(20);
            }
        }
    }

    /** Makes the database unless it is there. */
    static void makeDatabase(int port, String user, String password, String database) throws StoreFailure {
        try (Connection connection = connect(port, user, password, "postgres");
                var statement = connection.createStatement()) {
            try (var there = statement.executeQuery("select from pg_database where datname = '" + database + "'")) {
                if (there.next()) {
                    return;
                }
            }
            statement.execute("create database " + database);
        } catch (SQLException e) {
            throw new StoreFailure("PostgreSQL could not make the database " + database + ": " + e.getMessage());
        }
    }

    private static Connection connect(int port, String user, String password, String database) throws SQLException {
        Properties login = new Properties();
        login.setProperty("user", user);
        login.setProperty("password", password);
        login.setProperty("connectTimeout", "5");
        login.setProperty("socketTimeout", "60");
        Connection connection = new Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/" + database, login);
        if (connection == null) {
            throw new SQLException("the driver refused its own address");
        }
        return connection;
    }
}
