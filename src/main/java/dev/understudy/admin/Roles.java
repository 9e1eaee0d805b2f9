package dev.understudy.admin;

import java.util.Set;

/** What a person may do, from reading to everything. Each role holds those before it. */
public final class Roles {
    /** Reads figures and decisions, no contents. */
    public static final String ANALYST = "analyst";
    /** Also reads bodies, reloads policies, switches the small model. */
    public static final String OPS = "ops";
    /** Also makes and revokes keys. */
    public static final String ADMIN = "admin";

    /** All of them: what the admin token carries. */
    static final Set<String> ALL = Set.of(ANALYST, OPS, ADMIN);

    private Roles() {}
}
