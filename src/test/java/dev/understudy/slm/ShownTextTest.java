package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.slm.SlmListener.Token;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShownTextTest {
    private final ShownText shown = new ShownText();

    private void token(int id, String text, int offset) {
        shown.add(new Token(id, text, Float.NaN, 1, offset, false, false, List.of()));
    }

    @Test
    void piecesThatFollowEachOtherAreWhole() {
        token(1, "a\u00E9", 0);
        token(2, "", 3);
        token(3, "\uD83D\uDE42!", 3);
        token(4, "", 8);
        token(-1, " end", 8);

        assertThat(shown.isWhole(false)).isTrue();
        assertThat(shown).hasToString("a\u00E9\uD83D\uDE42! end");
        assertThat(shown.bytes()).isEqualTo(12);
    }

    @Test
    void aPieceThatWasLostShows() {
        token(1, "one", 0);
        token(3, "three", 6);
        token(4, "four", 11);
        token(-1, "!", 15);

        assertThat(shown.isWhole(false)).isFalse();
    }

    @Test
    void aLastPieceThatWasLostShows() {
        token(1, "one", 0);
        token(2, "", 3);
        token(3, "", 6);

        assertThat(shown.isWhole(false)).isFalse();
        assertThat(shown.isWhole(true)).isTrue();
    }

    @Test
    void aPieceThatCameTwiceShows() {
        token(1, "one", 0);
        token(1, "one", 0);
        token(2, "two", 3);

        assertThat(shown.isWhole(false)).isFalse();
    }
}
