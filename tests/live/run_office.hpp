#pragma once

// What a live run needs beside a market: the record of one strategy and a desk over the paper broker. And the trades that
// came of it, beside those of the backtest.

#include "actors/market/messages.hpp"
#include "actors/strategy/live/live_run_actor.hpp"
#include "tests/live/paper_day.hpp"

#include <caf/send.hpp>

namespace tt::strategy::test {

/// What an export of the trades shows of one.
inline std::string words(std::int64_t entry, double entry_price, std::int64_t exit, double exit_price, double size, double profit, double fees) {
  std::ostringstream out;
  out.precision(17);
  out << entry << ' ' << entry_price << ' ' << exit << ' ' << exit_price << ' ' << size << ' ' << profit << ' ' << fees;
  return out.str();
}

inline std::vector<std::string> backtest_trades(const std::string& source, const instrument& what, std::span<const bar> bars) {
  pine::run_settings settings;
  settings.symbol = std::make_shared<const pine::symbol_info>(backtest::symbol_facts(what, session_hours::regular));
  settings.chart_timeframe = *pine::timeframe::parse("1");
  pine::tester::strategy_run backtest(program_of(source), settings);
  for (const auto& b : backtest::to_pine(bars, what, timeframe::minutes(1), session_hours::regular)) EXPECT_FALSE(backtest.on_bar(b));
  std::vector<std::string> out;
  for (const auto& t : backtest.account().account().closed_trades())
    out.push_back(words(t.entry_time_ms, t.entry_price, t.exit_time_ms, t.exit_price, t.size, t.profit, t.fee()));
  return out;
}

struct run_office {
  explicit run_office(const std::string& source, instrument of)
      : what(std::move(of)), code(program_of(source)), desk(std::make_shared<paper_desk>(*code, std::chrono::minutes{1}, what)),
        records(*registry::open("")) {
    strategy_record r;
    r.id = strategy_id{"s"};
    r.state.account = account_id{"paper_simulator"};
    r.state.power = strategy_power::enabled;
    r.symbols = {what.symbol};
    record = *records->add(r, source, {"local", desk->now});
  }

  [[nodiscard]] std::shared_ptr<const live_run_options> options(const caf::actor& directory) const {
    auto out = std::make_shared<live_run_options>();
    out->strategy = record.id;
    out->what = what;
    out->directory = directory;
    out->desk = desk;
    out->records = records;
    out->clock = [told = desk] { return utc_time{told->now}; };
    return out;
  }
  /// The run is told what becomes of its orders.
  void report_to(const caf::actor& run) const {
    desk->on_order = [run](const order& now, utc_time when) {
      caf::anon_send(run, order_seen_ptr{std::make_shared<const order_seen>(order_seen{account_id{"paper_simulator"}, now, when})});
    };
  }
  [[nodiscard]] run_request_ptr request() const {
    auto out = std::make_shared<run_request>();
    out->record = record;
    out->code = program_of(*records->source(record.id));
    return run_request_ptr{std::move(out)};
  }
  [[nodiscard]] std::vector<std::string> trades() const {
    std::vector<std::string> out;
    for (const auto& r : records->trades(record.id)) {
      const auto& t = r.trade;
      const auto size = t.side == closed_trade::side_t::long_side ? t.qty : -t.qty;
      out.push_back(words(t.entry_ms, t.entry_price, t.exit_ms, t.exit_price, size, t.profit, t.fees));
    }
    return out;
  }

  instrument what;
  std::shared_ptr<const pine::program> code;
  std::shared_ptr<paper_desk> desk;
  std::shared_ptr<registry> records;
  strategy_record record;
};

} // namespace tt::strategy::test
