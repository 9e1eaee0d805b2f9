package dev.understudy.admin.cli;

import java.io.PrintWriter;

/** A count that goes up: in a terminal one line that is written over, elsewhere a line for every tenth. */
final class Progress {

    private static final int TENTHS = 10;

    private final PrintWriter out;
    private final String what;
    private final int all;
    private final boolean terminal;
    private int shown;

    Progress(PrintWriter out, String what, int all, boolean terminal) {
        this.out = out;
        this.what = what;
        this.all = all;
        this.terminal = terminal;
    }

    /** Called from one thread at a time, with a number that does not go down. */
    void show(int done) {
        String line = "%d of %d %s".formatted(done, all, what);
        if (terminal) {
            out.print("\r" + line);
            out.flush();
        } else if (done * TENTHS / all > shown) {
            shown = done * TENTHS / all;
            out.println(line);
            out.flush();
        }
    }

    /** Leaves the line. */
    void end() {
        if (terminal) {
            out.println();
        }
    }
}
