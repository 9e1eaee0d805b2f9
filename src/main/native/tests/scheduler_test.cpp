#include "scheduler.h"

#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include "check.h"

using slm::CacheKey;
using slm::Group;
using slm::Lane;
using slm::Queue;
using slm::Scheduler;
using slm::StepBounds;
using slm::Turn;
using slm::Urgency;
using slm::Waiting;

namespace {

std::vector<int32_t> tokens(size_t n, int32_t first = 0) {
    std::vector<int32_t> list(n);
    for (size_t i = 0; i < n; i++) list[i] = first + static_cast<int32_t>(i);
    return list;
}

void begin(Scheduler & scheduler, size_t lane, std::vector<int32_t> prompt, uint64_t arrival, Group group = {},
           Urgency urgency = Urgency::Live) {
    auto & it = scheduler.lanes()[lane];
    it.state = Lane::State::Prompt;
    it.urgency = urgency;
    it.key.group = group;
    it.prompt = std::move(prompt);
    it.arrival = arrival;
    it.reserved = it.prompt.size() + 10;
}

// What the engine does after a step: cells grow, finished prompts generate.
void evaluate(Scheduler & scheduler, const std::vector<slm::Chunk> & chunks) {
    for (const auto & chunk : chunks) {
        auto & lane = scheduler.lanes()[chunk.lane];
        lane.started = true;
        for (size_t i = 0; i < chunk.count; i++) {
            const size_t at = chunk.first + i;
            lane.cells.push_back(at < lane.prompt.size() ? lane.prompt[at] : 7);
        }
        if (chunk.last) lane.state = Lane::State::Generating;
    }
}

}  // namespace

TEST(the_lane_with_the_longest_common_prefix_is_taken) {
    Scheduler scheduler(3, 1000, {});
    scheduler.lanes()[1].cells = tokens(20);
    scheduler.lanes()[2].cells = tokens(5);
    CHECK_EQ(*scheduler.place(tokens(30), {}, 40, Urgency::Live), size_t{1});
    CHECK_EQ(*scheduler.place(tokens(30, 500), {}, 40, Urgency::Live), size_t{0});
    CacheKey other;
    other.scope = 1;
    scheduler.lanes()[0].last_used = 5;
    scheduler.lanes()[1].last_used = 3;
    scheduler.lanes()[2].last_used = 4;
    CHECK_EQ(*scheduler.place(tokens(30), other, 40, Urgency::Live),
             size_t{1});  // of another team nothing is used; the oldest goes
}

TEST(a_request_waits_until_its_cells_are_sure) {
    Scheduler scheduler(2, 100, {});
    begin(scheduler, 0, tokens(50), 1);
    CHECK(!scheduler.place(tokens(30), {}, 41, Urgency::Live));
    CHECK(scheduler.place(tokens(30), {}, 40, Urgency::Live).has_value());
}

TEST(the_last_prompt_token_is_always_evaluated) {
    Scheduler scheduler(2, 1000, {});
    scheduler.lanes()[0].cells = tokens(40);
    begin(scheduler, 0, tokens(20), 1);
    CHECK_EQ(scheduler.keep(0), size_t{19});
    begin(scheduler, 1, tokens(20), 2);
    CHECK_EQ(scheduler.shared_prefix(1, 0)->length, size_t{19});
}

TEST(a_prefix_elsewhere_must_be_worth_the_copy) {
    Scheduler scheduler(2, 1000, {});
    scheduler.lanes()[0].cells = tokens(16);
    begin(scheduler, 1, tokens(100), 1);
    CHECK(!scheduler.shared_prefix(1, 0));
    scheduler.lanes()[0].cells = tokens(17);
    CHECK_EQ(scheduler.shared_prefix(1, 0)->length, size_t{17});
    scheduler.lanes()[0].key.scope = 9;
    CHECK(!scheduler.shared_prefix(1, 0));
}

