package dev.understudy.access;

/**
 * The store of held ids cannot be reached and an id is not among those remembered: nobody can say yet who holds it.
 * Worth trying again. It carries no stack trace of its own.
 */
public final class IdsUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    public IdsUnavailable(Throwable cause) {
        super("It cannot be looked up at the moment who holds that id. Please try again.", cause, false, false);
    }
}
