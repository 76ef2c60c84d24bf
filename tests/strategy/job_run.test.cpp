// One run of a strategy job: exits, filters, ranked entries, sizes, protection, keys; the scheduler's rules; the log of runs.
#include "actors/strategy/jobs/job_notices.hpp"
#include "actors/strategy/jobs/run_log.hpp"
#include "actors/strategy/jobs/scheduler.hpp"
#include "tests/strategy/job_files.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cmath>

namespace tt::strategy {
namespace {

utc_time at(const char* text) { return *parse_iso8601(text); }
const utc_time slot = at("2026-01-15T15:00:00Z"); // a Thursday, 10:00 in New York

/// Bars of five minutes that end with the slot.
source_bars five_minute_bars(const std::vector<double>& closes, utc_time end = slot) {
  source_bars out;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    const auto close = unix_ms(end) - static_cast<std::int64_t>(closes.size() - 1 - i) * 300'000;
    const double volume = 1'000 + 10 * static_cast<double>(i);
    out.bars.push_back({close - 300'000, closes[i], closes[i] + 0.5, closes[i] - 0.5, closes[i], volume});
    out.closed_ms.push_back(close);
  }
  return out;
}
source_bars daily_bars(const std::vector<double>& closes) {
  source_bars out;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    const auto close = unix_ms(at("2026-01-14T21:00:00Z")) - static_cast<std::int64_t>(closes.size() - 1 - i) * 86'400'000;
    out.bars.push_back({close - 23'400'000, closes[i], closes[i], closes[i], closes[i], 1e6});
    out.closed_ms.push_back(close);
  }
  return out;
}

struct desk {
  std::shared_ptr<const job_plan> plan;
  run_input in;
  explicit desk(const std::string& text) : plan(plan_of(text)) {
    in.slot = slot;
    in.equity = in.cash = in.start_of_day_equity = money{100'000};
  }
  symbol_input& add(const std::string& symbol, const std::vector<double>& closes, source_bars daily = {}) {
    symbol_input s;
    s.symbol = symbol, s.what = shipped_instruments().find(symbol);
    s.series = std::make_shared<const symbol_series>(plan->names, plan->settings, std::vector{five_minute_bars(closes)}, std::move(daily));
    in.symbols.push_back(std::move(s));
    return in.symbols.back();
  }
  void hold(symbol_input& s, std::int64_t qty, const char* average, utc_time opened = slot - std::chrono::minutes{30}) {
    s.held.qty = quantity{qty}, s.held.average = *price::parse(average), s.held.opened_at = opened;
  }
  run_output run() { return run_strategy(*plan, in); }
};

std::string shown(const std::vector<job_signal>& signals) {
  std::string out;
  for (const auto& s : signals) {
    out += (out.empty() ? "" : "; ") + std::string(to_string(s.kind)) + " " + s.qty.to_string() + " " + s.symbol + " @" + s.at.to_string();
    if (s.stop) out += " stop " + s.stop->to_string();
    if (s.target) out += " target " + s.target->to_string();
  }
  return out;
}

const std::vector<double> rising{100, 101, 102, 103, 110}, falling{110, 109, 108, 107, 100};

TEST(job_run, enters_with_size_and_protection) {
  desk d(small_job);
  d.add("AAPL", rising);
  d.add("MSFT", falling);
  // 10 % of 100,000 at 110.00 is 90.9 shares; stop 3 % below, target 6 % above
  EXPECT_EQ(shown(d.run().signals), "entry_long 90 AAPL @110 stop 106.7 target 116.6");
}

TEST(job_run, the_last_trade_decides_where_there_is_one) {
  desk d(small_job);
  d.add("AAPL", rising).last = *price::parse("111.03");
  EXPECT_EQ(shown(d.run().signals), "entry_long 90 AAPL @111.03 stop 107.69 target 117.7"); // to the tick, away from the entry
}

TEST(job_run, the_same_inputs_give_the_same_bytes) {
  desk d(small_job);
  d.add("AAPL", rising);
  d.add("MSFT", rising);
  const auto a = d.run(), b = d.run();
  EXPECT_EQ(a.signals, b.signals);
  ASSERT_EQ(a.signals.size(), 2u);
  EXPECT_EQ(a.signals[0].key, intent_key::job("small_v1", unix_ms(slot), "AAPL", 1)->str());
  EXPECT_NE(a.signals[0].key, a.signals[1].key);
}

TEST(job_run, ranks_by_volume_ratio_then_symbol_and_stops_at_max_positions) {
  const auto text = with(with(small_job, "[AAPL, MSFT]", "[MSFT, AAPL, NVDA]"), "max_positions: 2", "max_positions: 2, volume_period: 2");
  desk d(text);
  for (const auto* symbol : {"MSFT", "AAPL", "NVDA"}) d.add(symbol, rising);
  auto louder = five_minute_bars(rising);
  louder.bars.back().volume = 9'999;
  d.in.symbols[2].series = std::make_shared<const symbol_series>(d.plan->names, d.plan->settings, std::vector{louder}, source_bars{});
  EXPECT_EQ(shown(d.run().signals), "entry_long 90 NVDA @110 stop 106.7 target 116.6; entry_long 90 AAPL @110 stop 106.7 target 116.6");
}

TEST(job_run, exits_come_first_free_a_place_and_are_not_entered_again) {
  desk d(with(with(small_job, "max_positions: 2", "max_positions: 1"), "exit_long: [\"close < sma(3)\"]", "exit_long: [\"pnl_pct >= {take_profit}\", \"close > 1\"]"));
  d.hold(d.add("AAPL", rising), 50, "100");
  d.add("MSFT", rising);
  const auto out = d.run();
  EXPECT_EQ(shown(out.signals), "exit_long 50 AAPL @110; entry_long 90 MSFT @110 stop 106.7 target 116.6");
  EXPECT_EQ(out.signals[0].reason, "pnl_pct >= {take_profit}"); // the first item that holds
}

TEST(job_run, short_positions_have_their_own_signs) {
  desk d(with(small_job, "exit_long: [\"close < sma(3)\"]", "exit_short: [\"pnl_pct <= -{stop_loss}\"]\n    entry_short: [\"close < sma(3)\"]"));
  d.hold(d.add("AAPL", rising), -50, "100"); // 10 % against it
  d.add("MSFT", falling);
  EXPECT_EQ(shown(d.run().signals), "exit_short 50 AAPL @110; entry_short 100 MSFT @100 stop 103 target 94");
}

TEST(job_run, orders_of_signals) {
  desk d(small_job);
  d.add("AAPL", rising);
  const auto signal = d.run().signals.at(0);
  const auto r = request_for(*d.plan, signal);
  EXPECT_TRUE(check_request(r)) << check_request(r).error().message;
  EXPECT_EQ(r.type, order_type::bracket);
  EXPECT_EQ(r.side, order_side::buy);
  EXPECT_EQ(r.account.str(), "paper_simulator");
  EXPECT_EQ(r.strategy.str(), "small_v1");
  auto exit = signal;
  exit.kind = signal_kind::exit_long, exit.stop = exit.target = std::nullopt;
  const auto x = request_for(*d.plan, exit);
  EXPECT_TRUE(check_request(x)) << check_request(x).error().message;
  EXPECT_EQ(x.side, order_side::sell);
  EXPECT_EQ(x.effect, position_effect::reduce_only);
}

TEST(job_run, a_symbol_without_data_is_left_out_and_the_others_go_on) {
  desk d(small_job);
  d.add("AAPL", rising).problem = "stale";
  d.add("MSFT", rising);
  const auto out = d.run();
  EXPECT_EQ(out.left_out, std::vector<std::string>{"AAPL"});
  EXPECT_EQ(shown(out.signals), "entry_long 90 MSFT @110 stop 106.7 target 116.6");
}

TEST(job_run, an_exit_that_is_missing_three_times_raises_a_notice_or_closes) {
  for (const bool flattens : {false, true}) {
    auto text = with(small_job, "exit_long: [\"close < sma(3)\"]", "exit_long: [\"news_sentiment < 0\"]");
    if (flattens) text += "  error_handling: {fallback_action: flatten}\n";
    desk d(text);
    d.hold(d.add("AAPL", falling), 50, "100");
    for (int i = 1; i <= 3; ++i) {
      const auto out = d.run();
      EXPECT_EQ(out.notices.size(), i == 3 ? 1u : 0u);
      EXPECT_EQ(shown(out.signals), i == 3 && flattens ? "exit_long 50 AAPL @100" : "");
      d.in.memory = out.memory;
    }
  }
}

TEST(job_run, names_of_the_position_and_the_session) {
  const auto text = with(small_job, "exit_long: [\"close < sma(3)\"]",
                         "exit_long: [\"bars_held == 2 and days_held == 0\", \"avg_entry == 100 and position == 50 and unrealized_pnl == 500\", \"minutes_from_open == 30 and minutes_to_close == 360\","
                         " \"not is_half_day and weekday == 4\", \"position_weight == 0.055\", \"cash_weight == 1 and equity == 100000 and open_positions == 1 and day_pnl_pct == 0\", \"change_since_entry > 0.09\"]");
  desk d(text);
  d.hold(d.add("AAPL", rising), 50, "100", slot - std::chrono::minutes{10}); // three of the five bars had closed
  const auto out = d.run();
  ASSERT_EQ(out.lists.at(0).list, "exit_long");
  for (const auto& item : out.lists[0].items) EXPECT_TRUE(item.outcome.is_true()) << item.name << " with " << item.values;
}

TEST(job_run, days_are_trading_sessions) {
  const auto calendar = *find_calendar("XNYS");
  EXPECT_EQ(sessions_between(*calendar, at("2026-01-16T15:00:00Z"), at("2026-01-20T15:00:00Z")), 1); // a weekend and a holiday between
  EXPECT_EQ(sessions_between(*calendar, at("2026-01-16T15:00:00Z"), at("2026-01-16T20:00:00Z")), 0);
}

// ---------------------------------------------------------------- filters

std::vector<double> walk(std::size_t days, double step, int phase = 0) {
  std::vector<double> out{100};
  for (std::size_t i = 1; i < days; ++i) out.push_back(out.back() * (1 + ((static_cast<int>(i) + phase) % 2 ? step : -step)));
  return out;
}

TEST(job_filters, a_wild_market_scales_or_blocks_entries) {
  const std::string features = "  features: {market_regime_filter: {enabled: true, lookback_days: 30, volatility_threshold: 0.25, action: scale, scale: 0.5}}\n";
  desk d(small_job + features);
  d.add("AAPL", rising, daily_bars(walk(80, 0.03))); // about 48 % a year
  d.add("MSFT", rising, daily_bars(walk(80, 0.005))); // about 8 %
  EXPECT_EQ(shown(d.run().signals), "entry_long 45 AAPL @110 stop 106.7 target 116.6; entry_long 90 MSFT @110 stop 106.7 target 116.6");
  desk blocked(small_job + with(features, "action: scale, scale: 0.5", "action: block"));
  blocked.add("AAPL", rising, daily_bars(walk(80, 0.03)));
  const auto out = blocked.run();
  EXPECT_EQ(shown(out.signals), "");
  ASSERT_EQ(out.notices.size(), 1u);
}

TEST(job_filters, correlation_with_held_symbols_refuses) {
  const std::string features = "  features: {correlation_filter: {enabled: true, max_correlation: 0.9, scope: held}}\n";
  desk d(with(small_job, "[AAPL, MSFT]", "[AAPL, MSFT, NVDA]") + features);
  d.hold(d.add("AAPL", falling, daily_bars(walk(80, 0.01))), 10, "100", slot - std::chrono::minutes{30});
  d.in.symbols[0].held.average = *price::parse("100");
  d.add("MSFT", rising, daily_bars(walk(80, 0.02)));    // moves with AAPL
  d.add("NVDA", rising, daily_bars(walk(80, 0.01, 1))); // against it
  // AAPL fell under its mean; it leaves, and no longer counts: MSFT may enter, and NVDA, which moves against MSFT
  EXPECT_EQ(shown(d.run().signals), "exit_long 10 AAPL @100; entry_long 90 MSFT @110 stop 106.7 target 116.6; entry_long 90 NVDA @110 stop 106.7 target 116.6");
}

TEST(job_filters, correlation_with_a_position_that_stays) {
  const std::string features = "  features: {correlation_filter: {enabled: true, max_correlation: 0.9, scope: held}}\n";
  desk d(with(with(small_job, "[AAPL, MSFT]", "[AAPL, MSFT, NVDA]"), "max_positions: 2", "max_positions: 3") + features);
  d.hold(d.add("AAPL", rising, daily_bars(walk(80, 0.01))), 10, "100");
  d.add("MSFT", rising, daily_bars(walk(80, 0.02)));
  d.add("NVDA", rising, daily_bars(walk(80, 0.01, 1)));
  const auto out = d.run();
  EXPECT_EQ(shown(out.signals), "entry_long 90 NVDA @110 stop 106.7 target 116.6");
  EXPECT_EQ(out.notices.size(), 1u);
}

TEST(daily_figures, trend_and_volatility) {
  std::vector<double> up{100};
  for (int i = 0; i < 40; ++i) up.push_back(up.back() * (i % 2 ? 1.012 : 1.004));
  EXPECT_EQ(trend_of(daily_bars(up), up.size()), "strong_uptrend");
  EXPECT_EQ(trend_of(daily_bars(walk(41, 0.01)), 41), "sideways");
  EXPECT_FALSE(trend_of(daily_bars(walk(20, 0.01)), 20));
  EXPECT_NEAR(*annual_volatility(daily_bars(walk(61, 0.01)), 61, 60), 0.01 * std::sqrt(252.0), 0.003);
}

// ---------------------------------------------------------------- scheduler

std::string tell(const std::vector<due_firing>& all) {
  std::string out;
  for (const auto& d : all) out += (out.empty() ? "" : " ") + d.strategy_id + "/" + to_iso8601(d.slot).substr(11, 5) + (d.skip ? "/" + std::string(to_string(*d.skip)) : d.attempt ? "/retry" : "");
  return out;
}
std::string named(const std::string& id) { return with(small_job, "small_v1", id); }

TEST(scheduler, fires_once_per_slot_two_seconds_after_the_bar) {
  job_scheduler s;
  s.set_jobs({plan_of(small_job)}, at("2026-01-15T15:01:00Z"));
  EXPECT_EQ(s.next_wake(), at("2026-01-15T15:05:02Z"));
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:01Z"))), "");
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:02Z"))), "small_v1/15:05");
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:03Z"))), "");
  EXPECT_FALSE(s.finished("small_v1", at("2026-01-15T15:05:00Z"), run_result::done, at("2026-01-15T15:05:04Z")));
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:10:02Z"))), "small_v1/15:10");
}

TEST(scheduler, never_overlaps_and_skips_what_was_missed) {
  job_scheduler s;
  s.set_jobs({plan_of(small_job)}, at("2026-01-15T15:01:00Z"));
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:02Z"))), "small_v1/15:05");
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:10:02Z"))), "small_v1/15:10/overlap");
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:22:00Z"))), "small_v1/15:15/missed small_v1/15:20/missed");
  const auto job = s.jobs().at(0);
  EXPECT_EQ(job.skipped_overlap, 1u);
  EXPECT_EQ(job.skipped_missed, 2u);
  EXPECT_EQ(job.runs, 1u);
}

TEST(scheduler, at_most_five_at_once_the_others_wait) {
  job_scheduler s;
  std::vector<std::shared_ptr<const job_plan>> plans;
  for (int i = 1; i <= 7; ++i) plans.push_back(plan_of(named("j" + std::to_string(i))));
  s.set_jobs(plans, at("2026-01-15T15:01:00Z"));
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:02Z"))), "j1/15:05 j2/15:05 j3/15:05 j4/15:05 j5/15:05");
  (void)s.finished("j2", at("2026-01-15T15:05:00Z"), run_result::done, at("2026-01-15T15:05:03Z"));
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:05:03Z"))), "j6/15:05");
  EXPECT_EQ(tell(s.due(at("2026-01-15T15:06:30Z"))), "j7/15:05/missed");
}

TEST(scheduler, a_run_over_its_time_counts_as_failed_and_is_not_retried) {
  job_scheduler s;
  s.set_jobs({plan_of(small_job)}, at("2026-01-15T15:01:00Z"));
  ASSERT_EQ(tell(s.due(at("2026-01-15T15:05:02Z"))), "small_v1/15:05");
  EXPECT_FALSE(s.finished("small_v1", at("2026-01-15T15:05:00Z"), run_result::timed_out, at("2026-01-15T15:06:00Z")));
  EXPECT_EQ(s.jobs()[0].failures_in_row, 1);
  EXPECT_EQ(s.jobs()[0].failed, 1u);
  EXPECT_EQ(s.next_wake(), at("2026-01-15T15:10:02Z"));
}

TEST(scheduler, retries_with_growing_waits_and_disables_after_three_failed_runs) {
  job_scheduler s;
  const auto text = small_job + "  error_handling: {max_retries: 2, retry_delay: 30}\n";
  s.set_jobs({plan_of(with(text, "every: 5m", "every: 60m"))}, at("2026-01-15T15:01:00Z"));
  utc_time t = at("2026-01-15T15:30:02Z");
  bool disabled = false;
  for (int run = 0; run < 3; ++run) {
    ASSERT_EQ(s.due(t).size(), 1u) << run;
    const auto slot_now = *s.jobs()[0].running;
    EXPECT_FALSE(s.finished("small_v1", slot_now, run_result::failed, t));
    EXPECT_EQ(s.next_wake(), t + std::chrono::seconds{30});
    t += std::chrono::seconds{30};
    EXPECT_EQ(tell(s.due(t)).substr(14), "/retry");
    EXPECT_FALSE(s.finished("small_v1", slot_now, run_result::failed, t));
    t += std::chrono::seconds{60};
    EXPECT_EQ(s.next_wake(), t);
    EXPECT_EQ(tell(s.due(t)).substr(14), "/retry");
    disabled = s.finished("small_v1", slot_now, run_result::failed, t);
    t = slot_now + std::chrono::hours{1} + bar_close_delay;
  }
  EXPECT_TRUE(disabled);
  EXPECT_EQ(s.jobs()[0].state, job_state::disabled);
  EXPECT_FALSE(s.next_wake());
  EXPECT_TRUE(s.set_state("small_v1", job_state::enabled, t));
  EXPECT_TRUE(s.next_wake());
  EXPECT_FALSE(s.set_state("nobody", job_state::enabled, t));
}

TEST(scheduler, a_portfolio_job_that_was_missed_a_moment_ago_still_runs) {
  job_scheduler s;
  s.set_jobs({shipped_plan("portfolio_rebalance")}, at("2026-01-15T20:40:00Z")); // its slot was 20:30
  EXPECT_EQ(tell(s.due(at("2026-01-15T20:40:00Z"))), "rebalance_v1/20:30");
  job_scheduler late;
  late.set_jobs({shipped_plan("portfolio_rebalance")}, at("2026-01-15T20:46:00Z"));
  EXPECT_EQ(tell(late.due(at("2026-01-15T20:46:00Z"))), "");
}

TEST(scheduler, a_portfolio_job_that_fires_after_the_close_trades_five_minutes_after_the_next_open) {
  auto text = file_text(TT_SOURCE_DIR "/config/strategies/portfolio_rebalance.yml");
  text = with(text, "{at: \"close-30m\", days: trading}", "\"30 16 * * 1-5\"");
  job_scheduler s;
  s.set_jobs({plan_of(text)}, at("2026-01-16T15:00:00Z")); // a Friday before a long weekend
  EXPECT_EQ(s.next_wake(), at("2026-01-20T14:35:00Z"));
  EXPECT_EQ(s.jobs()[0].next, at("2026-01-16T21:30:00Z"));
  EXPECT_EQ(tell(s.due(at("2026-01-20T14:35:00Z"))), "rebalance_v1/21:30");
}

TEST(scheduler, a_changed_file_takes_over_and_an_unchanged_one_goes_on) {
  job_scheduler s;
  s.set_jobs({plan_of(small_job)}, at("2026-01-15T15:01:00Z"));
  (void)s.due(at("2026-01-15T15:05:02Z"));
  s.set_jobs({plan_of(small_job)}, at("2026-01-15T15:06:00Z"));
  EXPECT_EQ(s.jobs()[0].running, at("2026-01-15T15:05:00Z"));
  s.set_jobs({plan_of(with(small_job, "every: 5m", "every: 15m"))}, at("2026-01-15T15:06:00Z"));
  EXPECT_EQ(s.jobs()[0].next, at("2026-01-15T15:15:00Z"));
  EXPECT_EQ(s.jobs()[0].runs, 1u);
  s.set_jobs({}, at("2026-01-15T15:06:00Z"));
  EXPECT_TRUE(s.jobs().empty());
}

TEST(scheduler, what_is_switched_off_stays_off_over_a_restart_and_an_edit) {
  const auto t = at("2026-01-15T15:01:00Z");
  job_scheduler s;
  s.set_jobs({plan_of(small_job)}, t);
  const auto row = s.set_state("small_v1", job_state::disabled, t, "too wild", "ann");
  ASSERT_TRUE(row);
  s.set_jobs({plan_of(with(small_job, "every: 5m", "every: 15m"))}, t);
  EXPECT_EQ(s.jobs()[0].state, job_state::disabled);
  EXPECT_FALSE(s.next_wake());
  s.set_jobs({}, t); // the file goes and comes back
  s.set_jobs({plan_of(small_job)}, t);
  EXPECT_EQ(s.jobs()[0].state, job_state::disabled);
  job_scheduler again; // another start
  again.restore({*row});
  again.set_jobs({plan_of(small_job)}, t);
  EXPECT_EQ(again.jobs()[0].state, job_state::disabled);
  ASSERT_TRUE(again.jobs()[0].switched);
  EXPECT_EQ(*again.jobs()[0].switched, *row);
  EXPECT_FALSE(again.next_wake());
  const auto on = again.set_state("small_v1", job_state::enabled, t, "", "ann");
  ASSERT_TRUE(on);
  EXPECT_TRUE(again.next_wake());
  // `enabled: false` that somebody writes into the file later counts; the version that was switched on stays on
  again.set_jobs({plan_of(with(small_job, "name: small", "name: small\nenabled: false"))}, t);
  EXPECT_EQ(again.jobs()[0].state, job_state::disabled);
  again.set_jobs({plan_of(small_job)}, t);
  EXPECT_EQ(again.jobs()[0].state, job_state::enabled);
}

TEST(scheduler, the_third_failed_run_is_a_switch_that_is_kept) {
  job_scheduler s;
  const auto text = small_job + "  error_handling: {max_retries: 0, retry_delay: 30, fallback_action: disable}\n";
  s.set_jobs({plan_of(text)}, at("2026-01-15T15:01:00Z"));
  ASSERT_EQ(tell(s.due(at("2026-01-15T15:05:02Z"))), "small_v1/15:05");
  EXPECT_TRUE(s.finished("small_v1", at("2026-01-15T15:05:00Z"), run_result::failed, at("2026-01-15T15:05:03Z")));
  const auto row = s.switch_of("small_v1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, job_state::disabled);
  EXPECT_EQ(row->author, "scheduler");
  EXPECT_EQ(row->reason, "failed runs");
  EXPECT_EQ(row->at, at("2026-01-15T15:05:03Z"));
}

TEST(slot_containing, is_the_last_slot_of_less_than_an_interval_ago) {
  const auto plan = plan_of(small_job);
  EXPECT_EQ(slot_containing(*plan, at("2026-01-15T15:07:00Z"), slot_session::respect), at("2026-01-15T15:05:00Z"));
  EXPECT_FALSE(slot_containing(*plan, at("2026-01-15T22:00:00Z"), slot_session::respect));
  EXPECT_EQ(slot_containing(*plan, at("2026-01-15T22:00:00Z"), slot_session::ignore), at("2026-01-15T22:00:00Z"));
}

TEST(run_id, is_a_function_of_job_and_slot) {
  EXPECT_EQ(run_id_of("a", slot), run_id_of("a", slot));
  EXPECT_NE(run_id_of("a", slot), run_id_of("b", slot));
  EXPECT_NE(run_id_of("a", slot), run_id_of("a", slot + std::chrono::minutes{5}));
  EXPECT_EQ(run_id_of("a", slot).size(), 32u);
}

// ---------------------------------------------------------------- the log of runs

TEST(run_log, a_slot_is_claimed_once_also_over_a_restart) {
  test::temporary_folder folder;
  const auto path = folder.path("jobs.sqlite");
  run_record r;
  r.run_id = run_id_of("a", slot), r.strategy_id = "a", r.slot = slot, r.started = slot, r.content_hash = "h";
  {
    auto log = run_log::open(path);
    ASSERT_TRUE(log) << log.error().message;
    EXPECT_EQ(*(*log)->claim(r), true);
    EXPECT_EQ(*(*log)->claim(r), false);
    run_memory memory;
    memory.missing_exits["AAPL"] = 2;
    ASSERT_TRUE((*log)->keep_memory("a", memory));
  }
  auto log = run_log::open(path); // the process died in the middle of the run
  ASSERT_TRUE(log);
  EXPECT_EQ(*(*log)->claim(r), false);
  auto runs = (*log)->runs("a", 10);
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(runs->at(0).state, job_run_state::interrupted);
  EXPECT_EQ((*log)->memory("a")->missing_exits.at("AAPL"), 2);
  ASSERT_TRUE((*log)->finish(r.run_id, job_run_state::done, slot, "{}"));
  EXPECT_EQ((*log)->runs("a", 10)->at(0).state, job_run_state::done);
  ASSERT_TRUE((*log)->prune(slot + std::chrono::hours{24 * 29}));
  EXPECT_EQ((*log)->runs("a", 10)->size(), 1u);
  ASSERT_TRUE((*log)->prune(slot + std::chrono::hours{24 * 31}));
  EXPECT_EQ((*log)->runs("a", 10)->size(), 0u);
}

TEST(run_log, keeps_the_newest_switch_of_each_job) {
  test::temporary_folder folder;
  const auto path = folder.path("jobs.sqlite");
  const job_switch_row off{"a", job_state::disabled, "too wild", "ann", slot, "h1"}, other{"b", job_state::disabled, "failed runs", "scheduler", slot, "h2"};
  const job_switch_row on{"a", job_state::enabled, "", "bob", slot + std::chrono::minutes{1}, "h3"};
  {
    auto log = run_log::open(path);
    ASSERT_TRUE(log) << log.error().message;
    for (const auto& row : {off, other, on}) ASSERT_TRUE((*log)->keep_switch(row));
  }
  auto log = run_log::open(path);
  ASSERT_TRUE(log);
  const auto kept = (*log)->switches();
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, (std::vector{on, other}));
}

// ---------------------------------------------------------------- notices

/// A value for every handle.
struct same_everywhere : value_source {
  double x;
  explicit same_everywhere(double value) : x(value) {}
  value at(std::uint32_t, std::size_t) const override { return value::of(x); }
};

TEST(job_notices, a_condition_decides_whether_a_webhook_is_called) {
  const auto text = with(small_job, "  conditions:", R"(  webhooks:
    large: {url: "https://hooks.example.com/a", condition: "shares >= 50 and rsi < 70", payload_templates: {entry: {rsi: "{rsi}", at: "{timestamp}", money: "{dollar_amount}"}}}
  conditions:)");
  const auto plan = plan_of(text);
  job_signal signal;
  signal.symbol = "AAPL", signal.qty = quantity{90}, signal.at = price{110}, signal.kind = signal_kind::enter_long;
  const same_everywhere calm(61.5), hot(75);
  const auto sent = [&](const value_source* live) { return notices_for(*plan, events_of(signal), values_of(*plan, signal, slot, "r1"), {}, live); };
  ASSERT_EQ(sent(&calm).size(), 1u);
  EXPECT_EQ(sent(&calm)[0].body, R"({"rsi":61.5,"at":")" + to_iso8601(slot) + R"(","money":9900})");
  EXPECT_TRUE(sent(&hot).empty());
  EXPECT_TRUE(sent(nullptr).empty()) << "what can't be evaluated is not met";
  signal.qty = quantity{10};
  EXPECT_TRUE(sent(&calm).empty());
}

TEST(job_notices, nothing_is_sent_unsigned_that_was_to_be_signed) {
  const auto text = with(small_job, "  conditions:", R"(  webhooks:
    note: {url: "https://hooks.example.com/a", sign: "${HOOK_KEY}", payload_templates: {entry: {text: "{symbol}"}}}
  conditions:)");
  auto context = test_context();
  context.environment = [](std::string_view name) { return name == "HOOK_KEY" ? std::optional<std::string>("k3y") : std::nullopt; };
  const auto plan = plan_of(text, context);
  job_signal signal;
  signal.symbol = "AAPL", signal.qty = quantity{1}, signal.at = price{110};
  const auto values = values_of(*plan, signal, slot, "r1");
  const auto signed_one = notices_for(*plan, events_of(signal), values, context.environment);
  ASSERT_EQ(signed_one.size(), 1u);
  EXPECT_EQ(signed_one[0].signing_key, "k3y");
  std::vector<std::string> problems;
  EXPECT_TRUE(notices_for(*plan, events_of(signal), values, {}, nullptr, &problems).empty());
  EXPECT_EQ(problems, std::vector<std::string>{"webhook note: not sent, the variable HOOK_KEY is not set"});
}

TEST(job_notices, a_portfolio_raises_its_lists_and_its_action) {
  const auto plan = shipped_plan("portfolio_rebalance");
  portfolio_output run;
  run.action = portfolio_action::risk_adjustment;
  run.scaled_by = 0.5;
  run.figures.weights["SPY"] = 0.5, run.figures.volatility = 0.3, run.figures.max_drawdown = 0.16;
  run.lists.push_back({"", "rebalance_required", {}, value::of(false)});
  run.lists.push_back({"", "risk_adjustment_required", {{"portfolio_volatility > historical_avg * 1.5", "", value::of(false)}, {"max_drawdown > 0.15", "", value::of(true)}}, value::of(true)});
  const auto events = events_of(*plan, run, slot, "r1");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].names, std::vector<std::string>{"risk_adjustment_required"});
  EXPECT_EQ(*events[0].values.at("reason").text(), "max_drawdown > 0.15");
  EXPECT_EQ(events[1].names, (std::vector<std::string>{"risk_adjustment", "adjust"}));
  const portfolio_trade trade{"SPY", order_side::sell, quantity{30}, price{600}, {quantity{10}, quantity{20}}};
  const auto values = values_of(*plan, trade, 1, run, slot, "r1");
  EXPECT_EQ(*values.at("shares").number(), 20);
  EXPECT_EQ(*values.at("dollar_amount").number(), 12'000);
  EXPECT_EQ(*values.at("current_weight").number(), 0.5);
  EXPECT_EQ(*values.at("target_weight").number(), 0.196);
  EXPECT_EQ(*values.at("current_volatility").number(), 0.3);
  EXPECT_EQ(*values.at("adjustment_action").text(), "risk_adjustment");
  EXPECT_TRUE(events_of(*plan, portfolio_output{}, slot, "r1").empty());
}

TEST(inputs_hash, tells_whether_two_runs_read_the_same) {
  run_input a;
  a.slot = slot, a.equity = money{100'000};
  symbol_input s;
  s.symbol = "AAPL";
  source_bars bars;
  bars.bars.push_back({1, 1, 2, 1, 2, 100}), bars.closed_ms.push_back(2);
  s.series = std::make_shared<const symbol_series>(std::vector<name_binding>{}, indicator_settings{}, std::vector{bars}, source_bars{});
  a.symbols.push_back(s);
  auto b = a;
  EXPECT_EQ(inputs_hash(a), inputs_hash(b));
  EXPECT_EQ(inputs_hash(a).size(), 32u);
  bars.bars[0].close = 2.000001;
  b.symbols[0].series = std::make_shared<const symbol_series>(std::vector<name_binding>{}, indicator_settings{}, std::vector{bars}, source_bars{});
  EXPECT_NE(inputs_hash(a), inputs_hash(b));
  b = a;
  b.symbols[0].held.qty = quantity{1};
  EXPECT_NE(inputs_hash(a), inputs_hash(b));
}

TEST(job_notices, templates_keep_types_and_variables_stay_out_of_sight) {
  const auto text = with(small_job, "  conditions:", R"(  webhooks:
    note:
      url: "https://hooks.example.com/${ROOM:-main}"
      headers: {Authorization: "Bearer ${NOTE_TOKEN}"}
      payload_templates:
        entry: {text: "{symbol}: {shares} shares", shares: "{shares}", stop: "{stop_loss}", who: "{strategy_id}", fixed: 3, list: ["{symbols}"]}
  conditions:)");
  auto context = test_context();
  context.environment = [](std::string_view name) { return name == "NOTE_TOKEN" ? std::optional<std::string>("s3cret") : std::nullopt; };
  const auto plan = plan_of(text, context);
  job_signal signal;
  signal.symbol = "AAPL", signal.qty = quantity{90}, signal.at = price{110}, signal.kind = signal_kind::enter_long;
  const auto values = values_of(*plan, signal, slot, "r1");
  const auto notices = notices_for(*plan, events_of(signal), values, context.environment);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].url, "https://hooks.example.com/main");
  EXPECT_EQ(notices[0].headers.at(0).second, "Bearer s3cret");
  EXPECT_EQ(notices[0].body, R"({"text":"AAPL: 90 shares","shares":90,"stop":0.03,"who":"small_v1","fixed":3,"list":["AAPL,MSFT"]})");
  EXPECT_TRUE(notices_for(*plan, {"error"}, values, context.environment).empty());
  EXPECT_TRUE(notices_for(*plan, events_of(signal), values, [](std::string_view) { return std::optional<std::string>(); }).empty()); // never half filled
}

} // namespace
} // namespace tt::strategy
