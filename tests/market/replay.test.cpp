#include "actors/market/replay.hpp"

#include "tests/market/support.hpp"

using namespace tt;
using namespace tt::market;
using namespace tt::market::test;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::weeks;

namespace {

std::unique_ptr<replay_source> open(replay_config config) {
  auto source = replay_source::open(std::move(config));
  EXPECT_TRUE(source) << (source ? "" : to_string(source.error()));
  return source ? std::move(*source) : nullptr;
}

error open_error(replay_config config) {
  auto source = replay_source::open(std::move(config));
  EXPECT_FALSE(source);
  return source ? error{} : source.error();
}

std::vector<feed_event> everything(replay_source& source) {
  std::vector<feed_event> out;
  EXPECT_EQ(source.pull(max_input_time, 1'000'000, out), pull_state::finished);
  return out;
}

recording of(const std::string& path, instrument what, timeframe frame = timeframe::minutes(1)) {
  return {path, std::move(what), std::nullopt, frame};
}

/// "09:30:00.000 X 10 x5" of a trade, "… X 9/11" of a quote.
std::string shown(const replay_source& source, const feed_event& e) {
  std::string out = to_iso8601(timestamp_of(e.data)).substr(8, 15) + " " + source.symbols()[e.symbol] + " ";
  if (const auto* t = std::get_if<trade_tick>(&e.data))
    return out + t->px.to_string() + " x" + t->size.to_string();
  const auto& q = std::get<quote_tick>(e.data);
  return out + q.bid.to_string() + "/" + q.ask.to_string();
}

std::vector<std::string> shown(const replay_source& source, const std::vector<feed_event>& events) {
  std::vector<std::string> out;
  for (const auto& e : events) out.push_back(shown(source, e));
  return out;
}

const std::string bars_header = "time,open,high,low,close,volume\n";
const std::string quotes_header = "time,bid,bid_size,ask,ask_size\n";

} // namespace

TEST(replay, merges_bars_and_quotes_of_several_symbols_in_time_order) {
  scratch_folder dir;
  // 2013-10-04T13:30:00Z = 1380893400
  const auto a = dir.file("a.csv", bars_header + "1380893400,10,12,9,11,40\n1380893460,11,11,11,11,8\n");
  const auto aq = dir.file("aq.csv", quotes_header + "1380893400,10.9,1,11.1,2\n");
  const auto b = dir.file("b.csv", bars_header + "1380893400,5,5,5,5,3\n1380893520,6,6,6,6,1\n");
  const auto source = open({{of(b, make_instrument("B", "XNYS")), of(a, make_instrument("A", "XNYS")),
                             of(aq, make_instrument("A", "XNYS"))}});
  ASSERT_EQ(std::vector<std::string>(source->symbols().begin(), source->symbols().end()),
            (std::vector<std::string>{"B", "A"}));
  EXPECT_EQ(source->label(), "replay");
  EXPECT_EQ(source->start_time(), at("2013-10-04T13:30:00Z"));
  const auto events = everything(*source);
  // the low is nearer to the open than the high; 1 ms before the end the bar comes before the quote
  EXPECT_EQ(shown(*source, events),
            (std::vector<std::string>{"04T13:30:00.000 B 5 x3", "04T13:30:00.000 A 10 x10",
                                      "04T13:30:15.000 A 9 x10", "04T13:30:30.000 A 12 x10",
                                      "04T13:30:59.999 A 11 x10", "04T13:30:59.999 A 10.9/11.1",
                                      "04T13:31:00.000 A 11 x8", "04T13:32:00.000 B 6 x1"}));
}

TEST(replay, however_it_is_pulled_the_events_are_the_same) {
  const auto config = [] {
    return replay_config{
        {of(own_data("AAA_1m.csv"), make_instrument("AAA", "XNYS")),
         of(own_data("AAA_1m_quotes.csv"), make_instrument("AAA", "XNYS")),
         of(own_data("FXA_ticks.csv"), make_instrument("FXA", "FOREX", price_basis::bid, "0.00001"))}};
  };
  const auto whole = open(config());
  const auto expected = everything(*whole);
  ASSERT_GT(expected.size(), 1000u);
  for (std::size_t i = 1; i < expected.size(); ++i)
    ASSERT_LE(timestamp_of(expected[i - 1].data), timestamp_of(expected[i].data));
  for (const std::size_t limit : {1u, 7u, 100u}) {
    const auto source = open(config());
    std::vector<feed_event> got;
    utc_time until = source->start_time();
    for (auto state = pull_state::idle; state != pull_state::finished;) {
      const std::size_t before = got.size();
      state = source->pull(until, limit, got);
      ASSERT_LE(got.size() - before, limit);
      ASSERT_TRUE(got.size() == before || timestamp_of(got.back().data) <= until);
      if (state == pull_state::idle) until += minutes{13};
    }
    ASSERT_EQ(got, expected);
    EXPECT_EQ(source->pull(max_input_time, limit, got), pull_state::finished);
  }
}

