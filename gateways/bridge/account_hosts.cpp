#include "gateways/bridge/account_hosts.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace tt::gateway {

namespace {

error no_account(const account_id& id) { return {errc::not_found, "no account " + in_quotes(id.str()), "account_id"}; }

} // namespace

void post(const hosted_account& account, execution::account_task work) {
  caf::anon_send(account.actor, std::make_shared<const execution::account_task>(std::move(work)));
}

void account_hosts::add(hosted_account what) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(accounts_, what.id, &hosted_account::id);
  if (at == accounts_.end()) accounts_.push_back(std::move(what));
  else *at = std::move(what);
}

std::optional<hosted_account> account_hosts::remove(const account_id& id) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(accounts_, id, &hosted_account::id);
  if (at == accounts_.end()) return std::nullopt;
  auto out = std::move(*at);
  accounts_.erase(at);
  return out;
}

std::vector<hosted_account> account_hosts::clear() {
  const std::lock_guard lock(mutex_);
  return std::exchange(accounts_, {});
}

std::vector<hosted_account> account_hosts::all() const {
  const std::lock_guard lock(mutex_);
  return accounts_;
}

result<hosted_account> account_hosts::find(const account_id& id) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(accounts_, id, &hosted_account::id);
  if (at == accounts_.end()) return no_account(id);
  return *at;
}

result<account_id> account_hosts::usual() const {
  const std::lock_guard lock(mutex_);
  if (!usual_.empty()) return usual_;
  if (accounts_.empty()) return error{errc::not_found, "there are no accounts", "account_id"};
  return accounts_.front().id;
}

result<void> account_hosts::make_usual(const account_id& id) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(accounts_, id, &hosted_account::id) == accounts_.end()) return no_account(id);
  usual_ = id;
  return {};
}

} // namespace tt::gateway
