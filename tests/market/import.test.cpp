#include "actors/market/import.hpp"

#include "actors/market/bar_builder.hpp"
#include "tests/market/support.hpp"

using namespace tt;
using namespace tt::market;
using namespace tt::market::test;

namespace {

const std::string bars_header = "time,open,high,low,close,volume\n";

class import : public testing::Test {
protected:
  import_report run(const std::string& path, const instrument& what, timeframe frame,
                    merge_policy policy = merge_policy::replace) {
    auto done = import_recording({path, what, frame, policy}, *store);
    EXPECT_TRUE(done) << (done ? "" : to_string(done.error()));
    return done ? *done : import_report{};
  }
  std::vector<bar> stored(const std::string& symbol, timeframe frame) {
    auto bars = store->bars(symbol, frame, min_input_time, max_input_time, 1'000'000);
    EXPECT_TRUE(bars);
    return bars ? *bars : std::vector<bar>{};
  }

  scratch_folder dir;
  std::unique_ptr<bar_store> store = *bar_store::open(dir.path() + "/store", durability::relaxed);
  instrument stock = make_instrument("A", "XNYS");
};

} // namespace

TEST_F(import, keeps_good_rows_reports_bad_ones_and_is_idempotent) {
  const auto path =
      dir.file("a.csv", bars_header +
                            "1380893400,10,12,9,11,40\n1380893460,oops,11,11,11,8\n1380893520,11,10,11,11,8\n"
                            "1380893580,1,1,1,1,1\n1380893460,1,1,1,1,1\n");
  const auto first = run(path, stock, timeframe::minutes(1));
  EXPECT_EQ(first.csv.good, 2u);
  EXPECT_EQ(first.csv.bad, 3u);
  ASSERT_EQ(first.csv.problems.size(), 3u);
  EXPECT_EQ(first.csv.problems[0], (row_problem{3, "open: not a number that can be kept: \"oops\""}));
  EXPECT_EQ(first.csv.problems[1], (row_problem{4, "high 10 is below 11"}));
  EXPECT_EQ(first.csv.problems[2].line, 6u);
  EXPECT_EQ(first.bars, 2u);
  EXPECT_EQ(first.added, 2u);
  EXPECT_EQ(first.first, at("2013-10-04T13:30:00Z"));
  EXPECT_EQ(first.last, at("2013-10-04T13:33:00Z"));
  const auto before = stored("A", timeframe::minutes(1));
  EXPECT_EQ(before.size(), 2u);
  const auto again = run(path, stock, timeframe::minutes(1));
  EXPECT_EQ(again.added, 0u);
  EXPECT_EQ(again.unchanged, 2u);
  EXPECT_EQ(stored("A", timeframe::minutes(1)), before);
}

TEST_F(import, rows_that_begin_no_bar_of_the_timeframe_are_bad) {
  // 09:30, 09:31 (no 5-minute bar begins there), 09:35, 09:40 New York
  const auto path = dir.file("g.csv", bars_header + "1380893400,1,1,1,1,1\n1380893460,2,2,2,2,2\n1380893700,3,3,3,3,3\n1380894000,4,4,4,4,4\n");
  const auto done = run(path, stock, timeframe::minutes(5));
  EXPECT_EQ(done.bars, 3u);
  EXPECT_EQ(done.csv.bad, 1u);
  ASSERT_EQ(done.csv.problems.size(), 1u);
  EXPECT_EQ(done.csv.problems[0], (row_problem{3, "time: no bar of 5m begins at 2013-10-04T13:31:00.000Z"}));
}

TEST_F(import, hours_may_be_cut_at_the_session_or_at_the_clock) {
  const auto path = dir.file("h.csv", bars_header + "1380893400,1,1,1,1,1\n1380895200,2,2,2,2,2\n1380898800,3,3,3,3,3\n"); // 09:30 10:00 11:00
  EXPECT_EQ(run(path, stock, timeframe::minutes(60)).bars, 3u);
  const auto session = dir.file("s.csv", bars_header + "1380979800,1,1,1,1,1\n1380983400,2,2,2,2,2\n1380987000,3,3,3,3,3\n");
  EXPECT_EQ(run(session, make_instrument("C", "24X7"), timeframe::minutes(30)).bars, 3u);
}

TEST_F(import, a_file_of_another_timeframe_is_refused_whole) {
  std::string rows = bars_header;
  for (int i = 0; i < 30; ++i) rows += std::to_string(1380893400 + 60 * i) + ",1,1,1,1,1\n";
  const auto path = dir.file("m.csv", rows);
  for (const auto frame : {timeframe::minutes(5), timeframe::minutes(60), timeframe::days(1), timeframe::weeks(1)}) {
    const auto done = import_recording({path, stock, frame, merge_policy::replace}, *store);
    ASSERT_FALSE(done) << frame.to_string();
    EXPECT_EQ(done.error().field, "timeframe");
    EXPECT_TRUE(store->timeframes("A").empty());
  }
}

