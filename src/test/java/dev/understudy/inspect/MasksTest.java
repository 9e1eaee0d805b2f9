package dev.understudy.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MasksTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "See https://a.example/x?y=1&z=2#f, then go on. | See <url> then go on.",
                "Write to jo.do+x@mail.example.org today. | Write to <email> today.",
                "Case 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is open. | Case <uuid> is open.",
                "Host 10.1.200.3:8080 answers. | Host <ip> answers.",
                "Host fe80:0:0:0:202:b3ff:fe1e:8329 and fe80::1 answer. | Host <ip> and <ip> answer.",
                "Today is Tuesday, 2026-11-24T12:30:05Z. | Today is <date>, <date>.",
                "On 24.11.2026 at 9:15 pm, or Nov 24th, 2026. | On <date> at <date>, or <date>.",
                "On 3rd of May 2026 and 24/11/26. | On <date> and <date>.",
                "Open /home/jo/x.txt and C:\\tmp\\y.log and ./a/b. | Open <path> and <path> and <path>",
                "and/or stays | and/or stays",
                "Token dGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0IQ== ends. | Token <blob> ends.",
                "Commit 0xdeadbeef and 1a2b3c4d5e. | Commit <hex> and <hex>.",
                "Refund 1,250.50 EUR for order AB-1234. | Refund <number> EUR for order AB-<number>.",
                "He said \"short\" and \"a rather long quotation that goes on for more than forty characters\". | He said \"short\" and <quote>.",
                "  many \t  blanks   here   | many blanks here",
                "v<1 and 2>1 | v<<number> and <number>><number>"
            })
    void whatChangesIsTakenOut(String line, String masked) {
        assertThat(Masks.lines(line)).containsExactly(masked);
    }

    @Test
    void anEarlierMaskWinsOverALaterOne() {
        // Each of these also holds what a later mask would take: a number, a path, a date, hex.
        assertThat(Masks.lines("https://10.0.0.1/2026-11-24/file")).containsExactly("<url>");
        assertThat(Masks.lines("12345678-1234-1234-1234-123456789abc")).containsExactly("<uuid>");
        assertThat(Masks.lines("a1@10.0.0.1")).containsExactly("<email>");
        assertThat(Masks.lines("/2026-11-24/deadbeef99")).isNotEqualTo(List.of("<path>"));
        assertThat(Masks.lines("deadbeefdeadbeefdeadbeefdeadbeef")).containsExactly("<blob>");
        assertThat(Masks.lines("12345678")).containsExactly("<hex>");
    }

    @Test
    void bodiesBetweenTagsAndFencesGo() {
        assertThat(
                        Masks.lines(
                                "Read this:\n<mail id=\"7\">\nHello\n<b>there</b>\n</mail>\nand\n```java\nint x = 1;\n```\nEnd.\n\n"))
                .containsExactly("Read this:", "<mail id=\"<number>\"><body></mail>", "and", "<code>", "End.");
    }

    @Test
    void whatIsOpenedAndNotClosedStays() {
        assertThat(Masks.lines("a < b and <br> or </p> and ``` alone \"open"))
                .containsExactly("a < b and <br> or </p> and ``` alone \"open");
    }

    @Test
    void onlyTheFirst16KiCharactersAreLookedAt() {
        assertThat(Masks.lines("x".repeat(16 << 10) + "\nmore")).hasSize(1);
    }

    @Test
    void hostileTextIsMaskedInLinearTime() {
        for (String hostile : List.of(
                "<a>".repeat(5_000),
                "\"".repeat(16_000),
                "```".repeat(5_000),
                "a@".repeat(8_000),
                "1:".repeat(8_000),
                "</a><a>".repeat(2_300))) {
            long started = System.nanoTime();
            Masks.lines(hostile);
            assertThat(System.nanoTime() - started).isLessThan(2_000_000_000L);
        }
    }
}
