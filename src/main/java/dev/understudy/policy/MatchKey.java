package dev.understudy.policy;

/** What a rule can look at. */
enum MatchKey {
    TEAMS("teams"),
    APPS("apps"),
    KEYS("keys"),
    TAGS("tags"),
    CONSENT("consent"),
    MODEL("model"),
    API("api"),
    TASK("task"),
    KIND("kind"),
    PHASE("phase"),
    TOOLS("tools"),
    TOOL_CHOICE("toolChoice"),
    RESPONSE_FORMAT("responseFormat"),
    TOKENS("tokens"),
    MAX_TOKENS("maxTokens"),
    TURNS("turns"),
    STREAM("stream"),
    IMAGES("images"),
    SENSITIVITY("sensitivity"),
    UNAVAILABLE("unavailable");

    private final String wire;

    MatchKey(String wire) {
        this.wire = wire;
    }

    /** The key in policy files. */
    String wire() {
        return wire;
    }
}
