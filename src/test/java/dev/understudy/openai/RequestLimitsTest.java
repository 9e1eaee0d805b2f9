package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Call;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where each limit of a request lies: what is at it passes, what is one over is refused. */
class RequestLimitsTest {
    private static final String REST = "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @Test
    void aNumberHas1000DigitsAtMost() throws ApiFailure {
        for (String number : List.of("9".repeat(1_000), "-" + "9".repeat(1_000), "0." + "9".repeat(998))) {
            assertThat(Calls.of("{\"x\":" + number + "," + REST).model()).isEqualTo("m");
        }
        for (String number : List.of("9".repeat(1_001), "1." + "9".repeat(1_000), "1e" + "9".repeat(1_000))) {
            assertRefused("{\"x\":" + number + "," + REST, ApiError.JSON_LIMIT_EXCEEDED, null);
        }
    }

    @Test
    void aNumberThatNobodyJudgesMayBeLargerThanADouble() throws ApiFailure {
        assertThat(Calls.of("{\"temperature\":1e999," + REST).model()).isEqualTo("m");
        for (String name : List.of("n", "seed", "max_tokens", "max_completion_tokens", "max_made_up_tokens")) {
            assertRefused("{\"" + name + "\":1e999," + REST, ApiError.INVALID_TYPE, name);
            assertRefused("{\"" + name + "\":\"1\"," + REST, ApiError.INVALID_TYPE, name);
            assertThat(Calls.of("{\"" + name + "\":null," + REST).model()).isEqualTo("m");
            assertThat(Calls.of("{\"" + name + "\":-1.5e3," + REST).model()).isEqualTo("m");
        }
    }

