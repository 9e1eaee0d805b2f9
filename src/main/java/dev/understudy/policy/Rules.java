package dev.understudy.policy;

import dev.understudy.access.AccessRules;
import dev.understudy.access.BudgetPlan;
import dev.understudy.access.CallLimits;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Purpose;
import dev.understudy.call.Sensitivity;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes rules, ready to be asked, of what files of kind Access, Policy and Capture say; defaults are here. */
final class Rules {
    private static final List<String> ANY = List.of("*");
    /** Share of a budget at which a person is told. */
    private static final double SOFT_AT = 0.8;
    /** What a cascade's small model may take. */
    private static final int BUDGET_MILLIS = 2_500;
    /** Mirrors of one rule at a time. */
    private static final int MAX_INFLIGHT = 8;

    private Rules() {}

    /** Who may call. */
    static AccessRules access(List<AccessSpec> documents) {
        AccessRules.Anonymous anonymous = new AccessRules.Anonymous(AccessRules.Allow.NEVER, "", "");
        Map<String, AccessRules.Team> teams = new HashMap<>();
        for (AccessSpec document : documents) {
            AccessSpec.AnonymousSpec spec = document.anonymous();
            if (spec != null) {
                anonymous = new AccessRules.Anonymous(
                        Wire.of(AccessRules.Allow.values(), AccessRules.Allow::wire, spec.allow()),
                        spec.team() == null ? "" : spec.team(),
                        spec.app() == null ? "" : spec.app());
            }
            Lists.present(document.teams()).forEach(team -> teams.put(team.name(), team(team)));
        }
        return new AccessRules(anonymous, teams);
    }

    private static AccessRules.Team team(AccessSpec.TeamSpec team) {
        Set<Purpose> consent = team.consent() == null ? EnumSet.of(Purpose.DEBUG) : Wire.purposes(team.consent());
        Map<String, AccessRules.App> apps = new HashMap<>();
        Lists.present(team.apps()).forEach(app -> {
            Set<Purpose> both = EnumSet.noneOf(Purpose.class);
            both.addAll(consent);
            both.addAll(Wire.purposes(app.consent()));
            List<String> models = app.models() == null ? ANY : app.models();
            boolean human = Boolean.TRUE.equals(app.human());
            apps.put(
                    app.name(),
                    new AccessRules.App(app.name(), models, human, both, limits(app.limits()), budget(app.budget())));
        });
        Sensitivity floor = team.sensitivity() == null ? Sensitivity.INTERNAL : Wire.sensitivity(team.sensitivity());
        return new AccessRules.Team(
                team.name(), team.tags(), floor, limits(team.limits()), budget(team.budget()), apps);
    }

    private static CallLimits limits(AccessSpec.@Nullable LimitsSpec spec) {
        return spec == null
                ? CallLimits.NONE
                : new CallLimits(spec.requestsPerMinute(), spec.tokensPerMinute(), spec.concurrent());
    }

    private static @Nullable BudgetPlan budget(AccessSpec.@Nullable BudgetSpec spec) {
        if (spec == null) {
            return null;
        }
        return new BudgetPlan(
                spec.limit(),
                spec.window() == null
                        ? BudgetPlan.Window.MONTH
                        : Wire.of(BudgetPlan.Window.values(), BudgetPlan.Window::wire, spec.window()),
                spec.timezone() == null ? ZoneOffset.UTC : ZoneId.of(spec.timezone()),
                spec.softAt() == null ? SOFT_AT : spec.softAt().doubleValue());
    }

    /** One policy with its rules in order. */
    static Policy policy(String name, RulesSpec spec, Expressions expressions) {
        RulesSpec.AppliesTo applies = spec.appliesTo();
        List<String> teams = applies == null || applies.teams() == null ? ANY : applies.teams();
        List<String> apps = applies == null || applies.apps() == null ? ANY : applies.apps();
        List<Rule> rules = Lists.present(spec.rules())
                .map(rule -> rule(name + "/" + rule.id(), rule, expressions))
                .toList();
        return new Policy(
                name,
                spec.priority() == null ? 0 : spec.priority(),
                new Globs(teams),
                new Globs(apps),
                guard(name, spec.guard(), expressions),
                rules);
    }

