// One context on one model: continuous batching on a decode thread of its own.
#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend.h"
#include "errors.h"
#include "events.h"
#include "model.h"
#include "plan.h"
#include "sampler.h"
#include "scheduler.h"
#include "text.h"

namespace slm {

struct EngineConfig {
    std::string name;  // of the decode thread
    std::string model;
    std::string chat_template;  // source of an override, or empty
    int32_t context = 0;        // tokens of all sequences together; 0: as the model was trained
    int32_t parallel = 8;
    int32_t batch = 512;
    int32_t threads = 1;
    std::string device = "cpu";  // or cuda:N, the GPU of that number

    // Throws Error(Invalid).
    static EngineConfig parse(const std::string & json);
};

// Bytes that an engine takes on the device it is opened on.
struct MemoryNeed {
    uint64_t weights = 0;
    uint64_t context = 0;
    uint64_t compute = 0;

    // JSON.
    std::string describe() const;
};

// Found by loading everything but the weights themselves. Throws as the opening would.
MemoryNeed memory_need(const EngineConfig & config);

// Where the engine's records go. All methods are called on the decode thread.
class EventSink {
  public:
    virtual ~EventSink() = default;
    virtual void thread_started() = 0;
    virtual void thread_ends() = 0;
    virtual uint8_t * buffer() = 0;
    virtual size_t capacity() = 0;
    virtual void events(size_t length) = 0;
};

class Engine {
  public:
    Engine(const EngineConfig & config, std::unique_ptr<EventSink> sink);

    // Ends every request with DONE 4, then frees in order. Must not be called on the decode thread.
    ~Engine();

    Engine(const Engine &) = delete;
    Engine & operator=(const Engine &) = delete;

    std::shared_ptr<const Model> model() const { return model_; }

    // Queues a request under an id of the caller's choice. Exactly one DONE record follows, perhaps before this
    // returns. Throws Error: Invalid, ContextLength, Overloaded, Closed; then nothing follows. Less urgent requests may
    // lose their places to it.
    void submit(int64_t id, const std::shared_ptr<const Plan> & plan, const std::string & params);

    // Ends a request at its next step. An unknown id is no error: the request may have ended by itself.
    void cancel(int64_t id);

    // Run by the decode thread between two steps; the caller waits.
    // Loads an adapter, or takes one more hold on it if the same `key` (a hash of its contents) is loaded already.
    int load_adapter(const std::string & path, const std::string & key);

    // Gives a hold back. True: the adapter is gone; false: others hold it, or it goes with its last request.
    bool unload_adapter(int id);
    std::string adapters() const { return adapters_.describe(); }

    // JSON: counters since the start and the state at this moment.
    std::string stats() const;

    // Stops the decode thread; every later submit throws Error(Closed).
    void close();

  private:
    struct Request;
    struct Slot;
    struct Counters {
        std::atomic<int64_t> steps{0}, prompt{0}, cached{0}, generated{0}, requests{0}, refused{0}, switches{0};
        std::atomic<int64_t> decode_us{0}, sample_us{0}, event_us{0}, events{0}, largest_step{0}, failures{0};
        std::atomic<int64_t> grammar_refused{0}, reopened{0}, busy{0}, held{0};
    };

    static void * thread_main(void * self);
    void enqueue(const Waiting & waiting, const std::shared_ptr<Request> & request);
    int32_t retry_ms() const;
    void run();
    void tell();
    bool wait_for_work();
    void end_all();
    void expire();
    void admit();
    void begin(size_t index, const std::shared_ptr<Request> & request);
    bool fit_prefix(size_t index);
    void step();
    void share_prefixes(const Turn & turn);
    bool share_prefix(size_t index);
    void open_context();
    void reopen_context();
    bool evaluate(const std::vector<Chunk> & chunks);
    bool decode(const std::vector<Chunk> & chunks);
    int32_t decode_batch();
    void sample(size_t index, int32_t row);
    void emit(Slot & slot, const Choice & choice, bool special);
    void finish(size_t index, Finish why, Code code = Code::Internal, const std::string & message = {});
    void refuse_queued(int64_t id, Finish why, const std::string & message = {});
    void refuse_evicted();
    void fail_batch(const std::vector<Chunk> & chunks, const std::string & why);
    void begin_again(size_t index);
    void forget(size_t index);
    void apply(const Group & group);
    void drop_adapters();
    template <class F>
    auto on_decode_thread(F f) -> decltype(f());

    EngineConfig config_;
    std::unique_ptr<EventSink> sink_;
    std::shared_ptr<Model> model_;
    Adapters adapters_;
    ThreadPoolPtr pool_;
    llama_context_ptr context_;
    std::unique_ptr<RecordWriter> writer_;
    std::unique_ptr<Scheduler> scheduler_;
    std::vector<Slot> slots_;
    struct BatchFree {
        void operator()(llama_batch * batch) const;
    };
    std::unique_ptr<llama_batch, BatchFree> batch_;
    Group applied_;
    Recovery recovery_;
    uint64_t arrivals_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Queue queue_{{}};
    std::vector<int64_t> evicted_;  // to be told so by the decode thread
    Forecast forecast_;
    std::deque<std::function<void()>> commands_;
    std::map<int64_t, std::shared_ptr<Request>> live_;
    bool stopping_ = false;
    std::atomic<bool> aborting_{false};
    pthread_t thread_{};
    bool thread_runs_ = false;
    std::mutex join_mutex_;
    mutable Counters counters_;
};

}  // namespace slm
