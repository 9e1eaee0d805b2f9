// The engine at work on a tiny model, with steps that can be held back and made to fail: llama_decode and its like are
// wrapped by the linker.
#include "engine.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "../check.h"
#include "tiny.h"

using slm::Code;
using slm::Engine;
using slm::Error;
using slm::Finish;
using slm::Plan;

namespace {

// What the next steps come to. One engine at a time uses it.
class Steps {
  public:
    // Results of the next steps, without evaluation; 0 evaluates.
    void fail(std::vector<int32_t> results) {
        const std::lock_guard<std::mutex> lock(mutex_);
        results_.assign(results.begin(), results.end());
    }

    // Steps wait until they are let through.
    void hold() {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = true;
        let_ = 0;
    }

    // Lets that many through and waits until they are done.
    void let(int count) {
        std::unique_lock<std::mutex> lock(mutex_);
        const int64_t until = done_ + count;
        let_ += count;
        changed_.notify_all();
        changed_.wait(lock, [&] { return done_ >= until; });
    }

    // Lets that many through, now or later.
    void allow(int count) {
        const std::lock_guard<std::mutex> lock(mutex_);
        let_ += count;
        changed_.notify_all();
    }

    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = false;
        changed_.notify_all();
    }

    // Each step takes a millisecond more, as those of a larger model do.
    void slow(bool is_slow) { slow_ = is_slow; }

    // The row that is read after so many others has no finite number.
    void spoil_row(int after) { spoil_in_ = after + 1; }

    bool spoils() { return spoil_in_ > 0 && --spoil_in_ == 0; }

    int64_t done() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return done_;
    }

    template <class F>
    int32_t run(F evaluate) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return !held_ || let_ > 0; });
        if (held_) let_--;
        int32_t result = 0;
        if (!results_.empty()) {
            result = results_.front();
            results_.pop_front();
        }
        if (result == 0) {
            lock.unlock();
            if (slow_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            result = evaluate();
            lock.lock();
        }
        done_++;
        changed_.notify_all();
        return result;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<int32_t> results_;
    bool held_ = false;
    int let_ = 0;
    int64_t done_ = 0;
    std::atomic<int> spoil_in_{0};
    std::atomic<bool> slow_{false};
};

Steps steps;
std::atomic<int> contexts_refused{0};

}  // namespace

extern "C" int32_t __real_llama_decode(llama_context * context, llama_batch batch);
extern "C" int32_t __wrap_llama_decode(llama_context * context, llama_batch batch);
extern "C" float * __real_llama_get_logits_ith(llama_context * context, int32_t row);
extern "C" float * __wrap_llama_get_logits_ith(llama_context * context, int32_t row);
extern "C" llama_context * __real_llama_init_from_model(llama_model * model, llama_context_params params);
extern "C" llama_context * __wrap_llama_init_from_model(llama_model * model, llama_context_params params);

int32_t __wrap_llama_decode(llama_context * context, llama_batch batch) {
    // the scheduler's cells are exactly those of the context
    std::set<llama_seq_id> seen;
    for (int32_t i = 0; i < batch.n_tokens; i++) {
        const llama_seq_id sequence = batch.seq_id[i][0];
        if (!seen.insert(sequence).second) continue;
        if (batch.pos[i] != llama_memory_seq_pos_max(llama_get_memory(context), sequence) + 1) {
            check::report(__FILE__, __LINE__, "a step begins elsewhere than its sequence ends");
        }
    }
    return steps.run([&] { return __real_llama_decode(context, batch); });
}

float * __wrap_llama_get_logits_ith(llama_context * context, int32_t row) {
    static std::vector<float> spoiled(tiny::vocabulary, std::numeric_limits<float>::quiet_NaN());
    return steps.spoils() ? spoiled.data() : __real_llama_get_logits_ith(context, row);
}

llama_context * __wrap_llama_init_from_model(llama_model * model, llama_context_params params) {
    return contexts_refused > 0 && contexts_refused-- > 0 ? nullptr : __real_llama_init_from_model(model, params);
}

namespace {

// What was told of one request.
struct Heard {
    std::vector<int32_t> tokens;
    std::vector<float> margins;
    std::string text;
    int dones = 0;
    Finish finish = Finish::EndOfTurn;
    int32_t prompt = 0;
    int32_t cached = 0;
    int32_t generated = 0;
    int32_t code = 0;
    int32_t retry_ms = 0;
};

class Ears {
  public:
    void hear(const uint8_t * bytes, size_t length) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (size_t i = 0; i < length;) {
            const uint8_t * const record = bytes + i;
            one(record[0], record[1], get<int64_t>(record + 8), record + 16);
            i += 16 + static_cast<size_t>(get<int32_t>(record + 4));
        }
        changed_.notify_all();
    }

