#include "actors/backtest/report.hpp"

#include <gtest/gtest.h>

#include "actors/backtest/results.hpp"
#include "tests/backtest/support.hpp"

/// The report by side, worked by hand, and where it stands in the results.

namespace tt::backtest {
namespace {

using namespace test;

trade_record of(trade_record::side_t side, double pnl, double percent, std::int64_t bars, double fees = 1) {
  trade_record t;
  t.side = side;
  t.quantity = 1;
  t.pnl = pnl, t.pnl_percent = percent, t.bars_held = bars, t.fees = fees;
  return t;
}

TEST(trade_report, figures_of_each_side) {
  constexpr auto up = trade_record::side_t::long_side, down = trade_record::side_t::short_side;
  const std::vector<trade_record> closed{of(up, 100, 0.1, 4), of(up, 50, 0.05, 2), of(down, -30, -0.03, 1), of(up, -20, -0.01, 9), of(down, 0, 0, 0), of(down, 10, 0.02, 3)};
  const std::vector<trade_record> open{of(down, 5, 0.01, 2)};
  const auto doc = report_document({{closed.begin(), closed.end()}, {open.begin(), open.end()}, 1'000});
  const auto& all = doc["all"];
  EXPECT_EQ(all["net_profit"], 110.0);
  EXPECT_EQ(all["net_profit_return"], 0.11);
  EXPECT_EQ(all["gross_profit"], 160.0);
  EXPECT_EQ(all["gross_loss"], -50.0);
  EXPECT_EQ(all["gross_loss_return"], -0.05);
  EXPECT_EQ(all["profit_factor"], 3.2);
  EXPECT_EQ(all["fees"], 6.0);
  EXPECT_EQ(all["total_trades"], 6);
  EXPECT_EQ(all["open_trades"], 1);
  EXPECT_EQ(all["winning_trades"], 3);
  EXPECT_EQ(all["losing_trades"], 2);
  EXPECT_EQ(all["even_trades"], 1);
  EXPECT_EQ(all["win_rate"], 0.5);
  EXPECT_EQ(all["max_wins_in_a_row"], 2);
  EXPECT_EQ(all["max_losses_in_a_row"], 2);
  const auto& longs = doc["long"];
  EXPECT_EQ(longs["net_profit"], 130.0);
  EXPECT_EQ(longs["total_trades"], 3);
  EXPECT_EQ(longs["open_trades"], 0);
  EXPECT_EQ(longs["avg_win"], 75.0);
  EXPECT_EQ(longs["avg_win_return"], 0.075);
  EXPECT_EQ(longs["avg_loss"], -20.0);
  EXPECT_EQ(longs["win_loss_ratio"], 3.75);
  EXPECT_EQ(longs["largest_win"], 100.0);
  EXPECT_EQ(longs["largest_loss_return"], -0.01);
  EXPECT_EQ(longs["avg_bars"], 6.0) << "of 5, 3 and 10";
  EXPECT_EQ(longs["avg_bars_losses"], 10.0);
  const auto& shorts = doc["short"];
  EXPECT_EQ(shorts["net_profit"], -20.0);
  EXPECT_EQ(shorts["avg_trade"], figure_document(-20.0 / 3));
  EXPECT_EQ(shorts["expectancy"], figure_document(-20.0 / 3));
  EXPECT_EQ(shorts["open_trades"], 1);
  EXPECT_EQ(longs["net_profit"].get<double>() + shorts["net_profit"].get<double>(), all["net_profit"].get<double>());
}

TEST(trade_report, what_no_trades_leave_undefined_is_null) {
  const auto doc = report_document({});
  for (const char* name : {"profit_factor", "win_rate", "avg_trade", "avg_win", "largest_loss", "win_loss_ratio", "expectancy", "avg_bars", "net_profit_return"})
    EXPECT_TRUE(doc["short"][name].is_null()) << name;
  EXPECT_EQ(doc["short"]["net_profit"], 0.0);
  EXPECT_EQ(doc["short"]["total_trades"], 0);
}

TEST(trade_report, results_have_it_of_the_whole_and_of_each_run) {
  given_bars bars;
  bars.add(set_of("A", wave(900))), bars.add(set_of("B", wave(900, 30)));
  auto r = request_for({"A", "B"});
  std::string both = cross;
  both.replace(both.find("strategy.close(\"L\", comment = \"down\")"), std::string("strategy.close(\"L\", comment = \"down\")").size(), "strategy.entry(\"S\", strategy.short)");
  r.pine_script = both;
  const auto done = run_backtest(r, compile_strategy(both), bars, {});
  ASSERT_TRUE(done) << to_string(done.error());
  const auto doc = done->results();
  const auto& report = doc["report"];
  EXPECT_EQ(report["all"]["total_trades"], doc["total_trades"]);
  EXPECT_EQ(report["all"]["net_profit"], doc["metrics"]["net_profit"]);
  EXPECT_EQ(report["all"]["win_rate"], doc["win_rate"]);
  EXPECT_GT(report["short"]["total_trades"].get<int>(), 10);
  EXPECT_EQ(report["long"]["total_trades"].get<int>() + report["short"]["total_trades"].get<int>(), report["all"]["total_trades"].get<int>());
  EXPECT_EQ(report["all"]["open_trades"].get<std::size_t>(), doc["open_trades"].size());
  int longs = 0;
  double returns = 0;
  for (const auto& t : doc["trades"])
    if (t["side"] == "long") ++longs, returns += t["pnl_percent"].get<double>();
  EXPECT_EQ(report["long"]["total_trades"], longs);
  EXPECT_NEAR(report["long"]["avg_trade_return"].get<double>(), returns / longs, 1e-10);
  const auto& a = doc["runs"][0]["report"];
  EXPECT_EQ(a["all"]["total_trades"], doc["runs"][0]["total_trades"]);
  EXPECT_EQ(doc["runs"][1]["report"]["all"]["net_profit"], doc["runs"][1]["metrics"]["net_profit"]);
}

} // namespace
} // namespace tt::backtest
