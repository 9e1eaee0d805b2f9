package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import dev.understudy.openai.JsonSkim;
import java.util.List;
import java.util.Set;

/** A chat completion that its upstream was asked to keep: its id is bound before the client sees it. */
final class StoredChat implements JsonSkim.Listener {
    private static final Set<String> ID = Set.of("id");

    private final HeldIds held;
    private final String team;
    private final HeldIds.Owner owner;

    StoredChat(HeldIds held, String team, HeldIds.Owner owner) {
        this.held = held;
        this.team = team;
        this.owner = owner;
    }

    /** The first frames of the answer, or the whole of it. */
    void show(List<Frame> frames) {
        JsonSkim skim = new JsonSkim(ID, this);
        for (int i = 0; i < frames.size(); i++) {
            skim.feed(frames.get(i).bytes());
        }
    }

    @Override
    public void text(String path, String value) {
        held.bind(team, value, owner, HeldIds.Life.KEPT);
    }

    @Override
    public void usage(TokenCount tokens) {
        // Counted where the answer is read.
    }
}
