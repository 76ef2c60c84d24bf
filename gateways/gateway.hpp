#pragma once

// The HTTP server of a node: UDF, REST, service routes, the UI's files, and the
// door through which WebSocket clients reach the stream.
//
//   gateway_config config;
//   gateway server{config, market, clock, stream_hub};
//   auto port = server.start();            // result<std::uint16_t>
//   ...
//   server.stop();                         // returns within two seconds

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "gateways/http/rate_limiter.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

class alerts_port;
class news_store;
class cluster_port;
class jobs_port;
class job_files_port;
class strategies_port;
class paper_port;
class stop_port;
class trading_port;
class market_port;
class upgrade_handler;
class webhook_port;

/// AUTH_MODE of http-api.md section 2.
enum class auth_mode : std::uint8_t {
  automatic, ///< bound to loopback, a loopback caller is a trader on paper accounts
  required,  ///< every caller must identify itself
};

/// Unit of UDF's nextTime (UDF_NEXT_TIME_UNIT). The library reads seconds,
/// whatever its typings say.
enum class next_time_unit : std::uint8_t { seconds, milliseconds };

/// Whether a part of the system answers; off, its routes answer 403 feature.disabled.
enum class feature : std::uint8_t { enabled, disabled };

/// How long the server waits for a client, or for an answer of its own.
struct gateway_timeouts {
  std::chrono::milliseconds header{10'000}; ///< from the first byte to the end of the head
  std::chrono::milliseconds idle{60'000};   ///< between requests on one connection
  std::chrono::milliseconds body{30'000};   ///< to read a body
  std::chrono::milliseconds write{30'000};  ///< to hand a response to the client
  std::chrono::milliseconds answer{10'000}; ///< for a handler to answer; then 503
};

/// WEBHOOK_LISTEN: a second listener that serves nothing but /webhook/*.
struct webhook_listener {
  std::string host;       ///< address or name
  std::uint16_t port = 0; ///< 0 = any free port
  std::string cert, key;  ///< files (PEM); both empty: plain HTTP
  std::string client_ca;  ///< file with further authorities of client certificates, beside the system's
};

/// Everything the gateway is told at start. Read once; later changes have no effect.
struct gateway_config {
  std::string host = "localhost"; ///< name or address; "localhost" listens on 127.0.0.1 and ::1
  std::uint16_t port = 8080;      ///< 0 = any free port
  unsigned io_threads = 2;        ///< 1..64
  std::optional<std::uint16_t> metrics_port = {}; ///< second listener on `host` that serves /metrics to everybody; 0 = any free port
  std::vector<std::string> allowed_hosts = {};
  std::vector<std::string> cors_origins = {"http://localhost:5173", "http://localhost:3000"};
  std::vector<std::string> trusted_proxies = {}; ///< addresses or CIDR networks
  auth_mode auth = auth_mode::automatic;
  rate_limits limits = default_rate_limits();
  unsigned max_connections = 1024;         ///< further ones are closed at once
  unsigned stream_connections_per_ip = 10; ///< upgraded connections per client address
  unsigned progress_connections_per_ip = 10; ///< the same for progress sockets of jobs
  feature backtesting = feature::enabled;  ///< ENABLE_BACKTESTING
  feature alerts = feature::enabled;       ///< ENABLE_ALERTS
  feature paper_trading = feature::enabled; ///< ENABLE_PAPER_TRADING
  feature portfolio = feature::enabled;    ///< ENABLE_PORTFOLIO_TRACKING
  gateway_timeouts timeouts = {};
  std::string web_root = {}; ///< folder of the built UI; empty or missing = a page that says so
  std::string data_dir = {}; ///< folder of gateway.sqlite; empty = kept in memory only
  std::string version = "0.1.0";
  std::string node_id = "local";
  std::string market_calendar = "XNYS";
  next_time_unit udf_next_time = next_time_unit::seconds;
  std::string tls_cert = {}; ///< not served by this build: set = start() fails
  std::string tls_key = {};
  std::optional<webhook_listener> webhooks = {}; ///< WEBHOOK_LISTEN
};

/// Wall clock of the process.
using wall_clock = std::function<utc_time()>;

/// Owns the listening sockets and the I/O threads. start and stop are called from
/// one thread.
class gateway {
public:
  /// `market` and `stream` outlive the gateway. `stream` may be null: then /stream answers 503.
  gateway(gateway_config config, market_port& market, wall_clock clock, upgrade_handler* stream);
  ~gateway();
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;

  /// Metrics of other parts that /metrics shall show. Call before start().
  void add_metrics(std::weak_ptr<prometheus::Collectable> source);

  /// Shows the cluster under /api/v1/cluster; without it the node stands alone.
  /// `port` outlives the gateway. Call before start().
  void show_cluster(cluster_port& port);

  /// Serves backtests and studies, their progress sockets and metrics; without it
  /// their routes answer 503. `jobs` outlives the gateway. Call before start().
  void serve_jobs(jobs_port& jobs);

  /// Serves the accounts of this node; without it their routes answer 503. `port` outlives
  /// the gateway. Call before start().
  void show_trading(trading_port& port);
  /// Has emergency stops and resumes ordered here, for accounts on other nodes, too; without it they are the trading port's.
  /// `port` outlives the gateway. Call before start().
  void show_stops(stop_port& port);
  /// Serves the list of paper accounts; likewise.
  void show_paper(paper_port& port);

  /// Serves the YAML jobs of this node; without it their routes answer 503. As above.
  void show_job_files(job_files_port& port);
  /// Serves the strategies of this node; without it their routes answer 503. `port` outlives the gateway. Call before start().
  void show_strategies(strategies_port& port);
  /// Serves the alerts of this node; without it their routes answer 503. `port` outlives the
  /// gateway. Call before start().
  void serve_alerts(alerts_port& port);
  /// Serves the headlines of this node; without it there are none, and the answer says so. As above.
  void show_news(news_store& news);
  /// Receives alerts; without it their routes answer 503. `port` outlives the gateway. Call before start().
  void receive_webhooks(webhook_port& port);

  /// Binds, then serves until stop(). Gives the bound port.
  /// Errors: not_available (port in use, address not ours), invalid_argument (a
  /// bad value, names the key), io_error (data folder), unsupported (TLS).
  result<std::uint16_t> start();
  /// The bound port of METRICS_PORT; 0 when there is none.
  [[nodiscard]] std::uint16_t metrics_port() const;
  /// The bound port of WEBHOOK_LISTEN; 0 when there is none.
  [[nodiscard]] std::uint16_t webhook_listen_port() const;
  /// Closes every connection and joins the threads. Harmless when not running.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tt::gateway
