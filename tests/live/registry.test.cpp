// What is registered, switched and written down, also after a restart; sets of trades and what follows from them.

#include "actors/strategy/live/preview.hpp"
#include "actors/strategy/live/registry.hpp"
#include "tests/live/paper_day.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tt::strategy::test {
namespace {

change_author me(const char* when = "2026-01-15T10:00:00Z") { return {"local", at(when)}; }

strategy_record named(const char* id) {
  strategy_record r;
  r.id = strategy_id{id};
  r.name = id;
  r.state.account = account_id{"paper_simulator"};
  r.symbols = {"AAPL"};
  r.evaluation_period = 2;
  return r;
}

run_effects trades(std::initializer_list<double> profits) {
  run_effects out;
  for (const double p : profits) {
    closed_trade t;
    t.run = 1;
    t.symbol = "AAPL";
    t.profit = p;
    t.exit_ms = 1;
    out.trades.push_back(t);
  }
  return out;
}

TEST(registry, keeps_everything_over_a_restart) {
  tt::test::temporary_folder folder;
  const auto path = folder.path("strategies.sqlite");
  {
    auto opened = registry::open(path);
    ASSERT_TRUE(opened) << to_string(opened.error());
    auto& r = **opened;
    ASSERT_TRUE(r.add(named("one"), "source 1", me()));
    ASSERT_TRUE(r.set_source(strategy_id{"one"}, "source 2", me()));
    ASSERT_TRUE(r.set_power(strategy_id{"one"}, strategy_power::enabled, "go", me()));
    run_row row;
    row.symbol = "AAPL";
    row.account = account_id{"paper_simulator"};
    row.warm_up_from_ms = 5;
    row.held = {{"L", dec("2"), px("10.5"), usd("0.1"), 77}};
    const auto begun = r.begin_run(strategy_id{"one"}, row);
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->run, 1u);
    run_effects effects;
    run_event e;
    e.seq = 1;
    e.key = "k";
    e.id = "L";
    e.qty = dec("-3");
    e.stop = "9.5";
    effects.events = {e};
    ASSERT_TRUE(r.record(strategy_id{"one"}, *begun, effects, at("2026-01-15T10:00:00Z")));
  }
  auto opened = registry::open(path);
  ASSERT_TRUE(opened);
  const auto& r = **opened;
  const auto known = r.find(strategy_id{"one"});
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->state.is_enabled());
  EXPECT_EQ(known->version, 2u);
  EXPECT_EQ(*r.source(strategy_id{"one"}), "source 2");
  EXPECT_EQ(*r.source(strategy_id{"one"}, 1), "source 1");
  const auto open = r.open_run(strategy_id{"one"}, "AAPL");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->warm_up_from_ms, 5);
  ASSERT_EQ(open->held.size(), 1u);
  EXPECT_EQ(open->held[0].at, px("10.5"));
  const auto events = r.events(strategy_id{"one"}, 1);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ((*events)[0].qty, dec("-3"));
  EXPECT_EQ((*events)[0].stop, "9.5");
  const auto changes = r.transitions(strategy_id{"one"}, 10);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].kind, "enabled");
  EXPECT_EQ(changes[0].reason, "go");
}

TEST(registry, a_switch_is_seen_at_once_by_other_doors) {
  auto opened = registry::open("");
  auto& r = **opened;
  const strategy_switch& doors = r;
  EXPECT_FALSE(doors.state_of(strategy_id{"one"}));
  ASSERT_TRUE(r.add(named("one"), "", me()));
  EXPECT_FALSE(doors.state_of(strategy_id{"one"})->is_enabled());
  ASSERT_TRUE(r.set_power(strategy_id{"one"}, strategy_power::enabled, "", me()));
  EXPECT_TRUE(doors.state_of(strategy_id{"one"})->is_enabled());
  ASSERT_TRUE(r.remove(strategy_id{"one"}, me()));
  EXPECT_FALSE(doors.state_of(strategy_id{"one"}));
}

TEST(registry, refuses_what_it_can_not_name) {
  auto opened = registry::open("");
  auto& r = **opened;
  for (const char* id : {"", "a b", "status", "preview", "a/b", ".hidden"}) EXPECT_FALSE(r.add(named(id), "", me())) << id;
  ASSERT_TRUE(r.add(named("one"), "", me()));
  EXPECT_EQ(r.add(named("one"), "", me()).error().code, errc::conflict);
  EXPECT_EQ(r.find(strategy_id{"two"}).error().code, errc::not_found);
}

