#include "cluster/node.hpp"

#include "actors/market/directory_actor.hpp"
#include "actors/market/feed_actor.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/bus_metrics.hpp"
#include "cluster/cluster_node.hpp"
#include "cluster/feeds.hpp"
#include "cluster/folder_lock.hpp"
#include "cluster/office/office.hpp"
#include "cluster/office/seat.hpp"
#include "cluster/stops/stop_service.hpp"
#include "gateways/alerts/alert_channel.hpp"
#include "gateways/auth/first_admin.hpp"
#include "gateways/bridge/actor_jobs_port.hpp"
#include "gateways/bridge/actor_market_port.hpp"
#include "gateways/gateway.hpp"
#include "gateways/http/peer_rules.hpp"
#include "gateways/jobs/job_channels.hpp"
#include "gateways/news/news_channel.hpp"
#include "gateways/news/news_service.hpp"
#include "gateways/notify/https_notice_sender.hpp"
#include "gateways/strategies/strategy_channels.hpp"
#include "gateways/stream/stream_service.hpp"
#include "gateways/trading/trading_channels.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <set>
#include <thread>

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
  limit(gateway::rate_class::jobs, config.rate_jobs);
  out.limits[static_cast<std::size_t>(gateway::rate_class::orders)] = {static_cast<std::uint32_t>(config.rate_orders),
                                                                       static_cast<std::uint32_t>(config.rate_orders_burst)};
  out.backtesting = config.backtesting ? gateway::feature::enabled : gateway::feature::disabled;
  out.alerts = config.alerts ? gateway::feature::enabled : gateway::feature::disabled;
  out.paper_trading = config.paper_trading ? gateway::feature::enabled : gateway::feature::disabled;
  out.portfolio = config.portfolio ? gateway::feature::enabled : gateway::feature::disabled;
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

