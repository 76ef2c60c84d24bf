#pragma once

// Who speaks over an open stream: may change (a token in a message) and may end (a token that is revoked meanwhile).

#include "gateways/auth/identity_service.hpp"
#include "gateways/gateway.hpp"
#include "gateways/http/rate_limiter.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace tt::gateway {

/// One of a connection, used on its thread; may outlive the gateway.
class stream_caller {
public:
  /// What all streams of a gateway ask; `identities` may be null.
  struct surroundings {
    std::shared_ptr<identity_service> identities;
    std::shared_ptr<rate_limiter> limiter;
    wall_clock clock;
  };

  stream_caller(surroundings around, principal who, std::string session, std::string client)
    : around_(std::move(around)), who_(std::move(who)), session_(std::move(session)), client_(std::move(client)) {}

  [[nodiscard]] const principal& who() const { return who_; }
  /// Whether `token` is one; then it says who speaks from now on. Failures count against the address.
  [[nodiscard]] bool identify(std::string_view token);
  /// Whether the identity that was shown is still one; a caller that showed none holds.
  [[nodiscard]] bool holds() const;

private:
  surroundings around_;
  principal who_;
  std::string session_, client_;
};

} // namespace tt::gateway
