#pragma once

// The one table of routes: the server dispatches on it, /openapi.json is written
// from it, and the tests walk it.

#include "gateways/http/handler.hpp"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// Who may call a route.
enum class access : std::uint8_t {
  open,            ///< everybody
  local_or_viewer, ///< loopback callers, else viewer
  viewer,
  trader,
  admin,
  secret, ///< checks a secret of its own (webhook): no identity needed
};

std::string_view to_string(access who) noexcept;

/// Which token bucket a call draws from (http-api.md section 2).
enum class rate_class : std::uint8_t { unauthenticated, failed_auth, general, market_data, orders, jobs, webhook, files, unlimited };

inline constexpr std::size_t rate_class_count = 9;
std::string_view to_string(rate_class kind) noexcept;

/// Whether a route that changes something takes callers who are bound to accounts or strategies. One that does sees to it itself
/// that they stay within.
enum class bound_callers : std::uint8_t { refused, welcome };

/// The policy every route must state: no default constructor, so a row without
/// one doesn't compile.
struct route_policy {
  constexpr route_policy(access w, rate_class r, bound_callers b = bound_callers::refused) : who(w), rate(r), bound(b) {}
  access who;
  rate_class rate;
  bound_callers bound;
};

/// What a route does with the body.
enum class body_kind : std::uint8_t { none, json, form_or_json, any };

/// Whether a route is called over HTTP or by a WebSocket handshake.
enum class transport : std::uint8_t { http, stream, progress };

/// Documentation of one query parameter. `type`: string, integer, number, boolean.
struct param_doc {
  std::string_view name;
  std::string_view type = "string";
  std::string_view description = "";
  /// "required" or "optional".
  std::string_view need = "optional";
};

inline constexpr std::size_t default_body_limit = 1024 * 1024;

/// One row. `pattern` holds fixed segments and {names}.
struct route {
  verb method;
  std::string_view pattern;
  route_policy policy;
  std::string_view summary;
  handler run;
  std::vector<param_doc> query = {};
  std::string_view request_schema = "";  ///< name in components.schemas
  std::string_view response_schema = ""; ///< as above; "" = free object
  std::string_view response_type = "application/json";
  int success = 200;
  body_kind body = body_kind::none;
  std::size_t body_limit = default_body_limit;
  error_format errors = error_format::api;
  transport over = transport::http;
  std::string_view tag = "";
  /// Longest wait for the handler, where it is shorter than gateway_timeouts::answer; 0: that one.
  std::chrono::milliseconds answer_within{0};
};

/// Immutable after make().
class route_table {
public:
  /// Errors: conflict when two rows share method and pattern (names them);
  /// invalid_argument for a malformed pattern.
  static result<route_table> make(std::vector<route> rows);

  route_table(route_table&&) noexcept;
  route_table& operator=(route_table&&) noexcept;
  ~route_table();

  /// What a path leads to.
  struct match {
    /// Null when the path is unknown, or has no such method (then `allowed` is set).
    const route* found = nullptr;
    std::vector<std::string> params;
    /// Methods of the path, HEAD and OPTIONS included; empty for an unknown path.
    std::vector<verb> allowed;
  };
  /// Fixed segments win over parameters; HEAD falls back to GET.
  [[nodiscard]] match find(verb method, const std::vector<std::string>& segments) const;

  [[nodiscard]] const std::vector<std::unique_ptr<const route>>& rows() const { return rows_; }
  /// Names of the parameters of a pattern, in order.
  static std::vector<std::string_view> param_names(std::string_view pattern);

private:
  struct node;
  route_table();

  std::vector<std::unique_ptr<const route>> rows_;
  std::unique_ptr<node> root_;
};

/// "GET, HEAD, OPTIONS".
std::string join_verbs(const std::vector<verb>& verbs);

} // namespace tt::gateway
