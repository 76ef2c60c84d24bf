#pragma once

// Everything that happens to a request besides its own handler: identity, Host and
// Origin, rate limits, body rules, idempotency, error bodies, headers, metrics.
// Knows no sockets: the server drives it, and tests drive it without one.
//
//   auto in = pipeline.admit(head);          // head without body
//   if (in.refusal) ...                      // answer; the body is not wanted
//   pipeline.run(in.call, body, done);       // done(response) once, on any thread

#include "gateways/auth/identity_service.hpp"
#include "gateways/gateway.hpp"
#include "gateways/http/credentials.hpp"
#include "gateways/http/metrics.hpp"
#include "gateways/http/peer_rules.hpp"
#include "gateways/http/rate_limiter.hpp"
#include "gateways/http/route_table.hpp"
#include "gateways/http/stream_caller.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tt::gateway {

class idempotency_store;

/// The rules a pipeline works by, already read and checked.
struct pipeline_rules {
  host_rules hosts;
  origin_rules origins;
  network_list proxies;
  auth_mode auth = auth_mode::automatic;
  /// Whether the server listens on loopback addresses only.
  bool bound_to_loopback = true;
  rate_limits limits = default_rate_limits();
  /// Tokens, users, sessions; null: nobody is known.
  std::shared_ptr<identity_service> identities = {};
};

class pipeline {
public:
  /// One request between admit and its answer.
  class exchange;
  using exchange_ptr = std::shared_ptr<exchange>;
  using done_handler = std::function<void(http_response)>;

  /// What admit decided from the head alone.
  struct admission {
    exchange_ptr call;
    /// Set when the request ends here; headers are complete, metrics counted.
    std::optional<http_response> refusal;
    std::size_t body_limit = default_body_limit;
    transport over = transport::http;
  };

  /// `files` serves what no row matches and no API prefix claims; `keys` may be
  /// null (then Idempotency-Key answers 503). All outlive the pipeline.
  pipeline(const route_table& table, handler files, pipeline_rules rules, wall_clock clock, gateway_metrics& metrics,
           idempotency_store* keys);
  ~pipeline();

  /// Requests under way hold `owner` (whatever the handlers refer to) until their
  /// last trace is gone. Call once, before the first admit.
  void keep_alive(std::weak_ptr<void> owner) { owner_ = std::move(owner); }
  /// Judges a head. The request's body is empty.
  [[nodiscard]] admission admit(http_request head);
  /// Runs an admitted request; `done` comes exactly once.
  void run(const exchange_ptr& call, std::string body, done_handler done);
  /// Ends a running request with 503 when it has not been answered yet.
  static void expire(const exchange_ptr& call);
  /// Ends an admitted request that was not run (body too large, too slow).
  [[nodiscard]] http_response refuse(const exchange_ptr& call, const api_error& e);
  /// Answers what never became a request (431, malformed framing). `target` as far as
  /// it was read ("" if not at all): its path says whose spelling the error has.
  [[nodiscard]] http_response refuse_malformed(const api_error& e, std::string_view target);
  /// Who an admitted call is, for the stream.
  [[nodiscard]] static const request_context& context(const exchange_ptr& call);
  /// The same for as long as the stream lives.
  [[nodiscard]] std::shared_ptr<stream_caller> caller_of_stream(const exchange_ptr& call) const;

private:
  std::optional<api_error> check_authority(const http_request& head) const;
  std::optional<api_error> check_identity(exchange& call);
  /// Finds out who calls. Gives the refusal of a credential that is shown and is none.
  std::optional<api_error> recognise(exchange& call);
  api_error refuse_credential(exchange& call, recognition::outcome how);
  std::optional<api_error> check_csrf(const exchange& call) const;
  std::optional<api_error> check_rate(exchange& call);
  std::optional<api_error> check_write(const exchange& call) const;
  std::optional<api_error> check_upgrade(const exchange& call) const;
  std::optional<api_error> find_route(exchange& call);
  std::optional<api_error> judge(exchange& call);
  std::optional<http_response> preflight(const exchange& call) const;
  void start_handler(const exchange_ptr& call, const responder& answer) const;
  http_response finish(exchange& call, http_response response);

  const route_table& table_;
  route files_;
  pipeline_rules rules_;
  wall_clock clock_;
  gateway_metrics& metrics_;
  idempotency_store* keys_;
  std::shared_ptr<rate_limiter> limiter_; ///< also asked by streams, which may outlive this
  std::weak_ptr<void> owner_;
};

/// Methods and headers a listed origin may use.
inline constexpr std::string_view cors_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// The format of failures on a path no row matches.
error_format format_of_path(std::string_view path);

/// "r-" and 16 hex digits, unpredictable.
std::string make_request_id();

} // namespace tt::gateway
