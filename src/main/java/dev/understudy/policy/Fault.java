package dev.understudy.policy;

import java.util.List;

/**
 * A problem and what is spoilt by it.
 *
 * @param path names and numbers from the root of the document
 */
record Fault(List<Object> path, Problem problem) {
    Fault {
        path = List.copyOf(path);
    }
}
