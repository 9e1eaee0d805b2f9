package dev.understudy.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the format knows and this version does not do. It is refused by name: a rule whose gate or share were ignored
 * would serve calls that nobody allowed.
 */
final class LaterFeatures {
    private static final List<Later> ALL = List.of(
            later(Document.Kind.MODELS, "models/*/local/adapter/perTask", "adapters by task (perTask)"),
            later(Document.Kind.MODELS, "models/*/local/source/hf", "fetching weights from a model hub (hf)"),
            later(Document.Kind.MODELS, "models/*/local/gpuLayers", "a share of layers on the device (gpuLayers)"),
            later(Document.Kind.MODELS, "models/*/local/kvType", "other types of the cache (kvType)"),
            new Later(
                    Document.Kind.MODELS,
                    "models/*",
                    tree -> tree instanceof Tree.Fields model
                            && "slm".equals(model.text("tier"))
                            && model.get("upstream") != null,
                    "a small model behind a base URL"),
            new Later(
                    Document.Kind.ACCESS,
                    "sensitivity",
                    tree -> tree instanceof Tree.Fields map && !map.fields().isEmpty(),
                    "the scan for findings (sensitivity)"),
            later(
                    Document.Kind.ACCESS,
                    "teams/*/apps/*/captureRequired",
                    "capture that calls wait for (captureRequired)"),
            later(Document.Kind.POLICY, "gates", "gates (gates)"),
            new Later(Document.Kind.POLICY, "rules/*/gate", tree -> !isText(tree, "none"), "gates other than none"),
            later(Document.Kind.TESTS, "cases/*/given/gates", "gates (gates)"),
            later(Document.Kind.CAPTURE, "default/retention", "retention (retention)"),
            later(Document.Kind.CAPTURE, "spool", "the spool on disk (spool)"),
            later(Document.Kind.CAPTURE, "rules/*/sample", "sampling (sample)"),
            later(Document.Kind.CAPTURE, "rules/*/retention", "retention (retention)"),
            new Later(
                    Document.Kind.CAPTURE,
                    "rules/*/redact/detectors/*",
                    tree -> !isText(tree, "secrets"),
                    "detectors other than secrets"),
            new Later(
                    Document.Kind.CAPTURE,
                    "rules/*/redact/mode",
                    tree -> isText(tree, "token") || isText(tree, "drop"),
                    "modes of redaction other than mask"));

    private LaterFeatures() {}

    /**
     * One feature of a later version.
     *
     * @param path below {@code spec}; {@code *} for each item of a list
     * @param means whether the value there asks for the feature
     */
    private record Later(Document.Kind kind, String path, Predicate<Tree> means, String feature) {}

    private static Later later(Document.Kind kind, String path, String feature) {
        return new Later(kind, path, tree -> true, feature);
    }

    private static boolean isText(Tree tree, String text) {
        return tree instanceof Tree.Leaf(Place place, Object value) && text.equals(value);
    }

    /** Everything in the document that a later version will do. */
    static List<Fault> faults(Document document) {
        List<Fault> faults = new ArrayList<>();
        Tree spec = Tree.at(document.root(), List.of("spec"));
        for (Later later : ALL) {
            if (later.kind() == document.kind() && spec != null) {
                List<Object> path = new ArrayList<>(List.of("spec"));
                walk(spec, spec.place(), List.of(later.path().split("/")), path, later, faults);
            }
        }
        return faults;
    }

    private static void walk(
            @Nullable Tree here, Place place, List<String> steps, List<Object> path, Later later, List<Fault> faults) {
        if (here == null) {
            return;
        }
        if (steps.isEmpty()) {
            if (later.means().test(here)) {
                faults.add(new Fault(
                        path,
                        place.problem(
                                Problem.Code.LATER_VERSION,
                                later.feature() + " belongs to a later version of Understudy",
                                "take it out")));
            }
            return;
        }
        List<String> rest = steps.subList(1, steps.size());
        if (here instanceof Tree.Items items && steps.getFirst().equals("*")) {
            for (int i = 0; i < items.items().size(); i++) {
                Tree item = items.items().get(i);
                path.add(i);
                walk(item, item == null ? place : item.place(), rest, path, later, faults);
                path.removeLast();
            }
        } else if (here instanceof Tree.Fields fields && fields.fields().containsKey(steps.getFirst())) {
            Tree.Field field = fields.fields().get(steps.getFirst());
            path.add(steps.getFirst());
            walk(field.value(), field.keyPlace(), rest, path, later, faults);
            path.removeLast();
        }
    }
}
