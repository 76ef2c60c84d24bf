#pragma once

// An alerts_port that asks a book at once, on the caller's thread.

#include "gateways/alerts_port.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::test {

class direct_alerts final : public alerts_port {
public:
  explicit direct_alerts(market_port& market)
    : market_(market), store_(std::move(*alerts::open_alert_store("", "test"))),
      book(std::move(*alerts::alert_book::open(*store_, market.instruments(), {}, market.market_time()))) {}

  void create(alerts::alert_draft draft, std::string owner, reply<alerts::alert> done) override {
    if (refused && draft.notice_url) return done(*refused);
    answer(done, book.create(draft, owner, market_.market_time()));
  }
  void create_notice(board_notice what, std::string owner, reply<alerts::alert> done) override {
    answer(done, book.create_notice(std::move(what), owner, market_.market_time()));
  }
  void change(std::string id, alerts::alert_draft draft, reply<alerts::alert> done) override {
    answer(done, book.change(id, draft, market_.market_time()));
  }
  void turn(std::string id, alerts::alert_switch way, reply<alerts::alert> done) override { answer(done, book.turn(id, way, market_.market_time())); }
  void remove(std::string id, reply<alerts::alert> done) override { answer(done, book.remove(id)); }
  void find(std::string id, reply<alerts::alert> done) override { answer(done, book.find(id)); }
  void list(alerts::alert_filter which, reply<std::vector<alerts::alert>> done) override { done(book.list(which)); }
  subscription_id watch(alert_watcher who) override {
    watchers_[++last_] = std::move(who);
    return last_;
  }
  void unwatch(subscription_id id) override { watchers_.erase(id); }

  /// Hands out what has happened.
  void settle() {
    auto effects = book.flush();
    ASSERT_TRUE(effects);
    for (const auto& event : effects->events)
      for (const auto& [unused, who] : watchers_) who(event);
  }

  std::optional<error> refused; ///< of every URL

private:
  template <class T>
  void answer(const reply<T>& done, result<T> got) {
    settle();
    done(std::move(got));
  }

  market_port& market_;
  std::unique_ptr<alerts::alert_store> store_;
  std::map<subscription_id, alert_watcher> watchers_;
  subscription_id last_ = 0;

public:
  alerts::alert_book book;
};

} // namespace tt::gateway::test
