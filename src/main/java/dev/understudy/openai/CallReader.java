package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request for a chat completion or a response, once, in one pass over its bytes. Nobody parses them again.
 *
 * <p>Judged are a few fields, by JSON type; ranges and everything else are the business of who answers. A key that an
 * upstream might take for a judged one (twice, or in another case) is refused: the bytes that were judged must mean the
 * same to those who get them.
 */
public final class CallReader {
    /** Request headers that a {@link Call} keeps; others are of no interest to any room. */
    public static final Set<String> HEADERS = Set.of(
            "x-understudy-tier",
            "x-understudy-session",
            "x-understudy-subject",
            "x-understudy-no-train",
            "x-understudy-consent",
            "x-session-id",
            "x-claude-code-session-id",
            "thread-id",
            "session-id",
            "x-stainless-retry-count",
            "x-stainless-read-timeout",
            "x-stainless-timeout",
            "user-agent");

    private static final int MODEL_BYTES = 512;
    private static final List<String> DESTINATIONS = List.of("api_base", "base_url", "custom_host", "user_config");
    private static final List<String> JUDGED = List.of(
            "model",
            "messages",
            "stream",
            "stream_options",
            "n",
            "max_tokens",
            "max_completion_tokens",
            "seed",
            "store",
            "tools",
            "tool_choice",
            "response_format");
    private static final List<String> JUDGED_OF_RESPONSES = List.of(
            "model",
            "input",
            "instructions",
            "stream",
            "stream_options",
            "max_output_tokens",
            "store",
            "tools",
            "tool_choice",
            "text",
            "previous_response_id",
            "conversation");

    private final Api api;
    private final JsonParser parser;
    private final byte[] body;
    private final ReferenceReader references = new ReferenceReader();
    private final List<String> names = new ArrayList<>();
    private @Nullable String model;
    private @Nullable Span modelSpan;
    private boolean stream;
    private boolean includeUsage;
    private @Nullable Span streamOptions;
    private @Nullable List<Message> messages;
    private @Nullable Message instructions;
    private List<Tool> tools = List.of();
    private @Nullable ToolChoice toolChoice;
    private boolean parallelToolCalls = true;
    private ResponseFormat responseFormat = ResponseFormat.TEXT;
    private @Nullable Integer maxTokens;
    private @Nullable Integer maxCompletionTokens;
    private int n = 1;
    private @Nullable String reasoningEffort;
    private @Nullable Boolean store;
    private Map<String, String> metadata = Map.of();
    private @Nullable String user;
    private @Nullable String safetyIdentifier;
    private @Nullable String promptCacheKey;
    private @Nullable SchemaReader schemas;

    private CallReader(Api api, JsonParser parser, byte[] body) {
        this.api = api;
        this.parser = parser;
        this.body = body;
    }

    /** Reads one request for a chat completion. */
    public static Call read(UUID id, Instant receivedAt, long receivedNanos, byte[] body, Map<String, String> headers)
            throws ApiFailure {
        return read(Api.CHAT, id, receivedAt, receivedNanos, body, headers);
    }

