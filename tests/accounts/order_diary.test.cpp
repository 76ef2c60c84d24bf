// The diary of orders: their records in words, and numbers of news that a replay gives again.

#include "gateways/bridge/order_diary.hpp"
#include "gateways/stream/lossless_log.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::test {
namespace {

using namespace execution;

journal_record record(std::uint64_t offset, journal_fact fact) {
  journal_record out;
  out.offset = journal_offset{offset};
  out.at = utc_time{std::chrono::seconds{offset}};
  out.fact = std::move(fact);
  return out;
}

std::vector<journal_record> life_of_an_order() {
  order made;
  made.number = order_number{1};
  made.terms.qty = quantity{5};
  risk_decision decision;
  decision.result = verdict::approved_reduced;
  decision.code = "POSITION_LIMIT";
  decision.approved = quantity{4};
  order_fill fill;
  fill.id = execution_id{"x1"};
  fill.order = made.number;
  fill.qty = quantity{4};
  fill.px = price{100};
  return {record(1, account_opened{}),
          record(2, order_intent{made}),
          record(3, order_decided{made.number, decision, made.terms}),
          record(4, order_moved{made.number, order_event::send, {}, "", "", {}}),
          record(5, order_moved{made.number, order_event::venue_working, {}, "", "", {}}),
          record(6, risk_noted{}),
          record(7, execution_booked{fill}),
          record(8, execution_corrected{execution_id{"x1"}, quantity{3}, price{100}, "bust", {}}),
          record(9, report_unmatched{made.number, {}, "a report of nothing"})};
}

TEST(order_diary, tells_an_orders_life_in_the_order_of_the_journal) {
  order_diary diary;
  for (const auto& one : life_of_an_order()) diary.on_record(one);
  std::vector<std::string> words;
  for (const auto& one : diary.of(order_number{1})) words.push_back(one.what);
  EXPECT_EQ(words, (std::vector<std::string>{"created", "reduced", "send", "venue_working", "execution", "correction", "report_unmatched"}));
  const auto all = diary.of(order_number{1});
  EXPECT_EQ(all[1].code, "POSITION_LIMIT");
  EXPECT_EQ(all[1].qty, quantity{4});
  EXPECT_EQ(all[4].px, price{100});
  EXPECT_EQ(all[4].offset, 7U);
  EXPECT_TRUE(diary.of(order_number{2}).empty());
}

TEST(order_diary, numbers_of_news_are_those_of_the_replay) {
  const auto records = life_of_an_order();
  order_diary live, replayed;
  std::uint64_t before = 0;
  for (const auto& one : records) {
    live.on_record(one);
    EXPECT_LE(live.news(), before + 1) << "one record, one piece of news at most";
    before = live.news();
  }
  for (const auto& one : records) replayed.on_record(one);
  EXPECT_EQ(live.news(), 5U) << "decided, sent, working, traded, corrected; the intent is told with its decision";
  EXPECT_EQ(replayed.news(), live.news());
  EXPECT_EQ(live.newest().size(), 5U);
}

TEST(order_diary, a_leg_that_waits_is_news_and_old_orders_are_dropped_first) {
  order_diary diary;
  order leg;
  leg.number = order_number{1};
  leg.parent = order_number{9};
  diary.on_record(record(1, order_intent{leg}));
  EXPECT_EQ(diary.news(), 1U);
  for (std::uint64_t i = 0; i < order_diary::max_records; ++i)
    diary.on_record(record(2 + i, order_moved{order_number{2 + i / 100}, order_event::venue_working, {}, "", "", {}}));
  EXPECT_TRUE(diary.of(order_number{1}).empty());
  EXPECT_FALSE(diary.of(order_number{2 + (order_diary::max_records - 1) / 100}).empty());
  EXPECT_EQ(diary.newest().size(), order_diary::max_news);
  EXPECT_EQ(diary.news(), order_diary::max_records + 1);
}

TEST(memory_log, goes_on_from_an_older_numbering) {
  stream::memory_log log(99, [](json_writer& out) { out.null(); });
  const auto word = [](std::string text) { return [text](json_writer& out) { out.value(text); }; };
  const utc_time then{std::chrono::seconds{1'000}};
  log.continue_from(7, 12, {{word("eleven"), then}, {word("twelve"), then}});
  EXPECT_EQ(log.epoch(), 7U);
  EXPECT_EQ(log.last(), 12U);
  log.append(then, word("thirteen"));
  const auto all = log.replay(10, 10);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].position->tseq, 11U);
  EXPECT_EQ((*all)[2].position->tseq, 13U);
  EXPECT_EQ((*all)[2].position->epoch, 7U);
  EXPECT_FALSE(log.replay(9, 10)) << "what is not kept is a gap";
  EXPECT_FALSE(log.replay(14, 10)) << "and so is what never was";
}

} // namespace
} // namespace tt::gateway::test
