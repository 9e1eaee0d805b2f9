package dev.understudy.call;

/**
 * What a model answered, as it left for the client: one JSON document, or the events of a stream one after the other.
 *
 * @param stream whether {@code bytes} are events
 */
public record AnswerBytes(boolean stream, byte[] bytes) {
    /** The record says how much it holds, never what. */
    @Override
    public String toString() {
        return "AnswerBytes[" + bytes.length + "]";
    }
}
