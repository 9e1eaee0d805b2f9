#include "backend.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
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
constexpr size_t most_of_a_line = 500;

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
        // lines that begin with a blank are details of the one before
        if (level_ == GGML_LOG_LEVEL_ERROR && text[0] != ' ') {
            std::strncpy(error_.data(), text, error_.size() - 1);
            if (char * const end = std::strchr(error_.data(), '\n')) *end = '\0';
        }
    }

    std::string last_error() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return error_.data();
    }

    // Without the lock, which the thread that ends the process may hold.
    const char * last_error_now() const { return error_.data(); }

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
    std::array<char, most_of_a_line> error_{};
};

LogRing & ring() {
    static LogRing * const the_ring = new LogRing;  // never freed: threads may log while the process ends
    return *the_ring;
}

std::array<char, PATH_MAX> abort_file{};

void say(int to, const char * line) {
    if (line[0] == '\0') return;
    // nothing can be done about a failure: the process is about to end
    if (write(to, line, std::strlen(line)) < 0 || write(to, "\n", 1) < 0) return;
}

// llama.cpp is about to end the process. No locks, no memory: the heap may be what is broken.
void on_abort(const char * message) {
    say(STDERR_FILENO, message);
    say(STDERR_FILENO, ring().last_error_now());
    if (abort_file[0] == '\0') return;
    const int file = open(abort_file.data(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    say(file, message);
    say(file, ring().last_error_now());
    close(file);
}

// What dlopen says, without the words that only repeat it.
std::string load_problem() {
    const char * const said = dlerror();
    std::string problem = said ? said : "it cannot be loaded";
    const std::string tail = ": No such file or directory";
    if (problem.size() > tail.size() && problem.compare(problem.size() - tail.size(), tail.size(), tail) == 0) {
        problem.resize(problem.size() - tail.size());
    }
    return problem;
}

// What comes after the last colon and blank: "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device ..."
std::string cause(const std::string & line) {
    const size_t colon = line.rfind(": ");
    return colon == std::string::npos ? line : line.substr(colon + 2);
}

bool is_gpu(ggml_backend_dev_t device) {
    const auto type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
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
    ggml_set_abort_callback(on_abort);
    llama_log_set([](ggml_log_level level, const char * text, void *) { ring().add(level, text); }, nullptr);
    if (std::string(llama_version()) != release) {
        throw Error(Code::ModelLoad, "llama.cpp is " + std::string(llama_version()) + ", not " + release);
    }
    ggml_backend_load_all_from_path(folder.c_str());
    if (!cpu()) throw Error(Code::ModelLoad, "no libggml-cpu-*.so that fits this CPU in " + folder);
    llama_backend_init();
    done = true;
}

size_t Backend::load_gpus(const std::string & file) {
    static std::mutex mutex;
    static std::string loaded;
    const std::lock_guard<std::mutex> lock(mutex);
    if (loaded != file) {
        if (!loaded.empty()) throw Error(Code::ModelLoad, "cuda: " + loaded + " is loaded already, not " + file);
        // ggml loads the file too, but says of a failure only that there was one; the handle stays for good
        void * const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle) throw Error(Code::ModelLoad, "cuda: " + load_problem());
        if (!dlsym(handle, "ggml_backend_init")) {
            throw Error(Code::ModelLoad, "cuda: " + file + " is no plug-in of ggml: it has no ggml_backend_init");
        }
        if (!ggml_backend_load(file.c_str())) {
            const auto error = last_error();
            throw Error(Code::ModelLoad, "cuda: " + (error.empty() ? file + " was refused by ggml" : cause(error)));
        }
        loaded = file;
    }
    size_t count = 0;
    while (gpu(count)) count++;
    if (count > 0) return count;
    const auto error = last_error();
    throw Error(Code::ModelLoad, "cuda: " + (error.find("failed to initialize") == std::string::npos
                                                 ? "no CUDA-capable device is detected"
                                                 : cause(error)));
}

ggml_backend_dev_t Backend::gpu(size_t number) {
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        auto * const device = ggml_backend_dev_get(i);
        if (is_gpu(device) && number-- == 0) return device;
    }
    return nullptr;
}

std::string Backend::last_error() {
    return ring().last_error();
}

void Backend::note_abort(const std::string & file) {
    if (file.size() >= abort_file.size()) throw Error(Code::Invalid, "the file's name is too long");
    std::strncpy(abort_file.data(), file.c_str(), abort_file.size() - 1);
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
        device["free"] = static_cast<uint64_t>(props.memory_free);
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