TEST(replay, more_is_said_only_when_more_is_waiting) {
  scratch_folder dir;
  const auto a = dir.file("a.csv", bars_header + "1380893400,1,1,1,1,1\n1380893460,2,2,2,2,1\n");
  const auto source = open({{of(a, make_instrument("A", "XNYS"))}});
  std::vector<feed_event> out;
  EXPECT_EQ(source->pull(source->start_time() - milliseconds{1}, 10, out), pull_state::idle);
  EXPECT_EQ(source->pull(source->start_time(), 1, out), pull_state::idle);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_EQ(source->pull(max_input_time, 0, out), pull_state::more);
  EXPECT_EQ(source->pull(max_input_time, 1, out), pull_state::finished);
  EXPECT_EQ(out.size(), 2u);
}

TEST(replay, a_bar_ends_before_the_next_one_and_with_its_session) {
  scratch_folder dir;
  // hourly bars on the clock's hours: the first is half an hour long, the last ends at 16:00 (20:00Z)
  const auto a = dir.file(
      "a.csv", bars_header + "1380893400,1,2,1,1.5,4\n1380895200,2,3,2,2.5,4\n1380915000,3,4,3,3.5,4\n");
  const auto source = open({{of(a, make_instrument("A", "XNYS"), timeframe::minutes(60))}});
  EXPECT_EQ(shown(*source, everything(*source)),
            (std::vector<std::string>{
                "04T13:30:00.000 A 1 x2", "04T13:45:00.000 A 2 x1", "04T13:59:59.999 A 1.5 x1",
                "04T14:00:00.000 A 2 x2", "04T14:30:00.000 A 3 x1", "04T14:59:59.999 A 2.5 x1",
                "04T19:30:00.000 A 3 x2", "04T19:45:00.000 A 4 x1", "04T19:59:59.999 A 3.5 x1"}));
}

TEST(replay, daily_bars_are_spread_over_the_session) {
  scratch_folder dir;
  // stamped at the opening, as a bare date (a half day), and twice on one day
  const auto a = dir.file(
      "a.csv",
      bars_header +
          "2013-11-27T14:30:00Z,1,2,1,1.5,4\n2013-11-29,2,3,2,2.5,4\n2013-11-29T14:30:00Z,9,9,9,9,9\n");
  const auto source = open({{of(a, make_instrument("A", "XNYS"), timeframe::days(1))}});
  EXPECT_EQ(shown(*source, everything(*source)),
            (std::vector<std::string>{"27T14:30:00.000 A 1 x2", "27T17:45:00.000 A 2 x1",
                                      "27T20:59:59.999 A 1.5 x1", "29T14:30:00.000 A 2 x2",
                                      "29T16:15:00.000 A 3 x1", "29T17:59:59.999 A 2.5 x1"}));
  const auto reports = source->reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].second.good, 2u);
  ASSERT_EQ(reports[0].second.bad, 1u);
  EXPECT_EQ(reports[0].second.problems[0], (row_problem{4, "another row of the same trading day"}));
}

TEST(replay, bad_rows_are_reported_and_the_rest_is_played) {
  scratch_folder dir;
  const auto a = dir.file("a.csv", bars_header + "1380893400,1,1,1,1,1\nrubbish\n1380893460,2,1,2,2,"
                                                 "1\n1380893520,393.0299,393.0299,393.0299,393.0299,1\n");
  const auto source = open({{of(a, make_instrument("A", "XNYS"))}});
  const auto events = everything(*source);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(std::get<trade_tick>(events[1].data).px, px("393.0299")); // off the tick grid, exact all the same
  const auto reports = source->reports();
  EXPECT_EQ(reports[0].first, a);
  EXPECT_EQ(reports[0].second.bad, 2u);
  EXPECT_EQ(reports[0].second.problems[0].line, 3u);
}

