package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.slm.Starter.Opened;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What would end the process, were it not refused: each input is given to a JVM of its own making, which must live on
 * and exit with 0. Once with the bounds in Java, once past them, to the natives.
 */
class HostileInputsTest {
    private static final Set<String> UNSUPPORTED = Set.of(
            "pattern that nests",
            "pattern that repeats",
            "pattern of what may be empty",
            "a grammar of another engine");
    private static final int SECONDS = 120;

    @TempDir
    private Path folder;

    /** The inputs: name to chat body. */
    static Map<String, String> inputs() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("nested messages", "{\"messages\":" + "[".repeat(200_000) + "]".repeat(200_000) + "}");
        all.put("nested objects", "{\"messages\":" + "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000) + "}");
        all.put("never closed", "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "x".repeat(1000));
        all.put("no JSON", "\u0000\u0001");
        all.put("body over 4 MiB", Starter.user("x".repeat(5 << 20)));
        all.put("no messages", "{}");
        all.put("schema over 64 KiB", schema("{\"type\":\"string\",\"description\":\"" + "x".repeat(70_000) + "\"}"));
        all.put("schema nested", schema("{\"items\":".repeat(70) + "{}" + "}".repeat(70)));
        all.put("501 properties", schema("{\"type\":\"object\",\"properties\":{" + members(501) + "}}"));
        all.put("501 enum values", schema("{\"enum\":[" + numbers(501) + "]}"));
        all.put("pattern of 513 bytes", schema("{\"type\":\"string\",\"pattern\":\"^" + "a".repeat(512) + "$\"}"));
        all.put("pattern that nests", schema("{\"type\":\"string\",\"pattern\":\"^" + "(".repeat(400) + "\"}"));
        all.put(
                "pattern that repeats",
                schema("{\"type\":\"string\",\"pattern\":\"^(((a{1,999}){1,999}){1,999}){1,999}$\"}"));
        all.put("pattern of what may be empty", schema("{\"type\":\"string\",\"pattern\":\"^(a?){0,900}$\"}"));
        all.put("repetition over 2,000", schema("{\"type\":\"string\",\"maxLength\":100000}"));
        all.put("repetition below 0", schema("{\"type\":\"array\",\"maxItems\":-1}"));
        all.put("repetition beyond 64 bits", schema("{\"type\":\"array\",\"maxItems\":99999999999999999999}"));
        all.put(
                "500 properties of 2,000 characters",
                schema("{\"type\":\"object\",\"properties\":{"
                        + members(500, "{\"type\":\"string\",\"maxLength\":2000}") + "}}"));
        all.put("reference to itself", schema("{\"$ref\":\"#\"}"));
        all.put("references in a ring", schema("{\"$ref\":\"#/a\",\"a\":{\"$ref\":\"#/b\"},\"b\":{\"$ref\":\"#/a\"}}"));
        all.put("reference to nowhere", schema("{\"$ref\":\"#/a/b/c\"}"));
        all.put("type of a number", schema("{\"type\":17}"));
        all.put("enum of nothing", schema("{\"enum\":[]}"));
        all.put("129 tools", tools(129, "f"));
        all.put("a tool's name of 65 letters", tools(1, "f".repeat(65)));
        all.put("a tool's name with a quote", tools(1, "a\\\"b"));
        all.put("tools are a number", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":3}");
        all.put(
                "tools without functions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\"}]}");
        all.put(
                "a choice of nothing",
                tools(1, "f").replace("\"required\"", "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}"));
        all.put("messages of numbers", "{\"messages\":[1,2,3]}");
        all.put("content of a number", "{\"messages\":[{\"role\":\"user\",\"content\":3}]}");
        all.put("a grammar of another engine", schema("{\"type\":\"string\",\"pattern\":\"%llguidance\"}"));
        return all;
    }

    private static String schema(String schema) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"response_format\":{\"type\":\"json_schema\","
                + "\"json_schema\":{\"name\":\"s\",\"schema\":" + schema + "}}}";
    }

    private static String tools(int count, String name) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tool_choice\":\"required\",\"tools\":["
                + String.join(
                        ",",
                        Collections.nCopies(
                                count,
                                "{\"type\":\"function\",\"function\":{\"name\":\"" + name + "\",\"parameters\":{}}}"))
                + "]}";
    }

    private static String members(int count) {
        return members(count, "{}");
    }

    private static String members(int count, String value) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"p" + i + "\":" + value)
                .collect(Collectors.joining(","));
    }

    private static String numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    @Test
    void everyOneIsRefusedAndTheProcessLivesOn() throws Exception {
        List<String> told = new ArrayList<>();
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx512m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dunderstudy.slm.library=" + Starter.libraryFolders().getFirst(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        try (var out = new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            out.lines().filter(line -> line.startsWith("> ")).forEach(told::add);
            assertThat(child.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
        } finally {
            child.destroyForcibly();
        }
        List<String> wanted = new ArrayList<>();
        for (String input : inputs().keySet()) {
            String code = UNSUPPORTED.contains(input) ? "UNSUPPORTED" : "INVALID";
            wanted.add("> java " + input + ": " + code);
            wanted.add("> native " + input + ": " + code);
        }
        wanted.add("> alive 1");
        assertThat(told).isEqualTo(wanted);
        assertThat(child.exitValue()).isZero();
    }

    /** The program of the child. */
    static final class Child {
        public static void main(String[] args) {
            try (Opened tiny = TinyModel.open(Path.of(args[0]), ChatTemplates.source("chatml-tools"), 2)) {
                inputs().forEach((name, body) -> {
                    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                    say("java " + name, outcome(tiny, () -> tiny.engine().prepare(bytes)));
                    say("native " + name, outcome(tiny, () -> tiny.engine().prepareByNatives(bytes)));
                });
                try (SlmPlan plan = tiny.plan(Starter.user("Still there?"))) {
                    say(
                            "alive",
                            String.valueOf(tiny.ask(plan, SlmRequest.greedy(1))
                                    .result()
                                    .generated()));
                }
            }
        }

        private static String outcome(Opened tiny, Supplier<SlmPlan> prepared) {
            long from = System.nanoTime();
            try {
                tiny.threads().call(prepared::get).close();
                return "taken";
            } catch (SlmException e) {
                long ms = (System.nanoTime() - from) / 1_000_000;
                return e.code() + (ms > 3_000 ? " after " + ms + " ms" : "");
            }
        }

        private static void say(String what, String outcome) {
            System.out.println("> " + what + (what.equals("alive") ? " " : ": ") + outcome);
        }
    }
}
