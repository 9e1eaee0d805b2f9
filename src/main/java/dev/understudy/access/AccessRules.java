package dev.understudy.access;

import dev.understudy.call.Caller;
import dev.understudy.call.Purpose;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who may call, as ops wrote it in the files of kind Access.
 *
 * @param anonymous what callers without a key of ours may
 * @param teams by name
 */
public record AccessRules(Anonymous anonymous, Map<String, Team> teams) {
    public AccessRules {
        teams = Map.copyOf(teams);
        if (anonymous.allow() != Allow.NEVER) {
            Team team = teams.get(anonymous.team());
            if (team == null || !team.apps().containsKey(anonymous.app())) {
                throw new IllegalArgumentException("anonymous: team and app must be among the teams, got "
                        + anonymous.team() + "/" + anonymous.app());
            }
        }
    }

    /** The app of that team, or null when either is unknown. */
    public @Nullable App app(String team, String app) {
        Team found = teams.get(team);
        return found == null ? null : found.apps().get(app);
    }

    /**
     * A caller of that app, or null when team or app is unknown.
     *
     * @param keyId the key that was shown; null for an anonymous caller
     * @param providerKey the caller's own credential for the upstream, or null
     * @param subject keyed hash of the end user, or null
     * @param headers of the request, names in lower case; {@code x-understudy-consent} and {@code
     *     x-understudy-no-train} take consent away
     */
    public @Nullable Caller caller(
            String teamName,
            String appName,
            @Nullable UUID keyId,
            @Nullable Secret providerKey,
            @Nullable String subject,
            Map<String, String> headers) {
        Team team = teams.get(teamName);
        App app = team == null ? null : team.apps().get(appName);
        if (team == null || app == null) {
            return null;
        }
        return new Caller(
                teamName,
                appName,
                keyId,
                team.tags(),
                app.models(),
                app.human(),
                consent(app.consent(), headers),
                subject,
                team.sensitivityFloor(),
                providerKey);
    }

    /** A call may take consent away, never add to it. Words that are no purpose take everything away. */
    private static Set<Purpose> consent(Set<Purpose> given, Map<String, String> headers) {
        String asked = headers.get("x-understudy-consent");
        String noTrain = headers.get("x-understudy-no-train");
        if (asked == null && noTrain == null) {
            return given;
        }
        Set<Purpose> left = EnumSet.noneOf(Purpose.class);
        left.addAll(given);
        if (noTrain != null && !noTrain.strip().equals("0")) {
            left.remove(Purpose.TRAINING);
        }
        if (asked != null) {
            List<String> words = List.of(asked.toLowerCase(Locale.ROOT).strip().split("[,\\s]+"));
            left.removeIf(purpose -> !words.contains(purpose.wire()));
        }
        return left;
    }

    /** Where callers without a key of ours may come from. */
    public enum Allow {
        NEVER("never"),
        LOOPBACK("loopback"),
        ALWAYS("always");

        private final String wire;

        Allow(String wire) {
            this.wire = wire;
        }

        /** The name in policy files. */
        public String wire() {
            return wire;
        }
    }

    /**
     * What callers without a key of ours are.
     *
     * @param team that they belong to; empty with {@link Allow#NEVER}
     * @param app of that team; empty with {@link Allow#NEVER}
     */
    public record Anonymous(Allow allow, String team, String app) {}

    /**
     * One tenant.
     *
     * @param tags that all its callers carry
     * @param sensitivityFloor every call of the team is at least so delicate
     * @param limits of all its callers together
     * @param budget of all its callers together, or null
     * @param apps by name; never empty
     */
    public record Team(
            String name,
            Map<String, String> tags,
            Sensitivity sensitivityFloor,
            CallLimits limits,
            @Nullable BudgetPlan budget,
            Map<String, App> apps) {
        public Team {
            tags = Map.copyOf(tags);
            apps = Map.copyOf(apps);
            if (apps.isEmpty()) {
                throw new IllegalArgumentException("team " + name + ": apps must not be empty");
            }
        }
    }

    /**
     * One program of a team.
     *
     * @param models globs of the model names that it may ask for
     * @param human whether people type through it
     * @param consent what its bodies may be used for: the team's and its own together
     * @param limits of its callers together, besides the team's
     * @param budget of its callers together, besides the team's, or null
     */
    public record App(
            String name,
            List<String> models,
            boolean human,
            Set<Purpose> consent,
            CallLimits limits,
            @Nullable BudgetPlan budget) {
        public App {
            models = List.copyOf(models);
            consent = Set.copyOf(consent);
        }
    }
}
