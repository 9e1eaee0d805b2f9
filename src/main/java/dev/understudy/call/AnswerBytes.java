package dev.understudy.call;

/**
 * What a model answered, as it left for the client: one JSON document, or the events of a stream one after the other.
 *
 * @param api in whose form it is
 * @param stream whether {@code bytes} are events
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record AnswerBytes(Api api, boolean stream, byte[] bytes) {
    /** An answer in the form of chat completions. */
    public AnswerBytes(boolean stream, byte[] bytes) {
        this(Api.CHAT, stream, bytes);
    }

    /** The record says how much it holds, never what. */
    @Override
    public String toString() {
        return "AnswerBytes[" + bytes.length + "]";
    }
}
