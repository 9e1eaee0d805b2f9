package dev.understudy.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Text files in the jar: lines under {@code [section]} heads, blank lines and lines with {@code #} left out. */
final class ResourceLines {

    private ResourceLines() {}

    /** The lines of each section, in the order of the file; a missing or malformed file is a broken build. */
    static Map<String, List<String>> sections(String file) {
        Map<String, List<String>> sections = new LinkedHashMap<>();
        List<String> current = new ArrayList<>();
        for (String line : text(file).lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[") && line.endsWith("]")) {
                current = new ArrayList<>();
                if (sections.put(line.substring(1, line.length() - 1), current) != null) {
                    throw new IllegalStateException(file + " has the section " + line + " twice");
                }
            } else {
                current.add(line);
            }
        }
        return sections;
    }

    static String text(String file) {
        try (InputStream in = ResourceLines.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + " of the jar", e);
        }
    }
}
