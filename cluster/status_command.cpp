// `tt cluster status`: the cluster as a table.

#include "cluster/commands.hpp"
#include "cluster/secret_token.hpp"
#include "gateways/http/client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace tt::cluster {

namespace {

using nlohmann::json;
using table = std::vector<std::vector<std::string>>;

constexpr std::chrono::seconds status_deadline{5};

int fail(const std::string& why) {
  std::fprintf(stderr, "tt: %s\n", why.c_str());
  return 1;
}

void print(const table& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(width[i] - row[i].size() + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

std::string joined(const json& list, std::string_view key = {}) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ",") + (key.empty() ? item : item.at(std::string(key))).get<std::string>();
  return out.empty() ? "-" : out;
}

std::string milliseconds_of(const json& microseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", microseconds.get<double>() / 1000);
  return text;
}

table nodes_of(const json& cluster) {
  table rows{{"NODE", "STATE", "ROLES", "SYMBOLS", "FEEDS", "LEASES", "ACTORS", "GAPS", "RSS MB", "LAG ms", "URL"}};
  for (const auto& node : cluster.at("nodes")) {
    const auto state = node.at("state").get<std::string>() + (node.contains("reason") ? " (" + node.at("reason").get<std::string>() + ")" : "");
    if (!node.at("answered").get<bool>()) {
      rows.push_back({node.at("name"), state, joined(node.at("roles"))});
      continue;
    }
    const auto number = [&](const char* key) { return std::to_string(node.at(key).get<std::uint64_t>()); };
    const auto rss = std::to_string(node.at("rss_bytes").get<std::uint64_t>() >> 20);
    rows.push_back({node.at("name"), state, joined(node.at("roles")), number("symbols"), joined(node.at("feeds")),
                    joined(node.at("leases"), "name"), number("exported_actors"), number("topic_gaps"), rss, milliseconds_of(node.at("lag_us")),
                    node.value("url", "-")});
  }
  return rows;
}

/// What the buses turned away or lost. A node of an older version does not say all of it.
table losses_of(const json& cluster) {
  table rows{{"NODE", "REFUSED PEERS", "REFUSED", "LOST", "EXCESS", "UNDECODABLE", "STALLS"}};
  for (const auto& node : cluster.at("nodes")) {
    if (!node.at("answered").get<bool>()) continue;
    const auto number = [&](const char* key) { return node.contains(key) ? std::to_string(node.at(key).get<std::uint64_t>()) : "-"; };
    rows.push_back({node.at("name"), number("refused_peers"), number("refused_messages"), number("lost_messages"), number("excess_messages"),
                    number("undecodable_messages"), number("stalls")});
  }
  return rows;
}

table links_of(const json& cluster) {
  table rows{{"LINK", "STATE", "HEARD ms", "RTT ms", "IN", "OUT", "REPEATED", "TIMES UP", "WAITING B"}};
  for (const auto& node : cluster.at("nodes")) {
    if (!node.contains("links")) continue;
    for (const auto& link : node.at("links")) {
      const auto number = [&](const char* key) { return std::to_string(link.at(key).get<std::uint64_t>()); };
      rows.push_back({node.at("name").get<std::string>() + " > " + link.at("peer").get<std::string>(), link.at("state"), number("since_heard_ms"),
                      milliseconds_of(link.at("round_trip_us")), number("messages_in"), number("messages_out"), number("repeated_frames"),
                      number("times_up"), number("bytes_waiting")});
    }
  }
  return rows;
}

} // namespace

int run_cluster_status(const status_options& options) {
  const auto& url = options.url;
  using verb = gateway::http_call::verb_t;
  auto reply = gateway::http_ask(url, {.verb = verb::get, .path = "/api/v1/cluster", .token = bearer_token(options.token)}, status_deadline);
  if (!reply) return fail(to_string(reply.error()));
  if (reply->status == 401) return fail(url + " wants to know who asks: --token, or TT_TOKEN");
  if (reply->status != 200) return fail(url + " answers " + std::to_string(reply->status) + ": " + reply->body.substr(0, 200));
  try {
    const auto cluster = json::parse(reply->body);
    if (cluster.at("mode") == "standalone") {
      std::printf("%s stands alone\n", cluster.at("node").get<std::string>().c_str());
      return 0;
    }
    print(nodes_of(cluster));
    std::printf("\n");
    print(links_of(cluster));
    std::printf("\n");
    print(losses_of(cluster));
  } catch (const json::exception& e) {
    return fail(url + " does not answer like TraderTerminal: " + e.what());
  }
  return 0;
}

} // namespace tt::cluster
