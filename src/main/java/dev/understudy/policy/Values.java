package dev.understudy.policy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts the value in place of each {@code { env: NAME, default: x }}. Secrets stay as they are written: they are read
 * when the models are made, so that no tree ever holds one.
 */
final class Values {
    private static final Set<String> PLAIN = Set.of("env", "default");

    private final Surroundings surroundings;
    private final List<Problem> problems;

    Values(Surroundings surroundings, List<Problem> problems) {
        this.surroundings = surroundings;
        this.problems = problems;
    }

    /** The same tree with all plain values in place. */
    Tree resolve(Tree tree) {
        return switch (tree) {
            case Tree.Leaf leaf -> leaf;
            case Tree.Items items -> {
                List<@Nullable Tree> resolved = new ArrayList<>();
                for (Tree item : items.items()) {
                    resolved.add(item == null ? null : resolve(item));
                }
                yield new Tree.Items(items.place(), resolved);
            }
            case Tree.Fields fields -> isPlain(fields) ? value(fields) : each(fields);
        };
    }

    private Tree each(Tree.Fields fields) {
        SequencedMap<String, Tree.Field> resolved = new LinkedHashMap<>();
        fields.fields().forEach((name, field) -> {
            Tree value = name.equals("apiKey") ? field.value() : resolve(field.value());
            resolved.put(name, new Tree.Field(field.keyPlace(), value));
        });
        return new Tree.Fields(fields.place(), resolved);
    }

    private static boolean isPlain(Tree.Fields fields) {
        return fields.text("env") != null && PLAIN.containsAll(fields.fields().keySet());
    }

    private Tree value(Tree.Fields fields) {
        String name = String.valueOf(fields.text("env"));
        Tree standard = fields.get("default");
        String value = surroundings.variable(name).orElse(null);
        if (value != null) {
            return YamlReader.word(fields.place(), value);
        }
        if (standard != null) {
            return standard;
        }
        problems.add(fields.place()
                .problem(
                        Problem.Code.VALUE_UNSET,
                        "the variable " + Nearest.shown(name) + " is not set",
                        "set it, or give a default"));
        return new Tree.Leaf(fields.place(), null);
    }
}
