package dev.understudy.testing;

import dev.understudy.database.DataFolder;
import dev.understudy.database.EmbeddedServer;
import dev.understudy.database.StoreFailure;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * A real PostgreSQL for every test with a container, without an annotation: it is named in {@code META-INF/services}.
 * One server a JVM, in {@code target/}, which ends with the JVM; each start of the application gets an empty database
 * and an empty data folder of its own.
 */
public final class PostgresResource implements QuarkusTestResourceLifecycleManager {
    private static final Logger LOG = Logger.getLogger(PostgresResource.class);
    /** System properties outlive the class loaders that Quarkus makes for each application. */
    private static final String HELD = "understudy.testing.postgres";

    @Override
    public Map<String, String> start() {
        synchronized (System.getProperties()) {
            try {
                if (System.getProperty(HELD) == null) {
                    startServer();
                }
                return freshDatabase();
            } catch (StoreFailure | IOException | SQLException e) {
                throw new IllegalStateException("no PostgreSQL for the tests: " + e.getMessage(), e);
            }
        }
    }

    private static void startServer() throws StoreFailure, IOException {
        Path target = Path.of("target").toAbsolutePath();
        Files.createDirectories(target);
        DataFolder folder = DataFolder.open(target.resolve("test-postgres"));
        // never closed: the kernel ends the server with this JVM
        EmbeddedServer server = EmbeddedServer.start(folder, line -> LOG.infof("%s", line));
        System.setProperty(HELD, server.jdbcUrl());
        System.setProperty(HELD + ".user", server.user());
        System.setProperty(HELD + ".password", server.password());
        System.setProperty(HELD + ".count", "0");
    }

    private static Map<String, String> freshDatabase() throws SQLException, IOException {
        String url = System.getProperty(HELD);
        String user = System.getProperty(HELD + ".user");
        String password = System.getProperty(HELD + ".password");
        int count = Integer.getInteger(HELD + ".count") + 1;
        System.setProperty(HELD + ".count", Integer.toString(count));
        String database = "test_" + count;
        try (Connection connection = DriverManager.getConnection(url, user, password);
                Statement statement = connection.createStatement()) {
            statement.execute("drop database if exists " + database + " with (force)");
            statement.execute("create database " + database);
        }
        Path data = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "test-data-");
        String address = url.substring("jdbc:".length(), url.lastIndexOf('/') + 1) + database;
        Map<String, String> settings = new HashMap<>();
        settings.put("quarkus.datasource.jdbc.url", "jdbc:" + address);
        settings.put("quarkus.datasource.reactive.url", address);
        settings.put("quarkus.datasource.username", user);
        settings.put("quarkus.datasource.password", password);
        settings.put("understudy.data", data.toString());
        return settings;
    }

    /** Leaves the server to the next application of this JVM. */
    @Override
    public void stop() {}
}
