#include "desk.hpp"

#include "actors/risk/flatten.hpp"

namespace tt::risk::test {
namespace {

using owner = flatten_view::open_order::owner;
using session = flatten_view::held::session;
using namespace std::chrono_literals;

TEST(flatten, cancels_first_repeats_them_and_closes_only_then) {
  flatten_plan plan(7);
  auto now = session_time();
  flatten_view view;
  view.orders = {{order_number{1}, "AAPL", owner::other}, {order_number{2}, "MSFT", owner::other}};
  view.positions = {{"AAPL", qty("10"), session::open}, {"MNQ", qty("-2"), session::open}, {"SAP", qty("5"), session::closed}};
  EXPECT_EQ(plan.next(view, now), (std::vector<flatten_action>{cancel_action{order_number{1}, 1}, cancel_action{order_number{2}, 1}}));
  EXPECT_TRUE(plan.next(view, now + 1s).empty()) << "asked for a moment ago";
  EXPECT_EQ(plan.unconfirmed(view), (std::vector{order_number{1}, order_number{2}}));
  view.orders.erase(view.orders.begin());
  EXPECT_EQ(plan.next(view, now += 2s), (std::vector<flatten_action>{cancel_action{order_number{2}, 2}})) << "until it is final";
  view.orders.clear();
  const auto closing = plan.next(view, now);
  ASSERT_EQ(closing.size(), 2u);
  EXPECT_EQ(std::get<close_action>(closing[0]), (close_action{"AAPL", direction::sell, qty("10"), *intent_key::flatten(7, "AAPL")}));
  EXPECT_EQ(std::get<close_action>(closing[1]).way, direction::buy);
  view.orders = {{order_number{3}, "AAPL", owner::flattening}, {order_number{4}, "MNQ", owner::flattening}};
  EXPECT_TRUE(plan.next(view, now).empty()) << "under way";
  EXPECT_EQ(flatten_plan::waiting(view), std::vector<std::string>{"SAP"});
  view.orders.clear();
  view.positions = {{"SAP", qty("5"), session::closed}};
  EXPECT_FALSE(flatten_plan::is_done(view));
  EXPECT_TRUE(plan.next(view, now).empty());
  view.positions[0].market = session::open;
  EXPECT_EQ(plan.next(view, now).size(), 1u) << "the next open";
  view.positions.clear();
  EXPECT_TRUE(flatten_plan::is_done(view));
}

// ------------------------------------------------------------- the proof

static_assert(!std::is_default_constructible_v<approval>);
static_assert(!std::is_copy_constructible_v<approval> && !std::is_copy_assignable_v<approval>);
static_assert(!std::is_constructible_v<approval, approved_order, std::uint64_t>);

TEST(approval, is_good_for_one_send) {
  desk d;
  auto answer = d.send(d.order("AAPL", order_side::buy, "1"));
  ASSERT_TRUE(answer.proof);
  EXPECT_TRUE(answer.proof->is_valid());
  const approval taken = std::move(*answer.proof);
  EXPECT_TRUE(taken.is_valid());
  EXPECT_FALSE(answer.proof->is_valid());
}

TEST(approval, regression_10_carries_the_order_unchanged) {
  desk d;
  auto t = d.order("AAPL", order_side::sell_short, "7", order_type::stop_limit, "99");
  t.asked.stop_price = px("99.5");
  t.asked.tif = time_in_force::gtd;
  t.asked.good_till = d.now + std::chrono::hours{30};
  t.asked.hours = order_hours::extended;
  const auto answer = d.send(t);
  ASSERT_TRUE(answer.proof) << said(answer);
  order_terms expected;
  expected.side = order_side::sell_short;
  expected.type = order_type::stop_limit;
  expected.tif = time_in_force::gtd;
  expected.hours = order_hours::extended;
  expected.qty = qty("7");
  expected.limit_price = px("99");
  expected.stop_price = px("99.5");
  expected.good_till = t.asked.good_till;
  EXPECT_EQ(answer.proof->order(), (approved_order{account_id{"acct"}, t.key, "AAPL", expected}));
}

TEST(decision, as_a_record_of_journal_and_api) {
  desk d;
  d.hold("AAPL", "50");
  const auto answer = d.send(d.order("AAPL", order_side::sell, "160", order_type::limit, "100"));
  const auto plain = to_record(answer.verdict);
  EXPECT_EQ(plain.result, verdict::approved_reduced);
  EXPECT_EQ(plain.code, "POSITION_LIMIT");
  EXPECT_EQ(plain.legacy_code, "approved_with_reduction");
  EXPECT_EQ(plain.approved, qty("150"));
  ASSERT_EQ(plain.checks.size(), 1u) << "only what is worth telling";
  EXPECT_EQ(plain.checks[0].unit, "ratio");
  EXPECT_EQ(plain.checks[0].measured, dec("0.11"));
  EXPECT_EQ(plain.adjustments.at(0), (size_adjustment{"POSITION_LIMIT", qty("150")}));
  EXPECT_GT(to_record(d.ask(d.order("MSFT", order_side::buy, "1")), record_detail::all).checks.size(), 40u);
}

/// Every code has a name of its own, but those that a breaker shares with its check.
TEST(codes, have_names_and_coarse_twins) {
  std::map<std::string_view, int> names;
  for (std::size_t i = 0; i < check_codes; ++i) ++names[to_string(static_cast<check_code>(i))];
  for (const auto& [name, n] : names) {
    const bool is_shared = name == "DAILY_LOSS" || name == "DRAWDOWN" || name == "CONSECUTIVE_LOSSES" || name == "VOLATILITY" || name == "RUNAWAY";
    EXPECT_EQ(n, is_shared ? 2 : 1) << name;
  }
  EXPECT_EQ(legacy_of_rejection(check_code::kill_switch), legacy_code::rejected_other);
  EXPECT_EQ(legacy_of_rejection(check_code::internal), legacy_code::rejected_other);
  EXPECT_EQ(legacy_of_rejection(check_code::buying_power), legacy_code::rejected_insufficient_funds);
  EXPECT_EQ(legacy_of_rejection(check_code::market_closed), legacy_code::rejected_market_hours);
  EXPECT_EQ(to_string(static_cast<check_code>(250)), "INTERNAL");
}

} // namespace
} // namespace tt::risk::test
