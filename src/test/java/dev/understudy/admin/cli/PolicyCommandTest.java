package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The policy commands on files alone, without a gateway. */
class PolicyCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void copyTheStarterSet() throws IOException {
        Files.createDirectory(folder.resolve("policies"));
        try (Stream<Path> files = Files.list(Path.of("policies"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve("policies").resolve(file.getFileName()));
            }
        }
    }

    private int execute(String... words) {
        URI nobody = URI.create("http://127.0.0.1:1");
        CommandLine line = Cli.commandLine(new CliSettings(
                nobody,
                nobody,
                folder.resolve("data"),
                folder.resolve("policies"),
                Optional.empty(),
                Optional.empty()));
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(words);
    }

    @Test
    void aSoundSetEndsWithZeroAndItsWarningsCountWhenStrict() {
        assertThat(execute("policy", "validate")).isZero();
        assertThat(out.toString())
                .contains("W609  rule demo-tools lets a small model serve without evidence")
                .containsPattern("0 errors, 3 warnings: usable, revision [0-9a-f]{12}\n");
        assertThat(execute("policy", "validate", "--strict")).isEqualTo(2);
    }

    @Test
    void aBrokenSetEndsWithOneAndEveryProblem() throws IOException {
        Path routing = folder.resolve("policies/routing.yaml");
        String text = Files.readString(routing);
        Files.writeString(
                routing, text.replace("first: demo-slm", "first: demo-sml").replace("- id: default", "- idd: default"));
        assertThat(execute("policy", "validate", folder.resolve("policies").toString()))
                .isEqualTo(1);
        assertThat(out.toString())
                .contains("E301  no model is called 'demo-sml' (did you mean 'demo-slm'?)")
                .contains("E202  unknown field 'idd' in rules[4] (did you mean 'id'?)")
                .contains("E201  'id' is missing in rules[4]")
                .endsWith("3 errors, 0 warnings: not usable\n");
    }

    @Test
    void theFilesOwnCasesAreRun() throws IOException {
        Path files = folder.resolve("policies");
        assertThat(execute("policy", "test", files.toString())).isZero();
        assertThat(out.toString()).isEqualTo("6 cases, 0 failed; 5 of 5 rules decide one\n");
        Path routing = files.resolve("routing.yaml");
        Files.writeString(routing, Files.readString(routing).replace("model: [starter] }", "model: [start] }"));
        assertThat(execute("policy", "test", files.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("T701  the case 'by name' failed: rule is everyone/default, expected everyone/by-name; model"
                        + " is llm, expected starter")
                .contains("W610  no case is decided by rule everyone/by-name")
                .endsWith("6 cases, 1 failed; 4 of 5 rules decide one\n");
    }

    @Test
    void explainShowsEachRuleWithTheKeyThatFails() throws IOException {
        Path request = folder.resolve("request.json");
        Files.writeString(
                request, "{\"model\":\"starter\",\"messages\":[{\"role\":\"user\",\"content\":\"Say hello\"}]}");
        assertThat(execute("policy", "explain", "--request", request.toString()))
                .isZero();
        assertThat(out.toString())
                .contains("rule      everyone/demo        fails at match.model\n")
                .contains("rule      everyone/by-name     decides\n")
                .contains("decision  starter\n")
                .contains("no gateway was asked");
    }

    @ParameterizedTest
    @CsvSource({
        "demo-tools, 'demo-slm, held back and verified, else demo-llm'",
        "demo-triage, demo-llm",
        "demo-lookup, demo-llm",
        "demo-reply, demo-llm",
        "demo-plan, demo-llm"
    })
    void ofTheDemoOnlyTheErrandThatTheAdapterLearnedGoesToTheSmallModel(String errand, String decision)
            throws IOException {
        ObjectNode asked;
        try (InputStream requests = getClass().getResourceAsStream("/demo/requests.json")) {
            asked = (ObjectNode) new ObjectMapper().readTree(requests).get(errand);
        }
        ArrayNode messages = (ArrayNode) asked.get("messages");
        messages.addObject().put("role", "user").put("content", "Where is order 12345?");
        Path request = folder.resolve("request.json");
        Files.writeString(request, asked.toString());
        assertThat(execute("policy", "explain", "--request", request.toString()))
                .isZero();
        assertThat(out.toString()).contains("decision  " + decision + "\n");
    }

    @Test
    void aRequestThatCannotBeReadIsToldInOneLine() throws IOException {
        Path request = folder.resolve("request.json");
        Files.writeString(request, "{\"model\": \"starter\"}");
        assertThat(execute("policy", "explain", "--request", request.toString()))
                .isEqualTo(1);
        assertThat(err.toString()).startsWith("understudy: ").hasLineCount(1);
        assertThat(execute(
                        "policy", "explain", "--request", folder.resolve("gone").toString()))
                .isEqualTo(1);
    }

    @Test
    void keysNeedTheGateway() {
        assertThat(execute("key", "create", "--team", "local")).isEqualTo(1);
        assertThat(err.toString()).contains("start the gateway once with ./understudy run");
        assertThat(execute("key", "revoke", "usk_whole_key")).isEqualTo(1);
        assertThat(execute("key")).isEqualTo(2);
    }
}