    template <class F>
    Heard until(int64_t id, F holds) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return holds(heard_[id]); })) {
            check::report(__FILE__, __LINE__, "nothing heard of " + std::to_string(id));
        }
        return heard_[id];
    }

    Heard end(int64_t id) {
        return until(id, [](const Heard & one) { return one.dones > 0; });
    }

    Heard first(int64_t id) {
        return until(id, [](const Heard & one) { return !one.tokens.empty(); });
    }

    std::vector<int32_t> states(size_t count) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return states_.size() >= count; });
        return states_;
    }

    std::map<int64_t, Heard> all() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return heard_;
    }

  private:
    template <class T>
    static T get(const uint8_t * bytes) {
        T value;
        std::memcpy(&value, bytes, sizeof value);
        return value;
    }

    void one(uint8_t type, uint8_t flags, int64_t id, const uint8_t * body) {
        if (type == 5) {
            states_.push_back(get<int32_t>(body));
            return;
        }
        auto & heard = heard_[id];
        if (type == 1) {
            if (get<int32_t>(body) >= 0) {
                heard.tokens.push_back(get<int32_t>(body));
                heard.margins.push_back(get<float>(body + 8));
            }
            const auto tops = get<uint16_t>(body + 16);
            heard.text.append(reinterpret_cast<const char *>(body + 20 + 8 * tops), get<uint16_t>(body + 18));
        } else if (type == 3) {
            heard.dones++;
            heard.finish = static_cast<Finish>(flags);
            heard.prompt = get<int32_t>(body);
            heard.cached = get<int32_t>(body + 4);
            heard.generated = get<int32_t>(body + 8);
        } else if (type == 4) {
            heard.code = get<int32_t>(body);
            heard.retry_ms = get<int32_t>(body + 4);
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<int64_t, Heard> heard_;
    std::vector<int32_t> states_;
};

class Sink : public slm::EventSink {
  public:
    explicit Sink(Ears & ears) : ears_(ears) {}
    void thread_started() override {}
    void thread_ends() override {}
    uint8_t * buffer() override { return bytes_.data(); }
    size_t capacity() override { return bytes_.size(); }
    void events(size_t length) override { ears_.hear(bytes_.data(), length); }

  private:
    Ears & ears_;
    std::vector<uint8_t> bytes_ = std::vector<uint8_t>(slm::RecordWriter::least_buffer);
};

// The folder that libllama was loaded from; the CPU variants lie beside it.
std::string libraries() {
    Dl_info info = {};
    dladdr(reinterpret_cast<const void *>(&llama_version), &info);
    const std::string file = info.dli_fname;
    return file.substr(0, file.rfind('/'));
}

const std::string & weights() {
    static const std::string path = [] {
        slm::Backend::init(libraries());
        std::string file = "/tmp/slm-tiny-" + std::to_string(getpid()) + ".gguf";
        tiny::write(file, 7);
        return file;
    }();
    return path;
}

// An engine with its ears, and steps that run freely again at its end.
struct Open {
    explicit Open(int32_t parallel, int32_t context = 2048) {
        slm::EngineConfig config;
        config.model = weights();
        config.parallel = parallel;
        config.context = context;
        engine = std::make_unique<Engine>(config, std::make_unique<Sink>(ears));
    }

    ~Open() {
        steps.fail({});
        steps.release();
    }

    // A prompt of made-up tokens; the same seed, the same prompt.
    std::shared_ptr<Plan> plan(size_t length, uint32_t seed) const {
        auto made = std::make_shared<Plan>();
        made->model = engine->model();
        std::mt19937 random(seed);
        for (size_t i = 0; i < length; i++) {
            made->tokens.push_back(static_cast<llama_token>(3 + random() % (tiny::vocabulary - 3)));
        }
        return made;
    }

    int64_t ask(const std::shared_ptr<Plan> & plan, int tokens, const std::string & more = "") {
        const int64_t id = ++last;
        engine->submit(
            id, plan,
            "{\"ignore_end\":true,\"max_tokens\":" + std::to_string(tokens) + (more.empty() ? "" : "," + more) + "}");
        return id;
    }

    Heard answer(const std::shared_ptr<Plan> & plan, int tokens, const std::string & more = "") {
        return ears.end(ask(plan, tokens, more));
    }

    int64_t stat(const std::string & name) const { return common_json::parse(engine->stats()).at(name).get<int64_t>(); }

    Ears ears;  // outlives the engine
    std::unique_ptr<Engine> engine;
    std::atomic<int64_t> last{0};
};

const std::string shadow = "\"class\":\"shadow\"";
const std::string batch = "\"class\":\"batch\"";

// Batches and caches move logits a little: equal up to the first step that was nearly another.
bool same(const Heard & a, const Heard & b) {
    const size_t length = std::min(a.tokens.size(), b.tokens.size());
    for (size_t i = 0; i < length; i++) {
        if (a.margins[i] < 0.05F || b.margins[i] < 0.05F) return i > 0;
        if (a.tokens[i] != b.tokens[i]) return false;
    }
    return a.tokens.size() == b.tokens.size();
}

}  // namespace

