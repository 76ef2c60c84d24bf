#include "actors/market/messages.hpp"

namespace tt::market {

std::string bus_topic_name(const topic& what, const std::string& venue) {
  const std::string name = "md." + venue + "." + what.symbol;
  switch (what.kind) {
  case topic_kind::quotes: return name + ".quotes";
  case topic_kind::trades: return name + ".trades";
  case topic_kind::bars: break;
  }
  return name + ".bars." + what.frame.to_string() + "." + std::string(to_string(what.hours));
}

std::string feed_topic_name(const std::string& feed) { return "feed." + feed; }

topic topic_of(const market_update& update) {
  if (const auto* quote = std::get_if<quote_snapshot>(&update)) return {topic_kind::quotes, quote->symbol, {}, {}};
  if (const auto* trade = std::get_if<trade_update>(&update)) return {topic_kind::trades, trade->symbol, {}, {}};
  const auto& series = std::get<bar_update>(update);
  return {topic_kind::bars, series.symbol, series.frame, series.hours};
}

} // namespace tt::market
