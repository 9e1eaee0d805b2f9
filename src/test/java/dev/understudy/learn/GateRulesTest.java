package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.learn.GateRules.Moment;
import dev.understudy.learn.GateRules.Move;
import dev.understudy.learn.GateTerms.AutoPromote;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class GateRulesTest {
    private static final GateTerms SERVING = new GateTerms(0.95, 0.05, 300, AutoPromote.SERVE, 0.04);
    private static final Duration DAY = Duration.ofHours(24);

    @Test
    void aCertifiedErrandGoesToShadowOnceItWasSeenOftenEnough() {
        Moment due = moment(GateState.OBSERVE, 0, Duration.ZERO, tally(0, 0));
        assertThat(GateRules.next(SERVING, due))
                .isEqualTo(new Move(GateState.SHADOW, 0, "certified, with 200 calls in 100 sessions", false));
        assertThat(GateRules.next(SERVING, with(due, 199, 100, true, true, true)))
                .isNull();
        assertThat(GateRules.next(SERVING, with(due, 200, 99, true, true, true)))
                .isNull();
        assertThat(GateRules.next(SERVING, with(due, 200, 100, false, true, true)))
                .isNull();
        assertThat(GateRules.next(SERVING, with(due, 200, 100, true, false, true)))
                .isNull();
        assertThat(GateRules.next(SERVING, with(due, 200, 100, true, true, false)))
                .isNull();
    }

    @Test
    void whatAutoPromoteDoesNotReachIsProposedToAPerson() {
        Moment observed = moment(GateState.OBSERVE, 0, Duration.ZERO, tally(0, 0));
        GateTerms nothing = new GateTerms(0.95, 0.05, 300, AutoPromote.NONE, 0.04);
        assertThat(GateRules.next(nothing, observed)).extracting(Move::proposed).isEqualTo(true);
        assertThat(GateRules.next(GateTerms.USUAL, observed))
                .extracting(Move::proposed)
                .isEqualTo(false);
        Moment proven = moment(GateState.SHADOW, 0, DAY, tally(300, 0));
        assertThat(GateRules.next(GateTerms.USUAL, proven))
                .extracting(Move::to, Move::share, Move::proposed)
                .containsExactly(GateState.SERVE, 1, true);
        assertThat(GateRules.next(SERVING, proven)).extracting(Move::proposed).isEqualTo(false);
    }

    @Test
    void anAuditionIsWonOnlyWhenEverythingHolds() {
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, tally(300, 0))))
                .extracting(Move::to)
                .isEqualTo(GateState.SERVE);
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, tally(299, 0))))
                .isNull();
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY.minusSeconds(1), tally(300, 0))))
                .isNull();
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, tally(300, 15))))
                .as("right in 95 %% is not more than 95 %%")
                .isNull();
        Tally refused = new Tally(0.95);
        for (int i = 0; i < 1_001; i++) {
            refused.add(i % 10 < 3 && i < 1_000 ? verdict(true, true, true, true) : verdict(false, true, true, false));
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, refused)))
                .as("accepted in less than 30 %%")
                .isNull();
        Tally doubtful = tally(300, 0);
        for (int i = 0; i < 16; i++) {
            doubtful.add(new Verdict(UUID.randomUUID(), Instant.EPOCH, null, false, true, true, 1.0));
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, doubtful)))
                .as("more than 5 %% of the references could not be used")
                .isNull();
    }

    @Test
    void anAuditionThatIsLostOrUndecidedEnds() {
        Tally bad = tally(100, 40);
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, Duration.ZERO, bad)))
                .isEqualTo(new Move(GateState.OBSERVE, 0, "it is under p0", false));
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, Duration.ofDays(30), tally(40, 1))))
                .isEqualTo(new Move(GateState.OBSERVE, 0, "undecided after 40 counted sessions", false));
        Tally long3000 = new Tally(0.95);
        for (int i = 0; i < 3_000; i++) {
            long3000.add(verdict(true, i % 20 != 0, true, true));
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SHADOW, 0, DAY, long3000)))
                .extracting(Move::to)
                .isEqualTo(GateState.OBSERVE);
    }

    @Test
    void theShareClimbsADayAndThirtySessionsAtATime() {
        int[] expected = {5, 25, 50, 100};
        for (int step = 0; step < expected.length; step++) {
            int share = GateRules.SHARES.get(step);
            Moment now = moment(GateState.SERVE, share, DAY, tally(30, 0));
            assertThat(GateRules.next(SERVING, now)).extracting(Move::share).isEqualTo(expected[step]);
            assertThat(GateRules.next(SERVING, moment(GateState.SERVE, share, DAY, tally(29, 0))))
                    .isNull();
            assertThat(GateRules.next(SERVING, moment(GateState.SERVE, share, DAY.minusSeconds(1), tally(30, 0))))
                    .isNull();
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SERVE, 100, Duration.ofDays(90), tally(300, 0))))
                .isNull();
        Tally warned = tally(200, 0);
        while (warned.standing().slip() < GateRules.STOP_CLIMBING) {
            warned.add(verdict(true, false, true, true));
        }
        assertThat(warned.standing().slip()).isLessThan(GateRules.DEMOTE);
        assertThat(GateRules.next(SERVING, moment(GateState.SERVE, 25, DAY, warned)))
                .as("a sign of a slip stops the climb")
                .isNull();
    }

    @Test
    void aSlipGivesTheErrandBack() {
        Tally slipped = tally(200, 0);
        while (slipped.standing().slip() < GateRules.DEMOTE) {
            slipped.add(verdict(true, false, true, true));
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SERVE, 50, Duration.ZERO, slipped)))
                .isEqualTo(new Move(GateState.DEMOTED, 0, "right answers have become fewer than p0", false));
    }

    @Test
    void troubleDemotesAtOnce() {
        Moment well = moment(GateState.SERVE, 100, Duration.ZERO, tally(30, 0));
        assertThat(GateRules.next(SERVING, well)).isNull();
        assertThat(GateRules.next(SERVING, trouble(well, true, 0, 0)))
                .extracting(Move::to, Move::reason)
                .containsExactly(GateState.DEMOTED, "a schema of the call has changed");
        assertThat(GateRules.next(SERVING, trouble(well, false, 19, 2))).isNull();
        assertThat(GateRules.next(SERVING, trouble(well, false, 20, 0)))
                .extracting(Move::reason)
                .isEqualTo("the prompt was edited in 20 calls running");
        assertThat(GateRules.next(SERVING, trouble(well, false, 0, 3)))
                .extracting(Move::reason)
                .isEqualTo("3 faults of the engine in ten minutes");
        Tally invalid = tally(480, 0);
        for (int i = 0; i < 9; i++) {
            invalid.add(verdict(false, true, false, false));
        }
        assertThat(GateRules.next(SERVING, moment(GateState.SERVE, 100, Duration.ZERO, invalid)))
                .isNull();
        invalid.add(verdict(false, true, false, false));
        assertThat(GateRules.next(SERVING, moment(GateState.SERVE, 100, Duration.ZERO, invalid)))
                .extracting(Move::reason)
                .isEqualTo("10 of the last 500 answers were invalid");
        for (int i = 0; i < 500; i++) {
            invalid.add(verdict(true, true, true, true));
        }
        assertThat(invalid.standing().recentlyInvalid()).isZero();
    }

    @Test
    void demotedItRestsForAWeekAndNeverGoesStraightUp() {
        Duration week = Duration.ofDays(7);
        assertThat(GateRules.next(SERVING, moment(GateState.DEMOTED, 0, week.minusSeconds(1), tally(300, 0))))
                .isNull();
        assertThat(GateRules.next(SERVING, moment(GateState.DEMOTED, 0, week, tally(300, 0))))
                .isEqualTo(new Move(GateState.OBSERVE, 0, "seven days have passed", false));
    }

    @Test
    void theSameVerdictsGiveTheSameDigits() {
        assertThat(tally(1_000, 37).standing()).isEqualTo(tally(1_000, 37).standing());
    }

    private static Tally tally(int counted, int wrong) {
        return tally(counted, wrong, one -> one);
    }

    private static Tally tally(int counted, int wrong, UnaryOperator<Verdict> change) {
        Tally tally = new Tally(0.95);
        for (int i = 0; i < counted; i++) {
            tally.add(change.apply(verdict(true, i >= wrong, true, true)));
        }
        return tally;
    }

    private static Verdict verdict(boolean counted, boolean pass, boolean valid, boolean accepted) {
        return new Verdict(UUID.randomUUID(), Instant.EPOCH, pass, counted, accepted, valid, 2.0);
    }

    private static Moment moment(GateState state, int share, Duration inStep, Tally tally) {
        return new Moment(state, share, inStep, true, 200, 100, true, true, tally.standing(), false, false, 0, 0);
    }

    private static Moment with(
            Moment now, long calls, long sessions, boolean comparable, boolean mayKeep, boolean certified) {
        return new Moment(
                now.state(),
                now.share(),
                now.inStep(),
                comparable,
                calls,
                sessions,
                mayKeep,
                certified,
                now.figures(),
                false,
                false,
                0,
                0);
    }

    private static Moment trouble(Moment now, boolean schemaChanged, int edited, int faults) {
        return new Moment(
                now.state(),
                now.share(),
                now.inStep(),
                true,
                200,
                100,
                true,
                true,
                now.figures(),
                false,
                schemaChanged,
                edited,
                faults);
    }
}
