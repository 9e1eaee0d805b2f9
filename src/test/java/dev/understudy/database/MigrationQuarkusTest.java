package dev.understudy.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import jakarta.inject.Inject;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

@QuarkusTest
class MigrationQuarkusTest {
    private final Pool pool;

    @Inject
    MigrationQuarkusTest(Pool pool) {
        this.pool = pool;
    }

    @Test
    void makesPartitionsForThreeDays() {
        assertThat(names("select inhrelid::regclass::text from pg_inherits where inhparent = 'interaction'::regclass"))
                .containsAll(names("select to_char((now() at time zone 'UTC')::date + i, '\"interaction_\"YYYYMMDD')"
                        + " from generate_series(0, 2) i"))
                .allMatch(name -> name.matches("interaction_\\d{8}"));
    }

    @Test
    void readsTheTimeOutOfAnId() {
        assertThat(names("select to_char(uuid_ts('0192d3a4-5b6c-7000-8000-000000000000') at time zone 'UTC',"
                        + " 'YYYY-MM-DD HH24:MI:SS.MS')"))
                .containsExactly("2024-10-28 15:00:16.876");
    }

    @Test
    void findsTheSchemaWithoutNamingIt() {
        assertThat(names("select current_schema()")).containsExactly("understudy");
        assertThat(names("select refresh_dirty()::text"))
                .singleElement()
                .asString()
                .containsOnlyDigits();
    }

    private List<String> names(String sql) {
        return pool.query(sql)
                .mapping((Row row) -> row.getString(0))
                .execute()
                .map(rows -> StreamSupport.stream(rows.spliterator(), false).toList())
                .await()
                .indefinitely();
    }
}
