package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class UsageReportTest {
    @Test
    void printsALineAGroupAndOneSentence() throws JsonProcessingException {
        assertThat(print("""
                {"from":"2026-11-23T10:00:00Z","currency":"USD","rows":[
                 {"tier":"slm","calls":3310,"inputTokens":2200000,"outputTokens":41000,"cost":0.21,"baseline":5.91,"p95Latency":400123},
                 {"tier":"llm","calls":1204,"inputTokens":1310000,"outputTokens":9999,"cost":0.00386,"baseline":null,"p95Latency":52000},
                 {"tier":"none","calls":2,"inputTokens":0,"outputTokens":0,"cost":0,"baseline":null,"p95Latency":null}],
                 "total":{"saved":5.70,"learning":null,"errors":1,"denied":2},"unpriced":0}""")).isEqualTo("""
                        tier  calls  input  output    cost  baseline   p95
                        slm   3,310  2.20M     41k    0.21      5.91  0.4s
                        llm   1,204  1.31M   9,999  0.0039         –  52ms
                        none      2      0       0    0.00         –     –
                        net saved 5.70 USD (learning 0.00); 1 failed, 2 denied, 0 unpriced
                        """);
    }

    @Test
    void saysSoWhenThereIsNothing() throws JsonProcessingException {
        assertThat(print("{\"from\":\"2026-11-23T10:00:00Z\",\"rows\":[]}"))
                .isEqualTo("no calls since 2026-11-23T10:00:00Z\n");
    }

    private static String print(String json) throws JsonProcessingException {
        StringWriter text = new StringWriter();
        new UsageReport("tier", new ObjectMapper().readTree(json)).print(new PrintWriter(text));
        return text.toString().replace(System.lineSeparator(), "\n");
    }
}
