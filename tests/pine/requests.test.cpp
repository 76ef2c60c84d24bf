#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// request.*: other symbols and timeframes, and figures that only the user can supply.

namespace tt::pine::testing {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t start = 1'700'006'400'000; // midnight UTC, a Wednesday

std::shared_ptr<const symbol_info> symbol(const char* ticker) {
  auto s = std::make_shared<symbol_info>();
  s->prefix = "X";
  s->ticker = ticker;
  return s;
}
std::vector<bar> bars_of(std::size_t n, std::int64_t step, double first) {
  std::vector<bar> out;
  for (std::size_t i = 0; i < n; ++i) {
    double c = first + f64(i);
    out.push_back({start + i64(i) * step, c, c + 0.5, c - 0.5, c, 10});
  }
  return out;
}

struct world {
  memory_source data;
  case_result run(const std::string& body, std::vector<bar> chart = bars_of(6, 4 * hour, 1), const char* timeframe = "240") {
    run_settings settings;
    settings.symbol = symbol("A");
    data.add(settings.symbol, *timeframe::parse(timeframe), chart);
    settings.data = &data;
    return run_source("//@version=6\nindicator(\"t\")\n" + body, chart, timeframe, settings);
  }
};
std::string row(const case_result& r, std::size_t k = 0) {
  std::string out = r.error;
  if (k < r.columns.size())
    for (double v : r.columns[k]) out += std::isnan(v) ? "na " : std::to_string(std::lround(v)) + " ";
  return out;
}

TEST(pine_requests, another_symbol_on_the_same_timeframe) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("240"), bars_of(6, 4 * hour, 100));
  auto r = w.run("plot(request.security(\"X:B\", \"240\", close))\nplot(request.security(\"X:B\", timeframe.period, close[1]))\n");
  EXPECT_EQ(row(r, 0), "100 101 102 103 104 105 ");
  EXPECT_EQ(row(r, 1), "na 100 101 102 103 104 ");
}

TEST(pine_requests, a_symbol_with_missing_bars) {
  world w;
  auto other = bars_of(6, 4 * hour, 100);
  other.erase(other.begin() + 2, other.begin() + 4);
  w.data.add(symbol("B"), *timeframe::parse("240"), other);
  auto r = w.run("plot(request.security(\"X:B\", \"240\", close))\nplot(request.security(\"X:B\", \"240\", close, barmerge.gaps_on))\n");
  EXPECT_EQ(row(r, 0), "100 101 101 101 104 105 ");
  EXPECT_EQ(row(r, 1), "100 101 na na 104 105 ");
}

TEST(pine_requests, a_longer_timeframe_shows_only_what_has_closed) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("1D"), bars_of(3, day, 100));
  auto chart = bars_of(14, 4 * hour, 1);
  auto r = w.run("plot(request.security(\"X:B\", \"1D\", close))\nplot(request.security(\"X:B\", \"1D\", close, lookahead = barmerge.lookahead_on))\n"
                 "plot(request.security(\"X:B\", \"1D\", close[1], lookahead = barmerge.lookahead_on))\n", chart);
  EXPECT_EQ(row(r, 0), "na na na na na 100 100 100 100 100 100 101 101 101 ");
  EXPECT_EQ(row(r, 1), "100 100 100 100 100 100 101 101 101 101 101 101 102 102 ");
  EXPECT_EQ(row(r, 2), "na na na na na na 100 100 100 100 100 100 101 101 ");
}

