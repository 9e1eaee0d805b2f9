// llama.cpp in this process: loaded once, its log kept in a ring.
#pragma once

#include <memory>
#include <string>

struct ggml_threadpool;

namespace slm {

class Backend {
  public:
    // Loads the CPU variant that fits this machine from a folder. Once per process; a second call does nothing.
    // Throws Error(ModelLoad) if the folder holds none or llama.cpp is of another release.
    static void init(const std::string & folder);

    // JSON: version, system, devices.
    static std::string devices();

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
