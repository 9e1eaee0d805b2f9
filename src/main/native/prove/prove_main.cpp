// slm_prove LIBRARIES PLUGIN MODEL.gguf [quick]: the engine on a GPU beside the engine on the CPU. Prints markdown: the
// same tokens for 50 prompts, speed at 1 to 64 streams, base and two adapters mixed. Ends with 1 when tokens differ.
// `quick` asks the same with fewer and shorter answers.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "../backend.h"
#include "../engine.h"
#include "../plan.h"
#include "ggml.h"
#include "gguf.h"
#include "json.h"

namespace {

using slm::Backend;
using slm::Code;
using slm::Engine;
using slm::EngineConfig;
using slm::Error;

// Below this gap between the two likeliest tokens the order of sums decides, and devices may differ.
constexpr float close_call = 0.5F;

struct Size {
    size_t prompts = 50;
    int tokens = 48;
    int streamed_tokens = 128;
    std::vector<int> streams = {1, 2, 4, 8, 16, 32, 64};
};

const Size quick_size = {50, 8, 16, {1, 2, 4, 8}};

struct Answer {
    std::vector<int32_t> tokens;
    std::vector<float> margins;
    std::string error;
    double first_ms = 0;
    int switches = 0;
    bool over = false;
};

// Reads the engine's records as Java does.
class Listener : public slm::EventSink {
  public:
    Listener(std::map<int64_t, Answer> & answers, std::mutex & mutex, std::condition_variable & told)
        : buffer_(256u << 10), answers_(answers), mutex_(mutex), told_(told) {}

    void thread_started() override {}
    void thread_ends() override {}
    uint8_t * buffer() override { return buffer_.data(); }
    size_t capacity() override { return buffer_.size(); }

    void events(size_t length) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (size_t at = 0; at + header <= length;) {
            const uint8_t type = buffer_[at];
            const auto size = static_cast<size_t>(read<int32_t>(at + 4));
            auto & answer = answers_[read<int64_t>(at + 8)];
            if (type == 1) token(answer, at + header);
            if (type == 3) done(answer, at + header, buffer_[at + 1]);
            if (type == 4) {
                const auto bytes = read<uint16_t>(at + header + 8);
                answer.error.assign(reinterpret_cast<const char *>(&buffer_[at + header + 10]), bytes);
            }
            at += header + size;
        }
        told_.notify_all();
    }

  private:
    static constexpr size_t header = 16;

    template <class T>
    T read(size_t at) const {
        T value;
        std::memcpy(&value, &buffer_[at], sizeof value);
        return value;
    }

    void token(Answer & answer, size_t at) {
        const auto id = read<int32_t>(at);
        if (id < 0) return;
        answer.tokens.push_back(id);
        answer.margins.push_back(read<float>(at + 8));
    }

    // four counts, then queued, prefill, decode and device time
    void done(Answer & answer, size_t at, uint8_t why) {
        const auto finish = static_cast<slm::Finish>(why);
        if (answer.error.empty() && finish != slm::Finish::EndOfTurn && finish != slm::Finish::Length) {
            answer.error = "the answer did not come to its end";
        }
        answer.switches = read<int32_t>(at + 12);
        answer.first_ms = static_cast<double>(read<int64_t>(at + 16) + read<int64_t>(at + 24)) / 1000;
        answer.over = true;
    }

    std::vector<uint8_t> buffer_;
    std::map<int64_t, Answer> & answers_;
    std::mutex & mutex_;
    std::condition_variable & told_;
};

struct Question {
    std::string text;
    int tokens = 0;
    bool to_the_last = false;  // goes on after the end of a turn
    int adapter = 0;
};

class Asked {
  public:
    Asked(const std::string & model, const std::string & device, int parallel, int context) {
        EngineConfig config;
        config.name = "prove";
        config.model = model;
        config.context = context;
        config.parallel = parallel;
        config.device = device;
        engine_ = std::make_unique<Engine>(config, std::make_unique<Listener>(answers_, mutex_, told_));
    }

