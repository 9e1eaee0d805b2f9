package dev.understudy.verify;

import dev.understudy.call.VerifyStep;

/**
 * What one step says.
 *
 * @param detail why it failed or was skipped, else empty or what was noted; no content
 */
record Finding(VerifyStep.Result result, String detail) {
    static final Finding PASS = new Finding(VerifyStep.Result.PASS, "");

    static Finding fail(String detail) {
        return new Finding(VerifyStep.Result.FAIL, detail);
    }

    /** It passed, but there is something to write down. */
    static Finding noted(String detail) {
        return new Finding(VerifyStep.Result.PASS, detail);
    }

    static Finding skip(String detail) {
        return new Finding(VerifyStep.Result.SKIP, detail);
    }

    boolean isFailure() {
        return result == VerifyStep.Result.FAIL;
    }
}