TEST(replay, rows_that_begin_no_bar_of_the_timeframe_are_bad_rows) {
  scratch_folder dir;
  const auto path = dir.file("m.csv", "time,open,high,low,close,volume\n1380893400,1,1,1,1,1\n1380893460,2,2,2,2,1\n1380893700,3,3,3,3,1\n");
  auto source = open({{of(path, make_instrument("A", "XNYS"), timeframe::minutes(5))}});
  ASSERT_TRUE(source);
  const auto events = everything(*source);
  for (const auto& e : events) EXPECT_NE(std::get<trade_tick>(e.data).px, px("2"));
  const auto report = source->report();
  EXPECT_EQ(report.rows, 3u);
  EXPECT_EQ(report.bad_rows, 1u);
  EXPECT_NE(report.first_bad.find("line 3: time: no bar of 5m begins at 2013-10-04T13:31:00.000Z"), std::string::npos) << report.first_bad;
}

TEST(replay, loops_by_whole_weeks_on_the_venues_clock) {
  scratch_folder dir;
  // Friday 2013-10-25 09:30 and Thursday 2013-10-31 10:00 in New York; clocks go back on 11-03
  const auto a =
      dir.file("a.csv", bars_header + "2013-10-25T13:30:00Z,1,1,1,1,1\n2013-10-31T14:00:00Z,2,2,2,2,1\n");
  const auto b = dir.file("b.csv", bars_header + "2013-10-25T13:30:00Z,7,7,7,7,1\n");
  const auto source =
      open({{of(a, make_instrument("A", "XNYS")), of(b, make_instrument("B", "24X7"))}, replay_loop::looped});
  std::vector<feed_event> out;
  EXPECT_EQ(source->pull(at("2013-11-16T00:00:00Z"), 1000, out), pull_state::idle);
  std::vector<std::string> times;
  for (const auto& e : out)
    times.push_back(to_iso8601(timestamp_of(e.data)).substr(5, 11) + source->symbols()[e.symbol][0]);
  EXPECT_EQ(times, (std::vector<std::string>{
                       "10-25T13:30A", "10-25T13:30B", "10-31T14:00A", // as recorded
                       "11-01T13:30A", "11-01T13:30B", "11-07T15:00A", // 10:00 EST is 15:00Z
                       "11-08T13:30B", "11-08T14:30A", "11-14T15:00A", "11-15T13:30B", "11-15T14:30A"}));
  EXPECT_EQ(source->reports()[0].second.good, 2u) << "the first pass only";
}

TEST(replay, refuses_what_it_cannot_play) {
  scratch_folder dir;
  const auto bars = dir.file("bars.csv", bars_header + "1380893400,1,1,1,1,1\n");
  const auto ticks = dir.file("ticks.csv", "time_ms,bid,ask\n1399525217007,1,2\n");
  const auto quotes = dir.file("quotes.csv", quotes_header + "1380893400,1,1,2,2\n");
  const auto useless = dir.file("useless.csv", bars_header + "x,1,1,1,1,1\n");
  const auto stock = make_instrument("A", "XNYS");
  const auto pair = make_instrument("E", "FOREX", price_basis::bid);

  EXPECT_EQ(open_error({}).field, "recordings");
  auto e = open_error({{of(bars, stock), of(dir.path() + "/none.csv", stock)}});
  EXPECT_EQ(e.code, errc::not_found);
  EXPECT_EQ(e.field, "recordings[1]");
  e = open_error({{of(useless, stock)}});
  EXPECT_EQ(e.code, errc::invalid_argument);
  EXPECT_NE(e.message.find("no usable row; line 2: time: neither"), std::string::npos) << e.message;
  e = open_error({{{ticks, pair, recording_kind::bars, timeframe::minutes(1)}}});
  EXPECT_NE(e.message.find("one of ticks, not of bars"), std::string::npos) << e.message;
  EXPECT_EQ(open_error({{of(quotes, stock, timeframe::days(1))}}).code, errc::invalid_argument);
  EXPECT_EQ(open_error({{of(bars, pair), of(ticks, pair)}}).code, errc::conflict);
  EXPECT_EQ(open_error({{of(bars, stock), of(bars, stock, timeframe::minutes(5))}}).code, errc::conflict);
  EXPECT_EQ(open_error({std::vector<recording>(max_recordings + 1, of(bars, stock))}).code,
            errc::limit_exceeded);
  EXPECT_NE(open({{of(bars, stock), of(quotes, stock)}}), nullptr);
}
