package dev.understudy.learn;

import dev.understudy.call.Phase;
import dev.understudy.inspect.TaskBook.Sighting;
import java.util.List;
import java.util.Set;

/** Makes names for tasks that people can read: the kind, words of the prompt, and the phase where it is not the first. */
final class TaskName {
    private TaskName() {}

    /** A name for the task of a call; not yet unique. */
    static String of(Sighting sighting) {
        StringBuilder name = new StringBuilder(sighting.kind().wire().replace('_', '-'));
        List<String> words = sighting.prompt().words();
        for (String word : words) {
            name.append('-').append(word);
        }
        if (words.isEmpty()) {
            // A prompt without a telling word still needs a name that two sites do not share by chance.
            name.append("-site-").append(sighting.site().id(), 0, 4);
        }
        return name.append(tail(sighting.phase())).toString();
    }

    private static String tail(Phase phase) {
        return switch (phase) {
            case USER_TURN -> "";
            case TOOL_CONTINUATION -> "-continued";
            case FINAL_ANSWER -> "-final";
            case ERROR_REPAIR -> "-repair";
        };
    }

    /** The name, numbered from 2 on where it is used. */
    static String unused(String name, Set<String> used) {
        if (!used.contains(name)) {
            return name;
        }
        int number = 2;
        while (used.contains(name + "-" + number)) {
            number++;
        }
        return name + "-" + number;
    }
}
