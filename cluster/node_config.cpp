#include "cluster/node_config.hpp"

#include "actors/model/zone_clock.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace tt::cluster {

namespace {

/// Reads one map of the YAML file field by field, naming what is wrong.
class map_reader {
public:
  map_reader(YAML::Node node, std::string path, const std::string& origin, std::vector<std::string>& warnings)
    : node_(std::move(node)), path_(std::move(path)), origin_(origin), warnings_(warnings) {}

  [[nodiscard]] error wrong(std::string_view key, std::string message, errc code = errc::invalid_argument) const {
    const auto child = node_.IsMap() && !key.empty() ? node_[std::string(key)] : node_;
    const auto line = (child ? child.Mark() : node_.Mark()).line + 1;
    return {code, std::move(message) + " (" + origin_ + " line " + std::to_string(line) + ")",
            key.empty() ? path_ : path_ + "." + std::string(key)};
  }

  [[nodiscard]] bool has(const std::string& key) const { return node_[key] && !node_[key].IsNull(); }
  [[nodiscard]] YAML::Node child(const std::string& key) const { return node_[key]; }

  result<std::string> text(const std::string& key, std::string fallback = {}) {
    seen_.insert(key);
    if (!has(key)) return fallback;
    if (!node_[key].IsScalar()) return wrong(key, "must be a plain value");
    return node_[key].Scalar();
  }

  result<bool> flag(const std::string& key, bool fallback) {
    auto value = text(key, fallback ? "true" : "false");
    if (!value) return value.error();
    if (*value == "true") return true;
    if (*value == "false") return false;
    return wrong(key, "must be true or false, not \"" + *value + "\"");
  }

  result<std::vector<std::string>> list(const std::string& key) {
    seen_.insert(key);
    std::vector<std::string> out;
    if (!has(key)) return out;
    if (!node_[key].IsSequence()) return wrong(key, "must be a list");
    for (const auto& item : node_[key]) {
      if (!item.IsScalar()) return wrong(key, "must be a list of plain values");
      out.push_back(item.Scalar());
    }
    return out;
  }

  void expect(const std::string& key) { seen_.insert(key); }

