package dev.understudy.admin.cli;

/** Why a command could not do its work, in one line for a person: what is wrong and what to do. Ends with exit status 1. */
public final class CommandFailure extends Exception {

    private static final long serialVersionUID = 1L;

    /** A failure whose message is all that a person needs; it has no stack trace. */
    public CommandFailure(String message) {
        super(message, null, false, false);
    }
}
