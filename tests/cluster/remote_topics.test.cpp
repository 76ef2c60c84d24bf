// A bridge on one node follows a symbol on another, over a data plane that loses
// every tenth message: what its subscribers get must be whole all the same.

#include "actors/market/directory_actor.hpp"
#include "gateways/bridge/actor_market_port.hpp"
#include "tests/cluster/bare_node.hpp"
#include "tests/cluster/node_fixture.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <mutex>
#include <random>

namespace tt::cluster::test {
namespace {

const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");
constexpr auto patience = std::chrono::seconds{60};

instrument coin() {
  instrument what;
  what.symbol = "COIN";
  what.exchange = "X";
  what.kind = asset_class::crypto;
  what.calendar_id = "24X7";
  what.calendar = *find_calendar("24X7");
  return what;
}

/// Collects updates and lets the test wait for them.
struct collector {
  void add(const market::market_update& update) {
    const std::lock_guard lock(mutex);
    updates.push_back(update);
    changed.notify_all();
  }
  bool wait_for(const std::function<bool(const std::vector<market::market_update>&)>& enough) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return enough(updates); });
  }
  bool has(const std::function<bool(const std::vector<market::market_update>&)>& what) {
    const std::lock_guard lock(mutex);
    return what(updates);
  }
  bool has_any() {
    return has([](const auto& all) { return !all.empty(); });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<market::market_update> updates;
};

/// Passes on nine of ten messages.
caf::behavior lossy_relay(caf::event_based_actor* self, caf::actor reader, std::shared_ptr<std::atomic<int>> lost) {
  self->set_default_handler(caf::drop);
  auto draw = std::make_shared<std::mt19937>(11);
  return {[=](const market::update_batch& batch) {
    if ((*draw)() % 10 == 0) ++*lost;
    else self->send(reader, batch);
  }};
}

class remote_topics : public ::testing::Test {
protected:
  remote_topics() : home("home", {}), away("away", {{"home", home.bus->control_endpoint()}}) {
    master = std::make_shared<const instrument_master>(*instrument_master::make({coin()}));
    const auto make = [node = home.bus](const instrument& what) {
      market::symbol_options options;
      options.what = std::make_shared<const instrument>(what);
      options.clock = [] { return noon; };
      options.publish = [node, venue = what.exchange](const market::topic& kind, std::vector<market::market_update> updates) {
        node->topic(market::bus_topic_name(kind, venue)).publish(caf::make_message(market::update_batch{std::move(updates)}));
      };
      return options;
    };
    directory = home.system->spawn(market::directory_actor, master, make);
    home.bus->publish("directory", directory);
    caf::scoped_actor self{*home.system};
    self->request(directory, patience, market::symbol_atom::value, std::string("COIN"))
      .receive([&](const caf::actor& found) { symbol = found; }, [](const caf::error&) { FAIL(); });
    self->send(symbol, market::feed_change{"test", market::feed_phase::live, noon});

    gateway::topic_plane plane;
    plane.join = [this](const market::topic& what, const caf::actor& reader) {
      auto& relay = relays[what];
      relay = away.system->spawn(lossy_relay, reader, lost);
      away.bus->subscribe(market::bus_topic_name(what, "X"), relay, bus::delivery::every);
    };
    plane.leave = [this](const market::topic& what, const caf::actor&) {
      caf::anon_send_exit(relays[what], caf::exit_reason::user_shutdown);
      relays.erase(what);
    };
    caf::actor found;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!found && std::chrono::steady_clock::now() < until) found = away.bus->find("directory");
    EXPECT_TRUE(found);
    port = std::make_unique<gateway::actor_market_port>(*away.system, master, found, [] { return std::vector<gateway::feed_handle>{}; },
                                                        [] { return noon; }, plane);
  }

  ~remote_topics() override {
    port.reset();
    for (auto& [what, relay] : relays) caf::anon_send_exit(relay, caf::exit_reason::user_shutdown);
    away.bus->stop();
    caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
    directory = nullptr;
    symbol = nullptr;
    home.bus->stop();
    away.system.reset();
    home.system.reset();
  }

  /// Prints, 100 ms of market time apart.
  void trade(int count) {
    caf::scoped_actor self{*home.system};
    for (int i = 0; i < count; ++i, ++traded) {
      const utc_time ts = noon + std::chrono::milliseconds{100} * traded;
      const market::tick_batch batch{{trade_tick{ts, price{1000 + traded % 97}, quantity{1}, aggressor::unknown}}, ts, 0};
      self->request(symbol, patience, batch).receive([](std::uint64_t) {}, [](const caf::error&) { FAIL(); });
    }
  }

  collector seen; ///< outlives the actors that tell it
  bare_node home, away;
  std::shared_ptr<const instrument_master> master;
  caf::actor directory, symbol;
  std::map<market::topic, caf::actor> relays;
  std::shared_ptr<std::atomic<int>> lost = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<gateway::actor_market_port> port;
  int traded = 0;
};