    private static Rule rule(String id, RulesSpec.RuleSpec rule, Expressions expressions) {
        RulesSpec.RolloutSpec rollout = rule.rollout();
        return new Rule(
                id,
                match(rule.match(), rule.except(), rule.when(), expressions),
                action(rule.action()),
                rollout == null
                        ? null
                        : new Rollout(
                                rollout.percent().movePointRight(2).intValueExact(),
                                rollout.by() == null
                                        ? Rollout.By.SESSION
                                        : Wire.of(Rollout.By.values(), Rollout.By::wire, rollout.by()),
                                rollout.salt() == null ? id : rollout.salt()),
                guard(id, rule.guard(), expressions));
    }

    private static Guard guard(String owner, RulesSpec.@Nullable GuardSpec spec, Expressions expressions) {
        if (spec == null) {
            return Guard.NONE;
        }
        RulesSpec.InputSpec input = spec.input();
        RulesSpec.OutputSpec output = spec.output();
        List<Guard.OutputCheck> checks = new ArrayList<>();
        for (String text : output == null ? List.<String>of() : output.cel()) {
            checks.add(new Guard.OutputCheck(
                    owner + "/guard.output.cel[" + checks.size() + "]",
                    expressions.sound(text, Expressions.Scope.ANSWER)));
        }
        return new Guard(
                reaction(input == null ? null : input.secrets()),
                reaction(input == null ? null : input.injection()),
                output == null || output.secrets() == null
                        ? Demands.Secrets.OFF
                        : Demands.Secrets.valueOf(output.secrets().toUpperCase(Locale.ROOT)),
                checks);
    }

    private static Guard.Reaction reaction(@Nullable String word) {
        return word == null ? Guard.Reaction.OFF : Wire.of(Guard.Reaction.values(), Guard.Reaction::wire, word);
    }

    private static Rule.Action action(RulesSpec.ActionSpec action) {
        if (action.slm() != null) {
            String onFailure = action.slm().onFailure();
            return new Rule.Action.Slm(
                    action.slm().model(),
                    onFailure.equals("deny") ? null : onFailure,
                    action.slm().minMargin());
        }
        if (action.cascade() != null) {
            RulesSpec.CascadeSpec cascade = action.cascade();
            return new Rule.Action.Cascade(
                    cascade.first(),
                    cascade.escalateTo(),
                    Duration.ofMillis(cascade.budgetMs() == null ? BUDGET_MILLIS : cascade.budgetMs()),
                    cascade.minMargin());
        }
        if (action.shadow() != null) {
            RulesSpec.ShadowSpec shadow = action.shadow();
            return new Rule.Action.Shadow(
                    shadow.serve(),
                    shadow.mirror(),
                    shadow.sample() == null ? 1.0 : shadow.sample(),
                    shadow.maxInflight() == null ? MAX_INFLIGHT : shadow.maxInflight());
        }
        if (action.llm() != null) {
            List<String> targets = new ArrayList<>();
            targets.add(action.llm().model());
            targets.addAll(action.llm().fallbacks());
            return new Rule.Action.Llm(targets);
        }
        RulesSpec.DenySpec deny = Objects.requireNonNull(action.deny(), "deny");
        return new Rule.Action.Deny(new Decision.Denial(
                deny.status() == null ? 403 : deny.status(),
                deny.code() == null ? "policy_denied" : deny.code(),
                deny.message() == null ? "This call is denied by a rule of this gateway." : deny.message(),
                null));
    }

