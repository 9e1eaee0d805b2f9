#include "scheduler.h"

#include <algorithm>
#include <random>

#include "check.h"

using slm::CacheKey;
using slm::Group;
using slm::Lane;
using slm::Scheduler;
using slm::StepBounds;

namespace {

std::vector<int32_t> tokens(size_t n, int32_t first = 0) {
    std::vector<int32_t> list(n);
    for (size_t i = 0; i < n; i++) list[i] = first + static_cast<int32_t>(i);
    return list;
}

void begin(Scheduler & scheduler, size_t lane, std::vector<int32_t> prompt, uint64_t arrival, Group group = {}) {
    auto & it = scheduler.lanes()[lane];
    it.state = Lane::State::Prompt;
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
    CHECK_EQ(*scheduler.place(tokens(30), {}, 40), size_t{1});
    CHECK_EQ(*scheduler.place(tokens(30, 500), {}, 40), size_t{0});
    CacheKey other;
    other.scope = 1;
    scheduler.lanes()[0].last_used = 5;
    scheduler.lanes()[1].last_used = 3;
    scheduler.lanes()[2].last_used = 4;
    CHECK_EQ(*scheduler.place(tokens(30), other, 40), size_t{1});  // of another team nothing is used; the oldest goes
}

TEST(a_request_waits_until_its_cells_are_sure) {
    Scheduler scheduler(2, 100, {});
    begin(scheduler, 0, tokens(50), 1);
    CHECK(!scheduler.place(tokens(30), {}, 41));
    CHECK(scheduler.place(tokens(30), {}, 40).has_value());
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
    const auto chunks = scheduler.plan({});
    CHECK_EQ(chunks.size(), size_t{2});  // the third would keep the first two waiting
    CHECK_EQ(chunks[0].lane, size_t{2});
    CHECK_EQ(chunks[1].lane, size_t{0});
}

TEST(a_long_prompt_takes_small_steps_beside_streams) {
    Scheduler scheduler(2, 10000, {});
    begin(scheduler, 0, tokens(5), 1);
    evaluate(scheduler, scheduler.plan({}));
    begin(scheduler, 1, tokens(600, 100), 2);
    size_t steps = 0;
    while (scheduler.lanes()[1].state == Lane::State::Prompt) {
        const auto chunks = scheduler.plan({});
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
        const auto group = scheduler.next_group();
        wait = *group == b ? 0 : wait + 1;
        if (*group == b) turns_of_b++;
        longest_wait = std::max(longest_wait, wait);
    }
    CHECK_EQ(longest_wait, 16);
    CHECK(turns_of_b >= 40);
    scheduler.lanes()[7].state = Lane::State::Idle;
    CHECK(*scheduler.next_group() == a);
    for (size_t i = 0; i < 7; i++) scheduler.lanes()[i].state = Lane::State::Idle;
    CHECK(!scheduler.next_group());
}

TEST(the_queue_is_bounded_but_an_empty_one_takes_any_prompt) {
    const slm::Admission bounds{4, 100};
    CHECK(bounds.admits(0, 0, 500));
    CHECK(bounds.admits(1, 50, 50));
    CHECK(!bounds.admits(1, 50, 51));
    CHECK(!bounds.admits(4, 4, 1));
}

// Random arrivals and ends against what must hold in every step: bounds kept, order kept, everyone served.
TEST(random_schedules_serve_everyone_within_bounds) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; round++) {
        const StepBounds bounds{64, 32, 16};
        Scheduler scheduler(4, 400, bounds);
        std::vector<int> left(4, 0);
        int waiting = 30;
        int served = 0;
        uint64_t arrival = 0;
        for (int step = 0; step < 5000 && served < 30; step++) {
            while (waiting > 0) {
                const auto prompt = tokens(1 + random() % 80, static_cast<int32_t>(random() % 3) * 1000);
                const auto answer = static_cast<int>(1 + random() % 20);
                CacheKey key;
                key.group = {static_cast<int>(random() % 3), 1};
                const auto lane = scheduler.place(prompt, key, prompt.size() + static_cast<size_t>(answer));
                if (!lane) break;
                auto & it = scheduler.lanes()[*lane];
                if (!(it.key == key)) it.cells.clear();
                begin(scheduler, *lane, prompt, ++arrival, key.group);
                it.started = false;
                it.reserved = prompt.size() + static_cast<size_t>(answer);
                it.cells.resize(scheduler.keep(*lane));
                left[*lane] = answer;
                waiting--;
            }
            const auto group = scheduler.next_group();
            if (!group) break;
            const auto chunks = scheduler.plan(*group);
            CHECK(!chunks.empty());
            size_t all = 0;
            size_t prompts = 0;
            for (const auto & chunk : chunks) {
                CHECK(scheduler.lanes()[chunk.lane].key.group == *group);
                CHECK_EQ(chunk.first, scheduler.lanes()[chunk.lane].cells.size());
                all += chunk.count;
                if (scheduler.lanes()[chunk.lane].state == Lane::State::Prompt) prompts += chunk.count;
            }
            CHECK(all <= bounds.batch);
            CHECK(all == prompts || prompts <= bounds.beside_streams);
            evaluate(scheduler, chunks);
            size_t reserved = 0;
            for (size_t i = 0; i < 4; i++) {
                auto & lane = scheduler.lanes()[i];
                if (lane.state == Lane::State::Idle) continue;
                reserved += lane.reserved;
                CHECK(lane.cells.size() <= lane.reserved);
                if (lane.state == Lane::State::Generating && --left[i] <= 0) {
                    lane.state = Lane::State::Idle;
                    lane.prompt.clear();
                    served++;
                }
            }
            CHECK(reserved <= 400);
        }
        CHECK_EQ(served, 30);
    }
}
