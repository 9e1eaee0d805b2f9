package dev.understudy.call;

import org.jspecify.annotations.Nullable;

/**
 * The form that a call asks its answer to have.
 *
 * @param type text, JSON of any shape, or JSON by schema
 * @param schemaHash SHA-256 over the canonical schema, 64 hex digits; empty without one
 * @param schema the schema in the body, or null
 * @param leavesClosed whether every leaf of the schema is an enum, a const or a boolean
 */
public record ResponseFormat(
        Type type, String schemaHash, @Nullable Span schema, boolean leavesClosed) {
    /** Plain text, asked for by saying nothing. */
    public static final ResponseFormat TEXT = new ResponseFormat(Type.TEXT, "", null, false);

    /** The three forms, and whatever else an upstream may know. */
    public enum Type {
        TEXT("text"),
        JSON_OBJECT("json_object"),
        JSON_SCHEMA("json_schema"),
        OTHER("other");

        private final String wire;

        Type(String wire) {
            this.wire = wire;
        }

        /** The name on the wire and in policy files. */
        public String wire() {
            return wire;
        }
    }
}
