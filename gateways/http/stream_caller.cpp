#include "gateways/http/stream_caller.hpp"

namespace tt::gateway {

bool stream_caller::identify(std::string_view token) {
  if (!around_.identities) return false;
  const auto now = around_.clock();
  // who has failed too often is not even heard
  if (around_.limiter->peek(rate_class::failed_auth, client_, now).verdict == rate_verdict::answer::refused) return false;
  auto got = around_.identities->recognise_token(token, client_, now);
  if (got.how != recognition::outcome::known) {
    static_cast<void>(around_.limiter->take(rate_class::failed_auth, client_, now));
    return false;
  }
  who_ = std::move(got.who);
  session_.clear();
  return true;
}

bool stream_caller::holds() const {
  if (!who_.identified() || who_.kind == identity_kind::local || !around_.identities) return true;
  return around_.identities->holds(who_, session_, around_.clock());
}

} // namespace tt::gateway
