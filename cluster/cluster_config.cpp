#include "cluster/cluster_config.hpp"

#include "cluster/lease/lease_agreement.hpp"
#include "bus/config.hpp"
#include "bus/keys/keys.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace tt::cluster {

namespace {

constexpr std::pair<std::string_view, role> role_names[] = {
  {"feed", role::feed}, {"symbols", role::symbols}, {"execution", role::execution}, {"backtest", role::backtest}, {"gateway", role::gateway}};

constexpr std::string_view cluster_keys[] = {"cluster.topics",   "cluster.advertise",  "cluster.seeds",    "cluster.roles",
                                             "cluster.key_file", "cluster.allow_file", "cluster.security", "cluster.lease_ttl_ms",
                                             "cluster.on_isolation", "cluster.accounts"};

error wrong(const settings& values, std::string_view key, std::string message) {
  return {errc::invalid_argument, std::move(message), values.origin(key)};
}

std::string_view fallback_of(std::string_view key) {
  for (const auto& spec : setting_specs())
    if (spec.key == key) return spec.fallback;
  return {};
}

enum class port_need { any, fixed };

/// Whether `text` is tcp://host:port.
bool is_endpoint(std::string_view text, port_need need) {
  if (!text.starts_with("tcp://")) return false;
  text.remove_prefix(6);
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return code == std::errc{} && end == digits.data() + digits.size() && port <= 65535 && (port > 0 || need == port_need::any);
}

/// Whether `endpoint` names no address but all of them: others cannot connect to that.
bool is_every_address(std::string_view endpoint) {
  return endpoint.starts_with("tcp://0.0.0.0:") || endpoint.starts_with("tcp://[::]:") || endpoint.starts_with("tcp://*:");
}

result<void> read_endpoints(const settings& values, cluster_config& out) {
  out.control = values.text("cluster.control");
  out.topics = values.text("cluster.topics");
  out.advertise = values.text("cluster.advertise");
  if (!is_endpoint(out.control, port_need::any))
    return wrong(values, "cluster.control", "must be tcp://address:port, not \"" + out.control + "\"");
  if (out.topics.empty()) out.topics = out.control.substr(0, out.control.rfind(':')) + ":0";
  if (!is_endpoint(out.topics, port_need::any))
    return wrong(values, "cluster.topics", "must be tcp://address:port, not \"" + out.topics + "\"");
  for (const auto& [key, endpoint] : {std::pair{"cluster.control", out.control}, {"cluster.topics", out.topics}})
    if (out.advertise.empty() && is_every_address(endpoint))
      return wrong(values, "cluster.advertise", "is required where " + std::string(key) + " listens on every address: it is what others connect to");
  return {};
}

result<void> read_seeds(const settings& values, cluster_config& out) {
  const auto list = values.list("cluster.seeds");
  if (list.size() > max_seeds) return wrong(values, "cluster.seeds", "more than 16 seeds");
  for (const auto& item : list) {
    const auto equals = item.find('=');
    const auto name = item.substr(0, equals);
    const auto endpoint = equals == std::string::npos ? std::string{} : item.substr(equals + 1);
    if (!bus::keys::is_name(name) || !is_endpoint(endpoint, port_need::fixed))
      return wrong(values, "cluster.seeds", "each must be NAME=tcp://address:port, not \"" + item + "\"");
    for (const auto& other : out.seeds)
      if (other.name == name) return wrong(values, "cluster.seeds", "names " + name + " twice");
    out.seeds.push_back({name, endpoint});
  }
  return {};
}

result<void> read_roles(const settings& values, cluster_config& out) {
  for (const auto& name : values.list("cluster.roles")) {
    if (name == "market") {
      out.roles.insert({role::feed, role::symbols});
      continue;
    }
    const auto* found = std::ranges::find(role_names, name, &std::pair<std::string_view, role>::first);
    if (found == std::end(role_names))
      return wrong(values, "cluster.roles", "must be of market, feed, symbols, execution, backtest, gateway; not \"" + name + "\"");
    out.roles.insert(found->second);
  }
  if (out.roles.empty()) return wrong(values, "cluster.roles", "must name at least one role");
  return {};
}

result<void> read_security(const settings& values, cluster_config& out) {
  static constexpr std::string_view kinds[] = {"curve", "plain"};
  const auto kind = values.choice("cluster.security", kinds);
  if (!kind) return kind.error();
  out.security = *kind == "plain" ? link_security::plain : link_security::curve;
  out.key_file = values.text("cluster.key_file");
  out.allow_file = values.text("cluster.allow_file");
  if (out.security == link_security::plain) {
    if (!bus::is_loopback(out.control) || !bus::is_loopback(out.topics))
      return wrong(values, "cluster.security", "plain is for loopback only: anybody who reaches the port could give orders");
    for (const auto& seed : out.seeds)
      if (!bus::is_loopback(seed.endpoint))
        return wrong(values, "cluster.security", "plain is for loopback only, and the seed " + seed.name + " is elsewhere");
    return {};
  }
  std::error_code ignored;
  for (const auto& [key, path] : {std::pair{"cluster.key_file", out.key_file}, {"cluster.allow_file", out.allow_file}}) {
    if (path.empty()) return wrong(values, key, "is required; ./tt keys new makes it");
    if (!std::filesystem::exists(path, ignored)) return wrong(values, key, "no such file: " + path + "; ./tt keys new makes it");
  }
  return {};
}

} // namespace

