package dev.understudy.policy;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code spec} of kind Access, as written. */
record AccessSpec(
        Map<String, Object> sensitivity,
        @Nullable @Valid AnonymousSpec anonymous,
        List<@Nullable @Valid TeamSpec> teams) {
    AccessSpec {
        sensitivity = Lists.orEmpty(sensitivity);
        teams = Lists.orEmpty(teams);
    }

    /** Callers without a key. */
    record AnonymousSpec(
            String allow, @Nullable String team, @Nullable String app) {
        @AssertTrue(message = "anonymous callers need team and app, unless allow is never")
        boolean isSomebody() {
            return allow.equals("never") || (team != null && app != null);
        }
    }

    /** One team. */
    record TeamSpec(
            @Pattern(regexp = Names.REGEX) String name,
            Map<String, String> tags,
            @Nullable String sensitivity,
            @Nullable List<String> consent,
            @Nullable @Valid LimitsSpec limits,
            @Nullable @Valid BudgetSpec budget,
            @NotEmpty List<@Nullable @Valid AppSpec> apps) {
        TeamSpec {
            tags = Lists.orEmpty(tags);
            apps = Lists.orEmpty(apps);
        }
    }

    /** One app. */
    record AppSpec(
            @Pattern(regexp = Names.REGEX) String name,
            @Nullable List<String> models,
            @Nullable Boolean human,
            @Nullable List<String> consent,
            @Nullable @Valid LimitsSpec limits,
            @Nullable @Valid BudgetSpec budget) {}

    /** How much may be asked for. */
    record LimitsSpec(
            @Nullable @Min(1) Integer requestsPerMinute,
            @Nullable @Min(1) Integer tokensPerMinute,
            @Nullable @Min(1) Integer concurrent) {}

    /** How much may be spent. */
    record BudgetSpec(
            @PositiveOrZero BigDecimal limit,
            @Nullable String window,
            @Nullable String timezone,
            @Nullable @DecimalMin("0") @DecimalMax("1") BigDecimal softAt,
            @Nullable String onHard) {
        @AssertTrue(message = "timezone must be a name such as UTC or Europe/Berlin")
        boolean isSomewhere() {
            try {
                return timezone == null || ZoneId.of(timezone).getId().equals(timezone);
            } catch (DateTimeException e) {
                return false;
            }
        }
    }
}