TEST_F(import, two_files_in_either_order_give_the_same_series) {
  const auto early = dir.file("1.csv", bars_header + "1380893400,1,1,1,1,1\n1380893520,2,2,2,2,2\n");
  const auto late = dir.file("2.csv", bars_header + "1380893460,3,3,3,3,3\n1380893580,4,4,4,4,4\n");
  run(early, stock, timeframe::minutes(1));
  run(late, stock, timeframe::minutes(1));
  auto other = make_instrument("B", "XNYS");
  run(late, other, timeframe::minutes(1));
  run(early, other, timeframe::minutes(1));
  EXPECT_EQ(stored("A", timeframe::minutes(1)).size(), 4u);
  EXPECT_EQ(stored("A", timeframe::minutes(1)), stored("B", timeframe::minutes(1)));
}

TEST_F(import, corrections_replace_or_not_by_policy) {
  const auto old = dir.file("1.csv", bars_header + "1380893400,1,1,1,1,1\n");
  const auto corrected = dir.file("2.csv", bars_header + "1380893400,2,2,2,2,2\n");
  run(old, stock, timeframe::minutes(1));
  EXPECT_EQ(run(corrected, stock, timeframe::minutes(1), merge_policy::keep_stored).kept, 1u);
  EXPECT_EQ(stored("A", timeframe::minutes(1))[0].open, px("1"));
  EXPECT_EQ(run(corrected, stock, timeframe::minutes(1)).replaced, 1u);
  EXPECT_EQ(stored("A", timeframe::minutes(1))[0].open, px("2"));
}

TEST_F(import, a_row_that_is_rejected_for_its_time_says_nothing_of_the_rows_after_it) {
  const auto path = dir.file("p.csv", bars_header + "1980873961,1,1,1,1,1\n1380893400,1,1,1,1,1\n1380893460,1,1,1,1,1\n"
                                                    "1380893461,1,1,1,1,1\n1380893520,1,1,1,1,1\n");
  const auto done = run(path, stock, timeframe::minutes(1));
  EXPECT_EQ(done.bars, 3u);
  ASSERT_EQ(done.csv.problems.size(), 2u);
  EXPECT_EQ(done.csv.problems[0], (row_problem{2, "time: no bar of 1m begins at 2032-10-08T18:46:01.000Z"}));
  EXPECT_EQ(done.csv.problems[1].line, 5u);
}

TEST_F(import, prices_between_two_ticks_are_kept_and_counted) {
  const auto path = dir.file("g.csv", bars_header + "1380893400,1.01,1.02,1.01,1.02,1\n1380893460,1.01,1.025,1.01,1.02,1\n"
                                                    "1380893520,1.011,1.011,1.011,1.011,1\n");
  const auto done = run(path, stock, timeframe::minutes(1));
  EXPECT_EQ(done.csv.good, 3u);
  EXPECT_EQ(done.off_grid, 2u);
  EXPECT_EQ(stored("A", timeframe::minutes(1))[2].close, px("1.011"));
}

TEST_F(import, days_are_stamped_with_their_trading_day) {
  const auto path = dir.file(
      "d.csv", bars_header +
                   "2013-11-27T14:30:00Z,1,1,1,1,1\n2013-11-29,2,2,2,2,2\n2013-11-29T14:30:00Z,3,3,3,3,3\n"
                   "2013-11-30T12:00:00Z,4,4,4,4,4\n");
  const auto done = run(path, stock, timeframe::days(1));
  const auto days = stored("A", timeframe::days(1));
  ASSERT_EQ(days.size(), 3u);
  EXPECT_EQ(days[0].open_time, at("2013-11-27"));
  EXPECT_EQ(days[1].open_time, at("2013-11-29"));
  EXPECT_EQ(days[1].open, px("2"));
  EXPECT_EQ(days[2].open_time, at("2013-11-30")); // a Saturday: taken, but pointed out
  EXPECT_EQ(done.off_calendar, 1u);
  ASSERT_EQ(done.csv.problems.size(), 1u);
  EXPECT_EQ(done.csv.problems[0], (row_problem{4, "another row of the bar of 2013-11-29"}));

  // an overnight session belongs to the day after
  const auto futures = make_instrument("F", "CME_EQUITY");
  run(dir.file("f.csv", bars_header + "2013-12-03T23:00:00Z,1,1,1,1,1\n"), futures, timeframe::days(1));
  EXPECT_EQ(stored("F", timeframe::days(1))[0].open_time, at("2013-12-04"));
  // a week that begins with a holiday
  run(dir.file("w.csv", bars_header + "2013-09-02,1,1,1,1,1\n2013-09-09,1,1,1,1,1\n"), stock,
      timeframe::weeks(1));
  EXPECT_EQ(stored("A", timeframe::weeks(1))[0].open_time, at("2013-09-03"));
}

