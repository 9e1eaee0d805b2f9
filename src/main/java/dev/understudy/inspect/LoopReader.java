package dev.understudy.inspect;

import dev.understudy.call.Call;
import dev.understudy.call.Loop;
import dev.understudy.call.Message;
import dev.understudy.model.OwnerMarks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads whose tool loop a call goes on with, from the ids of its tool calls. A loop is open while the request ends in tool
 * results, reminders of the agent's author aside; it belongs to a small model only if that model made every call since
 * the last user message.
 */
final class LoopReader {
    /** Ids that are looked at. A longer loop is the large model's: nobody shall keep the event loop busy with them. */
    static final int MOST_IDS = 512;

    private final OwnerMarks marks;

    LoopReader(OwnerMarks marks) {
        this.marks = marks;
    }

    Reasoned<Loop> read(Call call, String team, SmallModels small) {
        List<Message> messages = call.messages();
        int last = messages.size() - 1;
        while (last >= 0 && messages.get(last).isInstruction()) {
            last--;
        }
        if (last < 0 || !messages.get(last).isToolResult()) {
            return new Reasoned<>(Loop.NONE, "the request does not end in tool results");
        }
        String owner = null;
        int seen = 0;
        for (int i = last; i >= 0 && !messages.get(i).role().equals("user"); i--) {
            Message message = messages.get(i);
            List<String> ids = message.toolCallIds();
            boolean anonymous =
                    message.isToolResult() ? ids.isEmpty() : message.toolNames().size() > ids.size();
            seen += ids.size();
            if (anonymous || seen > MOST_IDS) {
                return large(anonymous ? "a call of this loop has no id" : "this loop has too many calls to read");
            }
            for (int k = 0; k < ids.size(); k++) {
                String maker = maker(ids.get(k), team, owner, small.names());
                if (maker == null) {
                    return large("a call of this loop is no small model's");
                }
                if (owner != null && !maker.equals(owner)) {
                    return large("the calls of this loop are of two small models");
                }
                owner = maker;
            }
        }
        return owner == null
                ? large("no call of this loop is shown")
                : new Reasoned<>(Loop.of(owner), "all calls of this loop bear the mark of " + owner);
    }

    private @Nullable String maker(String id, String team, @Nullable String likely, List<String> names) {
        if (likely != null && marks.isOf(team, likely, id)) {
            return likely;
        }
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (!name.equals(likely) && marks.isOf(team, name, id)) {
                return name;
            }
        }
        return null;
    }

    private static Reasoned<Loop> large(String why) {
        return new Reasoned<>(Loop.LLM, why);
    }
}
