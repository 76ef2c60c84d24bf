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

/// An order desk straight over the paper broker: one account without a gate or journal. Answers at once; what the venue
/// does is told by deliver().
class paper_desk : public order_desk {
public:
  paper_desk(const pine::program& code, std::chrono::minutes bar_length, const instrument& what)
      : venue_(venue_of(code, bar_length), "s1", at("2020-01-01T00:00:00Z")) {
    venue_.list(what);
  }
  utc_time now = at("2020-01-01T00:00:00Z");
  /// Told of every change of an order.
  std::function<void(const order&, utc_time)> on_order;
  std::vector<signal_order> placed;

  void print(const std::string& symbol, const trade_tick& tick) {
    now = tick.ts;
    venue_.on_trade(symbol, tick);
  }
  /// Tells what has happened; whether anything had.
  bool deliver() {
    const auto reports = venue_.take(now);
    for (const auto& one : reports) take(one);
    return !reports.empty();
  }

  void place(signal_order what, reply<signal_outcome> done) override {
    placed.push_back(what);
    if (const auto known = by_key_.find(what.key); known != by_key_.end())
      return done(signal_outcome{signal_outcome::kind::repeated, orders_.at(known->second)});
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
    submit_request request;
    request.account = account_id{"paper_simulator"};
    request.wire_id = made.wire_id;
    request.symbol = what.request.symbol;
    request.terms = made.terms;
    venue_.submit(request, now);
    done(signal_outcome{signal_outcome::kind::taken, made});
  }
  void cancel(signal_scope which, reply<std::vector<order_id>> done) override {
    std::vector<order_id> asked;
    for (const auto& [id, one] : orders_) {
      if (is_final(one.state) || (which.order && which.order->str() != id)) continue;
      cancel_request request;
      request.account = account_id{"paper_simulator"};
      request.wire_id = one.wire_id;
      venue_.cancel(request, now);
      asked.push_back(one.id);
    }
    done(asked);
  }
  void holding(account_id, strategy_id, std::string symbol, reply<strategy_holding> done) override {
    strategy_holding out;
    if (const auto held = venue_.positions().find(symbol); held != venue_.positions().end()) {
      out.qty = held->second.qty;
      out.average_price = held->second.average_price();
    }
    done(out);
  }
  void figures(account_id, reply<account_figures> done) override { done(error{errc::not_available, "not asked for here"}); }
  void orders(signal_scope, std::size_t, reply<std::vector<order>> done) override { done(std::vector<order>{}); }

private:
  void take(const venue_report& report) {
    const auto change = [&](const order_handle& h, auto edit, utc_time when) {
      auto& o = orders_.at("o-" + h.wire_id.str());
      ++o.version;
      edit(o);
      if (on_order) on_order(order(o), when);
    };
    if (const auto* a = std::get_if<submit_answer>(&report)) {
      change(a->order, [&](order& o) {
        o.state = a->outcome == submit_outcome::accepted ? order_state::working : order_state::rejected;
        o.reason = a->text;
      }, a->at);
    } else if (const auto* e = std::get_if<execution_report>(&report)) {
      change(e->order, [&](order& o) {
        o.filled += e->qty;
        o.filled_value += e->px.value() * e->qty.value();
        o.fees += *total_of(e->fees);
        o.state = o.remaining().is_zero() ? order_state::filled : order_state::partially_filled;
      }, e->at);
    } else if (const auto* c = std::get_if<cancel_answer>(&report)) {
      if (c->outcome != change_outcome::confirmed) return;
      change(c->order, [](order& o) {
        if (!is_final(o.state)) o.state = order_state::cancelled;
      }, c->at);
    } else if (const auto* r = std::get_if<order_report>(&report)) {
      if (r->status != venue_status::expired && r->status != venue_status::cancelled) return;
      change(r->order, [&](order& o) {
        if (!is_final(o.state)) o.state = r->status == venue_status::expired ? order_state::expired : order_state::cancelled;
      }, r->at);
    }
  }

  paper::paper_broker venue_;
  std::map<std::string, order> orders_;
  std::map<std::string, std::string> by_key_;
};

/// The four prints of a bar's assumed path.
inline std::vector<trade_tick> prints_of(const bar& b, nanoseconds length) {
  const auto path = fills::bar_path(b.open, b.high, b.low, b.close);
  const std::array<nanoseconds, 4> offsets{nanoseconds{0}, length / 4, length / 2, length - std::chrono::milliseconds{1}};
  std::vector<trade_tick> out;
  for (std::size_t i = 0; i < path.size(); ++i) out.push_back({b.open_time + offsets[i], path[i], quantity{25}});
  return out;
}

class paper_day {
public:
  paper_day(const std::string& source, instrument what, timeframe frame = timeframe::minutes(1))
      : what_(std::move(what)), frame_(frame), code_(program_of(source)), desk_(*code_, std::chrono::minutes{frame.count()}, what_), run_(setup(), {}) {
    desk_.on_order = [this](const order& now, utc_time when) { run_.on_order(now, when); };
    settle();
  }

  [[nodiscard]] run_setup setup() const {
    run_setup s;
    s.strategy = strategy_id{"s"};
    s.run = 1;
    s.account = account_id{"paper_simulator"};
    s.what = what_;
    s.frame = frame_;
    s.code = code_;
    return s;
  }

  void play(const bar& b) {
    bar seen{b.open_time, b.open, b.open, b.open, b.open, {}};
    for (const auto& print : prints_of(b, std::chrono::minutes{frame_.count()})) {
      desk_.print(what_.symbol, print);
      settle();
      seen.high = std::max(seen.high, print.px), seen.low = std::min(seen.low, print.px), seen.close = print.px;
      run_.on_bar(seen, bar_phase::forming);
      settle();
    }
    desk_.now = b.open_time + std::chrono::minutes{frame_.count()};
    run_.on_bar(b, bar_phase::closed);
    settle();
  }
  void play(std::span<const bar> bars) {
    for (const auto& b : bars) {
      play(b);
      if (run_.problem()) return;
    }
  }

  /// Everything asked for is done, and everything that came of it told, until nothing is left.
  void settle() {
    for (int round = 0; round < 1'000; ++round) {
      const auto effects = run_.take();
      events.insert(events.end(), effects.events.begin(), effects.events.end());
      for (const auto& one : effects.place)
        desk_.place(one, [&](const result<signal_outcome>& got) { run_.on_placed(one.key, got, desk_.now); });
      for (const auto& id : effects.cancel) {
        signal_scope scope;
        scope.order = id;
        desk_.cancel(scope, [](const result<std::vector<order_id>>&) {});
      }
      const bool has_news = desk_.deliver();
      if (effects.place.empty() && effects.cancel.empty() && !has_news) return;
    }
    ADD_FAILURE() << "the run and the venue never come to rest";
  }

  [[nodiscard]] std::string table() const { return pine::tester::trade_table(run_.run()); }
  strategy_runner& run() { return run_; }
  [[nodiscard]] const std::vector<signal_order>& placed() const { return desk_.placed; }
  std::vector<run_event> events;

private:
  instrument what_;
  timeframe frame_;
  std::shared_ptr<const pine::program> code_;
  paper_desk desk_;
  strategy_runner run_;
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
