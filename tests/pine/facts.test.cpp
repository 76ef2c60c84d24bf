#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// What a script can ask about its symbol, chart and account, given from outside.

namespace tt::pine::testing {
namespace {

constexpr std::int64_t start = 1'700'006'400'000, hour = 3'600'000; // midnight UTC, a Wednesday

std::string last_log(const std::string& body, run_settings settings, const char* timeframe = "60", const char* declaration = "indicator(\"t\")") {
  std::vector<bar> bars;
  for (int i = 0; i < 5; ++i) bars.push_back({start + i * hour, 1, 2, 0.5, 1.5, 10});
  auto r = run_source("//@version=6\n" + std::string(declaration) + "\n" + body, bars, timeframe, std::move(settings));
  return r.error.empty() ? r.logs.empty() ? "no log" : r.logs.back().text : r.error;
}
/// The names' values, one after the other.
std::string values(const std::vector<std::string>& names, const run_settings& settings, const char* timeframe = "60",
                   const char* declaration = "indicator(\"t\")") {
  std::string text;
  for (const auto& n : names) text += (text.empty() ? "" : " + \" \" + ") + ("str.tostring(" + n + ")");
  return last_log("log.info(" + text + ")\n", settings, timeframe, declaration);
}

TEST(pine_facts, of_the_symbol) {
  auto s = std::make_shared<symbol_info>();
  s->prefix = "NYSE";
  s->ticker = "IBM";
  s->description = "Machines";
  s->basecurrency = "GBP";
  s->country = "US";
  s->sector = "Technology";
  s->industry = "Services";
  s->root = "I";
  s->session = "0930-1600";
  s->isin = "US1";
  s->mintick = 0.25;
  s->pricescale = 100;
  s->minmove = 25;
  s->pointvalue = 50;
  s->mincontract = 0.5;
  double n = 0;
  for (const char* name : {"employees", "shareholders", "shares_outstanding_float", "shares_outstanding_total", "expiration_date",
                           "target_price_average", "target_price_date", "target_price_estimates", "target_price_high", "target_price_low",
                           "target_price_median", "recommendations_buy", "recommendations_buy_strong", "recommendations_date",
                           "recommendations_hold", "recommendations_sell", "recommendations_sell_strong", "recommendations_total"})
    s->numbers[name] = ++n;
  run_settings settings;
  settings.symbol = s;
  EXPECT_EQ(values({"syminfo.tickerid", "syminfo.main_tickerid", "syminfo.prefix", "syminfo.ticker", "syminfo.description", "syminfo.basecurrency",
                    "syminfo.currency", "syminfo.country", "syminfo.sector", "syminfo.industry", "syminfo.root", "syminfo.isin",
                    "syminfo.session", "syminfo.timezone", "syminfo.type", "syminfo.volumetype"},
                   settings),
            "NYSE:IBM NYSE:IBM NYSE IBM Machines GBP USD US Technology Services I US1 regular Etc/UTC stock base");
  EXPECT_EQ(values({"syminfo.mintick", "syminfo.pricescale", "syminfo.minmove", "syminfo.pointvalue", "syminfo.mincontract"}, settings),
            "0.25 100 25 50 0.5");
  EXPECT_EQ(values({"syminfo.employees", "syminfo.shareholders", "syminfo.shares_outstanding_float", "syminfo.shares_outstanding_total",
                    "syminfo.expiration_date", "syminfo.target_price_average", "syminfo.target_price_date", "syminfo.target_price_estimates",
                    "syminfo.target_price_high", "syminfo.target_price_low", "syminfo.target_price_median", "syminfo.recommendations_buy",
                    "syminfo.recommendations_buy_strong", "syminfo.recommendations_date", "syminfo.recommendations_hold",
                    "syminfo.recommendations_sell", "syminfo.recommendations_sell_strong", "syminfo.recommendations_total"},
                   settings),
            "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18");
}

TEST(pine_facts, that_nobody_gave_are_na) {
  EXPECT_EQ(values({"syminfo.employees", "ask", "bid", "dividends.future_amount", "dividends.future_ex_date", "dividends.future_pay_date",
                    "earnings.future_eps", "earnings.future_revenue", "earnings.future_period_end_time", "earnings.future_time"},
                   {}),
            "NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN");
}

TEST(pine_facts, of_the_timeframe) {
  const std::vector<std::string> names{"timeframe.period", "timeframe.main_period", "timeframe.multiplier", "timeframe.isticks", "timeframe.isseconds",
                                       "timeframe.isminutes", "timeframe.isintraday", "timeframe.isdaily", "timeframe.isweekly",
                                       "timeframe.ismonthly", "timeframe.isdwm"};
  EXPECT_EQ(values(names, {}, "60"), "60 60 60 false false true true false false false false");
  EXPECT_EQ(values(names, {}, "30S"), "30S 30S 30 false true false true false false false false");
  EXPECT_EQ(values(names, {}, "2D"), "2D 2D 2 false false false false true false false true");
  EXPECT_EQ(values(names, {}, "W"), "1W 1W 1 false false false false false true false true");
  EXPECT_EQ(values(names, {}, "3M"), "3M 3M 3 false false false false false false true true");
}

TEST(pine_facts, of_the_chart) {
  run_settings settings;
  settings.now_ms = 77;
  EXPECT_EQ(values({"last_bar_index", "last_bar_time", "timenow", "time_tradingday", "volume", "chart.right_visible_bar_time"}, settings),
            "4 " + std::to_string(start + 4 * hour) + " 77 " + std::to_string(start) + " 10 " + std::to_string(start + 4 * hour));
  EXPECT_EQ(values({"chart.is_standard", "chart.is_heikinashi", "chart.is_kagi", "chart.is_linebreak", "chart.is_pnf", "chart.is_range",
                    "chart.is_renko"},
                   {}),
            "true false false false false false false");
  EXPECT_EQ(values({"chart.bg_color == color.white", "color.t(chart.fg_color)"}, {}), "true 0");
}

TEST(pine_facts, of_the_session) {
  auto s = std::make_shared<symbol_info>();
  s->session = "0100-0300";
  run_settings settings;
  settings.symbol = s;
  EXPECT_EQ(values({"session.ismarket", "session.ispremarket", "session.ispostmarket"}, settings), "false false true"); // 04:00
  s->session = "0500-0700";
  EXPECT_EQ(values({"session.ismarket", "session.ispremarket", "session.ispostmarket"}, settings), "false true false");
  s->session = "0400-0500";
  EXPECT_EQ(values({"session.ismarket", "session.ispremarket", "session.ispostmarket", "session.islastbar"}, settings), "true false false true");
}

/// Every number tells which field and trade it came from.
struct numbered_trades final : trade_source {
  mutable std::vector<trade_field> asked;
  double number(trade_list list, trade_field field, std::int64_t trade) const override {
    asked.push_back(field);
    return (list == trade_list::closed ? 100.0 : 200.0) + f64(trade);
  }
  std::optional<std::string> text(trade_list list, trade_field field, std::int64_t trade) const override {
    return (list == trade_list::closed ? "closed " : "open ") + std::to_string(static_cast<int>(field)) + " " + std::to_string(trade);
  }
  double default_entry_qty(double price) const override { return 1000 / price; }
};

TEST(pine_facts, of_trades) {
  numbered_trades trades;
  run_settings settings;
  settings.trades = &trades;
  using enum trade_field;
  const std::pair<std::string, trade_field> fields[] = {
      {"commission", commission}, {"entry_bar_index", entry_bar_index}, {"entry_price", entry_price}, {"entry_time", entry_time},
      {"max_drawdown", max_drawdown}, {"max_drawdown_percent", max_drawdown_percent}, {"max_runup", max_runup},
      {"max_runup_percent", max_runup_percent}, {"profit", profit}, {"profit_percent", profit_percent}, {"size", size},
      {"exit_bar_index", exit_bar_index}, {"exit_price", exit_price}, {"exit_time", exit_time}};
  for (const auto& [name, field] : fields)
    for (const std::string list : {"closedtrades", "opentrades"}) {
      if (list == "opentrades" && name.starts_with("exit")) continue;
      const std::string call = "strategy." + list + "." + name + "(3)";
      EXPECT_EQ(values({call}, settings, "60", "strategy(\"t\")"), list == "closedtrades" ? "103" : "203") << call;
      EXPECT_EQ(trades.asked.back(), field) << call;
    }
  EXPECT_EQ(values({"strategy.closedtrades.entry_id(1)", "strategy.closedtrades.exit_id(2)", "strategy.closedtrades.entry_comment(3)",
                    "strategy.closedtrades.exit_comment(4)", "strategy.opentrades.entry_id(5)", "strategy.opentrades.entry_comment(6)"},
                   settings, "60", "strategy(\"t\")"),
            "closed 15 1 closed 17 2 closed 14 3 closed 16 4 open 15 5 open 14 6"); // numbers of trade_field
}

TEST(pine_facts, of_the_account) {
  strategy_view account;
  for (std::size_t k = 0; k < account.values.size(); ++k) account.values[k] = f64(k) + 1;
  account.position_entry_name = "Long";
  run_settings settings;
  settings.account = &account;
  // in the order of strategy_view::field
  const std::vector<std::string> names{
      "strategy.avg_losing_trade", "strategy.avg_losing_trade_percent", "strategy.avg_trade", "strategy.avg_trade_percent",
      "strategy.avg_winning_trade", "strategy.avg_winning_trade_percent", "strategy.closedtrades", "strategy.closedtrades.first_index",
      "strategy.equity", "strategy.eventrades", "strategy.grossloss", "strategy.grossloss_percent", "strategy.grossprofit",
      "strategy.grossprofit_percent", "strategy.losstrades", "strategy.margin_liquidation_price", "strategy.max_contracts_held_all",
      "strategy.max_contracts_held_long", "strategy.max_contracts_held_short", "strategy.max_drawdown", "strategy.max_drawdown_percent",
      "strategy.max_runup", "strategy.max_runup_percent", "strategy.netprofit", "strategy.netprofit_percent", "strategy.openprofit",
      "strategy.openprofit_percent", "strategy.opentrades", "strategy.opentrades.capital_held", "strategy.position_avg_price",
      "strategy.position_size", "strategy.wintrades"};
  ASSERT_EQ(names.size(), account.values.size());
  for (std::size_t k = 0; k < names.size(); ++k)
    EXPECT_EQ(values({names[k]}, settings, "60", "strategy(\"t\")"), std::to_string(k + 1)) << names[k];
  EXPECT_EQ(values({"strategy.position_entry_name", "strategy.account_currency", "strategy.initial_capital"}, settings, "60",
                   "strategy(\"t\", initial_capital = 500, currency = currency.EUR)"),
            "Long EUR 500");
}

TEST(pine_facts, amounts_in_other_currencies) {
  memory_source data;
  data.add_value("currency_rate", "USDEUR", start, 0.5);
  data.add_value("currency_rate", "EURUSD", start, 1.9); // not looked at: one rate serves both ways
  run_settings settings;
  settings.data = &data;
  EXPECT_EQ(values({"strategy.convert_to_account(10)", "strategy.convert_to_symbol(10)"}, settings, "60", "strategy(\"t\", currency = currency.EUR)"),
            "5 20");
  numbered_trades trades;
  settings.trades = &trades;
  const auto* cash = "strategy(\"t\", default_qty_type = strategy.cash, default_qty_value = 1000)";
  EXPECT_EQ(values({"strategy.convert_to_account(10)", "strategy.default_entry_qty(40)"}, settings, "60", cash), "10 25");
}

} // namespace
} // namespace tt::pine::testing
