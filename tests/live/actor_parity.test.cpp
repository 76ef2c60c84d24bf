// The same day through actors: ticks to the symbol's actor, its bars to the actor of the live run, orders to the desk, fills
// back as messages. Deterministic: the test drives the scheduler, and every message is handled before the next tick.

#include "actors/market/caf_error.hpp"
#include "actors/market/directory_actor.hpp"
#include "tests/live/run_office.hpp"
#include "tests/live/samples.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace tt::strategy::test {
namespace {

struct test_config : caf::actor_system_config {
  test_config() {
    set("scheduler.policy", caf::atom("testing"));
  }
};

constexpr const char* turner = R"(//@version=6
strategy("turner", overlay = true, margin_long = 0, margin_short = 0)
e = ta.ema(close, 6)
plot(e, "ema")
if ta.crossover(close, e)
    strategy.entry("L", strategy.long, qty = 2)
if ta.crossunder(close, e)
    strategy.entry("S", strategy.short, qty = 1)
)";
constexpr const char* protector = R"(//@version=6
strategy("protector", overlay = true, margin_long = 0, margin_short = 0)
if ta.crossover(ta.ema(close, 4), ta.ema(close, 9)) and strategy.position_size == 0
    strategy.entry("L", strategy.long, qty = 3)
strategy.exit("X", "L", stop = strategy.position_avg_price - 0.3)
)";

instrument listed() { return *instrument_master::make({contract()})->find("TEST"); }

class floor_of_actors : public run_office {
public:
  explicit floor_of_actors(const std::string& source)
    : run_office(source, listed()), system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    auto master = std::make_shared<const instrument_master>(*instrument_master::make({what}));
    directory = system.spawn(market::directory_actor, master, [this](const instrument& one) {
      market::symbol_options options;
      options.what = std::make_shared<const instrument>(one);
      options.clock = [this] { return desk->now; };
      return options;
    });
    caf::scoped_actor asker{system};
    asker->send(directory, market::symbol_atom::value, std::string("TEST"));
    scheduler.run();
    asker->receive([this](const caf::actor& found) { symbol = found; });
  }
  ~floor_of_actors() {
    for (const auto& one : {run, symbol, directory, finder})
      if (one) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    run = symbol = directory = finder = nullptr;
    scheduler.run();
  }

  void begin(utc_time start) {
    desk->now = start;
    market::feed_change live;
    live.label = "replay";
    live.start = start;
    caf::anon_send(symbol, live);
    spawn_run();
  }
  /// A directory that says for some time that nobody hosts the symbol; then `found` is it.
  void symbol_is_away(int answers) {
    finder = system.spawn([this, left = answers](caf::event_based_actor*) mutable -> caf::behavior {
      return {[this, left](market::symbol_atom, const std::string&) mutable -> caf::result<caf::actor> {
        if (left-- > 0) return to_caf_error({errc::not_available, "no node hosts it", "symbol"});
        return symbol;
      }};
    });
  }
  /// The symbol's actor dies and another one has what the feed told it since the start, as on another node.
  void move_symbol(std::span<const bar> past) {
    caf::anon_send_exit(symbol, caf::exit_reason::kill);
    new_symbol(past);
  }
  /// What a feed tells that catches up: bars that the venue has traded long ago.
  void catch_up(std::span<const bar> past) {
    for (const auto& b : past)
      for (const auto& print : prints_of(b, std::chrono::minutes{1})) caf::anon_send(symbol, market::tick_batch{{print}, print.ts});
    caf::anon_send(symbol, market::tick_batch{{}, past.back().open_time + std::chrono::minutes{1}});
    rest();
  }
  void new_symbol(std::span<const bar> past) {
    auto options = std::make_shared<market::symbol_options>();
    options->what = std::make_shared<const instrument>(what);
    options->clock = [this] { return desk->now; };
    symbol = system.spawn(market::symbol_actor, std::move(options));
    market::feed_change live;
    live.label = "replay";
    live.start = past.front().open_time;
    caf::anon_send(symbol, live);
    catch_up(past);
  }
  void pass(std::chrono::milliseconds time) {
    scheduler.advance_time(time);
    rest();
  }
  void spawn_run() {
    run = system.spawn(live_run_actor, options(finder ? finder : directory));
    report_to(run);
    ask_to_run();
  }
  void ask_to_run() {
    caf::anon_send(run, request());
    rest();
  }
  void rest() {
    do scheduler.run();
    while (desk->deliver());
  }
  void play(const bar& b) {
    for (const auto& print : prints_of(b, std::chrono::minutes{1})) {
      desk->print("TEST", print);
      rest();
      caf::anon_send(symbol, market::tick_batch{{print}, print.ts});
      rest();
    }
    desk->now = b.open_time + std::chrono::minutes{1};
    caf::anon_send(symbol, market::tick_batch{{}, desk->now});
    rest();
  }
  run_state_ptr state() {
    caf::scoped_actor asker{system};
    asker->send(run, state_atom::value);
    scheduler.run();
    run_state_ptr out;
    asker->receive([&](const run_state_ptr& got) { out = got; });
    return out;
  }

  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor directory, symbol, run, finder;
};