/// Bars are made of the chart's own, never of longer ones made for another request: an hour reaches over the end of the
/// first 90 minutes, a week over the end of a month.
TEST(pine_requests, timeframes_that_do_not_lie_in_each_other) {
  world minutes;
  auto r = minutes.run("plot(request.security(syminfo.tickerid, \"60\", close))\nplot(request.security(syminfo.tickerid, \"90\", close))\n",
                       bars_of(9, hour / 2, 1), "30");
  EXPECT_EQ(row(r, 0), "na 2 2 4 4 6 6 8 8 ");
  EXPECT_EQ(row(r, 1), "na na 3 3 3 6 6 6 9 ");
  world days; // from the 15th of November: the months end with the 16th and the 47th bar
  r = days.run("plot(request.security(syminfo.tickerid, \"W\", close))\nplot(request.security(syminfo.tickerid, \"M\", close))\n"
               "plot(request.security(syminfo.tickerid, \"M\", volume))\n",
               bars_of(50, day, 1), "1D");
  ASSERT_EQ(r.columns.size(), 3u) << r.error;
  EXPECT_EQ(r.columns[0][4], 5) << "Sunday the 19th";
  EXPECT_TRUE(std::isnan(r.columns[1][14]));
  EXPECT_EQ(r.columns[1][15], 16);
  EXPECT_EQ(r.columns[1][45], 16);
  EXPECT_EQ(r.columns[1][46], 47);
  EXPECT_EQ(r.columns[2][46], 310) << "31 days of December";
}

/// An hour, or a day, begins with its period, also where its first half was not traded.
TEST(pine_requests, longer_bars_begin_with_their_period) {
  world w;
  auto chart = bars_of(9, hour / 2, 1);
  chart.erase(chart.begin() + 4); // 02:00
  chart.erase(chart.begin());     // 00:00
  auto r = w.run("plot((request.security(syminfo.tickerid, \"60\", time) - " + std::to_string(start) + ") / 60000)\n"
                 "plot((request.security(syminfo.tickerid, \"D\", time, lookahead = barmerge.lookahead_on) - " + std::to_string(start) + ") / 60000)\n",
                 chart, "30");
  EXPECT_EQ(row(r, 0), "0 0 60 120 120 180 180 ");
  EXPECT_EQ(row(r, 1), "0 0 0 0 0 0 0 ");
}

/// A bar of an American stock at that hour of New York.
bar stock_bar(const zone& tz, int month, int date, int minute, double close) {
  const int year = month > 6 ? 2023 : 2024;
  return {tz.to_utc(year, month, date, 0, minute, 0), close, close, close, close, 10};
}
struct stock_world : world {
  std::shared_ptr<symbol_info> info = std::make_shared<symbol_info>();
  stock_world() {
    info->prefix = "X";
    info->ticker = "S";
    info->timezone = "America/New_York";
    info->session = "0930-1600:23456";
  }
  case_result run_stock(const std::string& body, const std::vector<bar>& chart, const char* timeframe) {
    run_settings settings;
    settings.symbol = info;
    data.add(info, *timeframe::parse(timeframe), chart);
    settings.data = &data;
    return run_source("//@version=6\nindicator(\"t\")\n" + body, chart, timeframe, settings);
  }
};

TEST(pine_requests, the_parts_of_a_day_with_extended_hours) {
  const auto tz = zone::find("America/New_York");
  std::vector<bar> chart;
  for (const int date : {21, 22})
    for (int minute = 240; minute < 1200; minute += 30) chart.push_back(stock_bar(*tz, 11, date, minute, 1));
  stock_world w;
  w.info->session = "0400-2000:23456";
  w.info->regular_session = "0930-1600:23456";
  const auto r = w.run_stock("plot(session.ismarket ? 1 : 0)\nplot(session.ispremarket ? 1 : 0)\nplot(session.ispostmarket ? 1 : 0)\n"
                            "plot(session.isfirstbar_regular ? 1 : 0)\nplot(session.islastbar_regular ? 1 : 0)\nplot(session.isfirstbar ? 1 : 0)\nplot(session.islastbar ? 1 : 0)\n"
                            "plot(syminfo.session == session.extended ? 1 : 0)\n", chart, "30");
  ASSERT_EQ(r.columns.size(), 8u) << r.error;
  for (std::size_t i = 0; i < chart.size(); ++i) {
    const int minute = 240 + static_cast<int>(i % 32) * 30;
    const bool market = minute >= 570 && minute < 960;
    EXPECT_EQ(r.columns[0][i], market) << i;
    EXPECT_EQ(r.columns[1][i], minute < 570) << i;
    EXPECT_EQ(r.columns[2][i], minute >= 960) << i;
    EXPECT_EQ(r.columns[3][i], minute == 570) << i;
    EXPECT_EQ(r.columns[4][i], minute == 930) << i;
    EXPECT_EQ(r.columns[5][i], minute == 240) << i;
    EXPECT_EQ(r.columns[6][i], minute == 1170) << i;
    EXPECT_EQ(r.columns[7][i], 1) << i;
  }
}

