package dev.understudy;

import dev.understudy.database.DataFolder;
import dev.understudy.inspect.SlmSwitch;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import dev.understudy.policy.PolicySet;
import dev.understudy.policy.PolicyStore;
import dev.understudy.serve.AgentsDoor;
import dev.understudy.serve.ModelDirectory;
import io.quarkus.arc.Unremovable;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/** What a person reads in the terminal once both doors are open: where they are, which models answer, what to do next. */
@Singleton
@Unremovable
final class Welcome implements QuarkusApplication {

    /** Weights that lie on this machine already are loaded within that. */
    private static final int POLLS = 50;

    private static final Duration BETWEEN_POLLS = Duration.ofMillis(100);

    private final DataFolder data;
    private final PolicyStore policies;
    private final ModelDirectory models;
    private final AgentsDoor agents;
    private final SlmSwitch slmSwitch;

    @Inject
    Welcome(DataFolder data, PolicyStore policies, ModelDirectory models, AgentsDoor agents, SlmSwitch slmSwitch) {
        this.data = data;
        this.policies = policies;
        this.models = models;
        this.agents = agents;
        this.slmSwitch = slmSwitch;
    }

    @Override
    public int run(String... words) throws Exception {
        if (agents.port() != 0) {
            awaitModels();
            System.out.println(text());
        }
        Quarkus.waitForExit();
        return 0;
    }

    private void awaitModels() throws InterruptedException {
        for (int i = 0; i < POLLS && isAnyLoading(); i++) {
            Thread.sleep(BETWEEN_POLLS);
        }
    }

    private boolean isAnyLoading() {
        return models.readiness().values().stream().anyMatch(state -> state.state() == Readiness.State.LOADING);
    }

    private String text() throws Exception {
        Settings settings = Settings.read();
        var people = new Address(
                settings.peoplesDoor().host(), ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class));
        var door = new Address(settings.agentsDoor().host(), agents.port());
        PolicySet set = policies.current();
        var text = new StringBuilder("\nUnderstudy is up, policies ")
                .append(set.revision())
                .append("\n\n  for people   ")
                .append(Settings.url(people))
                .append("/#token=")
                .append(data.adminToken())
                .append("\n  for agents   export OPENAI_BASE_URL=")
                .append(
                        agents.isSecured()
                                ? Settings.url(door).toString().replaceFirst("http", "https")
                                : Settings.url(door))
                .append("/v1\n");
        String head = "  models       ";
        for (Map.Entry<String, Readiness> model : models.readiness().entrySet()) {
            text.append(head)
                    .append("%-12s ".formatted(model.getKey()))
                    .append(state(set, model))
                    .append('\n');
            head = " ".repeat(head.length());
        }
        if (slmSwitch.isOff()) {
            text.append("  small models are switched off   ./understudy slm on\n");
        }
        if (set.catalogue().cards().values().stream().anyMatch(Welcome::wantsKey)) {
            text.append("  no key?      ./understudy demo   (a scripted large model and an agent, no internet)\n");
        }
        return text.toString();
    }

    private static String state(PolicySet set, Map.Entry<String, Readiness> model) {
        Readiness readiness = model.getValue();
        String state = readiness.reason().isEmpty()
                ? readiness.state().wire()
                : readiness.state().wire() + ": " + readiness.reason();
        boolean forwards =
                set.catalogue().card(model.getKey()).filter(Welcome::wantsKey).isPresent();
        return forwards ? state + ", without a key of its own: a caller's key goes on" : state;
    }

    private static boolean wantsKey(ModelCard card) {
        return switch (card.place()) {
            case ModelCard.Place.Upstream upstream ->
                switch (upstream.credential()) {
                    case ModelCard.Credential.Forward forward -> true;
                    case ModelCard.Credential.Missing missing -> true;
                    case ModelCard.Credential.Ours ours -> false;
                    case ModelCard.Credential.None none -> false;
                };
            case ModelCard.Place.Weights weights -> false;
            case ModelCard.Place.Adapter adapter -> false;
        };
    }
}
