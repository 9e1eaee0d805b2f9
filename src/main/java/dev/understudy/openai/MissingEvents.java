package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Knows which events of a Responses stream must stand before which others, and makes those that an upstream left out:
 * clients build the answer up by them and stumble where one is missing.
 */
final class MissingEvents {
    private final AnnouncedItems items = new AnnouncedItems();
    private final List<LongFunction<Buffer>> missing = new ArrayList<>(0);

    /**
     * What has to be told before this event, in order; each is made of its sequence number. The list is valid until the
     * next call.
     */
    List<LongFunction<Buffer>> before(ResponseEvent event) {
        missing.clear();
        int index = event.outputIndex();
        if (!AnnouncedItems.isFit(index)) {
            return missing;
        }
        switch (event.type()) {
            case "response.output_item.added" -> {
                ResponseItem item = event.item();
                items.announce(index, item == null ? null : item.id());
            }
            case "response.content_part.added" -> partAdded(event, index);
            case "response.output_text.delta",
                    "response.output_text.done",
                    "response.output_text.annotation.added",
                    "response.refusal.delta",
                    "response.refusal.done" -> part(event, index);
            case "response.content_part.done" -> {
                if (!isReasoning(event)) {
                    part(event, index);
                }
            }
            case "response.function_call_arguments.delta" ->
                item(event, index, "function_call").tellArguments();
            case "response.function_call_arguments.done" -> {
                AnnouncedItems.Item item = item(event, index, "function_call");
                arguments(item, index, event.arguments());
                item.finishArguments();
            }
            case "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done" ->
                item(event, index, "custom_tool_call");
            case "response.reasoning_summary_part.added",
                    "response.reasoning_summary_text.delta",
                    "response.reasoning_text.delta" -> item(event, index, "reasoning");
            case "response.output_item.done" -> done(event, index);
            default -> {}
        }
        return missing;
    }

    /** The id that was announced for the event's item, or null. */
    @Nullable
    String idFor(ResponseEvent event) {
        AnnouncedItems.Item item = items.of(event.outputIndex());
        return item == null ? null : item.id();
    }

    private AnnouncedItems.Item item(ResponseEvent event, int index, String type) {
        AnnouncedItems.Item known = items.of(index);
        return known == null ? announce(index, event.itemId(), type, null, null) : known;
    }

    private AnnouncedItems.Item announce(
            int index, @Nullable String id, String type, @Nullable String callId, @Nullable String name) {
        String named = id == null ? "item_" + index : id;
        missing.add(number -> ResponsesWriter.itemAdded(number, index, named, type, callId, name));
        return items.announce(index, named);
    }

    private void partAdded(ResponseEvent event, int index) {
        AnnouncedItems.Item item = item(event, index, isReasoning(event) ? "reasoning" : "message");
        if (AnnouncedItems.isFit(event.contentIndex())) {
            item.partAdded(event.contentIndex());
        }
    }

    private void part(ResponseEvent event, int index) {
        AnnouncedItems.Item item = item(event, index, "message");
        int contentIndex = event.contentIndex();
        String id = item.id();
        if (AnnouncedItems.isFit(contentIndex) && !item.hasPart(contentIndex)) {
            item.partAdded(contentIndex);
            boolean refusal = event.type().startsWith("response.refusal.") || "refusal".equals(event.partType());
            missing.add(
                    number -> ResponsesWriter.partAdded(number, index, contentIndex, id == null ? "" : id, refusal));
        }
    }

    private void done(ResponseEvent event, int index) {
        ResponseItem item = event.item();
        if (item == null || item.type().isEmpty()) {
            return;
        }
        AnnouncedItems.Item known = items.of(index);
        if (known == null) {
            known = announce(index, item.id(), item.type(), item.callId(), item.name());
        }
        if (item.type().equals("function_call")) {
            String arguments = item.arguments() == null ? "" : item.arguments();
            arguments(known, index, arguments);
            if (!known.argumentsDone()) {
                known.finishArguments();
                String id = known.id();
                String name = item.name();
                missing.add(
                        number -> ResponsesWriter.argumentsDone(number, index, id == null ? "" : id, name, arguments));
            }
        }
    }

    private void arguments(AnnouncedItems.Item item, int index, @Nullable String arguments) {
        if (!item.argumentsTold() && arguments != null && !arguments.isEmpty()) {
            item.tellArguments();
            String id = item.id();
            missing.add(number -> ResponsesWriter.argumentsDelta(number, index, id == null ? "" : id, arguments));
        }
    }

    private static boolean isReasoning(ResponseEvent event) {
        return "reasoning_text".equals(event.partType()) || "summary_text".equals(event.partType());
    }
}
