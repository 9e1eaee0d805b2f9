package dev.understudy.capture;

/**
 * Contents of a call as they were kept, secrets masked.
 *
 * @param n 0 for the request, else the attempt that answered so
 * @param json the document; only its beginning when {@code cut}
 * @param cut whether the rest was left out because it is too long to read
 */
public record KeptBody(int n, String json, boolean cut) {
    /** The record says how much it holds, never what. */
    @Override
    public String toString() {
        return "KeptBody[" + n + ", " + json.length() + "]";
    }
}
