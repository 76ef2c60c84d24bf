#pragma once

// What the webhook routes speak to. The node plugs in the actor of its receiver,
// tests a script. All members may be called from any thread and return at once.

#include "actors/alerts/webhook/receiver.hpp"
#include "gateways/market_port.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// Told of what happens to alerts, on any thread, in the order of the journal; must only pass on.
using webhook_watcher = std::function<void(const webhook::webhook_news&)>;

/// What GET /webhook/test shows.
struct webhook_limits {
  std::uint32_t posts_per_minute = 0, burst = 0;
  std::chrono::seconds freshness{0};
  /// Whether the default profile has a shared secret.
  enum class secret_state : std::uint8_t { unset, set } secret = secret_state::unset;
};

class webhook_port {
public:
  virtual ~webhook_port() = default;

  /// `done` comes once the alert is durable, or refused.
  virtual void post(webhook::webhook_post what, std::function<void(webhook::webhook_answer)> done) = 0;
  /// The same for a caller that is known, into that paper account.
  virtual void post_on_paper(std::string body, std::string client, account_id account, std::function<void(webhook::webhook_answer)> done) = 0;

  virtual void profiles(reply<std::vector<webhook::webhook_profile>> done) = 0;
  virtual void profile(std::string id, reply<webhook::webhook_profile> done) = 0;
  /// Errors: those of receiver::create, change, remove, rotate.
  virtual void create(webhook::profile_change what, reply<webhook::new_profile> done) = 0;
  virtual void change(std::string id, webhook::profile_change what, reply<webhook::webhook_profile> done) = 0;
  virtual void remove(std::string id, reply<void> done) = 0;
  virtual void rotate(std::string id, reply<webhook::new_profile> done) = 0;
  /// Newest first.
  virtual void events(webhook::event_filter filter, reply<std::vector<webhook::webhook_event>> done) = 0;
  [[nodiscard]] virtual webhook_limits limits() const = 0;

  virtual subscription_id watch(webhook_watcher who) { return static_cast<void>(who), 0; }
  virtual void unwatch(subscription_id id) { static_cast<void>(id); }
  /// Where answers are counted: tt_webhook_total{result} and tt_webhook_ack_seconds. May be called when the port is gone.
  using answer_count = std::function<void(std::string_view result, double seconds)>;
  [[nodiscard]] virtual answer_count answered() const {
    return [](std::string_view, double) {};
  }
};

} // namespace tt::gateway
