#include "actors/market/csv.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace tt;
using namespace tt::market;

namespace {

constexpr const char* bars_header = "time,open,high,low,close,volume\n";

csv_reader reader_of(const std::string& text, const csv_options& options = {}) {
  auto reader = csv_reader::from_text(text, "x.csv", options);
  EXPECT_TRUE(reader) << (reader ? "" : to_string(reader.error()));
  return std::move(*reader);
}

std::vector<bar> all_bars(csv_reader& reader) {
  std::vector<bar> out;
  bar b;
  while (reader.next(b)) out.push_back(b);
  return out;
}

price px(const char* text) {
  return *price::parse(text);
}
quantity qty(const char* text) {
  return *quantity::parse(text);
}

/// The reason given for the only bad row of a file of bars.
std::string reason_for(const std::string& row, const std::string& before = "") {
  auto reader = reader_of(bars_header + before + row + "\n");
  all_bars(reader);
  EXPECT_EQ(reader.report().bad, 1u) << row;
  if (reader.report().problems.empty()) return {};
  EXPECT_EQ(reader.report().problems[0].line, before.empty() ? 2u : 3u);
  return reader.report().problems[0].reason;
}

std::string header_error(const std::string& text) {
  auto reader = csv_reader::from_text(text, "x.csv");
  EXPECT_FALSE(reader) << text;
  return reader ? "" : to_string(reader.error());
}

} // namespace

TEST(csv, reads_bars) {
  auto reader = reader_of(std::string(bars_header) +
                          "1380884340,49,49.5,48.25,49.01,300\n1380884400,1.5,2,1,1.25,7.14319709\n");
  EXPECT_EQ(reader.kind(), recording_kind::bars);
  const auto bars = all_bars(reader);
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(bars[0],
            (bar{from_unix_seconds(1380884340), px("49"), px("49.5"), px("48.25"), px("49.01"), qty("300")}));
  EXPECT_EQ(bars[1].volume, qty("7.14319709"));
  EXPECT_EQ(reader.report().good, 2u);
  EXPECT_EQ(reader.report().bad, 0u);
  EXPECT_FALSE(reader.failure());
}

TEST(csv, reads_quotes_and_ticks) {
  auto quotes = reader_of("time,bid,bid_size,ask,ask_size\n1380873600,167.56,20000,167.6,300\n");
  EXPECT_EQ(quotes.kind(), recording_kind::quotes);
  quote_tick q;
  ASSERT_TRUE(quotes.next(q));
  EXPECT_EQ(q,
            (quote_tick{from_unix_seconds(1380873600), px("167.56"), px("167.6"), qty("20000"), qty("300")}));
  EXPECT_FALSE(quotes.next(q));

  auto ticks = reader_of("time_ms,bid,ask\n1399525217007,1.39147,1.39148\n1399525217007,1.39148,1.39149\n");
  EXPECT_EQ(ticks.kind(), recording_kind::ticks);
  ASSERT_TRUE(ticks.next(q));
  EXPECT_EQ(q, (quote_tick{from_unix_ms(1399525217007), px("1.39147"), px("1.39148"), {}, {}}));
  EXPECT_TRUE(ticks.next(q)) << "several ticks in one millisecond are usual";
}

TEST(csv, finds_columns_by_name_in_any_order_with_crlf_and_mark) {
  auto reader = reader_of(
      "\xEF\xBB\xBF "
      "Close,\"VOLUME\",note,low,High,open,time\r\n2,10,text,1,4,3,1380884340\r\n\r\n2,11,,1,4,3,1380884400");
  const auto bars = all_bars(reader);
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(bars[0], (bar{from_unix_seconds(1380884340), px("3"), px("4"), px("1"), px("2"), qty("10")}));
  EXPECT_EQ(bars[1].volume, qty("11"));
  EXPECT_EQ(reader.report().bad, 0u);
}

TEST(csv, reads_every_spelling_of_time) {
  const auto time_of = [](const std::string& text) {
    auto reader = reader_of(bars_header + text + ",1,1,1,1,1\n");
    const auto bars = all_bars(reader);
    return bars.empty() ? utc_time{} : bars[0].open_time;
  };
  const auto expected = from_unix_seconds(1380884340);
  EXPECT_EQ(time_of("1380884340"), expected);
  EXPECT_EQ(time_of("1380884340000"), expected);
  EXPECT_EQ(time_of("2013-10-04T10:59:00Z"), expected);
  EXPECT_EQ(time_of("2013-10-04T06:59:00-04:00"), expected);
  EXPECT_EQ(time_of("2013-10-04"), civil_date::of(2013, 10, 4).midnight_utc());
  EXPECT_EQ(time_of("-2208988800"), min_input_time);
}

