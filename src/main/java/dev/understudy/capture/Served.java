package dev.understudy.capture;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import org.jspecify.annotations.Nullable;

/** Questions on a whole call that rows and lines answer alike. */
final class Served {
    private Served() {}

    /** The try whose answer was sent, or null. */
    static @Nullable Attempt of(Interaction interaction) {
        Integer served = interaction.served();
        if (served == null) {
            return null;
        }
        for (Attempt attempt : interaction.attempts()) {
            if (attempt.n() == served) {
                return attempt;
            }
        }
        return null;
    }

    /** Who answered. */
    static Tier tier(Interaction interaction) {
        Attempt served = of(interaction);
        return served == null ? Tier.NONE : served.tier();
    }

    /** Tokens of all tries together; as weakly sourced as the weakest of them. */
    static TokenCount tokens(Interaction interaction) {
        int input = 0;
        int cached = 0;
        int output = 0;
        TokenCount.Source source = TokenCount.Source.NONE;
        for (Attempt attempt : interaction.attempts()) {
            TokenCount tokens = attempt.tokens();
            if (tokens.source() == TokenCount.Source.NONE) {
                continue;
            }
            input += tokens.input();
            cached += tokens.cached();
            output += tokens.output();
            source = source == TokenCount.Source.ESTIMATED ? source : tokens.source();
        }
        return new TokenCount(input, cached, output, source);
    }
}
