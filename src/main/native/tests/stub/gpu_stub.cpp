// A plug-in of ggml whose GPUs are the CPU in disguise: with memory of their own that the CPU backend does not see, and
// a size that somebody chose. The file FILE.conf beside it, lines of NAME=VALUE, says what it is like:
//   devices=N      how many GPUs (1)
//   memory=BYTES   of each, BYTES,BYTES of the first and the second (8 GB)
//   mode=...       works (as it is without), hangs (at the first evaluation), aborts (there, as ggml-cuda does when the
//                  driver is too old), lies (computes nothing)
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "ggml-backend-impl.h"
#include "ggml-cpu.h"

namespace {

constexpr size_t alignment = 64;
constexpr size_t most_devices = 4;
constexpr size_t usual_memory = 8'000'000'000;

std::map<std::string, std::string> & settings() {
    static auto * const all = [] {
        auto * const read = new std::map<std::string, std::string>;
        Dl_info own = {};
        dladdr(reinterpret_cast<const void *>(&settings), &own);
        std::ifstream file(std::string(own.dli_fname) + ".conf");
        for (std::string line; std::getline(file, line);) {
            const auto equals = line.find('=');
            if (equals != std::string::npos) (*read)[line.substr(0, equals)] = line.substr(equals + 1);
        }
        return read;
    }();
    return *all;
}

struct Device {
    size_t number = 0;
    std::string name;
    size_t memory = 0;
    std::atomic<size_t> used{0};
    ggml_backend_device device{};
    ggml_backend_buffer_type memory_type{};
};

std::array<Device, most_devices> & devices() {
    static auto * const all = new std::array<Device, most_devices>;
    return *all;
}

Device & of(ggml_backend_dev_t device) {
    return *static_cast<Device *>(device->context);
}

ggml_backend_dev_t cpu() {
    return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
}

// ---- memory

void free_buffer(ggml_backend_buffer_t buffer) {
    static_cast<Device *>(buffer->buft->context)->used -= buffer->size;
    std::free(buffer->context);
}

void * base(ggml_backend_buffer_t buffer) {
    return buffer->context;
}

void fill(ggml_backend_buffer_t, ggml_tensor * tensor, uint8_t value, size_t offset, size_t size) {
    std::memset(static_cast<char *>(tensor->data) + offset, value, size);
}

void put(ggml_backend_buffer_t, ggml_tensor * tensor, const void * data, size_t offset, size_t size) {
    std::memcpy(static_cast<char *>(tensor->data) + offset, data, size);
}

void get(ggml_backend_buffer_t, const ggml_tensor * tensor, void * data, size_t offset, size_t size) {
    std::memcpy(data, static_cast<const char *>(tensor->data) + offset, size);
}

void clear(ggml_backend_buffer_t buffer, uint8_t value) {
    std::memset(buffer->context, value, buffer->size);
}

ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t type, size_t size) {
    auto & device = *static_cast<Device *>(type->context);
    if (device.used + size > device.memory) return nullptr;
    void * const bytes = std::aligned_alloc(alignment, (size / alignment + 1) * alignment);
    if (!bytes) return nullptr;
    device.used += size;
    ggml_backend_buffer_i calls = {};
    calls.free_buffer = free_buffer;
    calls.get_base = base;
    calls.memset_tensor = fill;
    calls.set_tensor = put;
    calls.get_tensor = get;
    calls.clear = clear;
    return ggml_backend_buffer_init(type, calls, bytes, size);
}

// ---- evaluation

ggml_status compute(ggml_backend_t backend, ggml_cgraph * graph) {
    const auto & mode = settings()["mode"];
    if (mode == "hangs") {
        while (true) pause();
    }
    if (mode == "aborts") {
        ggml_log_callback log = nullptr;
        void * with = nullptr;
        ggml_log_get(&log, &with);
        log(GGML_LOG_LEVEL_ERROR, "CUDA error: the provided PTX was compiled with an unsupported toolchain.\n", with);
        log(GGML_LOG_LEVEL_ERROR, "  current device: 0, in function compute\n", with);
        ggml_abort("gpu_stub.cpp", 1, "CUDA error");
    }
    if (mode == "lies") return GGML_STATUS_SUCCESS;
    return ggml_backend_graph_compute(static_cast<ggml_backend_t>(backend->context), graph);
}

