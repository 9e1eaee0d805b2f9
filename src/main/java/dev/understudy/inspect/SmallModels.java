package dev.understudy.inspect;

import java.util.List;

/**
 * What has to be known of a catalogue's small models to look at a call.
 *
 * @param names of those that run in this process, whose tool calls bear their mark
 * @param maxTools most tools that any of them takes; 0 when there is none
 */
public record SmallModels(List<String> names, int maxTools) {
    public SmallModels {
        names = List.copyOf(names);
        if (maxTools < 0) {
            throw new IllegalArgumentException("maxTools must not be negative, got " + maxTools);
        }
    }
}