    @Test
    void nestingGoes500Deep() throws ApiFailure {
        for (String brackets : List.of("[]", "{}")) {
            String open = brackets.equals("[]") ? "[" : "{\"a\":";
            String close = brackets.substring(1);
            // The body itself is the first level.
            assertThat(Calls.of("{\"x\":" + open.repeat(499) + "1" + close.repeat(499) + "," + REST)
                            .model())
                    .isEqualTo("m");
            assertRefused(
                    "{\"x\":" + open.repeat(500) + "1" + close.repeat(500) + "," + REST,
                    ApiError.JSON_LIMIT_EXCEEDED,
                    null);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{%s,\"model\":\"m\",\"messages\":[{}]}",
                "{\"x\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"x\":[{%s}],\"model\":\"m\",\"messages\":[{}]}",
                "{\"metadata\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"extra_body\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"stream_options\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"tool_choice\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"tool_choice\":{\"function\":{%s}},\"model\":\"m\",\"messages\":[{}]}",
                "{\"response_format\":{%s},\"model\":\"m\",\"messages\":[{}]}",
                "{\"response_format\":{\"json_schema\":{%s}},\"model\":\"m\",\"messages\":[{}]}",
                "{\"response_format\":{\"json_schema\":{\"schema\":{%s}}},\"model\":\"m\",\"messages\":[{}]}",
                "{\"tools\":[{%s}],\"model\":\"m\",\"messages\":[{}]}",
                "{\"tools\":[{\"function\":{%s}}],\"model\":\"m\",\"messages\":[{}]}",
                "{\"tools\":[{\"function\":{\"parameters\":{%s}}}],\"model\":\"m\",\"messages\":[{}]}",
                "{\"model\":\"m\",\"messages\":[{%s}]}",
                "{\"model\":\"m\",\"messages\":[{\"content\":[{%s}]}]}",
                "{\"model\":\"m\",\"messages\":[{\"tool_calls\":[{%s}]}]}",
                "{\"model\":\"m\",\"messages\":[{\"tool_calls\":[{\"function\":{%s}}]}]}",
            })
    void anObjectHas100000KeysAtMostWhereverItStands(String body) throws ApiFailure {
        assertThat(Calls.of(body.replace("%s", keys(99_990))).model()).isEqualTo("m");
        assertRefused(body.replace("%s", keys(100_001)), ApiError.JSON_LIMIT_EXCEEDED, null);
    }

    @Test
    void oneStringMayFillTheBody() throws ApiFailure {
        int length = 60 << 20;
        byte[] body = new byte[length + 200];
        byte[] before =
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"".getBytes(StandardCharsets.UTF_8);
        byte[] after = "\"}]}".getBytes(StandardCharsets.UTF_8);
        Arrays.fill(body, (byte) ' ');
        System.arraycopy(before, 0, body, 0, before.length);
        Arrays.fill(body, before.length, before.length + length, (byte) 'a');
        System.arraycopy(after, 0, body, before.length + length, after.length);
        Call call = Calls.of(body, Map.of());
        assertThat(call.messages().getFirst().text()).hasSize(length);
    }

    @Test
    void aMarkBeforeTheDocumentIsRefusedAndItsFirstByteElsewhereIsNot() throws ApiFailure {
        assertRefused("\uFEFF{" + REST, ApiError.INVALID_JSON, null);
        assertRefused(" \uFEFF{" + REST, ApiError.INVALID_JSON, null);
        assertThat(Calls.of("{\"\uFF01\":1," + REST).parameters()).contains("\uFF01");
        assertThat(Calls.of("{\"\uFEFF\":1," + REST).model()).isEqualTo("m");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "api_base",
                "API_BASE",
                "api-base",
                "x-api-base",
                "x_api_base",
                "X-Api_Base",
                "base_url",
                "Base-URL",
                "custom_host",
                "x-custom-host",
                "custom_ho\u017Ft",
                "user_config",
                "U\\u0073er_Config",
            })
    void aDestinationIsRefusedInEachSpellingAndPlace(String name) {
        for (String body : List.of(
                "{\"%s\":\"http://x\"," + REST,
                "{\"%s\":null," + REST,
                "{\"extra_body\":{\"%s\":{}}," + REST,
                "{\"tools\":[{\"type\":\"function\",\"%s\":1}]," + REST,
                "{\"tools\":[{\"function\":{\"name\":\"f\",\"%s\":1}}]," + REST)) {
            assertThatThrownBy(() -> Calls.of(body.replace("%s", name)))
                    .isInstanceOfSatisfying(
                            ApiFailure.class, e -> assertThat(e.error()).isEqualTo(ApiError.UNSUPPORTED_PARAMETER));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"api_base", "base-url", "x-custom-host", "user_config"})
    void theWordsOfADestinationAreFreeElsewhere(String name) throws ApiFailure {
        for (String body : List.of(
                "{\"metadata\":{\"%s\":\"v\"}," + REST,
                "{\"x\":{\"%s\":1}," + REST,
                "{\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{\"%s\":{}}}}}]," + REST,
                "{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"%s\":1}}}," + REST,
                "{\"model\":\"m\",\"messages\":[{\"%s\":1,\"content\":[{\"%s\":1}]}]}",
                "{\"user\":\"%s\"," + REST)) {
            assertThat(Calls.of(body.replace("%s", name)).model()).isEqualTo("m");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Model", "MODEL", "\\u004dodel", "\u017Ftream", "Max_Tokens", "tool\u017F", "stream_Options"})
    void aKeyThatIsAJudgedOneButForCaseIsADuplicate(String name) {
        for (String value : List.of("1", "null")) {
            assertThatThrownBy(() -> Calls.of("{\"" + name + "\":" + value + "," + REST))
                    .isInstanceOfSatisfying(
                            ApiFailure.class, e -> assertThat(e.error()).isEqualTo(ApiError.DUPLICATE_KEY));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1,\"\\u0061\":2,",
                "{\"x\":{\"b\":1,\"b\":2},",
                "{\"x\":[{\"\\u00e9\":1,\"\u00E9\":2}],",
                "{\"metadata\":{\"k\":\"1\",\"k\":\"2\"},",
                "{\"tools\":[{\"function\":{\"parameters\":{\"type\":\"object\",\"type\":\"array\"}}}],",
                "{\"model\":\"a\",",
            })
    void aKeyTwiceIsRefusedHoweverItIsSpelt(String beginning) {
        assertThatThrownBy(() -> Calls.of(beginning + REST))
                .isInstanceOfSatisfying(
                        ApiFailure.class, e -> assertThat(e.error()).isEqualTo(ApiError.DUPLICATE_KEY));
    }

    private static String keys(int count) {
        StringBuilder keys = new StringBuilder("\"k\":0");
        for (int i = 1; i < count; i++) {
            keys.append(",\"").append(i).append("\":0");
        }
        return keys.toString();
    }

    private static void assertRefused(String body, ApiError error, @Nullable String param) {
        assertThatThrownBy(() -> Calls.of(body)).isInstanceOfSatisfying(ApiFailure.class, e -> {
            assertThat(e.error()).isEqualTo(error);
            assertThat(e.param()).isEqualTo(param);
        });
    }
}
