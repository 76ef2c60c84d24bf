#include "cluster/settings.hpp"

#include "actors/risk/limits.hpp"

namespace tt::cluster {

std::span<const setting_spec> setting_specs() {
  using enum key_use;
  using enum key_secrecy;
  // clang-format off
  static const std::vector<setting_spec> written{
    {"node.id", {"NODE_ID"}, "", "name of this node; the host's name when empty"},
    {"node.data_dir", {"DATA_DIR"}, "data/", "folder for bar store, layouts, logs", active, open, key_form::path},
    {"node.threads", {"TT_THREADS"}, "0", "scheduler threads of the actors; 0 = one per core"},
    {"node.instruments", {"TT_INSTRUMENTS"}, "config/instruments.yaml", "instrument master", active, open, key_form::path},

    {"server.host", {"DATAHUB_HOST", "HOST", "BACKEND_HOST"}, "localhost", "address to listen on"},
    {"server.port", {"DATAHUB_PORT", "PORT", "BACKEND_PORT"}, "8080", "port of HTTP and WebSocket; 0 = any free one"},
    {"server.io_threads", {"TT_IO_THREADS"}, "2", "threads that own sockets"},
    {"server.web_root", {"TT_WEB_ROOT"}, "ui-bridge/web/dist", "folder of the built UI", active, open, key_form::path},
    {"server.auth_mode", {"AUTH_MODE"}, "auto", "auto: loopback trades on paper without an identity; required: everybody needs one"},
    {"server.allowed_hosts", {"ALLOWED_HOSTS"}, "", "further Host names that are answered", active, open, key_form::list},
    {"server.cors_origins", {"CORS_ORIGINS"}, "http://localhost:5173,http://localhost:3000", "web origins that may call", active, open, key_form::list},
    {"server.trusted_proxies", {"TRUSTED_PROXIES"}, "", "peers whose X-Forwarded-For is believed", active, open, key_form::list},
    {"server.tls_cert", {"TLS_CERT"}, "", "certificate file (PEM); of webhook.listen only, the main port speaks plain HTTP", active, open, key_form::path},
    {"server.tls_key", {"TLS_KEY"}, "", "key file (PEM); likewise", active, open, key_form::path},
    {"server.metrics_port", {"METRICS_PORT"}, "", "second port with /metrics only, open to everybody; none when empty"},
    {"server.udf_next_time_unit", {"UDF_NEXT_TIME_UNIT"}, "s", "unit of nextTime in UDF history: s or ms"},

    {"cluster.control", {"CLUSTER_CONTROL"}, "", "tcp://address:port for other nodes; empty = this node stands alone"},
    {"cluster.topics", {"CLUSTER_TOPICS"}, "", "tcp://address:port of the data plane; the control address and any port when empty"},
    {"cluster.advertise", {"CLUSTER_ADVERTISE"}, "", "host that others connect to, where it is not the one in control"},
    {"cluster.seeds", {"CLUSTER_SEEDS"}, "", "NAME=tcp://address:port of the nodes to ask first", active, open, key_form::list},
    {"cluster.roles", {"CLUSTER_ROLES"}, "market,gateway", "what this node hosts: market (= feed, symbols), execution, backtest, gateway", active, open, key_form::list},
    {"cluster.security", {"CLUSTER_SECURITY"}, "curve", "curve, or plain between nodes on loopback"},
    {"cluster.key_file", {"CLUSTER_KEY_FILE"}, "", "this node's key, made by tt keys new"},
    {"cluster.allow_file", {"CLUSTER_ALLOW_FILE"}, "", "public keys that may connect; read again when it changes"},
    {"cluster.lease_ttl_ms", {"CLUSTER_LEASE_TTL_MS"}, "3000", "how long a lease lives without being renewed"},
    {"cluster.accounts", {"CLUSTER_ACCOUNTS"}, "auto", "where the accounts of a node with the role execution live: here (its data folder), database (they move with their lease), auto (database where there is one)"},
    {"cluster.on_isolation", {"CLUSTER_ON_ISOLATION"}, "block", "what accounts do while a node that may order an emergency stop is lost: block (open nothing) or continue"},

    {"stream.max_clients", {"WS_MAX_CLIENTS"}, "1000", "WebSocket connections of the node"},
    {"stream.max_symbols", {"MAX_SYMBOLS_PER_STREAM"}, "100", "symbols per connection"},
    {"stream.max_connections_per_ip", {"RATE_LIMIT_STREAM_PER_IP"}, "10", "WebSocket connections per address"},

    {"rate_limit.unauthenticated", {"RATE_LIMIT_UNAUTHENTICATED"}, "100", "requests per minute and address"},
    {"rate_limit.failed_auth", {"RATE_LIMIT_FAILED_AUTH"}, "30", "failed authentications per minute and address"},
    {"rate_limit.general", {"RATE_LIMIT_GENERAL"}, "600", "requests per minute and principal"},
    {"rate_limit.market_data", {"RATE_LIMIT_MARKET_DATA"}, "1000", "market data requests per minute and principal"},
    {"rate_limit.orders", {"RATE_LIMIT_ORDERS"}, "60", "orders and changes of orders per minute and account"},
    {"rate_limit.orders_burst", {"RATE_LIMIT_ORDERS_BURST"}, "20", "of those, how many may come at once"},
    {"rate_limit.webhook", {"RATE_LIMIT_WEBHOOK"}, "600", "alerts per minute and webhook profile"},
    {"rate_limit.jobs", {"RATE_LIMIT_JOBS"}, "60", "submitted backtests and studies per minute and principal"},

    {"market.calendar", {"MARKET_CALENDAR"}, "XNYS", "default venue of /api/market/status"},
    {"market.benchmark", {"MARKET_BENCHMARK"}, "SPY", "symbol whose volatility and moves stop entries; empty = none"},
    {"market.time_zone", {"MARKET_TZ"}, "America/New_York", "time zone of schedules"},

    {"log.level", {"LOG_LEVEL"}, "info", "trace, debug, info, warn, error"},
    {"log.format", {"LOG_FORMAT"}, "json", "json or text"},
    {"log.max_mb", {"LOG_MAX_MB"}, "10", "size at which a log file is rotated"},
    {"log.files", {"LOG_FILES"}, "5", "rotated log files that are kept"},

    {"storage.database_url", {"DATABASE_URL"}, "", "postgresql://… for the leases and accounts of a cluster; embedded SQLite when empty", active, secret},
    {"storage.redis_url", {"REDIS_URL"}, "", "fan-out copy of events", reserved, secret},

    {"trading.enable_real", {"ENABLE_REAL_TRADING"}, "false", "while false no live order can leave the process"},
    {"trading.enable_backtesting", {"ENABLE_BACKTESTING"}, "true", "backtests and studies; off = their routes answer 403"},
    {"trading.enable_alerts", {"ENABLE_ALERTS"}, "true", "price alerts; off = their routes answer 403"},
    {"trading.enable_paper", {"ENABLE_PAPER_TRADING"}, "true", "paper accounts; off = their routes answer 403"},
    {"trading.enable_portfolio", {"ENABLE_PORTFOLIO_TRACKING"}, "true", "totals and risk figures of accounts; off = their routes answer 403"},
    {"trading.day_roll_stocks", {"DAY_ROLL_STOCKS"}, "XNYS", "calendar whose openings end the day of accounts of stocks: XNYS 04:00 New York"},
    {"trading.day_roll_futures", {"DAY_ROLL_FUTURES"}, "CME_EQUITY", "of accounts of futures: CME_EQUITY 17:00 Chicago"},
    {"trading.day_roll_crypto", {"DAY_ROLL_CRYPTO"}, "24X7", "of accounts of crypto: 24X7 00:00 UTC"},
    {"trading.strategies_dir", {"KAIROS_JOBS_DIR", "KAIROS_CONFIG_DIR"}, "config/strategies/", "folder of YAML jobs, read again when it changes", active, open, key_form::path},

    {"backtest.max_concurrent", {"BACKTEST_MAX_CONCURRENT"}, "5", "jobs that run at once; further ones wait"},
    {"backtest.timeout_s", {"BACKTEST_TIMEOUT_S"}, "300", "seconds without progress after which a job fails"},
    {"backtest.workers", {"BACKTEST_WORKERS"}, "0", "threads of this node that compute; 0 = one per core"},

    {"webhook.secret", {"TRADINGVIEW_WEBHOOK_SECRET"}, "", "shared secret of the default profile; without one only loopback may post", active, secret},
    {"webhook.ip_allow", {"WEBHOOK_IP_ALLOW"}, "", "addresses, networks or \"tradingview\" that may post to the default profile", active, open, key_form::list},
    {"webhook.freshness_s", {"WEBHOOK_FRESHNESS_S"}, "60", "age in seconds above which an alert makes no order"},
    {"webhook.listen", {"WEBHOOK_LISTEN"}, "", "address:port of a second listener for /webhook/* only, for example 0.0.0.0:443"},
    {"webhook.tls_cert", {"WEBHOOK_TLS_CERT"}, "", "its certificate file (PEM); server.tls_cert when empty, plain HTTP when both are", active, open, key_form::path},
    {"webhook.tls_key", {"WEBHOOK_TLS_KEY"}, "", "its key file (PEM)", active, open, key_form::path},
    {"webhook.client_ca", {"WEBHOOK_CLIENT_CA"}, "", "file (PEM) with further authorities of client certificates, beside the system's", active, open, key_form::path},
    {"webhook.copy_url", {"CHRONOS_WEBHOOK_URL"}, "", "outgoing copy of accepted signals", reserved, secret},

    {"notices.allow", {"NOTICE_ALLOW"}, "", "host names, addresses and networks that outgoing notices may reach besides public ones", active, open, key_form::list},
    {"notices.ca_file", {"NOTICE_CA_FILE"}, "", "PEM file of certificates that outgoing notices trust besides the system's", active, open, key_form::path},

    {"news.feeds", {"NEWS_FEEDS"}, "", "RSS and Atom feeds: https://…, http://… or file:///…; AAPL|MSFT=https://… for one about these symbols", active, secret, key_form::list},
    {"news.interval_s", {"NEWS_INTERVAL_S"}, "300", "seconds between two looks at a feed"},
    {"news.api_key", {"NEWS_API_KEY"}, "", "key of a news service; only feeds are read", reserved, secret},

    {"tradier.api_key", {"TRADIER_API_KEY", "TRADIER_TOKEN"}, "", "Tradier token", reserved, secret},
    {"tradier.account_id", {"TRADIER_ACCOUNT_ID"}, "", "Tradier account", reserved},
    {"tradier.environment", {"TRADIER_ENV"}, "sandbox", "sandbox or live", reserved},
    {"tradovate.username", {"TRADOVATE_USERNAME"}, "", "Tradovate user", reserved},
    {"tradovate.password", {"TRADOVATE_PASSWORD"}, "", "Tradovate password", reserved, secret},
    {"ccxt.exchanges", {"CCXT_EXCHANGES"}, "", "CCXT exchange ids", reserved, open, key_form::list},
  };
  // clang-format on
  // the limits of the gate are written down once, in its own catalogue
  static const std::vector<setting_spec> table = [] {
    auto all = written;
    for (const auto& limit : risk::limit_specs()) all.push_back({limit.key, {}, limit.fallback, limit.meaning});
    return all;
  }();
  return table;
}

} // namespace tt::cluster
