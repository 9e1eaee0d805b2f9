package dev.understudy.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PricingTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 24);
    private static final TokenCount MILLION = new TokenCount(1_000_000, 0, 1_000_000, TokenCount.Source.REPORTED);

    @Test
    void tokensArePricedPerMillionAndCachedOnesApart() {
        ModelCard card = large("llm", null, tokens("2026-01-01", "*", "2.50", "1.25", "10"));
        TokenCount count = new TokenCount(1_000, 400, 200, TokenCount.Source.REPORTED);
        assertThat(Pricing.cost(card, "any", count, null, DAY)).isEqualByComparingTo("0.004");
    }

    @Test
    void theLongestGlobWinsThenTheNewestDayThatHasCome() {
        ModelCard card = large(
                "llm",
                null,
                tokens("2026-01-01", "*", "1", null, "1"),
                tokens("2026-01-01", "gpt-4o-mini*", "3", null, "3"),
                tokens("2026-06-01", "gpt-4o-mini*", "4", null, "4"),
                tokens("2027-01-01", "gpt-4o-mini*", "5", null, "5"),
                tokens("2026-10-01", "gpt-*", "6", null, "6"));
        assertThat(Pricing.cost(card, "gpt-4o-mini-2026", MILLION, null, DAY)).isEqualByComparingTo("8");
        assertThat(Pricing.cost(card, "gpt-5", MILLION, null, DAY)).isEqualByComparingTo("12");
        assertThat(Pricing.cost(card, "other", MILLION, null, DAY)).isEqualByComparingTo("2");
    }

    @Test
    void withoutAFittingPriceACallIsUnpricedNotFree() {
        ModelCard card = large("llm", null, tokens("2026-01-01", "gpt-4o-mini*", "1", null, "1"));
        assertThat(Pricing.cost(card, "gpt-5", MILLION, null, DAY)).isNull();
        assertThat(Pricing.cost(card, "gpt-4o-mini", TokenCount.NONE, null, DAY))
                .isNull();
    }

    @Test
    void aSmallModelIsPricedByItsDeviceTime() {
        Price hour = new Price(LocalDate.of(2026, 11, 1), "*", null, null, null, new BigDecimal("0.09"));
        ModelCard card = card("starter", Tier.SLM, null, List.of(hour));
        assertThat(Pricing.cost(card, "starter", MILLION, 1_800_000_000L, DAY)).isEqualByComparingTo("0.045");
        assertThat(Pricing.cost(card, "starter", MILLION, null, DAY)).isNull();
    }

    @Test
    void theBaselineIsTheNamedModelElseTheDecisionsElseTheOneThatPassesNamesOn() {
        ModelCard passing = large("llm", null, tokens("2026-01-01", "*", "1", null, "1"));
        ModelCard fixed = large("demo-llm", "scripted", tokens("2026-01-01", "*", "2", null, "2"));
        Map<String, ModelCard> cards = new LinkedHashMap<>();
        cards.put("demo-llm", fixed);
        cards.put("llm", passing);
        Catalogue requested = Catalogue.of("USD", null, cards);
        assertThat(Pricing.baseline(requested, null, "m", MILLION, DAY)).isEqualByComparingTo("2");
        assertThat(Pricing.baseline(requested, fixed, "m", MILLION, DAY)).isEqualByComparingTo("4");
        assertThat(Pricing.baseline(Catalogue.of("USD", "llm", cards), fixed, "m", MILLION, DAY))
                .isEqualByComparingTo("2");
    }

    @Test
    void globsMatchAnywhere() {
        assertThat(Pricing.globHolds("*", "")).isTrue();
        assertThat(Pricing.globHolds("a*c*e", "abcde")).isTrue();
        assertThat(Pricing.globHolds("a*c*e", "abcdef")).isFalse();
        assertThat(Pricing.globHolds("*-mini*", "gpt-4o-mini")).isTrue();
        assertThat(Pricing.globHolds("ab", "abc")).isFalse();
    }

    private static Price tokens(String from, String match, String input, @Nullable String cached, String output) {
        return new Price(
                LocalDate.parse(from),
                match,
                new BigDecimal(input),
                cached == null ? null : new BigDecimal(cached),
                new BigDecimal(output),
                null);
    }

    private static ModelCard large(String name, @Nullable String model, Price... prices) {
        return card(name, Tier.LLM, model, List.of(prices));
    }

    private static ModelCard card(String name, Tier tier, @Nullable String model, List<Price> prices) {
        Duration second = Duration.ofSeconds(1);
        return new ModelCard(
                name,
                tier,
                false,
                new ModelCard.Place.Upstream(
                        URI.create("http://127.0.0.1:1/v1"), model, new ModelCard.Credential.None(), Set.of("chat")),
                null,
                Set.of("chat"),
                null,
                new ModelCard.Limits(4, second, second, second, second, second, second, second),
                ModelCard.OutputMayTrain.ASK,
                null,
                prices);
    }
}