  /// Call last: every key that nobody asked for becomes a warning.
  void warn_unknown() {
    std::set<std::string> written;
    for (const auto& item : node_)
      if (!written.insert(item.first.Scalar()).second)
        warnings_.push_back("setting " + path_ + "." + item.first.Scalar() + " stands twice in " + origin_ + " line "
                            + std::to_string(item.first.Mark().line + 1) + "; the first counts");
    for (const auto& item : node_)
      if (!seen_.contains(item.first.Scalar()))
        warnings_.push_back("unknown setting " + path_ + "." + item.first.Scalar() + " in " + origin_ + " line "
                            + std::to_string(item.first.Mark().line + 1));
  }

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  YAML::Node node_;
  std::string path_;
  const std::string& origin_;
  std::vector<std::string>& warnings_;
  std::set<std::string> seen_;
};

result<recording_config> read_recording(map_reader in) {
  recording_config out;
  auto path = in.text("path");
  if (!path) return path.error();
  if (path->empty()) return in.wrong("path", "is required");
  auto symbol = in.text("symbol");
  if (!symbol) return symbol.error();
  if (symbol->empty()) return in.wrong("symbol", "is required");
  auto kind = in.text("kind", "bars");
  if (!kind) return kind.error();
  if (*kind != "bars" && *kind != "quotes" && *kind != "ticks")
    return in.wrong("kind", "must be bars, quotes or ticks, not \"" + *kind + "\"");
  auto frame_text = in.text("timeframe", "1m");
  if (!frame_text) return frame_text.error();
  auto frame = timeframe::parse(*frame_text);
  if (!frame) return in.wrong("timeframe", frame.error().message);
  in.warn_unknown();
  return recording_config{*path, *symbol, *kind, *frame};
}

result<void> read_replay(map_reader& in, feed_config& out, const std::string& origin, std::vector<std::string>& warnings) {
  in.expect("files");
  if (!in.has("files") || !in.child("files").IsSequence() || in.child("files").size() == 0)
    return in.wrong("files", "must be a list of recordings");
  if (in.child("files").size() > max_recordings) return in.wrong("files", "more than 256 recordings", errc::out_of_range);
  std::size_t index = 0;
  for (const auto& item : in.child("files")) {
    const auto path = in.path() + ".files[" + std::to_string(index++) + "]";
    if (!item.IsMap()) return in.wrong("files", "each must be a map with path and symbol");
    auto recording = read_recording({item, path, origin, warnings});
    if (!recording) return recording.error();
    out.recordings.push_back(*recording);
  }
  auto loop = in.flag("loop", false);
  if (!loop) return loop.error();
  out.loop = *loop;
  auto record = in.flag("record", false);
  if (!record) return record.error();
  out.record = *record;
  return {};
}

result<void> read_sim(map_reader& in, feed_config& out) {
  auto symbols = in.list("symbols");
  if (!symbols) return symbols.error();
  if (in.has("symbols") && symbols->empty()) return in.wrong("symbols", "must name a symbol; without the key the default ones are meant");
  out.symbols = *symbols;
  auto seed = in.text("seed", "1");
  if (!seed) return seed.error();
  const bool digits = !seed->empty() && seed->size() < 20 && std::ranges::all_of(*seed, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return in.wrong("seed", "must be a whole number, not \"" + *seed + "\"");
  out.seed = std::stoull(*seed);
  auto start = in.text("start");
  if (!start) return start.error();
  if (!start->empty()) {
    auto t = parse_iso8601(*start);
    if (!t) return in.wrong("start", t.error().message);
    out.start = *t;
  }
  return {};
}

result<feed_config> read_feed(map_reader in, const std::string& origin, std::vector<std::string>& warnings) {
  feed_config out;
  auto kind = in.text("kind");
  if (!kind) return kind.error();
  if (*kind == "sim") out.kind = feed_kind::sim;
  else if (*kind == "replay") out.kind = feed_kind::replay;
  else return in.wrong("kind", kind->empty() ? "is required: sim or replay" : "must be sim or replay, not \"" + *kind + "\"");
  auto name = in.text("name", *kind);
  if (!name) return name.error();
  out.name = *name;
  auto speed = in.text("speed", "1");
  if (!speed) return speed.error();
  auto pace = market::pace::parse(*speed);
  if (!pace) return in.wrong("speed", pace.error().message);
  if (out.kind == feed_kind::sim && pace->kind != market::pace_kind::scaled)
    return in.wrong("speed", "of a simulated exchange must be a factor: it never ends");
  out.pace = *pace;
  auto done = out.kind == feed_kind::sim ? read_sim(in, out) : read_replay(in, out, origin, warnings);
  if (!done) return done.error();
  if (out.loop && pace->kind == market::pace_kind::maximum)
    return in.wrong("speed", "of a looped replay must be a factor or step: it never ends");
  in.warn_unknown();
  return out;
}

/// Assigns a getter's value or keeps its error.
class collector {
public:
  template <class T, class U>
  void operator()(T& target, const result<U>& value) {
    if (value) target = static_cast<T>(*value);
    else if (!failure_) failure_ = value.error();
  }
  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

private:
  std::optional<error> failure_;
};

} // namespace

result<std::vector<feed_config>> parse_feeds(std::string_view yaml, const std::string& origin,
                                             std::vector<std::string>& warnings) {
  std::vector<feed_config> out;
  try {
    const auto root = YAML::Load(std::string(yaml));
    const auto feeds = root && root.IsMap() ? root["feeds"] : YAML::Node{};
    if (!feeds || feeds.IsNull()) {
      out.emplace_back().name = "sim";
      return out;
    }
    if (!feeds.IsSequence())
      return error{errc::invalid_argument, "must be a list (" + origin + " line " + std::to_string(feeds.Mark().line + 1) + ")", "feeds"};
    if (feeds.size() > max_feeds) return error{errc::out_of_range, "more than 64 feeds", "feeds"};
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      const auto path = "feeds[" + std::to_string(i) + "]";
      if (!feeds[i].IsMap()) return error{errc::invalid_argument, "must be a map", path};
      auto feed = read_feed({feeds[i], path, origin, warnings}, origin, warnings);
      if (!feed) return feed.error();
      for (const auto& other : out)
        if (other.name == feed->name) return error{errc::conflict, "two feeds are called " + feed->name, path + ".name"};
      out.push_back(std::move(*feed));
    }
  } catch (const YAML::Exception& e) {
    return error{errc::invalid_argument, "not valid YAML: line " + std::to_string(e.mark.line + 1) + ": " + e.msg, origin};
  }
  return out;
}