TEST(pine_requests, a_half_day_closes_with_its_last_bar) {
  const auto tz = zone::find("America/New_York");
  std::vector<bar> chart;
  double close = 0;
  for (const int date : {22, 24, 27}) // the 23rd is Thanksgiving, the day after it ends at 13:00
    for (int minute = 570; minute < (date == 24 ? 780 : 960); minute += 60) chart.push_back(stock_bar(*tz, 11, date, minute, ++close));
  stock_world w;
  const auto r = w.run_stock("plot(request.security(syminfo.tickerid, \"D\", close))\nplot((time_close - time) / 60000)\nplot(session.islastbar ? 1 : 0)\n"
                             "plot((time_close(\"D\") - time) / 60000)\n", chart, "60");
  EXPECT_EQ(row(r, 0), "na na na na na na 7 7 7 7 11 11 11 11 11 11 11 18 ");
  EXPECT_EQ(row(r, 1), "60 60 60 60 60 60 30 60 60 60 30 60 60 60 60 60 60 30 ");
  EXPECT_EQ(row(r, 2), "0 0 0 0 0 0 1 0 0 0 1 0 0 0 0 0 0 1 ");
  EXPECT_EQ(row(r, 3), "390 330 270 210 150 90 30 210 150 90 30 390 330 270 210 150 90 30 ");
}

/// Recordings of other vendors: hours of the clock in a session that opens at half past.
TEST(pine_requests, bars_that_begin_with_the_clock_close_with_it) {
  const auto tz = zone::find("America/New_York");
  std::vector<bar> chart;
  double close = 0;
  for (const int date : {21, 22})
    for (const int minute : {570, 600, 660, 720, 780, 840, 900}) chart.push_back(stock_bar(*tz, 11, date, minute, ++close));
  stock_world w;
  const auto r = w.run_stock("plot(request.security(syminfo.tickerid, \"D\", close))\nplot(session.islastbar ? 1 : 0)\nplot((time_close - time) / 60000)\n", chart, "60");
  EXPECT_EQ(row(r, 0), "na na na na na na 7 7 7 7 7 7 7 14 ");
  EXPECT_EQ(row(r, 1), "0 0 0 0 0 0 1 0 0 0 0 0 0 1 ");
  EXPECT_EQ(row(r, 2), "60 60 60 60 60 60 60 60 60 60 60 60 60 60 ");
}

/// Nothing of such a bar is known before it is over: 10:00 ends at 11:00, though the session's hour ends at 10:30.
TEST(pine_requests, requested_bars_that_begin_with_the_clock_close_with_it) {
  const auto tz = zone::find("America/New_York");
  std::vector<bar> hours, chart;
  double close = 0;
  for (const int minute : {570, 600, 660, 720}) hours.push_back(stock_bar(*tz, 11, 21, minute, ++close));
  for (int minute = 570; minute < 780; minute += 30) chart.push_back(stock_bar(*tz, 11, 21, minute, 100));
  stock_world w;
  w.data.add(w.info, *timeframe::parse("60"), hours);
  const auto r = w.run_stock("plot(request.security(syminfo.tickerid, \"60\", close))\n", chart, "30");
  EXPECT_EQ(row(r), "na 1 2 2 3 3 4 ");
}

