#pragma once

// The typed configuration of one node, made from the settings and the list of
// feeds of the YAML file.

#include "actors/market/pace.hpp"
#include "actors/model/market_data.hpp"
#include "actors/model/time.hpp"
#include "actors/risk/limits.hpp"
#include "cluster/cluster_config.hpp"
#include "cluster/settings.hpp"
#include "gateways/news/feed_source.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tt::cluster {

/// What a feed reads from.
enum class feed_kind : std::uint8_t { sim, replay };

/// One file of a replay.
struct recording_config {
  std::string path;
  std::string symbol;
  std::string kind = "bars"; ///< bars, quotes, ticks
  timeframe frame;           ///< of bars and of quote rows
};

/// One entry of `feeds:`.
struct feed_config {
  std::string name;
  feed_kind kind = feed_kind::sim;
  market::pace pace;
  std::vector<std::string> symbols;         ///< sim: what to simulate; empty = its default universe
  std::uint64_t seed = 1;                   ///< sim
  std::optional<utc_time> start;            ///< sim: market time at the start; the wall clock when absent
  std::vector<recording_config> recordings; ///< replay
  bool loop = false;                        ///< replay: begin again at the end
  bool record = false;                      ///< replay: append finished minute bars to the bar store
};

/// Most feeds of one node and most files of one replay.
inline constexpr std::size_t max_feeds = 64;
inline constexpr std::size_t max_recordings = 256;

struct log_config {
  std::string level;
  std::string format;
  std::size_t max_mb = 10;
  std::size_t files = 5;
};

/// The webhook receiver.
struct webhook_config {
  std::string secret;                ///< of the default profile; empty: only loopback may post
  std::vector<std::string> ip_allow; ///< of the default profile
  std::size_t freshness_s = 60;
  std::string listen;                ///< address:port of the second listener; empty: none
  std::string tls_cert, tls_key, client_ca; ///< files of that listener
  std::size_t per_minute = 600, burst = 200;
};

struct node_config {
  std::string node_id;
  std::string data_dir;
  std::size_t threads = 0;
  std::optional<std::uint16_t> metrics_port;
  std::string instruments_path;
  std::string host;
  std::uint16_t port = 8080;
  std::size_t io_threads = 2;
  std::string web_root;
  bool auth_required = false;
  std::vector<std::string> allowed_hosts, cors_origins, trusted_proxies;
  bool udf_next_time_in_ms = false;
  std::size_t stream_max_clients = 1000, stream_max_symbols = 100, stream_max_per_ip = 10;
  std::size_t rate_unauthenticated = 100, rate_failed_auth = 30, rate_general = 600, rate_market_data = 1000, rate_jobs = 60,
              rate_orders = 60, rate_orders_burst = 20;
  bool backtesting = true;              ///< ENABLE_BACKTESTING
  bool real_trading = false;            ///< ENABLE_REAL_TRADING
  bool paper_trading = true;            ///< ENABLE_PAPER_TRADING
  bool portfolio = true;                ///< ENABLE_PORTFOLIO_TRACKING
  std::size_t backtest_max_running = 5; ///< BACKTEST_MAX_CONCURRENT
  std::size_t backtest_timeout_s = 300; ///< BACKTEST_TIMEOUT_S: without progress
  std::size_t backtest_workers = 0;     ///< 0: one per core
  bool alerts = true;                   ///< ENABLE_ALERTS
  std::vector<std::string> notice_allow; ///< NOTICE_ALLOW
  std::string notice_ca_file;           ///< NOTICE_CA_FILE
  std::vector<gateway::feed_source> news_feeds; ///< NEWS_FEEDS
  std::size_t news_interval_s = 300;    ///< NEWS_INTERVAL_S
  webhook_config webhooks;
  std::string default_venue;
  std::string benchmark; ///< symbol whose moves stop entries; empty, or unknown to the master: none
  std::string time_zone;                ///< of schedules: MARKET_TZ
  std::string strategies_dir;           ///< folder of YAML jobs
  /// Calendars whose openings end the day of an account, by its type.
  struct day_rolls {
    std::string stocks = "XNYS", futures = "CME_EQUITY", crypto = "24X7";
  } day_roll;
  log_config log;
  std::vector<feed_config> feeds;
  risk::limit_set risk_limits = {}; ///< what holds for every account: the `risk:` section
  std::optional<cluster_config> cluster; ///< absent: the node stands alone

  /// Errors: those of the settings' getters; invalid_argument for a feed, with
  /// the path of the key ("feeds[1].files[0].path").
  static result<node_config> make(const settings& values, std::string_view yaml, const std::string& yaml_origin,
                                  const std::string& host_name, std::vector<std::string>& warnings);
};

/// The `feeds:` list of a YAML file; one simulated exchange when there is none.
/// Relative paths are kept as written; the caller puts them in_home. Errors: as node_config::make.
result<std::vector<feed_config>> parse_feeds(std::string_view yaml, const std::string& origin,
                                             std::vector<std::string>& warnings);

} // namespace tt::cluster
