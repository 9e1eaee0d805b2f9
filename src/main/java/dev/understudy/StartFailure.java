package dev.understudy;

/** Why the gateway cannot start, in one line for a person: what is wrong and what to do. Without a stack trace. */
final class StartFailure extends Exception {

    private static final long serialVersionUID = 1L;

    StartFailure(String message) {
        super(message, null, false, false);
    }
}
