package dev.understudy.policy;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code spec} of kind Policy, as written. */
record RulesSpec(
        @Nullable @Min(-1_000_000) @Max(1_000_000) Integer priority,
        @Nullable AppliesTo appliesTo,
        @Nullable GuardSpec guard,
        List<@Nullable @Valid RuleSpec> rules) {
    RulesSpec {
        rules = Lists.orEmpty(rules);
    }

    /** Whose calls a policy is about. */
    record AppliesTo(@Nullable List<String> teams, @Nullable List<String> apps) {}

    /** One rule. */
    record RuleSpec(
            @Pattern(regexp = Names.REGEX) String id,
            @Nullable @Valid MatchSpec match,
            @Nullable @Valid MatchSpec except,
            @Nullable String when,
            @Valid ActionSpec action,
            @Nullable String gate,
            @Nullable @Valid RolloutSpec rollout,
            @Nullable GuardSpec guard) {}

    /** What a rule does: one of these. */
    record ActionSpec(
            @Nullable SlmSpec slm,
            @Nullable LlmSpec llm,
            @Nullable CascadeSpec cascade,
            @Nullable ShadowSpec shadow,
            @Nullable @Valid DenySpec deny) {}

    /** A small model answers. */
    record SlmSpec(String model, String onFailure, @Nullable Double minMargin) {}

    /** A large model answers. */
    record LlmSpec(String model, List<String> fallbacks) {
        LlmSpec {
            fallbacks = Lists.orEmpty(fallbacks);
        }
    }

    /** A small model answers what it answers well, a large one the rest. */
    record CascadeSpec(
            String first,
            String escalateTo,
            @Nullable Integer budgetMs,
            @Nullable Double minMargin) {}

    /** A large model answers, a small one beside it. */
    record ShadowSpec(
            String serve,
            String mirror,
            @Nullable Double sample,
            @Nullable Integer maxInflight) {}

    /** What is looked for in calls and answers. */
    record GuardSpec(@Nullable InputSpec input, @Nullable OutputSpec output) {}

    /** In calls. */
    record InputSpec(@Nullable String secrets, @Nullable String injection) {}

    /** In answers. */
    record OutputSpec(@Nullable String secrets, List<String> cel) {
        OutputSpec {
            cel = Lists.orEmpty(cel);
        }
    }

    /** For which share of calls a rule holds. */
    record RolloutSpec(
            BigDecimal percent,
            @Nullable String by,
            @Nullable String salt) {
        @AssertTrue(message = "percent takes two decimals")
        boolean isInHundredths() {
            return percent.stripTrailingZeros().scale() <= 2;
        }
    }

    /** Nobody answers. */
    record DenySpec(
            @Nullable @Min(400) @Max(499) Integer status,
            @Nullable String code,
            @Nullable @Size(max = 500) String message) {
        @AssertTrue(message = "status must not be 408 or 409, which clients take for a reason to try again")
        boolean isFinal() {
            return status == null || (status != 408 && status != 409);
        }
    }
}
