// Who goes next: admission, slots, shared prefixes, adapter groups, prompt chunks. Pure logic, no llama.h, so that it
// can be tested by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace slm {

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
};

// Bounds of the queue.
struct Admission {
    size_t requests = 0;
    size_t tokens = 0;

    bool admits(size_t queued_requests, size_t queued_tokens, size_t prompt_tokens) const {
        return queued_requests < requests && (queued_requests == 0 || queued_tokens + prompt_tokens <= tokens);
    }
};

class Scheduler {
  public:
    Scheduler(size_t lanes, size_t cells, StepBounds bounds) : lanes_(lanes), cells_(cells), bounds_(bounds) {}

    std::vector<Lane> & lanes() { return lanes_; }
    const std::vector<Lane> & lanes() const { return lanes_; }

    // An idle lane for a prompt: the one with the longest common prefix, else the least recently used. Nothing if none
    // is idle or the cells that running requests may come to need leave no room for `reserved` more.
    std::optional<size_t> place(const std::vector<int32_t> & prompt, const CacheKey & key, size_t reserved) const;

    // How much of the lane's own cells its prompt can keep; the last prompt token is always evaluated again.
    size_t keep(size_t lane) const;

    // Another lane that holds at least 17 tokens more of this lane's prompt than `keep`.
    std::optional<Prefix> shared_prefix(size_t lane, size_t keep) const;

    // The group that decodes next; nothing if no lane has work. The turn moves on after 16 steps or when the group has
    // none left.
    std::optional<Group> next_group();

    // What this step evaluates: one token of each generating lane of the group, then prompts in order of arrival.
    std::vector<Chunk> plan(const Group & group) const;

    size_t cells() const { return cells_; }
    size_t busy() const;

  private:
    bool has_work(const Group & group) const;

    std::vector<Lane> lanes_;
    size_t cells_;
    StepBounds bounds_;
    std::optional<Group> turn_;
    size_t turn_steps_ = 0;
};

// Length of the common beginning.
size_t common_prefix(const std::vector<int32_t> & a, const std::vector<int32_t> & b);

constexpr size_t steps_per_turn = 16;
constexpr size_t least_gain = 16;

}  // namespace slm
