#include "actors/market/messages.hpp"

#include <caf/actor_system_config.hpp>

namespace tt::market {

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
}

} // namespace tt::market
