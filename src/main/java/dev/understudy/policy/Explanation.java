package dev.understudy.policy;

import dev.understudy.call.Attempt;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Purpose;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * How a call was decided, rule by rule.
 *
 * @param revision of the set that was asked
 * @param caller team and app
 * @param call what was seen of the call, in words
 * @param rules every rule of every policy, in the order in which they are asked
 * @param decision what the gateway would do
 */
public record Explanation(String revision, String caller, String call, List<Line> rules, Decision decision) {
    public Explanation {
        rules = List.copyOf(rules);
    }

    /**
     * One rule.
     *
     * @param rule its full id
     * @param verdict whether it decides
     * @param key the first key that keeps it from holding, as {@code match.task}; empty when it holds
     */
    public record Line(String rule, Verdict verdict, String key) {}

    /** What became of a rule. */
    public enum Verdict {
        DECIDES("decides"),
        FAILS("fails"),
        NOT_FOR_CALLER("not for this caller"),
        HOLDS_TOO("holds too, asked later"),
        GIVES_WAY("holds, gives way to the open tool loop"),
        /** The name that was asked for is denied before any rule. */
        NOT_ASKED("not asked");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        /** For people. */
        public String words() {
            return words;
        }
    }

    /** For a terminal. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("call      " + call);
        lines.add("caller    " + caller);
        int width = rules.stream().mapToInt(line -> line.rule().length()).max().orElse(0);
        for (Line line : rules) {
            String key = line.key().isEmpty() ? "" : " at " + line.key();
            lines.add(
                    "rule      " + line.rule() + " ".repeat(width - line.rule().length()) + "  "
                            + line.verdict().words() + key);
        }
        lines.add("decision  " + outcome());
        if (decision.bucket() != null) {
            lines.add("drawn     bucket " + decision.bucket() + ", this model is asked first with probability "
                    + BigDecimal.valueOf(decision.propensity())
                            .setScale(4, RoundingMode.HALF_UP)
                            .stripTrailingZeros()
                            .toPlainString());
        }
        lines.add("why       " + decision.why());
        lines.add("recorded  " + recorded(decision.capture()));
        lines.add("policy    " + revision);
        return lines;
    }

    private String outcome() {
        Decision.Denial deny = decision.deny();
        if (deny != null) {
            return "denied: " + deny.status() + " " + deny.code();
        }
        StringBuilder outcome = new StringBuilder();
        for (Decision.Target target : decision.targets()) {
            outcome.append(joint(target.role())).append(target.model());
        }
        Decision.Mirror mirror = decision.mirror();
        return mirror == null ? outcome.toString() : outcome + "; " + mirror.model() + " answers beside, unheard";
    }

    private static String joint(Attempt.Role role) {
        return switch (role) {
            case SERVE, MIRROR -> "";
            case ESCALATE -> ", held back and verified, else ";
            case FALLBACK -> ", then ";
        };
    }

    private static String recorded(CaptureOrder order) {
        List<String> purposes =
                order.purposes().stream().sorted().map(Purpose::wire).toList();
        String uses = purposes.isEmpty() ? "" : " for " + String.join(", ", purposes);
        return order.record().wire() + uses + ", by " + order.rule();
    }
}
