// One run: orders to the venue and back, refusals, restarts, alerts.

#include "actors/backtest/bars.hpp"
#include "tests/live/paper_day.hpp"

#include <set>

namespace tt::strategy::test {
namespace {

constexpr const char* stopper = R"(//@version=6
strategy("stop", overlay = true, margin_long = 0, margin_short = 0)
if ta.crossover(ta.ema(close, 4), ta.ema(close, 9)) and strategy.position_size == 0
    strategy.entry("L", strategy.long, qty = 3)
strategy.exit("X", "L", stop = strategy.position_avg_price - 0.3)
plot(ta.ema(close, 4), "fast")
)";

/// Calls an order by what it is for.
std::string words(const signal_order& o) {
  std::string out = o.request.side == order_side::buy ? "buy " : "sell ";
  out += std::get<size_quantity>(o.request.size).value.to_string() + " " + std::string(to_string(o.request.type));
  if (o.request.limit_price) out += " " + o.request.limit_price->to_string();
  if (o.request.stop_price) out += " " + o.request.stop_price->to_string();
  return out + (o.request.effect == position_effect::reduce_only ? " reduce" : "");
}

bar flat(int minute, const char* price_text) {
  const auto p = px(price_text);
  return {at("2026-01-15T10:00:00Z") + std::chrono::minutes{minute}, p, p, p, p, quantity{1}};
}

run_setup setup_of(const std::string& source) {
  run_setup s;
  s.strategy = strategy_id{"s"};
  s.run = 4;
  s.account = account_id{"a"};
  s.what = contract();
  s.code = program_of(source);
  return s;
}

order answered(const signal_order& asked, int number, order_state state = order_state::working) {
  order o;
  o.number = static_cast<order_number>(number);
  o.id = order_id{"o-" + std::to_string(number)};
  o.strategy = asked.request.strategy;
  o.terms.qty = std::get<size_quantity>(asked.request.size).value;
  o.state = state;
  return o;
}

TEST(runner, a_market_order_is_sent_when_the_bar_closes_and_filled_by_the_venue_alone) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 1
    strategy.entry("L", strategy.long, qty = 5)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().place.empty());
  run.on_bar(flat(1, "10"), bar_phase::closed);
  const auto sent = run.take();
  ASSERT_EQ(sent.place.size(), 1u);
  EXPECT_EQ(words(sent.place[0]), "buy 5 market");
  EXPECT_EQ(sent.place[0].key, intent_key::pine("s/4", "TEST", unix_ms(flat(1, "10").open_time), "L", 1)->str());
  ASSERT_EQ(sent.events.size(), 1u);
  EXPECT_EQ(sent.events[0].kind, run_event::kind_t::sent);
  // the price moves on, and nothing fills by itself
  run.on_bar(flat(2, "11"), bar_phase::forming);
  run.on_bar(flat(2, "11"), bar_phase::closed);
  EXPECT_EQ(run.position().size, 0);
  auto now = answered(sent.place[0], 1);
  run.on_placed(sent.place[0].key, signal_outcome{signal_outcome::kind::taken, now}, at("2026-01-15T10:03:00Z"));
  now.version = 2;
  now.filled = quantity{2};
  now.filled_value = dec("22.5");
  now.fees = usd("0.5");
  now.state = order_state::partially_filled;
  run.on_order(now, at("2026-01-15T10:03:01Z"));
  EXPECT_EQ(run.position().size, 2);
  EXPECT_EQ(*run.position().average_price, 11.25);
  run.on_order(now, at("2026-01-15T10:03:02Z")); // told again
  EXPECT_EQ(run.position().size, 2);
  now.version = 3;
  now.filled = quantity{5};
  now.filled_value = dec("57");
  now.state = order_state::filled;
  run.on_order(now, at("2026-01-15T10:03:03Z"));
  EXPECT_EQ(run.position().size, 5);
  EXPECT_NEAR(*run.position().average_price, 11.4, 1e-9);
  EXPECT_FALSE(run.has_open_orders());
}

TEST(runner, a_refused_order_is_gone_and_says_why) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 5)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto sent = run.take();
  ASSERT_EQ(sent.place.size(), 1u);
  auto refused = answered(sent.place[0], 1, order_state::risk_rejected);
  refused.reject_code = "RISK.BUYING_POWER";
  run.on_placed(sent.place[0].key, signal_outcome{signal_outcome::kind::refused, refused}, at("2026-01-15T10:01:00Z"));
  const auto after = run.take();
  ASSERT_EQ(after.signals.size(), 1u);
  EXPECT_EQ(after.signals[0].outcome, "refused");
  EXPECT_EQ(after.signals[0].reason, "RISK.BUYING_POWER");
  EXPECT_FALSE(run.has_open_orders());
  run.on_bar(flat(1, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().place.empty()) << "it must not be sent again by itself";
}

