#include "engine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cmath>
#include <future>
#include <numeric>

#include "../src/llama-ext.h"
#include "json.h"
#include "limits.h"

namespace slm {

namespace {

constexpr size_t decode_stack = 32u << 20;  // grammars recurse on the decode thread
constexpr int32_t usual_answer = 512;
constexpr int64_t longest_nap_us = 50'000;  // while the context is to be made anew
constexpr float greatest_scale = 10;
// So many rows of a batch make ggml compute attention in tiles of rows, each for every key that one of its rows sees:
// streams, which see keys all over the context, would make the tiles of a long prompt dear.
constexpr size_t attention_tile = 64;

int64_t now_us() {
    return ggml_time_us();
}

int32_t whole(const common_json & json, const char * field, int32_t otherwise, int32_t least, int32_t most) {
    if (!json.contains(field) || json.at(field).is_null()) return otherwise;
    if (!json.at(field).is_number_integer()) throw Error(Code::Invalid, std::string(field) + " must be an integer");
    const auto value = json.at(field).get<int64_t>();
    if (value < least || value > most) throw Error(Code::Invalid, std::string(field) + " is out of range");
    return static_cast<int32_t>(value);
}

std::vector<std::string> read_stops(const common_json & json) {
    std::vector<std::string> stops;
    if (!json.contains("stop") || json.at("stop").is_null()) return stops;
    const auto & field = json.at("stop");
    if (field.is_string()) {
        stops.push_back(field.get<std::string>());
    } else {
        for (const auto & stop : field) stops.push_back(stop.get<std::string>());
    }
    if (stops.size() > max_stops) throw Error(Code::Invalid, "stop has more than 16 strings");
    for (const auto & stop : stops) {
        if (stop.empty() || stop.size() > max_stop_bytes) throw Error(Code::Invalid, "stop: 1 to 256 bytes each");
    }
    return stops;
}

// The GPU of a name like cuda:1; null for the CPU.
ggml_backend_dev_t gpu_of(const std::string & device) {
    if (device == "cpu") return nullptr;
    const std::string prefix = "cuda:";
    const bool fits = device.compare(0, prefix.size(), prefix) == 0 && device.size() > prefix.size() &&
                      device.size() <= prefix.size() + 2 &&
                      device.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (!fits) throw Error(Code::Invalid, "there is no device " + device);
    auto * const gpu = Backend::gpu(std::stoul(device.substr(prefix.size())));
    if (!gpu) throw Error(Code::ModelLoad, "cuda: there is no device " + device);
    return gpu;
}

Urgency read_urgency(const common_json & json) {
    const auto name = json.value("class", "live");
    if (name == "live") return Urgency::Live;
    if (name == "shadow") return Urgency::Shadow;
    if (name == "batch") return Urgency::Batch;
    throw Error(Code::Invalid, "class must be live, shadow or batch");
}

Group read_group(const common_json & json) {
    Group group;
    group.adapter = whole(json, "adapter", 0, 0, INT32_MAX);
    if (group.adapter == 0) return group;
    group.scale = json.value("scale", 1.0F);
    if (!std::isfinite(group.scale) || group.scale < 0 || group.scale > greatest_scale) {
        throw Error(Code::Invalid, "scale is out of range");
    }
    return group;
}

// A moment that many microseconds after `from`; the end of time if the field is not there.
int64_t moment(const common_json & json, const char * field, int64_t from) {
    if (!json.contains(field) || json.at(field).is_null()) return INT64_MAX;
    if (!json.at(field).is_number_integer()) throw Error(Code::Invalid, std::string(field) + " must be an integer");
    const auto after = json.at(field).get<int64_t>();
    if (after < 0) throw Error(Code::Invalid, std::string(field) + " is out of range");
    return after > INT64_MAX - from ? INT64_MAX : from + after;
}

llama_context_params context_params(const EngineConfig & config, const llama_model * model) {
    auto params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(config.context > 0 ? config.context : llama_model_n_ctx_train(model));
    params.n_batch = params.n_ubatch = static_cast<uint32_t>(config.batch);
    params.n_seq_max = static_cast<uint32_t>(config.parallel);
    params.n_threads = params.n_threads_batch = config.threads;
    params.kv_unified = true;
    params.no_perf = true;
    // rows of logits only for tokens that are sampled, or they would take batch x vocabulary
    params.n_outputs_max = static_cast<uint32_t>(config.parallel);
    return params;
}

void add_to_batch(llama_batch & batch, llama_token token, llama_pos position, size_t sequence, bool logits) {
    const int32_t i = batch.n_tokens++;
    batch.token[i] = token;
    batch.pos[i] = position;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = static_cast<llama_seq_id>(sequence);
    batch.logits[i] = logits ? 1 : 0;
}

}  // namespace

struct Engine::Request {
    int64_t id = 0;
    std::shared_ptr<const Plan> plan;
    SamplingParams sampling;
    SamplerPtr grammar;
    std::vector<std::string> stops;
    CacheKey key;
    Urgency urgency = Urgency::Live;
    int32_t most_tokens = 0;
    int64_t deadline_us = INT64_MAX;
    int64_t submitted_us = 0;
    std::atomic<bool> cancelled{false};
};

// What a lane's request has come to.
struct Engine::Slot {
    std::shared_ptr<Request> request;
    std::unique_ptr<Sampler> sampler;
    std::unique_ptr<TextStream> text;
    llama_token next = LLAMA_TOKEN_NULL;  // chosen, not yet evaluated
    int32_t generated = 0;
    int32_t cached = 0;
    int32_t switches = 0;
    int64_t begun_us = 0;
    int64_t first_token_us = 0;
    int64_t device_us = 0;
};

EngineConfig EngineConfig::parse(const std::string & json) {
    const common_json in = parse_bounded(json);
    EngineConfig config;
    config.name = in.value("name", "slm");
    config.model = in.at("model").get<std::string>();
    config.chat_template = in.value("template", "");
    config.context = whole(in, "context", 0, 0, 1 << 20);
    config.parallel = whole(in, "parallel", 8, 1, 256);
    config.batch = whole(in, "batch", 512, 1, 4096);
    config.threads = whole(in, "threads", 1, 1, 64);
    config.device = in.value("device", "cpu");
    if (config.parallel > config.batch) throw Error(Code::Invalid, "parallel is larger than batch");
    return config;
}

std::string MemoryNeed::describe() const {
    common_json out = common_json::object();
    out["weights"] = weights;
    out["context"] = context;
    out["compute"] = compute;
    return out.dump();
}

MemoryNeed memory_need(const EngineConfig & config) {
    std::array<ggml_backend_dev_t, 2> devices;
    auto params = model_params(devices, gpu_of(config.device));
    params.no_alloc = true;
    params.load_mode = LLAMA_LOAD_MODE_NONE;
    const llama_model_ptr model(llama_model_load_from_file(config.model.c_str(), params));
    if (!model) throw Error(Code::ModelLoad, "cannot load " + config.model);
    const llama_context_ptr context(llama_init_from_model(model.get(), context_params(config, model.get())));
    if (!context) throw Error(Code::Context, "the context cannot be laid out");
    MemoryNeed need;
    for (const auto & [type, bytes] : llama_get_memory_breakdown(context.get())) {
        // what stays in the host's memory: the input embeddings, buffers for copies
        if (devices[0] && ggml_backend_buft_get_device(type) != devices[0]) continue;
        need.weights += bytes.model;
        need.context += bytes.context;
        need.compute += bytes.compute;
    }
    return need;
}

void Engine::BatchFree::operator()(llama_batch * batch) const {
    llama_batch_free(*batch);
    delete batch;
}

Engine::Engine(const EngineConfig & config, std::unique_ptr<EventSink> sink)
    : config_(config),
      sink_(std::move(sink)),
      model_(std::make_shared<Model>(config.model, config.chat_template, gpu_of(config.device))) {
    if (sink_->capacity() < RecordWriter::least_buffer) throw Error(Code::Invalid, "event buffer under 64 KiB");
    pool_ = make_thread_pool(config.threads);
    open_context();
    batch_.reset(new llama_batch(llama_batch_init(config.batch, 0, 1)));

    StepBounds bounds;
    bounds.batch = static_cast<size_t>(config.batch);
    // a GPU reads a whole prompt sooner than a live request would notice
    if (config.device != "cpu") bounds.less_urgent = bounds.batch;
    scheduler_ = std::make_unique<Scheduler>(config.parallel, llama_n_ctx(context_.get()), bounds);
    slots_.resize(static_cast<size_t>(config.parallel));
    queue_ = Queue({4 * slots_.size(), 2 * scheduler_->cells()});
    writer_ = std::make_unique<RecordWriter>(sink_->buffer(), sink_->capacity(), [this](size_t length) {
        counters_.events++;
        sink_->events(length);
    });

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, decode_stack);
    const int failed = pthread_create(&thread_, &attributes, thread_main, this);
    pthread_attr_destroy(&attributes);
    if (failed) throw Error(Code::Internal, "cannot start the decode thread");
    thread_runs_ = true;
    pthread_setname_np(thread_, config_.name.substr(0, 15).c_str());
}

