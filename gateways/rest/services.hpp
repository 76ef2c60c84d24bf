#pragma once

// What the handlers work with. One object per gateway; handlers keep a reference.

#include "gateways/alerts_port.hpp"
#include "gateways/cluster_port.hpp"
#include "gateways/gateway.hpp"
#include "gateways/http/handler.hpp"
#include "gateways/http/metrics.hpp"
#include "gateways/http/rate_limiter.hpp"
#include "gateways/http/route_table.hpp"
#include "gateways/job_files_port.hpp"
#include "gateways/jobs_port.hpp"
#include "gateways/market_port.hpp"
#include "gateways/news/news_store.hpp"
#include "gateways/paper_port.hpp"
#include "gateways/store/document_store.hpp"
#include "gateways/store/task_queue.hpp"
#include "gateways/strategies_port.hpp"
#include "gateways/trading_port.hpp"
#include "gateways/webhook_port.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace tt::gateway {

class identity_service;

struct services {
  const gateway_config& config;
  market_port& market;
  wall_clock clock;
  gateway_metrics& metrics;
  document_store& documents; ///< used on `queue` only
  task_queue& queue;
  utc_time started{};
  handler files = {}; ///< serves the UI; set before the table is made
  std::shared_ptr<const std::string> openapi = {};   ///< set once the table is made
  std::shared_ptr<const std::string> docs_page = {}; ///< as above
  cluster_port* cluster = nullptr; ///< null where the node stands alone
  jobs_port* jobs = nullptr;       ///< null where backtests can't be reached
  job_files_port* job_files = nullptr; ///< null where the node runs no YAML jobs
  trading_port* trading = nullptr; ///< null where the node hosts no accounts
  stop_port* stops = nullptr;      ///< of a whole cluster; null: what `trading` has is stopped
  strategies_port* strategies = nullptr; ///< null where the node runs no strategies
  alerts_port* alerts = nullptr;   ///< null where the node keeps no alerts
  webhook_port* webhooks = nullptr; ///< null where the node receives no alerts
  paper_port* paper = nullptr;     ///< likewise: the list of its paper accounts
  news_store* news = nullptr; ///< null where no source of news is configured
  identity_service* identities = nullptr; ///< null: nobody is known
  std::shared_ptr<rate_limiter> order_rates = {}; ///< of accounts; null: orders have no limit
};

/// Runs `work` on the store's thread and answers with what it returns; a full
/// queue is a 503. `work` takes the store and gives an outcome.
template <class Work>
void with_store(services& parts, const responder& answer, Work work) {
  const auto posted =
    parts.queue.post([&parts, answer, work = std::move(work)]() mutable { answer.send(work(parts.documents)); });
  if (posted == task_queue::posted::full) {
    auto busy = not_available("the store has too much to do; try again");
    busy.headers.set("Retry-After", "1");
    answer(std::move(busy));
  }
}

/// The instrument of a name, or the 404 that says so.
result<const instrument*> find_instrument(const services& parts, std::string_view name);

// Each adds the rows of one group; the handlers refer to `parts` for the gateway's life.
void add_udf_routes(std::vector<route>& rows, services& parts);
void add_chart_storage_routes(std::vector<route>& rows, services& parts);
void add_market_routes(std::vector<route>& rows, services& parts);
void add_calendar_routes(std::vector<route>& rows, services& parts);
void add_feed_routes(std::vector<route>& rows, services& parts);
void add_personal_routes(std::vector<route>& rows, services& parts);
void add_strategy_routes(std::vector<route>& rows, services& parts);
void add_service_routes(std::vector<route>& rows, services& parts);
/// /metrics alone, for those who may read it.
void add_metrics_route(std::vector<route>& rows, services& parts, access who);
void add_backtest_routes(std::vector<route>& rows, services& parts);
void add_optimize_routes(std::vector<route>& rows, services& parts);
void add_job_file_routes(std::vector<route>& rows, services& parts);
void add_cluster_routes(std::vector<route>& rows, services& parts);
/// Orders, accounts, positions, executions: 503 without a trading port.
void add_order_routes(std::vector<route>& rows, services& parts);
/// Limits, emergency stop, resume: likewise; stops also where others host the accounts.
void add_risk_routes(std::vector<route>& rows, services& parts);
/// Price alerts: 503 without an alerts port, 403 where they are switched off.
void add_alert_routes(std::vector<route>& rows, services& parts);
/// The webhook receiver, its profiles and its events; 503 without a webhook port.
void add_webhook_routes(std::vector<route>& rows, services& parts);
/// What the second listener serves: /webhook/* alone.
void add_webhook_posts(std::vector<route>& rows, services& parts);
/// /api/paper-trading and changes of accounts: 403 where switched off, 503 without a paper port.
void add_paper_routes(std::vector<route>& rows, services& parts);
/// Totals and risk figures of what is held.
void add_portfolio_routes(std::vector<route>& rows, services& parts);
/// Sessions, tokens, users, tickets: 503 without an identity service.
void add_auth_routes(std::vector<route>& rows, services& parts);

} // namespace tt::gateway
