package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class SlmCommandTest {
    private static String line(String position) throws Exception {
        return SlmCommand.line(new ObjectMapper().readTree(position));
    }

    @Test
    void aPositionIsOneLine() throws Exception {
        assertThat(line("{\"enabled\":true,\"known\":true,\"actor\":null,\"at\":null}"))
                .isEqualTo("small models are on");
        assertThat(line("{\"enabled\":false,\"known\":true,\"actor\":\"admin\",\"at\":\"2026-11-24T12:00:00Z\"}"))
                .isEqualTo("small models are off, by admin since 2026-11-24T12:00:00Z");
        assertThat(line("{\"enabled\":false,\"known\":false,\"actor\":null,\"at\":null}"))
                .isEqualTo("small models are off: the database cannot be asked whether they may answer");
    }
}
