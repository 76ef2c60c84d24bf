#pragma once

// How the port runs work in the steps of its accounts. Private to actor_trading_port*.cpp.

#include "gateways/bridge/account_desk.hpp"
#include "gateways/bridge/actor_trading_port.hpp"

#include <mutex>
#include <utility>

namespace tt::gateway {

/// All of them, or the first that failed.
template <class T>
result<std::vector<T>> all_of(result<std::vector<result<T>>>& got) {
  if (!got) return got.error();
  std::vector<T> out;
  for (auto& one : *got) {
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

struct actor_trading_port::known_health {
  std::mutex mutex;
  std::map<account_id, desk_health> all;
  /// The question of a resume that is open, and the accounts it was put to.
  struct question {
    std::string token;
    std::map<account_id, resume_question::subject> accounts;
    /// Where a stop is to be lifted, an account that nobody stopped and whose breakers can't be armed yet stays as it is.
    [[nodiscard]] bool is_left_alone(const account_id& id) const;
  };
  question resuming;

  /// Of those accounts, as far as they have told.
  trading_health summary(const std::vector<hosted_account>& hosted, const trading_metrics* figures);
};

template <class T, class Work>
void actor_trading_port::with(const trading_caller& who, const std::optional<account_id>& named, reply<T> done, Work work) {
  const auto account = find(who, named);
  if (!account) return done(account.error());
  post(*account, [desk = account->desk, done = once<T>(std::move(done)), work = std::move(work)](execution::account_access& in) { work(*desk, in, done); });
}

template <class T, class Work>
void actor_trading_port::with_all(const trading_caller& who, const std::vector<account_id>& ids, reply<std::vector<result<T>>> done, Work work) {
  struct gathering {
    std::mutex mutex;
    std::vector<std::optional<result<T>>> got;
    std::size_t open = 0;
  };
  if (ids.empty()) return done(std::vector<result<T>>{});
  auto all = std::make_shared<gathering>();
  all->got.resize(ids.size());
  all->open = ids.size();
  for (std::size_t i = 0; i < ids.size(); ++i)
    with<T>(
      who, ids[i],
      [all, i, done](result<T> one) {
        {
          const std::lock_guard lock(all->mutex);
          all->got[i].emplace(std::move(one));
          if (--all->open > 0) return;
        }
        std::vector<result<T>> out;
        for (auto& part : all->got) out.push_back(std::move(*part));
        done(std::move(out));
      },
      work);
}

} // namespace tt::gateway