TEST(csv, a_change_of_unit_within_a_file_is_a_bad_row) {
  auto reader = reader_of(std::string(bars_header) +
                          "1380884340,1,1,1,1,1\n1380884400000,1,1,1,1,1\n1380884460,1,1,1,1,1\n");
  EXPECT_EQ(all_bars(reader).size(), 2u);
  ASSERT_EQ(reader.report().problems.size(), 1u);
  EXPECT_EQ(reader.report().problems[0],
            (row_problem{3, "time: not within 1900 to 2200 in unix seconds: 1380884400000"}));
}

TEST(csv, says_why_a_row_is_bad) {
  EXPECT_EQ(reason_for("x,1,1,1,1,1"), "time: neither a unix time nor ISO-8601 with a zone: \"x\"");
  EXPECT_EQ(reason_for("2013-10-04T10:59:00,1,1,1,1,1"),
            "time: neither a unix time nor ISO-8601 with a zone: \"2013-10-04T10:59:00\"");
  EXPECT_EQ(reason_for("99999999999999,1,1,1,1,1"),
            "time: not within 1900 to 2200 in unix milliseconds: 99999999999999");
  EXPECT_EQ(reason_for("1,1,1,1,nan,1"), "close: not a number that can be kept: \"nan\"");
  EXPECT_EQ(reason_for("1,,1,1,1,1"), "open: not a number that can be kept: \"\"");
  EXPECT_EQ(reason_for("1,1.0000000000001,2,1,1,1"),
            "open: not a number that can be kept: \"1.0000000000001\"");
  EXPECT_EQ(reason_for("1,2,1,1,2,1"), "high 1 is below 2");
  EXPECT_EQ(reason_for("1,2,3,2.5,2,1"), "low 2.5 is above 2");
  EXPECT_EQ(reason_for("1,1,1,1,1,-1"), "volume: negative: -1");
  EXPECT_EQ(reason_for("1,0,1,0,1,1"), "open: must be above 0: 0");
  EXPECT_EQ(reason_for("1,1,2e12,1,1,1"), "high: off range: 2000000000000");
  EXPECT_EQ(reason_for("1,1,1,1,1"), "fewer fields than the header (6)");
  EXPECT_EQ(reason_for("1,1,1,1,1,1,1"), "more fields than the header (6)");
  EXPECT_EQ(reason_for("1,1,1,1,1," + std::string(2000, '1')), "line is longer than 1024 bytes");
  EXPECT_EQ(reason_for("60,1,1,1,1,1", "60,1,1,1,1,1\n"),
            "time: the same as that of the row before: 1970-01-01T00:01:00.000Z");
  EXPECT_EQ(reason_for("59,1,1,1,1,1", "60,1,1,1,1,1\n"),
            "time: 1970-01-01T00:00:59.000Z is before that of an earlier row, 1970-01-01T00:01:00.000Z");
  EXPECT_EQ(reason_for("1,1,1,1,\x01\xFF,1"), "close: not a number that can be kept: \"??\"");
}

TEST(csv, negative_prices_only_where_asked_for) {
  const std::string text = std::string(bars_header) + "60,-1,2,-37.63,0,5\n";
  auto strict = reader_of(text);
  EXPECT_TRUE(all_bars(strict).empty());
  csv_options options;
  options.sign = price_sign::any;
  auto open = reader_of(text, options);
  const auto bars = all_bars(open);
  ASSERT_EQ(bars.size(), 1u);
  EXPECT_EQ(bars[0].low, px("-37.63"));
}

