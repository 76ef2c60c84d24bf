// Routes of the contract whose part of the system this build does not have. They
// are in the table with their policies, so documentation, rights and errors are
// right from the first day; each answers 503 and names what is missing.

#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

/// A group of routes that wait for the same part.
class group {
public:
  group(std::vector<route>& rows, std::string_view tag, std::string_view missing, rate_class rate = rate_class::general)
      : rows_(rows), tag_(tag), missing_(missing), rate_(rate) {}

  group& add(verb method, std::string_view pattern, access who, std::string_view summary) {
    return add(method, pattern, {who, rate_}, summary);
  }
  group& add(verb method, std::string_view pattern, route_policy policy, std::string_view summary, std::size_t body_limit = default_body_limit) {
    const bool writes = method == verb::post || method == verb::put || method == verb::patch;
    rows_.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary,
                     .run = [text = std::string{missing_}](const context_ptr&, const responder& answer) { answer(not_available(text)); },
                     .body = writes ? body_kind::json : body_kind::none, .body_limit = body_limit, .tag = tag_});
    return *this;
  }
private:
  std::vector<route>& rows_;
  std::string_view tag_, missing_;
  rate_class rate_;
};

void add_auth(std::vector<route>& rows) {
  group auth{rows, "identity", "identity: this build keeps no users, sessions or tokens yet; loopback callers act as trader without one"};
  auth.add(verb::post, "/api/v1/auth/login", {access::open, rate_class::unauthenticated}, "Start a session")
    .add(verb::post, "/api/v1/auth/logout", access::viewer, "End the session")
    .add(verb::get, "/api/v1/auth/me", access::viewer, "Who am I")
    .add(verb::get, "/api/v1/auth/tokens", access::admin, "Tokens")
    .add(verb::post, "/api/v1/auth/tokens", access::admin, "Make a token")
    .add(verb::remove, "/api/v1/auth/tokens/{id}", access::admin, "Revoke a token")
    .add(verb::get, "/api/v1/auth/users", access::admin, "Users")
    .add(verb::post, "/api/v1/auth/users", access::admin, "Add a user")
    .add(verb::get, "/api/v1/auth/users/{id}", access::admin, "One user")
    .add(verb::patch, "/api/v1/auth/users/{id}", access::admin, "Change a user")
    .add(verb::remove, "/api/v1/auth/users/{id}", access::admin, "Remove a user")
    .add(verb::post, "/api/v1/auth/ws-ticket", access::viewer, "One-time ticket for the stream");
}

} // namespace

void add_later_routes(std::vector<route>& rows) {
  add_auth(rows);
}

} // namespace tt::gateway
