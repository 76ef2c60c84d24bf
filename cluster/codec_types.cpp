#include "cluster/codec_types.hpp"

#include "cluster/messages.hpp"
#include "cluster/stops/stop_messages.hpp"

namespace tt::cluster {

void add_cluster_types(bus::codec::type_table& types) {
  types.add<join_request>("tt.join");
  types.add<join_reply>("tt.joined");
  types.add<node_report>("tt.node_report");
  types.add<held_lease>("tt.held");
  types.add<lease_request>("tt.lease");
  types.add<lease_grant>("tt.granted");
  types.add<lease_act>("tt.act");
  types.add<stop_sync>("tt.stops");
  types.add<stop_synced>("tt.stops_taken");
}

std::shared_ptr<const bus::codec::type_table> project_types() {
  auto out = std::make_shared<bus::codec::type_table>();
  add_market_types(*out);
  add_cluster_types(*out);
  add_backtest_types(*out);
  return out;
}

} // namespace tt::cluster