TEST(pine_requests, a_week_that_ends_with_a_holiday_closes_the_day_before) {
  const auto tz = zone::find("America/New_York");
  std::vector<bar> chart;
  double close = 0;
  for (const int date : {22, 25, 26, 27, 28}) chart.push_back(stock_bar(*tz, 3, date, 570, ++close)); // Good Friday is the 29th
  chart.push_back(stock_bar(*tz, 4, 1, 570, ++close));
  stock_world w;
  const auto r = w.run_stock("plot(request.security(syminfo.tickerid, \"W\", close))\nplot(request.security(syminfo.tickerid, \"M\", close))\n", chart, "1D");
  EXPECT_EQ(row(r, 0), "1 1 1 1 5 5 ");
  EXPECT_EQ(row(r, 1), "na na na na 5 5 ");
}

/// Of bars that were given, the longest that fit are taken.
TEST(pine_requests, bars_that_were_given_and_fit) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("1"), bars_of(3 * 60, hour / 60, 1));
  w.data.add(symbol("B"), *timeframe::parse("60"), bars_of(3, hour, 1000));
  auto r = w.run("plot(request.security(\"X:B\", \"90\", close))\nplot(request.security(\"X:B\", \"180\", close))\n", bars_of(6, hour / 2, 1), "30");
  EXPECT_EQ(row(r, 0), "na na 90 90 90 180 ");
  EXPECT_EQ(row(r, 1), "na na na na na 1002 ");
}

TEST(pine_requests, prices_in_another_currency) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("240"), bars_of(6, 4 * hour, 100));
  w.data.add_value("currency_rate", "USDEUR", start, 2);
  w.data.add_value("currency_rate", "USDEUR", start + 12 * hour, 3);
  auto r = w.run("plot(request.security(\"X:B\", \"240\", close, currency = currency.EUR))\nplot(request.security(\"X:B\", \"240\", volume, currency = currency.EUR))\n"
                 "plot(request.security(\"X:B\", \"240\", close, currency = currency.USD))\n");
  EXPECT_EQ(row(r, 0), "200 202 204 309 312 315 ");
  EXPECT_EQ(row(r, 1), "10 10 10 10 10 10 ");
  EXPECT_EQ(row(r, 2), "100 101 102 103 104 105 ");
  EXPECT_NE(w.run("plot(request.security(\"X:B\", \"240\", close, currency = currency.GBP))\n").error.find("USDGBP"), std::string::npos);
}

/// A request that is made for the first time runs over all bars behind it; what a bar may cost goes for each of them.
TEST(pine_requests, the_bars_of_the_past_are_each_allowed_a_bars_work) {
  world w;
  auto past = bars_of(600, 4 * hour, 1);
  for (auto& b : past) b.time_ms -= 594 * 4 * hour;
  w.data.add(symbol("B"), *timeframe::parse("240"), past);
  run_settings settings;
  settings.symbol = symbol("A");
  settings.data = &w.data;
  settings.limit.steps_per_bar = 20'000;
  const std::string script = "//@version=6\nindicator(\"t\")\nf() =>\n    x = 0.0\n    for i = 1 to 1000\n        x += close\n    x / 1000\n"
                             "plot(request.security(\"X:B\", \"240\", f()))\n";
  EXPECT_EQ(row(run_source(script, bars_of(6, 4 * hour, 1), "240", settings)), "595 596 597 598 599 600 ");
  settings.limit.steps_per_bar = 900;
  EXPECT_NE(run_source(script, bars_of(6, 4 * hour, 1), "240", settings).error.find("takes too long"), std::string::npos);
  settings.limit.steps_per_bar = 20'000;
  settings.limit.steps_per_run = 300'000; // of all its bars together
  EXPECT_NE(run_source(script, bars_of(6, 4 * hour, 1), "240", settings).error.find("takes too long"), std::string::npos);
}

