package dev.understudy.inspect;

/**
 * A signal and why it is so.
 *
 * @param reason one short sentence for people; no content
 */
record Reasoned<T>(T value, String reason) {}
