package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.model.ModelFailure;
import dev.understudy.upstream.Patience;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Whether a target that failed is asked once more, and when. Once a call; whoever asks counts. */
final class Repeat {
    /** After a connection that broke: it may just have been kept for too long. */
    private static final int CONNECTION_MILLIS = 20;
    /** After an answer: whoever sent it has trouble. */
    private static final int ANSWER_MILLIS = 100;

    private static final int SPREAD = 4;

    private Repeat() {}

    /** Whether it may help, leaves nothing behind twice, and its client still waits and does not repeat by itself. */
    static boolean mayRepeat(Call call, ModelFailure failure, long nowNanos) {
        boolean mayAgain = switch (failure.again()) {
            case NO -> false;
            case UNSENT -> true;
            case SENT -> !isStateful(call);
        };
        return mayAgain && !isClientsRepeat(call) && isInTime(call, failure, nowNanos);
    }

    /** How long to wait before: what the upstream asked for, and a little that differs from call to call. */
    static long delayMillis(ModelFailure failure, RandomGenerator random) {
        int least = failure.status() == null ? CONNECTION_MILLIS : ANSWER_MILLIS;
        return TimeUnit.SECONDS.toMillis(failure.waitSeconds()) + least + random.nextInt(least * SPREAD);
    }

    /** Whether the upstream keeps something of every question that reaches it. */
    private static boolean isStateful(Call call) {
        return call.parameters().contains("background") || call.parameters().contains("conversation");
    }

    private static boolean isClientsRepeat(Call call) {
        String count = call.headers().get("x-stainless-retry-count");
        return count != null && !count.strip().equals("0");
    }

    private static boolean isInTime(Call call, ModelFailure failure, long nowNanos) {
        long client = Patience.clientNanos(call.headers());
        long latest = TimeUnit.MILLISECONDS.toNanos(ANSWER_MILLIS * (SPREAD + 1L))
                + TimeUnit.SECONDS.toNanos(failure.waitSeconds());
        return nowNanos - call.receivedNanos() < client - latest;
    }
}
