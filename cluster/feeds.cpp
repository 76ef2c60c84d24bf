#include "cluster/feeds.hpp"

#include "actors/market/replay.hpp"
#include "actors/market/sim_history.hpp"
#include "actors/market/sim_source.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace tt::cluster {

namespace {

/// Market time shown before the clock starts, so that the first quotes are there
/// at once and a closed market shows its last ones.
constexpr std::chrono::minutes lead_in{5};

class preparer {
public:
  preparer(const instrument_master& master, const market::bar_store& store, utc_time now, std::vector<std::string>& notes)
    : master_(master), store_(store), now_(now), notes_(notes) {}

  result<prepared_feed> make(const feed_config& config) {
    return config.kind == feed_kind::sim ? make_sim(config) : make_replay(config);
  }

private:
  static error in_feed(const feed_config& config, error e) {
    // the replay calls recordings what the configuration calls files
    constexpr std::string_view recordings = "recordings[";
    if (e.field.starts_with(recordings)) e.field = "files[" + e.field.substr(recordings.size()) + ".path";
    e.field = "feeds." + config.name + (e.field.empty() ? "" : "." + e.field);
    return e;
  }

  result<const instrument*> find(const feed_config& config, const std::string& symbol) const {
    if (const auto* what = master_.find(symbol)) return what;
    return in_feed(config, {errc::unknown_symbol, "unknown symbol " + symbol, "symbols"});
  }

  result<std::vector<instrument>> sim_instruments(const feed_config& config) {
    std::vector<instrument> out;
    std::string recorded, taken;
    const auto add = [](std::string& list_of, const std::string& name) { list_of += (list_of.empty() ? "" : ", ") + name; };
    const bool chosen = !config.symbols.empty();
    for (const auto& symbol : chosen ? config.symbols : default_universe()) {
      if (!chosen && !master_.find(symbol)) continue; // an own instrument list may be shorter
      auto what = find(config, symbol);
      if (!what) return what.error();
      const auto& name = (*what)->symbol;
      if (!store_.timeframes(name).empty()) add(recorded, name);
      else if (!claimed_.insert(name).second) add(taken, name);
      else out.push_back(**what);
    }
    if (!recorded.empty()) notes_.push_back("feed " + config.name + " does not simulate " + recorded + ": there are real bars of it");
    if (!taken.empty()) notes_.push_back("feed " + config.name + " does not simulate " + taken + ": another feed speaks of it");
    std::ranges::sort(out, {}, &instrument::symbol);
    return out;
  }

  /// The moment from which on events are needed to know every symbol's last quote.
  [[nodiscard]] static utc_time first_needed(const std::vector<instrument>& list, utc_time at) {
    utc_time first = at;
    for (const auto& what : list) {
      const auto& calendar = *what.calendar;
      if (calendar.day_at(at, session_hours::extended)) continue;
      auto day = calendar.on_or_before(calendar.local_date(at));
      while (day && day->extended.close > at) day = calendar.on_or_before(day->day - 1);
      if (day) first = std::min(first, day->extended.close);
    }
    return first - lead_in;
  }

  result<prepared_feed> make_sim(const feed_config& config) {
    auto list = sim_instruments(config);
    if (!list) return list.error();
    if (list->empty()) {
      notes_.push_back("feed " + config.name + " has nothing to simulate");
      return prepared_feed{};
    }
    const utc_time begin = config.start.value_or(now_);
    const utc_time first = first_needed(*list, begin);
    market::sim::exchange_config exchange;
    exchange.seed = config.seed;
    exchange.instruments = std::move(*list);
    auto made = market::sim::exchange::make(std::move(exchange));
    if (!made) return in_feed(config, made.error());
    auto seen = std::make_shared<market::sim::horizon>(first);
    prepared_feed out;
    out.name = config.name;
    out.pace = config.pace;
    out.source = std::make_unique<market::sim_source>(*made, first, seen);
    out.market_start = begin;
    out.history = std::make_shared<market::sim_history>(*made, seen);
    out.reached = [seen](utc_time t) { seen->advance(t); };
    out.follows_wall_clock = !config.start && config.pace.speed == 1;
    return out;
  }

