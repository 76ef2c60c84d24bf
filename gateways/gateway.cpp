#include "gateways/gateway.hpp"

#include "gateways/http/openapi.hpp"
#include "gateways/http/pipeline.hpp"
#include "gateways/http/server.hpp"
#include "gateways/http/static_files.hpp"
#include "gateways/http/tls_server.hpp"
#include "gateways/jobs/job_metrics.hpp"
#include "gateways/jobs/progress_service.hpp"
#include "gateways/routes.hpp"
#include "gateways/store/idempotency_store.hpp"

namespace tt::gateway {

namespace {

/// The parts between socket and market. Requests under way hold it, so a late
/// answer finds everything in place even when the gateway is gone.
struct core {
  core(gateway_config c, market_port& market, const wall_clock& clock, std::unique_ptr<document_store> opened, cluster_port* cluster,
       jobs_port* jobs)
      : config(std::move(c)), files(config.web_root), documents(std::move(opened)), keys(*documents, queue),
        parts{config, market, clock, metrics, *documents, queue, clock(),
              [this](const context_ptr& call, const responder& answer) { files.serve(call, answer); }, {}, {}, cluster, jobs} {
    parts.order_rates = std::make_shared<rate_limiter>(config.limits);
  }

  const gateway_config config;
  gateway_metrics metrics;
  static_files files;
  std::unique_ptr<document_store> documents;
  std::shared_ptr<identity_service> identities = {};
  task_queue queue;
  idempotency_store keys;
  services parts;
  std::optional<route_table> table;
  std::unique_ptr<pipeline> requests;
  std::optional<route_table> metrics_table; ///< of METRICS_PORT, as is the next
  std::unique_ptr<pipeline> metrics_requests;
  std::optional<route_table> webhook_table; ///< of WEBHOOK_LISTEN, as is the next
  std::unique_ptr<pipeline> webhook_requests;
};

result<pipeline_rules> make_rules(const gateway_config& config, std::shared_ptr<identity_service> identities) {
  auto proxies = network_list::parse(config.trusted_proxies);
  if (!proxies) return error{errc::invalid_argument, proxies.error().message, "TRUSTED_PROXIES"};
  return pipeline_rules{host_rules{config.host, config.allowed_hosts}, origin_rules{config.cors_origins}, std::move(*proxies),
                        config.auth, is_loopback_host(config.host), config.limits, std::move(identities)};
}

} // namespace

struct gateway::impl {
  gateway_config config;
  market_port& market;
  wall_clock clock;
  upgrade_handler* stream;
  std::vector<std::weak_ptr<prometheus::Collectable>> sources;
  cluster_port* cluster;
  jobs_port* jobs = nullptr;
  std::shared_ptr<prometheus::Collectable> job_metrics;
  std::unique_ptr<progress_service> progress; ///< outlives the server
  std::shared_ptr<core> running;
  std::unique_ptr<http_server> server;
  std::unique_ptr<http_server> metrics_server;
  std::uint16_t metrics_port = 0;
  trading_port* trading = nullptr;
  stop_port* stops = nullptr;
  job_files_port* job_files = nullptr;
  strategies_port* strategies = nullptr;
  alerts_port* alerts = nullptr;
  webhook_port* webhooks = nullptr;
  std::unique_ptr<http_server> webhook_server = {}; ///< plain, or the next
  std::unique_ptr<tls_server> webhook_tls = {};
  std::uint16_t webhook_listen_port = 0;
  paper_port* paper = nullptr;
  news_store* news = nullptr;

