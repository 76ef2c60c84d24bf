#include "cluster/backtest_bars.hpp"

#include "cluster/commands.hpp"
#include "cluster/feeds.hpp"
#include "cluster/pine_files.hpp"

#include <algorithm>
#include <filesystem>

namespace tt::cluster {

using backtest::bar_set;

result<file_bars> file_bars::open(const bar_place& place) {
  file_bars out;
  symbol_file facts;
  if (!place.syminfo.empty()) {
    auto read = read_symbol(place.syminfo);
    if (!read) return read.error();
    facts = *std::move(read);
  }
  auto bars = read_bar_table(place.file);
  if (!bars) return bars.error();
  out.bars_ = *std::move(bars);
  if (!facts.lower_bars.empty()) {
    auto lower = read_bar_table(facts.lower_bars);
    if (!lower) return lower.error();
    out.lower_ = *std::move(lower);
  }
  out.timeframe_ = facts.timeframe;
  out.info_ = std::make_shared<const pine::symbol_info>(std::move(facts.symbol));
  return out;
}

std::int64_t file_bars::day_of(std::int64_t time_ms) const { return pine::calendar(info_->timezone, info_->session).trading_day(time_ms); }
civil_date file_bars::first_day() const { return civil_date::from_days(static_cast<std::int32_t>(day_of(bars_.front().time_ms))); }
civil_date file_bars::last_day() const { return civil_date::from_days(static_cast<std::int32_t>(day_of(bars_.back().time_ms))); }

std::vector<pine::bar> file_bars::longer_bars(const backtest::backtest_request& r, timeframe frame) const {
  const auto made = pine::timeframe::parse(frame.to_udf());
  const auto given = pine::timeframe::parse(r.timeframes.front().to_udf());
  auto until = bars_;
  std::erase_if(until, [&](const pine::bar& b) { return day_of(b.time_ms) > r.end.days_since_epoch(); });
  pine::memory_source source;
  source.add(info_, *given, std::move(until));
  const auto* data = made ? source.bars(info_->tickerid(), *made) : nullptr;
  return data == nullptr ? std::vector<pine::bar>{} : data->bars;
}

result<std::shared_ptr<const bar_set>> file_bars::bars(const backtest::backtest_request& r, const backtest::pair_key& key, inner_bars inner) {
  const auto own = r.timeframes.front();
  if (r.symbols.front() != key.symbol || key.frame < own) return error{errc::not_found, "the file holds no bars of " + to_string(key), "--bars"};
  const auto longer = key.frame == own ? std::vector<pine::bar>{} : longer_bars(r, key.frame);
  const auto& all = key.frame == own ? bars_ : longer;
  const pine::calendar calendar(info_->timezone, info_->session);
  const auto from = std::find_if(all.begin(), all.end(), [&](const auto& b) { return calendar.trading_day(b.time_ms) >= r.start.days_since_epoch(); });
  const auto to = std::find_if(from, all.end(), [&](const auto& b) { return calendar.trading_day(b.time_ms) > r.end.days_since_epoch(); });
  if (from == to) return error{errc::not_found, "the file holds no bars from " + r.start.to_string() + " to " + r.end.to_string(), "--from"};
  const auto warmup = std::min<std::size_t>(r.warmup_bars, static_cast<std::size_t>(from - all.begin()));
  auto info = std::make_shared<pine::symbol_info>(*info_);
  if (info->ticker == "SYM") info->ticker = key.symbol; // the file says nothing of it
  std::vector<pine::bar> lower;
  if (inner == inner_bars::wanted) lower = lower_;
  return bar_set::make(key, std::move(info), {from - static_cast<std::ptrdiff_t>(warmup), to}, warmup, std::move(lower));
}

result<node_bars> open_node_bars(const bar_place& place, utc_time now) {
  auto loaded = load_settings(place.config_path, place.overrides);
  if (!loaded) return loaded.error();
  auto& [values, origins] = *loaded;
  std::vector<std::string> warnings;
  auto config = node_config::make(values, origins.yaml, origins.yaml_origin, "tt", warnings);
  if (!config) return config.error();
  for (auto& feed : config->feeds)
    for (auto& recording : feed.recordings) recording.path = in_home(origins.home, recording.path);
  node_bars out;
  auto master = instrument_master::load(config->instruments_path);
  if (!master) return master.error();
  out.master = std::make_shared<const instrument_master>(*std::move(master));
  auto store = market::bar_store::open((std::filesystem::path(config->data_dir) / "bars").string());
  if (!store) return store.error();
  std::vector<std::string> notes;
  auto feeds = prepare_feeds(config->feeds, *out.master, **store, now, notes);
  if (!feeds) return feeds.error();
  backtest::history_bars::sources from;
  from.stored.push_back(std::shared_ptr<market::bar_store>(*std::move(store)));
  for (const auto& feed : *feeds) {
    if (feed.reached) feed.reached(feed.market_start.value_or(now));
    if (feed.history) from.simulated.push_back(feed.history);
  }
  out.bars = std::make_unique<backtest::history_bars>(out.master, std::move(from), now);
  return out;
}

} // namespace tt::cluster
