package dev.understudy.policy;

/** Whether a condition holds. What is unknown fails a {@code match} and hits an {@code except}. */
enum Truth {
    YES,
    NO,
    UNKNOWN;

    static Truth of(boolean holds) {
        return holds ? YES : NO;
    }
}
