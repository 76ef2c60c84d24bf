#include "cluster/node.hpp"

#include "actors/market/directory_actor.hpp"
#include "actors/market/feed_actor.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/feeds.hpp"
#include "cluster/folder_lock.hpp"
#include "gateways/bridge/actor_market_port.hpp"
#include "gateways/gateway.hpp"
#include "gateways/stream/stream_service.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>

namespace tt::cluster {

namespace {

gateway::gateway_config gateway_settings(const node_config& config) {
  gateway::gateway_config out;
  out.host = config.host;
  out.port = config.port;
  out.io_threads = static_cast<unsigned>(config.io_threads);
  out.allowed_hosts = config.allowed_hosts;
  out.cors_origins = config.cors_origins;
  out.trusted_proxies = config.trusted_proxies;
  out.auth = config.auth_required ? gateway::auth_mode::required : gateway::auth_mode::automatic;
  const auto limit = [&](gateway::rate_class kind, std::size_t per_minute) {
    out.limits[static_cast<std::size_t>(kind)].per_minute = static_cast<std::uint32_t>(per_minute);
  };
  limit(gateway::rate_class::unauthenticated, config.rate_unauthenticated);
  limit(gateway::rate_class::failed_auth, config.rate_failed_auth);
  limit(gateway::rate_class::general, config.rate_general);
  limit(gateway::rate_class::market_data, config.rate_market_data);
  out.stream_connections_per_ip = static_cast<unsigned>(config.stream_max_per_ip);
  out.metrics_port = config.metrics_port;
  out.web_root = config.web_root;
  out.data_dir = config.data_dir;
  out.version = std::string(version());
  out.node_id = config.node_id;
  out.market_calendar = config.default_venue;
  out.udf_next_time = config.udf_next_time_in_ms ? gateway::next_time_unit::milliseconds : gateway::next_time_unit::seconds;
  return out;
}

gateway::stream_config stream_settings(const node_config& config) {
  gateway::stream_config out;
  out.max_clients = config.stream_max_clients;
  out.max_symbols = config.stream_max_symbols;
  out.node = config.node_id;
  return out;
}

/// Appends finished minute bars of recorded symbols to the store, and logs what
/// the store refuses.
market::bar_recorder make_recorder(std::shared_ptr<market::bar_store> store) {
  return [store = std::move(store)](const std::string& symbol, std::span<const bar> closed) {
    const auto report = store->merge(symbol, timeframe::minutes(1), closed, market::merge_policy::replace);
    if (!report) spdlog::error("bar store: {}: {}", symbol, to_string(report.error()));
    else if (report->rejected > 0)
      spdlog::error("bar store: {}: {} bars rejected, first: {}", symbol, report->rejected, report->problems.front().reason);
  };
}

} // namespace

std::string_view version() { return TT_VERSION; }

struct node::impl {
  node_config config;
  std::function<utc_time()> clock;
  std::shared_ptr<const instrument_master> master;
  folder_lock folder; ///< first in, last out
  std::shared_ptr<market::bar_store> store;
  actor_config actors_config;
  std::unique_ptr<caf::actor_system> system;
  caf::actor directory;
  std::vector<caf::actor> feeds;
  std::unique_ptr<gateway::actor_market_port> port;
  std::unique_ptr<gateway::stream_service> stream;
  std::unique_ptr<gateway::gateway> server;
  std::uint16_t bound_port = 0;

  impl(const node_config& settings, std::function<utc_time()> wall)
    : config(settings), clock(std::move(wall)), actors_config(settings.threads) {}

  ~impl() { stop(); }

  void stop() {
    if (server) server->stop();
    port.reset();
    for (const auto& feed : feeds) caf::anon_send_exit(feed, caf::exit_reason::user_shutdown);
    feeds.clear();
    if (directory) caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
    directory = nullptr;
    server.reset();
    stream.reset();
    system.reset(); // waits for the actors
  }

  result<void> load() {
    auto loaded = instrument_master::load(config.instruments_path);
    if (!loaded) return loaded.error();
    master = std::make_shared<const instrument_master>(std::move(*loaded));
    if (!find_calendar(config.default_venue))
      return error{errc::invalid_argument, "no such calendar: " + config.default_venue, "market.calendar"};
    std::error_code failed;
    std::filesystem::create_directories(config.data_dir, failed);
    if (failed) return error{errc::io_error, "can't make " + config.data_dir + ": " + failed.message(), "node.data_dir"};
    auto locked = folder_lock::take(config.data_dir);
    if (!locked) return locked.error();
    folder = std::move(*locked);
    auto opened = market::bar_store::open((std::filesystem::path(config.data_dir) / "bars").string());
    if (!opened) return opened.error();
    store = std::move(*opened);
    for (const auto& key : store->list())
      if (const auto whole = store->columns(key.symbol, key.frame); !whole)
        spdlog::warn("bar store: {} {} can't be read ({}): charts do without it; delete its folder and import it again", key.symbol,
                     key.frame.to_string(), to_string(whole.error()));
    return {};
  }

