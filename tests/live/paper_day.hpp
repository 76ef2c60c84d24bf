#pragma once

// A day of bars through a live run and the paper broker, tick by tick, without actors: what the node does with messages
// is done here by hand, and every answer comes before the next tick.

#include "actors/backtest/bars.hpp"
#include "actors/execution/paper/paper_broker.hpp"
#include "actors/pine/compiler.hpp"
#include "actors/strategy/live/strategy_runner.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace tt::strategy::test {

using namespace execution;
using tt::test::at;
using tt::test::dec;
using tt::test::px;
using tt::test::qty;
using tt::test::usd;

inline instrument contract(const char* tick = "0.01", const char* lot = "1") {
  instrument what;
  what.symbol = "TEST";
  what.exchange = "TEST";
  what.kind = asset_class::crypto;
  what.tick = px(tick);
  what.lot = qty(lot);
  what.calendar_id = "24X7";
  what.calendar = *find_calendar("24X7");
  return what;
}

inline std::shared_ptr<const pine::program> program_of(const std::string& source) {
  const auto compiled = pine::compile(source);
  for (const auto& d : compiled.diags.all())
    if (d.level == pine::severity::error) ADD_FAILURE() << d.pos.line << ": " << d.message;
  return compiled.code;
}

/// Minutes of a walk that looks like a market: the same seed, the same bars.
inline std::vector<bar> wandering_minutes(std::size_t count, std::uint64_t seed, const instrument& what) {
  std::vector<bar> out;
  std::uint64_t x = seed * 2'654'435'769u + 1;
  const auto draw = [&](int most) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return static_cast<std::int64_t>(x % static_cast<std::uint64_t>(2 * most + 1)) - most;
  };
  const auto tick = what.tick.value();
  std::int64_t last = 10'000;
  auto when = at("2026-01-15T00:00:00Z");
  for (std::size_t i = 0; i < count; ++i, when += std::chrono::minutes{1}) {
    const auto open = std::max<std::int64_t>(last + draw(6), 100), close = std::max<std::int64_t>(open + draw(25), 100);
    const auto high = std::max(open, close) + std::abs(draw(12)), low = std::max<std::int64_t>(std::min(open, close) - std::abs(draw(12)), 50);
    const auto on = [&](std::int64_t ticks) { return price{tick * decimal{ticks}}; };
    out.push_back({when, on(open), on(high), on(low), on(close), quantity{100}});
    last = close;
  }
  return out;
}

