package dev.understudy.slm;

/** An adapter that does not fit its base, or is of a kind that is not served. The message names what was found and what is wanted. */
public final class AdapterRefused extends Exception {

    private static final long serialVersionUID = 1L;

    public AdapterRefused(String message) {
        super(message);
    }
}