  void stop_webhooks() {
    if (webhook_server) webhook_server->stop();
    if (webhook_tls) webhook_tls->stop();
    webhook_server.reset();
    webhook_tls.reset();
    webhook_listen_port = 0;
  }
  /// Opens WEBHOOK_LISTEN.
  result<void> serve_webhooks(const std::shared_ptr<core>& made, pipeline_rules rules);
  /// Opens METRICS_PORT.
  result<void> serve_metrics(const std::shared_ptr<core>& made, pipeline_rules rules);
};

gateway::gateway(gateway_config config, market_port& market, wall_clock clock, upgrade_handler* stream)
    : impl_(new impl{std::move(config), market, std::move(clock), stream, {}, nullptr, nullptr, {}, {}, {}, {}, {}, 0}) {}

gateway::~gateway() { stop(); }

void gateway::add_metrics(std::weak_ptr<prometheus::Collectable> source) { impl_->sources.push_back(std::move(source)); }

result<void> gateway::impl::serve_metrics(const std::shared_ptr<core>& made, pipeline_rules rules) {
  auto table = make_metrics_table(made->parts);
  if (!table) return table.error();
  made->metrics_table.emplace(std::move(*table));
  const handler nothing_else = [](const context_ptr&, const responder& answer) {
    answer(make_error(404, "not_found", "this port serves /metrics only"));
  };
  made->metrics_requests = std::make_unique<pipeline>(*made->metrics_table, nothing_else, std::move(rules), clock, made->metrics, nullptr);
  made->metrics_requests->keep_alive(made); // before its threads run: they hold what they answer with
  auto listener = config;
  listener.port = *config.metrics_port;
  listener.io_threads = 1;
  auto opened = std::make_unique<http_server>(listener, *made->metrics_requests, made->metrics, nullptr, nullptr);
  auto port = opened->start();
  if (!port) return error{port.error().code, port.error().message, "METRICS_PORT"};
  metrics_server = std::move(opened);
  metrics_port = *port;
  return {};
}

result<void> gateway::impl::serve_webhooks(const std::shared_ptr<core>& made, pipeline_rules rules) {
  auto table = make_webhook_table(made->parts);
  if (!table) return table.error();
  made->webhook_table.emplace(std::move(*table));
  const handler nothing_else = [](const context_ptr&, const responder& answer) {
    answer(make_error(404, "not_found", "this port serves /webhook/* only"));
  };
  rules.hosts = host_rules{config.webhooks->host, config.allowed_hosts};
  rules.bound_to_loopback = is_loopback_host(config.webhooks->host);
  made->webhook_requests = std::make_unique<pipeline>(*made->webhook_table, nothing_else, std::move(rules), clock, made->metrics, nullptr);
  made->webhook_requests->keep_alive(made); // before its threads run: they hold what they answer with
  auto listener = config;
  listener.host = config.webhooks->host;
  listener.port = config.webhooks->port;
  listener.io_threads = 1;
  const auto named = [](const error& e) { return error{e.code, e.message, "WEBHOOK_LISTEN"}; };
  if (config.webhooks->cert.empty() && config.webhooks->key.empty()) {
    auto opened = std::make_unique<http_server>(listener, *made->webhook_requests, made->metrics, nullptr, nullptr);
    auto port = opened->start();
    if (!port) return named(port.error());
    webhook_server = std::move(opened);
    webhook_listen_port = *port;
    return {};
  }
  auto opened = std::make_unique<tls_server>(listener, tls_files{config.webhooks->cert, config.webhooks->key, config.webhooks->client_ca},
                                             *made->webhook_requests);
  auto port = opened->start();
  if (!port) return named(port.error());
  webhook_tls = std::move(opened);
  webhook_listen_port = *port;
  return {};
}

std::uint16_t gateway::webhook_listen_port() const { return impl_->webhook_listen_port; }

std::uint16_t gateway::metrics_port() const { return impl_->metrics_port; }

void gateway::show_cluster(cluster_port& port) { impl_->cluster = &port; }
void gateway::show_trading(trading_port& port) { impl_->trading = &port; }
void gateway::show_stops(stop_port& port) { impl_->stops = &port; }
void gateway::show_job_files(job_files_port& port) { impl_->job_files = &port; }
void gateway::show_strategies(strategies_port& port) { impl_->strategies = &port; }
void gateway::show_news(news_store& news) { impl_->news = &news; }
void gateway::serve_alerts(alerts_port& port) { impl_->alerts = &port; }

void gateway::receive_webhooks(webhook_port& port) { impl_->webhooks = &port; }
void gateway::show_paper(paper_port& port) { impl_->paper = &port; }

void gateway::serve_jobs(jobs_port& jobs) {
  impl_->jobs = &jobs;
  impl_->job_metrics = make_job_metrics(jobs);
  add_metrics(impl_->job_metrics);
}

result<std::uint16_t> gateway::start() {
  const auto& config = impl_->config;
  if (impl_->server) return error{errc::conflict, "the gateway is running already"};
  if (!config.tls_cert.empty() || !config.tls_key.empty())
    return error{errc::unsupported, "this build does not serve TLS; put a TLS proxy in front and name it in TRUSTED_PROXIES", "TLS_CERT"};
  if (auto venue = find_calendar(config.market_calendar); !venue) return error{venue.error().code, venue.error().message, "MARKET_CALENDAR"};
  auto identities = identity_service::open(config.data_dir);
  if (!identities) return identities.error();
  auto rules = make_rules(config, *identities);
  if (!rules) return rules.error();
  auto documents = document_store::open(config.data_dir);
  if (!documents) return documents.error();

  auto made = std::make_shared<core>(config, impl_->market, impl_->clock, std::move(*documents), impl_->cluster, impl_->jobs);
  made->parts.trading = impl_->trading;
  made->parts.stops = impl_->stops;
  made->parts.job_files = impl_->job_files;
  made->parts.strategies = impl_->strategies;
  made->parts.alerts = impl_->alerts;
  made->parts.webhooks = impl_->webhooks;
  made->parts.paper = impl_->paper;
  made->parts.news = impl_->news;
  made->identities = *identities;
  made->parts.identities = made->identities.get();
  // a stream may know the service for longer than there is a queue
  made->identities->work_on([weak = std::weak_ptr{made}](std::function<void()> job) {
    if (const auto alive = weak.lock()) static_cast<void>(alive->queue.post(std::move(job)));
  });
  auto table = make_route_table(made->parts);
  if (!table) return table.error();
  made->table.emplace(std::move(*table));
  auto openapi = write_openapi(*made->table, config.version);
  if (!openapi) return openapi.error();
  made->parts.openapi = std::make_shared<const std::string>(std::move(*openapi));
  made->parts.docs_page = std::make_shared<const std::string>(write_docs_page(*made->table, config.version));
  for (const auto& source : impl_->sources) made->metrics.add_source(source);
  made->requests = std::make_unique<pipeline>(
    *made->table, made->parts.files, *rules, impl_->clock, made->metrics, &made->keys);
  made->requests->keep_alive(made);

  if (impl_->jobs != nullptr && config.backtesting == feature::enabled) impl_->progress = std::make_unique<progress_service>(*impl_->jobs);
  auto server = std::make_unique<http_server>(config, *made->requests, made->metrics, impl_->stream, impl_->progress.get());
  auto port = server->start();
  if (!port) return port;
  auto opened = config.webhooks ? impl_->serve_webhooks(made, *rules) : result<void>{};
  if (opened && config.metrics_port) opened = impl_->serve_metrics(made, std::move(*rules));
  if (!opened) {
    server->stop();
    impl_->stop_webhooks();
    made->queue.stop();
    return opened.error();
  }
  impl_->running = std::move(made);
  impl_->server = std::move(server);
  return port;
}

void gateway::stop() {
  if (!impl_->server) return;
  impl_->stop_webhooks();
  impl_->server->stop();
  if (impl_->metrics_server) impl_->metrics_server->stop();
  impl_->metrics_server.reset();
  impl_->metrics_port = 0;
  impl_->running->queue.stop();
  impl_->server.reset();
  impl_->progress.reset();
  impl_->running.reset();
}

} // namespace tt::gateway
