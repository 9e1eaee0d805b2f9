package dev.understudy.policy;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code spec} of kind Capture, as written. */
record CaptureSpec(
        @JsonProperty("default") @Nullable StandardSpec standard,
        @Nullable String storeFalse,
        List<@Nullable @Valid CaptureRuleSpec> rules) {
    CaptureSpec {
        rules = Lists.orEmpty(rules);
    }

    /** For calls that no rule is for. */
    record StandardSpec(@Nullable String record) {}

    /** One rule. */
    record CaptureRuleSpec(
            @Pattern(regexp = Names.REGEX) String id,
            @Nullable @Valid MatchSpec match,
            @Nullable @Valid MatchSpec except,
            @Nullable String when,
            String record,
            @Nullable List<String> purposes,
            @Nullable RedactSpec redact) {}

    /** What is masked before a body is stored. */
    record RedactSpec(List<String> detectors, @Nullable String mode) {}
}
