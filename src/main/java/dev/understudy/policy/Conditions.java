package dev.understudy.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether the conditions in CEL are sound, wherever one may stand. */
final class Conditions {
    private final Expressions expressions;
    private final ExpressionPlaces places;
    private final List<Problem> problems;

    private Conditions(Expressions expressions, ExpressionPlaces places, List<Problem> problems) {
        this.expressions = expressions;
        this.places = places;
        this.problems = problems;
    }

    /** Adds what is wrong. */
    static void check(
            List<Document> documents, Expressions expressions, ExpressionPlaces places, List<Problem> problems) {
        Conditions conditions = new Conditions(expressions, places, problems);
        for (Document document : documents) {
            if (document.kind() == Document.Kind.POLICY) {
                conditions.guard(Tree.at(document.root(), List.of("spec", "guard")));
            }
        }
        for (Document.Kind kind : List.of(Document.Kind.POLICY, Document.Kind.CAPTURE)) {
            for (Outline.Item rule : Outline.items(documents, kind, "rules")) {
                conditions.one(rule.fields().get("when"), Expressions.Scope.CALL);
                conditions.guard(rule.fields().get("guard"));
            }
        }
    }

    private void guard(@Nullable Tree guard) {
        for (Tree item : Outline.list(guard == null ? null : Tree.at(guard, List.of("output", "cel")))) {
            one(item, Expressions.Scope.ANSWER);
        }
    }

    private void one(@Nullable Tree tree, Expressions.Scope scope) {
        if (tree instanceof Tree.Leaf(Place place, String text)) {
            Expressions.Flaw flaw = expressions.compile(text, scope).flaw();
            if (flaw != null) {
                problems.add(places.of(place, text, flaw.offset()).problem(flaw.code(), flaw.message(), flaw.hint()));
            }
        }
    }
}
