package dev.understudy.policy;

/** Why a model cannot take a call, in the order in which the reasons are looked for, and what the caller is told. */
enum Unfit {
    SLM_OFF("slm_off", 403, "no_eligible_model"),
    TIER_FORCED("tier_forced", 403, "no_eligible_model"),
    GUARD("guard", 403, "no_eligible_model"),
    /** Never the last: who is dropped so leaves a large model behind. */
    LATCHED("latched", 403, "no_eligible_model"),
    /** Never the last: who is dropped so leaves a large model behind. */
    LOCKED("locked", 403, "no_eligible_model"),
    RESTRICTED("restricted", 403, "no_eligible_model"),
    API("api", 400, "unsupported_parameter"),
    MODALITY("modality", 400, "unsupported_parameter"),
    PARAMETER("parameter", 400, "unsupported_parameter"),
    HOSTED("hosted", 400, "unsupported_parameter"),
    TOOLS("tools", 400, "unsupported_value"),
    SCHEMA("schema", 400, "unsupported_value"),
    CONTEXT("context", 400, "context_length_exceeded"),
    UNAVAILABLE("unavailable", 503, "no_eligible_model"),
    FAILING("failing", 503, "server_is_overloaded"),
    BUSY("busy", 503, "server_is_overloaded");

    private final String code;
    private final int status;
    private final String error;

    Unfit(String code, int status, String error) {
        this.code = code;
        this.status = status;
        this.error = error;
    }

    /** The code that is stored. */
    String code() {
        return code;
    }

    /** The status when nobody else is left. */
    int status() {
        return status;
    }

    /** The error code on the wire when nobody else is left. */
    String error() {
        return error;
    }
}
