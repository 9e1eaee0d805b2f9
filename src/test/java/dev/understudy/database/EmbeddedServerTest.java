package dev.understudy.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedServerTest {
    /** Below the build folder, which another user can reach; the system's temporary folder of a test is private. */
    private Path place;

    private final List<String> progress = new ArrayList<>();

    @BeforeEach
    void makePlace() throws IOException {
        Files.createDirectories(Path.of("target"));
        place = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "embedded-server");
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void removePlace() throws IOException {
        ServerFiles.delete(place);
    }

    @Test
    void keepsItsRowsOverRestarts() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        try (EmbeddedServer server = EmbeddedServer.start(folder, progress::add)) {
            run(server, "create table kept (word text)");
            run(server, "insert into kept values ('still here')");
            assertThat(setting(server, "fsync")).isEqualTo("on");
            assertThat(setting(server, "synchronous_commit")).isEqualTo("on");
            assertThat(setting(server, "listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(setting(server, "unix_socket_directories")).isEmpty();
        }
        assertThat(progress).hasSize(2);
        for (int restart = 0; restart < 3; restart++) {
            try (EmbeddedServer server = EmbeddedServer.start(folder, progress::add)) {
                assertThat(query(server, "select word from kept")).isEqualTo("still here");
            }
        }
        assertThat(progress).as("nothing is unpacked or made again").hasSize(2);
    }

    @Test
    void takesNobodyWithoutThePassword() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        try (EmbeddedServer server = EmbeddedServer.start(folder, progress::add)) {
            assertThatThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), server.user(), "wrong"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("password");
            assertThat(mode(place.resolve("data/database-password"))).isEqualTo("rw-------");
            assertThat(mode(place.resolve("data/pg"))).isEqualTo("rwx------");
            assertThat(mode(place.resolve("data"))).isIn("rwx------", "rwx--x--x");
            assertThat(mode(place.resolve("data/postgres.log"))).isEqualTo("rw-------");
        }
    }

    @Test
    void refusesASecondStartOnOneFolder() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        try (EmbeddedServer server = EmbeddedServer.start(folder, progress::add)) {
            assertThat(server.pid()).isPositive();
            assertThatThrownBy(() -> EmbeddedServer.start(folder, progress::add))
                    .isInstanceOf(StoreFailure.class)
                    .hasMessageContaining("in use by another Understudy (process "
                            + ProcessHandle.current().pid() + ")");
        }
        EmbeddedServer.start(folder, progress::add).close();
    }

    @Test
    void refusesAClusterOfAnotherMajor() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        Path cluster = Files.createDirectory(folder.root().resolve("pg"));
        Files.writeString(cluster.resolve("PG_VERSION"), "17\n");
        assertThatThrownBy(() -> EmbeddedServer.start(folder, progress::add))
                .isInstanceOf(StoreFailure.class)
                .hasMessageContaining("made by PostgreSQL 17");
    }

    @Test
    void saysWhatInitdbSaid() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        Path home = ServerFiles.unpack(folder.root(), progress::add);
        Files.delete(home.resolve("share/postgresql/postgres.bki"));
        assertThatThrownBy(() -> EmbeddedServer.start(folder, progress::add))
                .isInstanceOf(StoreFailure.class)
                .hasMessageContaining("initdb: error:")
                .hasMessageNotContaining("\n");
        assertThat(folder.root().resolve("pg")).doesNotExist();
        assertThat(folder.root().resolve("initdb-password")).doesNotExist();
    }

    @Test
    void startsTheServerAgainWhenItWasKilled() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        try (EmbeddedServer server = EmbeddedServer.start(folder, progress::add)) {
            long before = server.pid();
            ProcessHandle.of(before).orElseThrow().destroyForcibly();
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> query(server, "select 'recovered'").equals("recovered"));
            assertThat(server.pid()).isNotEqualTo(before);
        }
    }

    private static String setting(EmbeddedServer server, String name) throws SQLException {
        return query(server, "select current_setting('" + name + "')");
    }

    private static String query(EmbeddedServer server, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static void run(EmbeddedServer server, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
