#include "actors/market/messages.hpp"

#include <caf/actor_system_config.hpp>

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

topic topic_of(const market_update& update) {
  if (const auto* quote = std::get_if<quote_snapshot>(&update)) return {topic_kind::quotes, quote->symbol, {}, {}};
  if (const auto* trade = std::get_if<trade_update>(&update)) return {topic_kind::trades, trade->symbol, {}, {}};
  const auto& series = std::get<bar_update>(update);
  return {topic_kind::bars, series.symbol, series.frame, series.hours};
}

void register_messages(caf::actor_system_config& config) {
  config.add_message_type<tick_batch>("tick_batch");
  config.add_message_type<feed_change>("feed_change");
  config.add_message_type<update_batch>("update_batch");
  config.add_message_type<trade_list>("trade_list");
  config.add_message_type<quote_snapshot>("quote_snapshot");
  config.add_message_type<history_request>("history_request");
  config.add_message_type<history_reply>("history_reply");
  config.add_message_type<topic>("topic");
  config.add_message_type<feed_status>("feed_status");
  config.add_message_type<hosted_symbol>("hosted_symbol");
  config.add_message_type<hosted_list>("hosted_list");
  config.add_message_type<symbol_moved>("symbol_moved");
}

} // namespace tt::market