TEST(pine_requests, only_the_newest_bars) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("240"), bars_of(6, 4 * hour, 100));
  auto r = w.run("plot(request.security(\"X:B\", \"240\", ta.cum(1), calc_bars_count = 2))\n");
  EXPECT_EQ(row(r), "na na na na 1 2 ");
}

TEST(pine_requests, tuples_and_functions_of_other_contexts) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("240"), bars_of(6, 4 * hour, 10));
  auto r = w.run("avg(n) => ta.sma(close, n)\n[a, b, c] = request.security(\"X:B\", \"240\", [avg(2), high - low, bar_index])\nplot(a * 2)\nplot(b)\nplot(c)\n");
  EXPECT_EQ(row(r, 0), "na 21 23 25 27 29 ");
  EXPECT_EQ(row(r, 1), "1 1 1 1 1 1 ");
  EXPECT_EQ(row(r, 2), "0 1 2 3 4 5 ");
}

TEST(pine_requests, shorter_timeframes_come_as_arrays) {
  world w;
  w.data.add(symbol("B"), *timeframe::parse("60"), bars_of(10, hour, 1));
  auto r = w.run("a = request.security_lower_tf(\"X:B\", \"60\", close)\nplot(a.size())\nplot(a.size() > 0 ? a.sum() : na)\n");
  EXPECT_EQ(row(r, 0), "4 4 2 0 0 0 ");
  EXPECT_EQ(row(r, 1), "10 26 19 na na na ");
  EXPECT_NE(w.run("a = request.security_lower_tf(\"X:B\", \"1D\", close)\nplot(a.size())\n").error.find("longer than the chart's"), std::string::npos);
  EXPECT_EQ(row(w.run("a = request.security_lower_tf(\"X:B\", \"1D\", close, ignore_invalid_timeframe = true)\nplot(na(a) ? 1 : 0)\n")), "1 1 1 1 1 1 ");
}

TEST(pine_requests, shorter_bars_that_nobody_gave_are_told_of) {
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("240");
  script s(compile("//@version=6\nindicator(\"t\")\na = request.security_lower_tf(syminfo.tickerid, \"60\", close)\nplot(a.size())\n"
                   "plot(request.security(\"\", \"30\", close))\nplot(request.security(\"\", \"1D\", close))\n").code, settings);
  for (const auto& b : bars_of(4, 4 * hour, 1)) ASSERT_FALSE(s.on_bar(b));
  EXPECT_EQ(s.plot_value(0, 0), 0);
  EXPECT_TRUE(std::isnan(s.plot_value(1, 0)));
  ASSERT_EQ(s.warnings().size(), 2u) << "each once; longer bars are made of the chart's";
  EXPECT_EQ(s.warnings()[0], "request.security_lower_tf(): there are no bars of " + settings.symbol->tickerid() + " on timeframe 60, so the arrays are empty; supply them");
  EXPECT_EQ(s.warnings()[1], "request.security(): there are no bars of " + settings.symbol->tickerid() + " on timeframe 30, so the values are na; supply them");
}

