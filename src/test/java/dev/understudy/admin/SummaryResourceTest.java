package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryResourceTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:8080, http://localhost:8080/v1",
        "0.0.0.0:8080, http://localhost:8080/v1",
        "[::]:9000, http://localhost:9000/v1",
        "[::1]:9000, http://localhost:9000/v1",
        "gateway.internal:80, http://gateway.internal:80/v1",
        "10.0.0.7:8080, http://10.0.0.7:8080/v1",
        "[fd00::7]:8080, http://[fd00::7]:8080/v1"
    })
    void namesTheAgentsDoorAsAProgramOnThisMachineDoes(String listen, String baseUrl) {
        assertThat(SummaryResource.baseUrl(listen, 0)).isEqualTo(baseUrl);
    }

    @Test
    void namesThePortThatItGotWhenAnyWouldDo() {
        assertThat(SummaryResource.baseUrl("127.0.0.1:0", 40_123)).isEqualTo("http://localhost:40123/v1");
    }
}