TEST(runner, no_answer_is_asked_again_under_the_same_key) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0
    strategy.entry("L", strategy.long)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto sent = run.take();
  run.on_placed(sent.place.at(0).key, error{errc::not_available, "the account is starting"}, at("2026-01-15T10:01:00Z"));
  EXPECT_TRUE(run.take().place.empty());
  run.retry();
  const auto again = run.take();
  ASSERT_EQ(again.place.size(), 1u);
  EXPECT_EQ(again.place[0].key, sent.place[0].key);
  EXPECT_TRUE(again.events.empty());
}

/// The venue executes all of a two-lot order at ten.
void fill_at_ten(strategy_runner& run, const signal_order& what, int number, const char* when = "2026-01-15T10:01:01Z") {
  auto now = answered(what, number, order_state::filled);
  now.version = 2;
  now.filled = now.terms.qty;
  now.filled_value = dec("20");
  run.on_placed(what.key, signal_outcome{signal_outcome::kind::taken, now}, at(when));
}

/// Long since the first bar; on the third the close goes out and nothing is heard of it, on the fourth the script enters again.
struct unsettled_close {
  unsettled_close() : run(setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0 or bar_index == 3
    strategy.entry("L", strategy.long, qty = 2)
if bar_index == 2
    strategy.close("L")
)"), {}) {
    run.on_bar(flat(0, "10"), bar_phase::closed);
    fill(run.take().place.at(0), 1);
    run.on_bar(flat(1, "10"), bar_phase::closed);
    run.on_bar(flat(2, "10"), bar_phase::closed);
    close = run.take().place.at(0);
    run.on_placed(close.key, signal_outcome{signal_outcome::kind::taken, answered(close, 2, order_state::submitting)}, at("2026-01-15T10:03:00Z"));
    run.on_bar(flat(3, "10"), bar_phase::closed);
  }
  void fill(const signal_order& what, int number) { fill_at_ten(run, what, number, "2026-01-15T10:03:30Z"); }
  strategy_runner run;
  signal_order close;
};

TEST(runner, an_entry_behind_a_close_waits_for_its_end) {
  unsettled_close day;
  EXPECT_TRUE(day.run.take().place.empty()) << "the close may be lost yet";
  day.fill(day.close, 2);
  EXPECT_EQ(day.run.position().size, 0);
  const auto after = day.run.take();
  ASSERT_EQ(after.place.size(), 1u);
  EXPECT_EQ(words(after.place[0]), "buy 2 market");
}

TEST(runner, an_entry_behind_a_close_that_is_lost_is_none) {
  unsettled_close day;
  auto lost = answered(day.close, 2, order_state::rejected);
  lost.version = 2;
  lost.reason = "proven absent at the venue";
  day.run.on_order(lost, at("2026-01-15T10:04:30Z"));
  EXPECT_TRUE(day.run.take().place.empty()) << "a second position beside the first";
  day.run.on_bar(flat(4, "10"), bar_phase::closed);
  EXPECT_TRUE(day.run.take().place.empty());
  EXPECT_EQ(day.run.position().size, 2);
  EXPECT_FALSE(day.run.has_open_orders());
}

constexpr const char* toggler = R"(//@version=6
strategy("t", margin_long = 0)
if bar_index % 2 == 0
    strategy.entry("L", strategy.long, qty = 2)
else
    strategy.close("L")
)";

/// The orders of a run that goes on after bars that it could not see.
std::vector<std::string> orders_after(strategy_runner& run) {
  std::vector<std::string> out;
  for (const auto& one : run.take().place) out.push_back(words(one));
  return out;
}

