package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One errand of the demo agent: a request for {@code /v1/chat/completions}, and what the right answer to it is.
 *
 * @param errand what it is about
 * @param session the session it opens, one per message
 * @param message the customer's words, the last message of the body
 * @param body the request, model {@code demo-x}, not streamed; the caller may set {@code model} and {@code stream}
 * @param truth the right answer
 */
public record DemoCall(DemoErrand errand, String session, String message, ObjectNode body, DemoTruth truth) {

    /**
     * The second request of a tool loop: the first one, the assistant's message with its calls, and the result of each call. The choice
     * of tools becomes {@code none}, since an answer is wanted.
     *
     * @param assistant the {@code message} object of the first answer, with {@code tool_calls}
     * @throws IllegalStateException if this errand is no tool loop
     */
    public ObjectNode followUp(ObjectNode assistant) {
        if (!(truth instanceof DemoTruth.Loop loop)) {
            throw new IllegalStateException(errand.wire() + " is no tool loop");
        }
        ObjectNode next = body.deepCopy();
        var messages = next.withArray("messages");
        messages.add(assistant);
        for (var call : assistant.path("tool_calls")) {
            messages.addObject()
                    .put("role", "tool")
                    .put("tool_call_id", call.path("id").asText())
                    .put("content", loop.result().toString());
        }
        next.put("tool_choice", "none");
        return next;
    }
}
