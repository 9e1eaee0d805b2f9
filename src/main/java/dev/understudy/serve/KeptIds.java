package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.model.AnswerSink;

/** What the answers to one call show that their upstream keeps: bound to it, so that later calls find it again. */
final class KeptIds {
    private final HeldIds held;
    private final String team;
    private final Call call;

    KeptIds(HeldIds held, String team, Call call) {
        this.held = held;
        this.team = team;
        this.call = call;
    }

    /** An answer that is on its way shows something. */
    void shown(Try by, AnswerSink.Shown kind, String id) {
        new Holders(held).bind(team, owner(by), kind, id, !Boolean.FALSE.equals(call.store()));
    }

    /** An answer is about to leave: a chat completion that is kept has an id of its own. */
    void leaving(Try by) {
        if (call.api() == Api.CHAT && Boolean.TRUE.equals(call.store()) && !by.isSmall()) {
            new StoredChat(held, team, owner(by)).show(by.heldFrames());
        }
    }

    private static HeldIds.Owner owner(Try by) {
        return HeldIds.Owner.of(by.card().name(), by.key());
    }
}
