package dev.understudy.call;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, and what they may.
 *
 * @param team the tenant
 * @param app one of the team's apps
 * @param keyId the key that was shown, or null for an anonymous caller
 * @param tags of team and key
 * @param models globs of the model names that this app may ask for
 * @param human whether people type through this app
 * @param consent what bodies may be used for
 * @param subject keyed hash of the end user, or null
 * @param sensitivityFloor every call of this caller is at least so delicate
 * @param providerKey the caller's own credential for the upstream, or null
 * @param budgetUsed spent share of its budget, over 1 when overspent; null without one
 * @param budgetLeft what may still be spent, in the catalogue's currency; null without a budget
 */
public record Caller(
        String team,
        String app,
        @Nullable UUID keyId,
        Map<String, String> tags,
        List<String> models,
        boolean human,
        Set<Purpose> consent,
        @Nullable String subject,
        Sensitivity sensitivityFloor,
        @Nullable Secret providerKey,
        @Nullable Double budgetUsed,
        @Nullable Double budgetLeft) {
    public Caller {
        tags = Map.copyOf(tags);
        models = List.copyOf(models);
        consent = Set.copyOf(consent);
    }

    /** A caller without a budget. */
    public Caller(
            String team,
            String app,
            @Nullable UUID keyId,
            Map<String, String> tags,
            List<String> models,
            boolean human,
            Set<Purpose> consent,
            @Nullable String subject,
            Sensitivity sensitivityFloor,
            @Nullable Secret providerKey) {
        this(team, app, keyId, tags, models, human, consent, subject, sensitivityFloor, providerKey, null, null);
    }

    /** The same caller with what is left of its budget. */
    public Caller withBudget(@Nullable Double used, @Nullable Double left) {
        return new Caller(
                team, app, keyId, tags, models, human, consent, subject, sensitivityFloor, providerKey, used, left);
    }

    /** Whether no key of ours was shown. */
    public boolean anonymous() {
        return keyId == null;
    }
}
