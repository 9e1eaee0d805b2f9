package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * What the scripted upstream says. A message that the demo generated gets its true answer, but for one in two hundred; any other gets a
 * plausible one by {@link GenericAnswer}. The same seed and the same requests give the same answers. Not thread-safe.
 */
final class Script {

    private static final int OTHERWISE_ONE_IN = 200;
    private static final int REMEMBERED = 20_000;
    /** Beyond this no generated message goes; a longer text is not looked up. */
    private static final int LONGEST_MESSAGE = 1_000;

    private final long seed;
    private final DemoMessages messages;
    /** How often each message was asked, so that asking twice may give two answers, as with a real model. */
    private final Map<String, Integer> asked = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
            return size() > REMEMBERED;
        }
    };

    Script(long seed) {
        this.seed = seed;
        this.messages = new DemoMessages(seed, Split.HELD_OUT);
    }

    /** The answer to a request for {@code /v1/chat/completions}. */
    ScriptedAnswer answer(JsonNode request) {
        var conversation = Conversation.of(request);
        SplittableRandom random = random(conversation);
        Optional<DemoTruth> truth = conversation.message().length() <= LONGEST_MESSAGE
                ? messages.truthOf(conversation.message())
                : Optional.empty();
        ScriptedAnswer answer = truth.map(known -> said(known, conversation, random))
                .orElseGet(() -> new GenericAnswer(request, conversation, callId(random)).answer());
        int limit = request.path("max_completion_tokens")
                .asInt(request.path("max_tokens").asInt(Integer.MAX_VALUE));
        return answer.limited(Math.max(1, limit));
    }

    /** A source of chance that depends on the seed, on what is asked, and on how often it was asked before. */
    private SplittableRandom random(Conversation conversation) {
        int time = asked.merge(conversation.key(), 1, Integer::sum);
        return new SplittableRandom(seed ^ ((long) conversation.key().hashCode() << 20) ^ time);
    }

    private static ScriptedAnswer said(DemoTruth truth, Conversation conversation, SplittableRandom random) {
        String errand = truth.errand().wire();
        boolean otherwise = random.nextInt(OTHERWISE_ONE_IN) == 0;
        return switch (truth) {
            case DemoTruth.Call call -> calls(errand, call.name(), call.arguments(), otherwise, random);
            case DemoTruth.Loop loop
            when !conversation.hasResult() -> calls(errand, loop.name(), loop.arguments(), otherwise, random);
            case DemoTruth.Loop loop -> says(errand, loop.answer(), otherwise);
            case DemoTruth.Text text -> says(errand, text.content(), otherwise);
            case DemoTruth.Json json -> {
                ObjectNode content = otherwise ? Slip.in(json.content(), conversation.schema()) : json.content();
                yield new ScriptedAnswer(errand, content.toString(), List.of(), false, otherwise);
            }
        };
    }

    private static ScriptedAnswer calls(
            String errand, String name, ObjectNode arguments, boolean otherwise, SplittableRandom random) {
        String json = (otherwise ? Slip.in(arguments, Optional.empty()) : arguments).toString();
        var call = new ScriptedAnswer.ToolCall(callId(random), name, json);
        return new ScriptedAnswer(errand, null, List.of(call), false, otherwise);
    }

    private static ScriptedAnswer says(String errand, String text, boolean otherwise) {
        return new ScriptedAnswer(
                errand, otherwise ? text + " Is there anything else?" : text, List.of(), false, otherwise);
    }

    private static String callId(SplittableRandom random) {
        return "call_%016x".formatted(random.nextLong());
    }
}