class actor_parity : public ::testing::TestWithParam<sample> {};

void play_a_day(const std::string& source, std::uint64_t seed) {
  floor_of_actors floor{source};
  const auto bars = wandering_minutes(720, seed, floor.what);
  floor.begin(bars.front().open_time);
  for (const auto& b : bars) floor.play(b);
  const auto state = floor.state();
  ASSERT_EQ(state->phase, run_state::phase_t::running) << state->problem;
  const auto expected = backtest_trades(source, floor.what, bars);
  EXPECT_GE(expected.size(), 3u) << "a parity of nothing";
  EXPECT_EQ(floor.trades(), expected);
}

TEST_P(actor_parity, a_day_through_actors_equals_the_backtest) { play_a_day(GetParam().source, 21); }
INSTANTIATE_TEST_SUITE_P(own, actor_parity, ::testing::ValuesIn(samples), [](const auto& one) { return std::string(one.param.name); });

class kit_actor_parity : public ::testing::TestWithParam<const char*> {};

TEST_P(kit_actor_parity, a_day_through_actors_equals_the_backtest) {
  const auto source = kit_source(GetParam());
  if (!source) GTEST_SKIP() << "the kit is not here";
  play_a_day(*source, 21);
}
INSTANTIATE_TEST_SUITE_P(kit, kit_actor_parity, ::testing::ValuesIn(kit_strategies), [](const auto& one) { return as_test_name(one.param); });

TEST(actor_parity_shipped, a_day_through_actors_equals_the_backtest) {
  for (const auto* name : shipped_strategies) {
    SCOPED_TRACE(name);
    play_a_day(shipped_source(name), 99);
  }
}

TEST(live_run_actor, a_symbol_that_nobody_hosts_yet_is_waited_for) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(60, 25, floor.what);
  floor.symbol_is_away(3);
  floor.begin(bars.front().open_time);
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::loading);
  EXPECT_NE(floor.state()->problem.find("waits for the market of TEST: no node hosts it"), std::string::npos) << floor.state()->problem;
  for (int i = 0; i < 3; ++i) floor.pass(retry_pause);
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::running) << floor.state()->problem;
  EXPECT_EQ(floor.state()->problem, "");
  for (const auto& b : bars) floor.play(b);
  EXPECT_EQ(floor.state()->last_bar_ms, unix_ms(bars.back().open_time));
}

TEST(live_run_actor, a_symbol_that_moves_costs_no_bar_and_no_trade) {
  floor_of_actors still{turner}, moved{turner};
  const auto bars = wandering_minutes(300, 26, still.what);
  for (auto* floor : {&still, &moved}) {
    if (floor == &moved) floor->symbol_is_away(0);
    floor->begin(bars.front().open_time);
    for (std::size_t i = 0; i < bars.size(); ++i) {
      if (floor == &moved && i % 70 == 69) {
        floor->move_symbol(std::span(bars).first(i));
        EXPECT_NE(floor->state()->problem.find("its actor is gone"), std::string::npos) << floor->state()->problem;
        floor->pass(retry_pause);
        EXPECT_EQ(floor->state()->problem, "");
      }
      floor->play(bars[i]);
    }
  }
  EXPECT_GT(still.trades().size(), 5u);
  EXPECT_EQ(moved.trades(), still.trades());
  EXPECT_EQ(moved.records->runs(moved.record.id, 10).size(), 1u) << "it is one run";
}

