package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Where is order KX-48213, please?       | KX-48213        | true",
                "Where is order KX-48213, please?       | kx-48213        | true",
                "Where is order KX-48213, please?       | KX-4821         | false",
                "Where is order KX-48213, please?       | X-48213         | false",
                "Where is order KX-48213, please?       | KX-48214        | false",
                "Where is order KX-48213, please?       | KX 48213        | false",
                "for anna   SCHMIDT                     | Anna Schmidt    | true",
                "for AnnaSchmidt                        | Anna Schmidt    | true",
                "three laptops                          | laptop          | true",
                "in the forest                          | rest            | false",
                "in the forest                          | for             | true",
                "10kg of flour                          | 10              | true",
                "10kg of flour                          | kg              | true",
                "pay 1,200 now                          | 1200            | true",
                "pay 1200 now                           | 1,200           | true",
                "pay 12.50 now                          | 12              | false",
                "pay 12.50 now                          | 50              | false",
                "pay 12.50 now                          | 1250            | false",
                "pay 12.50 now                          | 12.50           | true",
                "at 14:35 sharp                         | 14:35           | true",
                "at 14:35 sharp                         | 14:3            | false",
                "O’Brien’s café                         | O'Brien         | true",
                "O’Brien’s café                         | CAFÉ            | true",
                "Straße                                 | STRASSE         | true",
                "ﬁve ＡＢＣ１２３                            | abc123          | true",
                "3–5 days                               | 3-5             | true",
                "私は東京に行きます                          | 東京              | true",
                "私は東京に行きます                          | 京都              | false",
                "{\"city\":\"M\\u00fcnchen\"}            | München         | true",
                "{\\\"a\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\"} | say \"hi\"  | true",
                "C:\\temp\\new                          | C:\\temp\\new   | true",
                "a-b-c                                  | b               | true",
                "nothing                                | ``              | true",
                "nothing                                | ` `             | true",
            })
    void aTextIsThereWhereAWordBeginsWithIt(String prompt, String value, boolean there) {
        PromptText text = PromptText.of(List.of(prompt));
        assertThat(text.holds(FoldedText.of(value))).isEqualTo(there);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "pay 1,200.50 now   | 1200.50  | true",
                "pay 1,200.50 now   | 1200.5   | true",
                "pay 1.200,50 now   | 1200.5   | true",
                "pay 1'200 now      | 1200     | true",
                "pay 1,200 now      | 1200     | true",
                "pay 1,200 now      | 1.2      | true",
                "pay 1,200 now      | 200      | false",
                "pay 1.200 now      | 1200     | true",
                "pay 12.50 now      | 12.5     | true",
                "pay 12,50 now      | 12.5     | true",
                "pay 12.50 now      | 12       | false",
                "pay 12.50 now      | 50       | false",
                "pay 12.50 now      | 1250     | false",
                "pay 1234.5 now     | 1234.5   | true",
                "pay 45 now         | 45       | true",
                "pay 45 now         | 45.00    | true",
                "pay 45 now         | 4        | false",
                "pay 45 now         | -45      | false",
                "it is -45 now      | -45      | true",
                "it is −45 now      | -45      | true",
                "from 10-45 now     | -45      | false",
                "order KX-48213     | 48213    | true",
                "007                | 7        | true",
                "0                  | 0        | true",
                "0                  | -0       | true",
                "0.50               | .5       | false",
                "0.50               | 0.5      | true",
                "on 12.03.2027      | 2027     | true",
                "1,2,3              | 2        | true",
                "1234               | 123      | false",
                "12345678901234567890123456789012345678901 | 12345678901234567890123456789012345678901 | false",
                "1e5                | 1e5      | false",
                "none               | 0        | false",
            })
    void aNumberIsThereHoweverItIsWritten(String prompt, String number, boolean there) {
        assertThat(PromptText.of(List.of(prompt)).holdsNumber(number)).isEqualTo(there);
    }

    @Test
    void nothingIsFoundAcrossTwoMessages() {
        PromptText text = PromptText.of(List.of("pay Anna", "Schmidt now"));
        assertThat(text.holds(FoldedText.of("Anna"))).isTrue();
        assertThat(text.holds(FoldedText.of("Schmidt"))).isTrue();
        assertThat(text.holds(FoldedText.of("Anna Schmidt"))).isFalse();
    }

    @Test
    void everyWordOfALongPromptIsFoundAndNoneThatIsNotThere() {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            words.append("w").append(Integer.toString(i * 7_919, 36)).append(i % 9 == 0 ? ".\n" : " ");
        }
        PromptText text = PromptText.of(List.of(words.toString()));
        for (int i = 0; i < 5_000; i++) {
            assertThat(text.holds(FoldedText.of("w" + Integer.toString(i * 7_919, 36))))
                    .isTrue();
        }
        assertThat(text.holds(FoldedText.of("wzzzzz"))).isFalse();
        assertThat(text.isExhausted()).isFalse();
    }

    @Test
    void aPromptMadeToBeSlowEndsTheSearch() {
        PromptText text = PromptText.of(List.of("a-".repeat(300_000)));
        FoldedText value = FoldedText.of("a-".repeat(2_000) + "b");
        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThat(text.holds(value)).isFalse();
        }
        assertThat(text.isExhausted()).isTrue();
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
    }
}
