package dev.understudy.policy;

import dev.understudy.access.AccessRules;
import dev.understudy.call.Caller;
import dev.understudy.call.Tier;
import dev.understudy.inspect.SmallModels;
import dev.understudy.model.Catalogue;
import dev.understudy.model.ModelCard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that the files say, at one moment. Immutable, shared by all threads; a call ends on the set it began with.
 */
public final class PolicySet {
    private static final String FULL_DIGITS = "[0-9a-f]{64}";

    private final String fullRevision;
    private final Catalogue catalogue;
    private final AccessRules access;
    private final List<Policy> policies;
    private final CapturePlan capture;
    private final Map<String, Map<String, RuleIndex>> rulesByApp;
    private final boolean passesNamesOn;
    private final List<Globs> modelGlobs;
    private final SmallModels smallModels;

    PolicySet(
            String fullRevision, Catalogue catalogue, AccessRules access, List<Policy> policies, CapturePlan capture) {
        if (!fullRevision.matches(FULL_DIGITS)) {
            throw new IllegalArgumentException("fullRevision must have 64 hex digits, got " + fullRevision);
        }
        this.fullRevision = fullRevision;
        this.catalogue = catalogue;
        this.access = access;
        this.policies = policies.stream()
                .sorted(Comparator.comparingInt(Policy::priority).reversed().thenComparing(Policy::name))
                .toList();
        this.capture = capture;
        this.rulesByApp = index();
        this.passesNamesOn = catalogue.cards().values().stream().anyMatch(PolicySet::passesNameOn);
        this.modelGlobs = modelGlobs();
        this.smallModels = smallModels(catalogue);
    }

    /** The revision as people see it: 12 hex digits. */
    public String revision() {
        return fullRevision.substring(0, 12);
    }

    /** SHA-256 over the canonical documents, 64 hex digits. */
    public String fullRevision() {
        return fullRevision;
    }

    /** All models. */
    public Catalogue catalogue() {
        return catalogue;
    }

    /** Who may call. */
    public AccessRules access() {
        return access;
    }

    /**
     * Whether this caller may ask for that name, and somebody could answer to it: a model of the catalogue, a name that
     * some rule is for, or any name at all where a large model passes requested names on.
     */
    public boolean mayAsk(Caller caller, String model) {
        return allows(caller, model) && exists(model);
    }

    /**
     * The catalogue's own names that this caller may ask for, in the order of the files: small models, and large ones
     * with a fixed name. Where {@link #passesNamesOn()}, an upstream knows more.
     */
    public List<ModelCard> modelsFor(Caller caller) {
        List<ModelCard> visible = new ArrayList<>();
        for (ModelCard card : catalogue.cards().values()) {
            if (!passesNameOn(card) && allows(caller, card.name())) {
                visible.add(card);
            }
        }
        return visible;
    }

    /** The large models that pass requested names on, in the order of the files. */
    public List<ModelCard> passingNamesOn() {
        List<ModelCard> passing = new ArrayList<>();
        for (ModelCard card : catalogue.cards().values()) {
            if (passesNameOn(card)) {
                passing.add(card);
            }
        }
        return passing;
    }

    /** Whether some large model passes requested names on, so that only its upstream knows them all. */
    public boolean passesNamesOn() {
        return passesNamesOn;
    }

    /** What has to be known of the small models to look at a call. */
    public SmallModels smallModels() {
        return smallModels;
    }

    /** Number of rules in all policies. */
    public int ruleCount() {
        return policies.stream().mapToInt(policy -> policy.rules().size()).sum();
    }

    List<Policy> policies() {
        return policies;
    }

    CapturePlan capture() {
        return capture;
    }

    /** The rules that can hold for that caller, in the order in which they are asked. */
    List<Rule> rulesFor(Caller caller) {
        return indexFor(caller).rules();
    }

