package dev.understudy.verify;

import dev.understudy.call.Call;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Reply;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The checks that a small model's answer must pass, in order: {@code end}, {@code parse}, {@code call}, {@code schema},
 * {@code grounding}, {@code degeneration}, {@code policy}, {@code margin}. Safe to use from every thread; a first look at a schema compiles it (milliseconds),
 * later ones cost microseconds.
 */
@Singleton
public final class Ladder {
    /** Changes whenever an answer that passed might fail, or the other way round: evidence holds for one version. */
    public static final int VERSION = 2;

    /** No small model writes so much on purpose, and what is longer would hold up the event loop. */
    private static final int LONGEST = 256 << 10;

    private final Schemas schemas;
    private final Grounding grounding;

    public Ladder() {
        this.schemas = new Schemas();
        this.grounding = new Grounding();
    }

    /** Whether all steps of a check held. */
    public static boolean holds(List<VerifyStep> steps) {
        return steps.isEmpty() || steps.getLast().result() != VerifyStep.Result.FAIL;
    }

    /**
     * Whether the schemas that an answer is held against were met before. Where not, a check compiles them, in
     * milliseconds, the very first of a process in some hundred: not on an event loop.
     */
    public boolean knowsSchemas(Call call, Reply reply) {
        for (Reply.ToolCall made : reply.calls()) {
            Tool tool = toolOf(call, made.name());
            if (tool != null && tool.parameters() != null && !schemas.knows(tool.schemaHash())) {
                return false;
            }
        }
        ResponseFormat format = call.responseFormat();
        return format.schema() == null || schemas.knows(format.schemaHash());
    }

    /**
     * Climbs until a step fails.
     *
     * @return the steps that ran; only the last can be a failure
     */
    public List<VerifyStep> check(Inquiry inquiry) {
        List<VerifyStep> steps = new ArrayList<>(Step.ALL.size());
        for (Step step : Step.ALL) {
            long start = System.nanoTime();
            if (note(steps, step, look(step, inquiry), start)) {
                break;
            }
        }
        return List.copyOf(steps);
    }

    /**
     * Looks at the beginning of a text that will be streamed: whether there is anything, and whether it goes astray.
     *
     * @param text all that there is so far
     */
    public List<VerifyStep> checkBeginning(Call call, String text) {
        List<VerifyStep> steps = new ArrayList<>(3);
        long start = System.nanoTime();
        Finding end = text.isBlank() ? Finding.fail("empty") : Finding.PASS;
        if (!note(steps, Step.END, end, start)) {
            start = System.nanoTime();
            if (!note(steps, Step.PARSE, parse(call, new Reply(text, List.of(), "", null)), start)) {
                start = System.nanoTime();
                note(steps, Step.DEGENERATION, Degeneration.lookAt(text, call), start);
            }
        }
        return List.copyOf(steps);
    }

    /** Holds an answer of a large model against what policies ask of any answer; other steps are not climbed. */
    public VerifyStep checkPolicy(Inquiry inquiry) {
        List<VerifyStep> steps = new ArrayList<>(1);
        note(steps, Step.POLICY, OutputGuard.look(inquiry), System.nanoTime());
        return steps.getFirst();
    }

    /** Whether a failed step of policies says that there is a secret in the answer. */
    public static boolean holdsSecret(VerifyStep step) {
        return step.result() == VerifyStep.Result.FAIL && step.detail().equals(OutputGuard.SECRETS);
    }

    /** Writes a step down; whether it failed. */
    private static boolean note(List<VerifyStep> steps, Step step, Finding finding, long start) {
        steps.add(new VerifyStep(step.wire, finding.result(), finding.detail(), (System.nanoTime() - start) / 1_000));
        return finding.isFailure();
    }

    private Finding look(Step step, Inquiry inquiry) {
        return switch (step) {
            case END -> end(inquiry);
            case PARSE -> parse(inquiry.call(), inquiry.reply());
            case CALL -> calls(inquiry.call(), inquiry.reply());
            case SCHEMA -> schema(inquiry.call(), inquiry.reply());
            case GROUNDING -> grounding.look(inquiry);
            case DEGENERATION -> Degeneration.look(inquiry.call(), inquiry.reply());
            case POLICY -> OutputGuard.look(inquiry);
            case MARGIN -> margin(inquiry);
        };
    }

    private static Finding end(Inquiry inquiry) {
        Reply reply = inquiry.reply();
        boolean text = reply.content() != null && !reply.content().isBlank();
        if (!text && reply.calls().isEmpty()) {
            return Finding.fail("empty");
        }
        if (lengthOf(reply) > LONGEST) {
            return Finding.fail("too_long");
        }
        Duration budget = inquiry.demands().budget();
        if (budget != null && inquiry.micros() > TimeUnit.NANOSECONDS.toMicros(budget.toNanos())) {
            return Finding.fail("budget");
        }
        return switch (reply.finish()) {
            case "stop", "tool_calls" -> Finding.PASS;
            case "length" -> mayBeCut(inquiry.call(), reply) ? Finding.PASS : Finding.fail("length");
            default -> Finding.fail("finish");
        };
    }

