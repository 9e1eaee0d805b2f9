package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CliTest {

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void theHelpNamesEveryCommand() {
        assertThat(execute(1, "--help")).isZero();

        assertThat(out.toString()).contains("demo").contains("Also: run (serve), setup (fetch and build), test");
    }

    @Test
    void wrongUsageEndsWithTwo() {
        assertThat(execute(1)).isEqualTo(2);
        assertThat(execute(1, "nonsense")).isEqualTo(2);
        assertThat(err.toString()).startsWith("which command?").contains("nonsense");
    }

    @Test
    void aGatewayThatNeverRanIsToldByItsMissingToken() {
        assertThat(execute(1, "demo")).isEqualTo(1);

        assertThat(err.toString())
                .isEqualTo(
                        "understudy: there is no " + folder.resolve("admin-token")
                                + ": start the gateway once with ./understudy run, or set UNDERSTUDY_DATA to its data folder\n");
    }

    @Test
    void aGatewayThatDoesNotRunIsToldInOneLine() throws IOException {
        Files.writeString(folder.resolve("admin-token"), "t\n");
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }

        assertThat(execute(closed, "demo")).isEqualTo(1);

        assertThat(err.toString())
                .isEqualTo("understudy: no gateway answers at http://127.0.0.1:" + closed
                        + ": start it with ./understudy run\n");
    }

    @Test
    void whatTheDoorRefusesIsPassedOn() throws IOException {
        Files.writeString(folder.resolve("admin-token"), "t\n");
        HttpServer door = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        door.createContext("/", exchange -> {
            String token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
            byte[] body = "{\"error\":{\"message\":\"token was %s\",\"type\":\"x\",\"param\":null,\"code\":\"y\"}}"
                    .formatted(token)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(503, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        door.start();
        try {
            assertThat(execute(door.getAddress().getPort(), "demo")).isEqualTo(1);
        } finally {
            door.stop(0);
        }

        assertThat(err.toString()).isEqualTo("understudy: token was Bearer t\n");
    }

    private int execute(int peoplesPort, String... words) {
        CommandLine line = Cli.commandLine(new CliSettings(
                URI.create("http://127.0.0.1:" + peoplesPort),
                URI.create("http://127.0.0.1:1"),
                folder,
                folder,
                Optional.empty(),
                Optional.empty()));
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(words);
    }
}
