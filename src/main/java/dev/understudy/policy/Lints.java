package dev.understudy.policy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What may be meant and is still worth a look; and whether every call finds a rule, which is no matter of taste. */
final class Lints {
    private static final String ANYBODY = "[\"*\"]";

    private final List<Document> policies;
    private final List<Problem> problems;

    private Lints(List<Document> policies, List<Problem> problems) {
        this.policies = policies;
        this.problems = problems;
    }

    /** Adds what is worth a look. */
    static void check(List<Document> documents, List<Problem> problems) {
        for (Outline.Item model : Outline.items(documents, Document.Kind.MODELS, "models")) {
            String name = model.fields().text("name");
            if (name != null && Outline.list(model.fields().get("pricing")).isEmpty()) {
                problems.add(model.place("name")
                        .problem(
                                Problem.Code.NO_PRICE,
                                "the model " + name + " has no price: its calls count as unpriced"));
            }
        }
        List<Document> policies = documents.stream()
                .filter(document -> document.kind() == Document.Kind.POLICY)
                .sorted(Comparator.comparingInt(Lints::priority).reversed().thenComparing(Document::name))
                .toList();
        if (!policies.isEmpty()) {
            Lints lints = new Lints(policies, problems);
            lints.gates();
            lints.order();
        }
    }

    private static int priority(Document document) {
        return Tree.at(document.root(), List.of("spec", "priority"))
                        instanceof Tree.Leaf(Place place, BigInteger priority)
                ? priority.intValue()
                : 0;
    }

    private void gates() {
        for (Outline.Item rule : Outline.items(policies, Document.Kind.POLICY, "rules")) {
            if ("none".equals(rule.fields().text("gate"))) {
                problems.add(rule.place("gate")
                        .problem(
                                Problem.Code.GATE_NONE,
                                "rule " + rule.fields().text("id") + " lets a small model serve without evidence"));
            }
        }
    }

    /** A rule that was asked before another. */
    private record Earlier(@Nullable String id, String scope, Map<String, String> conditions, Place place) {
        boolean takesAll() {
            return conditions.isEmpty();
        }

        boolean covers(String otherScope) {
            return scope.equals(otherScope) || scope.equals(ANYBODY + ANYBODY);
        }
    }

    private void order() {
        List<Earlier> before = new ArrayList<>();
        boolean everyCall = false;
        for (Outline.Item rule : Outline.items(policies, Document.Kind.POLICY, "rules")) {
            Map<String, String> conditions = conditions(rule.fields().get("match"));
            String scope = scope(rule.document());
            compare(rule, scope, conditions, before);
            if (isEmpty(rule.fields().get("except")) && takesAllItsCalls(rule.fields())) {
                before.add(new Earlier(rule.fields().text("id"), scope, conditions, rule.place()));
                everyCall |= conditions.isEmpty() && scope.equals(ANYBODY + ANYBODY);
            }
        }
        if (!everyCall) {
            Document last = policies.getLast();
            problems.add(last.place("rules")
                    .problem(
                            Problem.Code.NO_CATCH_ALL,
                            "some calls find no rule",
                            "end a policy for all teams with a rule without match"));
        }
    }

    /** Whether nothing but its {@code match} keeps a call from a rule. */
    private static boolean takesAllItsCalls(Tree.Fields rule) {
        if (rule.get("when") != null) {
            return false;
        }
        Tree rollout = rule.get("rollout");
        return rollout == null
                || (Tree.at(rollout, List.of("percent")) instanceof Tree.Leaf(Place place, Object percent)
                        && percent instanceof Number share
                        && share.doubleValue() == Rollout.WHOLE);
    }

    private void compare(Outline.Item rule, String scope, Map<String, String> conditions, List<Earlier> before) {
        for (Earlier earlier : before) {
            if (!earlier.covers(scope)
                    || !conditions.entrySet().containsAll(earlier.conditions().entrySet())) {
                continue;
            }
            String id = rule.fields().text("id");
            Problem.Code code = earlier.takesAll() ? Problem.Code.UNREACHABLE : Problem.Code.SHADOWED;
            String where = earlier.place().file().equals(rule.place().file())
                    ? earlier.place().inFile()
                    : earlier.place().file() + ":" + earlier.place().inFile();
            String what = earlier.takesAll() ? " takes everything" : " takes all its calls";
            problems.add(rule.place()
                    .problem(code, "rule " + id + " can never hold: " + earlier.id() + " at " + where + what));
            return;
        }
    }

    private static boolean isEmpty(@Nullable Tree match) {
        return conditions(match).isEmpty();
    }

    private static String scope(Document document) {
        Tree applies = Tree.at(document.root(), List.of("spec", "appliesTo"));
        return names(applies, "teams") + names(applies, "apps");
    }

    private static String names(@Nullable Tree applies, String key) {
        Tree names = applies == null ? null : Tree.at(applies, List.of(key));
        return names == null || Outline.list(names).stream().anyMatch(Lints::isStar)
                ? ANYBODY
                : Binder.canonical(names);
    }

    private static boolean isStar(Tree tree) {
        return tree instanceof Tree.Leaf(Place place, Object value) && Objects.equals(value, "*");
    }

    /** Key to value, canonical; without keys that hold for every call. */
    private static Map<String, String> conditions(@Nullable Tree match) {
        Map<String, String> conditions = new HashMap<>();
        if (match instanceof Tree.Fields fields) {
            fields.fields().forEach((key, field) -> {
                boolean any = key.matches("teams|apps|model")
                        && Outline.list(field.value()).stream().anyMatch(Lints::isStar);
                if (!any) {
                    conditions.put(key, Binder.canonical(field.value()));
                }
            });
        }
        return conditions;
    }
}