TEST(live_run_actor, bars_closed_while_the_symbol_was_away_are_fetched) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(120, 27, floor.what);
  floor.symbol_is_away(0);
  floor.begin(bars.front().open_time);
  for (std::size_t i = 0; i < 60; ++i) floor.play(bars[i]);
  caf::anon_send_exit(floor.symbol, caf::exit_reason::kill);
  floor.rest();
  floor.desk->now = bars[89].open_time + std::chrono::minutes{1};
  floor.move_symbol(std::span(bars).first(90));
  floor.pass(retry_pause);
  EXPECT_EQ(floor.state()->last_bar_ms, unix_ms(bars[89].open_time));
  for (std::size_t i = 90; i < 120; ++i) floor.play(bars[i]);
  EXPECT_EQ(floor.state()->last_bar_ms, unix_ms(bars[119].open_time));
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::running) << floor.state()->problem;
}

TEST(live_run_actor, a_disabled_strategy_sends_nothing_more) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(300, 22, floor.what);
  floor.begin(bars.front().open_time);
  for (std::size_t i = 0; i < 150; ++i) floor.play(bars[i]);
  const auto before = floor.desk->placed.size();
  EXPECT_GT(before, 0u);
  ASSERT_TRUE(floor.records->set_power(floor.record.id, strategy_power::disabled, "", {"local", floor.desk->now}));
  // the run has not been told yet: the switch alone holds its orders back, and says so
  for (std::size_t i = 150; i < 300; ++i) floor.play(bars[i]);
  EXPECT_EQ(floor.desk->placed.size(), before);
  const auto rows = floor.records->signals(floor.record.id, 10'000);
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const signal_row& r) { return r.outcome == "refused" && r.reason.find("disabled") != std::string::npos; }));
}

TEST(live_run_actor, a_new_version_begins_at_the_next_bar_and_takes_over_the_position) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(300, 23, floor.what);
  floor.begin(bars.front().open_time);
  std::size_t i = 0;
  for (; i < 200 && (i < 100 || floor.state()->position.size == 0); ++i) floor.play(bars[i]);
  const auto held = floor.state()->position.size;
  ASSERT_NE(held, 0);
  floor.record = *floor.records->set_source(floor.record.id, R"(//@version=6
strategy("idle", margin_long = 0, margin_short = 0)
plot(strategy.position_size, "held")
)", {"local", floor.desk->now});
  floor.ask_to_run();
  EXPECT_EQ(floor.state()->version, 1u) << "not within the bar";
  floor.play(bars[i++]);
  const auto after = floor.state();
  EXPECT_EQ(after->version, 2u);
  EXPECT_EQ(after->phase, run_state::phase_t::running) << after->problem;
  EXPECT_EQ(after->position.size, held);
  const auto runs = floor.records->runs(floor.record.id, 10);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_TRUE(runs[1].ended_at);
  EXPECT_EQ(runs[0].warm_up_from_ms, unix_ms(bars.front().open_time)) << "where a report has to begin to see the same";
  const auto placed = floor.desk->placed.size();
  for (; i < 230; ++i) floor.play(bars[i]);
  EXPECT_EQ(floor.desk->placed.size(), placed);
}

TEST(live_run_actor, a_restart_before_history_has_caught_up_waits_for_it) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(400, 25, floor.what);
  floor.symbol_is_away(0);
  floor.begin(bars.front().open_time);
  std::size_t i = 0;
  for (; i < 300 && (i < 200 || floor.state()->position.size == 0); ++i) floor.play(bars[i]);
  const auto before = floor.state();
  ASSERT_NE(before->position.size, 0);
  const auto placed = floor.desk->placed.size();
  // another life of the node: its feed has told half of the bars yet
  caf::anon_send_exit(floor.run, caf::exit_reason::kill);
  const auto past = std::span(bars).first(i);
  floor.move_symbol(past.first(i / 2));
  floor.spawn_run();
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::loading);
  EXPECT_NE(floor.state()->problem.find("waits for the bars of TEST"), std::string::npos) << floor.state()->problem;
  floor.pass(retry_pause);
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::loading);
  floor.catch_up(past.subspan(i / 2));
  floor.pass(retry_pause);
  const auto after = floor.state();
  ASSERT_EQ(after->phase, run_state::phase_t::running) << after->problem;
  EXPECT_EQ(after->run, before->run);
  EXPECT_EQ(after->position.size, before->position.size);
  EXPECT_EQ(after->position.closed_trades, before->position.closed_trades);
  EXPECT_EQ(floor.desk->placed.size(), placed);
  for (; i < bars.size(); ++i) floor.play(bars[i]);
  EXPECT_EQ(floor.trades(), backtest_trades(turner, floor.what, bars));
}