TEST(prompts_go_in_order_of_arrival_and_do_not_crowd_a_step) {
    Scheduler scheduler(4, 10000, {});
    begin(scheduler, 2, tokens(40), 1);
    begin(scheduler, 0, tokens(40, 1000), 2);
    begin(scheduler, 1, tokens(40, 2000), 3);
    const auto chunks = scheduler.plan(Turn{});
    CHECK_EQ(chunks.size(), size_t{2});  // the third would keep the first two waiting
    CHECK_EQ(chunks[0].lane, size_t{2});
    CHECK_EQ(chunks[1].lane, size_t{0});
}

TEST(a_long_prompt_takes_small_steps_beside_streams) {
    Scheduler scheduler(2, 10000, {});
    begin(scheduler, 0, tokens(5), 1);
    evaluate(scheduler, scheduler.plan(Turn{}));
    begin(scheduler, 1, tokens(600, 100), 2);
    size_t steps = 0;
    while (scheduler.lanes()[1].state == Lane::State::Prompt) {
        const auto chunks = scheduler.plan(Turn{});
        CHECK_EQ(chunks[0].lane, size_t{0});
        CHECK(chunks[1].count <= 256);
        evaluate(scheduler, chunks);
        steps++;
    }
    CHECK_EQ(steps, size_t{3});
}

TEST(adapter_groups_take_turns) {
    Scheduler scheduler(8, 10000, {});
    const Group a{1, 1};
    const Group b{2, 1};
    for (size_t i = 0; i < 7; i++) begin(scheduler, i, tokens(3), i + 1, a);
    begin(scheduler, 7, tokens(3), 8, b);
    int longest_wait = 0;
    int wait = 0;
    int turns_of_b = 0;
    for (int step = 0; step < 100; step++) {
        const auto turn = scheduler.next_turn();
        wait = turn->group == b ? 0 : wait + 1;
        if (turn->group == b) turns_of_b++;
        longest_wait = std::max(longest_wait, wait);
    }
    CHECK_EQ(longest_wait, 16);
    CHECK(turns_of_b >= 40);
    scheduler.lanes()[7].state = Lane::State::Idle;
    CHECK(scheduler.next_turn()->group == a);
    for (size_t i = 0; i < 7; i++) scheduler.lanes()[i].state = Lane::State::Idle;
    CHECK(!scheduler.next_turn());
}

TEST(a_step_serves_the_most_urgent_and_the_others_keep_what_they_have) {
    Scheduler scheduler(4, 10000, {});
    const Group a{1, 1};
    begin(scheduler, 0, tokens(300), 1, {}, Urgency::Batch);
    begin(scheduler, 1, tokens(300, 1000), 2, a, Urgency::Shadow);
    CHECK(*scheduler.next_turn() == (Turn{Urgency::Shadow, a}));
    auto chunks = scheduler.plan({Urgency::Shadow, a});
    CHECK_EQ(chunks.size(), size_t{1});
    CHECK_EQ(chunks[0].count, size_t{64});  // a live request that comes now waits for this step
    evaluate(scheduler, chunks);
    begin(scheduler, 2, tokens(300, 2000), 3);
    CHECK(*scheduler.next_turn() == (Turn{Urgency::Live, {}}));
    chunks = scheduler.plan({Urgency::Live, {}});
    CHECK_EQ(chunks.size(), size_t{1});
    CHECK_EQ(chunks[0].count, size_t{300});
    CHECK_EQ(scheduler.lanes()[1].cells.size(), size_t{64});
    scheduler.lanes()[2].state = Lane::State::Idle;
    CHECK(*scheduler.next_turn() == (Turn{Urgency::Shadow, a}));
    scheduler.lanes()[1].state = Lane::State::Idle;
    CHECK(*scheduler.next_turn() == (Turn{Urgency::Batch, {}}));
}

TEST(the_less_urgent_never_take_the_last_lane_nor_its_share_of_cells) {
    Scheduler scheduler(3, 300, {});
    begin(scheduler, 0, tokens(10), 1, {}, Urgency::Shadow);
    CHECK(scheduler.place(tokens(50), {}, 100, Urgency::Batch).has_value());
    CHECK(!scheduler.place(tokens(50), {}, 181, Urgency::Batch));  // with the 20 of the first, more than 200
    begin(scheduler, 1, tokens(10), 2, {}, Urgency::Batch);
    CHECK(!scheduler.place(tokens(5), {}, 10, Urgency::Shadow));
    CHECK(scheduler.place(tokens(5), {}, 10, Urgency::Live).has_value());
    Scheduler single(1, 300, {});
    CHECK(single.place(tokens(50), {}, 300, Urgency::Batch).has_value());  // or it would wait for ever
}

