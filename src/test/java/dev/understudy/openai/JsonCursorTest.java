package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCursorTest {
    private static final byte[] B = JsonText.ascii("b");

    private final JsonCursor cursor = new JsonCursor();

    @Test
    void walksThroughMembersAndElementsAndSaysWhereTheyStand() throws ApiFailure {
        byte[] json = bytes(" { \"a\" : [1, {\"x\":2}] , \"b\":\"c\" , \"d\":[] } ");
        cursor.open(json, 0, json.length);
        assertThat(cursor.first()).isEqualTo('{');
        cursor.enter();
        assertThat(cursor.member()).isTrue();
        cursor.enter();
        assertThat(cursor.element()).isTrue();
        cursor.skip();
        assertThat(cursor.count()).isEqualTo(1);
        assertThat(cursor.element()).isTrue();
        cursor.skip();
        assertThat(JsonText.utf8(json, cursor.start(), cursor.end())).isEqualTo("{\"x\":2}");
        assertThat(cursor.element()).isFalse();
        assertThat(cursor.member()).isTrue();
        assertThat(cursor.named(B)).isTrue();
        assertThat(cursor.nameStart()).isEqualTo(24);
        cursor.skip();
        assertThat(cursor.saysSomething()).isTrue();
        assertThat(cursor.member()).isTrue();
        assertThat(cursor.named(B)).isFalse();
        cursor.skip();
        assertThat(cursor.member()).isFalse();
        assertThat(cursor.end()).isEqualTo(json.length - 1);
        cursor.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1}",
                "{\"a\":-0.5e+10,\"b\":\"\\u00e9\\n\\\"\\\\\"}",
                "{\"a\":[[],{},null,true,false]}",
                "{ }",
                "{\"\":0}"
            })
    void takesJson(String json) throws ApiFailure {
        walk(bytes(json));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{}}",
                "{,}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":1 \"b\":2}",
                "{\"a\":[1,]}",
                "{\"a\":[1 2]}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":.5}",
                "{\"a\":1e}",
                "{\"a\":+1}",
                "{\"a\":NaN}",
                "{\"a\":nul}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"\\u12",
                "{\"a\":\"b",
                "{\"a\":\"\t\"}",
                "{\"a\":[}",
                "{\"a\":{]}",
                "{\"a\":1}{}"
            })
    void refusesWhatIsNone(String json) {
        assertThat(isWalkable(bytes(json))).isFalse();
    }

    @Test
    void goesNoDeeperThanAnyAnswerNeeds() {
        assertThat(isWalkable(bytes("{\"a\":" + "[".repeat(500) + "]".repeat(500) + "}")))
                .isTrue();
        assertThat(isWalkable(bytes("{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}")))
                .isFalse();
    }

    @Test
    void countsCharactersAsJavaDoes() throws ApiFailure {
        byte[] json = bytes("\"a\\n\\u00e9é\\ud83d\\ude00😀\\\"\"");
        cursor.open(json, 0, json.length);
        cursor.skip();
        assertThat(cursor.characters()).isEqualTo("a\n\u00e9é\ud83d\ude00😀\"".length());
    }

    @Test
    void agreesWithAnotherParserOnDamagedText() {
        Random random = new Random(5);
        JsonFactory jackson = new JsonFactory();
        int refused = 0;
        int taken = 0;
        for (String name : Golden.cases("stream", ".in")) {
            for (String line : Golden.text("stream", name + ".in").split("\n")) {
                if (!line.startsWith("data: {")) {
                    continue;
                }
                for (int i = 0; i < 40; i++) {
                    byte[] json = bytes(line.substring(6));
                    int at = 4 + random.nextInt(json.length - 4);
                    json[at] = "{}[]:,\"\\0123eE.-+ntu a".getBytes(StandardCharsets.US_ASCII)[random.nextInt(22)];
                    if (Utf8.firstBroken(json) >= 0) {
                        continue;
                    }
                    boolean walkable = isWalkable(json);
                    assertThat(walkable)
                            .as(new String(json, StandardCharsets.UTF_8))
                            .isEqualTo(isReadable(jackson, json));
                    taken += walkable ? 1 : 0;
                    refused += walkable ? 0 : 1;
                }
            }
        }
        assertThat(taken).isGreaterThan(1_000);
        assertThat(refused).isGreaterThan(1_000);
    }

    private boolean isWalkable(byte[] json) {
        try {
            walk(json);
            return true;
        } catch (ApiFailure e) {
            assertThat(e.error()).isEqualTo(ApiError.UPSTREAM_MALFORMED_RESPONSE);
            return false;
        }
    }

    private void walk(byte[] json) throws ApiFailure {
        cursor.open(json, 0, json.length);
        cursor.skip();
        cursor.close();
    }

    private static boolean isReadable(JsonFactory factory, byte[] json) {
        try (JsonParser parser = factory.createParser(json)) {
            parser.nextToken();
            parser.skipChildren();
            return parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
