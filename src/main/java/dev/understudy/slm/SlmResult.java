package dev.understudy.slm;

import org.jspecify.annotations.Nullable;

/**
 * How a request ended.
 *
 * @param prompt tokens of the prompt
 * @param cached of them, found in the cache
 * @param generated tokens chosen, the end of the turn included
 * @param switches of the adapter while it ran
 * @param queuedMicros until a slot was free
 * @param prefillMicros from the slot to the first token
 * @param decodeMicros from the first token to the end
 * @param deviceMicros time of the steps it took part in, split by tokens
 * @param failure why it failed, or null
 */
public record SlmResult(
        Finish finish,
        int prompt,
        int cached,
        int generated,
        int switches,
        long queuedMicros,
        long prefillMicros,
        long decodeMicros,
        long deviceMicros,
        @Nullable SlmException failure) {

    /** The same with the reason of the failure. */
    SlmResult because(SlmException why) {
        return new SlmResult(
                finish,
                prompt,
                cached,
                generated,
                switches,
                queuedMicros,
                prefillMicros,
                decodeMicros,
                deviceMicros,
                why);
    }

    /** Why it ended; the numbers are those of {@code events.h}. */
    public enum Finish {
        END_OF_TURN(1),
        STOP(2),
        LENGTH(3),
        CANCELLED(4),
        ERROR(5),
        DEADLINE(6);

        private final int number;

        Finish(int number) {
            this.number = number;
        }

        static Finish of(int number) {
            for (Finish finish : values()) {
                if (finish.number == number) {
                    return finish;
                }
            }
            return ERROR;
        }
    }
}