void Engine::open_context() {
    auto params = context_params(config_, model_->get());
    params.abort_callback = [](void * self) { return static_cast<Engine *>(self)->aborting_.load(); };
    params.abort_callback_data = this;
    context_.reset(llama_init_from_model(model_->get(), params));
    if (!context_) throw Error(Code::Context, "no memory for a context of " + std::to_string(params.n_ctx) + " tokens");
    if (pool_) llama_attach_threadpool(context_.get(), pool_.get(), nullptr);
    applied_ = {};
}

Engine::~Engine() {
    close();
    for (auto & slot : slots_) slot = Slot{};
    if (pool_ && context_) llama_detach_threadpool(context_.get());
    context_.reset();
    pool_.reset();
}

void Engine::close() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
        aborting_ = true;
    }
    wake_.notify_all();
    const std::lock_guard<std::mutex> lock(join_mutex_);
    if (thread_runs_) pthread_join(thread_, nullptr);
    thread_runs_ = false;
}

void Engine::submit(int64_t id, const std::shared_ptr<const Plan> & plan, const std::string & params) {
    const common_json json = parse_bounded(params);
    auto request = std::make_shared<Request>();
    request->id = id;
    request->plan = plan;
    request->sampling = SamplingParams::parse(json, model_->vocabulary());
    request->stops = read_stops(json);
    const auto prompt = static_cast<int32_t>(plan->tokens.size());
    const auto cells = static_cast<int32_t>(scheduler_->cells());
    if (prompt >= cells) {
        throw Error(Code::ContextLength, "the prompt has " + std::to_string(prompt) + " tokens, the model's context " +
                                             std::to_string(cells));
    }
    const int32_t room = cells - prompt;
    const int32_t asked = whole(json, "max_tokens", usual_answer, 1, INT32_MAX);
    request->most_tokens = std::min(asked, room);
    request->key.group = read_group(json);
    request->key.scope = json.value("scope", static_cast<int64_t>(0));
    request->urgency = read_urgency(json);
    request->submitted_us = now_us();
    request->deadline_us = moment(json, "deadline_us", request->submitted_us);
    if (plan->grammar_sampler) request->grammar.reset(llama_sampler_clone(plan->grammar_sampler.get()));
    const Waiting waiting{id, request->urgency, plan->tokens.size(), request->deadline_us,
                          moment(json, "queue_us", request->submitted_us)};

    adapters_.retain(request->key.group.adapter);
    try {
        enqueue(waiting, request);
    } catch (const Error &) {
        adapters_.release(request->key.group.adapter);
        throw;
    }
    wake_.notify_one();
}

