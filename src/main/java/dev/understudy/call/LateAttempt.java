package dev.understudy.call;

/**
 * A try that ended after its call was over and recorded: a mirror's. It belongs to the call's row and is paid by the
 * gateway, not by the caller.
 *
 * @param call what was asked
 * @param team of the caller
 * @param level how much of the call is written
 * @param attempt the try; its number follows those of the call's own
 */
public record LateAttempt(Call call, String team, CaptureOrder.Level level, Attempt attempt) {
    /** The record says whose it is, never what was written. */
    @Override
    public String toString() {
        return "LateAttempt[" + call.id() + " " + attempt.n() + "]";
    }
}
