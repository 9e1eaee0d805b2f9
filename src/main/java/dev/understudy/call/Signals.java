package dev.understudy.call;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What kind of errand a call is. A signal that could not be had is null or its weakest value, and named in
 * {@code unknown} with the reason.
 *
 * @param site the call site, 16 hex digits; null when the endpoint has none
 * @param siteMatch how well the call fits its site
 * @param task name of the task (call site and phase); null when the site is unknown
 * @param taskState how far the task is known
 * @param toolsHash hash over the sorted tool names and their schemas; empty without tools
 * @param kind the errand's kind
 * @param phase where in its loop the agent stands
 * @param session who belongs together; never empty
 * @param sessionSource where the session was read: {@code header}, {@code conversation}, {@code response}, {@code
 *     metadata}, {@code derived} or {@code call}
 * @param turn user messages so far
 * @param tokens estimated input tokens
 * @param sensitivity label of the contents
 * @param loop whose tool loop it goes on with
 * @param latched whether the session is left to the large model for a while
 * @param slmOff whether small models are switched off
 * @param findings kinds of what was found in the contents: {@code secret}, {@code injection}; empty too where nobody
 *     asked to look
 * @param reasons one short sentence for each of site, task, kind, phase, session, tokens, and for loop, latched and
 *     slm_off where they stand out; no content
 * @param unknown signal to reason, for what failed
 * @param micros what looking cost
 */
public record Signals(
        @Nullable String site,
        SiteMatch siteMatch,
        @Nullable String task,
        TaskState taskState,
        String toolsHash,
        Kind kind,
        Phase phase,
        String session,
        String sessionSource,
        int turn,
        int tokens,
        Sensitivity sensitivity,
        Loop loop,
        boolean latched,
        boolean slmOff,
        Set<String> findings,
        Map<String, String> reasons,
        Map<String, String> unknown,
        long micros) {
    public Signals {
        findings = Set.copyOf(findings);
        reasons = Map.copyOf(reasons);
        unknown = Map.copyOf(unknown);
    }

    /** Signals of a call into whose contents nobody has looked. */
    public Signals(
            @Nullable String site,
            SiteMatch siteMatch,
            @Nullable String task,
            TaskState taskState,
            String toolsHash,
            Kind kind,
            Phase phase,
            String session,
            String sessionSource,
            int turn,
            int tokens,
            Sensitivity sensitivity,
            Loop loop,
            boolean latched,
            boolean slmOff,
            Map<String, String> reasons,
            Map<String, String> unknown,
            long micros) {
        this(
                site,
                siteMatch,
                task,
                taskState,
                toolsHash,
                kind,
                phase,
                session,
                sessionSource,
                turn,
                tokens,
                sensitivity,
                loop,
                latched,
                slmOff,
                Set.of(),
                reasons,
                unknown,
                micros);
    }

    /** The same with what a look into the contents has found, or failed to find. */
    public Signals with(Set<String> found, Map<String, String> why, Map<String, String> failed, long took) {
        return new Signals(
                site,
                siteMatch,
                task,
                taskState,
                toolsHash,
                kind,
                phase,
                session,
                sessionSource,
                turn,
                tokens,
                sensitivity,
                loop,
                latched,
                slmOff,
                found,
                why,
                failed,
                micros + took);
    }

    /** How well a call fits the outline of its site. */
    public enum SiteMatch {
        EXACT("exact"),
        EDITED("edited"),
        NEW("new"),
        NONE("none");

        private final String wire;

        SiteMatch(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }

    /** How far a task is known. */
    public enum TaskState {
        NEW("new"),
        KNOWN("known"),
        OTHER("other");

        private final String wire;

        TaskState(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }
}
