package dev.understudy.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether names lead somewhere and fit together: across documents, which no schema sees. */
final class References {
    private final List<Document> documents;
    private final Outline outline;
    private final List<Problem> problems;

    private References(List<Document> documents, Outline outline, List<Problem> problems) {
        this.documents = documents;
        this.outline = outline;
        this.problems = problems;
    }

    /** Adds what is wrong. */
    static void check(List<Document> documents, Outline outline, @Nullable String currency, List<Problem> problems) {
        References references = new References(documents, outline, problems);
        references.documentNames();
        references.models();
        references.currency(currency);
        references.access();
        references.rules();
        references.captures();
    }

    private void documentNames() {
        Map<String, Place> seen = new HashMap<>();
        for (Document document : documents) {
            Place place = Tree.placeOf(document.root(), List.of("metadata", "name"));
            once(seen, document.kind().wire() + " " + document.name(), document.name(), place, "document");
        }
    }

    private void once(Map<String, Place> seen, String key, String name, Place place, String what) {
        Place before = seen.putIfAbsent(key, place);
        if (before != null) {
            problems.add(place.problem(
                    Problem.Code.DUPLICATE_NAME,
                    "the " + what + " '" + Nearest.shown(name) + "' is there twice",
                    "first at " + before.file() + ":" + before.inFile()));
        }
    }

    private void models() {
        Map<String, Place> seen = new HashMap<>();
        for (Outline.Item model : Outline.items(documents, Document.Kind.MODELS, "models")) {
            String name = model.fields().text("name");
            if (name != null) {
                once(seen, name, name, model.place("name"), "model");
            }
            base(model);
        }
        for (Document document : ofKind(Document.Kind.MODELS)) {
            String baseline = text(document.root(), "spec", "baseline");
            if (baseline != null && !baseline.equals("requested")) {
                model(baseline, document.place("baseline"), null);
            }
        }
    }

    /** Costs of one installation are added up, so that there is one currency, and it stays. */
    private void currency(@Nullable String inForce) {
        String first = inForce;
        for (Document document : ofKind(Document.Kind.MODELS)) {
            String own = text(document.root(), "spec", "currency");
            if (own != null && first != null && !own.equals(first)) {
                problems.add(document.place("currency")
                        .problem(
                                Problem.Code.CURRENCY,
                                "the currency is " + own + " here and " + first
                                        + (inForce == null ? " elsewhere" : " in force")));
            }
            first = first == null ? own : first;
        }
    }

    private void base(Outline.Item model) {
        String base = text(model.fields(), "local", "base");
        if (base == null) {
            return;
        }
        Outline.NamedModel found = outline.models().get(base);
        if (found == null || !found.hasWeights()) {
            problems.add(model.place("local", "base")
                    .problem(
                            Problem.Code.ADAPTER_BASE,
                            found == null
                                    ? "no model is called '" + Nearest.shown(base) + "'"
                                    : "the base '" + base + "' has no weights of its own",
                            found == null ? Nearest.hint(base, outline.models().keySet()) : ""));
        }
    }

    private void access() {
        Map<String, Place> teams = new HashMap<>();
        for (Outline.Item team : Outline.items(documents, Document.Kind.ACCESS, "teams")) {
            String name = team.fields().text("name");
            if (name != null) {
                once(teams, name, name, team.place("name"), "team");
            }
            Map<String, Place> apps = new HashMap<>();
            for (Tree app : Outline.list(team.fields().get("apps"))) {
                String text = app instanceof Tree.Fields fields ? fields.text("name") : null;
                if (text != null) {
                    once(apps, text, text, Tree.placeOf((Tree.Fields) app, List.of("name")), "app");
                }
            }
        }
        Map<String, Place> anonymous = new HashMap<>();
        for (Document document : ofKind(Document.Kind.ACCESS)) {
            if (Tree.at(document.root(), List.of("spec", "anonymous")) != null) {
                once(anonymous, "", "anonymous", document.place("anonymous"), "setting");
                anonymous(document);
            }
        }
    }

    private void anonymous(Document document) {
        String team = text(document.root(), "spec", "anonymous", "team");
        String app = text(document.root(), "spec", "anonymous", "app");
        if (team == null) {
            return;
        }
        Set<String> apps = outline.apps().get(team);
        if (apps == null) {
            unknownTeam(
                    document.place("anonymous", "team"),
                    "team",
                    team,
                    outline.apps().keySet());
        } else if (app != null && !apps.contains(app)) {
            unknownTeam(document.place("anonymous", "app"), "app", app, apps);
        }
    }

    private void unknownTeam(Place place, String what, String name, Set<String> known) {
        problems.add(place.problem(
                Problem.Code.UNKNOWN_TEAM,
                "no " + what + " is called '" + Nearest.shown(name) + "'",
                Nearest.hint(name, known)));
    }

    private void rules() {
        Map<Document, Map<String, Place>> seen = new HashMap<>();
        for (Document document : ofKind(Document.Kind.POLICY)) {
            callers(Tree.at(document.root(), List.of("spec", "appliesTo")));
        }
        for (Outline.Item rule : Outline.items(documents, Document.Kind.POLICY, "rules")) {
            String id = rule.fields().text("id");
            if (id != null) {
                Map<String, Place> own = seen.computeIfAbsent(rule.document(), key -> new HashMap<>());
                once(own, id, id, rule.place("id"), "rule");
            }
            matches(rule);
            action(rule);
            gate(rule);
        }
    }

