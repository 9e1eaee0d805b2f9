package dev.understudy.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * One document of a file, its envelope known to be right.
 *
 * @param number its number among the documents of its file, from 0
 * @param name from the metadata
 * @param root the whole document
 */
record Document(String file, int number, Kind kind, String name, Tree root) {
    /** The kinds of documents. */
    enum Kind {
        MODELS("Models"),
        ACCESS("Access"),
        POLICY("Policy"),
        CAPTURE("Capture"),
        TESTS("PolicyTests");

        private final String wire;

        Kind(String wire) {
            this.wire = wire;
        }

        /** The name in files. */
        String wire() {
            return wire;
        }
    }

    /** Where the value at the end of that path below {@code spec} begins, or else its nearest parent. */
    Place place(Object... path) {
        List<Object> whole = new ArrayList<>();
        whole.add("spec");
        whole.addAll(List.of(path));
        return Tree.placeOf(root, whole);
    }

    /** The same document with another content. */
    Document with(Tree other) {
        return new Document(file, number, kind, name, other);
    }
}