/// The fee schedule and slippage that strategy() declares.
inline paper::paper_settings venue_of(const pine::program& code, std::chrono::minutes length) {
  paper::paper_settings s;
  s.starting_cash = money{1'000'000'000};
  s.fills.basis = paper::fill_basis::path;
  s.fills.path_bar = length;
  s.fills.slippage_ticks = static_cast<int>(code.decl.slippage);
  const auto fee = decimal::from_double(code.decl.commission_value, 10).value_or(decimal{});
  if (code.decl.commission_type == "percent") s.fills.fees.commission_ratio = decimal::divide(fee, decimal{100});
  if (code.decl.commission_type == "cash_per_contract") s.fills.fees.commission_per_unit = money{fee};
  if (code.decl.commission_type == "cash_per_order") s.fills.fees.commission_per_order = money{fee};
  return s;
}

class paper_day {
public:
  paper_day(const std::string& source, instrument what, timeframe frame = timeframe::minutes(1), std::span<const bar> warm_up = {},
            std::span<const run_event> events = {})
      : what_(std::move(what)), frame_(frame), code_(program_of(source)),
        venue_(venue_of(*code_, std::chrono::minutes{frame.count()}), "s1", at("2020-01-01T00:00:00Z")), run_(setup(), warm_up, events) {
    venue_.list(what_);
    settle(at("2020-01-01T00:00:00Z"));
  }

  [[nodiscard]] run_setup setup() const {
    run_setup s;
    s.strategy = strategy_id{"s"};
    s.run = 1;
    s.account = account_id{"paper_simulator"};
    s.what = what_;
    s.frame = frame_;
    s.code = code_;
    s.trade_from_ms = trade_from;
    return s;
  }

  void play(const bar& b) {
    const auto length = std::chrono::minutes{frame_.count()};
    const auto path = fills::bar_path(b.open, b.high, b.low, b.close);
    const std::array<nanoseconds, 4> offsets{nanoseconds{0}, nanoseconds{length} / 4, nanoseconds{length} / 2, nanoseconds{length} - std::chrono::milliseconds{1}};
    bar seen{b.open_time, b.open, b.open, b.open, b.open, {}};
    for (std::size_t i = 0; i < path.size(); ++i) {
      const auto when = b.open_time + offsets[i];
      venue_.on_trade(what_.symbol, {when, path[i], quantity{1}});
      settle(when);
      seen.high = std::max(seen.high, path[i]), seen.low = std::min(seen.low, path[i]), seen.close = path[i];
      run_.on_bar(seen, bar_phase::forming);
      settle(when);
    }
    run_.on_bar(b, bar_phase::closed);
    settle(b.open_time + length);
  }
  void play(std::span<const bar> bars) {
    for (const auto& b : bars) {
      play(b);
      if (run_.problem()) return;
    }
  }

  /// Everything asked for is done, and everything that came of it told, until nothing is left.
  void settle(utc_time now) {
    for (int round = 0; round < 1'000; ++round) {
      const auto effects = run_.take();
      events.insert(events.end(), effects.events.begin(), effects.events.end());
      signals.insert(signals.end(), effects.signals.begin(), effects.signals.end());
      alerts.insert(alerts.end(), effects.alerts.begin(), effects.alerts.end());
      trades.insert(trades.end(), effects.trades.begin(), effects.trades.end());
      if (!effects.place.empty() && is_deaf) held_back.insert(held_back.end(), effects.place.begin(), effects.place.end());
      else
        for (const auto& one : effects.place) place(one, now);
      for (const auto& id : effects.cancel) cancel(id, now);
      const auto reports = venue_.take(now);
      for (const auto& one : reports) take(one);
      if (effects.place.empty() && effects.cancel.empty() && reports.empty()) return;
    }
    ADD_FAILURE() << "the run and the venue never come to rest";
  }

  void place(const signal_order& what, utc_time now) {
    placed.push_back(what);
    if (const auto known = by_key_.find(what.key); known != by_key_.end())
      return run_.on_placed(what.key, signal_outcome{signal_outcome::kind::repeated, orders_.at(known->second)}, now);
    const auto number = orders_.size() + 1;
    order made;
    made.number = static_cast<order_number>(number);
    made.id = order_id{"o-" + std::to_string(number)};
    made.state = order_state::submitting;
    made.strategy = what.request.strategy;
    made.symbol = what.request.symbol;
    made.wire_id = wire_order_id{std::to_string(number)};
    auto& t = made.terms;
    t.side = what.request.side, t.type = what.request.type, t.tif = what.request.tif;
    t.qty = std::get<size_quantity>(what.request.size).value;
    t.limit_price = what.request.limit_price, t.stop_price = what.request.stop_price, t.trail_offset = what.request.trail_offset;
    by_key_[what.key] = made.id.str();
    orders_[made.id.str()] = made;
    run_.on_placed(what.key, signal_outcome{signal_outcome::kind::taken, made}, now);
    submit_request request;
    request.account = account_id{"paper_simulator"};
    request.wire_id = made.wire_id;
    request.symbol = what.request.symbol;
    request.terms = made.terms;
    venue_.submit(request, now);
  }
  void cancel(const order_id& id, utc_time now) {
    const auto& what = orders_.at(id.str());
    cancel_request request;
    request.account = account_id{"paper_simulator"};
    request.wire_id = what.wire_id;
    venue_.cancel(request, now);
  }

  [[nodiscard]] std::string table() const { return pine::tester::trade_table(run_.run()); }
  strategy_runner& run() { return run_; }
  const std::map<std::string, order>& orders() const { return orders_; }
  /// Orders are kept from the venue until told otherwise.
  bool is_deaf = false;
  std::vector<signal_order> held_back, placed;
  std::vector<run_event> events;
  std::vector<signal_row> signals;
  std::vector<raised_alert> alerts;
  std::vector<closed_trade> trades;
  static inline std::int64_t trade_from = 0;

private:
  void take(const venue_report& report) {
    std::string wire;
    utc_time when{};
    const auto change = [&](const order_handle& h, utc_time t) -> order& {
      wire = h.wire_id.str();
      when = t;
      auto& o = orders_.at("o-" + wire);
      ++o.version;
      return o;
    };
    if (const auto* a = std::get_if<submit_answer>(&report)) {
      auto& o = change(a->order, a->at);
      o.state = a->outcome == submit_outcome::accepted ? order_state::working : order_state::rejected;
      o.reason = a->text;
      run_.on_order(order(o), when);
    } else if (const auto* e = std::get_if<execution_report>(&report)) {
      auto& o = change(e->order, e->at);
      o.filled += e->qty;
      o.filled_value += e->px.value() * e->qty.value();
      o.fees += *total_of(e->fees);
      o.state = o.remaining().is_zero() ? order_state::filled : order_state::partially_filled;
      run_.on_order(order(o), when);
    } else if (const auto* c = std::get_if<cancel_answer>(&report)) {
      if (c->outcome != change_outcome::confirmed) return;
      auto& o = change(c->order, c->at);
      if (!is_final(o.state)) o.state = order_state::cancelled;
      run_.on_order(order(o), when);
    } else if (const auto* r = std::get_if<order_report>(&report)) {
      if (r->status != venue_status::expired && r->status != venue_status::cancelled) return;
      auto& o = change(r->order, r->at);
      if (!is_final(o.state)) o.state = r->status == venue_status::expired ? order_state::expired : order_state::cancelled;
      run_.on_order(order(o), when);
    }
  }

  instrument what_;
  timeframe frame_;
  std::shared_ptr<const pine::program> code_;
  paper::paper_broker venue_;
  strategy_runner run_;
  std::map<std::string, order> orders_;
  std::map<std::string, std::string> by_key_;
};

/// The backtest of the same bars.
inline std::string backtest_table(const std::string& source, const instrument& what, std::span<const bar> bars, timeframe frame = timeframe::minutes(1)) {
  pine::run_settings settings;
  settings.symbol = std::make_shared<const pine::symbol_info>(backtest::symbol_facts(what, session_hours::regular));
  if (const auto tf = pine::timeframe::parse(frame.to_udf())) settings.chart_timeframe = *tf;
  pine::tester::tester_options options;
  options.curve = pine::tester::keep_curve::no;
  pine::tester::strategy_run run(program_of(source), settings, options);
  const auto list = backtest::to_pine(bars, what, frame, session_hours::regular);
  for (const auto& b : list)
    if (const auto failed = run.on_bar(b)) {
      ADD_FAILURE() << failed->message;
      break;
    }
  return pine::tester::trade_table(run);
}

} // namespace tt::strategy::test