TEST(runner, bars_that_were_missed_send_nothing_but_what_the_last_one_asks_for) {
  strategy_runner run{setup_of(toggler), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto first = run.take().place.at(0);
  fill_at_ten(run, first, 1);
  for (int i = 1; i < 7; ++i) run.on_bar(flat(i, "10"), bar_phase::missed);
  EXPECT_TRUE(run.take().place.empty());
  run.on_bar(flat(7, "10"), bar_phase::closed);
  EXPECT_EQ(orders_after(run), (std::vector<std::string>{"sell 2 market reduce"}));
}

TEST(runner, a_restart_after_missed_bars_sends_nothing_but_what_the_last_one_asks_for) {
  strategy_runner before{setup_of(toggler), {}};
  before.on_bar(flat(0, "10"), bar_phase::closed);
  auto effects = before.take();
  const auto first = effects.place.at(0);
  fill_at_ten(before, first, 1);
  const auto later = before.take().events;
  effects.events.insert(effects.events.end(), later.begin(), later.end());
  for (const int last : {6, 7}) {
    std::vector<bar> history;
    for (int i = 0; i <= last; ++i) history.push_back(flat(i, "10"));
    strategy_runner after{setup_of(toggler), history, effects.events};
    EXPECT_EQ(after.position().size, 2);
    EXPECT_EQ(orders_after(after), last == 6 ? std::vector<std::string>{} : std::vector<std::string>{"sell 2 market reduce"});
  }
}

TEST(runner, a_close_that_could_not_go_out_on_its_bar_is_dropped_and_leaves_no_room_for_an_entry) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0 or bar_index == 3
    strategy.entry("L", strategy.long, qty = 2)
if bar_index == 2
    strategy.close("L")
strategy.exit("X", "L", stop = 5)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto first = run.take().place.at(0);
  fill_at_ten(run, first, 1);
  const auto stop = run.take().place.at(0);
  auto resting = answered(stop, 2);
  run.on_placed(stop.key, signal_outcome{signal_outcome::kind::taken, resting}, at("2026-01-15T10:01:02Z"));
  run.on_bar(flat(1, "10"), bar_phase::forming);
  run.on_bar(flat(1, "10"), bar_phase::closed);
  run.on_bar(flat(2, "10"), bar_phase::forming);
  run.on_bar(flat(2, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().place.empty()) << "the stop is taken back first";
  run.on_bar(flat(3, "10"), bar_phase::forming);
  run.on_bar(flat(3, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().place.empty()) << "nothing makes room for an entry";
  resting.state = order_state::cancelled;
  resting.version = 2;
  run.on_order(resting, at("2026-01-15T10:04:01Z"));
  EXPECT_EQ(orders_after(run), (std::vector<std::string>{"sell 2 stop 5 reduce"})) << "the position is protected again";
}

TEST(runner, the_rest_of_a_partly_filled_entry_stays) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 5, limit = 10)
)"), {}};
  run.on_bar(flat(0, "11"), bar_phase::closed);
  const auto sent = run.take().place.at(0);
  auto now = answered(sent, 1, order_state::partially_filled);
  now.version = 2;
  now.filled = quantity{2};
  now.filled_value = dec("20");
  run.on_placed(sent.key, signal_outcome{signal_outcome::kind::taken, now}, at("2026-01-15T10:01:01Z"));
  run.on_bar(flat(1, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().cancel.empty());
  EXPECT_EQ(run.position().size, 2);
}

TEST(runner, a_changed_exit_waits_until_the_old_one_is_back) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 2)
strategy.exit("X", "L", stop = 5 + bar_index)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto entry = run.take();
  auto filled = answered(entry.place.at(0), 1, order_state::filled);
  filled.filled = quantity{2};
  filled.filled_value = dec("20");
  run.on_placed(entry.place[0].key, signal_outcome{signal_outcome::kind::taken, filled}, at("2026-01-15T10:01:00Z"));
  const auto stop = run.take();
  ASSERT_EQ(stop.place.size(), 1u);
  EXPECT_EQ(words(stop.place[0]), "sell 2 stop 5 reduce");
  auto resting = answered(stop.place[0], 2);
  run.on_placed(stop.place[0].key, signal_outcome{signal_outcome::kind::taken, resting}, at("2026-01-15T10:01:00Z"));
  run.on_bar(flat(1, "10"), bar_phase::closed); // the stop moves to 6
  const auto moved = run.take();
  EXPECT_TRUE(moved.place.empty()) << "two stops at once could both fill";
  ASSERT_EQ(moved.cancel.size(), 1u);
  EXPECT_EQ(moved.cancel[0].str(), "o-2");
  resting.version = 2;
  resting.state = order_state::cancelled;
  run.on_order(resting, at("2026-01-15T10:02:00Z"));
  const auto after = run.take();
  ASSERT_EQ(after.place.size(), 1u);
  EXPECT_EQ(words(after.place[0]), "sell 2 stop 6 reduce");
}

