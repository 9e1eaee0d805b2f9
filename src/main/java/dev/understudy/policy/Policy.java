package dev.understudy.policy;

import java.util.List;

/**
 * One document of kind Policy.
 *
 * @param priority higher ones are asked first
 * @param teams callers of other teams are not its business
 * @param apps nor are those of other apps
 * @param guard of every call that it is about, whichever rule decides
 */
record Policy(String name, int priority, Globs teams, Globs apps, Guard guard, List<Rule> rules) {
    Policy {
        rules = List.copyOf(rules);
    }
}