  /// What the actor of a symbol is made of; called in the directory's context.
  [[nodiscard]] std::function<market::symbol_options(const instrument&)>
  symbol_factory(const std::vector<prepared_feed>& prepared) const {
    std::vector<std::shared_ptr<const market::history_source>> histories{store};
    std::set<std::string, std::less<>> recorded;
    for (const auto& feed : prepared) {
      if (feed.history) histories.push_back(feed.history);
      if (feed.record) recorded.insert(feed.source->symbols().begin(), feed.source->symbols().end());
    }
    return [histories = std::move(histories), recorded = std::move(recorded), master = master, clock = clock,
            recorder = make_recorder(store)](const instrument& what) {
      market::symbol_options options;
      options.what = std::make_shared<const instrument>(what);
      options.histories = histories;
      options.clock = clock;
      if (recorded.contains(what.symbol)) options.record = recorder;
      return options;
    };
  }

  void start_feeds(std::vector<prepared_feed> prepared) {
    for (auto& feed : prepared) {
      auto options = std::make_shared<market::feed_options>();
      options->name = feed.name;
      options->source = std::move(feed.source);
      options->how = feed.pace;
      options->clock = clock;
      options->market_start = feed.market_start;
      options->market_time_ns = market_time;
      feeds.push_back(system->spawn(market::feed_actor, std::move(options), directory));
      caf::anon_send(feeds.back(), market::start_atom::value);
      spdlog::info("feed {} runs at {}", feed.name, feed.pace.to_string());
    }
  }

  result<void> start(const feed_maker& make_feeds) {
    if (auto loaded = load(); !loaded) return loaded;
    std::vector<std::string> notes;
    auto prepared = make_feeds(*master, *store, clock(), notes);
    if (!prepared) return prepared.error();
    for (const auto& note : notes) spdlog::warn("{}", note);
    system = std::make_unique<caf::actor_system>(actors_config);
    directory = system->spawn(market::directory_actor, master, symbol_factory(*prepared));
    const bool wall_time = prepared->empty() || std::ranges::any_of(*prepared, &prepared_feed::follows_wall_clock);
    start_feeds(std::move(*prepared));
    port = std::make_unique<gateway::actor_market_port>(*system, master, directory, feeds, market_clock(wall_time));
    stream = std::make_unique<gateway::stream_service>(*port, stream_settings(config));
    server = std::make_unique<gateway::gateway>(gateway_settings(config), *port, clock, stream.get());
    server->add_metrics(stream->metrics());
    auto bound = server->start();
    if (!bound) return bound.error();
    bound_port = *bound;
    return {};
  }

  /// The wall clock where a feed follows it; else what the last feed wrote.
  [[nodiscard]] std::function<utc_time()> market_clock(bool wall_time) const {
    if (wall_time) return clock;
    return [clock = clock, board = market_time] {
      const auto ns = board->load(std::memory_order_relaxed);
      return ns == INT64_MIN ? clock() : utc_time{nanoseconds{ns}};
    };
  }

  std::shared_ptr<std::atomic<std::int64_t>> market_time = std::make_shared<std::atomic<std::int64_t>>(INT64_MIN);
};

node::node(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
node::~node() = default;

result<std::unique_ptr<node>> node::start(const node_config& config, std::function<utc_time()> clock) {
  return start(config, std::move(clock),
               [&](const instrument_master& master, const market::bar_store& store, utc_time now, std::vector<std::string>& notes) {
                 return prepare_feeds(config.feeds, master, store, now, notes);
               });
}

result<std::unique_ptr<node>> node::start(const node_config& config, std::function<utc_time()> clock, const feed_maker& make_feeds) {
  auto parts = std::make_unique<impl>(config, std::move(clock));
  if (auto started = parts->start(make_feeds); !started) return started.error();
  return std::unique_ptr<node>(new node(std::move(parts)));
}

std::uint16_t node::port() const { return impl_->bound_port; }

std::string node::url() const {
  const auto& host = impl_->config.host;
  const bool v6 = host.find(':') != std::string::npos;
  const bool any = host == "0.0.0.0" || host == "::";
  return "http://" + (any ? std::string("localhost") : v6 ? "[" + host + "]" : host) + ":" + std::to_string(impl_->bound_port) + "/";
}

} // namespace tt::cluster