    /**
     * Reads one request.
     *
     * @param api {@link Api#CHAT} or {@link Api#RESPONSES}
     * @param receivedAt when its head arrived
     * @param receivedNanos the monotonic clock at that moment
     * @param body decoded; the call keeps this very array
     * @param headers names in lower case; those of {@link #HEADERS} are kept
     * @throws ApiFailure when the bytes are no call that may go on
     */
    public static Call read(
            Api api, UUID id, Instant receivedAt, long receivedNanos, byte[] body, Map<String, String> headers)
            throws ApiFailure {
        Map<String, String> kept = kept(headers);
        boolean tierForced = tierForced(kept);
        try (JsonParser parser = StrictJson.open(body)) {
            CallReader reader = new CallReader(api, parser, body);
            try {
                reader.readDocument();
            } catch (JsonProcessingException e) {
                throw StrictJson.failure(e, parser);
            }
            return reader.call(id, receivedAt, receivedNanos, kept, tierForced);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
    }

    /**
     * Refuses a name that would send a call elsewhere: {@code api_base}, {@code base_url}, {@code custom_host},
     * {@code user_config}, in any case, with {@code x-} before it or {@code -} for {@code _}. For names of headers and
     * of the query; the body's are refused by {@link #read}.
     *
     * @param before what stands before the name in the {@code param} of the error
     */
    public static void refuseDestination(String name, String before) throws ApiFailure {
        int length = name.length();
        if (length < 8 || length > 13) {
            return;
        }
        boolean marked = Character.toLowerCase(name.charAt(0)) == 'x' && isBar(name.charAt(1));
        for (int i = 0; i < DESTINATIONS.size(); i++) {
            if (isSpelling(name, marked ? 2 : 0, DESTINATIONS.get(i))) {
                String param = before + name;
                throw new ApiFailure(
                        ApiError.UNSUPPORTED_PARAMETER,
                        "'" + param + "' is not supported: where a call goes is decided by this gateway's policies.",
                        param);
            }
        }
    }

    private static boolean isSpelling(String name, int from, String destination) {
        if (name.length() - from != destination.length()) {
            return false;
        }
        for (int i = 0; i < destination.length(); i++) {
            char wanted = destination.charAt(i);
            char c = name.charAt(from + i);
            // By way of the upper case, as upstreams fold that take a long s for an s.
            if (wanted == '_' ? !isBar(c) : Character.toLowerCase(Character.toUpperCase(c)) != wanted) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBar(char c) {
        return c == '_' || c == '-';
    }

    private void readDocument() throws IOException, ApiFailure {
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw new ApiFailure(ApiError.INVALID_JSON, "The body is empty. Send one JSON object.");
        }
        if (first != JsonToken.START_OBJECT) {
            throw StrictJson.invalid(parser.currentTokenLocation());
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            names.add(name);
            StrictJson.count(names.size(), parser);
            JsonToken value = parser.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                unset(name);
            } else {
                field(name, value);
            }
            StrictJson.skip(parser);
        }
        if (parser.nextToken() != null) {
            throw StrictJson.invalid(parser.currentTokenLocation());
        }
    }

    /** A null says nothing, but its place must be known and its name is judged all the same. */
    private void unset(String name) throws IOException, ApiFailure {
        if (name.equals("stream_options")) {
            streamOptions = StrictJson.skipSpan(parser);
        } else {
            refuseDestination(name, "");
            refuseLookalike(name);
        }
    }

    private void field(String name, JsonToken value) throws IOException, ApiFailure {
        switch (api) {
            case CHAT, OTHER -> ofChat(name, value);
            case RESPONSES -> ofResponses(name, value);
        }
    }

    private void ofResponses(String name, JsonToken value) throws IOException, ApiFailure {
        switch (name) {
            case "input" -> {
                boolean fits = value == JsonToken.VALUE_STRING || value == JsonToken.START_ARRAY;
                expect(fits, name, "a string or an array");
                messages = value == JsonToken.VALUE_STRING
                        ? List.of(ItemReader.plain("user", parser))
                        : ItemReader.readAll(parser, references);
            }
            case "instructions" ->
                instructions = value == JsonToken.VALUE_STRING ? ItemReader.plain("system", parser) : null;
            case "text" -> text(value);
            case "reasoning" -> reasoning(value);
            case "max_output_tokens" -> maxTokens = integer(name, value);
            case "previous_response_id" -> {
                expect(value == JsonToken.VALUE_STRING, name, "a string");
                references.previousResponse(parser.getText());
            }
            case "conversation" -> {
                boolean fits = value == JsonToken.VALUE_STRING || value == JsonToken.START_OBJECT;
                expect(fits, name, "a string or an object");
                references.conversation(parser);
            }
            case "messages", "n", "max_tokens", "max_completion_tokens", "seed", "response_format" ->
                unjudged(name, value);
            default -> ofChat(name, value);
        }
    }

    private void text(JsonToken value) throws IOException, ApiFailure {
        expect(value == JsonToken.START_OBJECT, "text", "an object");
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean format = parser.currentName().equals("format");
            JsonToken part = parser.nextToken();
            if (format && part != JsonToken.VALUE_NULL) {
                expect(part == JsonToken.START_OBJECT, "text.format", "an object");
                responseFormat = ToolReader.format(parser, schemas(), api);
            }
            StrictJson.skip(parser);
        }
    }

