package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The little that is read of a JSON body which is passed on: the model, ids that only their owner knows, and that nothing
 * in it leads elsewhere. It is held to the same rules as a call's, so that all who read it read the same.
 *
 * @param model null when the body names none
 * @param modelSpan the model's value, quotes included; empty when there is none
 * @param ids in the order of the body
 * @param parameters names of all top-level keys
 */
public record PassBody(@Nullable String model, Span modelSpan, List<Named> ids, Set<String> parameters) {
    /** No body. */
    public static final PassBody NONE = new PassBody(null, new Span(0, 0), List.of(), Set.of());

    private static final int MODEL_BYTES = 512;
    private static final Set<String> JUDGED =
            Set.of("model", "previous_response_id", "conversation", "input_file_id", "extra_body", "tools");

    public PassBody {
        ids = List.copyOf(ids);
        parameters = Set.copyOf(parameters);
    }

    /**
     * An id, and the field that named it.
     *
     * @param field {@code previous_response_id}, {@code conversation}, {@code item_reference}, {@code file_id}, {@code
     *     input_file_id} or {@code encrypted_content}
     */
    public record Named(String field, String id) {}

    /**
     * Reads a body.
     *
     * @throws ApiFailure when the bytes may not go on
     */
    public static PassBody read(byte[] body) throws ApiFailure {
        if (body.length == 0) {
            return NONE;
        }
        try (JsonParser parser = StrictJson.open(body)) {
            Reader reader = new Reader(parser);
            try {
                return reader.read();
            } catch (JsonProcessingException e) {
                throw StrictJson.failure(e, parser);
            }
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
    }

    /** One pass over one body. */
    private static final class Reader {
        private final JsonParser parser;
        private final List<Named> ids = new ArrayList<>();
        private final Set<String> names = new TreeSet<>();
        private @Nullable String model;
        private Span modelSpan = new Span(0, 0);

        Reader(JsonParser parser) {
            this.parser = parser;
        }

        PassBody read() throws IOException, ApiFailure {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw StrictJson.invalid(parser.currentTokenLocation());
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                names.add(name);
                StrictJson.count(names.size(), parser);
                JsonToken value = parser.nextToken();
                if (value == JsonToken.VALUE_NULL) {
                    CallReader.refuseDestination(name, "");
                    refuseLookalike(name);
                } else {
                    field(name, value);
                }
            }
            if (parser.nextToken() != null) {
                throw StrictJson.invalid(parser.currentTokenLocation());
            }
            return new PassBody(model, modelSpan, ids, names);
        }

        private void field(String name, JsonToken value) throws IOException, ApiFailure {
            switch (name) {
                case "model" -> model(value);
                case "previous_response_id", "input_file_id" -> {
                    if (value != JsonToken.VALUE_STRING) {
                        throw invalid(name, "a string");
                    }
                    ids.add(new Named(name, parser.getText()));
                }
                case "conversation" -> conversation(value);
                case "tools" -> tools(value);
                // What a caller writes on its things for itself names nothing.
                case "metadata" -> StrictJson.skip(parser);
                default -> {
                    CallReader.refuseDestination(name, "");
                    refuseLookalike(name);
                    walk(name, name.equals("extra_body") ? "extra_body." : null);
                }
            }
        }

        private void model(JsonToken value) throws IOException, ApiFailure {
            if (value != JsonToken.VALUE_STRING) {
                throw invalid("model", "a string");
            }
            String name = parser.getText();
            modelSpan = StrictJson.spanFrom(StrictJson.start(parser), parser);
            if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > MODEL_BYTES) {
                throw new ApiFailure(ApiError.INVALID_VALUE, "A model's name has 1 to 512 bytes.", "model");
            }
            model = name;
        }

        private void conversation(JsonToken value) throws IOException, ApiFailure {
            if (value == JsonToken.VALUE_STRING) {
                ids.add(new Named("conversation", parser.getText()));
            } else if (value == JsonToken.START_OBJECT) {
                int keys = 0;
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    StrictJson.count(++keys, parser);
                    boolean id = parser.currentName().equals("id");
                    if (parser.nextToken() == JsonToken.VALUE_STRING && id) {
                        ids.add(new Named("conversation", parser.getText()));
                    }
                    StrictJson.skip(parser);
                }
            } else {
                throw invalid("conversation", "a string or an object");
            }
        }

        private void tools(JsonToken value) throws IOException, ApiFailure {
            if (value != JsonToken.START_ARRAY) {
                walk("tools", null);
                return;
            }
            for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                walk("", "tools[" + i + "].");
            }
        }

        /**
         * Goes through the value that the parser stands on.
         *
         * @param name of the value
         * @param held what stands before the names of this object in an error; null when they are free
         */
        private void walk(String name, @Nullable String held) throws IOException, ApiFailure {
            switch (parser.currentToken()) {
                case VALUE_STRING -> {
                    if (name.equals("file_id") || name.equals("encrypted_content")) {
                        ids.add(new Named(name, parser.getText()));
                    }
                }
                case START_ARRAY -> {
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        walk("", null);
                    }
                }
                case START_OBJECT -> object(held);
                case null, default -> {}
            }
        }

        private void object(@Nullable String held) throws IOException, ApiFailure {
            boolean refers = false;
            String id = null;
            int keys = 0;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                StrictJson.count(++keys, parser);
                String name = parser.currentName();
                if (held != null) {
                    CallReader.refuseDestination(name, held);
                }
                boolean text = parser.nextToken() == JsonToken.VALUE_STRING;
                if (text && name.equals("type")) {
                    refers = parser.getText().equals("item_reference");
                } else if (text && name.equals("id")) {
                    id = parser.getText();
                }
                walk(name, held != null && name.equals("function") ? held + "function." : null);
            }
            if (refers && id != null) {
                ids.add(new Named("item_reference", id));
            }
        }

        private static ApiFailure invalid(String name, String type) {
            return new ApiFailure(ApiError.INVALID_TYPE, "'" + name + "' must be " + type + ".", name);
        }

        /** Some upstreams match names without case: a name that differs from a judged one only so is a duplicate. */
        private static void refuseLookalike(String name) throws ApiFailure {
            for (String judged : JUDGED) {
                if (judged.equalsIgnoreCase(name) && !judged.equals(name)) {
                    String key = ApiFailure.echo(name);
                    throw new ApiFailure(
                            ApiError.DUPLICATE_KEY,
                            "The key '" + key + "' differs from '" + judged + "' only in case. Send '" + judged + "'.",
                            key);
                }
            }
        }
    }
}
