package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class KeyCommandTest {
    private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

    private static String state(String expiresAt, String revokedAt) throws Exception {
        String key = "{\"expiresAt\":" + expiresAt + ",\"revokedAt\":" + revokedAt + "}";
        return KeyCommand.state(new ObjectMapper().readTree(key), NOW);
    }

    @Test
    void aListedKeySaysWhetherItIsGood() throws Exception {
        assertThat(state("null", "null")).isEqualTo("good");
        assertThat(state("\"2026-03-10T12:00:01Z\"", "null")).isEqualTo("until 2026-03-10");
        assertThat(state("\"2026-03-10T12:00:00Z\"", "null")).isEqualTo("expired");
        assertThat(state("\"2026-03-11T12:00:00Z\"", "\"2026-03-01T12:00:00Z\""))
                .isEqualTo("revoked");
    }
}
