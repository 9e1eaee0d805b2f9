package dev.understudy.policy;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Message;
import dev.understudy.call.Signals;
import dev.understudy.model.Catalogue;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a rule may look at, for one call.
 *
 * @param assumedLacking the models that count as unusable by configuration, in a test case; null: look
 */
record Facts(
        Call call,
        Caller caller,
        Signals signals,
        Catalogue catalogue,
        Function<String, Readiness> readiness,
        @Nullable Set<String> assumedLacking) {
    /** The name of the user messages so far among the signals. */
    static final String TURN = "turn";

    /** The facts of a call that has come. */
    Facts(Call call, Caller caller, Signals signals, Catalogue catalogue, Function<String, Readiness> readiness) {
        this(call, caller, signals, catalogue, readiness, null);
    }

    /** Whether nothing is known of what that key looks at. */
    boolean isUnknown(MatchKey key) {
        return isUnknown(key == MatchKey.TURNS ? TURN : key.wire());
    }

    /** Whether {@code inspect} could not say that much. */
    boolean isUnknown(String signal) {
        return !signals.unknown().isEmpty() && signals.unknown().containsKey(signal);
    }

    /** Whether some message carries a picture. */
    boolean hasImages() {
        return hasPart("image_url");
    }

    /** Whether some message has a part of that kind. */
    boolean hasPart(String kind) {
        List<Message> messages = call.messages();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).partKinds().contains(kind)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Why that model lacks files, a library or, for this call, a credential; null when it lacks none. A matter of
     * configuration, never of health.
     */
    @Nullable
    String lack(String model) {
        if (assumedLacking != null) {
            return assumedLacking.contains(model) ? "lacks what it needs, as the case says" : null;
        }
        ModelCard card = catalogue.cards().get(model);
        if (card == null) {
            return "is not in the catalogue";
        }
        if (card.place() instanceof ModelCard.Place.Upstream upstream) {
            switch (upstream.credential()) {
                case ModelCard.Credential.Forward forward -> {
                    if (caller.providerKey() == null) {
                        return "has no key of its own and the caller sent none";
                    }
                }
                case ModelCard.Credential.Missing missing -> {
                    return "lacks its key: " + missing.missing() + " is not set";
                }
                case ModelCard.Credential.None none -> {}
                case ModelCard.Credential.Ours ours -> {}
            }
        }
        Readiness ready = readiness.apply(model);
        return ready.state() == Readiness.State.UNAVAILABLE ? ready.reason() : null;
    }
}
