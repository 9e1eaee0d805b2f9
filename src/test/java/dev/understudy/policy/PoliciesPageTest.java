package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The reference page: its examples make a set, its codes are all there are. */
class PoliciesPageTest {
    private static final Pattern SNIPPET = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

    private final String page;

    PoliciesPageTest() throws IOException {
        page = Files.readString(Path.of("src/main/docs/policies.md"));
    }

    @Test
    void itsExamplesTogetherMakeASet() {
        Map<String, String> files = new TreeMap<>();
        Matcher snippet = SNIPPET.matcher(page);
        while (snippet.find()) {
            files.put(files.size() + ".yaml", snippet.group(1));
        }
        PolicyLoader.Loaded loaded =
                new PolicyLoader(Surroundings.of(Map.of())).load(new PolicyFiles(new TreeMap<>(files), List.of()));
        assertThat(loaded.problems())
                .extracting(problem -> problem.code().wire())
                .containsExactlyInAnyOrder("W609", "W609", "W610", "W610");
        assertThat(files).hasSize(5);
    }

    @Test
    void itNamesEveryCodeAndEveryKey() {
        assertThat(page)
                .contains(Arrays.stream(Problem.Code.values())
                        .map(Problem.Code::wire)
                        .toList());
        assertThat(page)
                .contains(Arrays.stream(MatchKey.values())
                        .filter(key -> key != MatchKey.CONSENT)
                        .map(key -> "`" + key.wire() + "`")
                        .toList());
    }
}
