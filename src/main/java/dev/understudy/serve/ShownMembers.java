package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.call.TokenCount;
import dev.understudy.openai.JsonSkim;
import io.vertx.core.buffer.Buffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks at an answer that passes for the ids that it shows, which are bound to the team, and for what it used. */
final class ShownMembers implements JsonSkim.Listener {
    /** What belongs to the thing itself lives as long as it does. */
    private static final Set<String> OWN =
            Set.of("id", "data.id", "output.id", "item.id", "response.id", "response.output.id");

    /** Other things that came about with it, each with a life of its own. */
    private static final Set<String> OTHERS =
            Set.of("output_file_id", "error_file_id", "file.id", "conversation.id", "response.conversation.id");

    private static final Set<String> CONTENTS = Set.of(
            "output.encrypted_content",
            "data.encrypted_content",
            "item.encrypted_content",
            "response.output.encrypted_content");

    private final PassedCall passed;
    private final HeldIds.Owner owner;
    private final JsonSkim skim;

    private ShownMembers(PassedCall passed, HeldIds.Owner owner) {
        this.passed = passed;
        this.owner = owner;
        boolean binds = passed.endpoint().has(Endpoint.Trait.BINDS);
        this.skim = new JsonSkim(binds ? union() : Set.of(), this);
    }

    /** A look at the answers of that endpoint; null where they show nothing that matters. */
    static @Nullable ShownMembers of(PassedCall passed, HeldIds.Owner owner) {
        Endpoint endpoint = passed.endpoint();
        return endpoint.has(Endpoint.Trait.BINDS) || endpoint.has(Endpoint.Trait.METERED)
                ? new ShownMembers(passed, owner)
                : null;
    }

    void look(Buffer bytes) {
        skim.feed(bytes);
    }

    @Override
    public void text(String path, String value) {
        boolean responses = passed.endpoint().has(Endpoint.Trait.RESPONSES) && !OTHERS.contains(path);
        String id = CONTENTS.contains(path) ? HeldIds.ofContent(value) : value;
        passed.house()
                .held()
                .bind(passed.caller().team(), id, owner, responses ? HeldIds.Life.RESPONSES : HeldIds.Life.KEPT);
    }

    @Override
    public void usage(TokenCount tokens) {
        if (passed.endpoint().has(Endpoint.Trait.METERED)) {
            passed.used(tokens);
        }
    }

    private static Set<String> union() {
        Set<String> all = new java.util.HashSet<>(OWN);
        all.addAll(OTHERS);
        all.addAll(CONTENTS);
        return all;
    }
}