TEST(runner, a_target_and_a_stop_are_one_linked_order) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 2)
strategy.exit("X", "L", stop = 8, limit = 12)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto entry = run.take();
  auto filled = answered(entry.place.at(0), 1, order_state::filled);
  filled.filled = quantity{2};
  filled.filled_value = dec("20");
  run.on_placed(entry.place[0].key, signal_outcome{signal_outcome::kind::taken, filled}, at("2026-01-15T10:01:00Z"));
  const auto exits = run.take();
  ASSERT_EQ(exits.place.size(), 1u);
  const auto& request = exits.place[0].request;
  EXPECT_EQ(request.type, order_type::oco);
  ASSERT_EQ(request.legs.size(), 2u);
  EXPECT_EQ(request.legs[0].limit_price, px("12"));
  EXPECT_EQ(request.legs[1].stop_price, px("8"));
  EXPECT_TRUE(check_request(request)) << to_string(check_request(request).error());
  // the second leg fills, told under an id of its own
  run.on_placed(exits.place[0].key, signal_outcome{signal_outcome::kind::taken, answered(exits.place[0], 2)}, at("2026-01-15T10:01:00Z"));
  auto leg = answered(exits.place[0], 3, order_state::filled);
  leg.parent = static_cast<order_number>(2);
  leg.filled = quantity{2};
  leg.filled_value = dec("16");
  run.on_order(leg, at("2026-01-15T10:02:00Z"));
  EXPECT_EQ(run.position().size, 0);
  EXPECT_EQ(run.position().closed_trades, 1u);
  EXPECT_EQ(run.position().net_profit, -4);
}

TEST(runner, disabling_takes_back_what_would_open_and_leaves_what_protects) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0, pyramiding = 2)
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 2)
if bar_index == 1
    strategy.entry("M", strategy.long, qty = 1, limit = 9)
strategy.exit("X", "L", stop = 8)
)"), {}};
  const auto place_all = [&](const run_effects& e, int first, order_state state, const char* value) {
    for (std::size_t i = 0; i < e.place.size(); ++i) {
      auto o = answered(e.place[i], first + static_cast<int>(i), state);
      if (state == order_state::filled) {
        o.filled = o.terms.qty;
        o.filled_value = dec(value);
      }
      run.on_placed(e.place[i].key, signal_outcome{signal_outcome::kind::taken, o}, at("2026-01-15T10:01:00Z"));
    }
  };
  run.on_bar(flat(0, "10"), bar_phase::closed);
  place_all(run.take(), 1, order_state::filled, "20");
  place_all(run.take(), 2, order_state::working, "0"); // the stop
  run.on_bar(flat(1, "10"), bar_phase::closed);
  place_all(run.take(), 3, order_state::working, "0"); // the limit entry
  run.stop();
  const auto after = run.take();
  EXPECT_TRUE(after.place.empty());
  ASSERT_EQ(after.cancel.size(), 1u);
  EXPECT_EQ(after.cancel[0].str(), "o-3");
  run.on_bar(flat(2, "10"), bar_phase::closed);
  EXPECT_TRUE(run.take().place.empty());
}

TEST(runner, a_restart_goes_on_where_it_was) {
  const auto what = contract();
  const auto bars = wandering_minutes(600, 11, what);
  paper_day whole{stopper, what};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    whole.play(bars[i]);
    if (i % 37 != 0) continue;
    strategy_runner again{whole.setup(), std::span(bars).first(i + 1), whole.events};
    ASSERT_FALSE(again.problem());
    const auto before = whole.run().position(), after = again.position();
    ASSERT_EQ(after.size, before.size) << "bar " << i;
    ASSERT_EQ(after.closed_trades, before.closed_trades);
    ASSERT_EQ(after.net_profit, before.net_profit);
    ASSERT_EQ(after.open_orders, before.open_orders);
    std::set<std::string> known;
    for (const auto& one : whole.placed()) known.insert(one.key);
    for (const auto& one : again.take().place) ASSERT_TRUE(known.contains(one.key)) << "a restart must not make new orders: " << one.key;
  }
}

TEST(runner, trades_that_were_open_before_are_the_runs_own) {
  auto setup = setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if bar_index == 1
    strategy.close("L")
)");
  setup.held = {{"L", dec("3"), px("9.5"), {}, 0}};
  strategy_runner run{setup, {}};
  EXPECT_EQ(run.position().size, 3);
  run.on_bar(flat(0, "10"), bar_phase::closed);
  run.on_bar(flat(1, "10"), bar_phase::closed);
  const auto sent = run.take();
  ASSERT_EQ(sent.place.size(), 1u);
  EXPECT_EQ(words(sent.place[0]), "sell 3 market reduce");
}

