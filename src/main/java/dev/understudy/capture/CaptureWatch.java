package dev.understudy.capture;

/** Tells how writing goes, for the page and for health. */
public interface CaptureWatch {
    /** The state at this moment; cheap, from any thread. */
    CaptureState state();
}
