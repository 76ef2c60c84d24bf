#pragma once

// The alerts of one node: store, actor, sender of notices; what the gateway and the
// makers of notices speak to.

#include "cluster/alerts/alert_actor.hpp"
#include "cluster/office/office_place.hpp"
#include "gateways/notify/https_notice_sender.hpp"

#include <caf/actor_system.hpp>

namespace prometheus {
class Collectable;
}

namespace tt::cluster {

struct alert_settings {
  caf::actor_system& system;
  office_place place;
  std::shared_ptr<const instrument_master> master;
  gateway::market_port& market;   ///< outlives the service
  std::shared_ptr<order_desk> desk; ///< null: the node hosts no accounts
  std::optional<account_id> default_account;
  std::shared_ptr<notice_sender> sender;
};

class alert_service final : public gateway::alerts_port, public notice_board {
public:
  /// Opens the store and begins to watch. Errors: io_error, corrupt_data.
  static result<std::unique_ptr<alert_service>> start(alert_settings with);
  ~alert_service() override;

  void create(alerts::alert_draft draft, std::string owner, gateway::reply<alerts::alert> done) override;
  void create_notice(board_notice what, std::string owner, gateway::reply<alerts::alert> done) override;
  void change(std::string id, alerts::alert_draft draft, gateway::reply<alerts::alert> done) override;
  void turn(std::string id, alerts::alert_switch way, gateway::reply<alerts::alert> done) override;
  void remove(std::string id, gateway::reply<alerts::alert> done) override;
  void find(std::string id, gateway::reply<alerts::alert> done) override;
  void list(alerts::alert_filter which, gateway::reply<std::vector<alerts::alert>> done) override;
  gateway::subscription_id watch(gateway::alert_watcher who) override;
  void unwatch(gateway::subscription_id id) override;
  /// Kept under the name "node".
  void post(board_notice what) override;

  [[nodiscard]] std::shared_ptr<prometheus::Collectable> metrics() const { return collectable_; }
  /// Ends the actor and waits for it. What was on disk and not done is done after the next start.
  void stop();

private:
  explicit alert_service(alert_settings with) : with_(std::move(with)) {}
  /// Runs `work` in the actor and answers with what it gives.
  template <class T, class Work>
  void ask(gateway::reply<T> done, Work work);

  alert_settings with_;
  std::shared_ptr<alert_watchers> watchers_ = std::make_shared<alert_watchers>();
  std::shared_ptr<alert_figures> figures_ = std::make_shared<alert_figures>();
  std::shared_ptr<prometheus::Collectable> collectable_;
  caf::actor actor_;
};

} // namespace tt::cluster
