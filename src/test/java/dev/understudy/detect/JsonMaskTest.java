package dev.understudy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class JsonMaskTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "sk-proj-Ab3dEf6hIj9kLmN0pQrStUvWxYz";
    private static final List<String> NAMES = List.of("content", "password", "api_key", "id", "name");
    private static final List<String> PIECES = List.of(
            SECRET,
            "AKIAIOSFODNN7QRTZWXY",
            "password=",
            "password: x9",
            "Authorization: Bearer ",
            "-----BEGIN PRIVATE KEY-----",
            "eyJhbGciOi.eyJzdWIiOiIx.",
            "://a:b3@",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789");

    /** Parts of which a credential, or something like one, may come about. */
    private static final List<String> SHARDS = List.of(
            "sk-",
            "Ab3dEf6hIj9kLmN0pQrStUvWxYz",
            "password",
            "passw",
            "Token",
            "s",
            "_key",
            "api",
            "\"",
            "'",
            ":",
            "=",
            " is ",
            " ",
            "\n",
            "\t",
            "\\",
            "/",
            "://",
            "a:s3cr3t!",
            "@",
            "Bearer ",
            "AKIAIOSFODNN7QRTZWXY",
            "x9",
            "ä",
            "\u2003",
            "\u0001",
            "😀",
            "Sommer2024!x",
            "{",
            "1");

    @Test
    void masksRequestsAsTheGoldenFilesSay() throws IOException {
        for (String name : List.of("chat-with-tools", "nested-arguments", "odd-numbers")) {
            byte[] in = golden(name + ".in.json");
            byte[] out = golden(name + ".out.json");
            assertThat(JSON.readTree(JsonMask.mask(in).json())).as(name).isEqualTo(JSON.readTree(out));
        }
    }

    @Test
    void keepsTheVeryBytesOfADocumentWithoutSecrets() {
        byte[] json = "{ \"a\" : 1e999,\"b\":[\"\\ud800\", 0.10 ]}".getBytes(StandardCharsets.UTF_8);
        assertThat(JsonMask.mask(json).json()).isSameAs(json);
    }

    @Test
    void keepsTheDigitsOfNumbers() {
        String json = "{\"n\":1.50,\"big\":123456789012345678901234567890,\"huge\":1e999,\"k\":\"" + SECRET + "\"}";
        assertThat(masked(json))
                .isEqualTo("{\"n\":1.50,\"big\":123456789012345678901234567890,\"huge\":1e999,\"k\":\"<SECRET>\"}");
    }

    @Test
    void masksNamesOfFieldsToo() {
        assertThat(masked("{\"" + SECRET + "\":true}")).isEqualTo("{\"<SECRET>\":true}");
    }

    @Test
    void putsAHashInThePlaceOfLongMedia() {
        String media = "data:image/png;base64," + "QUJD".repeat(20_000);
        JsonMask.Masked masked = JsonMask.mask(("{\"url\":\"" + media + "\"}").getBytes(StandardCharsets.UTF_8));
        assertThat(masked.cut()).isEqualTo(1);
        assertThat(new String(masked.json(), StandardCharsets.UTF_8))
                .matches("\\{\"url\":\"<sha256 [0-9a-f]{64}, 80022 characters>\"}");
    }

    @Test
    void makesAStringOfWhatIsNoJson() throws IOException {
        JsonMask.Masked masked = JsonMask.mask(("<html>" + SECRET).getBytes(StandardCharsets.UTF_8));
        assertThat(JSON.readTree(masked.json()).asText()).isEqualTo("<html><SECRET>");
        assertThat(JSON.readTree(JsonMask.mask(new byte[0]).json()).asText()).isEmpty();
    }

    @Test
    void leavesValidJsonOfTheSameShape() throws IOException {
        for (JsonNode document : documents(300)) {
            byte[] in = JSON.writeValueAsBytes(document);
            JsonNode out = JSON.readTree(JsonMask.mask(in).json());
            assertThat(shape(out)).isEqualTo(shape(JSON.readTree(in)));
            assertThat(out.toString()).doesNotContain(SECRET);
        }
    }

    @Test
    void masksOnceForAll() throws IOException {
        for (JsonNode document : documents(300)) {
            byte[] once = JsonMask.mask(JSON.writeValueAsBytes(document)).json();
            JsonMask.Masked twice = JsonMask.mask(once);
            assertThat(twice.secrets()).as("%s", document).isZero();
            assertThat(twice.json()).isSameAs(once);
        }
    }

    /** Documents made of secrets, of what looks like some, and of anything else, glued together at random. */
    private static List<JsonNode> documents(int count) {
        RandomGenerator random = new SplittableRandom(20_261_124);
        return Stream.generate(() -> document(random, 3)).limit(count).toList();
    }

    /** The raw bytes are only ever passed by where a look at each string finds nothing either. */
    @Test
    void theQuickLookNeverMissesWhatTheSlowOneFinds() throws IOException {
        RandomGenerator random = new SplittableRandom(4_711);
        int plain = 0;
        for (int i = 0; i < 60_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(1, 7); left > 0; left--) {
                text.append(SHARDS.get(random.nextInt(SHARDS.size())));
            }
            ObjectNode document = JSON.createObjectNode();
            document.put(text.substring(0, random.nextInt(Math.min(20, text.length()) + 1)), text.toString());
            document.put("token", random.nextInt());
            document.set(
                    NAMES.get(random.nextInt(NAMES.size())),
                    array(List.of(text.reverse().toString(), "x")));
            byte[] json = random.nextBoolean() ? JSON.writeValueAsBytes(document) : escaped(document);
            if (SecretForms.isPlain(json)) {
                plain++;
                assertThat(findings(document)).as(() -> document.toString()).isZero();
            }
        }
        assertThat(plain).isBetween(3_000, 57_000);
    }

    private static int findings(JsonNode node) {
        int found = 0;
        for (var member : node.properties()) {
            found += SecretMask.mask(member.getKey()).count();
            if (member.getValue().isTextual()) {
                found += SecretMask.mask(member.getKey(), member.getValue().asText())
                        .count();
            }
            for (JsonNode element : member.getValue()) {
                found += SecretMask.mask(element.asText()).count();
            }
        }
        return found;
    }

    private static byte[] escaped(JsonNode document) throws IOException {
        return JSON.writer()
                .withFeatures(JsonWriteFeature.ESCAPE_NON_ASCII, JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
                .writeValueAsBytes(document);
    }

    private static JsonNode document(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth > 0 ? 4 : 2)) {
            case 0 -> JSON.getNodeFactory().textNode(text(random));
            case 1 -> JSON.getNodeFactory().numberNode(random.nextInt());
            case 2 ->
                array(Stream.generate(() -> text(random))
                        .limit(random.nextInt(5))
                        .toList());
            default -> {
                ObjectNode object = JSON.createObjectNode();
                for (int left = random.nextInt(4); left > 0; left--) {
                    object.set(NAMES.get(random.nextInt(NAMES.size())), document(random, depth - 1));
                }
                yield object;
            }
        };
    }

    private static String text(RandomGenerator random) {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(1, 6); left > 0; left--) {
            text.append(
                    random.nextBoolean()
                            ? PIECES.get(random.nextInt(PIECES.size()))
                            : random.ints(random.nextInt(21), 0, 0xD800)
                                    .collect(
                                            StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append));
        }
        return text.toString();
    }

    private static JsonNode array(List<String> texts) {
        ArrayNode array = JSON.createArrayNode();
        texts.forEach(array::add);
        return array;
    }

    /** Types and positions of all values, without strings and names. */
    private static String shape(JsonNode node) {
        StringBuilder shape = new StringBuilder(node.getNodeType().name());
        for (JsonNode child : node) {
            shape.append('(').append(shape(child)).append(')');
        }
        return shape.toString();
    }

    private static String masked(String json) {
        return new String(JsonMask.mask(json.getBytes(StandardCharsets.UTF_8)).json(), StandardCharsets.UTF_8);
    }

    private static byte[] golden(String name) throws IOException {
        try (var in = JsonMaskTest.class.getResourceAsStream("/golden/detect/" + name)) {
            assertThat(in).as(name).isNotNull();
            return in.readAllBytes();
        }
    }
}