TEST_F(import, ticks_become_bars_where_quotes_make_the_price) {
  const auto pair = make_instrument("FXA", "FOREX", price_basis::bid, "0.00001");
  const auto done = run(own_data("FXA_ticks.csv"), pair, timeframe::minutes(5));
  EXPECT_EQ(done.kind, recording_kind::ticks);
  EXPECT_EQ(done.csv.good, 1500u);
  const auto bars = stored("FXA", timeframe::minutes(5));
  ASSERT_EQ(bars.size(), done.bars);
  quantity ticks;
  for (const auto& b : bars) ticks += b.volume;
  EXPECT_EQ(ticks, quantity{static_cast<std::int64_t>(1500 - done.off_calendar)});
  auto refused = import_recording({own_data("FXA_ticks.csv"), stock, timeframe::minutes(5)}, *store);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unsupported);
}

TEST_F(import, what_the_scale_cannot_hold_is_a_bad_row_with_its_line) {
  run(dir.file("1.csv", bars_header + "60,1,1,1,1,1\n"), stock, timeframe::minutes(1));
  const auto done =
      run(dir.file("2.csv", bars_header + "120,1,1,1,1,1\n180,1,1,1,1,0.123456789\n240,1,1,1,1,1\n"), stock,
          timeframe::minutes(1));
  EXPECT_EQ(done.csv.good, 2u);
  ASSERT_EQ(done.csv.problems.size(), 1u);
  EXPECT_EQ(done.csv.problems[0].line, 3u);
  EXPECT_NE(done.csv.problems[0].reason.find("more than 8 digits"), std::string::npos)
      << done.csv.problems[0].reason;
  // a market that counts in trillions gets fewer digits behind the point
  const auto coin = make_instrument("COIN", "24X7");
  EXPECT_EQ(run(dir.file("3.csv", bars_header + "60,0.00001,0.00001,0.00001,0.00001,12345678901234.5\n"),
                coin, timeframe::minutes(1))
                .added,
            1u);
  EXPECT_EQ(stored("COIN", timeframe::minutes(1))[0].volume, qty("12345678901234.5"));
}

TEST_F(import, real_files_come_out_as_they_went_in) {
  struct file {
    const char* name;
    const char* calendar;
    timeframe frame;
  };
  int found = 0;
  for (const auto& [name, calendar, frame] :
       {file{"SPY_1D", "XNYS", timeframe::days(1)}, file{"SPY_1h", "XNYS", timeframe::minutes(60)},
        file{"SPY_1m", "XNYS", timeframe::minutes(1)}, file{"BTCUSD_1m", "24X7", timeframe::minutes(1)},
        file{"BTCUSD_30m", "24X7", timeframe::minutes(30)}, file{"AAPL_15m", "XNYS", timeframe::minutes(15)},
        file{"EURUSD_4h", "FOREX", timeframe::minutes(240)}}) {
    const auto path = shared_data("bars/" + std::string(name) + ".csv");
    if (!path) continue;
    ++found;
    const auto what = make_instrument(name, calendar);
    const auto done = run(*path, what, frame);
    EXPECT_EQ(done.csv.bad, 0u) << name << ": "
                                << (done.csv.problems.empty() ? "" : done.csv.problems[0].reason);
    const auto bars = stored(name, frame);
    ASSERT_EQ(bars.size(), done.csv.good) << name;
    auto reader = csv_reader::open(*path);
    bar b;
    for (const auto& have : bars) {
      ASSERT_TRUE(reader->next(b));
      if (!frame.is_intraday())
        b.open_time = what.calendar->day_at(b.open_time, session_hours::regular)->day.midnight_utc();
      ASSERT_EQ(have, b) << name;
    }
    RecordProperty(std::string(name) + "_off_calendar", std::to_string(done.off_calendar));
    std::printf("%s: %zu bars, %llu off the calendar\n", name, bars.size(),
                static_cast<unsigned long long>(done.off_calendar));
  }
  if (found == 0)
    GTEST_SKIP() << "the shared recordings are not there (../shared/data beside the checkout, or $TT_SHARED)";
}
