// A day through two nodes: the symbol's actor lives on one, the live run and the paper broker on the other, and ticks, bars
// and orders cross the bus between them. The trades have to be those of the backtest, byte for byte.
//
// Both nodes run on their own threads. The test never waits for time: a link keeps its order, so an answer that came over
// it says that all that was sent before has arrived, and an actor's answer says that it has done what it had.

#include "actors/market/directory_actor.hpp"
#include "tests/cluster/bare_node.hpp"
#include "tests/live/run_office.hpp"
#include "tests/live/samples.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace tt::cluster::test {
namespace {

using namespace strategy::test;
using strategy::run_state;
using strategy::run_state_ptr;

constexpr auto patience = std::chrono::seconds{60};
constexpr std::size_t bars_of_a_session = 390;

class two_nodes {
public:
  explicit two_nodes(const std::string& source)
      : market("market", {}), desk("desk", {{"market", market.bus->control_endpoint()}}), office(source, listed()),
        market_asks(*market.system), desk_asks(*desk.system) {
    auto master = std::make_shared<const instrument_master>(*instrument_master::make({office.what}));
    directory = market.system->spawn(market::directory_actor, master, [](const instrument& one) {
      market::symbol_options options;
      options.what = std::make_shared<const instrument>(one);
      options.clock = [] { return utc_time{}; };
      return options;
    });
    market.bus->publish("directory", directory);
    desk.bus->publish("echo", desk.system->spawn([]() -> caf::behavior { return {[](std::uint64_t number) { return number; }}; }));
    symbol = ask<caf::actor>(market_asks, directory, market::symbol_atom::value, std::string("TEST"));
    far_directory = look_up(*desk.bus, "directory");
    echo = look_up(*market.bus, "echo");
  }
  ~two_nodes() {
    for (const auto& one : {run, symbol, directory}) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    desk.bus->stop();
    market.bus->stop();
  }

  void begin(utc_time start) {
    office.desk->now = start;
    market::feed_change live;
    live.label = "replay";
    live.start = start;
    market_asks->send(symbol, live);
    run = desk.system->spawn(strategy::live_run_actor, office.options(far_directory));
    office.report_to(run);
    caf::anon_send(run, office.request());
    // it looks for the symbol, subscribes and reads history: some messages back and forth
    for (int i = 0; i < 1'000 && state()->phase == run_state::phase_t::loading; ++i) rest();
  }
  void play(const bar& b) {
    for (const auto& print : prints_of(b, std::chrono::minutes{1})) {
      office.desk->print("TEST", print);
      rest();
      tell({{print}, print.ts});
    }
    office.desk->now = b.open_time + std::chrono::minutes{1};
    tell({{}, office.desk->now});
  }
  run_state_ptr state() { return ask<run_state_ptr>(desk_asks, run, strategy::state_atom::value); }

private:
  static instrument listed() { return *instrument_master::make({contract()})->find("TEST"); }

  template <class Answer, class... Words>
  static Answer ask(caf::scoped_actor& who, const caf::actor& whom, Words... words) {
    Answer out{};
    who->request(whom, patience, words...).receive([&](const Answer& got) { out = got; }, [](const caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
    return out;
  }
  static caf::actor look_up(bus::node& at, const std::string& name) {
    caf::actor out;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!out && std::chrono::steady_clock::now() < until) out = at.find(name);
    EXPECT_TRUE(out) << name;
    return out;
  }
  /// The symbol hears it, and what it says of it reaches the other node.
  void tell(const market::tick_batch& ticks) {
    ask<std::uint64_t>(market_asks, symbol, ticks);
    ask<std::uint64_t>(market_asks, echo, std::uint64_t{1});
    rest();
  }
  /// Until nothing happens any more: what the run sends itself comes before the next question, and an answer from the
  /// other node after all that was sent for an earlier one. Between questions the desk is the test's.
  void rest() {
    for (int quiet = 0; quiet < 2;) {
      const auto placed = office.desk->placed.size();
      static_cast<void>(state());
      quiet = office.desk->deliver() || office.desk->placed.size() != placed ? 0 : quiet + 1;
    }
  }

  bare_node market, desk;

public:
  run_office office;

private:
  caf::scoped_actor market_asks, desk_asks;
  caf::actor directory, symbol, far_directory, echo, run;
};

void play_a_session(const std::string& source, std::uint64_t seed) {
  two_nodes both{source};
  const auto bars = wandering_minutes(bars_of_a_session, seed, both.office.what);
  both.begin(bars.front().open_time);
  ASSERT_EQ(both.state()->phase, run_state::phase_t::running) << both.state()->problem;
  for (const auto& b : bars) both.play(b);
  const auto state = both.state();
  ASSERT_EQ(state->phase, run_state::phase_t::running) << state->problem;
  EXPECT_EQ(state->last_bar_ms, unix_ms(bars.back().open_time));
  const auto expected = backtest_trades(source, both.office.what, bars);
  EXPECT_GE(expected.size(), 2u) << "a parity of nothing";
  EXPECT_EQ(both.office.trades(), expected);
}

class two_node_parity : public ::testing::TestWithParam<sample> {};

TEST_P(two_node_parity, a_session_equals_the_backtest) { play_a_session(GetParam().source, 21); }
INSTANTIATE_TEST_SUITE_P(own, two_node_parity, ::testing::ValuesIn(samples), [](const auto& one) { return std::string(one.param.name); });

class kit_two_node_parity : public ::testing::TestWithParam<const char*> {};

TEST_P(kit_two_node_parity, a_session_equals_the_backtest) {
  const auto source = kit_source(GetParam());
  if (!source) GTEST_SKIP() << "the kit is not here";
  play_a_session(*source, 21);
}
INSTANTIATE_TEST_SUITE_P(kit, kit_two_node_parity, ::testing::ValuesIn(kit_strategies), [](const auto& one) { return as_test_name(one.param); });

TEST(shipped_two_node_parity, a_session_equals_the_backtest) {
  for (const auto* name : shipped_strategies) {
    SCOPED_TRACE(name);
    play_a_session(shipped_source(name), 99);
  }
}

} // namespace
} // namespace tt::cluster::test
