#pragma once

// The webhook_port of a running node: what routes ask becomes work in the step of the
// receiver's actor.

#include "gateways/webhook/webhook_metrics.hpp"
#include "gateways/webhook_port.hpp"

#include <caf/actor.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace tt::gateway {

/// Who listens to the receiver. Thread-safe.
class webhook_watchers {
public:
  subscription_id add(webhook_watcher who);
  void remove(subscription_id id);
  void tell(const webhook::webhook_news& news) const;

private:
  mutable std::mutex mutex_;
  std::map<subscription_id, std::shared_ptr<const webhook_watcher>> all_;
  subscription_id last_ = 0;
};

class actor_webhook_port final : public webhook_port {
public:
  /// The actor may end before the port: then posts answer 503.
  actor_webhook_port(caf::actor receiver, webhook_limits limits, std::shared_ptr<webhook_watchers> watchers,
                     std::shared_ptr<webhook_metrics> metrics);
  ~actor_webhook_port() override;
  actor_webhook_port(const actor_webhook_port&) = delete;
  actor_webhook_port& operator=(const actor_webhook_port&) = delete;

  void post(webhook::webhook_post what, std::function<void(webhook::webhook_answer)> done) override;
  void post_on_paper(std::string body, std::string client, account_id account, std::function<void(webhook::webhook_answer)> done) override;
  void profiles(reply<std::vector<webhook::webhook_profile>> done) override;
  void profile(std::string id, reply<webhook::webhook_profile> done) override;
  void create(webhook::profile_change what, reply<webhook::new_profile> done) override;
  void change(std::string id, webhook::profile_change what, reply<webhook::webhook_profile> done) override;
  void remove(std::string id, reply<void> done) override;
  void rotate(std::string id, reply<webhook::new_profile> done) override;
  void events(webhook::event_filter filter, reply<std::vector<webhook::webhook_event>> done) override;
  [[nodiscard]] webhook_limits limits() const override { return limits_; }
  subscription_id watch(webhook_watcher who) override { return watchers_->add(std::move(who)); }
  void unwatch(subscription_id id) override { watchers_->remove(id); }
  [[nodiscard]] answer_count answered() const override {
    return [metrics = metrics_](std::string_view result, double seconds) { metrics->answered(result, seconds); };
  }

private:
  caf::actor receiver_;
  webhook_limits limits_;
  std::shared_ptr<webhook_watchers> watchers_;
  std::shared_ptr<webhook_metrics> metrics_;
};

} // namespace tt::gateway
