// Makers of signals and the accounts of a whole node: the same gate, journal and broker as for orders by hand, and one order per
// key for ever.

#include "tests/cluster/trading_fixture.hpp"

#include "actors/model/order_desk.hpp"
#include "tests/support/values.hpp"

namespace tt::cluster::test {
namespace {

class order_desk_node : public trading_node {
protected:
  static signal_order signal(const std::string& key, order_side side, const char* amount, const std::string& strategy = "trend") {
    signal_order out;
    out.key = key;
    auto& r = out.request;
    r.account = account_id{"paper_simulator"};
    r.symbol = "AAPL";
    r.side = side;
    r.size = size_quantity{tt::test::qty(amount)};
    r.strategy = strategy_id{strategy};
    return out;
  }
  [[nodiscard]] result<signal_outcome> place(const signal_order& what) const {
    return wait_for<signal_outcome>([&](auto done) { running->desk()->place(what, done); });
  }
  [[nodiscard]] result<strategy_holding> holding(const std::string& strategy, const std::string& symbol = "AAPL") const {
    return wait_for<strategy_holding>(
      [&](auto done) { running->desk()->holding(account_id{"paper_simulator"}, strategy_id{strategy}, symbol, done); });
  }
  [[nodiscard]] std::vector<tt::order> orders(const std::string& strategy) const {
    auto got = wait_for<std::vector<tt::order>>(
      [&](auto done) { running->desk()->orders({account_id{"paper_simulator"}, strategy_id{strategy}, std::nullopt}, 100, done); });
    return got.value_or(std::vector<tt::order>{});
  }
  [[nodiscard]] bool holds(const std::string& strategy, const char* amount) const {
    for (int i = 0; i < 20'000; ++i)
      if (const auto now = holding(strategy); now && now->qty == tt::test::qty(amount)) return true;
    return false;
  }
};

TEST_F(order_desk_node, a_key_makes_one_order_for_ever) {
  start();
  const auto first = place(signal("sig-1", order_side::buy, "3"));
  ASSERT_TRUE(first) << to_string(first.error());
  EXPECT_EQ(first->how, signal_outcome::kind::taken);
  EXPECT_EQ(first->what.key.str(), "signal|5:sig-1");
  EXPECT_EQ(first->what.strategy.str(), "trend");
  const auto again = place(signal("sig-1", order_side::buy, "3")), other = place(signal("sig-1", order_side::sell, "9"));
  ASSERT_TRUE(again && other);
  EXPECT_EQ(again->how, signal_outcome::kind::repeated);
  EXPECT_EQ(again->what.id, first->what.id);
  EXPECT_EQ(other->how, signal_outcome::kind::repeated) << "the key had its order, whatever is asked now";
  EXPECT_EQ(other->what.id, first->what.id);
  ASSERT_TRUE(holds("trend", "3"));
  start(); // a new process by the same journal
  const auto later = place(signal("sig-1", order_side::buy, "3"));
  ASSERT_TRUE(later) << to_string(later.error());
  EXPECT_EQ(later->how, signal_outcome::kind::repeated);
  EXPECT_EQ(later->what.id, first->what.id);
  EXPECT_EQ(later->what.state, order_state::filled) << "as it stands by now";
  EXPECT_EQ(orders("trend").size(), 1U);
  EXPECT_EQ(ask("/api/orders").size(), 1U);
}

TEST_F(order_desk_node, keys_of_a_known_cause_stay_themselves_and_never_meet_others) {
  start();
  const auto key = *intent_key::webhook("tv", "bar-77", 0);
  const auto hook = place(signal(key.str(), order_side::buy, "1"));
  ASSERT_TRUE(hook) << to_string(hook.error());
  EXPECT_EQ(hook->what.key, key);
  EXPECT_EQ(hook->what.origin, order_origin::webhook);
  const auto wrapped = place(signal("signal|1:x", order_side::buy, "2"));
  ASSERT_TRUE(wrapped) << to_string(wrapped.error());
  const auto plain = place(signal("x", order_side::buy, "1"));
  ASSERT_TRUE(plain) << to_string(plain.error());
  EXPECT_EQ(plain->how, signal_outcome::kind::taken);
  EXPECT_NE(plain->what.id, wrapped->what.id);
  const auto none = place(signal("", order_side::buy, "1"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().field, "key");
  EXPECT_FALSE(place(signal(std::string(201, 'k'), order_side::buy, "1")));
}

TEST_F(order_desk_node, what_a_strategy_holds_is_by_its_own_fills) {
  start();
  ASSERT_TRUE(place(signal("t-1", order_side::buy, "5")));
  ASSERT_TRUE(place(signal("r-1", order_side::buy, "2", "revert")));
  ASSERT_TRUE(holds("trend", "5") && holds("revert", "2"));
  const auto held = holding("trend");
  ASSERT_TRUE(held && held->average_price);
  EXPECT_NEAR(held->average_price->value().to_double(), ask_price(), ask_price() * 0.05);
  EXPECT_NE(held->opened_at, utc_time{});
  EXPECT_EQ(ask("/api/positions")[0]["quantity"], 7);
  const auto nothing = holding("nobody");
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->qty.is_zero());
  EXPECT_FALSE(nothing->average_price);
  // what rests counts as working until it is cancelled
  auto resting = signal("t-2", order_side::buy, "4");
  resting.request.type = order_type::limit;
  resting.request.limit_price = price{decimal{static_cast<std::int64_t>(ask_price() * 0.8)}};
  ASSERT_TRUE(place(resting));
  EXPECT_EQ(holding("trend")->working_buys, quantity{decimal{4}});
  const auto cancelled = wait_for<std::vector<order_id>>(
    [&](auto done) { running->desk()->cancel({account_id{"paper_simulator"}, strategy_id{"trend"}, std::nullopt}, done); });
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->size(), 1U);
  ASSERT_TRUE(until("/api/orders/" + cancelled->front().str(), [](const json& now) { return now.value("state", "") == "cancelled"; }));
  EXPECT_TRUE(holding("trend")->working_buys.is_zero());
  const auto figures = wait_for<account_figures>([&](auto done) { running->desk()->figures(account_id{"paper_simulator"}, done); });
  ASSERT_TRUE(figures) << to_string(figures.error());
  EXPECT_NEAR(figures->equity.value().to_double(), 100'000, 500);
  ASSERT_EQ(orders("trend").size(), 2U);
  EXPECT_GT(orders("trend").front().number, orders("trend").back().number) << "newest first";
}

TEST_F(order_desk_node, what_the_gate_refuses_and_what_is_not_there_is_told) {
  start();
  const auto refused = place(signal("big", order_side::buy, "1000"));
  ASSERT_TRUE(refused) << to_string(refused.error());
  EXPECT_EQ(refused->how, signal_outcome::kind::refused);
  EXPECT_EQ(refused->what.reject_code, "FAT_FINGER_NOTIONAL");
  auto nowhere = signal("n", order_side::buy, "1");
  nowhere.request.account = account_id{"nobody"};
  EXPECT_EQ(place(nowhere).error().code, errc::not_found);
  auto unknown = signal("u", order_side::buy, "1");
  unknown.request.symbol = "NOPE";
  const auto got = place(unknown);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::not_found);
  EXPECT_EQ(got.error().field, "symbol");
  const auto kept = running->desk();
  running.reset();
  const auto late = wait_for<signal_outcome>([&](auto done) { kept->place(signal("late", order_side::buy, "1"), done); });
  EXPECT_FALSE(late) << "the accounts are gone";
}

} // namespace
} // namespace tt::cluster::test
