// understudy_slm_probe LIBRARIES PLUGIN SECONDS: tries a GPU plug-in in a process of its own, since a driver that does
// not fit ends it. Decodes a few tokens on every GPU and holds the numbers against the CPU's.
//
// Standard output, a line of JSON each: {"slow":REASON} when the driver has to compile the code first, which takes
// minutes; at the end {"good":true,"devices":[{"name","description","memory"}]} or {"good":false,"reason":REASON}.
// Ends with 0 whenever it has said so. It ends itself, by SIGALRM, after SECONDS.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "backend.h"
#include "errors.h"
#include "gpu_code.h"
#include "json.h"
#include "llama-cpp.h"
#include "tiny_model.h"

namespace {

using slm::Backend;
using slm::Code;
using slm::Error;
using slm::GpuCode;

constexpr int prompt_tokens = 24;  // more than one: a prompt takes other kernels than a token
constexpr int decoded_tokens = 8;

// Of the sum of squares. Other summing orders and quantised activations differ by a thousandth and less, a wrong kernel
// by the whole.
constexpr double most_difference = 0.02;

void say(const common_json & line) {
    std::cout << line.dump_safe() << std::endl;
}

// Compute capabilities of the GPUs, 10 x major + minor; empty where the driver's library is not there.
std::vector<int> architectures() {
    using Init = int (*)(unsigned);
    using Count = int (*)(int *);
    using Attribute = int (*)(int *, int, int);
    constexpr int major_attribute = 75;
    constexpr int minor_attribute = 76;
    std::vector<int> found;
    void * const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!driver) return found;
    const auto init = reinterpret_cast<Init>(dlsym(driver, "cuInit"));
    const auto count = reinterpret_cast<Count>(dlsym(driver, "cuDeviceGetCount"));
    const auto attribute = reinterpret_cast<Attribute>(dlsym(driver, "cuDeviceGetAttribute"));
    int devices = 0;
    if (!init || !count || !attribute || init(0) != 0 || count(&devices) != 0) return found;
    for (int i = 0; i < devices; i++) {
        int major = 0;
        int minor = 0;
        if (attribute(&major, major_attribute, i) == 0 && attribute(&minor, minor_attribute, i) == 0) {
            found.push_back(major * 10 + minor);
        }
    }
    return found;
}

// Says when it will be slow; throws when no code of the plug-in can run on one of the GPUs.
void check_code(const std::string & plugin) {
    const auto code = GpuCode::of_file(plugin);
    for (const int architecture : architectures()) {
        const auto name = std::to_string(architecture / 10) + "." + std::to_string(architecture % 10);
        switch (code.fit(architecture)) {
            case GpuCode::Fit::None:
                throw Error(Code::ModelLoad, "cuda: the plug-in has no code for compute capability " + name);
            case GpuCode::Fit::Ptx: {
                common_json line = common_json::object();
                line["slow"] = "the driver compiles the code for compute capability " + name;
                say(line);
                break;
            }
            case GpuCode::Fit::Machine:
            case GpuCode::Fit::Unknown:
                break;
        }
    }
}

using Rows = std::vector<std::vector<float>>;

llama_token likeliest(const std::vector<float> & row) {
    return static_cast<llama_token>(std::max_element(row.begin(), row.end()) - row.begin());
}

// The logits after the prompt and after each token that follows. Those tokens are the likeliest ones of `lead`, so that
// both devices evaluate the same; empty: the likeliest ones of this device.
Rows decode(ggml_backend_dev_t device, const Rows & lead) {
    const auto file = slm::make_tiny_model();
    ggml_backend_dev_t devices[2] = {device, nullptr};
    auto model_params = llama_model_default_params();
    model_params.devices = devices;
    model_params.n_gpu_layers = device ? -1 : 0;
    model_params.split_mode = LLAMA_SPLIT_MODE_NONE;
    model_params.load_mode = LLAMA_LOAD_MODE_NONE;
    const llama_model_ptr model(llama_model_load_from_file_ptr(file.get(), model_params));
    if (!model) throw Error(Code::ModelLoad, "cuda: the weights cannot be loaded: " + Backend::last_error());
    auto context_params = llama_context_default_params();
    context_params.n_threads = context_params.n_threads_batch = 1;
    context_params.no_perf = true;
    const llama_context_ptr context(llama_init_from_model(model.get(), context_params));
    if (!context) throw Error(Code::ModelLoad, "cuda: no context can be made: " + Backend::last_error());

    std::vector<llama_token> tokens;
    for (int i = 0; i < prompt_tokens; i++) tokens.push_back((i * 37 + 11) % slm::tiny_vocabulary);
    Rows rows;
    for (int step = 0; step <= decoded_tokens; step++) {
        const auto batch = llama_batch_get_one(tokens.data(), static_cast<int32_t>(tokens.size()));
        const int result = llama_decode(context.get(), batch);
        const float * const logits = result == 0 ? llama_get_logits_ith(context.get(), -1) : nullptr;
        if (!logits) throw Error(Code::ModelLoad, "cuda: the model cannot be evaluated: " + Backend::last_error());
        rows.emplace_back(logits, logits + slm::tiny_vocabulary);
        tokens = {likeliest(lead.empty() ? rows.back() : lead[rows.size() - 1])};
    }
    return rows;
}

double difference(const std::vector<float> & row, const std::vector<float> & other) {
    double apart = 0;
    double whole = 0;
    for (size_t i = 0; i < row.size(); i++) {
        apart += (row[i] - other[i]) * (row[i] - other[i]);
        whole += other[i] * other[i];
    }
    return apart / whole;
}

common_json try_gpus(size_t count) {
    const auto expected = decode(nullptr, {});
    common_json list = common_json::array();
    for (size_t i = 0; i < count; i++) {
        auto * const device = Backend::gpu(i);
        const auto rows = decode(device, expected);
        for (size_t step = 0; step < rows.size(); step++) {
            const double apart = difference(rows[step], expected[step]);
            // NaN is not below it either
            if (apart <= most_difference) continue;
            throw Error(Code::ModelLoad, "cuda: device " + std::to_string(i) + " computes other numbers than the CPU");
        }
        ggml_backend_dev_props props = {};
        ggml_backend_dev_get_props(device, &props);
        common_json one = common_json::object();
        one["name"] = props.name;
        one["description"] = props.description;
        one["memory"] = static_cast<uint64_t>(props.memory_total);
        list.push_back(one);
    }
    return list;
}

}  // namespace

int main(int argc, char ** argv) {
    const int seconds = argc == 4 ? std::atoi(argv[3]) : 0;
    if (seconds <= 0) {
        std::cerr << "usage: understudy_slm_probe LIBRARIES PLUGIN SECONDS\n";
        return 2;
    }
    alarm(static_cast<unsigned>(seconds));
    common_json verdict = common_json::object();
    try {
        Backend::init(argv[1]);
        check_code(argv[2]);
        const auto devices = try_gpus(Backend::load_gpus(argv[2]));
        verdict["good"] = true;
        verdict["devices"] = devices;
    } catch (const std::exception & e) {
        verdict = common_json::object();
        verdict["good"] = false;
        verdict["reason"] = e.what();
    }
    say(verdict);
    std::cout.flush();
    // without the end of a driver that may be broken: all that was asked has been said
    _exit(0);
}
