package dev.understudy.model;

import io.vertx.core.buffer.Buffer;

/**
 * A name that an upstream says it knows.
 *
 * @param id the name to ask for
 * @param json what the upstream says of it: one JSON object whose {@code id} is that name
 */
public record ListedModel(String id, Buffer json) {}