TEST(eight_at_once_say_what_each_says_alone) {
    Open open(8);
    std::vector<std::shared_ptr<Plan>> plans;
    std::vector<Heard> alone;
    for (uint32_t i = 0; i < 8; i++) {
        plans.push_back(open.plan(20 + 11 * i, i));
        alone.push_back(open.answer(plans.back(), 24));
        CHECK(alone.back().finish == Finish::Length);
    }
    Open other(8);
    std::vector<int64_t> ids;
    for (const auto & plan : plans) ids.push_back(other.ask(plan, 24));
    for (size_t i = 0; i < 8; i++) CHECK(same(other.ears.end(ids[i]), alone[i]));
    const auto drawn = open.answer(plans[0], 24, "\"temperature\":1,\"seed\":5");
    CHECK(open.answer(plans[0], 24, "\"temperature\":1,\"seed\":5").tokens == drawn.tokens);
    CHECK(open.answer(plans[0], 24, "\"temperature\":1,\"seed\":6").tokens != drawn.tokens);
}

TEST(a_prompt_of_600_tokens_is_not_evaluated_twice) {
    Open open(4);
    const auto plan = open.plan(600, 1);
    const auto first = open.answer(plan, 8);
    const auto second = open.answer(plan, 8);
    CHECK_EQ(first.cached, 0);
    CHECK_EQ(second.cached, 599);
    CHECK(same(first, second));
    // from a slot that is at work, too
    const auto running = open.ask(plan, 600);
    open.ears.first(running);
    const auto beside = open.answer(plan, 8);
    CHECK_EQ(beside.cached, 599);
    CHECK(same(first, beside));
    open.engine->cancel(running);
    CHECK(open.ears.end(running).finish == Finish::Cancelled);
}

TEST(idle_prefixes_give_way_when_there_is_no_room) {
    Open open(2);
    const auto kept = open.plan(100, 1);
    open.answer(kept, 4);
    CHECK_EQ(open.answer(kept, 4).cached, 99);
    CHECK_EQ(open.stat("held"), int64_t{103});
    const auto other = open.plan(50, 2);
    steps.fail({1});
    const auto heard = open.answer(other, 4);
    CHECK(heard.finish == Finish::Length);
    CHECK_EQ(heard.code, 0);
    CHECK_EQ(open.stat("failures"), int64_t{0});
    CHECK_EQ(open.stat("held"), int64_t{53});
    CHECK_EQ(open.answer(kept, 4).cached, 0);
}

TEST(without_room_the_youngest_of_the_least_urgent_ends) {
    Open open(4);
    const auto plans = {open.plan(30, 1), open.plan(30, 2)};
    std::vector<Heard> alone;
    for (const auto & plan : plans) alone.push_back(open.answer(plan, 40));
    Open busy(4);
    const auto old_mirror = busy.ask(busy.plan(30, 3), 40, shadow);
    busy.ears.first(old_mirror);
    const auto mirror = busy.ask(busy.plan(30, 4), 40, shadow);
    busy.ears.first(mirror);
    steps.hold();
    std::vector<int64_t> live;
    for (const auto & plan : plans) live.push_back(busy.ask(plan, 40));
    steps.let(4);
    steps.fail({1});
    steps.release();
    const auto gone = busy.ears.end(mirror);
    CHECK(gone.finish == Finish::Error);
    CHECK_EQ(gone.code, static_cast<int32_t>(Code::Internal));
    for (size_t i = 0; i < live.size(); i++) CHECK(same(busy.ears.end(live[i]), alone[i]));
    CHECK(busy.ears.end(old_mirror).finish == Finish::Length);
    CHECK_EQ(busy.stat("failures"), int64_t{1});
}

