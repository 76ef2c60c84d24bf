#pragma once

// The whole HTTP side without sockets: a scripted market, an in-memory store, a
// clock that stands still, and calls that return their answer.

#include "gateways/auth/identity_service.hpp"
#include "gateways/http/pipeline.hpp"
#include "gateways/http/static_files.hpp"
#include "gateways/routes.hpp"
#include "gateways/store/idempotency_store.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>

namespace tt::gateway::test {

/// An answer as a test reads it.
struct answer {
  int status = 0;
  header_list headers;
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const;
  /// The body as JSON; a failed assertion when it is none.
  [[nodiscard]] nlohmann::json json() const;
};

/// A request under construction.
struct call_options {
  header_list headers = {};
  std::string body = {};
  std::string peer = "127.0.0.1";
  std::string host = "localhost:8080";
};

class http_fixture {
public:
  explicit http_fixture(gateway_config config = {});

  scripted_market market;
  /// Wall clock of the gateway.
  utc_time now;
  gateway_metrics metrics;

  /// From now on jobs are asked of `port`.
  void serve(jobs_port& port) { services_->jobs = &port; }

  /// Sends one request and gives its answer; fails the test when there is none.
  answer call(std::string_view method, std::string_view target, call_options options = {});
  answer get(std::string_view target, call_options options = {}) { return call("GET", target, std::move(options)); }
  /// With Content-Type application/json.
  answer send_json(std::string_view method, std::string_view target, std::string body, call_options options = {});
  /// Begins a request; the answer appears in the pointer when it comes.
  std::shared_ptr<std::optional<answer>> begin(std::string_view method, std::string_view target, call_options options = {});

  [[nodiscard]] const route_table& table() const { return *table_; }
  [[nodiscard]] pipeline& requests() { return *pipeline_; }
  [[nodiscard]] document_store& documents() { return *documents_; }
  /// Plugs headlines in.
  void show_news(news_store& news) { services_->news = &news; }
  /// Plugs alerts in.
  void alerts_with(alerts_port& port) { services_->alerts = &port; }
  /// Plugs accounts in.
  void trade_with(trading_port& port) { services_->trading = &port; }
  /// Tokens, users, sessions; in memory. Secrets are "…1", "…2", in turn.
  [[nodiscard]] identity_service& identities() { return *identities_; }
  /// A token, by its secret.
  std::string token(const std::string& name, role rank, std::vector<std::string> accounts = {}, std::vector<std::string> strategies = {});
  /// The exchange of the last begin(), for expire().
  [[nodiscard]] const pipeline::exchange_ptr& last_exchange() const { return last_; }
  [[nodiscard]] const services& parts() const { return *services_; }

private:
  gateway_config config_;
  std::unique_ptr<document_store> documents_;
  task_queue queue_{task_queue::mode::inline_calls};
  std::unique_ptr<idempotency_store> keys_;
  std::shared_ptr<identity_service> identities_;
  std::unique_ptr<services> services_;
  std::optional<route_table> table_;
  std::unique_ptr<static_files> files_;
  std::unique_ptr<pipeline> pipeline_;
  pipeline::exchange_ptr last_;
};

/// Shows a token.
inline call_options bearing(const std::string& token) { return {.headers = {{"Authorization", "Bearer " + token}}}; }

/// An http_request as the server would hand it over.
http_request make_request(std::string_view method, std::string_view target, const call_options& options);

/// Checks `value` against components.schemas[name] of an OpenAPI document; gives
/// the first violation, or "".
std::string schema_violation(const nlohmann::json& openapi, const std::string& name, const nlohmann::json& value);

} // namespace tt::gateway::test