    Engine & engine() { return *engine_; }

    // All at once; waits for the last.
    std::vector<Answer> ask(const std::vector<Question> & questions) {
        const int64_t from = next_;
        for (const auto & question : questions) submit(question);
        std::unique_lock<std::mutex> lock(mutex_);
        told_.wait(lock, [&] {
            for (int64_t id = from; id < next_; id++) {
                if (!answers_[id].over) return false;
            }
            return true;
        });
        std::vector<Answer> all;
        for (int64_t id = from; id < next_; id++) {
            if (!answers_[id].error.empty()) throw Error(Code::Internal, answers_[id].error);
            all.push_back(answers_[id]);
        }
        answers_.clear();
        return all;
    }

    // One after the other in groups that fit the engine's lanes.
    std::vector<Answer> ask_in_groups(const std::vector<Question> & questions, size_t group) {
        std::vector<Answer> all;
        for (size_t i = 0; i < questions.size(); i += group) {
            const auto last = std::min(questions.size(), i + group);
            for (auto & answer :
                 ask({questions.begin() + static_cast<long>(i), questions.begin() + static_cast<long>(last)})) {
                all.push_back(std::move(answer));
            }
        }
        return all;
    }

  private:
    void submit(const Question & question) {
        auto plan = std::make_shared<slm::Plan>();
        plan->model = engine_->model();
        plan->tokens = plan->model->tokenize(question.text, true, false);
        common_json params = common_json::object();
        params["temperature"] = 0;
        params["max_tokens"] = question.tokens;
        params["ignore_end"] = question.to_the_last;
        params["adapter"] = question.adapter;
        params["scope"] = next_;  // nobody's beginning is used again: all evaluate the whole prompt
        engine_->submit(next_, plan, params.dump());
        next_++;
    }

    std::map<int64_t, Answer> answers_;
    std::mutex mutex_;
    std::condition_variable told_;
    int64_t next_ = 1;
    std::unique_ptr<Engine> engine_;
};

std::vector<Question> questions(size_t count, int tokens) {
    static const std::vector<std::string> topics = {"the sea",     "a small town",         "computers", "an old friend",
                                                    "winter",      "the history of bread", "trains",    "music",
                                                    "a long walk", "the night sky"};
    static const std::vector<std::string> forms = {"Once upon a time there was a story about ",
                                                   "The most important facts about ", "Question: what do you know of ",
                                                   "def describe():\n    # prints all about ",
                                                   "A letter to my sister, in which I tell her about "};
    std::vector<Question> all;
    for (size_t i = 0; i < count; i++) {
        Question question;
        question.text = forms[i % forms.size()] + topics[i / forms.size() % topics.size()];
        question.tokens = tokens;
        all.push_back(question);
    }
    return all;
}

struct Parity {
    size_t equal = 0;        // answers without a difference that counts
    size_t steps = 0;        // tokens compared
    size_t close_calls = 0;  // answers that were compared up to a close call only
    std::string first;       // where it went wrong

    // Not if hardly anything was compared: a device that computes nothing has close calls only.
    bool holds(size_t answers, int tokens) const {
        return equal == answers && 4 * steps >= answers * static_cast<size_t>(tokens);
    }
};

// Equal tokens up to the first step at which they differ by a close call on either device.
Parity compare(const std::vector<Answer> & cpu, const std::vector<Answer> & gpu) {
    Parity parity;
    for (size_t i = 0; i < cpu.size(); i++) {
        const auto & a = cpu[i];
        const auto & b = gpu[i];
        const size_t length = std::min(a.tokens.size(), b.tokens.size());
        size_t step = 0;
        while (step < length && a.tokens[step] == b.tokens[step]) step++;
        parity.steps += step;
        const auto gap = [&](const Answer & answer) {
            // one that ended its turn earlier chose a token that is not told: nothing is known of its gap
            return step < answer.margins.size() ? answer.margins[step] : 0;
        };
        const bool same = step == length && a.tokens.size() == b.tokens.size();
        const float closest = same ? 0 : std::min(gap(a), gap(b));
        if (!same) parity.close_calls++;
        if (same || closest < close_call) {
            parity.equal++;
        } else if (parity.first.empty()) {
            parity.first = "prompt " + std::to_string(i + 1) + ", token " + std::to_string(step + 1) + ", gap " +
                           std::to_string(closest);
        }
    }
    return parity;
}