TEST(the_turn_of_a_class_goes_on_after_more_urgent_work) {
    Scheduler scheduler(3, 10000, {});
    const Group a{1, 1};
    const Group b{2, 1};
    begin(scheduler, 0, tokens(3), 1, a, Urgency::Shadow);
    begin(scheduler, 1, tokens(3), 2, b, Urgency::Shadow);
    for (int i = 0; i < 16; i++) CHECK(scheduler.next_turn()->group == a);
    CHECK(scheduler.next_turn()->group == b);
    begin(scheduler, 2, tokens(3), 3);
    for (int i = 0; i < 40; i++) CHECK(*scheduler.next_turn() == (Turn{Urgency::Live, {}}));
    scheduler.lanes()[2].state = Lane::State::Idle;
    for (int i = 0; i < 15; i++) CHECK(scheduler.next_turn()->group == b);
    CHECK(scheduler.next_turn()->group == a);
}

TEST(whoever_gives_way_is_the_youngest_of_the_least_urgent) {
    Scheduler scheduler(4, 10000, {});
    CHECK(!scheduler.youngest());
    begin(scheduler, 0, tokens(3), 9);
    begin(scheduler, 1, tokens(3), 2, {}, Urgency::Shadow);
    begin(scheduler, 2, tokens(3), 5, {}, Urgency::Shadow);
    CHECK_EQ(*scheduler.youngest(), size_t{2});
    scheduler.lanes()[2].state = Lane::State::Idle;
    scheduler.lanes()[2].cells = tokens(4);
    scheduler.lanes()[2].last_used = 7;
    scheduler.lanes()[3].cells = tokens(4);
    scheduler.lanes()[3].last_used = 6;
    CHECK_EQ(*scheduler.youngest(), size_t{1});
    CHECK_EQ(*scheduler.oldest_prefix(), size_t{3});
    CHECK_EQ(scheduler.held(), size_t{8});
}

namespace {

Waiting waiting(int64_t id, Urgency urgency, size_t prompt) {
    Waiting request;
    request.id = id;
    request.urgency = urgency;
    request.prompt = prompt;
    return request;
}

}  // namespace

TEST(the_queue_is_bounded_but_an_empty_one_takes_any_prompt) {
    Queue queue({3, 100});
    CHECK(queue.offer(waiting(1, Urgency::Live, 500)).taken);
    queue.take_first();
    CHECK(queue.offer(waiting(2, Urgency::Live, 50)).taken);
    CHECK(!queue.offer(waiting(3, Urgency::Live, 51)).taken);
    CHECK(queue.offer(waiting(4, Urgency::Live, 50)).taken);
    CHECK_EQ(queue.tokens(), size_t{100});
    CHECK(queue.offer(waiting(5, Urgency::Live, 0)).taken);
    CHECK(!queue.offer(waiting(6, Urgency::Live, 0)).taken);
}

TEST(the_queue_serves_by_urgency_then_by_arrival) {
    Queue queue({10, 1000});
    queue.offer(waiting(1, Urgency::Batch, 1));
    queue.offer(waiting(2, Urgency::Shadow, 1));
    queue.offer(waiting(3, Urgency::Live, 1));
    queue.offer(waiting(4, Urgency::Shadow, 1));
    queue.offer(waiting(5, Urgency::Live, 1));
    for (const int64_t id : {3, 5, 2, 4, 1}) {
        CHECK_EQ(queue.first()->id, id);
        queue.take_first();
    }
    CHECK(!queue.first());
}