void Engine::enqueue(const Waiting & waiting, const std::shared_ptr<Request> & request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) throw Error(Code::Closed, "the engine is closed");
    if (live_.count(request->id)) throw Error(Code::Invalid, "the id is in use");
    const auto offer = queue_.offer(waiting);
    if (!offer.taken) {
        counters_.refused++;
        throw Error(Code::Overloaded, "the queue of the small model is full", retry_ms());
    }
    evicted_.insert(evicted_.end(), offer.evicted.begin(), offer.evicted.end());
    live_[request->id] = request;
    counters_.requests++;
}

// With the lock held.
int32_t Engine::retry_ms() const {
    return forecast_.until_free_ms(queue_.size(), slots_.size());
}

void Engine::cancel(int64_t id) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = live_.find(id);
        if (found == live_.end()) return;
        found->second->cancelled = true;
        queue_.cancel(id);
    }
    wake_.notify_one();
}

template <class F>
auto Engine::on_decode_thread(F f) -> decltype(f()) {
    auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
    auto result = task->get_future();
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_) throw Error(Code::Closed, "the engine is closed");
        commands_.push_back([task] { (*task)(); });
    }
    wake_.notify_one();
    return result.get();
}

int Engine::load_adapter(const std::string & path, const std::string & key) {
    return on_decode_thread([this, path, key] { return adapters_.load(model_->get(), path, key); });
}

