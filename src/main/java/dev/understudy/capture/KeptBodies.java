package dev.understudy.capture;

import com.github.luben.zstd.ZstdInputStream;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Reads contents back for a person. Who may is decided by whoever asks. */
@Singleton
public class KeptBodies {
    /** More than a person reads; the rest stays packed, however much it would be. */
    private static final int LONGEST = 256 * 1024;

    private static final int PLAIN = 0;

    private static final String OF_CALL =
            "select n, codec, data from understudy.body where id = $1 and ts = understudy.uuid_ts($1) order by n";

    private final Pool pool;

    KeptBodies(Pool pool) {
        this.pool = pool;
    }

    /** The contents of a call in the order of its way: the request, then each answer; empty when none were kept. */
    public Uni<List<KeptBody>> of(UUID call) {
        return pool.preparedQuery(OF_CALL)
                .execute(Tuple.of(call))
                .emitOn(Infrastructure.getDefaultWorkerPool())
                .map(rows -> {
                    List<KeptBody> bodies = new ArrayList<>();
                    rows.forEach(row -> bodies.add(body(row)));
                    return bodies;
                });
    }

    private static KeptBody body(Row row) {
        byte[] data = row.getDelegate().getBuffer("data").getBytes();
        try (InputStream bytes = new ByteArrayInputStream(data);
                InputStream json = row.getInteger("codec") == PLAIN ? bytes : new ZstdInputStream(bytes)) {
            byte[] beginning = json.readNBytes(LONGEST);
            boolean cut = json.read() >= 0;
            return new KeptBody(row.getInteger("n"), new String(beginning, StandardCharsets.UTF_8), cut);
        } catch (IOException e) {
            throw new UncheckedIOException("a stored body cannot be unpacked", e);
        }
    }
}
