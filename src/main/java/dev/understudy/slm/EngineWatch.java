package dev.understudy.slm;

/** Told of what an engine's requests come to, for metrics. Called on any thread, so it must be quick and not throw. */
interface EngineWatch {
    EngineWatch NONE = new EngineWatch() {
        @Override
        public void rejected(SlmException.Code code) {}

        @Override
        public void ended(SlmResult result) {}

        @Override
        public void read(SlmAnswer answer) {}

        @Override
        public void margin(double least) {}
    };

    /** A request was not taken. */
    void rejected(SlmException.Code code);

    /** A request that was taken has ended. */
    void ended(SlmResult result);

    /** A held answer was read. */
    void read(SlmAnswer answer);

    /** The least margin of an answer. */
    void margin(double least);
}
