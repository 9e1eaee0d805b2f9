// Who goes next: the queue, slots, classes, shared prefixes, adapter groups, prompt chunks, and what follows a failed
// step. Pure logic, no llama.h, so that it can be tested by itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace slm {

// How urgent a request is, the most urgent first: somebody waits; a mirror; nobody waits.
enum class Urgency : uint8_t { Live = 0, Shadow = 1, Batch = 2 };

constexpr size_t urgencies = 3;

// Slots whose requests use the same adapter at the same scale decode together. Adapter 0 is none.
struct Group {
    int adapter = 0;
    float scale = 0;

    bool operator==(const Group & other) const { return adapter == other.adapter && scale == other.scale; }
    bool operator!=(const Group & other) const { return !(*this == other); }
};

// K/V can be used again by requests of the same group and the same scope (a team's hash: a shared cache tells tenants
// apart by timing).
struct CacheKey {
    Group group;
    int64_t scope = 0;

    bool operator==(const CacheKey & other) const { return group == other.group && scope == other.scope; }
};

// One sequence of the context, as far as scheduling sees it.
struct Lane {
    enum class State { Idle, Prompt, Generating };

    State state = State::Idle;
    Urgency urgency = Urgency::Live;
    CacheKey key;
    std::vector<int32_t> cells;   // exactly the tokens whose K/V are in this sequence
    std::vector<int32_t> prompt;  // of the request that it serves
    bool started = false;         // whether a chunk of the prompt has been evaluated
    uint64_t arrival = 0;         // order of the request
    int64_t last_used = 0;
    size_t reserved = 0;  // cells that the request may come to need
};

// Where the K/V of a prompt's beginning are.
struct Prefix {
    size_t lane = 0;
    size_t length = 0;
};

// The part of a batch that belongs to one lane.
struct Chunk {
    size_t lane = 0;
    size_t first = 0;  // position of its first token
    size_t count = 0;
    bool last = false;  // whether its last token's logits are wanted
};

struct StepBounds {
    size_t batch = 512;           // tokens in one step
    size_t beside_streams = 256;  // prompt tokens in a step that also generates
    size_t enough = 64;           // a step with so many prompt tokens begins no further prompt
    size_t less_urgent = 64;      // prompt tokens in a step that serves no live request: one that comes waits for it
};

// Who is served by a step.
struct Turn {
    Urgency urgency = Urgency::Live;
    Group group;

    bool operator==(const Turn & other) const { return urgency == other.urgency && group == other.group; }
};

class Scheduler {
  public:
    Scheduler(size_t lanes, size_t cells, StepBounds bounds) : lanes_(lanes), cells_(cells), bounds_(bounds) {}

    std::vector<Lane> & lanes() { return lanes_; }
    const std::vector<Lane> & lanes() const { return lanes_; }

    // An idle lane for a prompt: the one with the longest common prefix, else the least recently used. Nothing if none
    // is idle, if the cells that running requests may come to need leave no room for `reserved` more, or if the request
    // is not live and would take the last lane, or the cells of one lane's share, from those that are.
    std::optional<size_t> place(const std::vector<int32_t> & prompt, const CacheKey & key, size_t reserved,
                                Urgency urgency) const;

    // How much of the lane's own cells its prompt can keep; the last prompt token is always evaluated again.
    size_t keep(size_t lane) const;

    // Another lane that holds at least 17 tokens more of this lane's prompt than `keep`.
    std::optional<Prefix> shared_prefix(size_t lane, size_t keep) const;

    // Whom the next step serves: the most urgent who have work, one adapter group of them. The turn moves on after 16
    // steps or when the group has no work left. Nothing if no lane has work.
    std::optional<Turn> next_turn();

    // What this step evaluates: one token of each generating lane of the turn, then prompts in order of arrival.
    std::vector<Chunk> plan(const Turn & turn) const;

    // The idle lane whose cells were used longest ago.
    std::optional<size_t> oldest_prefix() const;

    // The youngest request of the least urgent, which gives way when there is no room after all.
    std::optional<size_t> youngest() const;

    size_t cells() const { return cells_; }
    size_t busy() const;

    // Tokens that sequences hold; a beginning that several share counts for each.
    size_t held() const;

  private:
    // The groups of one class in the order of their turns, the present one first. It stays as it is while more urgent
    // work is done.
    struct Rotation {
        std::deque<Group> line;
        size_t steps = 0;
    };

    bool has_work(const Turn & turn) const;
    std::vector<Group> groups(Urgency urgency) const;

    std::vector<Lane> lanes_;
    size_t cells_;
    StepBounds bounds_;
    std::array<Rotation, urgencies> rotations_;
};

// A request that waits for a lane. Times in microseconds of one clock.
struct Waiting {
    int64_t id = 0;
    Urgency urgency = Urgency::Live;
    size_t prompt = 0;  // tokens
    int64_t deadline = INT64_MAX;
    int64_t queue_until = INT64_MAX;  // longest wait for a lane
    bool cancelled = false;
};

// Requests in the order in which they are served: the most urgent first, then by arrival. Bounded; a full queue gives
// the place of the newest of the least urgent to one that is more urgent.
class Queue {
  public:
    struct Bounds {
        size_t requests = 0;
        size_t tokens = 0;  // of all prompts; an empty queue takes any prompt
    };

    struct Offer {
        bool taken = false;
        std::vector<int64_t> evicted;
    };

    enum class Why { Cancelled, Deadline, Waited };

    struct Over {
        int64_t id;
        Why why;
    };

    explicit Queue(Bounds bounds) : bounds_(bounds) {}

    Offer offer(const Waiting & request);

    // The next to be served; null if none waits.
    const Waiting * first() const;
    void take_first();

    // False if it does not wait here.
    bool cancel(int64_t id);

    // Takes out whoever waits no longer.
    std::vector<Over> over(int64_t now);

    // Takes out everyone.
    std::vector<int64_t> clear();

    bool empty() const { return size() == 0; }
    size_t size() const;
    size_t size(Urgency urgency) const { return waiting_[static_cast<size_t>(urgency)].size(); }
    size_t tokens() const { return tokens_; }

  private:
    bool admits(size_t requests, size_t tokens, size_t prompt) const {
        return requests < bounds_.requests && (requests == 0 || tokens + prompt <= bounds_.tokens);
    }

    Bounds bounds_;
    std::array<std::deque<Waiting>, urgencies> waiting_;
    size_t tokens_ = 0;
};

// How long requests take, to tell one that is refused when another try may fare better.
class Forecast {
  public:
    void served(int64_t took_us);

    // Milliseconds until `ahead` requests have gone through `lanes`; 100 to 60,000.
    int32_t until_free_ms(size_t ahead, size_t lanes) const;

  private:
    double mean_us_ = 0;
};

// Failed steps: after three in a row the context is made anew, later and later while that does not help.
class Recovery {
  public:
    static constexpr int failures_until_reopened = 3;
    static constexpr int64_t first_delay_us = 100'000;
    static constexpr int64_t longest_delay_us = 30'000'000;

    // True if the context is now to be made anew.
    bool failed(int64_t now);
    void worked();

    // When the context is to be made anew; nothing while it is well.
    std::optional<int64_t> due() const { return due_; }
    void reopened(bool well, int64_t now);

  private:
    void postpone(int64_t now);

    int failures_ = 0;
    int64_t delay_us_ = first_delay_us;
    std::optional<int64_t> due_;
};

// Length of the common beginning.
size_t common_prefix(const std::vector<int32_t> & a, const std::vector<int32_t> & b);

constexpr size_t steps_per_turn = 16;
constexpr size_t least_gain = 16;

}  // namespace slm