  result<prepared_feed> make_replay(const feed_config& config) {
    market::replay_config replay;
    replay.loop = config.loop ? market::replay_loop::looped : market::replay_loop::once;
    std::set<std::string> own;
    for (const auto& file : config.recordings) {
      auto what = find(config, file.symbol);
      if (!what) return what.error();
      const auto kind = market::parse_recording_kind(file.kind);
      if (!kind) return in_feed(config, kind.error());
      replay.recordings.push_back({file.path, **what, *kind, file.frame});
      own.insert((*what)->symbol);
    }
    for (const auto& symbol : own)
      if (!claimed_.insert(symbol).second)
        return in_feed(config, {errc::conflict, "another feed speaks of " + symbol + " already", "symbols"});
    auto source = market::replay_source::open(std::move(replay));
    if (!source) return in_feed(config, source.error());
    prepared_feed out;
    out.name = config.name;
    out.pace = config.pace;
    out.source = std::move(*source);
    out.record = config.record;
    return out;
  }

  const instrument_master& master_;
  const market::bar_store& store_;
  utc_time now_;
  std::vector<std::string>& notes_;
  std::set<std::string> claimed_;
};

} // namespace

std::vector<std::string> default_universe() {
  return {"AAPL", "GOOGL", "MSFT", "NVDA", "TSLA", "AMD", "SPY", "QQQ", "IWM", "DIA", "VTI", "XLK", "XLF", "XLE", "XLV",
          "ES1!", "NQ1!", "MNQ1!", "RTY1!", "YM1!", "BTCUSD", "ETHUSD", "EURUSD"};
}

symbol_sources sources_for_symbols(const std::shared_ptr<market::bar_store>& store, const std::vector<prepared_feed>& prepared) {
  symbol_sources out;
  out.histories.push_back(store);
  for (const auto& feed : prepared) {
    if (feed.history) out.histories.push_back(feed.history);
    if (feed.reached) out.reached.push_back(feed.reached);
    if (!feed.record && !feed.history) out.unkept.insert(feed.source->symbols().begin(), feed.source->symbols().end());
    if (feed.record) out.recorded.insert(feed.source->symbols().begin(), feed.source->symbols().end());
  }
  return out;
}

void log_end_of_feed(const market::feed_status& status) {
  if (status.state == "failed") spdlog::error("feed {} failed after {} events: {}", status.name, status.events, status.detail);
  else if (!status.detail.empty()) spdlog::warn("feed {} has ended after {} events: {}", status.name, status.events, status.detail);
  else spdlog::info("feed {} has ended after {} events", status.name, status.events);
}

std::function<result<std::unique_ptr<market::feed_source>>()>
make_reopener(feed_maker maker, std::shared_ptr<const instrument_master> master, std::shared_ptr<market::bar_store> store,
              utc_time made_at, std::string name) {
  return [=]() -> result<std::unique_ptr<market::feed_source>> {
    std::vector<std::string> unused;
    auto prepared = maker(*master, *store, made_at, unused);
    if (!prepared) return prepared.error();
    for (auto& feed : *prepared)
      if (feed.name == name && feed.source) return std::move(feed.source);
    return error{errc::not_found, "no feed is called " + name, "feeds"};
  };
}

result<std::vector<prepared_feed>> prepare_feeds(const std::vector<feed_config>& configs, const instrument_master& master,
                                                 const market::bar_store& store, utc_time now, std::vector<std::string>& notes) {
  std::vector<prepared_feed> out;
  preparer prepare(master, store, now, notes);
  // recordings first: what they speak of is not simulated, whatever the order in the file
  for (const auto kind : {feed_kind::replay, feed_kind::sim}) {
    for (const auto& config : configs) {
      if (config.kind != kind) continue;
      auto feed = prepare.make(config);
      if (!feed) return feed.error();
      if (feed->source) out.push_back(std::move(*feed));
    }
  }
  return out;
}

} // namespace tt::cluster
