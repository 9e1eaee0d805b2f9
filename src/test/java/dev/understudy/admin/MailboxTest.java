package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.capture.CallLine;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MailboxTest {
    private static final int SILENT_BEATS = 3;

    private final Mailbox mailbox = new Mailbox(SILENT_BEATS);

    @Test
    void handsOverWhatCameInTheOrderInWhichItCame() {
        mailbox.offer(line(1));
        mailbox.offer(line(2));

        assertThat(mailbox.collect()).isInstanceOfSatisfying(Mailbox.Calls.class, calls -> {
            assertThat(calls.calls()).containsExactly(line(1), line(2));
            assertThat(calls.missed()).isZero();
        });
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);
    }

    @Test
    void keepsTheNewestAndCountsTheOthersWhenNobodyCollects() {
        for (int n = 0; n < Mailbox.ROOM + 5; n++) {
            mailbox.offer(line(n));
        }

        assertThat(mailbox.collect()).isInstanceOfSatisfying(Mailbox.Calls.class, calls -> {
            assertThat(calls.calls()).hasSize(Mailbox.ROOM).startsWith(line(5));
            assertThat(calls.missed()).isEqualTo(5);
        });
        mailbox.offer(line(0));
        assertThat(mailbox.collect())
                .isInstanceOfSatisfying(
                        Mailbox.Calls.class, calls -> assertThat(calls.missed()).isZero());
    }

    @Test
    void givesASignOfLifeAfterALongSilenceOnly() {
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.ALIVE);
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);

        mailbox.offer(line(1));
        mailbox.collect();

        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.NOTHING);
        assertThat(mailbox.collect()).isEqualTo(Mailbox.Letter.ALIVE);
    }

    private static CallLine line(int n) {
        return new CallLine(
                new UUID(0x0199_0000_0000_7000L, n),
                Instant.EPOCH,
                "local",
                "default",
                "gpt-4.1",
                "llm",
                "gpt-4.1",
                null,
                null,
                "chat",
                "user_turn",
                "starter/rest",
                "rule starter/rest: any call goes to gpt-4.1",
                "direct",
                "completed",
                200,
                null,
                false,
                10,
                0,
                5,
                BigDecimal.ONE,
                BigDecimal.ONE,
                1L,
                2L);
    }
}