TEST_F(remote_topics, prints_are_whole_and_in_order) {
  port->subscribe({market::topic_kind::trades, "COIN", {}, {}}, [&](const auto& update) { seen.add(*update); });
  // the subscription travels; prints before it arrives are nobody's loss
  while (!seen.has_any() && traded < 100'000) trade(1);
  trade(5'000);
  const auto last = static_cast<std::uint64_t>(traded);
  // whether the newest ones were lost shows with the next
  const auto complete = [&](const auto& all) { return std::get<market::trade_update>(all.back()).seq >= last; };
  while (!seen.has(complete) && traded < 100'000) trade(1);
  ASSERT_TRUE(seen.has(complete));
  EXPECT_GT(*lost, 100);
  const std::lock_guard lock(seen.mutex);
  for (std::size_t i = 1; i < seen.updates.size(); ++i)
    ASSERT_EQ(std::get<market::trade_update>(seen.updates[i]).seq, std::get<market::trade_update>(seen.updates[i - 1]).seq + 1) << i;
}

/// A symbol that answers when the test says so, with what the test says.
struct scripted_symbol {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::uint64_t> asked; ///< from which print on

  caf::behavior behavior(caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    auto open = std::make_shared<std::vector<caf::response_promise>>();
    return {
      [](market::follow_atom, const market::topic&) { return market::update_batch{}; },
      [=, this](market::trades_atom, std::uint64_t first) -> caf::result<market::trade_list> {
        open->push_back(self->make_response_promise());
        const std::lock_guard lock(mutex);
        asked.push_back(first);
        changed.notify_all();
        return caf::delegated<market::trade_list>{};
      },
      [=](const market::trade_list& answer) {
        for (auto& one : *open) one.deliver(answer);
        open->clear();
      },
    };
  }
};

market::trade_update numbered(std::uint64_t seq) {
  return {"COIN", {noon, price{1000}, quantity{1}, aggressor::unknown}, seq};
}

/// The symbol may have gone on so far, until it is asked, that it keeps less than what had arrived here meanwhile.
TEST(remote_prints, what_was_held_back_is_not_lost_to_a_fetch_that_begins_later) {
  bare_node home("home", {}), away("away", {{"home", home.bus->control_endpoint()}});
  scripted_symbol script;
  const auto symbol = home.system->spawn([&](caf::event_based_actor* self) { return script.behavior(self); });
  const auto directory = home.system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[symbol](market::symbol_atom, const std::string&) { return symbol; }};
  });
  home.bus->publish("directory", directory);
  caf::actor found;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!found && std::chrono::steady_clock::now() < until) found = away.bus->find("directory");
  ASSERT_TRUE(found);

  std::mutex mutex;
  std::condition_variable joined;
  caf::actor reader;
  gateway::topic_plane plane;
  plane.join = [&](const market::topic&, const caf::actor& who) {
    const std::lock_guard lock(mutex);
    reader = who;
    joined.notify_all();
  };
  collector seen;
  auto port = std::make_unique<gateway::actor_market_port>(*away.system, std::make_shared<const instrument_master>(*instrument_master::make({coin()})), found,
                                                           [] { return std::vector<gateway::feed_handle>{}; }, [] { return noon; }, plane);
  port->subscribe({market::topic_kind::trades, "COIN", {}, {}}, [&](const auto& update) { seen.add(*update); });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(joined.wait_for(lock, patience, [&] { return reader != nullptr; }));
  }
  const auto arrive = [&](std::uint64_t seq) { caf::anon_send(reader, market::update_batch{{numbered(seq)}}); };
  const auto numbers = [&] {
    std::vector<std::uint64_t> out;
    const std::lock_guard lock(seen.mutex);
    for (const auto& update : seen.updates) out.push_back(std::get<market::trade_update>(update).seq);
    return out;
  };
  arrive(1);
  arrive(2);
  ASSERT_TRUE(seen.wait_for([](const auto& all) { return all.size() == 2; }));
  for (const std::uint64_t seq : {5, 6, 7, 8}) arrive(seq); // 3 and 4 are lost
  {
    std::unique_lock lock(script.mutex);
    ASSERT_TRUE(script.changed.wait_for(lock, patience, [&] { return !script.asked.empty(); }));
    EXPECT_EQ(script.asked.front(), 2u) << "from the last one that had come";
  }
  caf::anon_send(symbol, market::trade_list{{numbered(8), numbered(7)}}); // all that it has kept
  ASSERT_TRUE(seen.wait_for([](const auto& all) { return std::get<market::trade_update>(all.back()).seq == 8; }));
  EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{1, 2, 5, 6, 7, 8}));
  arrive(9);
  ASSERT_TRUE(seen.wait_for([](const auto& all) { return std::get<market::trade_update>(all.back()).seq == 9; }));
  port.reset();
  reader = nullptr;
  for (const auto& one : {symbol, directory}) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  away.bus->stop();
  home.bus->stop();
}

