#pragma once

// The trading_port of a running node: what routes ask becomes work in the step of the
// account's actor, with its desk; what the desk answers comes back as calls.

#include "gateways/bridge/account_hosts.hpp"
#include "gateways/bridge/trading_metrics.hpp"
#include "gateways/trading_port.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <vector>

namespace tt::gateway {

/// Who listens to the desks. The desks' listener passes on through it. Thread-safe.
class trading_watchers {
public:
  subscription_id add(trading_watcher who);
  void remove(subscription_id id);
  void order(const order_snapshot& what) const;
  void execution(const execution_snapshot& what) const;
  void account(const account_snapshot& what) const;
  void position(const position_snapshot& what) const;
  void risk(const risk_news& what) const;

private:
  struct shared;
  std::shared_ptr<shared> shared_ = make();
  static std::shared_ptr<shared> make();
};

class actor_trading_port final : public trading_port {
public:
  /// The first account is the default one. The accounts must have ended before the port does. `figures` may be null.
  actor_trading_port(std::shared_ptr<account_hosts> accounts, std::shared_ptr<trading_watchers> watchers,
                     std::shared_ptr<const trading_metrics> figures);
  ~actor_trading_port() override;
  actor_trading_port(const actor_trading_port&) = delete;
  actor_trading_port& operator=(const actor_trading_port&) = delete;

  [[nodiscard]] trading_health health() override;
  void ask_health(std::function<void(const trading_health&)> done) override;
  subscription_id watch(trading_watcher who) override { return watchers_->add(std::move(who)); }
  void unwatch(subscription_id id) override { watchers_->remove(id); }
  [[nodiscard]] result<account_id> default_account() const override;
  void history(reply<std::vector<account_history>> done) override;
  void accounts(const trading_caller& who, reply<std::vector<account_snapshot>> done) override;
  void positions(const trading_caller& who, std::optional<account_id> of, reply<std::vector<position_snapshot>> done) override;
  void orders(const trading_caller& who, order_filter filter, reply<std::vector<order_snapshot>> done) override;
  void order_of(const trading_caller& who, order_name name, reply<order_snapshot> done) override;
  void executions(const trading_caller& who, order_filter filter, reply<std::vector<execution_snapshot>> done) override;
  void place(const trading_caller& who, place_order what, reply<placed_order> done) override;
  void preview(const trading_caller& who, order_request what, reply<order_preview> done) override;
  void change(const trading_caller& who, order_name name, order_change change, reply<order_snapshot> done) override;
  void cancel(const trading_caller& who, order_name name, reply<cancelled_order> done) override;
  void cancel_all(const trading_caller& who, order_filter filter, reply<std::vector<order_id>> done) override;
  void close(const trading_caller& who, close_request what, reply<closed_positions> done) override;
  void close_unknown(const trading_caller& who, order_name name, std::string reason, reply<order_snapshot> done) override;
  void retry(const trading_caller& who, order_name name, std::chrono::milliseconds wait, reply<placed_order> done) override;
  void accept(const trading_caller& who, accept_position what, reply<accepted_position> done) override;
  void performance(const trading_caller& who, std::optional<account_id> of, std::size_t points, reply<account_performance> done) override;
  void risk_state(const trading_caller& who, std::optional<account_id> of, reply<risk_snapshot> done) override;
  void stops(const trading_caller& who, reply<std::vector<risk::kill_event>> done) override;
  void set_limits(const trading_caller& who, risk::limit_change change, reply<std::uint64_t> done) override;
  void stop(const trading_caller& who, stop_request what, reply<stopped> done) override;
  void ask_resume(const trading_caller& who, std::string reason, reply<resume_question> done) override;
  void resume(const trading_caller& who, std::string token, reply<std::uint64_t> done) override;

  /// A stop that was ordered elsewhere. Answers when all accounts have obeyed.
  void take_stop(const std::string& author, stop_request what, account_desk::telling how, reply<stopped> done);
  /// Whether this node hosts the account now.
  [[nodiscard]] bool has_account(const std::string& name) const;
  /// A resume that was confirmed elsewhere. Errors: as account_desk::lift_stops, of the first account that stays stopped.
  void lift_stops(const std::string& author, std::vector<risk::kill_scope> scopes, const std::string& reason, reply<void> done);
  /// Whether this node is cut off from one at which stops are ordered: its accounts open nothing then.
  void isolate(risk::on_off isolated);

private:
  struct known_health;
  /// The account meant, the default one where none is named. Errors: not_found; refused where it is out of the caller's reach.
  [[nodiscard]] result<hosted_account> find(const trading_caller& who, const std::optional<account_id>& named) const;
  /// Runs `work(desk, access, done)` in the account's step.
  template <class T, class Work>
  void with(const trading_caller& who, const std::optional<account_id>& named, reply<T> done, Work work);
  /// The same with several accounts; the answers in their order.
  template <class T, class Work>
  void with_all(const trading_caller& who, const std::vector<account_id>& ids, reply<std::vector<result<T>>> done, Work work);
  void resume_all(const trading_caller& who, const std::vector<account_id>& ids, const std::string& token, const reply<std::uint64_t>& done);
  /// Which account an order is of, where the name does not say. Errors: not_found.
  void locate(const trading_caller& who, const order_name& name, reply<account_id> done);
  [[nodiscard]] std::vector<account_id> meant_by(const risk::kill_scope& scope) const;
  [[nodiscard]] std::vector<account_id> reachable(const trading_caller& who) const;

  std::shared_ptr<account_hosts> accounts_;
  std::shared_ptr<trading_watchers> watchers_;
  std::shared_ptr<const trading_metrics> figures_;
  std::shared_ptr<known_health> health_;
};

} // namespace tt::gateway
