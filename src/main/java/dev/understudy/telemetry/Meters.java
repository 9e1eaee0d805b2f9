package dev.understudy.telemetry;

/** Names of meters and of their tags. Tag values are bounded: team, model, tier, rule, outcome. */
public final class Meters {
    /** Timer: calls by {@link #TEAM}, {@link #TIER}, {@link #OUTCOME}. */
    public static final String CALLS = "understudy.calls";
    /** Timer: our own time before the first target was asked. */
    public static final String OVERHEAD = "understudy.overhead";
    /** Counter: deviations of an upstream that were put right, by {@link #UPSTREAM} and {@link #KIND}. */
    public static final String DEVIATION = "understudy.upstream.deviation";
    /** Gauge: 0 while an upstream is asked as usual, 1 on trial, 2 while it is left alone, by {@link #UPSTREAM}. */
    public static final String UPSTREAM_STATE = "understudy.upstream.state";
    /** Counter: how often an upstream was left alone after too many failures, by {@link #UPSTREAM}. */
    public static final String UPSTREAM_TRIPS = "understudy.upstream.trips";
    /** Gauge: 1 while the files on disk are the set in force. */
    public static final String POLICY_RELOAD_OK = "understudy.policy.reload.ok";
    /** Counter: conditions in CEL that could not be evaluated for a call, and so did not hold. */
    public static final String POLICY_CONDITION_FAILED = "understudy.policy.condition.failed";
    /** Counter: interactions that were written. */
    public static final String CAPTURE_WRITTEN = "understudy.capture.written";
    /** Counter: interactions that were lost, by {@link #REASON}. */
    public static final String CAPTURE_LOST = "understudy.capture.lost";
    /** Gauge: interactions waiting to be written. */
    public static final String CAPTURE_QUEUE = "understudy.capture.queue";
    /** Counter: signals that could not be had, by {@link #SIGNAL}. */
    public static final String SIGNAL_UNKNOWN = "understudy.signal.unknown";
    /** Counter: open tool loops that another than their owner went on with, by {@link #TIER} of who did, and {@link #REASON}. */
    public static final String LOOP_SWITCHES = "understudy.loop.switches";
    /** Counter: sessions, or repeats of a broken call, left to the large model, by {@link #REASON}. */
    public static final String LATCHES = "understudy.session.latches";
    /** Counter: latches let go, by {@link #REASON}. */
    public static final String LATCH_RELEASES = "understudy.session.releases";
    /** Gauge: 1 while small models are switched off. */
    public static final String SLM_OFF = "understudy.slm.off";
    /** Counter: small models' tries that gave way to the next target, by {@link #REASON}: a step or failure code. */
    public static final String ESCALATIONS = "understudy.escalations";
    /** Counter: cascades by {@link #OUTCOME}: passed, escalated, or failed when nobody answered. */
    public static final String CASCADES = "understudy.cascades";
    /** Counter: mirrors by {@link #OUTCOME}: done, failed, or dropped before they began. */
    public static final String MIRRORS = "understudy.mirrors";

    // Of a small model's engine, all by MODEL.
    /** Gauge: answers that it is working on. */
    public static final String SLM_SLOTS_BUSY = "understudy.slm.slots.busy";
    /** Gauge: requests waiting for a slot, by {@link #CLASS}. */
    public static final String SLM_QUEUE = "understudy.slm.queue.size";
    /** Timer: how long requests waited for a slot. */
    public static final String SLM_QUEUE_WAIT = "understudy.slm.queue.wait";
    /** Counter: requests that were not taken, by {@link #CODE}. */
    public static final String SLM_REJECTED = "understudy.slm.rejected";
    /** Counter: requests that ended, by {@link #REASON}. */
    public static final String SLM_REQUESTS = "understudy.slm.requests";
    /** Timer: from submit to the first token. */
    public static final String SLM_TTFT = "understudy.slm.ttft";
    /** Counter: tokens, by {@link #KIND}: prompt (evaluated), cached, generated. */
    public static final String SLM_TOKENS = "understudy.slm.tokens";
    /** Timer: steps of the model. */
    public static final String SLM_STEP_TIME = "understudy.slm.step.time";
    /** Gauge: cells of the context that hold tokens. */
    public static final String SLM_KV_USED = "understudy.slm.kv.used";
    /** Counter: changes of the adapter. */
    public static final String SLM_ADAPTER_SWITCHES = "understudy.slm.adapter.switches";
    /** Counter: tokens whose first choice the grammar refused. */
    public static final String SLM_GRAMMAR_REFUSED = "understudy.slm.grammar.refused";
    /** Counter: answers that were read, by {@link #VERDICT}. */
    public static final String SLM_PARSE = "understudy.slm.parse";
    /** Summary: the least margin of answers. */
    public static final String SLM_MARGIN = "understudy.slm.margin.min";
    /** Counter: steps that failed. */
    public static final String SLM_DECODE_ERRORS = "understudy.slm.decode.errors";
    /** Timer: telling Java of what a step brought. */
    public static final String SLM_UPCALL_TIME = "understudy.slm.upcall.time";

    /** Counter: calls that a limit or budget turned away, by {@link #TEAM} and {@link #KIND}. */
    public static final String LIMIT_REFUSED = "understudy.limit.refused";
    /** Counter: budgets that were crossed, by {@link #TEAM}, {@link #APP} and {@link #LEVEL}. */
    public static final String BUDGET_CROSSED = "understudy.budget.crossed";
    /** Gauge: spent share of a budget, by {@link #TEAM} and {@link #APP}. */
    public static final String BUDGET_USED = "understudy.budget.used";

    public static final String TEAM = "team";
    public static final String APP = "app";
    public static final String MODEL = "model";
    public static final String TIER = "tier";
    public static final String RULE = "rule";
    public static final String OUTCOME = "outcome";
    public static final String UPSTREAM = "upstream";
    public static final String KIND = "kind";
    public static final String REASON = "reason";
    public static final String LEVEL = "level";
    public static final String CLASS = "class";
    public static final String CODE = "code";
    public static final String VERDICT = "verdict";
    public static final String SIGNAL = "signal";

    private Meters() {}
}