TEST(a_failed_step_ends_its_batch_and_others_begin_again) {
    Open open(4);
    const auto long_prompt = open.plan(150, 1);
    const auto alone = open.answer(long_prompt, 20);
    Open other(4);
    steps.hold();
    const auto mirror = other.ask(long_prompt, 20, shadow);
    steps.let(1);  // 64 of its tokens
    const auto live = other.ask(other.plan(30, 2), 20);
    steps.let(1);
    steps.fail({0, -3});
    steps.release();
    const auto failed = other.ears.end(live);
    CHECK(failed.finish == Finish::Error);
    CHECK_EQ(failed.code, static_cast<int32_t>(Code::Internal));
    const auto heard = other.ears.end(mirror);
    CHECK(heard.finish == Finish::Length);
    CHECK(same(heard, alone));
    CHECK_EQ(other.stat("reopened"), int64_t{0});
    CHECK(same(other.answer(long_prompt, 20), alone));
}

TEST(after_three_failures_in_a_row_the_context_is_made_anew) {
    Open open(2);
    const auto plan = open.plan(40, 1);
    const auto before = open.answer(plan, 10);
    contexts_refused = 1;
    steps.fail({-3, -3, -3});
    for (int i = 0; i < 3; i++) CHECK(open.answer(plan, 10).finish == Finish::Error);
    // a request that comes meanwhile waits; one that may not wait does not
    const auto patient = open.ask(plan, 10);
    const auto hasty = open.answer(open.plan(10, 2), 10, "\"queue_us\":1000");
    CHECK_EQ(hasty.code, static_cast<int32_t>(Code::Overloaded));
    CHECK(hasty.retry_ms > 0);
    CHECK((open.ears.states(5) == std::vector<int32_t>{2, 3, 2, 3, 1}));
    const auto after = open.ears.end(patient);
    CHECK_EQ(after.cached, 0);
    CHECK(same(after, before));
    CHECK_EQ(open.stat("reopened"), int64_t{1});
    CHECK_EQ(open.stat("failures"), int64_t{3});
}

TEST(a_row_without_a_finite_maximum_ends_one_request_alone) {
    Open open(2);
    const auto one = open.plan(40, 1);
    const auto two = open.plan(40, 2);
    const auto alone = open.answer(two, 30);
    Open other(2);
    steps.hold();
    const auto first = other.ask(one, 30);
    const auto second = other.ask(two, 30);
    steps.let(3);
    steps.spoil_row(0);
    steps.release();
    const auto spoiled = other.ears.end(first);
    const auto whole = other.ears.end(second);
    const bool first_failed = spoiled.finish == Finish::Error;
    CHECK(first_failed != (whole.finish == Finish::Error));
    if (first_failed) CHECK(same(whole, alone));
    // nobody builds on what may be spoiled
    CHECK_EQ(other.answer(first_failed ? one : two, 2).cached, 0);
    CHECK_EQ(other.answer(first_failed ? two : one, 2).cached, 39);
}

TEST(cancel_and_deadline_take_one_step_in_a_slot_and_in_the_queue) {
    Open open(1);
    const auto plan = open.plan(20, 1);
    steps.hold();
    const auto running = open.ask(plan, 1000);
    steps.let(3);
    const auto shown = open.ears.first(running);
    const auto queued = open.ask(plan, 5);
    const auto late = open.ask(plan, 5, "\"deadline_us\":0");
    open.engine->cancel(running);
    open.engine->cancel(queued);
    const int64_t before = steps.done();
    steps.allow(1);  // the one that may be on its way
    CHECK(open.ears.end(running).finish == Finish::Cancelled);
    CHECK(open.ears.end(queued).finish == Finish::Cancelled);
    CHECK(open.ears.end(late).finish == Finish::Deadline);
    CHECK(steps.done() - before <= 1);
    steps.slow(true);
    steps.release();
    const auto timed = open.answer(plan, 100000, "\"deadline_us\":200000");
    steps.slow(false);
    CHECK(timed.finish == Finish::Deadline);
    CHECK(timed.generated > 0);
    CHECK(!timed.text.empty());
    CHECK_EQ(timed.text.compare(0, shown.text.size(), shown.text), 0);
    CHECK_EQ(open.stat("busy"), int64_t{0});
}

