#include "actors/pine/tester/strategy_run.hpp"

#include "actors/pine/util.hpp"

#include <charconv>

namespace tt::pine::tester {

namespace {

std::string in_quotes(const std::string& s) {
  if (s.find_first_of(",\"\r\n") == std::string::npos) return s;
  std::string out = "\"";
  for (char c : s) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

void number(std::string& out, double v) {
  out += ',';
  if (is_na(v)) return;
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr);
}

} // namespace

std::string trade_table(const strategy_run& run) {
  const auto& b = run.account();
  const auto& texts = run.engine().texts();
  double capital = b.rules().initial_capital;
  std::string out = "trade_no,side,entry_time,entry_price,entry_signal,exit_time,exit_price,exit_signal,qty,profit,profit_pct,"
                    "cum_profit,cum_profit_pct,runup,runup_pct,drawdown,drawdown_pct,status\n";
  std::size_t no = 0;
  auto row = [&](const trade& t, const std::string& exit_signal, const char* status) {
    out += std::to_string(++no) + (t.size > 0 ? ",long," : ",short,") + std::to_string(t.entry_time_ms / 1000);
    number(out, t.entry_price);
    out += ',' + in_quotes(texts.text(t.entry_comment != 0 ? t.entry_comment : t.entry_id)) + ',' + std::to_string(t.exit_time_ms / 1000);
    number(out, t.exit_price);
    out += ',' + in_quotes(exit_signal);
    number(out, std::fabs(t.size));
    number(out, t.profit);
    number(out, t.percent(t.profit));
    number(out, t.cum_profit);
    number(out, capital != 0 ? t.cum_profit / capital * 100 : 0);
    number(out, t.max_runup);
    number(out, t.percent(t.max_runup));
    number(out, -t.max_drawdown);
    number(out, -t.percent(t.max_drawdown));
    out += std::string(",") + status + '\n';
  };
  for (const auto& t : b.account().closed_trades()) row(t, texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id), "closed");
  double cum = b.account().net_profit();
  for (trade t : b.account().open_trades()) { // as if left at the last close, without the fee of leaving
    t.exit_time_ms = run.span().last_ms;
    t.exit_price = b.price();
    t.profit = t.size * (b.price() - t.entry_price) * b.account().point_value() - t.entry_fee;
    cum += t.profit + t.entry_fee;
    t.cum_profit = cum;
    row(t, "Open", "open");
  }
  return out;
}

} // namespace tt::pine::tester
