package dev.understudy.policy;

import java.util.List;

/** The files are broken and there is no earlier set to go on with: the gateway does not start. One line a problem. */
public final class PolicyRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PolicyRefused(String folder, PolicyLoader.Loaded loaded, String after) {
        super(text(folder, loaded, after), null, false, false);
    }

    private static String text(String folder, PolicyLoader.Loaded loaded, String after) {
        List<String> lines = loaded.problems().stream()
                .filter(Problem::isError)
                .map(problem -> "  " + problem)
                .toList();
        return "the policies in " + folder + " cannot be used (" + loaded.count() + "):\n" + String.join("\n", lines)
                + "\n  " + after;
    }
}