TEST(registry, two_bad_sets_demote_a_live_strategy_and_two_good_ones_only_propose) {
  auto opened = registry::open("");
  auto& r = **opened;
  const strategy_id id{"one"};
  ASSERT_TRUE(r.add(named("one"), "", me()));
  run_row row;
  row.symbol = "AAPL";
  auto run = r.begin_run(id, row);
  ASSERT_TRUE(r.record(id, *run, trades({1, 1, 1, 1}), at("2026-01-15T10:00:00Z")));
  EXPECT_EQ(r.find(id)->state.mode, strategy_mode::paper) << "a person has to confirm";
  EXPECT_EQ(r.transitions(id, 1).front().kind, "proposal");
  ASSERT_TRUE(r.set_mode(id, strategy_mode::live, "confirmed", me()));
  row.mode = strategy_mode::live;
  run = r.begin_run(id, row);
  ASSERT_TRUE(r.record(id, *run, trades({-1, -1, -1}), at("2026-01-15T10:00:00Z")));
  EXPECT_EQ(r.find(id)->state.mode, strategy_mode::live) << "the second set is not over";
  ASSERT_TRUE(r.record(id, *run, trades({-1}), at("2026-01-15T11:00:00Z")));
  EXPECT_EQ(r.find(id)->state.mode, strategy_mode::paper);
  const auto why = r.transitions(id, 1).front();
  EXPECT_EQ(why.author, "demotion rule");
  EXPECT_EQ(why.to, "paper");
  EXPECT_EQ(r.sets(id).size(), 4u);
}

TEST(evaluation, sets_never_span_a_change_of_mode) {
  std::vector<scored_trade> all;
  for (int i = 0; i < 5; ++i) all.push_back({i, i % 2 == 0 ? 1.0 : -1.0, i < 3 ? strategy_mode::paper : strategy_mode::live, i < 3 ? 0u : 1u});
  const auto sets = sets_of(all, 2);
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_TRUE(sets[0].is_complete);
  EXPECT_FALSE(sets[1].is_complete);
  EXPECT_EQ(sets[1].trades, 1u);
  EXPECT_EQ(sets[2].mode, strategy_mode::live);
  EXPECT_EQ(sets[0].win_rate(), dec("50"));
  EXPECT_EQ(judge(sets, strategy_mode::live, 1, dec("55")), verdict::keep) << "one complete set is not two";
}

TEST(evaluation, one_good_set_between_saves_a_live_strategy) {
  std::vector<scored_trade> all;
  for (const double p : {-1.0, -1.0, 1.0, 1.0, -1.0, -1.0}) all.push_back({0, p, strategy_mode::live, 0});
  EXPECT_EQ(judge(sets_of(all, 2), strategy_mode::live, 0, dec("55")), verdict::keep);
}

TEST(preview, shows_plots_and_simulated_trades) {
  const auto what = contract();
  const auto bars = wandering_minutes(300, 5, what);
  const auto code = program_of(R"(//@version=6
strategy("p", margin_long = 0, margin_short = 0)
e = ta.ema(close, 5)
plot(e, "ema")
if ta.crossover(close, e)
    strategy.entry("L", strategy.long)
if ta.crossunder(close, e)
    strategy.close("L")
)");
  const auto done = run_preview({code, what, timeframe::minutes(1), session_hours::regular, {}}, bars);
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_FALSE(done->rows.empty());
  EXPECT_FALSE(std::isnan(done->rows.back().values.at(0)));
  EXPECT_EQ(done->rows.size(), bars.size());
  EXPECT_GT(done->trades.size(), 5u);
  EXPECT_GE(done->markers.size(), 2 * done->trades.size());
  EXPECT_FALSE(done->failure);
  EXPECT_EQ(run_preview({code, what, timeframe::minutes(1), session_hours::regular, {{"no such", "1"}}}, bars).error().field, "inputs");
}

TEST(preview, goes_over_a_live_run_from_its_own_first_bar) {
  const auto what = contract();
  const auto bars = wandering_minutes(60, 6, what);
  // all that it does hangs on the number of the bar and on what the run began with
  const auto code = program_of(R"(//@version=6
strategy("p", margin_long = 0, margin_short = 0)
if bar_index == 30 and barstate.isrealtime and strategy.position_size == 2
    strategy.close_all()
)");
  preview_request ask{code, what, timeframe::minutes(1), session_hours::regular, {}};
  ask.trade_from_ms = ask.live_from_ms = unix_ms(bars[25].open_time);
  ask.held = {{"L", dec("2"), px("10"), {}, unix_ms(bars[3].open_time)}};
  const auto done = run_preview(ask, bars);
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_EQ(done->trades.size(), 1u);
  EXPECT_EQ(done->trades[0].entry_id, "L");
  EXPECT_EQ(done->trades[0].exit_ms, unix_ms(bars[31].open_time));
  EXPECT_EQ(done->rows[7].bar_index, 7);
  ask.most_bars = 59;
  EXPECT_EQ(run_preview(ask, bars).error().field, "bars");
}

} // namespace
} // namespace tt::strategy::test
