package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The answer to a message that the demo did not write, by simple rules. A tool is called when the request demands it, or when the message
 * has a word of the tool's name; values come from the schema, filled with what the message has. {@code Count to 300} is obeyed, which
 * makes answers of a known length.
 */
final class GenericAnswer {

    private static final Pattern COUNT = Pattern.compile("(?i)count to (\\d{1,5})");
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,9}");
    private static final int LONGEST_ECHO = 300;
    private static final int SHORTEST_TELLING_WORD = 4;
    private static final int DEEPEST = 12;

    private final JsonNode request;
    private final Conversation conversation;
    private final String callId;

    GenericAnswer(JsonNode request, Conversation conversation, String callId) {
        this.request = request;
        this.conversation = conversation;
        this.callId = callId;
    }

    ScriptedAnswer answer() {
        Optional<JsonNode> tool = tool();
        if (tool.isPresent()) {
            JsonNode function = tool.get().path("function");
            var call = new ScriptedAnswer.ToolCall(
                    callId,
                    function.path("name").asText(),
                    value(function.path("parameters"), 0).toString());
            return new ScriptedAnswer(ScriptedAnswer.OTHER, null, List.of(call), false, false);
        }
        return new ScriptedAnswer(ScriptedAnswer.OTHER, text(), List.of(), false, false);
    }

    private Optional<JsonNode> tool() {
        JsonNode choice = request.path("tool_choice");
        JsonNode tools = request.path("tools");
        if (choice.isObject()) {
            String wanted = choice.at("/function/name").asText();
            return first(tools, wanted::equals);
        }
        if (choice.asText().equals("required")) {
            return first(tools, this::isMeant).or(() -> first(tools, name -> true));
        }
        if (choice.asText().equals("none") || conversation.hasResult()) {
            return Optional.empty();
        }
        return first(tools, this::isMeant);
    }

    private static Optional<JsonNode> first(JsonNode tools, Predicate<String> test) {
        for (JsonNode tool : tools) {
            if (tool.path("function").has("name")
                    && test.test(tool.at("/function/name").asText())) {
                return Optional.of(tool);
            }
        }
        return Optional.empty();
    }

    private boolean isMeant(String tool) {
        String message = conversation.message().toLowerCase(Locale.ROOT);
        for (String word : tool.toLowerCase(Locale.ROOT).split("[^a-z]+")) {
            if (word.length() >= SHORTEST_TELLING_WORD && message.contains(word)) {
                return true;
            }
        }
        return false;
    }

    private String text() {
        if (conversation.schema().isPresent()) {
            return value(conversation.schema().get(), 0).toString();
        }
        if (request.at("/response_format/type").asText().equals("json_object")) {
            return JsonNodeFactory.instance.objectNode().put("answer", echo()).toString();
        }
        Matcher count = COUNT.matcher(conversation.message());
        if (count.find()) {
            return IntStream.rangeClosed(1, Integer.parseInt(count.group(1)))
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(" "));
        }
        return conversation.hasResult() ? "The tool says: " + conversation.result() : echo();
    }

    private String echo() {
        String message = conversation.message().strip();
        String shown = message.length() > LONGEST_ECHO ? message.substring(0, LONGEST_ECHO) + "..." : message;
        return "This is a scripted answer, no model wrote it. You said: " + shown;
    }

    /** A value that satisfies a schema as far as its types, enums and required properties go. */
    private JsonNode value(JsonNode schema, int depth) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        if (schema.has("const")) {
            return schema.get("const");
        }
        if (!schema.path("enum").isEmpty()) {
            return mentioned(schema.path("enum"));
        }
        JsonNode type = schema.path("type");
        return switch (type.isArray() ? type.path(0).asText() : type.asText("object")) {
            case "string" -> json.textNode(word());
            case "integer" -> json.numberNode(number(schema));
            case "number" -> json.numberNode((double) number(schema));
            case "boolean" -> json.booleanNode(true);
            case "null" -> json.nullNode();
            case "array" -> {
                var array = json.arrayNode();
                if (schema.has("items") && depth < DEEPEST) {
                    int wanted = Math.max(1, schema.path("minItems").asInt(1));
                    for (int i = 0; i < wanted && i < DEEPEST; i++) {
                        array.add(value(schema.path("items"), depth + 1));
                    }
                }
                yield array;
            }
            default -> {
                ObjectNode object = json.objectNode();
                if (depth < DEEPEST) {
                    for (Map.Entry<String, JsonNode> property :
                            schema.path("properties").properties()) {
                        object.set(property.getKey(), value(property.getValue(), depth + 1));
                    }
                }
                yield object;
            }
        };
    }

    private JsonNode mentioned(JsonNode names) {
        for (JsonNode name : names) {
            if (name.isTextual() && conversation.message().contains(name.asText())) {
                return name;
            }
        }
        return names.get(0);
    }

    private long number(JsonNode schema) {
        Matcher number = NUMBER.matcher(conversation.message());
        long found = number.find() ? Long.parseLong(number.group()) : 1;
        long least = schema.path("minimum").asLong(Long.MIN_VALUE);
        long most = schema.path("maximum").asLong(Long.MAX_VALUE);
        return Math.min(Math.max(found, least), most);
    }

    /** The last word with a capital letter, which is often the name that a question is about; else the last word. */
    private String word() {
        String[] words = conversation.message().strip().split("[^\\p{L}\\p{N}-]+");
        for (int i = words.length - 1; i > 0; i--) {
            if (!words[i].isEmpty() && Character.isUpperCase(words[i].charAt(0))) {
                return words[i];
            }
        }
        return words[words.length - 1];
    }
}
