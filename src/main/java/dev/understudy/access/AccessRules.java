package dev.understudy.access;

import dev.understudy.call.Purpose;
import dev.understudy.call.Sensitivity;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
     * @param apps by name; never empty
     */
    public record Team(String name, Map<String, String> tags, Sensitivity sensitivityFloor, Map<String, App> apps) {
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
     */
    public record App(String name, List<String> models, boolean human, Set<Purpose> consent) {
        public App {
            models = List.copyOf(models);
            consent = Set.copyOf(consent);
        }
    }
}