bool Engine::unload_adapter(int id) {
    return on_decode_thread([this, id] {
        adapters_.unload(id);
        drop_adapters();
        return !adapters_.has(id);
    });
}

// Adapters that nobody wants and nobody uses, with the prefixes that were evaluated with them.
void Engine::drop_adapters() {
    if (!adapters_.any_leaving()) return;
    for (const int id : adapters_.leaving()) {
        // the context must not keep a pointer to it
        if (applied_.adapter == id) apply({});
        for (size_t i = 0; i < slots_.size(); i++) {
            if (scheduler_->lanes()[i].key.group.adapter == id) forget(i);
        }
        adapters_.erase(id);
    }
}

std::string Engine::stats() const {
    common_json out = common_json::object();
    const auto put = [&](const char * name, const std::atomic<int64_t> & value) { out[name] = value.load(); };
    put("steps", counters_.steps);
    put("prompt_tokens", counters_.prompt);
    put("cached_tokens", counters_.cached);
    put("generated_tokens", counters_.generated);
    put("requests", counters_.requests);
    put("refused", counters_.refused);
    put("switches", counters_.switches);
    put("decode_us", counters_.decode_us);
    put("sample_us", counters_.sample_us);
    put("event_us", counters_.event_us);
    put("largest_step", counters_.largest_step);
    put("failures", counters_.failures);
    put("reopened", counters_.reopened);
    put("grammar_refused", counters_.grammar_refused);
    put("events", counters_.events);
    put("busy", counters_.busy);
    put("held", counters_.held);
    // a beginning that sequences share is counted for each of them
    out["kv_used"] = std::min<int64_t>(counters_.held, static_cast<int64_t>(scheduler_->cells()));
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        out["queued"] = static_cast<uint64_t>(queue_.size());
        out["queued_live"] = static_cast<uint64_t>(queue_.size(Urgency::Live));
        out["queued_shadow"] = static_cast<uint64_t>(queue_.size(Urgency::Shadow));
        out["queued_batch"] = static_cast<uint64_t>(queue_.size(Urgency::Batch));
    }
    out["context"] = static_cast<uint64_t>(scheduler_->cells());
    out["parallel"] = config_.parallel;
    out["threads"] = config_.threads;
    out["device"] = config_.device;
    return out.dump();
}

void * Engine::thread_main(void * self) {
    auto * const engine = static_cast<Engine *>(self);
    engine->sink_->thread_started();
    engine->run();
    engine->sink_->thread_ends();
    return nullptr;
}

void Engine::run() {
    while (wait_for_work()) {
        refuse_evicted();
        expire();
        if (recovery_.due()) {
            reopen_context();
        } else {
            admit();
            step();
        }
        drop_adapters();
        tell();
    }
    end_all();
    tell();
}

void Engine::tell() {
    counters_.busy = static_cast<int64_t>(scheduler_->busy());
    counters_.held = static_cast<int64_t>(scheduler_->held());
    const int64_t from = now_us();
    writer_->flush();
    counters_.event_us += now_us() - from;
}

bool Engine::wait_for_work() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (recovery_.due()) {
        // nobody can be served, but whoever is cancelled or late wants to know
        const int64_t nap = std::clamp<int64_t>(*recovery_.due() - now_us(), 0, longest_nap_us);
        wake_.wait_for(lock, std::chrono::microseconds(nap), [&] { return stopping_ || !commands_.empty(); });
    } else {
        wake_.wait(lock, [&] {
            return stopping_ || !queue_.empty() || !evicted_.empty() || !commands_.empty() || scheduler_->busy() > 0;
        });
    }
    while (!stopping_ && !commands_.empty()) {
        const auto command = std::move(commands_.front());
        commands_.pop_front();
        lock.unlock();
        command();
        lock.lock();
    }
    return !stopping_;
}

