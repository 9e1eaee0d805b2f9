package dev.understudy.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmentTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:30:00Z");

    @Test
    void readsShortRangesFromRows() {
        assertThat(Segment.cut(NOW.minusSeconds(3_600), NOW, NOW, false, false))
                .containsExactly(new Segment(Segment.Source.ROWS, NOW.minusSeconds(3_600), NOW));
    }

    @Test
    void readsTheMiddleOfLongRangesFromRollUps() {
        List<Segment> segments = Segment.cut(NOW.minus(Duration.ofDays(5)), NOW, NOW, false, false);
        assertThat(segments)
                .extracting(Segment::source)
                .containsExactly(
                        Segment.Source.ROWS,
                        Segment.Source.HOURS,
                        Segment.Source.DAYS,
                        Segment.Source.HOURS,
                        Segment.Source.ROWS);
        assertThat(segments.get(2).from()).isEqualTo(Instant.parse("2026-11-20T00:00:00Z"));
        assertThat(segments.get(2).to()).isEqualTo(Instant.parse("2026-11-24T00:00:00Z"));
        assertThat(segments.getLast().from()).isEqualTo(Instant.parse("2026-11-24T12:00:00Z"));
    }

    @Test
    void leavesNoGapAndNoOverlap() {
        Random random = new Random(5);
        for (int i = 0; i < 500; i++) {
            Instant from = NOW.minusSeconds(random.nextLong(1, 30 * 86_400));
            Instant to = from.plusSeconds(random.nextLong(1, 35 * 86_400));
            List<Segment> segments = Segment.cut(from, to, NOW, false, random.nextBoolean());
            Instant at = from;
            for (Segment segment : segments) {
                assertThat(segment.from()).isEqualTo(at);
                at = segment.to();
            }
            assertThat(at).isEqualTo(to);
        }
    }
}
