// One run of a portfolio job: figures, triggers, trades to targets, cuts, slices and their limits.
#include "actors/strategy/jobs/portfolio_run.hpp"
#include "tests/strategy/job_files.hpp"

#include <cmath>

namespace tt::strategy {
namespace {

const utc_time slot = *parse_iso8601("2026-01-15T20:30:00Z");

const std::string portfolio_job = R"(schema: 2
name: two_funds
schedule: {at: "close-30m", days: trading}
job:
  type: portfolio_management
  strategy_id: two_funds
  parameters:
    target_allocations: {funds: {SPY: 0.6, QQQ: 0.3}, cash_reserve: 0.1}
    max_position_size: 0.7
    min_trade_size: 100
    cash_buffer: 0.1
    deviation_threshold: 0.05
  conditions:
    rebalance_required: ["any_allocation_deviation > {deviation_threshold}"]
    risk_adjustment_required: ["portfolio_volatility > historical_avg * 1.5"]
    emergency_rebalance: ["single_position_weight > 0.8"]
  execution:
    trade_timing: {spread_trades: true, spread_minutes: 15, slices: 3, max_market_impact: 0.02, use_limit_orders: true}
    order_parameters: {limit_price_buffer: 0.001, max_slippage: 0.005}
)";

source_bars daily(std::size_t days, double step, double last_step, double volume = 1e9) {
  source_bars out;
  double level = 100;
  for (std::size_t i = 0; i < days; ++i) {
    const double s = i + 30 >= days ? last_step : step;
    level *= 1 + (i % 2 ? s : -s);
    const auto close = unix_ms(*parse_iso8601("2026-01-14T21:00:00Z")) - static_cast<std::int64_t>(days - 1 - i) * 86'400'000;
    out.bars.push_back({close - 23'400'000, level, level, level, level, volume});
    out.closed_ms.push_back(close);
  }
  return out;
}

struct desk {
  std::shared_ptr<const job_plan> plan;
  portfolio_input in;
  explicit desk(const std::string& text = portfolio_job) : plan(plan_of(text)) {
    in.slot = slot;
    in.equity = in.peak_equity = money{100'000};
  }
  desk& add(const std::string& symbol, std::int64_t qty, std::int64_t at, source_bars bars = daily(320, 0.01, 0.01)) {
    portfolio_asset a;
    a.symbol = symbol, a.what = shipped_instruments().find(symbol), a.held = quantity{qty}, a.last = price{at}, a.daily = std::move(bars);
    in.assets.push_back(std::move(a));
    return *this;
  }
  desk& cash(std::int64_t amount) { return in.cash = money{amount}, *this; }
  portfolio_output run() { return run_portfolio(*plan, in); }
};

std::string shown(const portfolio_output& out) {
  std::string text(to_string(out.action));
  for (const auto* list : {&out.sells, &out.buys})
    for (const auto& t : *list) {
      text += "; " + std::string(to_string(t.side)) + " " + t.qty.to_string() + " " + t.symbol + " (";
      for (std::size_t i = 0; i < t.slices.size(); ++i) text += (i ? "+" : "") + t.slices[i].to_string();
      text += ")";
    }
  return text;
}

TEST(portfolio_run, does_nothing_near_its_targets) {
  EXPECT_EQ(shown(desk().add("SPY", 100, 600).add("QQQ", 50, 600).cash(10'000).run()), "none");
}

TEST(portfolio_run, buys_from_nothing_up_to_its_targets_in_slices) {
  // 60 % at 600 is 100 shares, 30 % at 500 is 60
  EXPECT_EQ(shown(desk().add("SPY", 0, 600).add("QQQ", 0, 500).cash(100'000).run()), "rebalance; buy 100 SPY (33+33+34); buy 60 QQQ (20+20+20)");
}

TEST(portfolio_run, sells_first_and_buys_with_what_is_freed) {
  // SPY 75 %, QQQ 15 %: sell 25 at 600, buy 30 at 500
  EXPECT_EQ(shown(desk().add("SPY", 125, 600).add("QQQ", 30, 500).cash(10'000).run()), "rebalance; sell 25 SPY (8+8+9); buy 30 QQQ (10+10+10)");
  // without spare cash the buys shrink: 5,000 are missing to the reserve
  EXPECT_EQ(shown(desk().add("SPY", 125, 600).add("QQQ", 40, 500).cash(5'000).run()), "rebalance; sell 25 SPY (8+8+9); buy 20 QQQ (6+7+7)");
}

TEST(portfolio_run, small_trades_and_turnover) {
  EXPECT_EQ(shown(desk(with(portfolio_job, "min_trade_size: 100", "min_trade_size: 16000")).add("SPY", 125, 600).add("QQQ", 30, 500).cash(10'000).run()), "rebalance");
  const auto bounded = with(portfolio_job, "  execution:\n", "  analytics: {optimization: {constraints: [\"turnover <= 0.075\"]}}\n  execution:\n");
  EXPECT_EQ(shown(desk(bounded).add("SPY", 125, 600).add("QQQ", 30, 500).cash(10'000).run()), "rebalance; sell 12 SPY (4+4+4); buy 14 QQQ (4+5+5)");
}

TEST(portfolio_run, an_order_is_no_more_than_its_share_of_the_volume) {
  auto d = desk();
  d.add("SPY", 0, 600, daily(320, 0.01, 0.01, 1'000)).add("QQQ", 60, 500).cash(70'000); // 2 % of 1,000 shares
  const auto out = d.run();
  EXPECT_EQ(shown(out), "rebalance; buy 20 SPY (6+7+7)");
  EXPECT_EQ(out.notices.size(), 1u);
}

TEST(portfolio_run, more_risk_than_usual_scales_the_targets) {
  auto d = desk();
  d.add("SPY", 100, 600, daily(320, 0.01, 0.03)).add("QQQ", 60, 500, daily(320, 0.01, 0.03)).cash(10'000);
  const auto out = d.run();
  EXPECT_EQ(out.action, portfolio_action::risk_adjustment);
  EXPECT_EQ(out.scaled_by, 0.5); // a third of the risk would be wanted, half is the least
  EXPECT_EQ(shown(out), "risk_adjustment; sell 50 SPY (16+17+17); sell 30 QQQ (10+10+10)");
}

TEST(portfolio_run, emergency_cuts_to_the_cap_and_opens_nothing) {
  const auto out = desk().add("SPY", 150, 600).add("QQQ", 0, 500).cash(10'000).run(); // 90 %
  EXPECT_EQ(shown(out), "emergency; sell 33 SPY (11+11+11)"); // 20 % of 100,000 at 600
}

TEST(portfolio_run, without_a_price_nothing_is_traded) {
  auto d = desk();
  d.add("SPY", 0, 600).add("QQQ", 0, 500).cash(100'000);
  d.in.assets[1].last.reset();
  const auto out = d.run();
  EXPECT_EQ(shown(out), "none");
  EXPECT_EQ(out.notices.size(), 1u);
}

TEST(portfolio_figures, of_what_is_held) {
  auto d = desk();
  d.add("SPY", 100, 600).add("QQQ", 60, 500).cash(10'000);
  d.in.benchmark = daily(320, 0.01, 0.01);
  d.in.peak_equity = money{125'000};
  const auto f = figures_of(*d.plan, d.in);
  EXPECT_NEAR(f.weights.at("SPY"), 0.6, 1e-9);
  EXPECT_NEAR(f.cash_weight, 0.1, 1e-9);
  EXPECT_NEAR(f.max_drawdown, 0.2, 1e-9);
  ASSERT_TRUE(f.volatility && f.historical_avg && f.beta && f.correlation_risk && f.correlation_with_market && f.var_breach_days);
  EXPECT_NEAR(*f.volatility, 0.9 * 0.01 * std::sqrt(252.0), 0.005); // nine tenths of what moves 1 % a day
  EXPECT_NEAR(*f.beta, 0.9, 0.01);
  EXPECT_NEAR(*f.correlation_risk, 1, 1e-6);
  EXPECT_NEAR(*f.correlation_with_market, 1, 1e-6);
}

TEST(slices, follow_the_price_up_to_the_slippage) {
  const auto plan = plan_of(portfolio_job);
  const auto& spy = *shipped_instruments().find("SPY");
  portfolio_trade buy{"SPY", order_side::buy, quantity{90}, price{600}, {quantity{30}, quantity{30}, quantity{30}}};
  EXPECT_EQ(slice_limit(*plan, buy, spy, price{600})->to_string(), "600.6");
  EXPECT_EQ(slice_limit(*plan, buy, spy, price{602})->to_string(), "602.61"); // a tenth of a percent, up to the tick
  EXPECT_EQ(slice_limit(*plan, buy, spy, *price::parse("602.9"))->to_string(), "603"); // half a percent of 600
  EXPECT_FALSE(slice_limit(*plan, buy, spy, price{604}));
  portfolio_trade sell = buy;
  sell.side = order_side::sell;
  EXPECT_EQ(slice_limit(*plan, sell, spy, price{600})->to_string(), "599.4");
  EXPECT_FALSE(slice_limit(*plan, sell, spy, price{596}));
  const auto r = slice_request(*plan, buy, 1, price{601});
  EXPECT_TRUE(check_request(r)) << check_request(r).error().message;
  EXPECT_EQ(r.tif, time_in_force::day);
  EXPECT_NE(slice_key(*plan, slot, buy, 0), slice_key(*plan, slot, buy, 1));
  EXPECT_FALSE(slice_key(*plan, slot, buy, 0).empty());
}

} // namespace
} // namespace tt::strategy