void free_backend(ggml_backend_t backend) {
    ggml_backend_free(static_cast<ggml_backend_t>(backend->context));
    delete backend;
}

ggml_backend_t init_backend(ggml_backend_dev_t device, const char *) {
    static ggml_guid guid = {0x75, 0x6e, 0x64, 0x65, 0x72, 0x73, 0x74, 0x75,
                             0x64, 0x79, 0x2d, 0x73, 0x74, 0x75, 0x62, 0};
    auto * const real = ggml_backend_dev_init(cpu(), nullptr);
    const auto set_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu()), "ggml_backend_set_n_threads"));
    set_threads(real, 1);
    ggml_backend_i calls = {};
    calls.get_name = [](ggml_backend_t backend) { return of(backend->device).name.c_str(); };
    calls.free = free_backend;
    calls.graph_compute = compute;
    return new ggml_backend{&guid, calls, device, real};
}

// ---- devices

void memory(ggml_backend_dev_t device, size_t * free, size_t * total) {
    *total = of(device).memory;
    *free = of(device).memory - of(device).used;
}

void describe(ggml_backend_dev_t device, ggml_backend_dev_props * props) {
    props->name = of(device).name.c_str();
    props->description = "the CPU in disguise";
    props->type = GGML_BACKEND_DEVICE_TYPE_GPU;
    memory(device, &props->memory_free, &props->memory_total);
    props->caps = {};
}

void make(size_t number, size_t bytes, ggml_backend_reg_t registration) {
    auto & device = devices()[number];
    device.number = number;
    device.name = "CUDA" + std::to_string(number);
    device.memory = bytes;
    ggml_backend_device_i calls = {};
    calls.get_name = [](ggml_backend_dev_t it) { return of(it).name.c_str(); };
    calls.get_description = [](ggml_backend_dev_t) { return "the CPU in disguise"; };
    calls.get_memory = memory;
    calls.get_type = [](ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; };
    calls.get_props = describe;
    calls.init_backend = init_backend;
    calls.get_buffer_type = [](ggml_backend_dev_t it) { return &of(it).memory_type; };
    calls.supports_op = [](ggml_backend_dev_t, const ggml_tensor * op) {
        return ggml_backend_dev_supports_op(cpu(), op);
    };
    calls.supports_buft = [](ggml_backend_dev_t it, ggml_backend_buffer_type_t type) {
        return type == &of(it).memory_type;
    };
    device.device = {calls, registration, &device};
    ggml_backend_buffer_type_i types = {};
    types.get_name = [](ggml_backend_buffer_type_t type) { return static_cast<Device *>(type->context)->name.c_str(); };
    types.alloc_buffer = allocate;
    types.get_alignment = [](ggml_backend_buffer_type_t) { return alignment; };
    device.memory_type = {types, &device.device, &device};
}

size_t count() {
    const auto & text = settings()["devices"];
    return text.empty() ? 1 : std::min<size_t>(std::stoul(text), most_devices);
}

ggml_backend_reg_t registration() {
    static auto * const it = [] {
        ggml_backend_reg_i calls = {};
        calls.get_name = [](ggml_backend_reg_t) { return "CUDA"; };
        calls.get_device_count = [](ggml_backend_reg_t) { return count(); };
        calls.get_device = [](ggml_backend_reg_t, size_t number) { return &devices()[number].device; };
        calls.get_proc_address = [](ggml_backend_reg_t, const char *) -> void * { return nullptr; };
        auto * const made = new ggml_backend_reg{GGML_BACKEND_API_VERSION, calls, nullptr};
        const auto & sizes = settings()["memory"];
        size_t from = 0;
        size_t bytes = usual_memory;
        for (size_t i = 0; i < count(); i++) {
            if (from < sizes.size()) {
                bytes = std::stoul(sizes.substr(from));
                const auto comma = sizes.find(',', from);
                from = comma == std::string::npos ? sizes.size() : comma + 1;
            }
            make(i, bytes, made);
        }
        return made;
    }();
    return it;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) ggml_backend_reg_t ggml_backend_init() {
    return registration();
}
