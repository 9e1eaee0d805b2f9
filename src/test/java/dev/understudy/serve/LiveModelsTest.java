package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Tier;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LiveModelsTest {
    private final List<String> closed = new ArrayList<>();
    private final LiveModels.Maker maker = new LiveModels.Maker() {
        @Override
        public boolean isSame(Model live, Catalogue before, Catalogue now) {
            return live.card().equals(now.cards().get(live.card().name()));
        }

        @Override
        public Model make(String name, Catalogue catalogue) {
            return new Quiet(catalogue.card(name).orElseThrow());
        }
    };

    @Test
    void aModelWhoseCardStaysIsKeptOverAReload() {
        LiveModels first = LiveModels.of(catalogue(card("a", 1), card("b", 1)), null, maker);
        LiveModels second = LiveModels.of(catalogue(card("a", 1), card("b", 2)), first, maker);
        assertThat(second.model("a")).isSameAs(first.model("a"));
        assertThat(second.model("b")).isNotSameAs(first.model("b"));
        first.release();
        assertThat(closed).containsExactly("b1");
        second.release();
        assertThat(closed).containsExactlyInAnyOrder("b1", "a1", "b2");
    }

    @Test
    void aModelThatIsGoneStaysOpenForTheCallsThatStillEndOnIt() {
        LiveModels first = LiveModels.of(catalogue(card("a", 1)), null, maker);
        assertThat(first.hold()).isTrue();
        LiveModels second = LiveModels.of(catalogue(card("b", 1)), first, maker);
        first.release();
        assertThat(closed).isEmpty();
        first.release();
        assertThat(closed).containsExactly("a1");
        assertThat(second.model("a")).isNull();
    }

    @Test
    void aSetThatWasLetGoCannotBeHeldAgain() {
        LiveModels only = LiveModels.of(catalogue(card("a", 1)), null, maker);
        only.release();
        assertThat(only.hold()).isFalse();
    }

    private static Catalogue catalogue(ModelCard... cards) {
        Map<String, ModelCard> all = new LinkedHashMap<>();
        for (ModelCard card : cards) {
            all.put(card.name(), card);
        }
        return Catalogue.of("USD", null, all);
    }

    private static ModelCard card(String name, int version) {
        return new ModelCard(
                name,
                Tier.LLM,
                false,
                new ModelCard.Place.Upstream(
                        URI.create("http://x/v" + version), null, new ModelCard.Credential.None(), Set.of("chat")),
                null,
                Set.of("chat"),
                null,
                DoorFixture.limits(),
                ModelCard.OutputMayTrain.ASK,
                null,
                List.of());
    }

    private final class Quiet implements Model {
        private final ModelCard card;

        private Quiet(ModelCard card) {
            this.card = card;
        }

        @Override
        public ModelCard card() {
            return card;
        }

        @Override
        public Readiness readiness() {
            return Readiness.READY;
        }

        @Override
        public Asked ask(Ask ask, AnswerSink sink) {
            throw new UnsupportedOperationException("nobody asks here");
        }

        @Override
        public void close() {
            String base = ((ModelCard.Place.Upstream) card.place()).baseUrl().toString();
            closed.add(card.name() + base.substring(base.length() - 1));
        }
    }
}
