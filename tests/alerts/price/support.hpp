#pragma once

// A book of alerts over a store in memory, a small master, and quotes from text.

#include "actors/alerts/price/alert_book.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

namespace tt::alerts::test {

using tt::test::at;
using tt::test::dec;
using tt::test::px;
using tt::test::qty;

inline instrument make_instrument(const char* symbol, asset_class kind, const char* calendar, const char* tick, const char* lot) {
  instrument out;
  out.symbol = symbol;
  out.exchange = "X";
  out.kind = kind;
  out.calendar_id = calendar;
  out.tick = px(tick);
  out.lot = qty(lot);
  return out;
}

inline const instrument_master& small_master() {
  static const instrument_master made = [] {
    auto list = instrument_master::make({make_instrument("AAPL", asset_class::stock, "XNAS", "0.01", "1"),
                                         make_instrument("ES1!", asset_class::futures, "CME_EQUITY", "0.25", "1"),
                                         make_instrument("BTCUSD", asset_class::crypto, "24X7", "0.01", "0.0001")});
    EXPECT_TRUE(list);
    return std::move(*list);
  }();
  return made;
}

/// Writes through to another store, unless told to fail.
class faulty_store final : public alert_store {
public:
  explicit faulty_store(std::shared_ptr<alert_store> inner) : inner_(std::move(inner)) {}
  result<stored_alerts> load() override { return inner_->load(); }
  result<void> commit(const store_changes& changes) override {
    if (fails) return error{errc::io_error, "no space left on device"};
    commits.push_back(changes);
    return inner_->commit(changes);
  }
  bool fails = false;
  std::vector<store_changes> commits;

private:
  std::shared_ptr<alert_store> inner_;
};

class book_test : public ::testing::Test {
protected:
  book_test() { restart(); }

  /// A new process over the same store; what was not committed is gone.
  void restart() {
    book.reset();
    store = std::make_shared<faulty_store>(disk);
    auto opened = alert_book::open(*store, small_master(), {}, now);
    ASSERT_TRUE(opened) << to_string(opened.error());
    book.emplace(std::move(*opened));
    settle();
  }
  static alert_draft draft(const char* condition, const char* value, const char* symbol = "BTCUSD") {
    alert_draft out;
    out.symbol = symbol;
    out.condition = condition;
    if (value) out.value = dec(value);
    return out;
  }
  alert make(const alert_draft& wanted) {
    auto made = book->create(wanted, "tester", now);
    EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
    settle();
    return made ? *made : alert{};
  }
  alert make(const char* condition, const char* value, const char* repeat = "once") {
    auto wanted = draft(condition, value);
    wanted.repeat = repeat;
    return make(wanted);
  }
  /// A fresh quote; gives how many alerts went off.
  std::size_t tick(const char* price, const char* time, const char* volume = "0", const char* symbol = "BTCUSD") {
    return quote(price, time, volume, market::freshness::fresh, symbol);
  }
  /// One at the next second.
  std::size_t tick(const char* price) {
    now += std::chrono::seconds{1};
    return quote_at(px(price), now, quantity{}, market::freshness::fresh, "BTCUSD");
  }
  std::size_t quote(const char* price, const char* time, const char* volume, market::freshness state, const char* symbol = "BTCUSD") {
    now = at(time);
    return quote_at(px(price), now, qty(volume), state, symbol);
  }
  std::size_t quote_at(price last, utc_time ts, quantity volume, market::freshness state, const char* symbol) {
    market::quote_snapshot seen;
    seen.symbol = symbol;
    seen.ts = ts;
    seen.last = last;
    seen.volume = volume;
    seen.state = state;
    book->on_quote(seen);
    return settle();
  }
  /// Commits; gives the triggers among what happened.
  std::size_t settle() {
    auto effects = book->flush();
    if (!effects) return 0;
    std::size_t triggers = 0;
    for (auto& event : effects->events) {
      triggers += event.kind == alert_event_kind::triggered;
      events.push_back(std::move(event));
    }
    for (auto& action : effects->actions) actions.push_back(std::move(action));
    return triggers;
  }
  [[nodiscard]] alert state_of(const alert& what) const {
    auto found = book->find(what.id);
    EXPECT_TRUE(found);
    return found ? *found : alert{};
  }

  utc_time now = at("2026-01-15T15:00:00Z");
  std::shared_ptr<alert_store> disk = std::move(*open_alert_store("", "test"));
  std::shared_ptr<faulty_store> store;
  std::optional<alert_book> book;
  std::vector<alert_event> events;
  std::vector<alert_action> actions;
};

} // namespace tt::alerts::test
