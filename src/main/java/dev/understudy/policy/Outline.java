package dev.understudy.policy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the documents name, read from the trees as they are, also where they are wrong elsewhere: so that a model with a
 * fault of its own is not called unknown by every rule that names it.
 *
 * @param models by name; the first where there are several
 * @param apps by team
 */
record Outline(SequencedMap<String, NamedModel> models, SequencedMap<String, Set<String>> apps) {
    /**
     * A model by its outline.
     *
     * @param tier as written, or empty
     * @param hasWeights whether it has a source of its own
     */
    record NamedModel(Place place, String tier, boolean hasWeights) {}

    /** An item of a list below {@code spec}. */
    record Item(Document document, int index, Tree.Fields fields) {
        /** Where that field's value begins, or the item. */
        Place place(Object... path) {
            return Tree.placeOf(fields, List.of(path));
        }
    }

    /** The outline of these documents. */
    static Outline of(List<Document> documents) {
        SequencedMap<String, NamedModel> models = new LinkedHashMap<>();
        SequencedMap<String, Set<String>> apps = new LinkedHashMap<>();
        for (Item model : items(documents, Document.Kind.MODELS, "models")) {
            String name = model.fields().text("name");
            if (name != null) {
                String tier = model.fields().text("tier");
                boolean weights = Tree.at(model.fields(), List.of("local", "source")) != null;
                models.putIfAbsent(name, new NamedModel(model.place("name"), tier == null ? "" : tier, weights));
            }
        }
        for (Item team : items(documents, Document.Kind.ACCESS, "teams")) {
            String name = team.fields().text("name");
            if (name != null) {
                Set<String> names = apps.computeIfAbsent(name, key -> new TreeSet<>());
                for (Tree app : list(team.fields().get("apps"))) {
                    String text = app instanceof Tree.Fields fields ? fields.text("name") : null;
                    if (text != null) {
                        names.add(text);
                    }
                }
            }
        }
        return new Outline(models, apps);
    }

    /** The maps in that list of every document of a kind. */
    static List<Item> items(List<Document> documents, Document.Kind kind, String list) {
        List<Item> items = new ArrayList<>();
        for (Document document : documents) {
            if (document.kind() == kind) {
                List<Tree> trees = list(Tree.at(document.root(), List.of("spec", list)));
                for (int i = 0; i < trees.size(); i++) {
                    if (trees.get(i) instanceof Tree.Fields fields) {
                        items.add(new Item(document, i, fields));
                    }
                }
            }
        }
        return items;
    }

    /** The items of a list that are there; empty when it is none. */
    static List<Tree> list(@Nullable Tree tree) {
        return tree instanceof Tree.Items items ? Lists.present(items.items()).toList() : List.of();
    }

    /** All apps of all teams. */
    Set<String> allApps() {
        Set<String> all = new TreeSet<>();
        for (Map.Entry<String, Set<String>> entry : apps.entrySet()) {
            all.addAll(entry.getValue());
        }
        return all;
    }
}
