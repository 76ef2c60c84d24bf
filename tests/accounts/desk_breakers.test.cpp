// Breakers whose figures are gathered over time, through the account that they hold back.

#include "tests/accounts/desk_bench.hpp"

namespace tt::gateway::test {
namespace {

using risk::breaker_kind;

TEST_F(desk_bench, fills_far_from_what_the_market_showed_switch_the_strategy_off) {
  start();
  const risk::breaker_scope trend{risk::breaker_scope::kind::strategy, "trend"};
  const auto buy = [&](int n, const std::string& strategy) {
    quote("AAPL", "99.99", "100.01");
    quote_to_broker("AAPL", "100.02", "100.05"); // 4 ticks worse than what the account saw, where one is reckoned with
    const auto out = signal(strategy + std::to_string(n), order_side::buy, "1", strategy);
    pass(1s);
    return out ? out->how : signal_outcome::kind::refused;
  };
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(is_tripped(breaker_kind::slippage, trend)) << i;
    ASSERT_EQ(buy(i, "trend"), signal_outcome::kind::taken) << i;
  }
  EXPECT_TRUE(is_tripped(breaker_kind::slippage, trend));
  EXPECT_EQ(buy(20, "trend"), signal_outcome::kind::refused);
  EXPECT_EQ(orders().front().what.reject_code, "SLIPPAGE");
  EXPECT_EQ(buy(0, "revert"), signal_outcome::kind::taken) << "the strategy alone";
  EXPECT_EQ(signal("out", order_side::sell, "1")->how, signal_outcome::kind::taken) << "what closes goes on";
  start();
  EXPECT_TRUE(is_tripped(breaker_kind::slippage, trend) || buy(21, "trend") == signal_outcome::kind::refused) << "also after a restart";
  const auto question = got<resume_question>([&](auto done) { port->ask_resume(root, "another broker", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  ASSERT_TRUE(got<std::uint64_t>([&](auto done) { port->resume(root, question->token, done); }));
  EXPECT_EQ(buy(22, "trend"), signal_outcome::kind::taken);
}

TEST_F(desk_bench, a_wild_benchmark_stops_entries_until_it_is_calm) {
  start();
  quote("MSFT", "100.00", "100.02");
  quote("AAPL", "99.99", "100.01");
  ASSERT_EQ(place(order_side::buy, "2")->how, placed_order::outcome::placed);
  pass(2s);
  quote("MSFT", "94.90", "94.92");
  EXPECT_TRUE(is_tripped(breaker_kind::volatility)) << "5.1 per cent within five minutes";
  const auto refused = place(order_side::buy, "3");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->how, placed_order::outcome::refused);
  EXPECT_EQ(refused->order.what.reject_code, "VOLATILITY");
  EXPECT_EQ(place(order_side::sell, "2")->how, placed_order::outcome::placed) << "what closes goes on";
  day += 6min;
  quote("MSFT", "94.90", "94.92");
  EXPECT_TRUE(is_tripped(breaker_kind::volatility)) << "calm for a moment";
  day += 31min;
  quote("MSFT", "94.90", "94.92");
  EXPECT_FALSE(is_tripped(breaker_kind::volatility));
  quote("AAPL", "99.99", "100.01");
  EXPECT_EQ(place(order_side::buy, "4")->how, placed_order::outcome::placed);
  volatility = "0.51";
  quote("MSFT", "94.90", "94.92");
  EXPECT_TRUE(is_tripped(breaker_kind::volatility)) << "30 days of it";
}

TEST_F(desk_bench, a_clock_that_is_off_stops_entries_until_it_is_right) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_EQ(place(order_side::buy, "2")->how, placed_order::outcome::placed);
  ahead = 3s;
  quote("AAPL", "99.99", "100.01");
  EXPECT_FALSE(is_tripped(breaker_kind::clock)) << "the time of a replay is nobody's clock";
  is_real_time = true;
  quote("AAPL", "99.99", "100.01");
  EXPECT_TRUE(is_tripped(breaker_kind::clock));
  const auto refused = place(order_side::buy, "3");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->order.what.reject_code, "CLOCK");
  EXPECT_EQ(place(order_side::sell, "2")->how, placed_order::outcome::placed) << "what closes goes on";
  ahead = 1s;
  quote("AAPL", "99.99", "100.01");
  EXPECT_FALSE(is_tripped(breaker_kind::clock));
  EXPECT_EQ(place(order_side::buy, "4")->how, placed_order::outcome::placed);
}

TEST(breaker_figures, a_clock_is_judged_by_what_lies_ahead_or_was_asked_for) {
  risk::clock_watch clocks;
  const auto noon = at("2026-01-15T12:00:00Z");
  EXPECT_FALSE(clocks.skew());
  using source = risk::clock_watch::source;
  clocks.heard(source::venue, noon - 1h, noon);
  EXPECT_FALSE(clocks.skew()) << "old, or a slow clock: nobody knows";
  clocks.heard(source::venue, noon - 5s, noon, 6s);
  EXPECT_EQ(clocks.skew(), nanoseconds{0}) << "within the round trip";
  clocks.heard(source::venue, noon - 9s, noon, 6s);
  EXPECT_EQ(clocks.skew(), nanoseconds{3s});
  clocks.heard(source::market, noon + 4s, noon);
  EXPECT_EQ(clocks.skew(), nanoseconds{4s}) << "the larger of both";
  clocks.heard(source::market, noon - 1h, noon);
  clocks.heard(source::venue, noon, noon, 1s);
  EXPECT_EQ(clocks.skew(), nanoseconds{0});
}

TEST(breaker_figures, moves_are_of_five_minutes_in_either_direction) {
  risk::move_window moves;
  const auto noon = at("2026-01-15T12:00:00Z");
  EXPECT_FALSE(moves.move(noon));
  moves.add(noon, px("100"));
  moves.add(noon + 100ms, px("104"));
  moves.add(noon + 2s, px("100"));
  EXPECT_EQ(moves.move(noon + 2s)->to_string().substr(0, 6), "0.0384") << "down from a high that stood for a moment";
  moves.add(noon + 301s, px("100"));
  EXPECT_EQ(moves.move(noon + 301s), decimal{});
  EXPECT_FALSE(moves.move(noon + 1h));
  moves.add(noon - 1h, px("50"));
  EXPECT_EQ(moves.move(noon - 1h), decimal{}) << "the market has begun anew";
}

/// `paper` has lost what it may lose in a day; beside it is an account that has done nothing.
class desk_beside_a_loser : public desk_bench {
protected:
  void SetUp() override {
    start();
    start_beside("second");
    ASSERT_TRUE(set_limit(risk::limit_id::daily_loss, "0.00005"));
    lose();
    ASSERT_TRUE(is_tripped(breaker_kind::daily_loss));
  }
  void halt(const std::string& name) {
    stop_request what;
    what.scope = {risk::kill_scope::kind::account, name};
    what.reason = "test";
    ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, what, done); }));
    ASSERT_FALSE(modes(name).empty());
  }
  std::vector<scoped_stop> modes(const std::string& name) {
    return got<risk_snapshot>([&](auto done) { port->risk_state(ann, account_id{name}, done); }).value_or(risk_snapshot{}).stops;
  }
  result<resume_question> ask() {
    return got<resume_question>([&](auto done) { port->ask_resume(root, "seen", done); });
  }
  result<std::uint64_t> resume(const std::string& token) {
    return got<std::uint64_t>([&](auto done) { port->resume(root, token, done); });
  }
};

TEST_F(desk_beside_a_loser, a_stop_of_another_account_is_lifted) {
  halt("second");
  const auto question = ask();
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_TRUE(question->blocking.empty()) << question->blocking.front();
  const auto resumed = resume(question->token);
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_TRUE(modes("second").empty());
  EXPECT_TRUE(is_tripped(breaker_kind::daily_loss)) << "its own breaker stays";
}

TEST_F(desk_beside_a_loser, its_own_stop_keeps_the_others_stopped) {
  halt("second");
  halt("paper");
  const auto question = ask();
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_EQ(question->blocking, std::vector<std::string>{"DAILY_LOSS"});
  const auto resumed = resume(question->token);
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, errc::conflict);
  EXPECT_FALSE(modes("second").empty());
  EXPECT_FALSE(modes("paper").empty());
}

TEST_F(desk_beside_a_loser, without_a_stop_its_breaker_is_what_is_asked_about) {
  const auto question = ask();
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_EQ(question->blocking, std::vector<std::string>{"DAILY_LOSS"});
  EXPECT_EQ(resume(question->token).error().code, errc::conflict);
  EXPECT_TRUE(is_tripped(breaker_kind::daily_loss));
}

} // namespace
} // namespace tt::gateway::test
