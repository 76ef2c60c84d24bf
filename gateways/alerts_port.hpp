#pragma once

// What the alert routes and the stream channel speak to. The node plugs in its alert
// service, tests a script. All members may be called from any thread and return at once.

#include "actors/alerts/price/alert_book.hpp"
#include "gateways/market_port.hpp"

namespace tt::gateway {

/// Told of each event in order, on any thread; must only pass on.
using alert_watcher = std::function<void(const alerts::alert_event&)>;

class alerts_port {
public:
  virtual ~alerts_port() = default;

  /// Errors: those of alert_book::create, and refused for a notice URL that is out of bounds.
  virtual void create(alerts::alert_draft draft, std::string owner, reply<alerts::alert> done) = 0;
  /// Keeps a notice that triggers nothing.
  virtual void create_notice(board_notice what, std::string owner, reply<alerts::alert> done) = 0;
  virtual void change(std::string id, alerts::alert_draft draft, reply<alerts::alert> done) = 0;
  virtual void turn(std::string id, alerts::alert_switch way, reply<alerts::alert> done) = 0;
  virtual void remove(std::string id, reply<alerts::alert> done) = 0;
  virtual void find(std::string id, reply<alerts::alert> done) = 0;
  virtual void list(alerts::alert_filter which, reply<std::vector<alerts::alert>> done) = 0;

  /// Begins to tell of events. What was before must be asked for.
  virtual subscription_id watch(alert_watcher who) = 0;
  /// A call that already runs on another thread may still finish.
  virtual void unwatch(subscription_id id) = 0;
};

} // namespace tt::gateway