TEST(runner, warm_up_makes_no_orders) {
  auto setup = setup_of(R"(//@version=6
strategy("t", margin_long = 0)
strategy.entry("L", strategy.long)
plot(close, "c")
)");
  std::vector<bar> history;
  for (int i = 0; i < 5; ++i) history.push_back(flat(i, "10"));
  setup.trade_from_ms = unix_ms(history.back().open_time) + 1;
  strategy_runner run{setup, history};
  EXPECT_TRUE(run.take().place.empty());
  EXPECT_EQ(run.plots().size(), 5u);
  run.on_bar(flat(5, "10"), bar_phase::closed);
  EXPECT_EQ(run.take().place.size(), 1u);
}

TEST(runner, alerts_are_raised_by_call_condition_and_order) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
if close > 10
    alert("above", alert.freq_once_per_bar_close)
alertcondition(close > 11, "high", "very high")
if bar_index == 0
    strategy.entry("L", strategy.long, alert_message = "in")
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto entry = run.take();
  EXPECT_TRUE(entry.alerts.empty());
  auto filled = answered(entry.place.at(0), 1, order_state::filled);
  filled.filled = quantity{1};
  filled.filled_value = dec("10");
  run.on_placed(entry.place[0].key, signal_outcome{signal_outcome::kind::taken, filled}, at("2026-01-15T10:01:00Z"));
  auto said = run.take().alerts;
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].message, "in");
  run.on_bar(flat(1, "12"), bar_phase::forming);
  EXPECT_TRUE(run.take().alerts.empty()) << "the bar is not over";
  run.on_bar(flat(1, "12"), bar_phase::closed);
  said = run.take().alerts;
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0].message, "above");
  EXPECT_EQ(said[1].message, "very high");
  EXPECT_EQ(said[1].source, raised_alert::source_t::condition);
}

TEST(runner, placeholders_of_alerts_are_replaced) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0)
plot(close + 1, "next")
plot(bar_index == 0 ? na : open, "my open", color = color.red)
alertcondition(close > 11, "high", '{{ticker}} {{exchange}} {{interval}} {{close}} {{ plot_0 }} {{plot("my open")}} {{time}} {{strategy.market_position}} {{unknown}} {{{volume}}}')
if bar_index == 0
    strategy.entry("L", strategy.long, qty = 2, alert_message = "{{strategy.order.action}} {{strategy.order.contracts}} {{ticker}} @ {{strategy.order.price}} {{strategy.order.id}}/{{strategy.order.comment}} {{strategy.prev_market_position}} to {{strategy.market_position}} {{strategy.market_position_size}} {{strategy.position_size}} {{timenow}}")
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  const auto entry = run.take();
  auto filled = answered(entry.place.at(0), 1, order_state::filled);
  filled.filled = quantity{2};
  filled.filled_value = dec("20.5");
  run.on_placed(entry.place[0].key, signal_outcome{signal_outcome::kind::taken, filled}, at("2026-01-15T10:01:05.250Z"));
  auto said = run.take().alerts;
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].message, "buy 2 TEST @ 10.25 L/L flat to long 2 2 2026-01-15T10:01:05Z");
  run.on_bar(flat(1, "12"), bar_phase::closed);
  said = run.take().alerts;
  ASSERT_EQ(said.size(), 1u);
  const auto facts = backtest::symbol_facts(contract(), session_hours::regular);
  EXPECT_EQ(said[0].message, "TEST " + facts.prefix + " 1 12 13 12 2026-01-15T10:01:00Z long {{unknown}} {1}");
}

TEST(runner, rows_say_which_bar_they_are_of) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t")
label.new(bar_index, close, "here")
)"), std::vector{flat(0, "10"), flat(1, "10")}};
  run.on_bar(flat(2, "10"), bar_phase::closed);
  const auto row = run.take().plotted;
  ASSERT_TRUE(row) << "a script that only draws has rows too";
  EXPECT_EQ(row->bar_index, 2);
  ASSERT_EQ(run.plots().size(), 3u);
  EXPECT_EQ(run.plots().front().bar_index, 0);
  EXPECT_EQ(run.plots()[1].time_ms, unix_ms(flat(1, "10").open_time));
}

TEST(runner, an_endless_maker_of_orders_is_stopped) {
  strategy_runner run{setup_of(R"(//@version=6
strategy("t", margin_long = 0, pyramiding = 5000)
for i = 0 to 700
    strategy.entry("L" + str.tostring(i), strategy.long, limit = 5)
)"), {}};
  run.on_bar(flat(0, "10"), bar_phase::closed);
  ASSERT_TRUE(run.problem());
  EXPECT_NE(run.problem()->find("too many orders"), std::string::npos);
}

} // namespace
} // namespace tt::strategy::test