    private static long lengthOf(Reply reply) {
        long length = reply.content() == null ? 0 : reply.content().length();
        for (Reply.ToolCall made : reply.calls()) {
            length += made.arguments().length();
        }
        return length;
    }

    /** A caller who sets a limit on plain text has asked for the cut; half a tool call or half a document is of no use. */
    private static boolean mayBeCut(Call call, Reply reply) {
        return call.maxTokens() != null
                && reply.calls().isEmpty()
                && call.responseFormat().type() == ResponseFormat.Type.TEXT;
    }

    private static Finding parse(Call call, Reply reply) {
        if (reply.unparsed() != null) {
            return Finding.fail(reply.unparsed());
        }
        String content = reply.content();
        if (content != null && Markup.holdsToolMark(content)) {
            return Finding.fail("markup_left_over");
        }
        if (content != null && Markup.holdsCall(content, call)) {
            return Finding.fail("call_as_text");
        }
        for (Reply.ToolCall made : reply.calls()) {
            if (Markup.holdsToolMark(made.arguments())
                    || (made.arguments().contains("\\u00")
                            && Markup.holdsToolMark(FoldedText.unescape(made.arguments())))) {
                return Finding.fail("markup_left_over");
            }
        }
        return Finding.PASS;
    }

    private static Finding calls(Call call, Reply reply) {
        int count = reply.calls().size();
        ToolChoice choice = call.toolChoice();
        if (count == 0) {
            boolean due = choice instanceof ToolChoice.Required || choice instanceof ToolChoice.Named;
            return due ? Finding.fail("choice_ignored") : Finding.PASS;
        }
        if (choice instanceof ToolChoice.None) {
            return Finding.fail("call_not_allowed");
        }
        if (count > 1 && !call.parallelToolCalls()) {
            return Finding.fail("too_many_calls");
        }
        for (Reply.ToolCall made : reply.calls()) {
            if (toolOf(call, made.name()) == null) {
                return Finding.fail("unknown_tool");
            }
            if (choice instanceof ToolChoice.Named named && !named.tool().equals(made.name())) {
                return Finding.fail("choice_ignored");
            }
        }
        return Finding.PASS;
    }

    private Finding schema(Call call, Reply reply) {
        boolean looked = false;
        for (Reply.ToolCall made : reply.calls()) {
            Tool tool = toolOf(call, made.name());
            String problem = tool == null || tool.parameters() == null
                    ? schemas.problemOfObject(made.arguments())
                    : schemas.problem(tool.schemaHash(), call.body(), tool.parameters(), made.arguments());
            if (problem != null) {
                return Finding.fail("arguments: " + problem);
            }
            looked = true;
        }
        if (reply.calls().isEmpty() && reply.content() != null) {
            ResponseFormat format = call.responseFormat();
            String problem = switch (format.type()) {
                case TEXT, OTHER -> null;
                case JSON_OBJECT -> schemas.problemOfObject(reply.content());
                case JSON_SCHEMA ->
                    format.schema() == null
                            ? schemas.problemOfObject(reply.content())
                            : schemas.problem(format.schemaHash(), call.body(), format.schema(), reply.content());
            };
            if (problem != null) {
                return Finding.fail("content: " + problem);
            }
            looked |= format.type() == ResponseFormat.Type.JSON_OBJECT
                    || format.type() == ResponseFormat.Type.JSON_SCHEMA;
        }
        return looked ? Finding.PASS : Finding.skip("no schema");
    }

    static @Nullable Tool toolOf(Call call, String name) {
        for (Tool tool : call.tools()) {
            if (tool.isFunction() && tool.name().equals(name)) {
                return tool;
            }
        }
        return null;
    }

    private static Finding margin(Inquiry inquiry) {
        Double least = inquiry.demands().minMargin();
        if (least == null) {
            return Finding.skip("no threshold");
        }
        LocalRun run = inquiry.run();
        if (run == null) {
            return Finding.fail("margin not known");
        }
        Double margin = run.minMargin();
        // no token that carries the answer had an alternative; what is no number was never above anything
        return margin == null || margin >= least ? Finding.PASS : Finding.fail("below the threshold");
    }

    private enum Step {
        END("end"),
        PARSE("parse"),
        CALL("call"),
        SCHEMA("schema"),
        GROUNDING("grounding"),
        DEGENERATION("degeneration"),
        POLICY("policy"),
        MARGIN("margin");

        private static final List<Step> ALL = List.of(values());

        private final String wire;

        Step(String wire) {
            this.wire = wire;
        }
    }
}
