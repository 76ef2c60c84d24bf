#include "tests/backtest/support.hpp"

#include "actors/backtest/plans.hpp"
#include "actors/backtest/request_bars.hpp"

#include <gtest/gtest.h>

#include <numeric>

/// What request.*() computes has a past of its own: bars before the range, as far as there are any, while the chart's bars
/// stay those of the request.

namespace tt::backtest::test {
namespace {

constexpr int days_before = 250;

/// A node's history in small: bars of any length that lie before the range come along as far as the request says.
class history final : public bar_provider {
public:
  result<std::shared_ptr<const bar_set>> bars(const backtest_request& r, const pair_key& key, inner_bars) override {
    const auto it = kept.find(key);
    if (it == kept.end()) return error{errc::not_found, "there are no bars of " + to_string(key), "start_date"};
    const auto start = std::int64_t{r.start.days_since_epoch()} * day_ms, end = (std::int64_t{r.end.days_since_epoch()} + 1) * day_ms;
    std::vector<pine::bar> out;
    std::size_t before = 0;
    for (const auto& b : it->second)
      if (b.time_ms < end) out.push_back(b), before += b.time_ms < start ? 1u : 0u;
    const auto warmup = std::min<std::size_t>(before, r.warmup_bars);
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(before - warmup));
    return bar_set::make(key, symbol(key.symbol), std::move(out), warmup);
  }
  std::map<pair_key, std::vector<pine::bar>> kept;
};

const pair_key hours{"A", timeframe::minutes(60)}, days{"A", timeframe::days(1)};

/// Ten days of hours, and days from `days_before` days earlier on whose closes count them: 1, 2, ...
history ten_days(int past) {
  history h;
  h.kept[hours] = wave(240);
  for (int i = 0; i < past + 10; ++i) {
    const double c = i + 1;
    h.kept[days].push_back({start_ms + (i - past) * day_ms, c, c, c, c, 1});
  }
  return h;
}

backtest_request asked_for(const std::string& body) {
  auto r = request_for({"A"}, 10);
  r.pine_script = "//@version=6\nstrategy(\"s\")\n" + body;
  return r;
}

result<pair_outcome> run(const backtest_request& r, bar_provider& bars) {
  request_bars others(r, bars);
  auto job = job_for(r, bars.bars(r, hours, bar_provider::inner_bars::none).value());
  job.data = others.source();
  return run_pair(job);
}

const std::string average = "d = request.security(syminfo.tickerid, \"1D\", ta.sma(close, 200))\n"
                            "if bar_index == 0 or bar_index == 23\n    log.info(\"{0} {1}\", bar_index, d)\n";

TEST(request_past, a_daily_average_stands_from_the_first_hour_on) {
  auto h = ten_days(days_before);
  const auto o = run(asked_for(average), h);
  ASSERT_TRUE(o) << to_string(o.error());
  ASSERT_EQ(o->logs.size(), 2u);
  // the last day before the range closed at 250: the mean of 51 to 250
  EXPECT_EQ(o->logs[0].text, "0 150.5");
  EXPECT_EQ(o->logs[1].text, "23 151.5") << "the day ends with its last hour";
  EXPECT_EQ(o->bars, 240) << "the chart begins where it began";
  EXPECT_TRUE(o->warnings.empty()) << o->warnings.front();
}

TEST(request_past, what_does_not_lie_there_is_told) {
  auto h = ten_days(0);
  auto o = run(asked_for(average), h);
  ASSERT_TRUE(o) << to_string(o.error());
  EXPECT_EQ(o->logs[0].text, "0 NaN");
  const std::vector<std::string> said{"A 1h: request.*() asked for TEST:A 1D, of which there are no bars before the range: what it computes begins there"};
  EXPECT_EQ(o->warnings, said);
  h.kept.erase(days); // days are then made of the hours
  o = run(asked_for(average), h);
  ASSERT_TRUE(o) << to_string(o.error());
  EXPECT_EQ(o->warnings, said);
  o = run(asked_for("d = request.security(syminfo.tickerid, \"60\", ta.sma(close, 200))\nplot(d)\n"), h);
  ASSERT_TRUE(o) << to_string(o.error());
  EXPECT_TRUE(o->warnings.empty()) << "the chart's own bars begin where they were asked to";
  o = run(asked_for("plot(close)\n"), h);
  EXPECT_TRUE(o->warnings.empty());
}

TEST(request_past, a_script_without_requests_sees_nothing_of_it) {
  auto with = ten_days(days_before), without = ten_days(0);
  auto r = request_for({"A"}, 10);
  EXPECT_EQ(to_bytes(run(r, with).value()), to_bytes(run(r, without).value()));
}

/// A worker finds its bars by way of the coordinator, which asks with_past() too.
TEST(request_past, workers_come_to_the_same_bytes) {
  auto h = ten_days(days_before);
  const auto r = asked_for(average + "if d > 152\n    strategy.entry(\"L\", strategy.long)\n");
  const auto runner = make_runner(job_kind::backtest, canonical_text(r)).value();
  const std::vector<std::shared_ptr<const bar_set>> own{h.bars(r, hours, bar_provider::inner_bars::none).value()};
  const auto further = with_past(r);
  const auto extra = [&](const pair_key& key) { return h.bars(further, key, bar_provider::inner_bars::none); };
  run_control control;
  const auto bytes = runner->run("0", own, extra, control);
  ASSERT_TRUE(bytes) << to_string(bytes.error());
  const auto here = run(r, h);
  ASSERT_TRUE(here) << to_string(here.error());
  EXPECT_EQ(*bytes, to_bytes(*here));
  EXPECT_FALSE(here->open_trades.empty()) << "the average was above 152";
}

TEST(request_past, is_in_the_hash_of_a_series) {
  auto h = ten_days(days_before);
  const auto r = request_for({"A"}, 10);
  const auto plain = h.bars(r, days, bar_provider::inner_bars::none).value(), further = h.bars(with_past(r), days, bar_provider::inner_bars::none).value();
  EXPECT_EQ(plain->bars().size(), 10u);
  EXPECT_EQ(further->warmup(), static_cast<std::size_t>(days_before));
  EXPECT_NE(plain->hash(), further->hash());
  EXPECT_EQ(with_past(r).warmup_bars, limits::requested_past);
}

} // namespace
} // namespace tt::backtest::test