/// Longest wait of a starting node for the time of the cluster's market, and the pause between two looks.
constexpr std::chrono::milliseconds market_time_wait{10'000}, market_time_pause{20};
/// Longest wait of a starting node for the lease of the accounts, before it serves without them.
constexpr std::chrono::milliseconds accounts_wait{3'000};
/// How often a gateway that begins anew tries to get its port back, and the pause between.
constexpr int serve_tries = 20;
/// A lease changes hands once in a second or more, and no answer is waited for longer than ten.
constexpr std::size_t kept_formers = 32;
constexpr std::chrono::milliseconds serve_pause{100};

} // namespace

std::string_view version() { return TT_VERSION; }

struct node::impl {
  node_config config;
  std::function<utc_time()> clock;
  std::shared_ptr<const instrument_master> master;
  folder_lock folder; ///< first in, last out
  std::shared_ptr<market::bar_store> store;
  feed_maker make_feeds;
  actor_config actors_config;
  std::unique_ptr<tt::cluster::cluster_node> cluster; ///< outlives the system, whose actors call it
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<bus_metrics> bus_figures; ///< asked by the server's metrics
  caf::actor directory; ///< of a node that stands alone
  std::vector<gateway::feed_handle> feeds;
  std::unique_ptr<backtest_service> backtests; ///< of a node that stands alone
  std::unique_ptr<gateway::actor_market_port> port;
  std::unique_ptr<gateway::actor_jobs_port> jobs;
  std::shared_ptr<seat> accounts_seat; ///< of a node that competes for the accounts of the database
  std::unique_ptr<office> desk;        ///< of a node that stands alone or has the role execution, and the accounts
  std::unique_ptr<stop_service> stops; ///< of a gateway in a cluster; asks the desk's accounts
  std::unique_ptr<gateway::stream_service> stream;
  std::unique_ptr<gateway::job_channels> channels; ///< of the stream
  std::unique_ptr<gateway::trading_channels> order_channels; ///< likewise
  std::unique_ptr<gateway::strategy_channels> strategy_channel; ///< likewise
  std::unique_ptr<gateway::alert_channel> alert_events; ///< likewise
  std::unique_ptr<gateway::news_service> news; ///< of a gateway with feeds
  std::unique_ptr<gateway::news_channel> headlines; ///< of the stream
  std::unique_ptr<gateway::gateway> server;
  /// What was served before accounts came or went: closed, and kept while answers may be under way that it asked for.
  struct former {
    std::unique_ptr<office> desk;
    std::unique_ptr<stop_service> stops;
    std::unique_ptr<gateway::stream_service> stream;
    std::unique_ptr<gateway::gateway> server;
  };
  std::deque<former> formers;
  std::uint16_t bound_port = 0;
  std::atomic<bool> is_stopping = false;
  std::uint64_t epoch_here = 0; ///< of the accounts that were opened at the start

  impl(const node_config& settings, std::function<utc_time()> wall, feed_maker maker)
    : config(settings), clock(std::move(wall)), make_feeds(std::move(maker)), actors_config(settings.threads) {}

  ~impl() { stop(); }

  void stop() {
    is_stopping = true; // a takeover that waits for something must not hold up the end
    if (accounts_seat) accounts_seat->stop(); // from now on this thread alone opens and closes
    close_gateway();
    if (news) news->stop();
    if (desk) desk->close_accounts(); // their last answers need the gateway's sockets
    else if (stops) stops->end();
    if (port) port->end(); // answers that are under way would meet a gateway that is gone
    if (jobs) jobs->end();
    if (backtests) backtests->stop();
    for (const auto& feed : feeds) caf::anon_send_exit(feed.actor, caf::exit_reason::user_shutdown);
    feeds.clear();
    if (cluster) cluster->stop(); // after those who ask its directory
    if (directory) caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
    directory = nullptr;
    formers.clear();
    server.reset();
    jobs.reset();
    desk.reset();
    stops.reset();
    stream.reset();
    port.reset();
    system.reset(); // waits for the actors
  }

  /// Ends what is served, and what orders; the accounts can still answer.
  void close_gateway() {
    if (server) server->stop();
    channels.reset();
    order_channels.reset();
    strategy_channel.reset();
    alert_events.reset();
    headlines.reset();
    if (desk) desk->close_doors();
  }

  result<void> load() {
    auto loaded = instrument_master::load(config.instruments_path);
    if (!loaded) {
      auto why = loaded.error();
      if (why.field == config.instruments_path) why.field = "node.instruments";
      return why;
    }
    const bool serves = !config.cluster || config.cluster->has(role::gateway);
    if (serves && !std::filesystem::exists(std::filesystem::path(config.web_root) / "index.html"))
      spdlog::warn("server.web_root: {} has no index.html: this node serves no UI (./tt up builds it)", config.web_root);
    master = std::make_shared<const instrument_master>(std::move(*loaded));
    for (const auto& [name, key] : {std::pair{&config.day_roll.stocks, "trading.day_roll_stocks"}, {&config.day_roll.futures, "trading.day_roll_futures"},
                                    {&config.day_roll.crypto, "trading.day_roll_crypto"}})
      if (!find_calendar(*name)) return error{errc::invalid_argument, "no such calendar: " + *name, key};
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
  symbol_factory(const std::vector<prepared_feed>& prepared, std::function<utc_time()> clock_of_market = {}) const {
    return [sources = sources_for_symbols(store, prepared), clock = clock, clock_of_market = std::move(clock_of_market), recorder = make_recorder(store)](const instrument& what) {
      market::symbol_options options;
      options.market_clock = clock_of_market;
      options.what = std::make_shared<const instrument>(what);
      options.histories = sources.histories;
      options.clock = clock;
      if (sources.recorded.contains(what.symbol)) options.record = recorder;
      if (sources.unkept.contains(what.symbol)) {
        options.keep_minutes = market::max_unrecorded_bars;
        options.forgets = [](const std::string& symbol) {
          spdlog::warn("the replay of {} is longer than memory keeps ({} minutes): charts lose its oldest bars; `record: true` keeps all",
                       symbol, market::max_unrecorded_bars);
        };
      }
      if (!sources.reached.empty())
        options.reached = [told = sources.reached](utc_time t) {
          for (const auto& tell : told) tell(t);
        };
      return options;
    };
  }

  void start_feeds(std::vector<prepared_feed> prepared, utc_time made_at) {
    for (auto& feed : prepared) {
      auto options = std::make_shared<market::feed_options>();
      options->name = feed.name;
      options->source = std::move(feed.source);
      options->how = feed.pace;
      options->clock = clock;
      options->market_start = feed.market_start;
      options->market_time_ns = market_time;
      options->on_end = log_end_of_feed;
      options->reopen = make_reopener(make_feeds, master, store, made_at, feed.name);
      feeds.push_back({feed.name, system->spawn(market::feed_actor, std::move(options), directory)});
      caf::anon_send(feeds.back().actor, market::start_atom::value);
      spdlog::info("feed {} runs at {}", feed.name, feed.pace.to_string());
    }
  }

  result<void> start() {
    if (auto loaded = load(); !loaded) return loaded;
    const auto now = clock();
    std::vector<std::string> notes;
    // a node that neither runs feeds nor hosts symbols has no use for their sources
    const bool needs_feeds = !config.cluster || config.cluster->has(role::symbols) || config.cluster->has(role::feed);
    auto prepared = needs_feeds ? make_feeds(*master, *store, now, notes) : std::vector<prepared_feed>{};
    if (!prepared) return prepared.error();
    for (const auto& note : notes) spdlog::warn("{}", note);
    return config.cluster ? start_in_cluster(*prepared) : start_alone(std::move(*prepared), now);
  }

  result<void> start_alone(std::vector<prepared_feed> prepared, utc_time now) {
    system = std::make_unique<caf::actor_system>(actors_config);
    const bool wall_time = prepared.empty() || std::ranges::any_of(prepared, &prepared_feed::follows_wall_clock);
    if (!wall_time) begin_market_time(prepared);
    directory = system->spawn(market::directory_actor, master, symbol_factory(prepared, market_clock(wall_time)));
    start_feeds(std::move(prepared), now);
    port = std::make_unique<gateway::actor_market_port>(*system, master, directory, [list = feeds] { return list; },
                                                        market_clock(wall_time));
    if (config.backtesting) {
      backtests = std::make_unique<backtest_service>(*system, config, clock, master, directory);
      backtests->start_alone();
      jobs = std::make_unique<gateway::actor_jobs_port>(*system, [coordinator = backtests->coordinator()] { return coordinator; });
    }
    const office_place place{config.data_dir};
    if (auto opened = open_office(place, market_clock(wall_time), directory, {}, [wall_time] { return wall_time; }); !opened) return opened;
    return start_gateway();
  }

  /// Accounts and all that orders from them. `symbols` is the directory that finds the symbols' actors.
  result<void> open_office(office_place place, std::function<utc_time()> clock_of_market, const caf::actor& symbols,
                           std::function<void(utc_time)> on_market_time, std::function<bool()> is_real_time) {
    auto opened = office::open({*system, config, clock, std::move(clock_of_market), master, *port, symbols, std::move(on_market_time),
                                std::move(is_real_time), std::move(place), [this](trading_service& accounts) { return start_stops(&accounts); },
                                [this] {
                                  if (stops) stops->end();
                                }});
    if (!opened) return opened.error();
    desk = std::move(*opened);
    return {};
  }

  /// Of a gateway in a cluster; again where it begins or ends to have accounts.
  result<void> start_stops(trading_service* accounts) {
    if (!cluster) return {};
    auto ordered = stop_service::start({*system, config, clock, cluster->wire(), accounts});
    if (!ordered) return ordered.error();
    stops = std::move(*ordered);
    return {};
  }

  /// Where no feed follows the wall clock the market's time begins with the feeds, before they run: accounts that are
  /// replayed meanwhile must not see another one.
  void begin_market_time(const std::vector<prepared_feed>& prepared) const {
    for (const auto& feed : prepared) {
      const auto begins = feed.market_start.value_or(feed.source->start_time()).time_since_epoch().count();
      market_time->store(std::max(market_time->load(), begins));
    }
  }

  /// Accounts must not see one time first and another later: they begin when a feed of the cluster has told the market's.
  result<void> open_cluster_office(office_place place) {
    const auto time = cluster->market_time();
    if (!time->is_known()) spdlog::info("accounts wait for the time of the cluster's market");
    for (auto waited = market_time_pause; !time->is_known() && waited < market_time_wait && !is_stopping; waited += market_time_pause)
      std::this_thread::sleep_for(market_time_pause);
    if (is_stopping) return error{errc::not_available, "the node is stopping"};
    if (!time->is_known())
      spdlog::warn("no feed of the cluster was heard within {} s: accounts begin by the wall clock", market_time_wait / std::chrono::seconds{1});
    return open_office(std::move(place), cluster->market_clock(), cluster->directory(), [time](utc_time seen) { time->on_update(seen); },
                       [time] { return time->is_wall_clock(); });
  }

  /// Of a node of a cluster with the role execution.
  result<void> start_accounts() {
    if (config.cluster->accounts == account_home::here) return open_cluster_office({config.data_dir});
    accounts_seat = std::make_shared<seat>(*system);
    cluster->hold_accounts([at = accounts_seat](std::uint64_t epoch) { return at->take(epoch); });
    // a gateway that opens twice within a second would be a nuisance
    const auto epoch = accounts_seat->await(accounts_wait, [this] { return cluster->are_accounts_open(); });
    if (epoch_here = epoch; epoch != 0) return open_cluster_office(moving_place(epoch));
    spdlog::info("the accounts are open on another node, or nobody gives their lease; this one takes over when it can");
    return {};
  }

  [[nodiscard]] office_place moving_place(std::uint64_t epoch) const {
    return {config.data_dir, sql_server{config.cluster->database_url, {std::string(accounts_lease), epoch}}};
  }

  /// The lease has come: what is served begins anew, with the accounts.
  result<void> take_over(std::uint64_t epoch) {
    const auto began = std::chrono::steady_clock::now();
    close_served();
    const auto opened = open_cluster_office(moving_place(epoch));
    if (!opened) stops.reset(); // of accounts that are gone again
    const auto served = serve_again();
    if (!opened || !served) return opened ? served : opened;
    spdlog::warn("the accounts are open here under epoch {} ({} ms)", epoch,
                 std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count());
    return {};
  }

  /// The lease is gone: another node may have the accounts already.
  void hand_over() {
    spdlog::warn("the accounts are not open here any more");
    close_served();
    static_cast<void>(serve_again());
  }

  void close_served() {
    close_gateway();
    if (desk) desk->close_accounts();
    else if (stops) stops->end();
    formers.push_back({std::move(desk), std::move(stops), std::move(stream), std::move(server)});
    if (formers.size() > kept_formers) formers.pop_front();
  }

  /// Serves with the accounts that are here now. The port was ours a moment ago: it is tried for a while.
  result<void> serve_again() {
    if (!stops)
      if (auto stopped = start_stops(desk ? &desk->trading() : nullptr); !stopped) spdlog::error("emergency stops don't run: {}", to_string(stopped.error()));
    result<void> served;
    for (int i = 0; i < serve_tries && !is_stopping; ++i) {
      if (served = start_gateway(); served) return served;
      server.reset();
      std::this_thread::sleep_for(serve_pause);
    }
    if (is_stopping) return error{errc::not_available, "the node is stopping"};
    spdlog::critical("nothing is served any more: {}", to_string(served.error()));
    return served;
  }

  result<void> start_in_cluster(const std::vector<prepared_feed>& prepared) {
    auto crews = tt::cluster::cluster_node::attach(actors_config, config);
    system = std::make_unique<caf::actor_system>(actors_config);
    cluster = std::make_unique<tt::cluster::cluster_node>(
      *system, cluster_surroundings{config, clock, master, store, make_feeds, symbol_factory(prepared)}, std::move(crews));
    if (auto started = cluster->start(); !started) return started;
    if (config.cluster->has(role::gateway)) {
      port = std::make_unique<gateway::actor_market_port>(*system, master, cluster->directory(), cluster->feeds(),
                                                          cluster->market_clock(), cluster->plane());
      if (config.backtesting) jobs = std::make_unique<gateway::actor_jobs_port>(*system, cluster->backtest_coordinator(), cluster->jobs_plane());
      if (config.cluster->has(role::execution))
        if (auto started = start_accounts(); !started) return started;
      if (!stops)
        if (auto stopped = start_stops(nullptr); !stopped) return stopped;
      if (auto opened = start_gateway(); !opened) return opened;
      if (accounts_seat)
        accounts_seat->follow({[this](std::uint64_t epoch) { return take_over(epoch); }, [this] { hand_over(); }}, desk ? epoch_here : 0);
    }
    cluster->announce(url());
    return {};
  }

  /// Where everybody must say who they are, somebody must be able to.
  result<void> welcome_first_admin() {
    if (!config.auth_required && gateway::is_loopback_host(config.host)) return {};
    auto made = gateway::make_first_admin(config.data_dir, clock());
    if (!made) return made.error();
    if (*made) spdlog::warn("nobody may administer this node yet: {} holds an admin token; take it, then delete the file", **made);
    return {};
  }

  result<void> start_gateway() {
    if (auto welcomed = welcome_first_admin(); !welcomed) return welcomed;
    stream = std::make_unique<gateway::stream_service>(*port, stream_settings(config));
    auto served = gateway_settings(config);
    if (bound_port != 0) served.port = bound_port; // of an earlier life
    if (desk) {
      auto listener = webhook_listener_of(config);
      if (!listener) return listener.error();
      served.webhooks = std::move(*listener);
    }
    server = std::make_unique<gateway::gateway>(std::move(served), *port, clock, stream.get());
    server->add_metrics(stream->metrics());
    if (cluster) server->show_cluster(*cluster);
    bus_figures = std::make_shared<bus_metrics>(cluster ? &cluster->bus() : nullptr);
    server->add_metrics(bus_figures);
    if (stops) server->show_stops(*stops);
    if (desk) show_desk();
    if (jobs) {
      channels = std::make_unique<gateway::job_channels>(*jobs, *stream, clock);
      server->serve_jobs(*jobs);
    }
    if (!config.news_feeds.empty()) show_news();
    auto bound = server->start();
    if (!bound) return bound.error();
    bound_port = *bound;
    return {};
  }

  void show_news() {
    if (!news) news = std::make_unique<gateway::news_service>(gateway::news_config{config.news_feeds, std::chrono::seconds{config.news_interval_s}, std::string(version())}, master, clock);
    headlines.reset(); // of a try that failed: it ends its watch, which must not be the new one's
    headlines = std::make_unique<gateway::news_channel>(news->store(), *stream, clock);
    server->show_news(news->store());
    news->start();
  }

  /// Everything of the desk has its routes and channels.
  void show_desk() {
    auto& trading = desk->trading();
    order_channels = std::make_unique<gateway::trading_channels>(trading.port(), *stream, clock);
    server->show_trading(trading.port());
    server->show_job_files(desk->jobs());
    server->show_paper(trading.paper());
    server->add_metrics(trading.metrics());
    strategy_channel = std::make_unique<gateway::strategy_channels>(desk->strategies(), *stream, clock);
    server->show_strategies(desk->strategies());
    if (auto* alerts = desk->alerts()) {
      alert_events = std::make_unique<gateway::alert_channel>(*alerts, *stream, clock);
      server->serve_alerts(*alerts);
      server->add_metrics(alerts->metrics());
    }
    auto& webhooks = desk->webhooks();
    webhooks.show_on(*stream, clock);
    server->receive_webhooks(webhooks.port());
    server->add_metrics(webhooks.metrics());
  }

  [[nodiscard]] std::string url() const {
    if (!server) return {};
    const auto& host = config.host;
    const bool v6 = host.find(':') != std::string::npos;
    const bool any = host == "0.0.0.0" || host == "::";
    return "http://" + (any ? std::string("localhost") : v6 ? "[" + host + "]" : host) + ":" + std::to_string(bound_port) + "/";
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
               [feeds = config.feeds](const instrument_master& master, const market::bar_store& store, utc_time now,
                                      std::vector<std::string>& notes) {
                 return prepare_feeds(feeds, master, store, now, notes);
               });
}

result<std::unique_ptr<node>> node::start(const node_config& config, std::function<utc_time()> clock, const feed_maker& make_feeds) {
  auto parts = std::make_unique<impl>(config, std::move(clock), make_feeds);
  if (auto started = parts->start(); !started) return started.error();
  return std::unique_ptr<node>(new node(std::move(parts)));
}

std::uint16_t node::port() const { return impl_->bound_port; }
std::string node::url() const { return impl_->url(); }
gateway::trading_port* node::accounts() const { return impl_->desk ? &impl_->desk->trading().port() : nullptr; }
gateway::stop_port* node::stops() const { return impl_->stops.get(); }
gateway::paper_port* node::paper() const { return impl_->desk ? &impl_->desk->trading().paper() : nullptr; }
std::shared_ptr<order_desk> node::desk() const { return impl_->desk ? impl_->desk->trading().desk() : nullptr; }
std::string node::topics_endpoint() const { return impl_->cluster ? impl_->cluster->topics_endpoint() : std::string{}; }
std::string node::control_endpoint() const { return impl_->cluster ? impl_->cluster->control_endpoint() : std::string{}; }
void node::reload_keys() {
  if (impl_->cluster) impl_->cluster->reload_keys();
}

} // namespace tt::cluster
