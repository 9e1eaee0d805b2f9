#include "scheduler.h"

#include <algorithm>

namespace slm {

size_t common_prefix(const std::vector<int32_t> & a, const std::vector<int32_t> & b) {
    const size_t most = std::min(a.size(), b.size());
    size_t n = 0;
    while (n < most && a[n] == b[n]) n++;
    return n;
}

std::optional<size_t> Scheduler::place(const std::vector<int32_t> & prompt, const CacheKey & key,
                                       size_t reserved) const {
    size_t taken = 0;
    for (const auto & lane : lanes_) {
        if (lane.state != Lane::State::Idle) taken += lane.reserved;
    }
    if (taken + reserved > cells_) return std::nullopt;
    std::optional<size_t> best;
    size_t best_length = 0;
    for (size_t i = 0; i < lanes_.size(); i++) {
        const auto & lane = lanes_[i];
        if (lane.state != Lane::State::Idle) continue;
        const size_t length = lane.key == key ? common_prefix(lane.cells, prompt) : 0;
        if (!best || length > best_length || (length == best_length && lane.last_used < lanes_[*best].last_used)) {
            best = i;
            best_length = length;
        }
    }
    return best;
}

size_t Scheduler::keep(size_t index) const {
    const auto & lane = lanes_[index];
    const size_t length = common_prefix(lane.cells, lane.prompt);
    return length == lane.prompt.size() && length > 0 ? length - 1 : length;
}

std::optional<Prefix> Scheduler::shared_prefix(size_t index, size_t keep) const {
    const auto & lane = lanes_[index];
    std::optional<Prefix> best;
    for (size_t i = 0; i < lanes_.size(); i++) {
        if (i == index || !(lanes_[i].key == lane.key)) continue;
        const size_t length = std::min(common_prefix(lanes_[i].cells, lane.prompt), lane.prompt.size() - 1);
        if (length > (best ? best->length : keep + least_gain)) best = Prefix{i, length};
    }
    return best;
}

bool Scheduler::has_work(const Group & group) const {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [&](const Lane & lane) { return lane.state != Lane::State::Idle && lane.key.group == group; });
}

std::optional<Group> Scheduler::next_group() {
    if (turn_ && turn_steps_ < steps_per_turn && has_work(*turn_)) {
        turn_steps_++;
        return turn_;
    }
    // groups in the order of their oldest request, beginning after the one whose turn is over
    std::vector<const Lane *> working;
    for (const auto & lane : lanes_) {
        if (lane.state != Lane::State::Idle) working.push_back(&lane);
    }
    std::sort(working.begin(), working.end(), [](const Lane * a, const Lane * b) { return a->arrival < b->arrival; });
    std::vector<Group> groups;
    for (const auto * lane : working) {
        if (std::find(groups.begin(), groups.end(), lane->key.group) == groups.end()) groups.push_back(lane->key.group);
    }
    if (groups.empty()) {
        turn_.reset();
        return std::nullopt;
    }
    const auto current = turn_ ? std::find(groups.begin(), groups.end(), *turn_) : groups.end();
    const size_t next =
        current == groups.end() ? 0 : (static_cast<size_t>(current - groups.begin()) + 1) % groups.size();
    turn_ = groups[next];
    turn_steps_ = 1;
    return turn_;
}

std::vector<Chunk> Scheduler::plan(const Group & group) const {
    std::vector<Chunk> chunks;
    std::vector<size_t> prompts;
    for (size_t i = 0; i < lanes_.size(); i++) {
        const auto & lane = lanes_[i];
        if (lane.key.group != group) continue;
        if (lane.state == Lane::State::Generating) chunks.push_back({i, lane.cells.size(), 1, true});
        if (lane.state == Lane::State::Prompt) prompts.push_back(i);
    }
    std::sort(prompts.begin(), prompts.end(),
              [&](size_t a, size_t b) { return lanes_[a].arrival < lanes_[b].arrival; });
    const size_t left = bounds_.batch - std::min(bounds_.batch, chunks.size());
    const size_t budget = chunks.empty() ? left : std::min(left, bounds_.beside_streams);
    size_t used = 0;
    for (const size_t i : prompts) {
        const auto & lane = lanes_[i];
        if (used >= budget || (used >= bounds_.enough && !lane.started)) break;
        const size_t missing = lane.prompt.size() - lane.cells.size();
        const size_t count = std::min(missing, budget - used);
        chunks.push_back({i, lane.cells.size(), count, count == missing});
        used += count;
    }
    return chunks;
}

size_t Scheduler::busy() const {
    return static_cast<size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const Lane & lane) { return lane.state != Lane::State::Idle; }));
}

}  // namespace slm