TEST(live_run_actor, a_market_that_stays_behind_gets_another_run) {
  floor_of_actors floor{turner};
  const auto bars = wandering_minutes(400, 25, floor.what);
  floor.symbol_is_away(0);
  floor.begin(bars.front().open_time);
  std::size_t i = 0;
  for (; i < 300 && (i < 200 || floor.state()->position.size == 0); ++i) floor.play(bars[i]);
  const auto held = floor.state()->position.size;
  caf::anon_send_exit(floor.run, caf::exit_reason::kill);
  floor.move_symbol(std::span(bars).first(i / 2));
  floor.spawn_run();
  for (int n = 0; n <= late_history_tries; ++n) floor.pass(retry_pause);
  const auto after = floor.state();
  ASSERT_EQ(after->phase, run_state::phase_t::running) << after->problem;
  EXPECT_EQ(after->run, 2u);
  EXPECT_EQ(after->position.size, held) << "what the account holds";
  EXPECT_EQ(floor.records->runs(floor.record.id, 2).at(1).end_reason, "the market is behind what this run has seen");
}

TEST(live_run_actor, a_position_that_somebody_else_closed_is_not_believed_in) {
  floor_of_actors floor{protector};
  const auto bars = wandering_minutes(600, 24, floor.what);
  floor.begin(bars.front().open_time);
  std::size_t i = 0;
  for (; i < 300 && (i < 60 || floor.state()->position.size == 0); ++i) floor.play(bars[i]);
  ASSERT_EQ(floor.state()->position.size, 3);
  const auto trades = floor.trades().size();
  const auto by_hand = [&](std::int64_t size) {
    signal_order out;
    out.key = "hand " + std::to_string(size) + " at " + std::to_string(i);
    out.request.symbol = "TEST";
    out.request.side = order_side::sell;
    out.request.size = size_quantity{quantity{size}};
    floor.desk->place(out, [](const result<signal_outcome>&) {});
    floor.play(bars[i++]);
  };
  by_hand(1); // a part of it
  EXPECT_EQ(floor.state()->run, 1u) << "a fill of its own may be on its way";
  EXPECT_EQ(floor.state()->position.size, 3);
  floor.pass(outside_pause);
  EXPECT_EQ(floor.state()->run, 2u);
  EXPECT_EQ(floor.state()->phase, run_state::phase_t::running) << floor.state()->problem;
  EXPECT_EQ(floor.state()->position.size, 2);
  EXPECT_EQ(floor.records->runs(floor.record.id, 2).at(1).end_reason, "the account holds 2 where the run held 3: closed from outside");
  by_hand(2);
  floor.pass(outside_pause);
  EXPECT_EQ(floor.state()->run, 3u);
  EXPECT_EQ(floor.state()->position.size, 0);
  EXPECT_EQ(floor.trades().size(), trades) << "it made no fill, so it has no trade";
  // and it trades on from there
  for (; i < bars.size() && floor.state()->position.size == 0; ++i) floor.play(bars[i]);
  EXPECT_EQ(floor.state()->position.size, 3);
  floor.pass(outside_pause);
  EXPECT_EQ(floor.state()->run, 3u);
}

TEST(live_run_actor, enabling_again_after_a_restart_takes_the_position_over_under_its_entrys_id) {
  floor_of_actors floor{protector};
  const auto bars = wandering_minutes(400, 24, floor.what);
  floor.begin(bars.front().open_time);
  std::size_t i = 0;
  for (; i < 300 && (i < 60 || floor.state()->position.size == 0); ++i) floor.play(bars[i]);
  ASSERT_NE(floor.state()->position.size, 0);
  caf::anon_send(floor.run, stop_run{"disabled", stop_run::then_t::quit});
  floor.rest();
  floor.spawn_run(); // as a node does that starts
  const auto after = floor.state();
  EXPECT_EQ(after->run, 2u);
  EXPECT_EQ(after->position.size, 3);
  EXPECT_EQ(floor.records->runs(floor.record.id, 1).front().held.at(0).entry_id, "L");
  floor.play(bars[i]); // its exit is bound to that id
  EXPECT_EQ(floor.state()->position.open_orders, 1u);
}

} // namespace
} // namespace tt::strategy::test
