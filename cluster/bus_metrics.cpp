#include "cluster/bus_metrics.hpp"

#include "gateways/http/gauge_family.hpp"

namespace tt::cluster {

std::vector<prometheus::MetricFamily> bus_metrics::Collect() const {
  std::uint64_t repeated = 0;
  bus::node_info figures;
  if (bus_ != nullptr) {
    for (const auto& link : bus_->links()) repeated += link.repeated_frames;
    figures = bus_->info();
  }
  std::vector<prometheus::MetricFamily> out;
  gateway::add_counter(out, "tt_bus_retransmit_total", "Frames sent again on the links of this node", repeated);
  gateway::add_counter(out, "tt_bus_gap_total", "Gaps seen in topics of other nodes", figures.topic_gaps);
  gateway::add_counter(out, "tt_bus_refused_peers_total", "Connections and frames that were turned away: plaintext, unknown or revoked keys", figures.refused_peers);
  gateway::add_counter(out, "tt_bus_refused_messages_total", "Messages not sent for lack of credit or room, a codec, or for their size", figures.refused_messages);
  gateway::add_counter(out, "tt_bus_lost_messages_total", "Of the refused messages those without a sender who could be told", figures.lost_messages);
  gateway::add_counter(out, "tt_bus_excess_messages_total", "Messages of nodes that had too many waiting here", figures.excess_messages);
  gateway::add_counter(out, "tt_bus_undecodable_messages_total", "Messages received and not understood", figures.undecodable_messages);
  gateway::add_counter(out, "tt_bus_stalls_total", "Times that this node left the bus because its actors did not run", figures.stalls);
  gateway::add_counter(out, "tt_bus_expired_requests_total", "Requests of other nodes given up: too old, or the actor asked has ended", figures.expired_requests);
  auto pending = gateway::gauge_family("tt_bus_pending_requests", "Requests of other nodes that wait for their answer");
  gateway::add_gauge(pending, static_cast<double>(figures.pending_requests));
  out.push_back(std::move(pending));
  return out;
}

} // namespace tt::cluster
