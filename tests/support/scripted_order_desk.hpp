#pragma once

// An order desk that keeps what it is asked and answers as the test says: at once, or when told to.

#include "actors/model/order_desk.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <tuple>

namespace tt::test {

class scripted_order_desk : public order_desk {
public:
  void place(signal_order what, reply<signal_outcome> done) override {
    std::unique_lock lock{mutex_};
    auto [at, is_new] = by_key_.try_emplace(what.key);
    if (is_new) at->second = order_of(what.request);
    placed_.push_back(std::move(what));
    auto answer = failure_ ? result<signal_outcome>{*failure_}
                           : result<signal_outcome>{signal_outcome{is_new ? outcome_ : signal_outcome::kind::repeated, at->second}};
    if (failure_ && is_new) by_key_.erase(at);
    lock.unlock();
    done(std::move(answer));
  }
  void cancel(signal_scope which, reply<std::vector<order_id>> done) override {
    {
      std::lock_guard lock{mutex_};
      cancelled_.push_back(std::move(which));
    }
    done(std::vector<order_id>{});
  }
  void holding(account_id account, strategy_id strategy, std::string symbol, reply<strategy_holding> done) override {
    std::unique_lock lock{mutex_};
    const auto held = holdings_[{account.str(), strategy.str(), std::move(symbol)}];
    lock.unlock();
    done(held);
  }
  void figures(account_id, reply<account_figures> done) override {
    std::unique_lock lock{mutex_};
    const auto now = figures_;
    lock.unlock();
    done(now);
  }
  void orders(signal_scope, std::size_t, reply<std::vector<order>> done) override { done(std::vector<order>{}); }

  // -- the test's side
  void hold(const account_id& account, const strategy_id& strategy, const std::string& symbol, strategy_holding what) {
    std::lock_guard lock{mutex_};
    holdings_[{account.str(), strategy.str(), symbol}] = std::move(what);
  }
  void set_figures(account_figures now) {
    std::lock_guard lock{mutex_};
    figures_ = std::move(now);
  }
  /// How new keys are answered from now on.
  void answer_with(signal_outcome::kind how) {
    std::lock_guard lock{mutex_};
    outcome_ = how;
  }
  /// Every request fails so; nothing: they succeed again.
  void fail_with(std::optional<error> why) {
    std::lock_guard lock{mutex_};
    failure_ = std::move(why);
  }
  [[nodiscard]] std::vector<signal_order> placed() const {
    std::lock_guard lock{mutex_};
    return {placed_.begin(), placed_.end()};
  }
  /// Different keys that were taken: what would be at the venue.
  [[nodiscard]] std::size_t orders_made() const {
    std::lock_guard lock{mutex_};
    return by_key_.size();
  }
  [[nodiscard]] std::vector<signal_scope> cancelled() const {
    std::lock_guard lock{mutex_};
    return cancelled_;
  }

private:
  static order order_of(const order_request& asked) {
    order made;
    made.symbol = asked.symbol;
    made.asked = asked.size;
    made.terms.side = asked.side;
    made.terms.type = asked.type;
    made.strategy = asked.strategy;
    return made;
  }

  mutable std::mutex mutex_;
  std::deque<signal_order> placed_;
  std::vector<signal_scope> cancelled_;
  std::map<std::string, order> by_key_;
  std::map<std::tuple<std::string, std::string, std::string>, strategy_holding> holdings_;
  account_figures figures_;
  signal_outcome::kind outcome_ = signal_outcome::kind::taken;
  std::optional<error> failure_;
};

} // namespace tt::test
