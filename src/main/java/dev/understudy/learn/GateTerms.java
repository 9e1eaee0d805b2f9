package dev.understudy.learn;

/**
 * What a gate asks for before it opens, as a policy file says it.
 *
 * @param p0 share of right answers to beat, in (0.5, 1)
 * @param alpha chance of a promotion that p0 does not deserve
 * @param minSamples counted verdicts at least
 * @param autoPromote how far it climbs without a person
 * @param audit share of sessions that go on being compared, in (0, 1]
 */
public record GateTerms(double p0, double alpha, int minSamples, AutoPromote autoPromote, double audit) {
    /** What holds where a file says nothing. */
    public static final GateTerms USUAL = new GateTerms(0.95, 0.05, 300, AutoPromote.SHADOW, 0.04);

    public GateTerms {
        if (!(p0 > 0.5 && p0 < 1) || !(alpha > 0 && alpha < 1) || minSamples < 1 || !(audit > 0 && audit <= 1)) {
            throw new IllegalArgumentException(
                    "no gate: p0 " + p0 + ", alpha " + alpha + ", minSamples " + minSamples + ", audit " + audit);
        }
    }

    /** How far a gate climbs by itself; what goes beyond is proposed to a person. */
    public enum AutoPromote {
        NONE("none"),
        SHADOW("shadow"),
        SERVE("serve");

        private final String wire;

        AutoPromote(String wire) {
            this.wire = wire;
        }

        /** The name in policy files. */
        public String wire() {
            return wire;
        }
    }
}