void Engine::end_all() {
    refuse_evicted();
    std::vector<int64_t> queued;
    std::deque<std::function<void()>> commands;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        queued = queue_.clear();
        commands.swap(commands_);
    }
    // outside the lock: commands take it themselves
    for (const auto & command : commands) command();
    for (size_t i = 0; i < slots_.size(); i++) {
        if (slots_[i].request) finish(i, Finish::Cancelled);
    }
    for (const int64_t id : queued) refuse_queued(id, Finish::Cancelled);
}

void Engine::expire() {
    const int64_t now = now_us();
    for (size_t i = 0; i < slots_.size(); i++) {
        const auto & request = slots_[i].request;
        if (!request) continue;
        if (request->cancelled) {
            finish(i, Finish::Cancelled);
        } else if (now >= request->deadline_us) {
            finish(i, Finish::Deadline);
        }
    }
    std::vector<Queue::Over> over;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        over = queue_.over(now);
    }
    for (const auto & one : over) {
        switch (one.why) {
            case Queue::Why::Cancelled:
                refuse_queued(one.id, Finish::Cancelled);
                break;
            case Queue::Why::Deadline:
                refuse_queued(one.id, Finish::Deadline);
                break;
            case Queue::Why::Waited:
                refuse_queued(one.id, Finish::Error, "no slot was free in time");
                break;
        }
    }
}

void Engine::refuse_evicted() {
    std::vector<int64_t> evicted;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        evicted.swap(evicted_);
    }
    for (const int64_t id : evicted) refuse_queued(id, Finish::Error, "a more urgent request took the place");
}

// The end of a request that never had a slot; with Error it was overload.
void Engine::refuse_queued(int64_t id, Finish why, const std::string & message) {
    std::shared_ptr<Request> request;
    int32_t retry = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = live_.find(id);
        if (found == live_.end()) return;
        request = std::move(found->second);
        live_.erase(found);
        retry = retry_ms();
    }
    if (why == Finish::Error) {
        counters_.refused++;
        writer_->error(id, static_cast<int32_t>(Code::Overloaded), retry, message);
    }
    DoneRecord done;
    done.finish = why;
    done.prompt = static_cast<int32_t>(request->plan->tokens.size());
    done.queued_us = now_us() - request->submitted_us;
    writer_->done(id, done);
    adapters_.release(request->key.group.adapter);
}

void Engine::admit() {
    while (true) {
        std::shared_ptr<Request> request;
        std::optional<size_t> lane;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            const auto * const first = queue_.first();
            if (!first) return;
            request = live_.at(first->id);
            const auto & tokens = request->plan->tokens;
            lane = scheduler_->place(tokens, request->key, tokens.size() + static_cast<size_t>(request->most_tokens),
                                     request->urgency);
            if (!lane) return;
            queue_.take_first();
        }
        begin(*lane, request);
    }
}

void Engine::begin(size_t index, const std::shared_ptr<Request> & request) {
    auto & lane = scheduler_->lanes()[index];
    if (!(lane.key == request->key)) forget(index);
    lane.state = Lane::State::Prompt;
    lane.urgency = request->urgency;
    lane.key = request->key;
    lane.prompt = request->plan->tokens;
    lane.started = false;
    lane.arrival = ++arrivals_;
    lane.reserved = lane.prompt.size() + static_cast<size_t>(request->most_tokens);
    Slot slot;
    slot.request = request;
    slot.begun_us = now_us();
    slot.text = std::make_unique<TextStream>(request->stops);
    slots_[index] = std::move(slot);
    try {
        slots_[index].sampler = std::make_unique<Sampler>(model_->vocab(), request->sampling,
                                                          std::move(request->grammar), request->plan->trigger);
        if (!fit_prefix(index)) throw Error(Code::Internal, "the sequence cannot be emptied");
    } catch (const std::exception & e) {
        finish(index, Finish::Error, Code::Internal, e.what());
    }
}

