package dev.understudy.policy;

import java.util.Comparator;

/**
 * One thing that is wrong in the files.
 *
 * @param file path below the folder of policies, with slashes
 * @param line from 1; 0 when the whole file or folder is meant
 * @param column from 1; 0 when the whole file or folder is meant
 * @param hint what to do, or empty
 */
public record Problem(String file, int line, int column, Code code, String message, String hint) {
    /** Files in order, then lines, then columns. */
    static final Comparator<Problem> IN_ORDER = Comparator.comparing(Problem::file)
            .thenComparingInt(Problem::line)
            .thenComparingInt(Problem::column)
            .thenComparing(Problem::code);

    /** Whether it keeps the set from being activated. */
    public boolean isError() {
        return code.isError();
    }

    /** As {@code routing.yaml:31:7  E202  unknown field 'actoin' (did you mean 'action'?)}. */
    @Override
    public String toString() {
        String where = line == 0 ? file : file + ":" + line + ":" + column;
        return where + "  " + code.wire() + "  " + message + (hint.isEmpty() ? "" : " (" + hint + ")");
    }

    /** What can be wrong. The first digit is the stage that finds it. */
    public enum Code {
        SYNTAX("E101"),
        LIMIT("E102"),
        DUPLICATE_KEY("E103"),
        ENVELOPE("E104"),
        MISSING("E201"),
        UNKNOWN_FIELD("E202"),
        TYPE("E203"),
        RANGE("E204"),
        VALUE_UNSET("E205"),
        LATER_VERSION("E206"),
        UNKNOWN_MODEL("E301"),
        UNKNOWN_TEAM("E302"),
        ADAPTER_BASE("E304"),
        DUPLICATE_NAME("E305"),
        CEL_UNKNOWN("E401"),
        CEL_TYPE("E402"),
        CEL_NOT_BOOL("E403"),
        CEL_LIMIT("E404"),
        CEL_MISPLACED("E405"),
        NO_CATCH_ALL("E501"),
        WRONG_TIER("E502"),
        TARGET_TWICE("E503"),
        DENY_CODE("E504"),
        LITERAL_SECRET("E505"),
        CURRENCY("E506"),
        GATE("E507"),
        UNREACHABLE("W601"),
        SHADOWED("W602"),
        NO_PRICE("W604"),
        GATE_NONE("W609"),
        UNTESTED("W610"),
        CASE_FAILED("T701"),
        COVERAGE("T702");

        private final String wire;

        Code(String wire) {
            this.wire = wire;
        }

        /** The code as people see it. */
        public String wire() {
            return wire;
        }

        /** Whether it keeps the set from being activated. */
        public boolean isError() {
            return !wire.startsWith("W");
        }
    }
}
