package dev.understudy.capture;

import io.vertx.core.buffer.Buffer;
import io.vertx.mutiny.sqlclient.Tuple;
import java.lang.reflect.Array;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The tables that calls are written to, with their columns in the order in which rows give their values. Many rows go in
 * by one statement with an array a column; a row that is there already stays as it is, so a batch may be sent again.
 */
enum CallTable {
    INTERACTION(
            "interaction",
            "id uuid, ts timestamptz, run int4, seq int8, team text, app text, key_id uuid, session text, subject text,"
                    + " api text, stream bool, model text, site text, site_match text, phase text, kind text,"
                    + " tools_hash text, sensitivity text, facts jsonb, policy_rev text, rule text, action text,"
                    + " basis text, bucket int2, propensity real, mirror text, mirror_p real, route text, served int2, served_model text, tier text,"
                    + " escalation text, outcome text, status int2, error text, finish text, tool_results jsonb,"
                    + " input_tokens int4, cached_tokens int4, output_tokens int4, estimated bool, overhead_us int4,"
                    + " ttft_us int4, latency_us int4, cost numeric, baseline numeric, record text, body_p real,"
                    + " purposes int2"),
    ATTEMPT(
            "attempt",
            "id uuid, ts timestamptz, n int2, role text, tier text, model text, variant text, status int2, error text,"
                    + " finish text, start_us int8, queue_us int4, ttft_us int4, latency_us int4, input_tokens int4,"
                    + " cached_tokens int4, output_tokens int4, device text, device_us int8, cost numeric,"
                    + " min_margin real, accepted bool, verify jsonb, tool_calls jsonb, facts jsonb"),
    BODY("body", "id uuid, ts timestamptz, n int2, codec int2, data bytea, redaction jsonb"),
    USAGE_DELTA(
            "usage_delta",
            "id uuid, ts timestamptz, run int4, why text, team text, app text, model text, tier text, calls int4,"
                    + " errors int4, denied int4, unpriced int4, input_tokens int8, cached_tokens int8,"
                    + " output_tokens int8, cost numeric, baseline numeric");

    /** How the values of a type of column travel: as an array of {@code sent}, cast where that is another type. */
    private enum Type {
        UUID(UUID.class, "uuid"),
        TIMESTAMPTZ(OffsetDateTime.class, "timestamptz"),
        TEXT(String.class, "text"),
        BOOL(Boolean.class, "bool"),
        INT2(Integer.class, "int4"),
        INT4(Integer.class, "int4"),
        INT8(Long.class, "int8"),
        REAL(Double.class, "float8"),
        NUMERIC(String.class, "text"),
        JSONB(String.class, "text"),
        BYTEA(Buffer.class, "bytea");

        private final Class<?> java;
        private final String sent;

        Type(Class<?> java, String sent) {
            this.java = java;
            this.sent = sent;
        }
    }

    @SuppressWarnings("ImmutableEnumChecker") // List.of, which the check does not see behind its type
    private final List<Type> types;

    private final String insert;

    CallTable(String name, String columns) {
        List<Type> found = new ArrayList<>();
        StringBuilder names = new StringBuilder();
        StringBuilder values = new StringBuilder();
        StringBuilder arrays = new StringBuilder();
        for (String column : columns.split(", ", -1)) {
            int blank = column.indexOf(' ');
            String columnName = column.substring(0, blank);
            String sqlType = column.substring(blank + 1);
            Type type = Type.valueOf(sqlType.toUpperCase(java.util.Locale.ROOT));
            found.add(type);
            String comma = found.size() == 1 ? "" : ", ";
            names.append(comma).append(columnName);
            values.append(comma).append(columnName).append("::").append(sqlType);
            arrays.append(comma)
                    .append('$')
                    .append(found.size())
                    .append("::")
                    .append(type.sent)
                    .append("[]");
        }
        this.types = List.copyOf(found);
        this.insert = "insert into " + name + " (" + names + ") select " + values + " from unnest(" + arrays
                + ") as v (" + names + ") on conflict do nothing";
    }

    /** The one statement for any number of rows. */
    String insert() {
        return insert;
    }

    /** How many values a row has. */
    int width() {
        return types.size();
    }

    /** The values of rows, column by column, as the statement takes them. */
    Tuple columns(List<Object[]> rows) {
        Tuple tuple = Tuple.tuple();
        for (int column = 0; column < types.size(); column++) {
            Object array = Array.newInstance(types.get(column).java, rows.size());
            for (int row = 0; row < rows.size(); row++) {
                Array.set(array, row, rows.get(row)[column]);
            }
            tuple.addValue(array);
        }
        return tuple;
    }
}