// Keeps what the lane's own cells have in common with the prompt, and nothing else.
bool Engine::fit_prefix(size_t index) {
    auto & lane = scheduler_->lanes()[index];
    auto * const memory = llama_get_memory(context_.get());
    const auto sequence = static_cast<llama_seq_id>(index);
    size_t keep = scheduler_->keep(index);
    if (!llama_memory_seq_rm(memory, sequence, static_cast<llama_pos>(keep), -1)) {
        // a sliding window or recurrent layers: all of it again
        if (!llama_memory_seq_rm(memory, sequence, -1, -1)) return false;
        keep = 0;
    }
    lane.cells.resize(keep);
    slots_[index].cached = static_cast<int32_t>(keep);
    return true;
}

// A prompt that begins now may find its first part in another sequence, running or not. Looked up as late as this, so
// that of several prompts with one beginning, sent together, only the first pays for it.
void Engine::share_prefixes(const Turn & turn) {
    bool shared = true;
    while (shared) {
        // a prompt that found its beginning leaves room in the step, perhaps for the next one
        shared = false;
        for (const auto & chunk : scheduler_->plan(turn)) {
            const auto & lane = scheduler_->lanes()[chunk.lane];
            if (lane.state == Lane::State::Prompt && !lane.started && share_prefix(chunk.lane)) shared = true;
        }
    }
}

bool Engine::share_prefix(size_t index) {
    auto * const memory = llama_get_memory(context_.get());
    auto & lane = scheduler_->lanes()[index];
    const auto prefix = scheduler_->shared_prefix(index, lane.cells.size());
    if (!prefix) return false;
    const auto to = static_cast<llama_seq_id>(index);
    if (!llama_memory_seq_rm(memory, to, -1, -1)) return false;
    const auto length = static_cast<llama_pos>(prefix->length);
    llama_memory_seq_cp(memory, static_cast<llama_seq_id>(prefix->lane), to, 0, length);
    if (llama_memory_seq_pos_max(memory, to) != length - 1) {
        // sequences of this memory cannot be copied in part
        llama_memory_seq_rm(memory, to, -1, -1);
        lane.cells.clear();
        slots_[index].cached = 0;
        return false;
    }
    lane.cells.assign(lane.prompt.begin(), lane.prompt.begin() + length);
    slots_[index].cached = length;
    return true;
}

void Engine::apply(const Group & group) {
    if (group == applied_ || !context_) return;
    auto * adapter = adapters_.get(group.adapter);
    float scale = group.scale;
    llama_set_adapters_lora(context_.get(), &adapter, adapter ? 1 : 0, &scale);
    applied_ = group;
    counters_.switches++;
    for (size_t i = 0; i < slots_.size(); i++) {
        if (slots_[i].request && scheduler_->lanes()[i].key.group == group) slots_[i].switches++;
    }
}

void Engine::step() {
    const auto turn = scheduler_->next_turn();
    if (!turn) return;
    apply(turn->group);
    share_prefixes(*turn);
    auto chunks = scheduler_->plan(*turn);
    const auto streams = std::stable_partition(chunks.begin(), chunks.end(), [&](const Chunk & chunk) {
        return scheduler_->lanes()[chunk.lane].state == Lane::State::Prompt;
    });
    const size_t of_prompts = std::accumulate(chunks.begin(), streams, size_t{0},
                                              [](size_t sum, const Chunk & chunk) { return sum + chunk.count; });
    if (of_prompts < attention_tile || config_.device != "cpu") {
        evaluate(chunks);
    } else if (evaluate({chunks.begin(), streams})) {
        evaluate({streams, chunks.end()});
    }
}

