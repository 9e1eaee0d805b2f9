package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.database.DataFolder;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkCommandTest {
    @Test
    void printsTheAddressOfThePageWithTheTokenOfTheDataFolder(@TempDir Path folder) throws Exception {
        Path data = folder.resolve("data");
        var settings = new CliSettings(
                URI.create("http://127.0.0.1:8081"),
                URI.create("http://127.0.0.1:8080"),
                data,
                folder.resolve("policies"),
                Optional.empty(),
                Optional.empty());
        var out = new StringWriter();

        int status = Cli.commandLine(settings).setOut(new PrintWriter(out)).execute("link");

        assertThat(status).isZero();
        assertThat(out.toString().strip())
                .isEqualTo(
                        "http://127.0.0.1:8081/#token=" + DataFolder.open(data).adminToken());
    }
}