TEST(a_full_queue_gives_the_newest_of_the_least_urgent_away) {
    Queue queue({4, 100});
    queue.offer(waiting(1, Urgency::Batch, 10));
    queue.offer(waiting(2, Urgency::Shadow, 10));
    queue.offer(waiting(3, Urgency::Batch, 10));
    queue.offer(waiting(4, Urgency::Shadow, 10));
    const auto shadow = queue.offer(waiting(5, Urgency::Shadow, 10));
    CHECK(shadow.taken);
    CHECK(shadow.evicted == std::vector<int64_t>{3});
    CHECK(!queue.offer(waiting(6, Urgency::Batch, 10)).taken);
    // tokens may want more than one place
    const auto live = queue.offer(waiting(7, Urgency::Live, 85));
    CHECK(live.taken);
    CHECK((live.evicted == std::vector<int64_t>{1, 5, 4}));
    CHECK_EQ(queue.tokens(), size_t{95});
    // whom it would not help nobody goes for
    CHECK(!queue.offer(waiting(8, Urgency::Live, 90)).taken);
    CHECK_EQ(queue.size(Urgency::Shadow), size_t{1});
}

TEST(who_waits_no_longer_leaves_the_queue_with_the_reason) {
    Queue queue({10, 1000});
    auto request = waiting(1, Urgency::Live, 10);
    request.deadline = 50;
    queue.offer(request);
    request = waiting(2, Urgency::Batch, 10);
    request.queue_until = 40;
    queue.offer(request);
    queue.offer(waiting(3, Urgency::Shadow, 10));
    CHECK(queue.over(39).empty());
    CHECK(queue.cancel(3));
    CHECK(!queue.cancel(4));
    const auto first = queue.over(40);
    CHECK_EQ(first.size(), size_t{2});
    CHECK(first[0].id == 3 && first[0].why == Queue::Why::Cancelled);
    CHECK(first[1].id == 2 && first[1].why == Queue::Why::Waited);
    CHECK_EQ(queue.tokens(), size_t{10});
    const auto second = queue.over(50);
    CHECK(second.size() == 1 && second[0].id == 1 && second[0].why == Queue::Why::Deadline);
    CHECK(queue.empty());
}

TEST(the_forecast_follows_what_requests_take) {
    slm::Forecast forecast;
    CHECK_EQ(forecast.until_free_ms(3, 4), 100);
    forecast.served(2'000'000);
    CHECK_EQ(forecast.until_free_ms(3, 4), 2000);
    CHECK_EQ(forecast.until_free_ms(7, 4), 4000);
    for (int i = 0; i < 100; i++) forecast.served(8'000'000);
    CHECK(std::abs(forecast.until_free_ms(3, 4) - 8000) < 20);
    CHECK_EQ(forecast.until_free_ms(400, 4), 60000);
}

