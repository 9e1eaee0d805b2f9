package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Api;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what shapes an answer: the tools, the choice among them, the response format. */
final class ToolReader {
    private final JsonParser parser;
    private final SchemaReader schemas;
    private final Api api;
    private final String param;
    private @Nullable String name;
    private SchemaReader.@Nullable Schema schema;

    private ToolReader(JsonParser parser, SchemaReader schemas, Api api, int index) {
        this.parser = parser;
        this.schemas = schemas;
        this.api = api;
        this.param = "tools[" + index + "]";
    }

    /** Reads the array that the parser stands on. */
    static List<Tool> readAll(JsonParser parser, SchemaReader schemas, Api api) throws IOException, ApiFailure {
        List<Tool> tools = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            tools.add(new ToolReader(parser, schemas, api, tools.size()).read());
        }
        return tools;
    }

    private Tool read() throws IOException, ApiFailure {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new ApiFailure(ApiError.INVALID_TYPE, "'" + param + "' must be an object.", param);
        }
        String type = "";
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            CallReader.refuseDestination(key, param + ".");
            JsonToken value = parser.nextToken();
            switch (key) {
                case "type" -> type = value == JsonToken.VALUE_STRING ? parser.getText() : type;
                case "function", "custom" -> function(value, key);
                case "name", "parameters" -> {
                    // The Responses API has no object within: what a function is stands in the tool itself.
                    if (api == Api.RESPONSES) {
                        part(key, value);
                    }
                }
                default -> {}
            }
            StrictJson.skip(parser);
        }
        return new Tool(
                name == null ? type : name,
                type,
                schema == null ? "" : schema.hash(),
                schema == null ? null : schema.span());
    }

    private void function(JsonToken value, String within) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            CallReader.refuseDestination(key, param + "." + within + ".");
            part(key, parser.nextToken());
            StrictJson.skip(parser);
        }
    }

    private void part(String key, JsonToken value) throws IOException, ApiFailure {
        if (key.equals("name") && value == JsonToken.VALUE_STRING) {
            name = parser.getText();
        } else if (key.equals("parameters") && value == JsonToken.START_OBJECT) {
            schema = schemas.read(parser);
        }
    }

    /** Reads the {@code tool_choice} that the parser stands on: a string or an object. */
    static ToolChoice choice(JsonParser parser, Api api) throws IOException, ApiFailure {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return switch (parser.getText()) {
                case "none" -> new ToolChoice.None();
                case "auto" -> new ToolChoice.Auto();
                case "required" -> new ToolChoice.Required();
                default -> new ToolChoice.Unknown();
            };
        }
        String type = "";
        String named = null;
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("type") && value == JsonToken.VALUE_STRING) {
                type = parser.getText();
            } else if ((key.equals("function") || key.equals("custom")) && value == JsonToken.START_OBJECT) {
                named = nameWithin(parser, named);
            } else if (api == Api.RESPONSES && key.equals("name") && value == JsonToken.VALUE_STRING) {
                named = parser.getText();
            }
            StrictJson.skip(parser);
        }
        if (named == null || (!type.equals("function") && !type.equals("custom"))) {
            return new ToolChoice.Unknown();
        }
        return new ToolChoice.Named(named);
    }

    private static @Nullable String nameWithin(JsonParser parser, @Nullable String otherwise)
            throws IOException, ApiFailure {
        String named = otherwise;
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean isName = parser.currentName().equals("name");
            if (parser.nextToken() == JsonToken.VALUE_STRING && isName) {
                named = parser.getText();
            }
            StrictJson.skip(parser);
        }
        return named;
    }

    /**
     * Reads the object that the parser stands on: {@code response_format}, or {@code text.format}, in which the schema is
     * not wrapped.
     */
    static ResponseFormat format(JsonParser parser, SchemaReader schemas, Api api) throws IOException, ApiFailure {
        String type = "";
        SchemaReader.Schema schema = null;
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("type") && value == JsonToken.VALUE_STRING) {
                type = parser.getText();
            } else if (api == Api.RESPONSES && key.equals("schema") && value == JsonToken.START_OBJECT) {
                schema = schemas.read(parser);
            } else if (key.equals("json_schema") && value == JsonToken.START_OBJECT) {
                int parts = 0;
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    StrictJson.count(++parts, parser);
                    boolean isSchema = parser.currentName().equals("schema");
                    if (parser.nextToken() == JsonToken.START_OBJECT && isSchema) {
                        schema = schemas.read(parser);
                    }
                    StrictJson.skip(parser);
                }
            }
            StrictJson.skip(parser);
        }
        String hash = schema == null ? "" : schema.hash();
        Span span = schema == null ? null : schema.span();
        return switch (type) {
            case "text" -> ResponseFormat.TEXT;
            case "json_object" -> new ResponseFormat(ResponseFormat.Type.JSON_OBJECT, "", null, false);
            case "json_schema" ->
                new ResponseFormat(
                        ResponseFormat.Type.JSON_SCHEMA, hash, span, schema != null && schema.leavesClosed());
            default -> new ResponseFormat(ResponseFormat.Type.OTHER, "", null, false);
        };
    }
}
