#pragma once

// The accounts that a node hosts now, and the way into their actors. Shared by every
// door (routes, stream, makers of signals). Thread-safe.

#include "gateways/bridge/account_desk.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tt::gateway {

/// An account that this node hosts.
struct hosted_account {
  account_id id;
  account_mode mode = account_mode::paper;
  caf::actor actor;
  std::shared_ptr<account_desk> desk;
  std::uint64_t epoch = 0; ///< under which its journal is written
};

/// An answer that comes once; where the account's actor is gone and drops the question, it says so.
template <class T>
class answer_once {
public:
  explicit answer_once(reply<T> done) : done_(std::move(done)) {}
  ~answer_once() { give(error{errc::not_available, "the account is not hosted here any more", "account_id"}); }
  answer_once(const answer_once&) = delete;
  answer_once& operator=(const answer_once&) = delete;
  void give(result<T> got) {
    if (auto done = std::exchange(done_, {})) done(std::move(got));
  }

private:
  reply<T> done_;
};

/// The same as something to be copied into messages.
template <class T>
reply<T> once(reply<T> done) {
  auto kept = std::make_shared<answer_once<T>>(std::move(done));
  return [kept](result<T> got) { kept->give(std::move(got)); };
}

/// Runs the work in the account's own step.
void post(const hosted_account& account, execution::account_task work);

class account_hosts {
public:
  /// Makes a symbol known to the accounts: market, daily figures, rate. Called back on any thread.
  using preparer = std::function<void(std::string symbol, reply<void> done)>;

  /// `make_token` gives texts that nobody guesses.
  account_hosts(preparer prepare, std::function<std::string()> make_token) : prepare_(std::move(prepare)), make_token_(std::move(make_token)) {}

  /// The first one is the default account. Replaces an account of the same id, at its place.
  void add(hosted_account what);
  /// Nothing where there is none of that id. Where it was the default account, orders that name none find none until it is back.
  std::optional<hosted_account> remove(const account_id& id);
  /// All of them are gone: whoever asks is told so.
  std::vector<hosted_account> clear();
  [[nodiscard]] std::vector<hosted_account> all() const;
  /// Errors: not_found.
  [[nodiscard]] result<hosted_account> find(const account_id& id) const;
  /// Errors: not_found where there are no accounts.
  [[nodiscard]] result<account_id> usual() const;
  /// The account of orders that name none. Errors: not_found.
  result<void> make_usual(const account_id& id);
  [[nodiscard]] std::string make_token() const { return make_token_(); }
  void prepare(std::string symbol, reply<void> done) const { prepare_(std::move(symbol), std::move(done)); }

private:
  preparer prepare_;
  std::function<std::string()> make_token_;
  mutable std::mutex mutex_;
  std::vector<hosted_account> accounts_;
  account_id usual_; ///< empty: the first
};

} // namespace tt::gateway
