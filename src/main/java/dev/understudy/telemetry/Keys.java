package dev.understudy.telemetry;

/** Keys of log lines. A line is one event in the past tense followed by {@code key=value} pairs; never contents. */
public final class Keys {
    public static final String CALL = "call";
    public static final String TEAM = "team";
    public static final String APP = "app";
    public static final String LEVEL = "level";
    public static final String MODEL = "model";
    public static final String RULE = "rule";
    public static final String STATUS = "status";
    public static final String ERROR = "error";
    public static final String REASON = "reason";
    public static final String REVISION = "revision";
    public static final String COUNT = "count";
    public static final String MILLIS = "ms";
    public static final String PORT = "port";
    public static final String FILE = "file";
    public static final String ACTOR = "actor";

    private Keys() {}
}
