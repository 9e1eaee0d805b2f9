package dev.understudy.verify;

import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Demands;
import dev.understudy.detect.JsonMask;
import dev.understudy.detect.SecretMask;
import dev.understudy.model.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What the decision's policies ask of an answer: no credential in it, and the conditions that they name. */
final class OutputGuard {
    /** What is said of a credential in an answer. */
    static final String SECRETS = "secrets";

    private OutputGuard() {}

    static Finding look(Inquiry inquiry) {
        Demands demands = inquiry.demands();
        boolean secrets = demands.outputSecrets() != Demands.Secrets.OFF;
        if (!secrets && demands.checks().isEmpty()) {
            return Finding.skip("nothing asked");
        }
        boolean found = secrets && holdsSecret(inquiry.reply());
        if (found && demands.outputSecrets() == Demands.Secrets.DENY) {
            return Finding.fail(SECRETS);
        }
        Finding conditions = demands.checks().isEmpty() ? Finding.PASS : conditions(inquiry);
        return found && !conditions.isFailure() ? Finding.noted(SECRETS) : conditions;
    }

    private static Finding conditions(Inquiry inquiry) {
        AnswerFacts facts = facts(inquiry);
        for (Demands.Check check : inquiry.demands().checks()) {
            if (!check.holds(facts)) {
                return Finding.fail(check.place());
            }
        }
        return Finding.PASS;
    }

    private static AnswerFacts facts(Inquiry inquiry) {
        Reply reply = inquiry.reply();
        List<String> tools = new ArrayList<>(reply.calls().size());
        for (Reply.ToolCall made : reply.calls()) {
            tools.add(made.name());
        }
        String content = reply.content();
        return new AnswerFacts(
                reply.finish(), content == null ? "" : content, tools, inquiry.tokens(), inquiry.micros() / 1_000);
    }

    private static boolean holdsSecret(Reply reply) {
        String content = reply.content();
        if (content != null
                && (SecretMask.mask(content).count() > 0 || (isJson(content) && jsonHoldsSecret(content)))) {
            return true;
        }
        for (Reply.ToolCall made : reply.calls()) {
            if (jsonHoldsSecret(made.arguments())) {
                return true;
            }
        }
        return false;
    }

    /** An escape in a JSON string can hide a credential from whoever reads the text as it stands. */
    private static boolean isJson(String content) {
        return content.startsWith("{") || content.startsWith("[");
    }

    private static boolean jsonHoldsSecret(String json) {
        return JsonMask.mask(json.getBytes(StandardCharsets.UTF_8)).secrets() > 0;
    }
}
