#include "cluster/messages.hpp"

#include <caf/actor_system_config.hpp>

namespace tt::cluster {

void register_messages(caf::actor_system_config& config) {
  config.add_message_type<join_request>("join_request");
  config.add_message_type<join_reply>("join_reply");
  config.add_message_type<node_report>("node_report");
  config.add_message_type<held_lease>("held_lease");
  config.add_message_type<lease_request>("lease_request");
  config.add_message_type<lease_grant>("lease_grant");
  config.add_message_type<lease_act>("lease_act");
}

} // namespace tt::cluster
