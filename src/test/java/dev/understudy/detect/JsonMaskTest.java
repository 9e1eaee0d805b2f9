package dev.understudy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class JsonMaskTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "sk-proj-Ab3dEf6hIj9kLmN0pQrStUvWxYz";

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

    @Property(tries = 300)
    void leavesValidJsonOfTheSameShape(@ForAll("documents") JsonNode document) throws IOException {
        byte[] in = JSON.writeValueAsBytes(document);
        JsonNode out = JSON.readTree(JsonMask.mask(in).json());
        assertThat(shape(out)).isEqualTo(shape(JSON.readTree(in)));
        assertThat(out.toString()).doesNotContain(SECRET);
    }

    @Property(tries = 300)
    void masksOnceForAll(@ForAll("documents") JsonNode document) throws IOException {
        byte[] once = JsonMask.mask(JSON.writeValueAsBytes(document)).json();
        JsonMask.Masked twice = JsonMask.mask(once);
        assertThat(twice.secrets()).isZero();
        assertThat(twice.json()).isSameAs(once);
    }

    @Provide
    Arbitrary<JsonNode> documents() {
        Arbitrary<String> text = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(20),
                Arbitraries.of(
                        SECRET,
                        "AKIAIOSFODNN7QRTZWXY",
                        "password=",
                        "password: x9",
                        "Authorization: Bearer ",
                        "-----BEGIN PRIVATE KEY-----",
                        "eyJhbGciOi.eyJzdWIiOiIx.",
                        "://a:b3@",
                        "ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
        Arbitrary<String> joined = text.list().ofMinSize(1).ofMaxSize(5).map(parts -> String.join("", parts));
        Arbitrary<String> names = Arbitraries.of("content", "password", "api_key", "id", "name");
        return Arbitraries.lazyOf(
                () -> joined.map(JSON.getNodeFactory()::textNode),
                () -> Arbitraries.integers().map(JSON.getNodeFactory()::numberNode),
                () -> joined.list().ofMaxSize(4).map(JsonMaskTest::array),
                () -> Arbitraries.maps(names, documents()).ofMaxSize(3).map(map -> {
                    ObjectNode object = JSON.createObjectNode();
                    map.forEach(object::set);
                    return object;
                }));
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
