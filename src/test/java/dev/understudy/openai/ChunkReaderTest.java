package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkReaderTest {
    private static final int ROUNDS = 2_000;

    @ParameterizedTest
    @ValueSource(strings = {"conformant", "conformant-tools", "conformant-choices"})
    void aChunkAsItShouldBeIsReadWithoutAllocating(String name) throws ApiFailure {
        List<byte[]> chunks = chunks(name);
        ChunkReader reader = new ChunkReader(Calls.stream(false), UsageWish.NOWHERE);
        readAll(reader, chunks);
        // Role, opened calls and finish reasons come once, and would deviate if they came again.
        chunks.removeIf(chunk -> text(chunk).contains("\"role\"")
                || text(chunk).contains("\"name\"")
                || !text(chunk).contains("\"finish_reason\":null"));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().threadId();
        readAll(reader, chunks);
        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < ROUNDS; i++) {
            readAll(reader, chunks);
        }
        long allocated = threads.getThreadAllocatedBytes(thread) - before;

        assertThat(allocated / ((long) ROUNDS * chunks.size())).isZero();
    }

    private static void readAll(ChunkReader reader, List<byte[]> chunks) throws ApiFailure {
        for (int i = 0; i < chunks.size(); i++) {
            reader.read(chunks.get(i), 0, chunks.get(i).length);
        }
    }

    private static List<byte[]> chunks(String name) {
        List<byte[]> chunks = new ArrayList<>();
        for (String line : Golden.text("stream", name + ".in").split("\n")) {
            if (line.startsWith("data: {")) {
                chunks.add(line.substring(6).getBytes(StandardCharsets.UTF_8));
            }
        }
        return chunks;
    }

    private static String text(byte[] chunk) {
        return new String(chunk, StandardCharsets.UTF_8);
    }
}
