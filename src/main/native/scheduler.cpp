#include "scheduler.h"

#include <cmath>

namespace slm {

size_t common_prefix(const std::vector<int32_t> & a, const std::vector<int32_t> & b) {
    const size_t most = std::min(a.size(), b.size());
    size_t n = 0;
    while (n < most && a[n] == b[n]) n++;
    return n;
}

std::optional<size_t> Scheduler::place(const std::vector<int32_t> & prompt, const CacheKey & key, size_t reserved,
                                       Urgency urgency) const {
    size_t taken = 0;
    size_t others = 0;  // that are not live
    size_t taken_by_others = 0;
    for (const auto & lane : lanes_) {
        if (lane.state == Lane::State::Idle) continue;
        taken += lane.reserved;
        if (lane.urgency == Urgency::Live) continue;
        others++;
        taken_by_others += lane.reserved;
    }
    if (taken + reserved > cells_) return std::nullopt;
    // one request that is not live may run in any case: it may be longer than a share, or there is only one lane
    if (urgency != Urgency::Live && others > 0) {
        const size_t share = cells_ / lanes_.size();
        if (others + 1 >= lanes_.size() || taken_by_others + reserved > cells_ - share) return std::nullopt;
    }
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

bool Scheduler::has_work(const Turn & turn) const {
    return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane & lane) {
        return lane.state != Lane::State::Idle && Turn{lane.urgency, lane.key.group} == turn;
    });
}

// In the order of their oldest request.
std::vector<Group> Scheduler::groups(Urgency urgency) const {
    std::vector<const Lane *> working;
    for (const auto & lane : lanes_) {
        if (lane.state != Lane::State::Idle && lane.urgency == urgency) working.push_back(&lane);
    }
    std::sort(working.begin(), working.end(), [](const Lane * a, const Lane * b) { return a->arrival < b->arrival; });
    std::vector<Group> groups;
    for (const auto * lane : working) {
        if (std::find(groups.begin(), groups.end(), lane->key.group) == groups.end()) groups.push_back(lane->key.group);
    }
    return groups;
}

std::optional<Turn> Scheduler::next_turn() {
    std::optional<Urgency> most;
    for (const auto & lane : lanes_) {
        if (lane.state != Lane::State::Idle && (!most || lane.urgency < *most)) most = lane.urgency;
    }
    if (!most) {
        rotations_ = {};
        return std::nullopt;
    }
    auto & line = rotations_[static_cast<size_t>(*most)].line;
    auto & steps = rotations_[static_cast<size_t>(*most)].steps;
    if (line.empty() || steps == steps_per_turn || !has_work({*most, line.front()})) {
        const bool over = !line.empty();
        for (const auto & group : groups(*most)) {
            if (std::find(line.begin(), line.end(), group) == line.end()) line.push_back(group);
        }
        if (over) {
            line.push_back(line.front());
            line.pop_front();
        }
        line.erase(std::remove_if(line.begin(), line.end(),
                                  [&](const Group & group) {
                                      return !has_work({*most, group});
                                  }),
                   line.end());
        steps = 0;
    }
    steps++;
    return Turn{*most, line.front()};
}

std::vector<Chunk> Scheduler::plan(const Turn & turn) const {
    std::vector<Chunk> chunks;
    std::vector<size_t> prompts;
    for (size_t i = 0; i < lanes_.size(); i++) {
        const auto & lane = lanes_[i];
        if (lane.state == Lane::State::Idle || !(Turn{lane.urgency, lane.key.group} == turn)) continue;
        if (lane.state == Lane::State::Generating) chunks.push_back({i, lane.cells.size(), 1, true});
        if (lane.state == Lane::State::Prompt) prompts.push_back(i);
    }
    std::sort(prompts.begin(), prompts.end(),
              [&](size_t a, size_t b) { return lanes_[a].arrival < lanes_[b].arrival; });
    size_t budget = bounds_.batch - std::min(bounds_.batch, chunks.size());
    if (!chunks.empty()) budget = std::min(budget, bounds_.beside_streams);
    if (turn.urgency != Urgency::Live) budget = std::min(budget, bounds_.less_urgent);
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

std::optional<size_t> Scheduler::oldest_prefix() const {
    std::optional<size_t> oldest;
    for (size_t i = 0; i < lanes_.size(); i++) {
        const auto & lane = lanes_[i];
        if (lane.state != Lane::State::Idle || lane.cells.empty()) continue;
        if (!oldest || lane.last_used < lanes_[*oldest].last_used) oldest = i;
    }
    return oldest;
}

std::optional<size_t> Scheduler::youngest() const {
    std::optional<size_t> youngest;
    for (size_t i = 0; i < lanes_.size(); i++) {
        const auto & lane = lanes_[i];
        if (lane.state == Lane::State::Idle) continue;
        const auto * best = youngest ? &lanes_[*youngest] : nullptr;
        if (!best || lane.urgency > best->urgency || (lane.urgency == best->urgency && lane.arrival > best->arrival)) {
            youngest = i;
        }
    }
    return youngest;
}

size_t Scheduler::busy() const {
    return static_cast<size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const Lane & lane) { return lane.state != Lane::State::Idle; }));
}

