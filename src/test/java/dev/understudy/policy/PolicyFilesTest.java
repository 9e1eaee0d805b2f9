package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFilesTest {
    @TempDir
    private Path folder;

    @Test
    void readsFoldersBelowAndSkipsWhatIsHiddenOrNoYaml() throws IOException {
        Files.createDirectories(folder.resolve("teams/.git"));
        Files.writeString(folder.resolve("a.yaml"), "a");
        Files.writeString(folder.resolve("teams/b.yml"), "b");
        Files.writeString(folder.resolve("teams/.git/c.yaml"), "c");
        Files.writeString(folder.resolve(".d.yaml"), "d");
        Files.writeString(folder.resolve("notes.txt"), "e");
        PolicyFiles files = PolicyFiles.read(folder);
        assertThat(files.texts().keySet()).containsExactly("a.yaml", "teams/b.yml");
        assertThat(files.problems()).isEmpty();
    }

    @Test
    void aMountedConfigMapIsReadOnceAndItsSwapSeen() throws IOException {
        version("..1", "one");
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
        Files.createSymbolicLink(folder.resolve("a.yaml"), Path.of("..data/a.yaml"));
        PolicyFiles before = PolicyFiles.read(folder);
        assertThat(before.texts()).containsExactly(Map.entry("a.yaml", "one"));

        version("..2", "two");
        Files.delete(folder.resolve("..data"));
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2"));
        PolicyFiles after = PolicyFiles.read(folder);
        assertThat(after.texts()).containsExactly(Map.entry("a.yaml", "two"));
        assertThat(after.digest()).isNotEqualTo(before.digest());
    }

    private void version(String name, String text) throws IOException {
        Files.createDirectory(folder.resolve(name));
        Files.writeString(folder.resolve(name).resolve("a.yaml"), text);
    }

    @Test
    void whatIsTooMuchIsAProblemAndTheRestIsRead() throws IOException {
        Files.writeString(folder.resolve("0-big.yaml"), "#".repeat((1 << 20) + 1));
        Files.write(folder.resolve("1-odd.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe});
        for (int i = 0; i < 200; i++) {
            Files.writeString(folder.resolve("2-" + i + ".yaml"), "");
        }
        PolicyFiles files = PolicyFiles.read(folder);
        assertThat(files.problems())
                .extracting(Problem::toString)
                .containsExactly(
                        ".  E102  202 files, at most 200 are read",
                        "0-big.yaml  E102  the file is over 1 MiB",
                        "1-odd.yaml  E101  the file is not UTF-8");
        assertThat(files.texts()).hasSize(198);
    }

    @Test
    void aFolderThatIsNotThereIsOneProblem() {
        assertThat(PolicyFiles.read(folder.resolve("gone")).problems())
                .extracting(Problem::code)
                .containsExactly(Problem.Code.MISSING);
    }

    @Test
    void theDigestTellsNamesAndTextsApart() throws IOException {
        Files.writeString(folder.resolve("a.yaml"), "bc");
        String first = PolicyFiles.read(folder).digest();
        Files.delete(folder.resolve("a.yaml"));
        Files.writeString(folder.resolve("ab.yaml"), "c");
        assertThat(PolicyFiles.read(folder).digest()).isNotEqualTo(first);
    }
}