TEST_F(remote_topics, no_closed_bar_is_missing) {
  const market::topic minutes{market::topic_kind::bars, "COIN", timeframe::minutes(1), session_hours::regular};
  port->subscribe(minutes, [&](const auto& update) { seen.add(*update); });
  while (!seen.has_any() && traded < 100'000) trade(1);
  trade(12'000); // twenty minutes
  const auto newest = noon + std::chrono::milliseconds{100} * (traded - 1);
  const auto complete = [&](const auto& all) { return std::get<market::bar_update>(all.back()).data.open_time + std::chrono::minutes{1} > newest; };
  while (!seen.has(complete) && traded < 100'000) trade(1);
  ASSERT_TRUE(seen.has(complete));
  const std::lock_guard lock(seen.mutex);
  EXPECT_GT(*lost, 100);
  std::map<utc_time, bar> closed;
  utc_time before{};
  for (const auto& update : seen.updates) {
    const auto& bar = std::get<market::bar_update>(update);
    EXPECT_GE(bar.data.open_time, before);
    before = bar.data.open_time;
    if (bar.state == market::bar_state::closed) closed[bar.data.open_time] = bar.data;
  }
  EXPECT_GE(closed.size(), 18u);
  for (auto at = std::next(closed.begin()); at != closed.end(); ++at) {
    EXPECT_EQ(at->first, std::prev(at)->first + std::chrono::minutes{1});
    EXPECT_EQ(at->second.volume, quantity{600});
  }
}

TEST_F(remote_topics, nothing_travels_that_nobody_follows) {
  trade(100);
  EXPECT_EQ(home.bus->info().topics_published, 0u);
  const auto id = port->subscribe({market::topic_kind::quotes, "COIN", {}, {}}, [&](const auto& update) { seen.add(*update); });
  ASSERT_TRUE(seen.wait_for([](const auto& all) { return !all.empty(); })); // the newest state, without a trade
  EXPECT_EQ(std::get<market::quote_snapshot>(seen.updates.front()).seq, 100u);
  trade(10);
  ASSERT_TRUE(seen.wait_for([](const auto& all) { return std::get<market::quote_snapshot>(all.back()).seq > 100; }));
  port->unsubscribe(id);
  // the symbol answers questions in order: once it has answered this one, it knows that nobody follows
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  std::unique_lock lock(mutex);
  port->quotes({"COIN"}, [&](const auto&) {
    const std::lock_guard inner(mutex);
    done = true;
    answered.notify_all();
  });
  ASSERT_TRUE(answered.wait_for(lock, patience, [&] { return done; }));
  const auto before = home.bus->info().topics_published;
  trade(10);
  EXPECT_EQ(home.bus->info().topics_published, before);
}

} // namespace
} // namespace tt::cluster::test