// Evaluates chunks and samples what they lead to. False: nothing was stored.
bool Engine::evaluate(const std::vector<Chunk> & chunks) {
    if (chunks.empty() || !decode(chunks)) return false;

    int32_t row = 0;
    for (const auto & chunk : chunks) {
        auto & lane = scheduler_->lanes()[chunk.lane];
        const int32_t last = row + static_cast<int32_t>(chunk.count) - 1;
        row += static_cast<int32_t>(chunk.count);
        if (lane.state == Lane::State::Prompt) {
            writer_->prompt(slots_[chunk.lane].request->id, static_cast<int32_t>(lane.cells.size()),
                            static_cast<int32_t>(lane.prompt.size()), slots_[chunk.lane].cached);
            counters_.prompt += static_cast<int64_t>(chunk.count);
            if (chunk.last) {
                lane.state = Lane::State::Generating;
                counters_.cached += slots_[chunk.lane].cached;
            }
        }
        if (chunk.last) sample(chunk.lane, last);
    }
    return true;
}

// Evaluates the step; on success the lanes' cells say so. False: nothing was stored, and whoever had to fail has
// failed.
bool Engine::decode(const std::vector<Chunk> & chunks) {
    batch_->n_tokens = 0;
    for (const auto & chunk : chunks) {
        const auto & lane = scheduler_->lanes()[chunk.lane];
        for (size_t i = 0; i < chunk.count; i++) {
            const size_t position = chunk.first + i;
            const llama_token token =
                lane.state == Lane::State::Generating ? slots_[chunk.lane].next : lane.prompt[position];
            add_to_batch(*batch_, token, static_cast<llama_pos>(position), chunk.lane,
                         chunk.last && i + 1 == chunk.count);
        }
    }
    const int64_t from = now_us();
    const int32_t result = decode_batch();
    const int64_t took = now_us() - from;
    counters_.steps++;
    counters_.decode_us += took;
    counters_.largest_step = std::max<int64_t>(counters_.largest_step, batch_->n_tokens);
    if (result == 1) {
        // no room although cells were reserved: one gives way, the others go on in the next step
        counters_.failures++;
        const auto youngest = scheduler_->youngest();
        finish(*youngest, Finish::Error, Code::Internal, "the context is full");
        forget(*youngest);
        return false;
    }
    if (result != 0) {
        fail_batch(chunks, result == 2 ? "the engine is closing" : "the model could not be evaluated");
        return false;
    }
    recovery_.worked();
    for (const auto & chunk : chunks) {
        auto & lane = scheduler_->lanes()[chunk.lane];
        auto & slot = slots_[chunk.lane];
        slot.device_us += took * static_cast<int64_t>(chunk.count) / batch_->n_tokens;
        lane.started = true;
        if (lane.state == Lane::State::Generating) {
            lane.cells.push_back(slot.next);
        } else {
            const auto first = lane.prompt.begin() + static_cast<long>(chunk.first);
            lane.cells.insert(lane.cells.end(), first, first + static_cast<long>(chunk.count));
        }
    }
    return true;
}

int32_t Engine::decode_batch() {
    int32_t result = llama_decode(context_.get(), *batch_);
    while (result == 1) {
        const auto oldest = scheduler_->oldest_prefix();
        if (!oldest) return result;
        forget(*oldest);
        result = llama_decode(context_.get(), *batch_);
    }
    if (result == 0) llama_synchronize(context_.get());
    return result;
}

// Ends whoever was in the batch. It is unknown how much of it was stored, so nothing is kept: others that have shown
// nothing yet begin again.
void Engine::fail_batch(const std::vector<Chunk> & chunks, const std::string & why) {
    counters_.failures++;
    const auto end = [&](size_t index) {
        finish(index, aborting_ ? Finish::Cancelled : Finish::Error, Code::Internal, why);
    };
    for (const auto & chunk : chunks) end(chunk.lane);
    llama_memory_clear(llama_get_memory(context_.get()), true);
    for (size_t i = 0; i < slots_.size(); i++) {
        if (slots_[i].generated > 0) end(i);
        begin_again(i);
    }
    if (aborting_ || !recovery_.failed(now_us())) return;
    writer_->engine(2, why);
}

// Nothing is in the lane's sequence any more.
void Engine::begin_again(size_t index) {
    auto & lane = scheduler_->lanes()[index];
    lane.cells.clear();
    lane.started = false;
    slots_[index].cached = 0;
}

