#include "backend.h"

#include <array>
#include <cstdlib>
#include <deque>
#include <mutex>

#include "errors.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "json.h"
#include "llama.h"

namespace slm {

namespace {

constexpr size_t most_lines = 512;
constexpr const char * release = "0.5.0-dev";

// Lines of llama.cpp's log. A level below warning is not kept: it says how each tensor loads.
class LogRing {
  public:
    void add(ggml_log_level level, const char * text) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const bool goes_on = level == GGML_LOG_LEVEL_CONT;
        if (!goes_on) level_ = level;
        if (level_ < GGML_LOG_LEVEL_WARN) return;
        if (goes_on && !lines_.empty()) {
            lines_.back() += text;
            return;
        }
        lines_.push_back((level_ == GGML_LOG_LEVEL_ERROR ? "E " : "W ") + std::string(text));
        if (lines_.size() > most_lines) lines_.pop_front();
    }

    std::string drain() {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::string out;
        for (auto & line : lines_) {
            while (!line.empty() && line.back() == '\n') line.pop_back();
            out += line + "\n";
        }
        lines_.clear();
        return out;
    }

  private:
    std::mutex mutex_;
    std::deque<std::string> lines_;
    ggml_log_level level_ = GGML_LOG_LEVEL_NONE;
};

LogRing & ring() {
    static LogRing * const the_ring = new LogRing;  // never freed: threads may log while the process ends
    return *the_ring;
}

ggml_backend_reg_t cpu() {
    auto * const device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    return device ? ggml_backend_dev_backend_reg(device) : nullptr;
}

template <class F>
F cpu_function(const char * name) {
    return reinterpret_cast<F>(ggml_backend_reg_get_proc_address(cpu(), name));
}

}  // namespace

void Backend::init(const std::string & folder) {
    static std::mutex mutex;
    static bool done = false;
    const std::lock_guard<std::mutex> lock(mutex);
    if (done) return;
    // ggml's abort handler otherwise forks a debugger
    setenv("GGML_NO_BACKTRACE", "1", 0);
    llama_log_set([](ggml_log_level level, const char * text, void *) { ring().add(level, text); }, nullptr);
    if (std::string(llama_version()) != release) {
        throw Error(Code::ModelLoad, "llama.cpp is " + std::string(llama_version()) + ", not " + release);
    }
    ggml_backend_load_all_from_path(folder.c_str());
    if (!cpu()) throw Error(Code::ModelLoad, "no libggml-cpu-*.so that fits this CPU in " + folder);
    llama_backend_init();
    done = true;
}

std::string Backend::devices() {
    static constexpr std::array<const char *, 4> kinds = {"cpu", "gpu", "igpu", "accel"};
    common_json list = common_json::array();
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_props props = {};
        ggml_backend_dev_get_props(ggml_backend_dev_get(i), &props);
        const auto kind = static_cast<size_t>(props.type);
        common_json device = common_json::object();
        device["name"] = props.name ? props.name : "";
        device["description"] = props.description ? props.description : "";
        device["kind"] = kind < kinds.size() ? kinds[kind] : "other";
        device["memory"] = static_cast<uint64_t>(props.memory_total);
        list.push_back(device);
    }
    common_json out = common_json::object();
    out["version"] = llama_version();
    out["system"] = llama_print_system_info();
    out["devices"] = list;
    return out.dump_safe();
}

std::string Backend::drain_log() {
    return ring().drain();
}

void ThreadPoolFree::operator()(ggml_threadpool * pool) const {
    cpu_function<decltype(&ggml_threadpool_free)>("ggml_threadpool_free")(pool);
}

ThreadPoolPtr make_thread_pool(int threads) {
    if (threads <= 1) return nullptr;
    const auto create = cpu_function<decltype(&ggml_threadpool_new)>("ggml_threadpool_new");
    ggml_threadpool_params params;
    ggml_threadpool_params_init(&params, threads);
    return ThreadPoolPtr(create(&params));
}

}  // namespace slm