TEST(pine_requests, figures_come_from_the_user) {
  world w;
  w.data.add_value("dividends", "X:B|gross", start + 5 * hour, 2);
  w.data.add_value("dividends", "X:B|gross", start + 13 * hour, 2);
  w.data.add_value("economic", "US|GDP", start - day, 7);
  w.data.add_value("financial", "X:B|TOTAL_REVENUE|FY", start, 9);
  w.data.add_value("earnings", "X:B|actual", start + 8 * hour, 3);
  w.data.add_value("splits", "X:B|denominator", start + 8 * hour, 4);
  w.data.add_value("currency_rate", "EURUSD", start, 2);
  auto r = w.run("plot(request.dividends(\"X:B\", dividends.gross))\nplot(request.dividends(\"X:B\", dividends.gross, barmerge.gaps_on))\n"
                 "plot(request.economic(\"US\", \"GDP\"))\nplot(request.financial(\"X:B\", \"TOTAL_REVENUE\", \"FY\"))\n"
                 "plot(request.earnings(\"X:B\"))\nplot(request.splits(\"X:B\", splits.denominator))\n"
                 "plot(request.currency_rate(\"EUR\", \"USD\"))\nplot(request.currency_rate(\"USD\", \"USD\"))\n");
  EXPECT_EQ(row(r, 0), "na na 2 2 2 2 ");
  EXPECT_EQ(row(r, 1), "na na 2 na 2 na ") << "both dividends, although they are equal";
  EXPECT_EQ(row(r, 2), "7 7 7 7 7 7 ");
  EXPECT_EQ(row(r, 3), "9 9 9 9 9 9 ");
  EXPECT_EQ(row(r, 4), "na na 3 3 3 3 ");
  EXPECT_EQ(row(r, 5), "na na 4 4 4 4 ");
  EXPECT_EQ(row(r, 6), "2 2 2 2 2 2 ");
  EXPECT_EQ(row(r, 7), "1 1 1 1 1 1 ");
}

TEST(pine_requests, seeds_are_symbols_of_a_repository) {
  world w;
  auto seed = std::make_shared<symbol_info>();
  seed->prefix = "seed_repo";
  seed->ticker = "S";
  w.data.add(seed, *timeframe::parse("240"), bars_of(6, 4 * hour, 50));
  EXPECT_EQ(row(w.run("plot(request.seed(\"seed_repo\", \"S\", close))\n")), "50 51 52 53 54 55 ");
}

TEST(pine_requests, what_is_not_there_is_named) {
  for (const char* call : {"request.dividends(\"X:Q\")", "request.splits(\"X:Q\", splits.numerator)", "request.earnings(\"X:Q\")",
                           "request.financial(\"X:Q\", \"EPS\", \"FQ\")", "request.economic(\"X:Q\", \"GDP\")", "request.quandl(\"X:Q\")",
                           "request.currency_rate(\"X:Q\", \"USD\")", "request.seed(\"X\", \"Q\", close)", "request.security(\"X:Q\", \"240\", close)",
                           "request.security_lower_tf(\"X:Q\", \"60\", close).size()"}) {
    world w;
    auto r = w.run(std::string("plot(") + call + ")\n");
    EXPECT_NE(r.error.find("X:Q"), std::string::npos) << call << ": " << r.error;
  }
  world w;
  EXPECT_EQ(row(w.run("plot(request.economic(\"US\", \"GDP\", ignore_invalid_symbol = true))\n")), "na na na na na na ");
  EXPECT_NE(w.run("f = request.footprint(10)\nplot(f.delta())\n").error.find("footprint"), std::string::npos);
  EXPECT_NE(w.run("plot(request.security(ticker.renko(\"X:A\", \"ATR\", 10), \"240\", close))\n").error.find("kind of chart"), std::string::npos);
}

TEST(pine_requests, heikin_ashi_bars) {
  world w;
  auto chart = bars_of(3, 4 * hour, 1);
  chart[1] = {chart[1].time_ms, 2, 6, 1, 4, 10};
  auto r = w.run("[o, h, l, c] = request.security(ticker.heikinashi(syminfo.tickerid), timeframe.period, [open, high, low, close])\n"
                 "plot(o * 100)\nplot(h * 100)\nplot(l * 100)\nplot(c * 100)\n", chart);
  // first: open (1 + 1) / 2, close (1 + 1.5 + 0.5 + 1) / 4; second: open (1 + 1) / 2, close (2 + 6 + 1 + 4) / 4
  EXPECT_EQ(row(r, 0), "100 100 213 ");
  EXPECT_EQ(row(r, 1), "150 600 350 ");
  EXPECT_EQ(row(r, 2), "50 100 213 ");
  EXPECT_EQ(row(r, 3), "100 325 300 ");
}

} // namespace
} // namespace tt::pine::testing