TEST(a_live_request_takes_the_place_of_the_newest_of_the_least_urgent) {
    Open open(1);
    steps.hold();
    const auto running = open.ask(open.plan(20, 1), 2);
    steps.let(1);
    std::vector<int64_t> mirrors;
    for (uint32_t i = 0; i < 3; i++) mirrors.push_back(open.ask(open.plan(20, 2 + i), 2, shadow));
    mirrors.push_back(open.ask(open.plan(20, 9), 2, batch));
    CHECK_THROWS(open.ask(open.plan(20, 10), 2, batch), Code::Overloaded);
    const auto live = open.ask(open.plan(20, 11), 2);
    CHECK_EQ(open.stat("queued_live"), int64_t{1});
    CHECK_EQ(open.stat("queued_shadow"), int64_t{3});
    CHECK_EQ(open.stat("queued_batch"), int64_t{0});
    steps.release();
    const auto evicted = open.ears.end(mirrors[3]);
    CHECK_EQ(evicted.code, static_cast<int32_t>(Code::Overloaded));
    CHECK(evicted.retry_ms >= 100);
    CHECK(open.ears.end(running).finish == Finish::Length);
    CHECK(open.ears.end(live).finish == Finish::Length);
    for (int i = 0; i < 3; i++) CHECK(open.ears.end(mirrors[static_cast<size_t>(i)]).finish == Finish::Length);
    CHECK_EQ(open.stat("refused"), int64_t{2});
}

TEST(of_a_burst_of_500_each_is_served_or_refused_and_none_fails) {
    Open open(4, 512);
    const auto plan = open.plan(60, 1);
    const auto other = open.plan(100, 2);
    int refused = 0;
    std::vector<int64_t> taken;
    for (int i = 0; i < 500; i++) {
        try {
            taken.push_back(open.ask(i % 2 ? plan : other, 20 + i % 80));
        } catch (const Error & e) {
            CHECK(e.code() == Code::Overloaded);
            CHECK(e.retry_ms() >= 100);
            refused++;
        }
    }
    CHECK_EQ(static_cast<int>(taken.size()) + refused, 500);
    CHECK(refused > 0);
    for (const auto id : taken) {
        const auto heard = open.ears.end(id);
        CHECK_EQ(heard.dones, 1);
        CHECK(heard.finish == Finish::Length);
    }
    CHECK_EQ(open.stat("failures"), int64_t{0});
}

TEST(a_thousand_races_of_submit_cancel_and_close_end_everyone_once) {
    const auto plan_of = [](const Open & open, int i) { return open.plan(10 + static_cast<size_t>(i % 30), 1); };
    int64_t accepted = 0;
    for (int round = 0; round < 40; round++) {
        Open open(3, 512);
        std::atomic<int> taken{0};
        const auto work = [&](int first) {
            for (int i = first; i < first + 13; i++) {
                try {
                    const auto id = open.ask(plan_of(open, i), 50, i % 3 ? "" : shadow);
                    taken++;
                    if (i % 2) open.engine->cancel(id);
                } catch (const Error & e) {
                    CHECK(e.code() == Code::Closed || e.code() == Code::Overloaded);
                }
            }
        };
        std::thread one(work, 0);
        std::thread two(work, 13);
        if (round % 2) open.engine->close();
        one.join();
        two.join();
        open.engine->close();
        int done = 0;
        for (const auto & [id, heard] : open.ears.all()) {
            CHECK_EQ(heard.dones, 1);
            done += heard.dones;
        }
        CHECK_EQ(done, taken.load());
        accepted += taken;
    }
    CHECK(accepted > 0);
}

TEST(bad_parameters_are_refused_by_name) {
    Open open(1);
    const auto plan = open.plan(5, 1);
    CHECK_THROWS(open.ask(plan, 1, "\"class\":\"urgent\""), Code::Invalid);
    CHECK_THROWS(open.ask(plan, 1, "\"adapter\":-1"), Code::Invalid);
    CHECK_THROWS(open.ask(plan, 1, "\"adapter\":1,\"scale\":1e39"), Code::Invalid);
    CHECK_THROWS(open.ask(plan, 1, "\"adapter\":1,\"scale\":-1"), Code::Invalid);
    CHECK_THROWS(open.ask(plan, 1, "\"adapter\":1"), Code::Closed);
    CHECK_THROWS(open.ask(plan, 1, "\"deadline_us\":-1"), Code::Invalid);
    CHECK_THROWS(open.ask(plan, 1, "\"queue_us\":1.5"), Code::Invalid);
    CHECK_THROWS(open.ask(open.plan(2048, 1), 1), Code::ContextLength);
    CHECK_EQ(open.answer(plan, 1).generated, 1);
}
