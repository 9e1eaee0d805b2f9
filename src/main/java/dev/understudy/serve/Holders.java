package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.References;
import dev.understudy.model.AnswerSink;
import dev.understudy.openai.PassBody;
import dev.understudy.policy.Held;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds out who holds what a call names. */
final class Holders {
    private static final String PREVIOUS = "previous_response_id";
    private static final String CONTENT = "encrypted_content";
    /** Asks for the events of a response after one of that number. */
    static final String RESUMED = "starting_after";

    private final HeldIds ids;

    Holders(HeldIds ids) {
        this.ids = ids;
    }

    /** Who holds what the call names, on the calling event loop. */
    Future<Held> of(Call call, Caller caller) {
        References named = call.references();
        List<String> all = new ArrayList<>();
        if (named.previousResponse() != null) {
            all.add(named.previousResponse());
        }
        if (named.conversation() != null) {
            all.add(named.conversation());
        }
        all.addAll(named.items());
        all.addAll(named.files());
        for (String content : named.encrypted()) {
            all.add(HeldIds.ofContent(content));
        }
        return ids.find(caller.team(), all).map(found -> held(call, caller, found));
    }

    /**
     * Binds what an answer shows to whoever made it.
     *
     * @param stored whether the upstream was asked to keep the answer; what it does not keep cannot be asked for
     */
    void bind(String team, HeldIds.Owner owner, AnswerSink.Shown kind, String id, boolean stored) {
        switch (kind) {
            case ENCRYPTED_CONTENT -> ids.bind(team, HeldIds.ofContent(id), owner, HeldIds.Life.RESPONSES);
            case CONVERSATION -> ids.bind(team, id, owner, HeldIds.Life.KEPT);
            case RESPONSE, ITEM -> {
                if (stored) {
                    ids.bind(team, id, owner, HeldIds.Life.RESPONSES);
                }
            }
            case RENUMBERED -> {
                if (stored) {
                    ids.bind(team, renumbered(id), owner, HeldIds.Life.RESPONSES);
                }
            }
        }
    }

    /** The id under which it is remembered that the events of a response were told with other numbers than its maker's. */
    static String renumbered(String response) {
        return "renumbered:" + response;
    }

    /** Who holds what a request names that is passed through, on the calling event loop. */
    Future<Held> of(List<PassBody.Named> named, Caller caller) {
        Set<String> all = new LinkedHashSet<>();
        for (PassBody.Named one : named) {
            all.add(keyOf(one));
        }
        return ids.find(caller.team(), all).map(found -> held(named, caller, found));
    }

    private static String keyOf(PassBody.Named one) {
        return switch (one.field()) {
            case CONTENT -> HeldIds.ofContent(one.id());
            case RESUMED -> renumbered(one.id());
            default -> one.id();
        };
    }

    private static Held held(List<PassBody.Named> named, Caller caller, Map<String, HeldIds.Owner> found) {
        Search search = new Search(caller, found);
        for (PassBody.Named one : named) {
            switch (one.field()) {
                case CONTENT -> {}
                case RESUMED -> search.refuseRenumbered(keyOf(one));
                default -> search.look(one.id(), one.field());
            }
        }
        boolean firm = search.owner != null;
        for (PassBody.Named one : named) {
            String owner = one.field().equals(CONTENT) ? search.ownerOf(HeldIds.ofContent(one.id())) : null;
            if (owner != null) {
                search.add(owner, CONTENT);
            }
        }
        return search.held(firm);
    }

    private static Held held(Call call, Caller caller, Map<String, HeldIds.Owner> found) {
        References named = call.references();
        String contents = call.api() == Api.RESPONSES ? "input" : "messages";
        Search search = new Search(caller, found);
        search.look(named.previousResponse(), PREVIOUS);
        search.look(named.conversation(), "conversation");
        for (String id : named.items()) {
            search.look(id, contents);
        }
        for (String id : named.files()) {
            search.look(id, contents);
        }
        boolean firm = search.owner != null;
        for (String content : named.encrypted()) {
            String owner = search.ownerOf(HeldIds.ofContent(content));
            if (owner != null) {
                search.add(owner, contents);
            }
        }
        return search.held(firm);
    }

    /** One search for owners. */
    private static final class Search {
        private final Caller caller;
        private final Map<String, HeldIds.Owner> found;
        private @Nullable String owner;
        private @Nullable String firstParam;
        private Decision.@Nullable Denial conflict;
        private Decision.@Nullable Denial unknown;

        private Search(Caller caller, Map<String, HeldIds.Owner> found) {
            this.caller = caller;
            this.found = found;
        }

        private void look(@Nullable String id, String param) {
            if (id == null) {
                return;
            }
            String owns = ownerOf(id);
            if (owns != null) {
                add(owns, param);
            } else if (unknown == null) {
                unknown = notFound(param);
            }
        }

        private void add(String owns, String param) {
            if (owner == null) {
                owner = owns;
                firstParam = param;
            } else if (!owner.equals(owns)) {
                conflict = new Decision.Denial(
                        400,
                        "unsupported_parameter",
                        "'" + param + "' names something that another model holds than the one that holds what '"
                                + firstParam + "' names: send what one model made.",
                        param);
            }
        }

        /** The number that the caller knows is not the one that the upstream means by it. */
        private void refuseRenumbered(String key) {
            if (ownerOf(key) != null) {
                conflict = new Decision.Denial(
                        400,
                        "unsupported_parameter",
                        "'" + RESUMED + "' cannot be used: the events of this response were put right on their way, and"
                                + " have other numbers than its upstream knows. Read the whole response instead.",
                        RESUMED);
            }
        }

        /** Name of the model; what was made under another key than the caller's own is as good as unknown. */
        private @Nullable String ownerOf(String id) {
            HeldIds.Owner owns = found.get(id);
            if (owns == null) {
                return null;
            }
            boolean ours = owns.credential() == null;
            boolean theirs = !ours
                    && HeldIds.Owner.of(owns.upstream(), caller.providerKey()).equals(owns);
            return ours || theirs ? owns.upstream() : null;
        }

        private Held held(boolean firm) {
            Decision.Denial lost = firm && firstParam != null ? notFound(firstParam) : null;
            return new Held(owner, firm, conflict, unknown, lost);
        }

        private static Decision.Denial notFound(String param) {
            return param.equals(PREVIOUS)
                    ? new Decision.Denial(
                            400,
                            "previous_response_not_found",
                            "There is no response that '" + PREVIOUS + "' names, or not any more.",
                            PREVIOUS)
                    : new Decision.Denial(
                            404, "not_found", "There is nothing that the id in '" + param + "' names.", "id");
        }
    }
}
