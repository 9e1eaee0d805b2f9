package dev.understudy.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OwnerMarksTest {
    private static final UUID CALL = UUID.fromString("0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b");

    private final OwnerMarks marks = new OwnerMarks(new byte[32]);

    @Test
    void anIdHasOpenAisBeginningAndIsNotTooLongForIt() {
        assertThat(marks.id("local", "starter", CALL, 0)).matches("call_c3d47e5f8a6b7c8d9e0f1a2b0[0-9A-Za-z]{6}");
        assertThat(marks.id("local", "starter", CALL, 65_535)).hasSizeLessThanOrEqualTo(40);
        assertThatThrownBy(() -> marks.id("local", "starter", CALL, 65_536)).hasMessageContaining("number");
    }

    @Test
    void theMakerKnowsItsIdAndNobodyElseDoes() {
        String id = marks.id("local", "starter", CALL, 3);

        assertThat(marks.isOf("local", "starter", id)).isTrue();
        assertThat(marks.isOf("local", "learned", id)).isFalse();
        assertThat(marks.isOf("support", "starter", id)).isFalse();
    }

    @Test
    void nameAndTeamDoNotRunTogether() {
        String id = marks.id("ab", "c", CALL, 0);

        assertThat(marks.isOf("a", "bc", id)).isFalse();
    }

    @Test
    void anotherProcessWithTheSameSecretKnowsItAndOneWithAnotherDoesNot() {
        String id = marks.id("local", "starter", CALL, 0);
        byte[] other = new byte[32];
        other[31] = 1;

        assertThat(new OwnerMarks(new byte[32]).isOf("local", "starter", id)).isTrue();
        assertThat(new OwnerMarks(other).isOf("local", "starter", id)).isFalse();
    }

    @Test
    void anIdThatWasChangedAnywhereIsNobodys() {
        String id = marks.id("local", "starter", CALL, 0);
        for (int i = 0; i < id.length(); i++) {
            char other = id.charAt(i) == '0' ? '1' : '0';
            String changed = id.substring(0, i) + other + id.substring(i + 1);

            assertThat(marks.isOf("local", "starter", changed)).as(changed).isFalse();
        }
        assertThat(marks.isOf("local", "starter", id.substring(1))).isFalse();
        assertThat(marks.isOf("local", "starter", id + "0")).isFalse();
        assertThat(marks.isOf("local", "starter", "")).isFalse();
    }

    @Test
    void aHundredThousandGuessesAreWrong() {
        Random random = new Random(7);
        String id = marks.id("local", "starter", CALL, 0);
        String rest = id.substring(0, id.length() - 6);
        String digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for (int n = 0; n < 100_000; n++) {
            StringBuilder guess = new StringBuilder(rest);
            for (int i = 0; i < 6; i++) {
                guess.append(digits.charAt(random.nextInt(digits.length())));
            }

            assertThat(marks.isOf("local", "starter", guess.toString())).isFalse();
        }
    }

    @Test
    void theMarksOfManyCallsDiffer() {
        Set<String> seen = new HashSet<>();
        for (int n = 0; n < 10_000; n++) {
            String id = marks.id("local", "starter", CALL, n);
            seen.add(id.substring(id.length() - 6));
        }

        assertThat(seen).hasSize(10_000);
    }
}