size_t Scheduler::held() const {
    size_t all = 0;
    for (const auto & lane : lanes_) all += lane.cells.size();
    return all;
}

Queue::Offer Queue::offer(const Waiting & request) {
    // whoever would go, looked for before anybody does: no use in refusing one and not taking the other
    size_t requests = size();
    size_t tokens = tokens_;
    std::array<size_t, urgencies> going = {};
    const auto own = static_cast<size_t>(request.urgency);
    for (size_t of = urgencies - 1; of > own; of--) {
        const auto & line = waiting_[of];
        while (!admits(requests, tokens, request.prompt) && going[of] < line.size()) {
            requests--;
            tokens -= line[line.size() - 1 - going[of]].prompt;
            going[of]++;
        }
    }
    Offer offer;
    if (!admits(requests, tokens, request.prompt)) return offer;
    for (size_t of = urgencies - 1; of > own; of--) {
        for (size_t i = 0; i < going[of]; i++) {
            offer.evicted.push_back(waiting_[of].back().id);
            waiting_[of].pop_back();
        }
    }
    waiting_[own].push_back(request);
    tokens_ = tokens + request.prompt;
    offer.taken = true;
    return offer;
}

const Waiting * Queue::first() const {
    for (const auto & line : waiting_) {
        if (!line.empty()) return &line.front();
    }
    return nullptr;
}

void Queue::take_first() {
    for (auto & line : waiting_) {
        if (line.empty()) continue;
        tokens_ -= line.front().prompt;
        line.pop_front();
        return;
    }
}

bool Queue::cancel(int64_t id) {
    for (auto & line : waiting_) {
        for (auto & request : line) {
            if (request.id != id) continue;
            request.cancelled = true;
            return true;
        }
    }
    return false;
}

std::vector<Queue::Over> Queue::over(int64_t now) {
    std::vector<Over> over;
    for (auto & line : waiting_) {
        for (auto i = line.begin(); i != line.end();) {
            if (!i->cancelled && now < std::min(i->deadline, i->queue_until)) {
                ++i;
                continue;
            }
            over.push_back({i->id, i->cancelled ? Why::Cancelled : now >= i->deadline ? Why::Deadline : Why::Waited});
            tokens_ -= i->prompt;
            i = line.erase(i);
        }
    }
    return over;
}

std::vector<int64_t> Queue::clear() {
    std::vector<int64_t> all;
    for (auto & line : waiting_) {
        for (const auto & request : line) all.push_back(request.id);
        line.clear();
    }
    tokens_ = 0;
    return all;
}

size_t Queue::size() const {
    size_t all = 0;
    for (const auto & line : waiting_) all += line.size();
    return all;
}

void Forecast::served(int64_t took_us) {
    constexpr double weight = 0.125;
    const auto took = static_cast<double>(took_us);
    mean_us_ = mean_us_ == 0 ? took : mean_us_ + weight * (took - mean_us_);
}

int32_t Forecast::until_free_ms(size_t ahead, size_t lanes) const {
    const double ms = mean_us_ / 1000 * static_cast<double>(ahead + 1) / static_cast<double>(lanes);
    return static_cast<int32_t>(std::lround(std::min(60'000.0, std::max(100.0, ms))));
}

bool Recovery::failed(int64_t now) {
    if (++failures_ < failures_until_reopened) return false;
    postpone(now);
    return true;
}

void Recovery::worked() {
    failures_ = 0;
    delay_us_ = first_delay_us;
}

void Recovery::reopened(bool well, int64_t now) {
    failures_ = 0;
    if (well) {
        due_.reset();
    } else {
        postpone(now);
    }
}

void Recovery::postpone(int64_t now) {
    due_ = now + delay_us_;
    delay_us_ = std::min(2 * delay_us_, longest_delay_us);
}

}  // namespace slm
