package dev.understudy.serve;

import dev.understudy.call.Api;
import dev.understudy.model.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One generated agent and what was said so far. It knows who made which call, which is the truth that the gateway, who
 * sees nothing but requests, is held to.
 */
final class AgentTalk {
    private static final String LARGE = "";

    private final Random random;
    private final String prompt;
    private final @Nullable String sessionHeader;
    private final List<Said> said = new ArrayList<>();
    /** Who made each call since the last user message; {@link #LARGE} for the large model or the agent itself. */
    private final Set<String> makers = new HashSet<>();

    private List<Reply.ToolCall> open = List.of();
    final String team;
    final String model;
    final boolean stream;
    Api api;

    /** One message: of its kind, its JSON in either API. */
    private record Said(String chat, String item) {}

    AgentTalk(Random random, int number) {
        this.random = random;
        this.team = random.nextInt(4) == 0 ? "support" : "local";
        this.api = random.nextInt(5) == 0 ? Api.RESPONSES : Api.CHAT;
        this.model = List.of("agent-a", "agent-b", "agent-c", "agent-d").get(random.nextInt(4));
        this.stream = random.nextBoolean();
        this.prompt = "You are agent " + random.nextInt(12) + " of a shop, who looks things up before it answers.";
        this.sessionHeader = switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> "shared-" + random.nextInt(6);
            default -> "s-" + number;
        };
        user("Where is order " + number + "?");
    }

    Map<String, String> headers(boolean forced) {
        Map<String, String> headers = new TreeMap<>();
        if (sessionHeader != null) {
            headers.put("x-session-id", sessionHeader);
        }
        if (forced) {
            headers.put("x-understudy-tier", "llm");
        }
        return headers;
    }

    /** The body of its next request. */
    String body() {
        StringBuilder all = new StringBuilder();
        for (Said one : said) {
            all.append(all.isEmpty() ? "" : ",").append(api == Api.CHAT ? one.chat : one.item);
        }
        String schema = "\"parameters\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}}}";
        return api == Api.CHAT
                ? "{\"model\":\"" + model + "\",\"stream\":" + stream
                        + ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\"," + schema
                        + "}}],\"messages\":[{\"role\":\"system\",\"content\":\"" + prompt + "\"}," + all + "]}"
                : "{\"model\":\"" + model + "\",\"stream\":" + stream + ",\"instructions\":\"" + prompt
                        + "\",\"tools\":[{\"type\":\"function\",\"name\":\"look\"," + schema + "}],\"input\":[" + all
                        + "]}";
    }

    /** Whether tool results wait for an answer. */
    boolean isLoopOpen() {
        return !makers.isEmpty();
    }

    /** The small model that made every call of the open loop; null when there is no such one. */
    @Nullable
    String owner() {
        String only = makers.size() == 1 ? makers.iterator().next() : LARGE;
        return only.equals(LARGE) ? null : only;
    }

    /**
     * A model has answered.
     *
     * @param small its name; null for a large one
     * @param calls that it makes; empty: it says something
     */
    void answered(@Nullable String small, List<Reply.ToolCall> calls) {
        if (calls.isEmpty()) {
            say("{\"role\":\"assistant\",\"content\":\"It is on its way.\"}");
            makers.clear();
            open = List.of();
            return;
        }
        StringBuilder chat = new StringBuilder();
        StringBuilder items = new StringBuilder();
        for (Reply.ToolCall call : calls) {
            String arguments = call.arguments().replace("\"", "\\\"");
            chat.append(chat.isEmpty() ? "" : ",")
                    .append("{\"id\":\"" + call.id() + "\",\"type\":\"function\",\"function\":{\"name\":\"look\","
                            + "\"arguments\":\"" + arguments + "\"}}");
            items.append(items.isEmpty() ? "" : ",")
                    .append("{\"type\":\"function_call\",\"call_id\":\"" + call.id()
                            + "\",\"name\":\"look\",\"arguments\":\"" + arguments + "\"}");
        }
        said.add(new Said("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" + chat + "]}", items.toString()));
        makers.add(small == null ? LARGE : small);
        open = List.copyOf(calls);
    }

    /** Goes on after an answer: tool results, good or bad, or the user's next words. */
    void goOn() {
        if (open.isEmpty()) {
            user(
                    random.nextInt(8) == 0
                            ? "That is invalid JSON. Try again."
                            : "And what of order " + random.nextInt(100_000) + "?");
            return;
        }
        boolean broken = random.nextInt(7) == 0;
        for (Reply.ToolCall call : open) {
            String result = broken ? "{\\\"error\\\":\\\"no such order\\\"}" : "on its way " + random.nextInt(1_000);
            said.add(new Said(
                    "{\"role\":\"tool\",\"tool_call_id\":\"" + call.id() + "\",\"content\":\"" + result + "\"}",
                    "{\"type\":\"function_call_output\",\"call_id\":\"" + call.id() + "\",\"output\":\"" + result
                            + "\"}"));
        }
        open = List.of();
        if (random.nextInt(12) == 0) {
            say("{\"role\":\"developer\",\"content\":\"Keep it short.\"}");
        }
        if (random.nextInt(25) == 0) {
            user("Never mind, look at order 7 instead.");
        }
        if (random.nextInt(40) == 0) {
            api = api == Api.CHAT ? Api.RESPONSES : Api.CHAT;
        }
    }

    /** The agent acts by itself: it puts a call into the talk that no model made, under an id that it has seen elsewhere. */
    void callsByItself(String id) {
        if (isLoopOpen()) {
            answered(null, List.of(new Reply.ToolCall(id, "look", "{\"id\":7}")));
            goOn();
        }
    }

    /** Whether it has said enough. */
    boolean isDone() {
        return said.size() > 60;
    }

    private void user(String text) {
        say("{\"role\":\"user\",\"content\":\"" + text + "\"}");
        makers.clear();
        open = List.of();
    }

    private void say(String message) {
        said.add(new Said(message, message));
    }
}
