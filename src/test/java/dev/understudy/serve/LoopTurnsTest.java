package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Loop;
import dev.understudy.call.Signals;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No tool loop changes hands but towards the large model; ./understudy bench loops tries it more often. */
class LoopTurnsTest {
    private static final int TURNS = 3_000;
    private static final int FEW_TURNS = 800;

    @TempDir
    private Path folder;

    @Test
    void noOpenLoopGoesToAnotherThanItsOwnerOrTheLargeModel() throws IOException {
        LoopTurns run = new LoopTurns(7, folder, signals -> signals);
        run.run(TURNS);

        assertThat(run.tally.violations).isEmpty();
        assertThat(run.tally.covers()).as("%s", run.tally.lines(0)).isTrue();
    }

    /** The check itself: of a decider that is blind to loops it finds many switches. */
    @Test
    void aGatewayThatDoesNotLookAtLoopsIsFoundOut() throws IOException {
        LoopTurns run = new LoopTurns(7, folder, signals -> told(signals, Loop.NONE, signals.latched()));
        run.run(FEW_TURNS);

        assertThat(run.tally.violations)
                .filteredOn(line -> line.contains("a loop of"))
                .hasSizeGreaterThan(20);
        assertThat(run.tally.metered).containsKey("slm entered");
    }

    @Test
    void aGatewayThatForgetsLatchesIsFoundOut() throws IOException {
        LoopTurns run = new LoopTurns(7, folder, signals -> told(signals, signals.loop(), false));
        run.run(FEW_TURNS);

        assertThat(run.tally.violations).anyMatch(line -> line.contains("it is latched"));
    }

    private static Signals told(Signals from, Loop loop, boolean latched) {
        return new Signals(
                from.site(),
                from.siteMatch(),
                from.task(),
                from.taskState(),
                from.toolsHash(),
                from.kind(),
                from.phase(),
                from.session(),
                from.sessionSource(),
                from.turn(),
                from.tokens(),
                from.sensitivity(),
                loop,
                latched,
                from.slmOff(),
                from.reasons(),
                from.unknown(),
                from.micros());
    }
}