TEST(csv, quotes_may_lack_one_side_but_not_both) {
  auto reader = reader_of("time,bid,bid_size,ask,ask_size\n1,0,0,10,5\n2,0,0,0,0\n3,0,4,10,5\n4,9,4,0,0\n");
  quote_tick q;
  ASSERT_TRUE(reader.next(q));
  EXPECT_TRUE(q.bid.is_zero());
  ASSERT_TRUE(reader.next(q));
  EXPECT_EQ(q.ts, from_unix_seconds(4));
  EXPECT_FALSE(reader.next(q));
  ASSERT_EQ(reader.report().problems.size(), 2u);
  EXPECT_EQ(reader.report().problems[0], (row_problem{3, "neither bid nor ask"}));
  EXPECT_EQ(reader.report().problems[1], (row_problem{4, "bid: must be above 0: 0"}));
}

TEST(csv, names_what_a_header_lacks) {
  EXPECT_EQ(header_error(""), "x.csv: the file is empty");
  EXPECT_NE(header_error("time,open,high,low,close\n").find("the header lacks volume"), std::string::npos);
  EXPECT_NE(header_error("time,bid,bid_size,ask\n").find("the header lacks ask_size"), std::string::npos);
  EXPECT_NE(header_error("1380884340,1,1,1,1,1\n").find("the header lacks time, open"), std::string::npos);
  EXPECT_NE(header_error("time;open;high\n").find("the header lacks time"), std::string::npos);
  EXPECT_NE(header_error("time,time_ms,bid,ask\n").find("names column \"time\" twice"), std::string::npos);
  EXPECT_NE(header_error("time,open,high,low,close,volume,bid,ask\n").find("bars and of quotes"),
            std::string::npos);
  EXPECT_NE(header_error(std::string(3000, 'x')).find("not a header"), std::string::npos);
}

TEST(csv, keeps_the_first_problems_and_counts_the_rest) {
  std::string text = bars_header;
  for (int i = 0; i < 250; ++i) text += "bad,1,1,1,1,1\n";
  csv_options options;
  options.max_problems = 3;
  auto reader = reader_of(text, options);
  EXPECT_TRUE(all_bars(reader).empty());
  EXPECT_EQ(reader.report().bad, 250u);
  ASSERT_EQ(reader.report().problems.size(), 3u);
  EXPECT_EQ(reader.report().problems[2].line, 4u);
}

TEST(csv, stops_at_the_row_limit_and_says_so) {
  csv_options options;
  options.max_rows = 2;
  auto reader = reader_of(std::string(bars_header) + "60,1,1,1,1,1\n120,1,1,1,1,1\n180,1,1,1,1,1\n", options);
  EXPECT_EQ(all_bars(reader).size(), 2u);
  ASSERT_TRUE(reader.failure());
  EXPECT_EQ(reader.failure()->code, errc::limit_exceeded);
}

TEST(csv, reads_files_larger_than_its_buffer) {
  const auto path = std::filesystem::path(testing::TempDir()) / "tt_csv_large.csv";
  constexpr int rows = 40'000; // about 1.3 MB: several blocks, lines across their borders
  {
    std::ofstream out(path);
    out << bars_header;
    for (int i = 0; i < rows; ++i) {
      if (i == 20'000) out << std::string(700'000, 'z') << '\n'; // longer than a block
      out << 1'000'000'000 + i * 60 << ",1,2,1," << 1 + i % 2 << "," << i << "\n";
    }
  }
  auto reader = csv_reader::open(path);
  ASSERT_TRUE(reader) << to_string(reader.error());
  const auto bars = all_bars(*reader);
  ASSERT_EQ(bars.size(), static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    ASSERT_EQ(bars[static_cast<std::size_t>(i)].volume, quantity{i});
    ASSERT_EQ(bars[static_cast<std::size_t>(i)].open_time, from_unix_seconds(1'000'000'000 + i * 60));
  }
  ASSERT_EQ(reader->report().bad, 1u);
  EXPECT_EQ(reader->report().problems[0].line, 20'002u);
  std::filesystem::remove(path);
}

TEST(csv, missing_files_and_folders_are_errors) {
  auto missing = csv_reader::open("/nonexistent/x.csv");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::not_found);
  auto folder = csv_reader::open(testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, errc::io_error);
  auto endless = csv_reader::open("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().message, "is a device or a pipe, not a file");
}

TEST(csv, kinds_have_names) {
  for (const auto kind : {recording_kind::bars, recording_kind::quotes, recording_kind::ticks})
    EXPECT_EQ(*parse_recording_kind(to_string(kind)), kind);
  EXPECT_FALSE(parse_recording_kind("candles"));
}
