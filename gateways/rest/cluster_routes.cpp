// The nodes of the cluster (ours; the HTTP contract only names the state in /health).

#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

void write_texts(json_writer& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const auto& text : texts) out.value(text);
  out.end_array();
}

void write_link(json_writer& out, const cluster_link& link) {
  out.begin_object()
    .field("peer", link.peer)
    .field("state", link.state)
    .field("since_heard_ms", link.since_heard_ms)
    .field("round_trip_us", link.round_trip_us)
    .field("messages_in", link.messages_in)
    .field("messages_out", link.messages_out)
    .field("bytes_in", link.bytes_in)
    .field("bytes_out", link.bytes_out)
    .field("repeated_frames", link.repeated_frames)
    .field("times_up", link.times_up)
    .field("bytes_waiting", link.bytes_waiting)
    .end_object();
}

/// What only the node itself can say.
void write_figures(json_writer& out, const cluster_node& node) {
  out.field("symbols", node.symbols);
  write_texts(out, "feeds", node.feeds);
  out.key("leases").begin_array();
  for (const auto& lease : node.leases) out.begin_object().field("name", lease.name).field("epoch", lease.epoch).end_object();
  out.end_array().key("links").begin_array();
  for (const auto& link : node.links) write_link(out, link);
  out.end_array();
  out.field("proxies", node.proxies).field("exported_actors", node.exported_actors).field("topic_gaps", node.topic_gaps);
  out.field("refused_peers", node.refused_peers).field("rss_bytes", node.rss_bytes).field("lag_us", node.lag_us);
  const auto& losses = node.losses;
  out.field("refused_messages", losses.refused_messages).field("lost_messages", losses.lost_messages).field("excess_messages", losses.excess_messages);
  out.field("undecodable_messages", losses.undecodable_messages).field("stalls", losses.stalls);
}

void write_node(json_writer& out, const cluster_node& node) {
  out.begin_object().field("name", node.name).field("state", node.state);
  if (!node.reason.empty()) out.field("reason", node.reason);
  out.field("since", node.since);
  write_texts(out, "roles", node.roles);
  if (!node.endpoint.empty()) out.field("endpoint", node.endpoint);
  if (!node.url.empty()) out.field("url", node.url);
  if (!node.version.empty()) out.field("version", node.version).field("started_at", node.started);
  out.field("answered", node.answered);
  if (node.answered) write_figures(out, node);
  out.end_object();
}

void show_cluster(services& parts, const context_ptr& call, const responder& answer) {
  if (!parts.cluster) {
    json_writer out{call->style};
    out.begin_object().field("node", parts.config.node_id).field("mode", "standalone").key("nodes").begin_array().end_array().end_object();
    return answer(json_response(out.take()));
  }
  parts.cluster->report([call, answer](const result<cluster_report>& report) {
    if (!report) return answer(report.error());
    json_writer out{call->style};
    out.begin_object().field("node", report->node).field("mode", "cluster").key("nodes").begin_array();
    for (const auto& node : report->nodes) write_node(out, node);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

} // namespace

void add_cluster_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  rows.push_back({.method = verb::get, .pattern = "/api/v1/cluster", .policy = {access::viewer, rate_class::general},
                  .summary = "Nodes of the cluster: roles, actors, links",
                  .run = [p](const context_ptr& call, const responder& answer) { show_cluster(*p, call, answer); },
                  .response_schema = "Cluster", .tag = "service"});
}

} // namespace tt::gateway
