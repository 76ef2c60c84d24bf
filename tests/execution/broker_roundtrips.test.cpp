#include "actors/execution/broker_roundtrips.hpp"

#include <gtest/gtest.h>

namespace tt::execution {
namespace {

submit_request submit(const std::string& id) {
  submit_request out;
  out.wire_id = wire_order_id{id};
  return out;
}

submit_answer accepted(const std::string& id) {
  submit_answer out;
  out.order.wire_id = wire_order_id{id};
  out.outcome = submit_outcome::accepted;
  return out;
}

TEST(broker_roundtrips, an_answer_is_measured_from_its_own_request_once) {
  broker_roundtrips times;
  times.sent(submit("a"), 100);
  times.sent(submit("b"), 150);
  EXPECT_EQ(times.answered(accepted("b"), 400), (broker_roundtrip{broker_op::submit, 250}));
  EXPECT_EQ(times.answered(accepted("a"), 500), (broker_roundtrip{broker_op::submit, 400}));
  EXPECT_EQ(times.answered(accepted("a"), 600), std::nullopt) << "a second answer answers nothing";
}

TEST(broker_roundtrips, operations_on_one_order_are_apart) {
  broker_roundtrips times;
  times.sent(submit("a"), 0);
  cancel_request cancel;
  cancel.wire_id = wire_order_id{"a"};
  times.sent(cancel, 10);
  cancel_answer answer;
  answer.order.wire_id = wire_order_id{"a"};
  EXPECT_EQ(times.answered(answer, 30), (broker_roundtrip{broker_op::cancel, 20}));
  EXPECT_EQ(times.answered(accepted("a"), 40), (broker_roundtrip{broker_op::submit, 40}));
}

TEST(broker_roundtrips, listings_go_by_their_number_and_streamed_news_answer_nothing) {
  broker_roundtrips times;
  listing_request listing;
  listing.id = 7;
  times.sent(listing, 5);
  venue_snapshot other;
  other.id = 6;
  EXPECT_EQ(times.answered(other, 10), std::nullopt);
  EXPECT_EQ(times.answered(execution_report{}, 10), std::nullopt);
  EXPECT_EQ(times.answered(order_report{}, 10), std::nullopt);
  venue_snapshot own;
  own.id = 7;
  EXPECT_EQ(times.answered(own, 11), (broker_roundtrip{broker_op::listing, 6}));
}

TEST(broker_roundtrips, a_request_sent_again_counts_from_the_first_time) {
  broker_roundtrips times;
  times.sent(submit("a"), 100);
  times.sent(submit("a"), 900);
  EXPECT_EQ(times.answered(accepted("a"), 1000), (broker_roundtrip{broker_op::submit, 900}));
}

TEST(broker_roundtrips, a_venue_that_never_answers_costs_no_memory_without_end) {
  broker_roundtrips times;
  const auto count = 2 * broker_roundtrips::waiting_limit;
  for (std::size_t i = 0; i < count; ++i) times.sent(submit(std::to_string(i)), 0);
  std::size_t measured = 0;
  for (std::size_t i = 0; i < count; ++i) measured += times.answered(accepted(std::to_string(i)), 1) ? 1 : 0;
  EXPECT_EQ(measured, broker_roundtrips::waiting_limit);
  EXPECT_EQ(times.answered(accepted(std::to_string(count - 1)), 2), std::nullopt);
}

} // namespace
} // namespace tt::execution
