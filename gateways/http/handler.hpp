#pragma once

// What a route's handler is given and how it answers.

#include "actors/model/time.hpp"
#include "gateways/auth/principal.hpp"
#include "gateways/http/api_error.hpp"
#include "gateways/http/message.hpp"
#include "gateways/json/json_writer.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace tt::gateway {

struct route;

/// Whether unknown JSON fields are an error (?strict=1) or ignored and counted.
enum class unknown_fields : std::uint8_t { ignore, refuse };

/// One request on its way through a handler. Immutable, shared with the handler's
/// continuations.
struct request_context {
  http_request request;
  std::vector<std::string> params; ///< values of the pattern's {…}, in order
  principal who;
  std::string session;             ///< handle of the UI session it was recognised by, or empty
  std::string csrf_token;          ///< of that session
  std::optional<utc_time> identity_expires_at; ///< of the token or session
  std::string client;              ///< address of the client (trusted proxies looked through)
  peer_link link = peer_link::plain; ///< of the client, a trusted proxy looked through
  std::string request_id;
  json_style style;
  unknown_fields strictness = unknown_fields::ignore;
  utc_time now{};                  ///< wall clock at arrival
  const route* matched = nullptr;
};

using context_ptr = std::shared_ptr<const request_context>;

/// How a request ended.
using outcome = std::variant<http_response, api_error>;

/// Answers one request, once, from any thread; later answers are ignored. When
/// the last copy goes without an answer, the request ends as our fault (500), so
/// no client waits for ever.
class responder {
public:
  using sink = std::function<void(outcome)>;
  explicit responder(sink to);

  void operator()(http_response response) const { send(std::move(response)); }
  void operator()(api_error e) const { send(std::move(e)); }
  void operator()(const error& e) const { send(to_api_error(e)); }
  void send(outcome end) const;

private:
  struct state;
  friend class weak_responder;
  explicit responder(std::shared_ptr<state> s) : state_(std::move(s)) {}
  std::shared_ptr<state> state_;
};

/// Answers a request without keeping it waiting: for deadlines.
class weak_responder {
public:
  weak_responder() = default;
  explicit weak_responder(const responder& r) : state_(r.state_) {}
  /// Does nothing when the request has ended.
  void send(outcome end) const;

private:
  std::weak_ptr<responder::state> state_;
};

/// Runs a request; must not block (slow work goes to the store's thread or an actor).
using handler = std::function<void(context_ptr, responder)>;

} // namespace tt::gateway
