package dev.understudy.call;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was asked: the original bytes and what was read from them, once.
 *
 * @param id UUIDv7, the call's name everywhere
 * @param receivedAt when its head arrived
 * @param receivedNanos the monotonic clock at that moment, from which all times are measured
 * @param api the part of the surface
 * @param body the bytes as they came; never changed, edits are splices into a copy
 * @param model as requested
 * @param modelSpan the model's value in the body, quotes included
 * @param stream whether the answer shall come as events
 * @param includeUsage whether the caller asked for a usage chunk
 * @param streamOptions the value of {@code stream_options} in the body, or null
 * @param messages in order
 * @param tools in order
 * @param toolChoice as sent, or {@link ToolChoice.Auto} with tools and {@link ToolChoice.None} without
 * @param parallelToolCalls as sent; true by default
 * @param responseFormat as sent; text by default
 * @param maxTokens {@code max_completion_tokens}, else {@code max_tokens}; null when unset
 * @param n answers asked for; 1 by default
 * @param reasoningEffort as sent, or null
 * @param store as sent, or null
 * @param parameters names of all top-level keys
 * @param headers request headers of the allow-list, names in lower case
 * @param metadata string values of {@code metadata}
 * @param user {@code safety_identifier}, else {@code user}, or null
 * @param promptCacheKey as sent, or null
 * @param tierForced whether the caller forbids the small model for this call
 * @param references what it names that only one upstream can resolve
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record Call(
        UUID id,
        Instant receivedAt,
        long receivedNanos,
        Api api,
        byte[] body,
        String model,
        Span modelSpan,
        boolean stream,
        boolean includeUsage,
        @Nullable Span streamOptions,
        List<Message> messages,
        List<Tool> tools,
        ToolChoice toolChoice,
        boolean parallelToolCalls,
        ResponseFormat responseFormat,
        @Nullable Integer maxTokens,
        int n,
        @Nullable String reasoningEffort,
        @Nullable Boolean store,
        Set<String> parameters,
        Map<String, String> headers,
        Map<String, String> metadata,
        @Nullable String user,
        @Nullable String promptCacheKey,
        boolean tierForced,
        References references) {
    public Call {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
        parameters = Set.copyOf(parameters);
        headers = Map.copyOf(headers);
        metadata = Map.copyOf(metadata);
    }

    /** Whether the call says which model is asked; some of those that are passed through do not. */
    public boolean namesModel() {
        return api != Api.OTHER || modelSpan.length() > 0;
    }

    /**
     * The same call with what is read of a body that is passed on.
     *
     * @param named null when the body names no model
     */
    public Call passedOn(byte[] bytes, @Nullable String named, Span namedSpan, Map<String, String> kept) {
        return new Call(
                id,
                receivedAt,
                receivedNanos,
                api,
                bytes,
                named == null ? model : named,
                namedSpan,
                stream,
                includeUsage,
                streamOptions,
                messages,
                tools,
                toolChoice,
                parallelToolCalls,
                responseFormat,
                maxTokens,
                n,
                reasoningEffort,
                store,
                parameters,
                kept,
                metadata,
                user,
                promptCacheKey,
                tierForced,
                references);
    }

    /** Microseconds from the call's arrival to {@code nanos} of the monotonic clock. */
    public long microsAt(long nanos) {
        return (nanos - receivedNanos) / 1_000;
    }

    /** The record says which call it is, never what is in it. */
    @Override
    public String toString() {
        return "Call[" + id + "]";
    }
}
