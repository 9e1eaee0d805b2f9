package dev.understudy.access;

/** A caller was turned away for what it showed, or did not show. It carries no stack trace and never the key. */
public final class AccessDenied extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public AccessDenied(Reason reason) {
        super(reason.message, null, false, false);
        this.reason = reason;
    }

    /** Why; the message says the same in a sentence for the caller. */
    public Reason reason() {
        return reason;
    }

    /** Why a caller was turned away. */
    public enum Reason {
        MISSING(
                "missing",
                "No API key was given. Send one as 'Authorization: Bearer <key>'; keys are made by './understudy key"
                        + " create'."),
        EMPTY("empty", "The API key is empty. Send one as 'Authorization: Bearer <key>', or no such header at all."),
        SEVERAL("several", "More than one API key was given. Send one, as 'Authorization: Bearer <key>'."),
        MALFORMED(
                "malformed",
                "The API key is not in a form that can be read. Send it as 'Authorization: Bearer <key>'."),
        UNKNOWN("unknown", "The API key is not known here."),
        EXPIRED("expired", "The API key has expired."),
        REVOKED("revoked", "The API key was revoked."),
        NO_TEAM("no_team", "The API key belongs to a team or app that no longer exists.");

        private final String wire;
        private final String message;

        Reason(String wire, String message) {
            this.wire = wire;
            this.message = message;
        }

        /** The name in logs. */
        public String wire() {
            return wire;
        }
    }
}
