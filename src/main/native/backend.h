// llama.cpp in this process: loaded once, its log kept in a ring.
#pragma once

#include <memory>
#include <string>

#include "ggml-backend.h"

struct ggml_threadpool;

namespace slm {

class Backend {
  public:
    // Loads the CPU variant that fits this machine from a folder. Once per process; a second call does nothing.
    // Throws Error(ModelLoad) if the folder holds none or llama.cpp is of another release.
    static void init(const std::string & folder);

    // Loads a plug-in of ggml and registers its GPUs; returns their number, at least 1. Its code and a driver come into
    // the process with it: only after a probe in another one. Throws Error(ModelLoad) whose message begins with
    // "cuda: ".
    static size_t load_gpus(const std::string & file);

    // The GPU of a number from 0 on; null beyond the last.
    static ggml_backend_dev_t gpu(size_t number);

    // JSON: version, system, devices. Of a GPU `memory` and `free`, in bytes, as the driver says now.
    static std::string devices();

    // The newest line of the log that tells of an error, or empty.
    static std::string last_error();

    // Before llama.cpp ends the process it writes why into this file, beside standard error.
    static void note_abort(const std::string & file);

    // The log lines since the last call, each with its level and a blank before it; the oldest are dropped beyond 512.
    static std::string drain_log();
};

struct ThreadPoolFree {
    void operator()(ggml_threadpool * pool) const;
};
using ThreadPoolPtr = std::unique_ptr<ggml_threadpool, ThreadPoolFree>;

// Threads that stay: without a pool ggml starts and ends threads for every graph. Null for one thread.
ThreadPoolPtr make_thread_pool(int threads);

}  // namespace slm
