// Same seed, same bytes: the simulated exchange through feed and symbol actors on
// real scheduler threads gives the same event log, run by run, with one thread
// and with two.

#include "actors/market/directory_actor.hpp"
#include "actors/market/feed_actor.hpp"
#include "actors/market/sim_history.hpp"
#include "actors/market/sim_source.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

namespace tt::market {
namespace {

using done_atom = caf::atom_constant<caf::atom("done")>;

const utc_time from = *parse_iso8601("2024-03-08T20:50:00Z"); // ten minutes before the New York close
const utc_time until = *parse_iso8601("2024-03-08T21:10:00Z");

/// Ends another source at a moment.
class ending_source final : public feed_source {
public:
  ending_source(std::unique_ptr<feed_source> inner, utc_time end) : inner_(std::move(inner)), end_(end) {}
  [[nodiscard]] std::string_view label() const override { return inner_->label(); }
  [[nodiscard]] std::span<const std::string> symbols() const override { return inner_->symbols(); }
  [[nodiscard]] utc_time start_time() const override { return inner_->start_time(); }
  pull_state pull(utc_time t, std::size_t limit, std::vector<feed_event>& out) override {
    const auto state = inner_->pull(std::min(t, end_), limit, out);
    return state == pull_state::idle && t >= end_ ? pull_state::finished : state;
  }

private:
  std::unique_ptr<feed_source> inner_;
  utc_time end_;
};

template <class T>
std::string text(const std::optional<T>& value) {
  return value ? value->to_string() : "-";
}

/// Every field of an update.
std::string text_of(const market_update& update) {
  std::string out;
  const auto add = [&](const std::string& field) { out += field + " "; };
  if (const auto* q = std::get_if<quote_snapshot>(&update)) {
    add("quote " + std::to_string(q->seq) + " " + std::to_string(q->ts.time_since_epoch().count()));
    for (const auto& p : {q->bid, q->ask, q->last, q->open, q->high, q->low, q->prev_close}) add(text(p));
    for (const auto& s : {q->bid_size, q->ask_size, q->last_size}) add(text(s));
    add(q->volume.to_string() + " " + q->source + " " + std::string(to_string(q->market)) + std::to_string(static_cast<int>(q->state)));
  } else if (const auto* t = std::get_if<trade_update>(&update)) {
    add("trade " + std::to_string(t->seq) + " " + std::to_string(t->trade.ts.time_since_epoch().count()));
    add(t->trade.px.to_string() + " " + t->trade.size.to_string() + " " + std::to_string(static_cast<int>(t->trade.side)));
  } else {
    const auto& b = std::get<bar_update>(update);
    add("bar " + std::to_string(b.seq) + " " + b.frame.to_string() + std::to_string(static_cast<int>(b.state)));
    for (const auto& p : {b.data.open, b.data.high, b.data.low, b.data.close}) add(p.to_string());
    add(b.data.volume.to_string() + " " + std::to_string(b.data.open_time.time_since_epoch().count()));
  }
  return out + "\n";
}

/// Writes down what one symbol says until its feed has ended.
caf::behavior scribe(caf::event_based_actor* self, caf::actor symbol, std::vector<topic> topics, caf::actor whom) {
  for (const auto& what : topics) self->send(symbol, subscribe_atom::value, what);
  self->send(whom, subscribe_atom::value);
  auto log = std::make_shared<std::string>();
  const auto name = topics.front().symbol;
  return {[=](const update_batch& batch) {
    for (const auto& update : batch.updates) {
      *log += text_of(update);
      const auto* quote = std::get_if<quote_snapshot>(&update);
      if (!quote || quote->source != "sim" || quote->state != freshness::stale) continue;
      self->send(whom, done_atom::value, name, *log);
      self->quit();
    }
  }};
}

/// The event log of a run, symbols in alphabetical order.
std::string run_log(std::uint64_t seed, std::size_t threads) {
  auto master = *instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  sim::exchange_config exchange;
  exchange.seed = seed;
  for (const auto* symbol : {"AAPL", "BTCUSD", "ES1!", "EURUSD"}) exchange.instruments.push_back(*master.find(symbol));
  const auto market = *sim::exchange::make(exchange);
  const auto history = std::make_shared<sim_history>(market);

  caf::actor_system_config config;
  config.set("scheduler.max-threads", threads);
  caf::actor_system system{config};
  const wall_clock frozen = [] { return from_unix_seconds(1); };
  const auto directory = system.spawn(directory_actor, std::make_shared<const instrument_master>(master), [=](const instrument& what) {
    symbol_options options;
    options.what = std::make_shared<const instrument>(what);
    options.histories = {history};
    options.clock = frozen;
    return options;
  });
  caf::scoped_actor self{system};
  std::map<std::string, std::string> logs;
  for (const auto& what : exchange.instruments) {
    caf::actor symbol;
    self->request(directory, caf::infinite, symbol_atom::value, what.symbol)
      .receive([&](caf::actor& found) { symbol = found; }, [](const caf::error&) { FAIL(); });
    const auto bars = [&](timeframe frame) { return topic{topic_kind::bars, what.symbol, frame, session_hours::extended}; };
    std::vector<topic> topics{{topic_kind::quotes, what.symbol, {}, {}}, {topic_kind::trades, what.symbol, {}, {}},
                              bars(timeframe::minutes(1)), bars(timeframe::minutes(5)), bars(timeframe::days(1))};
    self->spawn(scribe, symbol, topics, caf::actor_cast<caf::actor>(self));
    // its subscriptions must be in before the feed begins: they were sent before
    // this question, whose answer proves it
    self->receive([](subscribe_atom) {});
    self->request(symbol, caf::infinite, quote_atom::value).receive([](const quote_snapshot&) {}, [](const caf::error&) {});
  }
  auto options = std::make_shared<feed_options>();
  options->name = "sim";
  options->source = std::make_unique<ending_source>(std::make_unique<sim_source>(market, from), until);
  options->how = {pace_kind::maximum, 1};
  options->clock = frozen;
  const auto feed = system.spawn(feed_actor, std::move(options), directory);
  caf::anon_send(feed, start_atom::value);
  while (logs.size() < exchange.instruments.size())
    self->receive([&](done_atom, const std::string& symbol, std::string& log) { logs[symbol] = std::move(log); });
  for (const auto& a : {feed, directory}) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  std::string all;
  for (const auto& [symbol, log] : logs) all += "== " + symbol + "\n" + log;
  return all;
}

TEST(same_seed_same_bytes, for_one_and_two_scheduler_threads) {
  const auto reference = run_log(7, 1);
  EXPECT_GT(reference.size(), 200'000u);
  EXPECT_EQ(run_log(7, 1) == reference, true);
  EXPECT_EQ(run_log(7, 2) == reference, true);
  EXPECT_EQ(run_log(7, 2) == reference, true);
  EXPECT_EQ(run_log(8, 2) == reference, false);
}

} // namespace
} // namespace tt::market