// When its time has come: a new context in the place of one that fails.
void Engine::reopen_context() {
    if (now_us() < *recovery_.due()) return;
    writer_->engine(3, "");
    if (pool_ && context_) llama_detach_threadpool(context_.get());
    context_.reset();
    for (size_t i = 0; i < slots_.size(); i++) begin_again(i);
    try {
        open_context();
        counters_.reopened++;
        recovery_.reopened(true, now_us());
        writer_->engine(1, "");
    } catch (const Error & e) {
        recovery_.reopened(false, now_us());
        writer_->engine(2, e.what());
    }
}

void Engine::forget(size_t index) {
    if (context_) llama_memory_seq_rm(llama_get_memory(context_.get()), static_cast<llama_seq_id>(index), -1, -1);
    scheduler_->lanes()[index].cells.clear();
}

void Engine::sample(size_t index, int32_t row) {
    auto & slot = slots_[index];
    const int64_t from = now_us();
    try {
        const float * logits = llama_get_logits_ith(context_.get(), row);
        if (!logits) throw Error(Code::Internal, "the model gave no logits");
        const Choice choice = slot.sampler->choose(logits);
        slot.generated++;
        counters_.generated++;
        if (choice.flags & TokenRecord::refused) counters_.grammar_refused++;
        if (slot.first_token_us == 0) slot.first_token_us = now_us();
        if (llama_vocab_is_eog(model_->vocab(), choice.token)) {
            finish(index, Finish::EndOfTurn);
            return;
        }
        slot.next = choice.token;
        emit(slot, choice, (choice.flags & TokenRecord::special) != 0);
        counters_.sample_us += now_us() - from;
        if (slot.text->stopped()) {
            finish(index, Finish::Stop);
        } else if (slot.generated >= slot.request->most_tokens) {
            finish(index, Finish::Length);
        }
    } catch (const std::exception & e) {
        const auto * const error = dynamic_cast<const Error *>(&e);
        finish(index, Finish::Error, error ? error->code() : Code::Internal, e.what());
        // what came out wrong may have gone wrong in the sequence: nobody builds on it
        forget(index);
    }
}

void Engine::emit(Slot & slot, const Choice & choice, bool special) {
    TokenRecord record;
    record.token = choice.token;
    record.flags = choice.flags;
    record.logprob = choice.logprob;
    record.margin = choice.margin;
    record.top = &choice.top;
    const size_t offset = slot.text->text().size();
    record.offset = static_cast<int32_t>(offset);
    // some templates open calls with control tokens; where none can be, such a token is nothing to show
    const bool shown = slot.request->plan->reading.expected != Expected::Text;
    if (!special || shown) record.text = slot.text->append(model_->piece(choice.token, shown));
    slot.sampler->accept(choice.token, offset, slot.text->text());
    writer_->token(slot.request->id, record);
}

void Engine::finish(size_t index, Finish why, Code code, const std::string & message) {
    auto & slot = slots_[index];
    auto & lane = scheduler_->lanes()[index];
    const auto request = slot.request;
    if (!request) return;
    const int64_t now = now_us();
    if (why != Finish::Error && why != Finish::Cancelled) {
        TokenRecord record;
        record.offset = static_cast<int32_t>(slot.text->shown());
        record.text = slot.text->flush();
        if (!record.text.empty()) writer_->token(request->id, record);
    }
    if (why == Finish::Error) writer_->error(request->id, static_cast<int32_t>(code), 0, message);
    DoneRecord done;
    done.finish = why;
    done.prompt = static_cast<int32_t>(lane.prompt.size());
    done.cached = slot.cached;
    done.generated = slot.generated;
    done.switches = slot.switches;
    done.queued_us = slot.begun_us - request->submitted_us;
    done.prefill_us = (slot.first_token_us ? slot.first_token_us : now) - slot.begun_us;
    done.decode_us = slot.first_token_us ? now - slot.first_token_us : 0;
    done.device_us = slot.device_us;
    writer_->done(request->id, done);
    lane.state = Lane::State::Idle;
    lane.prompt.clear();
    lane.reserved = 0;
    lane.last_used = now;
    const int64_t begun = slot.begun_us;
    slot = Slot{};
    adapters_.release(request->key.group.adapter);
    const std::lock_guard<std::mutex> lock(mutex_);
    live_.erase(request->id);
    if (why != Finish::Error && why != Finish::Cancelled) forecast_.served(now - begun);
}

}  // namespace slm