    private void reasoning(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean effort = parser.currentName().equals("effort");
            JsonToken part = parser.nextToken();
            reasoningEffort = effort ? stringOrNull(part) : reasoningEffort;
            StrictJson.skip(parser);
        }
    }

    private void ofChat(String name, JsonToken value) throws IOException, ApiFailure {
        switch (name) {
            case "model" -> model(value);
            case "messages" -> {
                expect(value == JsonToken.START_ARRAY, name, "an array");
                messages = MessageReader.readAll(parser, references);
            }
            case "stream" -> stream = bool(name, value);
            case "stream_options" -> streamOptions(value);
            case "n" -> n = integer(name, value);
            case "max_tokens" -> maxTokens = integer(name, value);
            case "max_completion_tokens" -> maxCompletionTokens = integer(name, value);
            case "seed" -> integer(name, value);
            case "store" -> store = bool(name, value);
            case "tools" -> {
                expect(value == JsonToken.START_ARRAY, name, "an array");
                tools = ToolReader.readAll(parser, schemas(), api);
            }
            case "tool_choice" -> {
                boolean fits = value == JsonToken.VALUE_STRING || value == JsonToken.START_OBJECT;
                expect(fits, name, "a string or an object");
                toolChoice = ToolReader.choice(parser, api);
            }
            case "response_format" -> {
                expect(value == JsonToken.START_OBJECT, name, "an object");
                responseFormat = ToolReader.format(parser, schemas(), api);
            }
            default -> unjudged(name, value);
        }
    }

    /** Made for the calls that have schemas. */
    private SchemaReader schemas() {
        SchemaReader reader = schemas == null ? new SchemaReader(body) : schemas;
        schemas = reader;
        return reader;
    }

    private void unjudged(String name, JsonToken value) throws IOException, ApiFailure {
        switch (name) {
            case "parallel_tool_calls" -> parallelToolCalls = value != JsonToken.VALUE_FALSE;
            case "reasoning_effort" -> reasoningEffort = stringOrNull(value);
            case "metadata" -> metadata = strings(value);
            case "user" -> user = stringOrNull(value);
            case "safety_identifier" -> safetyIdentifier = stringOrNull(value);
            case "prompt_cache_key" -> promptCacheKey = stringOrNull(value);
            case "extra_body" -> extraBody(value);
            default -> {
                if (name.startsWith("max_") && name.endsWith("tokens")) {
                    integer(name, value);
                }
                refuseDestination(name, "");
                refuseLookalike(name);
            }
        }
    }

    private void model(JsonToken value) throws IOException, ApiFailure {
        expect(value == JsonToken.VALUE_STRING, "model", "a string");
        String name = parser.getText();
        modelSpan = StrictJson.spanFrom(StrictJson.start(parser), parser);
        if (name.getBytes(StandardCharsets.UTF_8).length > MODEL_BYTES) {
            throw new ApiFailure(
                    ApiError.INVALID_VALUE, "'model' is too long. A model's name has 1 to 512 bytes.", "model");
        }
        model = name;
    }

    private void streamOptions(JsonToken value) throws IOException, ApiFailure {
        expect(value == JsonToken.START_OBJECT, "stream_options", "an object");
        int start = StrictJson.start(parser);
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean asks = parser.currentName().equals("include_usage");
            includeUsage |= parser.nextToken() == JsonToken.VALUE_TRUE && asks;
            StrictJson.skip(parser);
        }
        streamOptions = StrictJson.spanFrom(start, parser);
    }

    private void extraBody(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            refuseDestination(parser.currentName(), "extra_body.");
            parser.nextToken();
            StrictJson.skip(parser);
        }
    }

    private Map<String, String> strings(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return Map.of();
        }
        Map<String, String> read = new HashMap<>();
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            if (parser.nextToken() == JsonToken.VALUE_STRING) {
                read.put(key, parser.getText());
            }
            StrictJson.skip(parser);
        }
        return read;
    }

    /** Some upstreams match names without case: a name that differs from a judged one only so is a duplicate. */
    private void refuseLookalike(String name) throws ApiFailure {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if ((c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9')) {
                for (String judged : api == Api.RESPONSES ? JUDGED_OF_RESPONSES : JUDGED) {
                    if (judged.equalsIgnoreCase(name) && !judged.equals(name)) {
                        String key = ApiFailure.echo(name);
                        throw new ApiFailure(
                                ApiError.DUPLICATE_KEY,
                                "The key '" + key + "' differs from '" + judged + "' only in case. Send '" + judged
                                        + "'.",
                                key);
                    }
                }
                return;
            }
        }
    }

    private static void expect(boolean fits, String name, String type) throws ApiFailure {
        if (!fits) {
            throw new ApiFailure(ApiError.INVALID_TYPE, "'" + name + "' must be " + type + ".", name);
        }
    }

    private static boolean bool(String name, JsonToken value) throws ApiFailure {
        expect(value.isBoolean(), name, "true or false");
        return value == JsonToken.VALUE_TRUE;
    }

    /** A judged number, saturated: its range is not ours to judge, but it must be one that everybody reads alike. */
    private int integer(String name, JsonToken value) throws IOException, ApiFailure {
        expect(value.isNumeric(), name, "a number");
        if (value == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() == JsonParser.NumberType.INT) {
            return parser.getIntValue();
        }
        double number = parser.getDoubleValue();
        expect(!Double.isInfinite(number), name, "a number that a double can hold");
        return (int) number;
    }

    private @Nullable String stringOrNull(JsonToken value) throws IOException {
        return value == JsonToken.VALUE_STRING ? parser.getText() : null;
    }

    private Call call(UUID id, Instant receivedAt, long receivedNanos, Map<String, String> headers, boolean tierForced)
            throws ApiFailure {
        if (model == null || model.isEmpty() || modelSpan == null) {
            throw missing("model", "Name the model to ask.");
        }
        List<Message> all = messages();
        ToolChoice choice =
                toolChoice != null ? toolChoice : tools.isEmpty() ? new ToolChoice.None() : new ToolChoice.Auto();
        return new Call(
                id,
                receivedAt,
                receivedNanos,
                api,
                body,
                model,
                modelSpan,
                stream,
                includeUsage,
                streamOptions,
                all,
                tools,
                choice,
                parallelToolCalls,
                responseFormat,
                maxCompletionTokens != null ? maxCompletionTokens : maxTokens,
                n,
                reasoningEffort,
                store,
                Set.copyOf(names),
                headers,
                metadata,
                safetyIdentifier != null ? safetyIdentifier : user,
                promptCacheKey,
                tierForced,
                references.references());
    }

    /** What is said, in order. Only the chat API demands that something is. */
    private List<Message> messages() throws ApiFailure {
        List<Message> said = messages;
        if (said == null && api != Api.RESPONSES) {
            throw missing("messages", "Send an array with at least one message.");
        }
        List<Message> all = said == null ? List.of() : said;
        if (instructions == null) {
            return all;
        }
        List<Message> whole = new ArrayList<>(all.size() + 1);
        whole.add(instructions);
        whole.addAll(all);
        return whole;
    }

    private static ApiFailure missing(String name, String remedy) {
        return new ApiFailure(ApiError.MISSING_REQUIRED_PARAMETER, "'" + name + "' is missing. " + remedy, name);
    }

    private static Map<String, String> kept(Map<String, String> headers) throws ApiFailure {
        Map<String, String> kept = new HashMap<>();
        for (Map.Entry<String, String> header : headers.entrySet()) {
            refuseDestination(header.getKey(), "");
            if (HEADERS.contains(header.getKey())) {
                kept.put(header.getKey(), header.getValue());
            }
        }
        return kept;
    }

    private static boolean tierForced(Map<String, String> headers) throws ApiFailure {
        String tier = headers.get("x-understudy-tier");
        if (tier != null && !tier.equalsIgnoreCase("llm")) {
            throw new ApiFailure(
                    ApiError.INVALID_VALUE,
                    "The header 'x-understudy-tier' may only be 'llm'; leave it out to let the policies decide.",
                    "x-understudy-tier");
        }
        return tier != null;
    }
}
