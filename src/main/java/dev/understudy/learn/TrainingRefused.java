package dev.understudy.learn;

/** Why rows, a base or a trainer cannot be used, in one line for a person; rows are named by file and line. */
public final class TrainingRefused extends Exception {

    private static final long serialVersionUID = 1L;

    public TrainingRefused(String message) {
        super(message);
    }
}