    /** Those of them that can hold for that call too, as far as a look at its indexed keys tells. */
    List<Rule> candidates(Facts facts) {
        return indexFor(facts.caller()).candidates(facts);
    }

    private RuleIndex indexFor(Caller caller) {
        Map<String, RuleIndex> byApp = rulesByApp.get(caller.team());
        RuleIndex index = byApp == null ? null : byApp.get(caller.app());
        return index == null ? new RuleIndex(rulesFor(caller.team(), caller.app())) : index;
    }

    private static SmallModels smallModels(Catalogue catalogue) {
        List<String> names = new ArrayList<>();
        int most = 0;
        for (ModelCard card : catalogue.cards().values()) {
            if (card.tier() == Tier.SLM) {
                Integer tools = card.maxTools();
                most = Math.max(most, tools == null ? Integer.MAX_VALUE : tools);
                if (!(card.place() instanceof ModelCard.Place.Upstream)) {
                    names.add(card.name());
                }
            }
        }
        return new SmallModels(names, most);
    }

    /** Whether a guard that may be about this caller's calls looks for secrets or marker phrases in them. */
    public boolean looksInto(Caller caller) {
        List<Rule> rules = rulesFor(caller);
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).guard().looksIntoCalls()) {
                return true;
            }
        }
        return false;
    }

    private static boolean allows(Caller caller, String model) {
        List<String> globs = caller.models();
        for (int i = 0; i < globs.size(); i++) {
            if (Globs.covers(globs.get(i), model)) {
                return true;
            }
        }
        return false;
    }

    private boolean exists(String model) {
        if (passesNamesOn || catalogue.cards().containsKey(model)) {
            return true;
        }
        for (int i = 0; i < modelGlobs.size(); i++) {
            if (modelGlobs.get(i).cover(model)) {
                return true;
            }
        }
        return false;
    }

    private static boolean passesNameOn(ModelCard card) {
        return card.tier() == Tier.LLM
                && card.place() instanceof ModelCard.Place.Upstream upstream
                && upstream.model() == null;
    }

    private Map<String, Map<String, RuleIndex>> index() {
        Map<String, Map<String, RuleIndex>> byTeam = new HashMap<>();
        for (AccessRules.Team team : access.teams().values()) {
            Map<String, RuleIndex> byApp = new HashMap<>();
            for (String app : team.apps().keySet()) {
                byApp.put(app, new RuleIndex(rulesFor(team.name(), app)));
            }
            byTeam.put(team.name(), Map.copyOf(byApp));
        }
        return Map.copyOf(byTeam);
    }

    /** The rules of every policy for that app, each under the guards of all those policies. */
    private List<Rule> rulesFor(String team, String app) {
        List<Rule> rules = new ArrayList<>();
        Guard guard = Guard.NONE;
        for (Policy policy : policies) {
            if (policy.teams().cover(team) && policy.apps().cover(app)) {
                guard = guard.and(policy.guard());
                policy.rules().stream()
                        .filter(rule -> couldHold(rule, team, app))
                        .forEach(rules::add);
            }
        }
        Guard all = guard;
        return rules.stream().map(rule -> rule.under(all)).toList();
    }

    private static boolean couldHold(Rule rule, String team, String app) {
        for (Condition condition : rule.match().all()) {
            if (condition instanceof Condition.OneOf(MatchKey key, Globs names)
                    && ((key == MatchKey.TEAMS && !names.cover(team)) || (key == MatchKey.APPS && !names.cover(app)))) {
                return false;
            }
        }
        return true;
    }

    private List<Globs> modelGlobs() {
        List<Globs> globs = new ArrayList<>();
        for (Policy policy : policies) {
            for (Rule rule : policy.rules()) {
                for (Condition condition : rule.match().all()) {
                    if (condition instanceof Condition.OneOf(MatchKey key, Globs names) && key == MatchKey.MODEL) {
                        globs.add(names);
                    }
                }
            }
        }
        return List.copyOf(globs);
    }
}
