#include "gateways/bridge/job_follower.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tt::gateway {
namespace {

using namespace backtest;
using need = job_follower::need;

job_status job(const std::string& id, job_state state, double progress = 0) {
  job_status out;
  out.id = id;
  out.state = state;
  out.progress = progress;
  return out;
}

job_news news(std::uint64_t seq, const std::string& id, job_state state, double progress = 0) { return {seq, job(id, state, progress)}; }

struct job_follower_test : ::testing::Test {
  std::vector<job_status> told;
  std::vector<job_name> ended;
  job_follower follower{[this](const job_status& status) { told.push_back(status); }};
};

TEST_F(job_follower_test, begins_with_the_board_and_goes_on_with_what_is_newer) {
  EXPECT_EQ(follower.on_news(news(4, "a", job_state::running, 10)), need::nothing); // on the board already
  EXPECT_EQ(follower.on_news(news(6, "a", job_state::running, 30)), need::nothing);
  EXPECT_EQ(follower.on_news(news(5, "b", job_state::queued)), need::nothing);
  EXPECT_TRUE(told.empty()) << "nothing is told before the board";
  EXPECT_EQ(follower.on_board({4, {job("a", job_state::running, 10)}}, ended), need::nothing);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].progress, 10);
  EXPECT_EQ(told[1].id, "b");
  EXPECT_EQ(told[2].progress, 30);
  EXPECT_TRUE(ended.empty());
}

TEST_F(job_follower_test, a_gap_asks_for_the_board_and_tells_what_ended_in_it) {
  follower.on_board({1, {job("a", job_state::running), job("b", job_state::running)}}, ended);
  told.clear();
  EXPECT_EQ(follower.on_news(news(2, "a", job_state::running, 50)), need::nothing);
  EXPECT_EQ(follower.on_news(news(4, "b", job_state::running, 60)), need::board); // 3, the end of a, is lost
  EXPECT_EQ(told.size(), 1u);
  follower.asking();
  EXPECT_EQ(follower.on_news(news(5, "b", job_state::completed, 100)), need::nothing);
  EXPECT_EQ(follower.on_board({4, {job("b", job_state::running, 60)}}, ended), need::nothing);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].id, "a");
  EXPECT_EQ(told.back().state, job_state::completed);
  EXPECT_EQ(follower.on_pause(), need::nothing) << "nothing is open";
}

TEST_F(job_follower_test, what_was_heard_is_not_told_again) {
  follower.on_board({7, {}}, ended);
  EXPECT_EQ(follower.on_news(news(7, "a", job_state::running)), need::nothing);
  EXPECT_EQ(follower.on_news(news(8, "a", job_state::running)), need::nothing);
  EXPECT_EQ(follower.on_news(news(8, "a", job_state::running)), need::nothing);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(job_follower_test, silence_while_a_job_is_open_asks_for_the_board) {
  follower.on_board({1, {job("a", job_state::running)}}, ended);
  EXPECT_EQ(follower.on_pause(), need::nothing) << "the board has just been heard";
  EXPECT_EQ(follower.on_pause(), need::board);
  follower.asking();
  EXPECT_EQ(follower.on_pause(), need::nothing) << "the answer is under way";
}

TEST_F(job_follower_test, a_coordinator_that_counts_anew_is_followed) {
  follower.on_board({100, {job("a", job_state::running)}}, ended);
  follower.asking(); // it is another one now
  EXPECT_EQ(follower.on_board({0, {job("a", job_state::running)}}, ended), need::nothing);
  EXPECT_EQ(follower.on_news(news(1, "a", job_state::completed)), need::nothing);
  EXPECT_EQ(told.back().state, job_state::completed);
}

/// Whatever is lost, doubled or overtaken: in the end every job is known as it is.
TEST_F(job_follower_test, ends_with_the_truth_on_a_bad_path) {
  std::mt19937 draw{5};
  std::map<std::string, job_status> truth, seen;
  std::uint64_t seq = 0;
  job_follower reader{[&](const job_status& status) { seen[status.id] = status; }};
  std::vector<job_news> under_way;
  const auto ask_now = [&] {
    for (bool again = true; again;) {
      reader.asking();
      job_board board{seq, {}};
      for (const auto& [id, status] : truth)
        if (!is_final(status.state)) board.open.push_back(status);
      std::vector<job_name> gone;
      again = reader.on_board(board, gone) == need::board;
      for (const auto& name : gone) seen[name.id] = truth[name.id];
    }
  };
  ask_now();
  for (int step = 0; step < 20'000; ++step) {
    const auto id = "job-" + std::to_string(draw() % 40);
    auto& what = truth.try_emplace(id, job(id, job_state::queued)).first->second;
    if (!is_final(what.state)) {
      what.state = what.progress > 1 && draw() % 50 == 0 ? job_state::completed : job_state::running;
      what.progress += 0.1;
      const job_news one{++seq, what};
      if (draw() % 10 != 0) under_way.push_back(one);
      if (draw() % 20 == 0) under_way.push_back(one);
    }
    while (under_way.size() > 3) {
      const auto at = under_way.begin() + draw() % 2;
      const auto next = *at;
      under_way.erase(at);
      if (reader.on_news(next) == need::board) ask_now();
    }
  }
  // the last ones may be what is lost: silence shows it
  reader.on_pause();
  if (reader.on_pause() == need::board) ask_now();
  for (const auto& [id, status] : truth) {
    EXPECT_EQ(seen[id].state, status.state) << id;
    EXPECT_EQ(seen[id].progress, status.progress) << id;
  }
}

} // namespace
} // namespace tt::gateway
