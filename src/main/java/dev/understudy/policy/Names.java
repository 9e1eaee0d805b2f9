package dev.understudy.policy;

/** The forms of names in files. */
final class Names {
    /** Names that ops give. */
    static final String REGEX = "[a-z][a-z0-9-]{0,62}";

    /** A path that stays below its folder. */
    static final String BELOW = "(?!/)(?!.*(?:^|/)\\.\\.(?:/|$)).+";

    /** What is wrong with a path that does not. */
    static final String BELOW_MESSAGE = "must be a path below its folder";

    private Names() {}
}