std::string show(const Parity & parity, size_t answers) {
    std::ostringstream out;
    out << parity.equal << " of " << answers << " equal, " << parity.steps << " tokens compared, " << parity.close_calls
        << " up to a close call";
    if (!parity.first.empty()) out << "; first difference: " << parity.first;
    return out.str();
}

struct GgufFree {
    void operator()(gguf_context * context) const { gguf_free(context); }
    void operator()(ggml_context * context) const { ggml_free(context); }
};

// An adapter of rank 8 on the query and value projections, with random numbers that change answers.
std::string make_adapter(const std::string & model, uint64_t seed) {
    constexpr int64_t rank = 8;
    ggml_context * raw = nullptr;
    const std::unique_ptr<gguf_context, GgufFree> base(gguf_init_from_file(model.c_str(), {true, &raw}));
    const std::unique_ptr<ggml_context, GgufFree> shapes(raw);
    if (!base) throw Error(Code::ModelLoad, "cannot read " + model);
    const std::unique_ptr<gguf_context, GgufFree> file(gguf_init_empty());
    const int64_t architecture = gguf_find_key(base.get(), "general.architecture");
    gguf_set_val_str(file.get(), "general.type", "adapter");
    gguf_set_val_str(file.get(), "adapter.type", "lora");
    gguf_set_val_str(file.get(), "general.architecture", gguf_get_val_str(base.get(), architecture));
    gguf_set_val_f32(file.get(), "adapter.lora.alpha", rank);
    std::mt19937_64 random(seed);
    std::vector<std::unique_ptr<ggml_context, GgufFree>> kept;
    const auto add = [&](const std::string & name, int64_t columns, int64_t rows, float size) {
        kept.emplace_back(
            ggml_init({ggml_tensor_overhead() + static_cast<size_t>(columns * rows) * 4 + 64, nullptr, false}));
        auto * const tensor = ggml_new_tensor_2d(kept.back().get(), GGML_TYPE_F32, columns, rows);
        std::normal_distribution<float> numbers(0, size);
        for (int64_t i = 0; i < columns * rows; i++) static_cast<float *>(tensor->data)[i] = numbers(random);
        ggml_set_name(tensor, name.c_str());
        gguf_add_tensor(file.get(), tensor);
    };
    for (auto * tensor = ggml_get_first_tensor(shapes.get()); tensor;
         tensor = ggml_get_next_tensor(shapes.get(), tensor)) {
        const std::string name = tensor->name;
        if (name.find("attn_q.weight") == std::string::npos && name.find("attn_v.weight") == std::string::npos)
            continue;
        const auto columns = static_cast<float>(tensor->ne[0]);
        add(name + ".lora_a", tensor->ne[0], rank, 1 / std::sqrt(columns));
        add(name + ".lora_b", rank, tensor->ne[1], 0.1F);
    }
    if (kept.empty()) throw Error(Code::ModelLoad, "the model has no attn_q and attn_v to adapt");
    std::string path = "/tmp/slm-prove-XXXXXX";
    const int made = mkstemp(&path[0]);
    if (made < 0) throw Error(Code::Internal, "no file can be made in /tmp");
    close(made);
    if (!gguf_write_to_file(file.get(), path.c_str(), false)) throw Error(Code::Internal, "cannot write " + path);
    return path;
}

