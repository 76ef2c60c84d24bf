// What was acknowledged is there after a restart, once.

#include "actors/backtest/job_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace tt::backtest {
namespace {

struct store_test : ::testing::Test {
  store_test() {
    std::string name = std::filesystem::temp_directory_path() / "tt-jobs-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~store_test() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<job_store> open() { return std::move(job_store::open(folder)).value(); }

  static stored_job job(const std::string& id, job_state state = job_state::queued, job_kind kind = job_kind::backtest) {
    stored_job out;
    out.id = id;
    out.kind = kind;
    out.state = state;
    out.owner = "ann";
    out.request = "{\"a\":\"b\\u0000\"}";
    out.symbols = {"AAPL", "ES1!"};
    out.symbols_total = 2;
    out.created = from_unix_ms(1'700'000'000'123);
    return out;
  }
  std::string folder;
};

TEST_F(store_test, a_job_comes_back_as_it_was) {
  auto wanted = job("bt-1");
  {
    const auto store = open();
    wanted.number = *store->add(wanted);
    wanted.state = job_state::failed;
    wanted.started = from_unix_ms(5);
    wanted.finished = from_unix_ms(7);
    wanted.error_message = "line 3: no";
    wanted.diagnostics = "[]";
    wanted.trials_done = 4;
    wanted.trials_total = 9;
    wanted.best = "{}";
    wanted.progress = 12.5;
    ASSERT_TRUE(store->update(wanted));
  }
  const auto read = open()->load(job_kind::backtest, "bt-1");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->number, wanted.number);
  EXPECT_EQ(read->state, job_state::failed);
  EXPECT_EQ(read->owner, "ann");
  EXPECT_EQ(read->request, wanted.request);
  EXPECT_EQ(read->symbols, wanted.symbols);
  EXPECT_EQ(read->created, wanted.created);
  EXPECT_EQ(read->started, wanted.started);
  EXPECT_EQ(read->finished, wanted.finished);
  EXPECT_EQ(read->error_message, wanted.error_message);
  EXPECT_EQ(read->best, "{}");
  EXPECT_EQ(read->progress, 12.5);
  EXPECT_EQ(open()->load(job_kind::study, "bt-1").error().code, errc::not_found) << "a study's id names no backtest";
}

TEST_F(store_test, an_id_is_taken_once) {
  const auto store = open();
  ASSERT_TRUE(store->add(job("bt-1")));
  EXPECT_EQ(store->add(job("bt-1")).error().code, errc::conflict);
  auto nobody = job("bt-9");
  nobody.number = 99;
  EXPECT_EQ(store->update(nobody).error().code, errc::not_found);
}

TEST_F(store_test, unfinished_jobs_are_those_that_are_not_final) {
  const auto store = open();
  for (const auto state : job_states) ASSERT_TRUE(store->add(job("bt-" + std::string(to_string(state)), state)));
  const auto left = store->unfinished();
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 3U);
  EXPECT_EQ((*left)[0].id, "bt-queued");
  EXPECT_EQ((*left)[0].request, job("").request);
  EXPECT_EQ((*left)[1].id, "bt-running");
  EXPECT_EQ((*left)[2].id, "bt-paused");
  const auto counts = *store->counts();
  EXPECT_EQ(counts.at({job_kind::backtest, job_state::failed}), 1U);
  EXPECT_FALSE(counts.contains({job_kind::study, job_state::failed}));
}

TEST_F(store_test, lists_go_page_by_page_from_the_newest) {
  const auto store = open();
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(store->add(job("bt-" + std::to_string(i), i == 2 ? job_state::failed : job_state::completed)));
  ASSERT_TRUE(store->add(job("st-1", job_state::completed, job_kind::study)));
  const auto ids = [](const result<std::vector<stored_job>>& list) {
    std::string out;
    for (const auto& one : *list) out += one.id + " ";
    return out;
  };
  const auto first = store->list(job_kind::backtest, {}, 0, 2);
  EXPECT_EQ(ids(first), "bt-5 bt-4 ");
  EXPECT_EQ(ids(store->list(job_kind::backtest, {}, first->back().number, 2)), "bt-3 bt-2 ");
  EXPECT_EQ(ids(store->list(job_kind::backtest, job_state::failed, 0, 9)), "bt-2 ");
  EXPECT_EQ(ids(store->list(job_kind::study, {}, 0, 9)), "st-1 ");
}

TEST_F(store_test, a_part_is_kept_once_and_comes_back_byte_by_byte) {
  const std::string bytes("a\0b\xff", 4);
  {
    const auto store = open();
    const auto number = *store->add(job("bt-1"));
    ASSERT_TRUE(store->keep_parts(number, {{7, bytes}, {2, ""}}));
    ASSERT_TRUE(store->keep_parts(number, {{7, "another"}, {9, "x"}}));
  }
  const auto store = open();
  const auto parts = store->parts(1);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ((*parts)[0].key, 2U);
  EXPECT_EQ((*parts)[1].bytes, bytes);
  EXPECT_EQ((*parts)[2].key, 9U);
  EXPECT_EQ(store->parts(1, 8, 10)->size(), 1U);
  EXPECT_EQ(*store->parts_bytes(1), 5U);
}

TEST_F(store_test, bars_of_a_job_are_kept_in_their_order) {
  const auto store = open();
  const auto number = *store->add(job("bt-1"));
  const std::vector<series_ref> refs{{"aa", 10, 1}, {}, {"bb", 20, 2}};
  ASSERT_TRUE(store->keep_series(number, {{"old", 1, 1}}));
  ASSERT_TRUE(store->keep_series(number, refs));
  EXPECT_EQ(*store->series(number), refs);
}

TEST_F(store_test, bars_that_a_script_asked_for_are_kept_and_the_first_answer_stays) {
  const auto store = open();
  const auto number = *store->add(job("bt-1", job_state::completed));
  EXPECT_FALSE(store->extra(number, "SPY", "1d")->has_value());
  ASSERT_TRUE(store->keep_extra(number, "SPY", "1d", {"aa", 10, 1}));
  ASSERT_TRUE(store->keep_extra(number, "SPY", "1d", {"bb", 20, 2}));
  ASSERT_TRUE(store->keep_extra(number, "NOPE", "1d", {}));
  EXPECT_EQ(**store->extra(number, "SPY", "1d"), (series_ref{"aa", 10, 1}));
  EXPECT_TRUE((*store->extra(number, "NOPE", "1d"))->hash.empty()) << "known to have none";
  EXPECT_FALSE(store->extra(number, "SPY", "1h")->has_value());
  ASSERT_TRUE(store->prune(0));
  EXPECT_FALSE(store->extra(number, "SPY", "1d")->has_value());
}

TEST_F(store_test, the_oldest_finished_jobs_go_with_all_that_they_left) {
  const auto store = open();
  for (int i = 1; i <= 4; ++i) {
    const auto number = *store->add(job("bt-" + std::to_string(i), i == 1 ? job_state::queued : job_state::completed));
    ASSERT_TRUE(store->keep_parts(number, {{0, "x"}}));
  }
  EXPECT_EQ(*store->prune(2), 1U);
  EXPECT_TRUE(store->load(job_kind::backtest, "bt-1")) << "not finished: it stays";
  EXPECT_EQ(store->load(job_kind::backtest, "bt-2").error().code, errc::not_found);
  EXPECT_TRUE(store->parts(2)->empty());
  EXPECT_EQ(store->parts(3)->size(), 1U);
}

} // namespace
} // namespace tt::backtest
