package dev.understudy.inspect;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads which session a call belongs to, from what the agent says or, failing that, from how its talk began. */
final class SessionReader {
    private static final int LONGEST = 128;
    private static final List<String> HEADERS =
            List.of("x-understudy-session", "x-session-id", "x-claude-code-session-id", "thread-id", "session-id");

    private SessionReader() {}

    /**
     * A session.
     *
     * @param source {@code header}, {@code conversation}, {@code response}, {@code metadata}, {@code derived} or
     *     {@code call}
     */
    record Session(String id, String source, String reason) {}

    static Session read(Call call, Caller caller, @Nullable String site, SiteKeys keys, SessionBook book) {
        for (String header : HEADERS) {
            String value = call.headers().get(header);
            if (value != null && !value.isBlank()) {
                return new Session(fit(value, caller, keys), "header", "the header " + header);
            }
        }
        Session held = held(call, caller, keys, book);
        if (held != null) {
            return held;
        }
        String said = call.metadata().get("session_id");
        if (said != null && !said.isBlank()) {
            return new Session(fit(said, caller, keys), "metadata", "metadata.session_id");
        }
        for (Message message : call.messages()) {
            if (message.role().equals("user")) {
                return derived(call, caller, site, message.text(), keys);
            }
        }
        return new Session(call.id().toString(), "call", "nothing says which session, and no user has spoken");
    }

    /** The conversation that an upstream keeps, or the one that began with the first of a chain of responses. */
    private static @Nullable Session held(Call call, Caller caller, SiteKeys keys, SessionBook book) {
        String conversation = call.references().conversation();
        if (conversation != null && !conversation.isBlank()) {
            return new Session(fit(conversation, caller, keys), "conversation", "the conversation it names");
        }
        String previous = call.references().previousResponse();
        if (previous == null || previous.isBlank()) {
            return null;
        }
        String began = book.sessionOf(caller.team(), previous);
        return began == null
                ? new Session(
                        fit(previous, caller, keys), "response", "the response before, whose own is not known here")
                : new Session(began, "response", "the session of the response before");
    }

    private static Session derived(
            Call call, Caller caller, @Nullable String site, String firstUserText, SiteKeys keys) {
        String mark = keys.mark(
                caller.team(),
                caller.app(),
                String.valueOf(caller.keyId()),
                String.valueOf(site),
                String.valueOf(call.promptCacheKey()),
                firstUserText);
        return new Session("d-" + mark, "derived", "a keyed hash of caller, site and first user message");
    }

    /** A name as given; hashed when it is too long or holds what a name should not. */
    private static String fit(String name, Caller caller, SiteKeys keys) {
        boolean plain = name.length() <= LONGEST;
        for (int i = 0; plain && i < name.length(); i++) {
            plain = name.charAt(i) > ' ' && name.charAt(i) < 127;
        }
        return plain ? name : "h-" + keys.mark(caller.team(), name);
    }
}
