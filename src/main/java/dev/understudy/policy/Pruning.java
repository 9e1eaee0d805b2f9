package dev.understudy.policy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes what is wrong out of a document, so that the rest can be looked at further: a superfluous field alone, anything
 * else with the model, team or rule that it belongs to.
 */
final class Pruning {
    /** Fields without which their parent says nothing. */
    private static final Set<Object> BEARING = Set.of("perTask", "hf");

    private Pruning() {}

    /** The document without its faults. */
    static Document prune(Document document, List<Fault> faults) {
        Tree root = document.root();
        for (Fault fault : faults) {
            root = without(root, spoilt(fault));
        }
        return document.with(root);
    }

    private static List<Object> spoilt(Fault fault) {
        List<Object> path = fault.path();
        boolean superfluous = fault.problem().code() == Problem.Code.UNKNOWN_FIELD
                || fault.problem().code() == Problem.Code.LATER_VERSION;
        if (superfluous && path.getLast() instanceof String && !BEARING.contains(path.getLast())) {
            return path;
        }
        for (int i = 0; i < path.size(); i++) {
            if (path.get(i) instanceof Integer) {
                return path.subList(0, i + 1);
            }
        }
        return path.size() > 2 ? path.subList(0, 2) : path;
    }

    private static Tree without(Tree tree, List<Object> path) {
        if (path.isEmpty()) {
            return tree;
        }
        Object step = path.getFirst();
        List<Object> rest = path.subList(1, path.size());
        return switch (tree) {
            case Tree.Leaf leaf -> leaf;
            case Tree.Items items -> {
                List<@Nullable Tree> left = new ArrayList<>(items.items());
                if (step instanceof Integer index && index < left.size()) {
                    Tree item = left.get(index);
                    left.set(index, item == null || rest.isEmpty() ? null : without(item, rest));
                }
                yield new Tree.Items(items.place(), left);
            }
            case Tree.Fields fields -> {
                SequencedMap<String, Tree.Field> left = new LinkedHashMap<>(fields.fields());
                Tree.Field field = left.get(step.toString());
                if (field != null && rest.isEmpty()) {
                    left.remove(step.toString());
                } else if (field != null) {
                    left.put(step.toString(), new Tree.Field(field.keyPlace(), without(field.value(), rest)));
                }
                yield new Tree.Fields(fields.place(), left);
            }
        };
    }
}
