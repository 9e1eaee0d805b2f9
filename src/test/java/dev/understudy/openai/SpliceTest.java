package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Call;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SpliceTest {
    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9\"}]";

    @Test
    void nothingToEditGivesTheVeryBytes() throws ApiFailure {
        Call call = Calls.of("{\"model\":\"m\"," + MESSAGES + "}");

        assertThat(Splice.forUpstream(call, null)).isSameAs(call.body());
        assertThat(Splice.forUpstream(call, "m")).isSameAs(call.body());
    }

    @Test
    void theUpstreamsNameReplacesTheModel() throws ApiFailure {
        assertThat(spliced("{ \"model\" : \"demo-x\" ," + MESSAGES + "}", "a\"b"))
                .isEqualTo("{ \"model\" : \"a\\\"b\" ," + MESSAGES + "}");
    }

    @Test
    void aStreamAsksForUsage() throws ApiFailure {
        assertThat(spliced("{\"stream\":true,\"model\":\"m\"," + MESSAGES + "}", null))
                .isEqualTo("{\"stream\":true,\"model\":\"m\",\"stream_options\":{\"include_usage\":true}," + MESSAGES
                        + "}");
    }

    @Test
    void streamOptionsKeepTheirOtherMembers() throws ApiFailure {
        assertThat(spliced("{\"stream_options\":{\"x\":1},\"stream\":true,\"model\":\"m\"," + MESSAGES + "}", "u"))
                .isEqualTo("{\"stream_options\":{\"include_usage\":true,\"x\":1},\"stream\":true,\"model\":\"u\","
                        + MESSAGES + "}");
        assertThat(spliced(
                        "{\"model\":\"m\"," + MESSAGES
                                + ",\"stream\":true,\"stream_options\":{\"include_usage\" : false ,\"x\":1}}",
                        "u"))
                .isEqualTo("{\"model\":\"u\"," + MESSAGES
                        + ",\"stream\":true,\"stream_options\":{\"include_usage\" : true ,\"x\":1}}");
        assertThat(spliced("{\"model\":\"m\"," + MESSAGES + ",\"stream\":true,\"stream_options\":null}", null))
                .isEqualTo("{\"model\":\"m\"," + MESSAGES
                        + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
        assertThat(spliced("{\"model\":\"m\"," + MESSAGES + ",\"stream\":true,\"stream_options\":{ }}", null))
                .isEqualTo("{\"model\":\"m\"," + MESSAGES
                        + ",\"stream\":true,\"stream_options\":{\"include_usage\":true }}");
    }

    @Test
    void aCallThatAsksForUsageOrDoesNotStreamIsLeftAlone() throws ApiFailure {
        String asks = "{\"model\":\"m\"," + MESSAGES + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";
        String whole = "{\"model\":\"m\"," + MESSAGES + ",\"stream_options\":{\"include_usage\":false}}";

        assertThat(spliced(asks, null)).isEqualTo(asks);
        assertThat(spliced(whole, null)).isEqualTo(whole);
    }

    private static String spliced(String body, @Nullable String model) throws ApiFailure {
        return new String(Splice.forUpstream(Calls.of(body), model), StandardCharsets.UTF_8);
    }
}