std::string_view to_string(role r) noexcept {
  for (const auto& [name, value] : role_names)
    if (value == r) return name;
  return "unknown";
}

bool cluster_config::is_first_seed(std::string_view node_id) const { return seeds.empty() || seeds.front().name == node_id; }

std::string cluster_config::lease_source(std::string_view node_id) const {
  if (!database_url.empty()) return "a database";
  return lease_agreement::from_node(seeds.empty() ? node_id : std::string_view(seeds.front().name));
}

bool cluster_config::keeps_leases(std::string_view node_id) const { return database_url.empty() && is_first_seed(node_id); }

result<std::optional<cluster_config>> cluster_config::make(const settings& values, const std::string& node_id) {
  if (values.text("cluster.control").empty()) {
    for (const auto key : cluster_keys)
      if (values.text(key) != fallback_of(key))
        return wrong(values, "cluster.control", "is required where " + values.origin(key) + " is set");
    return std::optional<cluster_config>{};
  }
  cluster_config out;
  if (!bus::keys::is_name(node_id))
    return wrong(values, "node.id", "must be 1 to 63 of a-z A-Z 0-9 . _ - in a cluster, not \"" + node_id + "\"");
  for (const auto& read : {read_endpoints, read_seeds, read_roles, read_security})
    if (auto done = read(values, out); !done) return done.error();
  const auto ttl = values.integer("cluster.lease_ttl_ms", 500, 600'000);
  if (!ttl) return ttl.error();
  out.lease_ttl = std::chrono::milliseconds{*ttl};
  static constexpr std::string_view policies[] = {"block", "continue"};
  const auto policy = values.choice("cluster.on_isolation", policies);
  if (!policy) return policy.error();
  out.on_isolation = *policy == "continue" ? isolation_policy::continue_ : isolation_policy::block;
  out.database_url = values.text("storage.database_url");
  if (!out.database_url.empty() && !out.database_url.starts_with("postgresql://") && !out.database_url.starts_with("postgres://"))
    return wrong(values, "storage.database_url", "must begin with postgresql://");
  static constexpr std::string_view homes[] = {"auto", "here", "database"};
  const auto home = values.choice("cluster.accounts", homes);
  if (!home) return home.error();
  if (*home == "database" && out.database_url.empty()) return wrong(values, "cluster.accounts", "database needs storage.database_url");
  if (*home != "here" && !out.database_url.empty()) out.accounts = account_home::database;
  // who adds a database to a node that has traded must not find other accounts without a word
  const auto list = std::filesystem::path(values.text("node.data_dir")) / "trading" / "paper_accounts.json";
  std::error_code ignored;
  if (*home == "auto" && out.accounts == account_home::database && out.has(role::execution) && std::filesystem::exists(list, ignored))
    return wrong(values, "cluster.accounts", "this node has accounts in " + list.parent_path().string() + ": say `here` to go on with them, or `database` for those of the database");
  return std::optional{std::move(out)};
}

} // namespace tt::cluster