    /** What shall be written down of which call. */
    static CapturePlan capture(List<String> names, List<CaptureSpec> documents, Expressions expressions) {
        CaptureOrder.Level standard = CapturePlan.METADATA.standard();
        boolean storeFalseCounts = CapturePlan.METADATA.storeFalseCounts();
        List<CapturePlan.CaptureRule> rules = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            String name = names.get(i);
            CaptureSpec document = documents.get(i);
            if (document.standard() != null && document.standard().record() != null) {
                standard = Wire.level(document.standard().record());
            }
            storeFalseCounts = document.storeFalse() == null
                    ? storeFalseCounts
                    : document.storeFalse().equals("metadata");
            Lists.present(document.rules())
                    .map(rule -> captureRule(name, rule, expressions))
                    .forEach(rules::add);
        }
        return new CapturePlan(standard, storeFalseCounts, rules);
    }

    /** Secrets are masked also where a rule does not say so. */
    private static CapturePlan.CaptureRule captureRule(
            String document, CaptureSpec.CaptureRuleSpec rule, Expressions expressions) {
        return new CapturePlan.CaptureRule(
                document + "/" + rule.id(),
                match(rule.match(), rule.except(), rule.when(), expressions),
                Wire.level(rule.record()),
                rule.purposes() == null ? EnumSet.of(Purpose.DEBUG) : Wire.purposes(rule.purposes()),
                Set.of("secrets"));
    }

    private static Match match(
            @Nullable MatchSpec match, @Nullable MatchSpec except, @Nullable String when, Expressions expressions) {
        return new Match(
                conditions(match),
                conditions(except),
                when == null ? null : expressions.sound(when, Expressions.Scope.CALL));
    }

    /** In the order of the table: what concerns the caller first, since it is cheapest to look at. */
    private static List<Condition> conditions(@Nullable MatchSpec spec) {
        List<Condition> all = new ArrayList<>();
        if (spec == null) {
            return all;
        }
        names(all, MatchKey.TEAMS, spec.teams());
        names(all, MatchKey.APPS, spec.apps());
        names(all, MatchKey.KEYS, spec.keys());
        if (spec.tags() != null) {
            all.add(new Condition.Tags(spec.tags()));
        }
        names(all, MatchKey.CONSENT, spec.consent());
        names(all, MatchKey.MODEL, spec.model());
        names(all, MatchKey.API, spec.api());
        names(all, MatchKey.TASK, spec.task());
        names(all, MatchKey.KIND, spec.kind());
        names(all, MatchKey.PHASE, spec.phase());
        if (spec.tools() != null) {
            all.add(tools(spec.tools()));
        }
        names(all, MatchKey.TOOL_CHOICE, spec.toolChoice());
        names(all, MatchKey.RESPONSE_FORMAT, spec.responseFormat());
        range(all, MatchKey.TOKENS, spec.tokens());
        range(all, MatchKey.MAX_TOKENS, spec.maxTokens());
        range(all, MatchKey.TURNS, spec.turns());
        flag(all, MatchKey.STREAM, spec.stream());
        flag(all, MatchKey.IMAGES, spec.images());
        names(all, MatchKey.SENSITIVITY, spec.sensitivity());
        if (spec.unavailable() != null) {
            all.add(new Condition.Unavailable(spec.unavailable()));
        }
        return all;
    }

    private static void names(List<Condition> all, MatchKey key, @Nullable List<String> names) {
        if (names != null) {
            all.add(new Condition.OneOf(key, new Globs(names)));
        }
    }

    private static void range(List<Condition> all, MatchKey key, MatchSpec.@Nullable RangeSpec range) {
        if (range != null) {
            all.add(range.within(key));
        }
    }

    private static void flag(List<Condition> all, MatchKey key, @Nullable Boolean value) {
        if (value != null) {
            all.add(new Condition.Is(key, value));
        }
    }

    private static Condition.Tools tools(MatchSpec.ToolsSpec tools) {
        List<Globs> allOf = new ArrayList<>();
        if (tools.allOf() != null) {
            tools.allOf().forEach(name -> allOf.add(new Globs(List.of(name))));
        }
        return new Condition.Tools(
                tools.anyOf() == null ? null : new Globs(tools.anyOf()),
                allOf,
                tools.noneOf() == null ? null : new Globs(tools.noneOf()),
                tools.count() == null ? null : tools.count().within(MatchKey.TOOLS));
    }
}
