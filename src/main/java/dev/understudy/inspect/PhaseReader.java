package dev.understudy.inspect;

import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.ToolChoice;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads from the end of the messages where in its loop an agent stands. */
final class PhaseReader {
    private static final int RE_ASK_CHARACTERS = 512;
    /** Results of one step that are read: a bound for requests that hold a million of them. */
    private static final int RESULTS = 32;

    private static final String[] RE_ASKS = {
        "invalid json",
        "not valid json",
        "could not be parsed",
        "couldn't be parsed",
        "failed to parse",
        "could not parse",
        "does not match the schema",
        "failed validation",
        "validation error"
    };

    private PhaseReader() {}

    static Reasoned<Phase> read(Call call) {
        List<Message> messages = call.messages();
        String repair = repair(messages);
        if (repair != null) {
            return new Reasoned<>(Phase.ERROR_REPAIR, repair);
        }
        boolean results = false;
        for (int i = messages.size() - 1; i >= 0 && !messages.get(i).role().equals("user"); i--) {
            results |= messages.get(i).isToolResult();
        }
        if (results) {
            if (call.tools().isEmpty()) {
                return new Reasoned<>(Phase.FINAL_ANSWER, "tool results and no tools");
            }
            if (call.toolChoice() instanceof ToolChoice.None) {
                return new Reasoned<>(Phase.FINAL_ANSWER, "tool results and tool_choice none");
            }
            if (call.responseFormat().type() != ResponseFormat.Type.TEXT) {
                return new Reasoned<>(Phase.FINAL_ANSWER, "tool results and a response format");
            }
        }
        if (!messages.isEmpty() && messages.getLast().isToolResult()) {
            return new Reasoned<>(Phase.TOOL_CONTINUATION, "the last message is a tool result");
        }
        return new Reasoned<>(Phase.USER_TURN, "the last message is no tool result");
    }

    /** Why the last step went wrong; null when it did not. */
    private static @Nullable String repair(List<Message> messages) {
        int last = messages.size() - 1;
        if (last < 0) {
            return null;
        }
        if (messages.get(last).isToolResult()) {
            int i = last;
            for (; i >= 0 && messages.get(i).isToolResult(); i--) {
                if (last - i >= RESULTS) {
                    continue;
                }
                if (messages.get(i).error()) {
                    return "the last tool result is flagged as an error";
                }
                String sign = ToolErrors.sign(messages.get(i).text());
                if (sign != null) {
                    return "the last tool result holds " + sign;
                }
            }
            return i >= 0 && isRepeated(messages, i) ? "the same call was made again" : null;
        }
        boolean reply = last > 0
                && messages.get(last).role().equals("user")
                && messages.get(last - 1).role().equals("assistant");
        return reply && isReAsk(messages.get(last).text()) ? "the agent asks again for a readable answer" : null;
    }

    private static boolean isRepeated(List<Message> messages, int caller) {
        int calls = messages.get(caller).callsHash();
        for (int i = caller - 1; calls != 0 && i >= 0 && !messages.get(i).role().equals("user"); i--) {
            if (messages.get(i).callsHash() == calls) {
                return true;
            }
        }
        return false;
    }

    private static boolean isReAsk(String text) {
        String start =
                text.substring(0, Math.min(RE_ASK_CHARACTERS, text.length())).toLowerCase(Locale.ROOT);
        for (String sign : RE_ASKS) {
            if (start.contains(sign)) {
                return true;
            }
        }
        return false;
    }
}
