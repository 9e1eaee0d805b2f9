package dev.understudy.policy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Reads the documents of one file: YAML 1.2, core schema. The library's own loader stops at the first duplicate key; this
 * looks at the nodes, so that each is found.
 */
final class YamlReader {
    private static final int MOST_ALIASES = 50;
    private static final int DEEPEST = 40;
    private static final int MOST_NODES = 200_000;
    private static final Set<Tag> TAGS = Set.of(Tag.NULL, Tag.BOOL, Tag.INT, Tag.FLOAT, Tag.STR, Tag.SEQ, Tag.MAP);

    private final String file;
    private final List<Problem> problems;
    private int nodes;

    private YamlReader(String file, List<Problem> problems) {
        this.file = file;
        this.problems = problems;
    }

    /** The documents that can be read; a syntax error ends its file, with what came before it kept. */
    static List<Tree> read(String file, String text, List<Problem> problems) {
        return new YamlReader(file, problems).documents(text);
    }

    /** The value that a plain word has in YAML, as for the value of an environment variable. */
    static Tree word(Place place, String word) {
        Tag tag = new CoreSchema().getScalarResolver().resolve(word, true);
        return leaf(place, tag, word);
    }

    private List<Tree> documents(String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setSchema(new CoreSchema())
                .setMaxAliasesForCollections(MOST_ALIASES)
                .setAllowDuplicateKeys(false)
                .setCodePointLimit(1 << 21)
                .build();
        List<Tree> documents = new ArrayList<>();
        try {
            Iterator<Node> nodes =
                    new Compose(settings).composeAllFromString(text).iterator();
            while (nodes.hasNext()) {
                documents.add(tree(nodes.next(), 0));
            }
        } catch (MarkedYamlEngineException e) {
            String problem = e.getProblem() == null ? "cannot be read" : e.getProblem();
            String context = e.getContext() == null ? "" : e.getContext();
            problems.add(place(e.getProblemMark()).problem(Problem.Code.SYNTAX, oneLine(problem), oneLine(context)));
        } catch (YamlEngineException e) {
            boolean limit = String.valueOf(e.getMessage()).contains("exceed");
            problems.add(Place.file(file)
                    .problem(
                            limit ? Problem.Code.LIMIT : Problem.Code.SYNTAX,
                            limit ? "more than " + MOST_ALIASES + " aliases of lists or maps" : "cannot be read"));
        }
        return documents;
    }

    private Tree tree(Node node, int depth) {
        Place place = place(node.getStartMark());
        if (depth > DEEPEST || node.isRecursive()) {
            problems.add(place.problem(Problem.Code.LIMIT, "nested over " + DEEPEST + " levels"));
            return new Tree.Leaf(place, null);
        }
        // Aliases of lists of aliases: a short text can stand for a tree that fills the memory.
        if (++nodes > MOST_NODES) {
            if (nodes == MOST_NODES + 1) {
                problems.add(
                        place.problem(Problem.Code.LIMIT, "over " + MOST_NODES + " values, aliases counted in full"));
            }
            return new Tree.Leaf(place, null);
        }
        if (!TAGS.contains(node.getTag())) {
            problems.add(place.problem(
                    Problem.Code.SYNTAX,
                    "tags such as " + Nearest.shown(node.getTag().getValue()) + " are not taken"));
        }
        return switch (node) {
            case ScalarNode scalar -> leaf(place, scalar.getTag(), scalar.getValue());
            case SequenceNode sequence -> {
                List<@Nullable Tree> items = new ArrayList<>();
                sequence.getValue().forEach(item -> items.add(tree(item, depth + 1)));
                yield new Tree.Items(place, items);
            }
            case MappingNode mapping -> new Tree.Fields(place, fields(mapping, depth));
            default -> throw new IllegalStateException("no node of this type: " + node.getNodeType());
        };
    }

    private SequencedMap<String, Tree.Field> fields(MappingNode mapping, int depth) {
        SequencedMap<String, Tree.Field> fields = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Place keyPlace = place(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(keyPlace.problem(Problem.Code.SYNTAX, "a key must be a plain word"));
                continue;
            }
            Tree.Field before = fields.get(key.getValue());
            if (before != null) {
                problems.add(keyPlace.problem(
                        Problem.Code.DUPLICATE_KEY,
                        "duplicate key '" + key.getValue() + "'",
                        "first at " + before.keyPlace().inFile()));
                continue;
            }
            fields.put(key.getValue(), new Tree.Field(keyPlace, tree(tuple.getValueNode(), depth + 1)));
        }
        return fields;
    }

    private static Tree leaf(Place place, Tag tag, String text) {
        if (tag.equals(Tag.NULL)) {
            return new Tree.Leaf(place, null);
        }
        if (tag.equals(Tag.BOOL)) {
            return new Tree.Leaf(place, Boolean.parseBoolean(text));
        }
        if (tag.equals(Tag.INT)) {
            return new Tree.Leaf(place, integer(text));
        }
        if (tag.equals(Tag.FLOAT) && text.chars().anyMatch(Character::isDigit)) {
            return new Tree.Leaf(place, new BigDecimal(text));
        }
        return new Tree.Leaf(place, text);
    }

    private static BigInteger integer(String text) {
        if (text.startsWith("0x")) {
            return new BigInteger(text.substring(2), 16);
        }
        return text.startsWith("0o") ? new BigInteger(text.substring(2), 8) : new BigInteger(text);
    }

    private Place place(Optional<Mark> mark) {
        return mark.map(found -> new Place(file, found.getLine() + 1, found.getColumn() + 1))
                .orElse(Place.file(file));
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
