#pragma once

// A paper account for tests: a stock, a coin and a future, and short words for what happens.

#include "actors/execution/paper/paper_broker.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tt::execution::paper::test {

using tt::test::at;
using tt::test::dec;
using tt::test::px;
using tt::test::qty;
using tt::test::usd;

inline instrument contract(const char* symbol, asset_class kind, const char* calendar, const char* tick, const char* lot, const char* multiplier) {
  instrument what;
  what.symbol = symbol;
  what.exchange = "TEST";
  what.kind = kind;
  what.tick = px(tick);
  what.lot = qty(lot);
  what.multiplier = dec(multiplier);
  what.calendar_id = calendar;
  what.calendar = *find_calendar(calendar);
  return what;
}

inline std::string describe(const venue_report& report) {
  struct visitor {
    std::string operator()(const submit_answer& r) const {
      return r.order.wire_id.str() + " " + std::string(to_string(r.outcome)) + (r.outcome == submit_outcome::accepted ? " " + std::string(to_string(r.status)) : "");
    }
    std::string operator()(const cancel_answer& r) const { return r.order.wire_id.str() + " cancel " + std::string(to_string(r.outcome)); }
    std::string operator()(const replace_answer& r) const { return r.order.wire_id.str() + " replace " + std::string(to_string(r.outcome)); }
    std::string operator()(const order_report& r) const {
      auto out = r.order.wire_id.str() + " " + std::string(to_string(r.status));
      if (r.status != venue_status::working || !r.progress) return out;
      if (r.progress->level) out += " stop " + r.progress->level->value().to_string();
      return out + (r.progress->is_triggered ? " touched" : "");
    }
    std::string operator()(const execution_report& r) const {
      return r.order.wire_id.str() + " " + (r.way == direction::buy ? "+" : "-") + r.qty.to_string() + "@" + r.px.to_string();
    }
    std::string operator()(const correction_report& r) const { return "correction " + r.id.str(); }
    std::string operator()(const lookup_answer& r) const { return r.order.wire_id.str() + (r.outcome == lookup_outcome::found ? " found" : " absent"); }
    std::string operator()(const venue_snapshot&) const { return "snapshot"; }
    std::string operator()(const session_report& r) const { return "session " + std::string(to_string(r.state)); }
    std::string operator()(const account_balances&) const { return "balances"; }
  };
  return std::visit(visitor{}, report);
}

class stall {
public:
  using lines = std::vector<std::string>;
  utc_time now;
  paper_broker venue;

  /// Thursday 2026-01-15, 10:00 in New York.
  explicit stall(fill_model model = {}, const char* when = "2026-01-15T15:00:00Z", account_type type = account_type::margin)
    : now(at(when)), venue(settings(model, type), "s1", now) {
    venue.list(contract("AAPL", asset_class::stock, "XNYS", "0.01", "1", "1"));
    venue.list(contract("BTCUSD", asset_class::crypto, "24X7", "0.01", "0.001", "1"));
    venue.list(contract("MNQ", asset_class::futures, "CME_EQUITY", "0.25", "1", "2"), usd("2000"));
  }
  static paper_settings settings(const fill_model& model, account_type type) {
    paper_settings s;
    s.fills = model;
    s.type = type;
    return s;
  }

  submit_request request(const char* symbol, const char* side, const char* size, const char* limit = nullptr) {
    submit_request r;
    r.account = account_id{"paper_simulator"};
    r.wire_id = wire_order_id{std::string(1, static_cast<char>('A' + count_++))};
    r.symbol = symbol;
    r.terms.side = *parse_name<order_side>(side, "side");
    r.terms.qty = qty(size);
    if (limit) {
      r.terms.type = order_type::limit;
      r.terms.limit_price = px(limit);
    }
    return r;
  }
  submit_request stop(const char* symbol, const char* side, const char* size, const char* level, const char* limit = nullptr) {
    auto r = request(symbol, side, size, limit);
    r.terms.type = limit ? order_type::stop_limit : order_type::stop;
    r.terms.stop_price = px(level);
    return r;
  }
  submit_request trailing(const char* side, const char* size, const char* offset) {
    auto r = request("AAPL", side, size);
    r.terms.type = order_type::trailing_stop;
    r.terms.trail_offset = px(offset);
    return r;
  }
  /// Sends and says what the venue answers.
  lines send(const submit_request& r) {
    venue.submit(r, now);
    return take();
  }
  lines take() {
    lines out;
    for (const auto& one : venue.take(now)) {
      if (const auto* fill = std::get_if<execution_report>(&one)) fills.push_back(*fill);
      out.push_back(describe(one));
    }
    return out;
  }
  lines quote(const char* bid, const char* ask, const char* size = "1000", const char* symbol = "AAPL") {
    venue.on_quote(symbol, {now, px(bid), px(ask), qty(size), qty(size)});
    return take();
  }
  lines trade(const char* p, const char* size = "1000", const char* symbol = "AAPL") {
    venue.on_trade(symbol, {now, px(p), qty(size)});
    return take();
  }
  void pass(std::chrono::milliseconds t) { now += t; }

  std::vector<execution_report> fills;

private:
  int count_ = 0;
};

} // namespace tt::execution::paper::test
