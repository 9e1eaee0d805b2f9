package dev.understudy.admin;

import dev.understudy.capture.KeptBody;
import dev.understudy.usage.CallStory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call's whole way and, for those who may read them, its contents.
 *
 * @param bodies null for those who may not; empty when none were kept
 */
record OneCall(CallStory story, @Nullable List<KeptBody> bodies) {}
