package dev.understudy.verify;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import dev.understudy.call.Span;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The callers' JSON Schemas, compiled and kept by the hash of their canonical form. Draft 2020-12 unless a schema says
 * otherwise; a reference that leaves the schema is never fetched. The only class of this room that knows the validator
 * and its Jackson.
 */
final class Schemas {
    private static final int KEPT = 1_000;
    /** As for the engine's grammars: larger ones are not worth a small model. */
    private static final int SCHEMA_BYTES = 64 << 10;

    private final JsonMapper json = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    // Each schema stands alone: its own $id must not make it visible to another caller's.
    private final SchemaRegistryConfig config = SchemaRegistryConfig.builder()
            .failFast(true)
            .regularExpressionFactory(new LinearPatterns())
            .build();
    private final Cache<String, Optional<Schema>> compiled =
            Caffeine.newBuilder().maximumSize(KEPT).build();

    /** Whether a schema was met before; the first look compiles it, in milliseconds. */
    boolean knows(String hash) {
        return compiled.getIfPresent(hash) != null;
    }

    /**
     * What is wrong with a document: the keyword of the schema that it violates, without contents.
     *
     * @param hash of the canonical schema
     * @param body where {@code span} is the schema's text
     * @return null when the document fits
     */
    @Nullable
    String problem(String hash, byte[] body, Span span, String document) {
        Optional<Schema> schema = compiled.get(hash, key -> compile(body, span));
        if (schema.isEmpty()) {
            return "schema_not_usable";
        }
        JsonNode node = read(document);
        if (node == null) {
            return "not_json";
        }
        try {
            List<Error> errors = schema.get().validate(node);
            return errors.isEmpty() ? null : errors.getFirst().getKeyword();
        } catch (SchemaException | IllegalArgumentException | StackOverflowError e) {
            // the error: a schema that refers to itself without taking a step into the document has no end
            return "schema_not_usable";
        }
    }

    /** What keeps a document from being one JSON object; null when it is one. */
    @Nullable
    String problemOfObject(String document) {
        JsonNode node = read(document);
        if (node == null) {
            return "not_json";
        }
        return node.isObject() ? null : "not_an_object";
    }

    private @Nullable JsonNode read(String document) {
        try {
            JsonNode node = json.readTree(document);
            return node.isMissingNode() ? null : node;
        } catch (JacksonException e) {
            return null;
        }
    }

    private Optional<Schema> compile(byte[] body, Span span) {
        if (span.length() > SCHEMA_BYTES) {
            return Optional.empty();
        }
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12,
                builder -> builder.schemaRegistryConfig(config).schemaLoader(loader -> loader.block(iri -> true)));
        String text = new String(body, span.start(), span.length(), StandardCharsets.UTF_8);
        try {
            Schema schema = registry.getSchema(text, InputFormat.JSON);
            schema.initializeValidators();
            return Optional.of(schema);
        } catch (SchemaException | JacksonException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