void load_adapters(Asked & asked, const std::vector<std::string> & files) {
    for (const auto & file : files) asked.engine().load_adapter(file, file);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class Proof {
  public:
    Proof(std::string model, Size size) : model_(std::move(model)), size_(std::move(size)) {}

    bool run() {
        std::cout << "| what | result | |\n|---|---|---|\n";
        const bool plain = parity();
        const bool mixed = adapters();
        std::cout
            << "\n| streams | GPU: tokens/s | first token, median | CPU, 1 thread: tokens/s | first token, median |\n"
               "|---|---|---|---|---|\n";
        for (const int streams : size_.streams) speed(streams);
        std::cout << "\n" << (plain && mixed ? "**parity holds**" : "**parity fails**") << std::endl;
        return plain && mixed;
    }

  private:
    void row(const std::string & what, const Parity & parity, size_t answers) const {
        std::cout << "| " << what << " | " << show(parity, answers) << " | "
                  << (parity.holds(answers, size_.tokens) ? "ok" : "**FAILED**") << " |" << std::endl;
    }

    bool parity() {
        const auto all = questions(size_.prompts, size_.tokens);
        Asked cpu(model_, "cpu", 8, 4096);
        Asked gpu(model_, "cuda:0", 8, 4096);
        const auto expected = cpu.ask_in_groups(all, 8);
        const auto alone = compare(expected, gpu.ask_in_groups(all, 1));
        const auto batched = compare(expected, gpu.ask_in_groups(all, 8));
        row("same tokens as the CPU, one at a time", alone, all.size());
        row("same tokens as the CPU, 8 at a time", batched, all.size());
        return alone.holds(all.size(), size_.tokens) && batched.holds(all.size(), size_.tokens);
    }

    bool adapters() {
        const std::vector<std::string> files = {make_adapter(model_, 1), make_adapter(model_, 2)};
        auto all = questions(12, size_.tokens);
        for (size_t i = 0; i < all.size(); i++) all[i].adapter = static_cast<int>(i % 3);
        Asked cpu(model_, "cpu", 12, 4096);
        load_adapters(cpu, files);
        Asked gpu(model_, "cuda:0", 12, 4096);
        load_adapters(gpu, files);
        for (const auto & file : files) unlink(file.c_str());
        const auto expected = cpu.ask_in_groups(all, 1);
        const auto answers = gpu.ask(all);
        const auto mixed = compare(expected, answers);
        row("base and two adapters mixed", mixed, all.size());
        return mixed.holds(all.size(), size_.tokens);
    }

    void speed(int streams) {
        std::cout << "| " << streams << " |";
        measure("cuda:0", streams);
        // the CPU for the scale only
        if (streams <= 8) {
            measure("cpu", streams);
        } else {
            std::cout << " | |";
        }
        std::cout << std::endl;
    }

    void measure(const std::string & device, int streams) {
        Asked asked(model_, device, streams, streams * (size_.streamed_tokens + 64));
        auto all = questions(static_cast<size_t>(streams), size_.streamed_tokens);
        for (auto & question : all) question.to_the_last = true;
        asked.ask({all[0]});  // the first graph costs more
        const int64_t from = ggml_time_us();
        const auto answers = asked.ask(all);
        const double seconds = static_cast<double>(ggml_time_us() - from) / 1e6;
        size_t tokens = 0;
        std::vector<double> first;
        for (const auto & answer : answers) {
            tokens += answer.tokens.size();
            first.push_back(answer.first_ms);
        }
        std::cout << std::fixed << std::setprecision(0) << " " << static_cast<double>(tokens) / seconds << " | "
                  << std::setprecision(1) << median(first) << " ms |";
    }

    std::string model_;
    Size size_;
};

}  // namespace

int main(int argc, char ** argv) {
    const bool quick = argc == 5 && std::string(argv[4]) == "quick";
    if (argc != 4 && !quick) {
        std::cerr << "usage: slm_prove LIBRARIES PLUGIN MODEL.gguf [quick]\n";
        return 2;
    }
    try {
        Backend::init(argv[1]);
        Backend::load_gpus(argv[2]);
        return Proof(argv[3], quick ? quick_size : Size()).run() ? 0 : 1;
    } catch (const std::exception & e) {
        std::cerr << "slm_prove: " << e.what() << "\n";
        return 1;
    }
}
