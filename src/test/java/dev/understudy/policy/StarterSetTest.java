package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.access.AccessRules;
import dev.understudy.call.CaptureOrder;
import dev.understudy.model.ModelCard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class StarterSetTest {
    private final PolicyLoader.Loaded loaded = new PolicyLoader(Surroundings.of(Map.of())).load(Path.of("policies"));

    @Test
    void loadsWithoutErrorsAndWarnsOnlyOfRulesWithoutEvidence() {
        assertThat(loaded.problems())
                .extracting(problem -> problem.code().wire() + " " + problem.message())
                .containsExactly(
                        "W609 rule demo-tools lets a small model serve without evidence",
                        "W609 rule by-name lets a small model serve without evidence",
                        "W609 rule alone lets a small model serve without evidence");
        assertThat(loaded.count()).isEqualTo("0 errors, 3 warnings");
    }

    @Test
    void anAdapterInheritsFromItsBase() {
        ModelCard card = set().catalogue().card("demo-slm").orElseThrow();
        assertThat(card.place()).isEqualTo(new ModelCard.Place.Adapter("starter", "adapters/demo-tools", 1.0));
        assertThat(card.maxTools()).isEqualTo(8);
        assertThat(card.contextTokens()).isEqualTo(8192);
        assertThat(card.trustInside()).isTrue();
        assertThat(card.outputMayTrain()).isEqualTo(ModelCard.OutputMayTrain.YES);
        assertThat(card.limits().maxConcurrent()).isEqualTo(4);
        assertThat(card.limits().queue()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void withoutAKeyOfOursTheCallersGoesOn() {
        ModelCard card = set().catalogue().card("llm").orElseThrow();
        assertThat(card.place()).isInstanceOfSatisfying(ModelCard.Place.Upstream.class, upstream -> {
            assertThat(upstream.baseUrl()).hasToString("https://api.openai.com/v1");
            assertThat(upstream.credential()).isEqualTo(new ModelCard.Credential.Forward());
        });
        assertThat(card.trustInside()).isFalse();
        assertThat(card.limits().streamTimeout()).isEqualTo(Duration.ofMinutes(30));
    }

    @Test
    void variablesMoveTheUpstreamAndBringItsKey() {
        PolicyLoader loader = new PolicyLoader(Surroundings.of(
                Map.of("UNDERSTUDY_LLM_BASE_URL", "http://127.0.0.1:9/v1/", "UNDERSTUDY_LLM_API_KEY", "sk-canary")));
        PolicySet set = Objects.requireNonNull(loader.load(Path.of("policies")).set());
        assertThat(set.catalogue().card("llm").orElseThrow().place())
                .isInstanceOfSatisfying(ModelCard.Place.Upstream.class, upstream -> {
                    assertThat(upstream.baseUrl()).hasToString("http://127.0.0.1:9/v1");
                    assertThat(upstream.credential()).isInstanceOf(ModelCard.Credential.Ours.class);
                });
        assertThat(set.revision()).isNotEqualTo(set().revision());
        assertThat(set.catalogue().toString()).doesNotContain("canary");
    }

    @Test
    void anonymousCallersOfThisMachineAreTheTeamLocal() {
        AccessRules access = set().access();
        assertThat(access.anonymous())
                .isEqualTo(new AccessRules.Anonymous(AccessRules.Allow.LOOPBACK, "local", "default"));
        assertThat(Objects.requireNonNull(access.app("local", "default")).consent())
                .hasSize(3);
        assertThat(set().capture().standard()).isEqualTo(CaptureOrder.Level.METADATA);
    }

    private PolicySet set() {
        return Objects.requireNonNull(loaded.set());
    }
}