    private void captures() {
        Map<Document, Map<String, Place>> seen = new HashMap<>();
        for (Outline.Item rule : Outline.items(documents, Document.Kind.CAPTURE, "rules")) {
            String id = rule.fields().text("id");
            if (id != null) {
                Map<String, Place> own = seen.computeIfAbsent(rule.document(), key -> new HashMap<>());
                once(own, id, id, rule.place("id"), "rule");
            }
            matches(rule);
        }
        Map<String, Place> settings = new HashMap<>();
        for (Document document : ofKind(Document.Kind.CAPTURE)) {
            for (String setting : List.of("default", "storeFalse")) {
                if (Tree.at(document.root(), List.of("spec", setting)) != null) {
                    once(settings, setting, setting, document.place(setting), "setting");
                }
            }
        }
    }

    private void matches(Outline.Item rule) {
        for (String part : List.of("match", "except")) {
            Tree match = rule.fields().get(part);
            callers(match);
            for (Tree model : Outline.list(match == null ? null : Tree.at(match, List.of("unavailable")))) {
                if (model instanceof Tree.Leaf(Place place, String name)) {
                    model(name, place, null);
                }
            }
        }
    }

    private void callers(@Nullable Tree match) {
        if (match == null) {
            return;
        }
        names(match, "teams", "team", outline.apps().keySet());
        names(match, "apps", "app", outline.allApps());
    }

    private void names(Tree match, String key, String what, Set<String> known) {
        for (Tree name : Outline.list(Tree.at(match, List.of(key)))) {
            if (name instanceof Tree.Leaf(Place place, String text) && !text.contains("*") && !known.contains(text)) {
                unknownTeam(place, what, text, known);
            }
        }
    }

    private void action(Outline.Item rule) {
        target(rule, "slm", "action", "slm", "model");
        String onFailure = text(rule.fields(), "action", "slm", "onFailure");
        if (onFailure != null && !onFailure.equals("deny")) {
            target(rule, "llm", "action", "slm", "onFailure");
        }
        target(rule, "slm", "action", "cascade", "first");
        target(rule, "llm", "action", "cascade", "escalateTo");
        target(rule, "llm", "action", "shadow", "serve");
        target(rule, "slm", "action", "shadow", "mirror");
        target(rule, "llm", "action", "llm", "model");
        Set<String> seen = new HashSet<>();
        String first = text(rule.fields(), "action", "llm", "model");
        if (first != null) {
            seen.add(first);
        }
        List<Tree> fallbacks = Outline.list(Tree.at(rule.fields(), List.of("action", "llm", "fallbacks")));
        for (int i = 0; i < fallbacks.size(); i++) {
            target(rule, "llm", "action", "llm", "fallbacks", i);
            if (fallbacks.get(i) instanceof Tree.Leaf(Place place, String name) && !seen.add(name)) {
                problems.add(place.problem(Problem.Code.TARGET_TWICE, "the model '" + name + "' is a target twice"));
            }
        }
        String code = text(rule.fields(), "action", "deny", "code");
        if (code != null && !code.startsWith("policy_")) {
            problems.add(rule.place("action", "deny", "code")
                    .problem(
                            Problem.Code.DENY_CODE,
                            "the code must begin with policy_, this is '" + Nearest.shown(code) + "'"));
        }
    }

    private void target(Outline.Item rule, String tier, Object... path) {
        if (Tree.at(rule.fields(), List.of(path)) instanceof Tree.Leaf(Place place, String name)) {
            model(name, place, tier);
        }
    }

    /** Checks that a model is there, and of that tier unless null. */
    private void model(String name, Place place, @Nullable String tier) {
        Outline.NamedModel found = outline.models().get(name);
        if (found == null) {
            problems.add(place.problem(
                    Problem.Code.UNKNOWN_MODEL,
                    "no model is called '" + Nearest.shown(name) + "'",
                    Nearest.hint(name, outline.models().keySet())));
        } else if (tier != null && !found.tier().isEmpty() && !found.tier().equals(tier)) {
            problems.add(place.problem(
                    Problem.Code.WRONG_TIER,
                    "a model of tier " + tier + " must stand here, '" + name + "' is of tier " + found.tier()));
        }
    }

    private void gate(Outline.Item rule) {
        boolean gate = rule.fields().get("gate") != null;
        for (String action : List.of("slm", "cascade")) {
            if (Tree.at(rule.fields(), List.of("action", action)) != null && !gate) {
                problems.add(rule.place("action")
                        .problem(
                                Problem.Code.GATE,
                                "the action " + action + " needs a gate",
                                "gate: none lets it serve without evidence"));
            }
        }
        for (String action : List.of("llm", "shadow", "deny")) {
            if (Tree.at(rule.fields(), List.of("action", action)) != null && gate) {
                problems.add(rule.place("gate")
                        .problem(Problem.Code.GATE, "a gate belongs to the actions slm and cascade only"));
            }
        }
    }

    private List<Document> ofKind(Document.Kind kind) {
        List<Document> found = new ArrayList<>();
        for (Document document : documents) {
            if (document.kind() == kind) {
                found.add(document);
            }
        }
        return found;
    }

    private static @Nullable String text(Tree root, Object... path) {
        return Tree.at(root, List.of(path)) instanceof Tree.Leaf(Place place, String text) ? text : null;
    }
}
