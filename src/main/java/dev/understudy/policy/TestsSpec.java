package dev.understudy.policy;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code spec} of kind PolicyTests, as written. What a case does not say of a call is unknown. */
record TestsSpec(@Nullable CoverageSpec coverage, List<@Nullable CaseSpec> cases) {
    TestsSpec {
        cases = Lists.orEmpty(cases);
    }

    /** How much of the rules the cases must reach. */
    record CoverageSpec(@Nullable @Min(0) @Max(100) Integer minRules) {}

    /** One call, and what must become of it. */
    record CaseSpec(String name, @Nullable GivenSpec given, ExpectSpec expect) {}

    /** What is known of the call. */
    record GivenSpec(
            @Nullable CallerSpec caller,
            @Nullable RequestSpec req,
            @Nullable TaskSpec task,
            @Nullable ContentsSpec data,
            @Nullable BudgetSpec budget,
            List<String> unavailable,
            @Nullable SignalsSpec signals,
            @Nullable String now) {
        GivenSpec {
            unavailable = Lists.orEmpty(unavailable);
        }
    }

    /** Who asks. */
    record CallerSpec(
            @Nullable String team,
            @Nullable String app,
            @Nullable String key,
            @Nullable Map<String, String> tags) {}

    /** What is asked. */
    record RequestSpec(
            @Nullable String model,
            @Nullable String api,
            @Nullable String phase,
            @Nullable List<String> tools,
            @Nullable String toolChoice,
            @Nullable String format,
            @Nullable Integer tokens,
            @Nullable Integer maxTokens,
            @Nullable Integer turns,
            @Nullable Boolean stream,
            @Nullable Boolean images,
            @Nullable String session,
            @Nullable Map<String, String> headers,
            @Nullable Map<String, String> metadata) {}

    /** Which errand it is. */
    record TaskSpec(
            @Nullable String name,
            @Nullable String site,
            @Nullable String kind) {}

    /** What is in it. */
    record ContentsSpec(@Nullable String sensitivity, List<String> findings) {
        ContentsSpec {
            findings = Lists.orEmpty(findings);
        }
    }

    /** What the caller has spent. */
    record BudgetSpec(@Nullable Double used, @Nullable Double left) {}

    /**
     * What stands over the rules.
     *
     * @param loop {@code llm}, or the small model that owns the open tool loop
     */
    record SignalsSpec(
            @Nullable String loop,
            @Nullable Boolean latched,
            @Nullable Boolean slmOff,
            @Nullable Boolean tierForced) {}

    /**
     * What must become of it.
     *
     * @param rule full id of the rule that decides
     * @param model the one that is asked first
     * @param never none of these may be asked
     * @param mirror the model that answers beside
     * @param deny the code of the answer in place of a model's
     */
    record ExpectSpec(
            @Nullable String rule,
            @Nullable String action,
            @Nullable String model,
            @Nullable Integer bucket,
            List<String> never,
            @Nullable String basis,
            @Nullable String mirror,
            @Nullable String deny) {
        ExpectSpec {
            never = Lists.orEmpty(never);
        }
    }
}
