package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.TokenCount;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JsonSkimTest {
    private static final Set<String> PATHS = Set.of("id", "data.id", "file.id", "output.encrypted_content");

    private final List<String> found = new ArrayList<>();
    private final JsonSkim skim = new JsonSkim(PATHS, new JsonSkim.Listener() {
        @Override
        public void text(String path, String value) {
            found.add(path + "=" + value);
        }

        @Override
        public void usage(TokenCount tokens) {
            found.add("usage=" + tokens.input() + "/" + tokens.cached() + "/" + tokens.output());
        }
    });

    @Test
    void findsWhatIsWantedWhereverTheTextIsCut() {
        String text =
                "{ \"x\":{\"id\":\"no\",\"usage\":{\"prompt_tokens\":9}}, \"id\" : \"a\\u0062\\\"c\", \"n\":[1,[\"id\"]],"
                        + "\"data\":[{\"id\":\"d1\",\"m\":{\"id\":\"no\"}},{\"z\":\"}\\\\\",\"id\":\"d2\"}],\"file\":{\"id\":\"f\"},"
                        + "\"output\":[{\"encrypted_content\":\"" + "e".repeat(3_000) + "\"}],"
                        + "\"usage\":{\"input_tokens\":7,\"output_tokens\":3,\"input_tokens_details\":{\"cached_tokens\":2}}}";
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            found.clear();
            for (int at = 0; at < bytes.length; ) {
                int next = Math.min(bytes.length, at + 1 + random.nextInt(round < 100 ? 7 : 900));
                skim.feed(Buffer.buffer().appendBytes(bytes, at, next - at));
                at = next;
            }
            assertThat(found)
                    .containsExactly(
                            "id=ab\"c",
                            "data.id=d1",
                            "data.id=d2",
                            "file.id=f",
                            "output.encrypted_content=" + "e".repeat(3_000),
                            "usage=7/2/3");
        }
    }

    @Test
    void findsTheUsageThatWroteNothingAndNoneThatIsBroken() {
        feed("{\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}");
        feed("{\"usage\":{\"type\":\"duration\",\"seconds\":3}}{\"usage\":null}{\"usage\":{\"prompt_tokens\":-1}}");
        feed("{\"usage\":{\"prompt_tokens\":tru}}");
        assertThat(found).containsExactly("usage=8/0/0");
    }

    @Test
    void holdsNoValueThatIsTooLongAndNoneThatIsNotWanted() {
        feed("{\"id\":\"" + "x".repeat((1 << 20) + 10) + "\",\"other\":\"y\",\"" + "k".repeat(100)
                + "\":{\"id\":\"no\"}}");
        feed("{\"id\":\"next\"}");
        assertThat(found).containsExactly("id=next");
    }

    @Test
    void whatIsNoJsonHarmsNobody() {
        feed("]]}}{{{[[\"id\":\"a");
        feed("<html>\"</html>");
        feed("{".repeat(10_000));
        assertThat(found).isEmpty();
    }

    private void feed(String text) {
        skim.feed(Buffer.buffer(text));
    }
}