TEST(three_failures_in_a_row_ask_for_a_new_context_later_and_later) {
    slm::Recovery recovery;
    CHECK(!recovery.failed(0));
    CHECK(!recovery.failed(0));
    recovery.worked();
    CHECK(!recovery.failed(0));
    CHECK(!recovery.failed(0));
    CHECK(!recovery.due());
    CHECK(recovery.failed(1000));
    CHECK_EQ(*recovery.due(), int64_t{101000});
    recovery.reopened(false, 101000);
    CHECK_EQ(*recovery.due(), int64_t{301000});
    recovery.reopened(true, 301000);
    CHECK(!recovery.due());
    for (int i = 0; i < 3; i++) recovery.failed(400000);
    CHECK_EQ(*recovery.due(), int64_t{800000});  // it was opened anew and did not work once
    for (int i = 0; i < 20; i++) recovery.reopened(false, 0);
    CHECK_EQ(*recovery.due(), int64_t{30'000'000});
    recovery.reopened(true, 0);
    recovery.worked();
    for (int i = 0; i < 3; i++) recovery.failed(0);
    CHECK_EQ(*recovery.due(), int64_t{100'000});
}

namespace {

// One request of a random schedule and what became of it.
struct Asked {
    Waiting waiting;
    std::vector<int32_t> prompt;
    CacheKey key;
    size_t answer = 0;
    int ends = 0;
    bool served = false;
};

// A whole engine without a model: random requests come, wait, run, are cancelled and are late, and in every step
// what must hold does.
class Rehearsal {
  public:
    explicit Rehearsal(uint32_t seed) : random_(seed) {
        lanes_ = 1 + random_() % 4;
        cells_ = 120 + random_() % 200;
        scheduler_ = std::make_unique<Scheduler>(lanes_, cells_, bounds_);
        queue_ = Queue({2 * lanes_, 2 * cells_});
        of_lane_.assign(lanes_, -1);
        left_.assign(lanes_, 0);
    }

    void run() {
        const size_t all = 4 + random_() % 12;
        for (now_ = 0; now_ < 4000; now_++) {
            if (asked_.size() < all && random_() % 3 == 0) ask();
            if (random_() % 40 == 0) cancel();
            for (const auto & over : queue_.over(now_)) end(over.id);
            expire();
            admit();
            step();
            if (asked_.size() == all && queue_.empty() && scheduler_->busy() == 0) break;
        }
        for (const auto & one : asked_) CHECK_EQ(one.ends, 1);
        CHECK_EQ(queue_.tokens(), size_t{0});
    }

    int served() const {
        return static_cast<int>(
            std::count_if(asked_.begin(), asked_.end(), [](const Asked & one) { return one.served; }));
    }

    int evicted() const { return evicted_; }

  private:
    void ask() {
        Asked one;
        one.waiting.id = static_cast<int64_t>(asked_.size());
        one.waiting.urgency = static_cast<Urgency>(random_() % 3);
        one.prompt = tokens(1 + random_() % 80, static_cast<int32_t>(random_() % 2) * 1000);
        one.answer = 1 + random_() % 20;
        one.key.group = {static_cast<int>(random_() % 3), 1};
        one.key.scope = random_() % 2;
        one.waiting.prompt = one.prompt.size();
        if (random_() % 8 == 0) one.waiting.deadline = now_ + 1 + random_() % 60;
        if (random_() % 4 == 0) one.waiting.queue_until = now_ + random_() % 30;
        asked_.push_back(one);
        const size_t before = queue_.size();
        const auto offer = queue_.offer(one.waiting);
        if (!offer.taken) {
            CHECK(offer.evicted.empty());
            CHECK(before >= 2 * lanes_ || queue_.tokens() + one.waiting.prompt > 2 * cells_);
            end(one.waiting.id);
        }
        for (const int64_t id : offer.evicted) {
            CHECK(asked_[static_cast<size_t>(id)].waiting.urgency > one.waiting.urgency);
            evicted_++;
            end(id);
        }
        CHECK(queue_.size() <= 2 * lanes_);
    }

    void cancel() {
        if (asked_.empty()) return;
        const auto id = static_cast<int64_t>(random_() % asked_.size());
        if (queue_.cancel(id)) return;
        for (size_t i = 0; i < lanes_; i++) {
            if (of_lane_[i] == id) free(i);
        }
    }

    void expire() {
        for (size_t i = 0; i < lanes_; i++) {
            if (of_lane_[i] >= 0 && now_ >= asked(i).waiting.deadline) free(i);
        }
    }

    void admit() {
        while (const auto * const first = queue_.first()) {
            const int64_t id = first->id;
            const auto & one = asked_[static_cast<size_t>(id)];
            for (size_t i = 0; i < static_cast<size_t>(one.waiting.id); i++) {
                const auto & other = asked_[i];
                CHECK(!(waits(other) && other.waiting.urgency <= one.waiting.urgency));
            }
            const size_t reserved = one.prompt.size() + one.answer;
            const auto lane = scheduler_->place(one.prompt, one.key, reserved, one.waiting.urgency);
            if (!lane) {
                CHECK(scheduler_->busy() > 0);  // nobody waits for an idle engine
                return;
            }
            queue_.take_first();
            auto & it = scheduler_->lanes()[*lane];
            CHECK(it.state == Lane::State::Idle);
            if (!(it.key == one.key)) it.cells.clear();
            begin(*scheduler_, *lane, one.prompt, ++arrivals_, one.key.group, one.waiting.urgency);
            it.key = one.key;
            it.started = false;
            it.reserved = reserved;
            it.cells.resize(scheduler_->keep(*lane));
            of_lane_[*lane] = one.waiting.id;
            left_[*lane] = one.answer;
        }
    }

    bool waits(const Asked & one) const {
        if (one.ends > 0) return false;
        return std::find(of_lane_.begin(), of_lane_.end(), one.waiting.id) == of_lane_.end();
    }

    void step() {
        const auto turn = scheduler_->next_turn();
        if (!turn) return;
        watch_rotation(*turn);
        const auto chunks = scheduler_->plan(*turn);
        CHECK(!chunks.empty());
        size_t all = 0;
        size_t prompts = 0;
        for (const auto & chunk : chunks) {
            const auto & lane = scheduler_->lanes()[chunk.lane];
            CHECK(lane.urgency == turn->urgency && lane.key.group == turn->group);
            CHECK_EQ(chunk.first, lane.cells.size());
            all += chunk.count;
            if (lane.state == Lane::State::Prompt) prompts += chunk.count;
        }
        CHECK(all <= bounds_.batch);
        CHECK(all == prompts || prompts <= bounds_.beside_streams);
        CHECK(turn->urgency == Urgency::Live || prompts <= bounds_.less_urgent);
        evaluate(*scheduler_, chunks);
        check_lanes();
        for (const auto & chunk : chunks) {
            if (chunk.last && --left_[chunk.lane] == 0) {
                asked(chunk.lane).served = true;
                free(chunk.lane);
            }
        }
    }

    // The most urgent go first, and of their groups none is passed over for longer than the turns of the two others.
    void watch_rotation(const Turn & turn) {
        std::array<std::array<bool, 3>, 3> has_work = {};
        for (const auto & lane : scheduler_->lanes()) {
            if (lane.state == Lane::State::Idle) continue;
            has_work[static_cast<size_t>(lane.urgency)][static_cast<size_t>(lane.key.group.adapter)] = true;
        }
        for (size_t of = 0; of < 3; of++) {
            for (size_t adapter = 0; adapter < 3; adapter++) {
                auto & passed_over = passed_over_[of][adapter];
                if (!has_work[of][adapter]) passed_over = 0;
                if (of != static_cast<size_t>(turn.urgency)) continue;
                passed_over =
                    adapter == static_cast<size_t>(turn.group.adapter) ? 0 : passed_over + has_work[of][adapter];
                CHECK(passed_over <= 2 * slm::steps_per_turn);
            }
        }
        for (const auto & lane : scheduler_->lanes()) {
            CHECK(lane.state == Lane::State::Idle || lane.urgency >= turn.urgency);
        }
    }

    void check_lanes() {
        size_t reserved = 0;
        size_t others = 0;
        for (const auto & lane : scheduler_->lanes()) {
            if (lane.state == Lane::State::Idle) continue;
            reserved += lane.reserved;
            if (lane.urgency != Urgency::Live) others++;
            CHECK(lane.cells.size() <= lane.reserved);
        }
        CHECK(reserved <= cells_);
        CHECK(others <= std::max<size_t>(1, lanes_ - 1));
    }

    Asked & asked(size_t lane) { return asked_[static_cast<size_t>(of_lane_[lane])]; }

    void free(size_t lane) {
        auto & it = scheduler_->lanes()[lane];
        it.state = Lane::State::Idle;
        it.prompt.clear();
        it.last_used = now_;
        end(of_lane_[lane]);
        of_lane_[lane] = -1;
    }

    void end(int64_t id) { asked_[static_cast<size_t>(id)].ends++; }

    const StepBounds bounds_{32, 16, 8, 4};
    std::mt19937 random_;
    size_t lanes_ = 0;
    size_t cells_ = 0;
    std::unique_ptr<Scheduler> scheduler_;
    Queue queue_{{}};
    std::vector<Asked> asked_;
    std::vector<int64_t> of_lane_;
    std::vector<size_t> left_;
    uint64_t arrivals_ = 0;
    int64_t now_ = 0;
    int evicted_ = 0;
    std::array<std::array<size_t, 3>, 3> passed_over_ = {};
};

}  // namespace

TEST(ten_thousand_random_schedules_end_every_request_once_within_bounds) {
    int served = 0;
    int evicted = 0;
    for (uint32_t seed = 0; seed < 10000; seed++) {
        Rehearsal rehearsal(seed);
        rehearsal.run();
        served += rehearsal.served();
        evicted += rehearsal.evicted();
        if (check::failures() > 0) break;
    }
    CHECK(served > 50000);
    CHECK(evicted > 5000);
}
