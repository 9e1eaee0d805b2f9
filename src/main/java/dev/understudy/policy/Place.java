package dev.understudy.policy;

/**
 * Where something stands in a file.
 *
 * @param line from 1; 0 for the whole file
 * @param column from 1; 0 for the whole file
 */
record Place(String file, int line, int column) {
    /** A file as a whole. */
    static Place file(String file) {
        return new Place(file, 0, 0);
    }

    /** A problem here. */
    Problem problem(Problem.Code code, String message, String hint) {
        return new Problem(file, line, column, code, message, hint);
    }

    /** A problem here that needs no hint. */
    Problem problem(Problem.Code code, String message) {
        return problem(code, message, "");
    }

    /** Line and column, for a message about another place of the same file. */
    String inFile() {
        return line + ":" + column;
    }
}