result<node_config> node_config::make(const settings& values, std::string_view yaml, const std::string& yaml_origin,
                                      const std::string& host_name, std::vector<std::string>& warnings) {
  static constexpr std::string_view auth_modes[] = {"auto", "required"};
  static constexpr std::string_view levels[] = {"trace", "debug", "info", "warn", "error"};
  static constexpr std::string_view formats[] = {"json", "text"};
  static constexpr std::string_view time_units[] = {"s", "ms"};
  constexpr std::int64_t per_minute_max = 10'000'000;
  node_config out;
  collector set;
  out.node_id = values.text("node.id").empty() ? host_name : values.text("node.id");
  out.data_dir = values.text("node.data_dir");
  out.instruments_path = values.text("node.instruments");
  out.host = values.text("server.host");
  out.web_root = values.text("server.web_root");
  out.allowed_hosts = values.list("server.allowed_hosts");
  out.cors_origins = values.list("server.cors_origins");
  out.trusted_proxies = values.list("server.trusted_proxies");
  out.notice_allow = values.list("notices.allow");
  out.notice_ca_file = values.text("notices.ca_file");
  out.default_venue = values.text("market.calendar");
  out.benchmark = values.text("market.benchmark");
  auto& hooks = out.webhooks;
  hooks.secret = values.text("webhook.secret");
  hooks.ip_allow = values.list("webhook.ip_allow");
  hooks.listen = values.text("webhook.listen");
  const auto own_or = [&](const char* own, const char* general) { return values.text(own).empty() ? values.text(general) : values.text(own); };
  hooks.tls_cert = own_or("webhook.tls_cert", "server.tls_cert");
  hooks.tls_key = own_or("webhook.tls_key", "server.tls_key");
  hooks.client_ca = values.text("webhook.client_ca");
  set(hooks.freshness_s, values.integer("webhook.freshness_s", 1, 86'400));
  set(hooks.per_minute, values.integer("rate_limit.webhook", 1, per_minute_max));
  if (!values.text("server.tls_cert").empty())
    warnings.push_back(values.origin("server.tls_cert") + " serves webhook.listen only: the main port speaks plain HTTP");
  out.time_zone = values.text("market.time_zone");
  out.strategies_dir = values.text("trading.strategies_dir");
  out.day_roll = {values.text("trading.day_roll_stocks"), values.text("trading.day_roll_futures"), values.text("trading.day_roll_crypto")};
  set(out.risk_limits, risk::read_limits([&](std::string_view key) { return values.text(key); }));
  set(out.news_feeds, gateway::parse_feed_sources(values.list("news.feeds")));
  set(out.news_interval_s, values.integer("news.interval_s", 60, 86'400));
  set(out.threads, values.integer("node.threads", 0, 1024));
  set(out.port, values.integer("server.port", 0, 65535));
  if (!values.text("server.metrics_port").empty()) {
    std::uint16_t metrics_port = 0;
    set(metrics_port, values.integer("server.metrics_port", 0, 65535));
    out.metrics_port = metrics_port;
  }
  set(out.io_threads, values.integer("server.io_threads", 1, 256));
  set(out.stream_max_clients, values.integer("stream.max_clients", 1, 1'000'000));
  set(out.stream_max_symbols, values.integer("stream.max_symbols", 1, 100'000));
  set(out.stream_max_per_ip, values.integer("stream.max_connections_per_ip", 1, 1'000'000));
  set(out.rate_unauthenticated, values.integer("rate_limit.unauthenticated", 1, per_minute_max));
  set(out.rate_failed_auth, values.integer("rate_limit.failed_auth", 1, per_minute_max));
  set(out.rate_general, values.integer("rate_limit.general", 1, per_minute_max));
  set(out.rate_market_data, values.integer("rate_limit.market_data", 1, per_minute_max));
  set(out.rate_orders, values.integer("rate_limit.orders", 1, per_minute_max));
  set(out.rate_orders_burst, values.integer("rate_limit.orders_burst", 1, per_minute_max));
  set(out.rate_jobs, values.integer("rate_limit.jobs", 1, per_minute_max));
  set(out.backtesting, values.boolean("trading.enable_backtesting"));
  set(out.real_trading, values.boolean("trading.enable_real"));
  set(out.alerts, values.boolean("trading.enable_alerts"));
  set(out.paper_trading, values.boolean("trading.enable_paper"));
  set(out.portfolio, values.boolean("trading.enable_portfolio"));
  set(out.backtest_max_running, values.integer("backtest.max_concurrent", 1, 1'000));
  set(out.backtest_timeout_s, values.integer("backtest.timeout_s", 1, 86'400));
  set(out.backtest_workers, values.integer("backtest.workers", 0, 1024));
  set(out.log.max_mb, values.integer("log.max_mb", 1, 100'000));
  set(out.log.files, values.integer("log.files", 1, 1000));
  set(out.log.level, values.choice("log.level", levels));
  set(out.log.format, values.choice("log.format", formats));
  const auto auth_mode = values.choice("server.auth_mode", auth_modes);
  std::string mode, unit;
  set(mode, auth_mode);
  set(unit, values.choice("server.udf_next_time_unit", time_units));
  out.auth_required = mode == "required";
  out.udf_next_time_in_ms = unit == "ms";
  if (set.failure()) return *set.failure();
  if (!zone_clock::load(out.time_zone))
    return error{errc::invalid_argument, "is no time zone of the IANA database: " + in_quotes(out.time_zone), values.origin("market.time_zone")};
  if (std::ranges::find(out.cors_origins, "*") != out.cors_origins.end())
    return error{errc::invalid_argument, "must list origins; \"*\" would let any web page in", values.origin("server.cors_origins")};
  auto feeds = parse_feeds(yaml, yaml_origin, warnings);
  if (!feeds) return feeds.error();
  out.feeds = std::move(*feeds);
  auto cluster = cluster_config::make(values, out.node_id);
  if (!cluster) return cluster.error();
  out.cluster = std::move(*cluster);
  if (out.cluster && out.cluster->has(role::execution) && !out.cluster->has(role::gateway))
    return error{errc::invalid_argument, "execution needs gateway beside it: orders come in through the node's own doors", values.origin("cluster.roles")};
  if (!out.cluster && !values.text("storage.database_url").empty())
    warnings.push_back(values.origin("storage.database_url") + " is set, but a node that stands alone has no use for it yet");
  return out;
}

} // namespace tt::cluster
