package dev.understudy.policy;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.Program;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Compiles conditions in CEL, each text once: that takes milliseconds, so it is for a worker. Length, nesting, loops and
 * patterns are bounded, so that an evaluation stays far below five milliseconds whatever a call brings.
 */
final class Expressions {
    /** Characters of one expression. */
    static final int LONGEST = 1_000;
    /** Loops inside each other. */
    static final int NESTING = 2;

    private static final int ITERATIONS = 4_000;
    private static final int PATTERN_SIZE = 2_000;
    private static final int KEPT = 4_096;

    /** What an expression is about. */
    enum Scope {
        CALL,
        /** The answer to a call, and that call. */
        ANSWER
    }

    /**
     * What became of a text.
     *
     * @param expression null exactly when there is a flaw
     */
    record Compiled(
            @Nullable Expression expression, @Nullable Flaw flaw) {}

    /**
     * What is wrong with a text.
     *
     * @param offset in characters from its beginning
     */
    record Flaw(int offset, Problem.Code code, String message, String hint) {}

    private record Key(Scope scope, String text) {}

    private final LongAdder failures = new LongAdder();
    private final CelRuntime runtime;
    private final CelCompiler ofCall;
    private final CelCompiler ofAnswer;

    // Guarded by this. The eldest of more than enough go, so that edits all day long do not fill the memory.
    private final Map<Key, Compiled> compiled = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Compiled> eldest) {
            return size() > KEPT;
        }
    };

    Expressions() {
        CelOptions options = CelOptions.current()
                .comprehensionMaxIterations(ITERATIONS)
                .maxRegexProgramSize(PATTERN_SIZE)
                .maxExpressionCodePointSize(LONGEST)
                .build();
        // The planner takes no other setting; what compares is decided when an expression is compiled.
        this.runtime = CelRuntimeFactory.plannerRuntimeBuilder()
                .setOptions(options.toBuilder()
                        .enableHeterogeneousNumericComparisons(true)
                        .build())
                .build();
        this.ofCall = compiler(options, Scope.CALL);
        this.ofAnswer = compiler(options, Scope.ANSWER);
    }

    private static CelCompiler compiler(CelOptions options, Scope scope) {
        CelCompilerBuilder builder = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(options)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS);
        ExpressionVariables.OF_CALL.forEach(builder::addVar);
        if (scope == Scope.ANSWER) {
            ExpressionVariables.OF_ANSWER.forEach(builder::addVar);
        }
        return builder.build();
    }

    /** How often one of them could not be evaluated. */
    LongAdder failures() {
        return failures;
    }

    /** The text compiled, from memory where it has been before. */
    synchronized Compiled compile(String text, Scope scope) {
        return compiled.computeIfAbsent(new Key(scope, text), key -> make(text, scope));
    }

    /** The expression of a text that has no flaw. */
    Expression sound(String text, Scope scope) {
        Expression expression = compile(text, scope).expression();
        if (expression == null) {
            throw new IllegalStateException("an expression with a flaw has come through");
        }
        return expression;
    }

    private Compiled make(String text, Scope scope) {
        if (text.length() > LONGEST) {
            return flawed(0, Problem.Code.CEL_LIMIT, "an expression has at most 1,000 characters", "split the rule");
        }
        CelValidationResult checked = switch (scope) {
            case CALL -> ofCall.compile(text);
            case ANSWER -> ofAnswer.compile(text);
        };
        if (checked.hasError()) {
            List<CelIssue> errors = checked.getErrors();
            return new Compiled(null, ExpressionFlaws.of(text, scope, errors.getFirst()));
        }
        try {
            CelAbstractSyntaxTree tree = checked.getAst();
            if (!tree.getResultType().equals(SimpleType.BOOL)) {
                return flawed(
                        0,
                        Problem.Code.CEL_NOT_BOOL,
                        "an expression must be true or false, this is " + ExpressionFlaws.type(tree.getResultType()),
                        "compare it with something");
            }
            if (nesting(tree.getExpr()) > NESTING) {
                return flawed(
                        0, Problem.Code.CEL_LIMIT, "at most two loops may stand inside each other", "split the rule");
            }
            Program program = runtime.createProgram(tree);
            return new Compiled(new Expression(program, failures), null);
        } catch (CelValidationException | CelEvaluationException e) {
            return flawed(0, Problem.Code.CEL_TYPE, "the expression cannot be evaluated", "");
        }
    }

    private static Compiled flawed(int offset, Problem.Code code, String message, String hint) {
        return new Compiled(null, new Flaw(offset, code, message, hint));
    }

    private static int nesting(List<CelExpr> all) {
        int deepest = 0;
        for (CelExpr one : all) {
            deepest = Math.max(deepest, nesting(one));
        }
        return deepest;
    }

    /** How many loops stand inside each other at most. */
    private static int nesting(CelExpr expr) {
        int deepest = 0;
        switch (expr.exprKind().getKind()) {
            case SELECT -> deepest = nesting(expr.select().operand());
            case CALL -> {
                deepest = expr.call().target().map(Expressions::nesting).orElse(0);
                deepest = Math.max(deepest, nesting(expr.call().args()));
            }
            case LIST -> deepest = nesting(expr.list().elements());
            case MAP -> {
                List<CelExpr.CelMap.Entry> entries = expr.map().entries();
                for (CelExpr.CelMap.Entry entry : entries) {
                    deepest = Math.max(deepest, Math.max(nesting(entry.key()), nesting(entry.value())));
                }
            }
            case STRUCT -> {
                List<CelExpr.CelStruct.Entry> entries = expr.struct().entries();
                for (CelExpr.CelStruct.Entry entry : entries) {
                    deepest = Math.max(deepest, nesting(entry.value()));
                }
            }
            case COMPREHENSION -> {
                var loop = expr.comprehension();
                int inside = Math.max(
                        Math.max(nesting(loop.loopCondition()), nesting(loop.loopStep())), nesting(loop.result()));
                deepest = Math.max(nesting(loop.iterRange()), 1 + inside);
            }
            case CONSTANT, IDENT, NOT_SET -> {}
        }
        return deepest;
    }
}
