package dev.understudy.database;

/** Why the data folder or the database cannot be used: one line for people, the remedy in it. It carries no trace. */
public final class StoreFailure extends Exception {
    public StoreFailure(String message) {
        super(message, null, false, false);
    }
}
