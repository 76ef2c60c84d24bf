// Recordings replayed through the builders against a recomputation that shares
// nothing with them: plain loops over the rows with local time by a fixed offset.

#include "actors/market/bar_builder.hpp"
#include "actors/market/replay.hpp"
#include "tests/market/support.hpp"

#include <map>
#include <sstream>

using namespace tt;
using namespace tt::market;
using namespace tt::market::test;

namespace {

constexpr std::int64_t minute = 60, hour = 3600, seconds_of_day = 86'400;
constexpr std::array golden_frames{timeframe::minutes(1), timeframe::minutes(5), timeframe::minutes(15),
                                   timeframe::minutes(60), timeframe::days(1)};

/// One line of a file, cut at its commas.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  std::stringstream in{line};
  for (std::string cell; std::getline(in, cell, ',');) out.push_back(cell);
  return out;
}

std::vector<std::vector<std::string>> rows_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::vector<std::string>> out;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) out.push_back(cells(line));
  return out;
}

/// Bars keyed by their stamp in unix seconds.
using bar_map = std::map<std::int64_t, bar>;

void add(bar_map& bars, std::int64_t stamp, price open, price high, price low, price close, quantity volume) {
  auto [place, is_new] =
      bars.try_emplace(stamp, bar{from_unix_seconds(stamp), open, high, low, close, volume});
  if (is_new) return;
  bar& b = place->second;
  if (high > b.high) b.high = high;
  if (low < b.low) b.low = low;
  b.close = close;
  b.volume += volume;
}

struct opening_hours {
  std::int64_t open; ///< local seconds of the day
  std::int64_t close;
};

/// Bars of a stock from its minute rows. `offset`: local time minus UTC.
/// `half_day`: a date (days since 1970) on which the market closed at 13:00 and the post-market at 17:00.
bar_map recomputed(const std::string& path, timeframe frame, session_hours kind, std::int64_t offset,
                   std::int64_t half_day = -1) {
  bar_map bars;
  for (const auto& row : rows_of(path)) {
    const std::int64_t t = std::stoll(row[0]);
    const std::int64_t local = t + offset;
    const std::int64_t date = local / seconds_of_day;
    const std::int64_t second = local % seconds_of_day;
    opening_hours hours = kind == session_hours::regular ? opening_hours{9 * hour + 30 * minute, 16 * hour}
                                                         : opening_hours{4 * hour, 20 * hour};
    if (date == half_day) hours.close -= 3 * hour;
    if (second < hours.open || second >= hours.close) continue;
    std::int64_t stamp = date * seconds_of_day;
    if (frame.is_intraday()) {
      const std::int64_t length = frame.count() * minute;
      stamp = t - (second - hours.open) % length;
    }
    add(bars, stamp, px(row[1]), px(row[2]), px(row[3]), px(row[4]), qty(row[5]));
  }
  return bars;
}

/// Every series of every symbol of a replay.
class pipeline {
public:
  explicit pipeline(replay_config config) {
    for (const auto& one : config.recordings) {
      if (builders_.contains(one.what.symbol)) continue;
      for (const auto frame : golden_frames)
        for (const auto kind : {session_hours::regular, session_hours::extended})
          builders_[one.what.symbol].push_back(std::make_unique<bar_builder>(one.what, frame, kind));
    }
    auto source = replay_source::open(std::move(config));
    EXPECT_TRUE(source) << (source ? "" : to_string(source.error()));
    if (source) run(**source);
  }

  [[nodiscard]] bar_map bars(const std::string& symbol, timeframe frame, session_hours kind) const {
    const auto hit = made_.find({symbol, {frame, kind}});
    return hit == made_.end() ? bar_map{} : hit->second;
  }
  [[nodiscard]] std::uint64_t quotes(const std::string& symbol) const {
    return quotes_.contains(symbol) ? quotes_.at(symbol) : 0;
  }
  [[nodiscard]] const bar_builder& builder(const std::string& symbol) const {
    return *builders_.at(symbol).front();
  }

private:
  using key = std::pair<std::string, std::pair<timeframe, session_hours>>;

  void keep(const std::string& symbol, const bar_builder& from, const bar& b) {
    const bool is_new =
        made_[{symbol, {from.frame(), from.hours()}}].emplace(unix_seconds(b.open_time), b).second;
    EXPECT_TRUE(is_new) << "the bar was made twice";
  }

  void run(replay_source& source) {
    std::vector<feed_event> events;
    for (auto state = pull_state::more; state == pull_state::more;) {
      events.clear();
      state = source.pull(max_input_time, 10'000, events);
      for (const auto& e : events) {
        const std::string& symbol = source.symbols()[e.symbol];
        if (std::holds_alternative<quote_tick>(e.data)) ++quotes_[symbol];
        for (auto& builder : builders_[symbol])
          if (auto step = builder->on_tick(e.data); step.closed) keep(symbol, *builder, *step.closed);
      }
    }
    for (auto& [symbol, list] : builders_)
      for (auto& builder : list)
        if (auto last = builder->advance(max_input_time)) keep(symbol, *builder, *last);
  }

  std::map<std::string, std::vector<std::unique_ptr<bar_builder>>> builders_;
  std::map<key, bar_map> made_;
  std::map<std::string, std::uint64_t> quotes_;
};

const std::string no_recordings =
    "the shared recordings are not there (../shared/data beside the checkout, or $TT_SHARED)";

} // namespace

TEST(golden, own_recording_with_a_half_day) {
  const auto path = own_data("AAA_1m.csv");
  const auto stock = make_instrument("AAA", "XNYS");
  const pipeline all{{{{path, stock, {}, timeframe::minutes(1)},
                       {own_data("AAA_1m_quotes.csv"), stock, {}, timeframe::minutes(1)}}}};
  EXPECT_EQ(all.quotes("AAA"), rows_of(own_data("AAA_1m_quotes.csv")).size());
  const std::int64_t thanksgiving_friday = civil_date::of(2013, 11, 29).days_since_epoch();
  for (const auto frame : golden_frames) {
    for (const auto kind : {session_hours::regular, session_hours::extended}) {
      const auto expected = recomputed(path, frame, kind, -5 * hour, thanksgiving_friday);
      EXPECT_EQ(all.bars("AAA", frame, kind), expected) << frame.to_string() << " " << to_string(kind);
      EXPECT_GE(expected.size(), 2u);
    }
  }
  // a few figures by hand: the recording's first minute, and how the half day ends
  EXPECT_EQ(all.bars("AAA", timeframe::minutes(1), session_hours::extended).size(), rows_of(path).size());
  EXPECT_EQ(all.bars("AAA", timeframe::minutes(60), session_hours::regular).rbegin()->first,
            unix_seconds(at("2013-11-29T12:30:00-05:00")));
  EXPECT_EQ(all.bars("AAA", timeframe::days(1), session_hours::regular).size(), 2u);
}

TEST(golden, spy_bac_and_aig_of_october_2013) {
  std::vector<recording> recordings;
  for (const std::string symbol : {"SPY", "BAC", "AIG"}) {
    const auto bars = shared_data("bars/" + symbol + "_1m.csv");
    const auto quotes = shared_data("quotes/" + symbol + "_1m_quotes.csv");
    if (!bars || !quotes) GTEST_SKIP() << no_recordings;
    const auto what = make_instrument(symbol, "XNYS");
    recordings.push_back({*bars, what, recording_kind::bars, timeframe::minutes(1)});
    recordings.push_back({*quotes, what, recording_kind::quotes, timeframe::minutes(1)});
  }
  const pipeline all{{recordings}};
  for (std::size_t i = 0; i < recordings.size(); i += 2) {
    const std::string& symbol = recordings[i].what.symbol;
    EXPECT_EQ(all.quotes(symbol), rows_of(recordings[i + 1].path).size());
    for (const auto frame : golden_frames) {
      for (const auto kind : {session_hours::regular, session_hours::extended}) {
        const auto expected = recomputed(recordings[i].path, frame, kind, -4 * hour);
        EXPECT_EQ(all.bars(symbol, frame, kind), expected)
            << symbol << " " << frame.to_string() << " " << to_string(kind);
        EXPECT_TRUE(frame != timeframe::days(1) || expected.size() == 6u);
      }
    }
  }
}

TEST(golden, every_eurusd_tick_of_2014_05_08) {
  const auto path = shared_data("ticks/EURUSD_2014-05-08.csv");
  if (!path) GTEST_SKIP() << no_recordings;
  const pipeline all{{{{*path, make_instrument("EURUSD", "FOREX", price_basis::bid, "0.00001"),
                        recording_kind::ticks, timeframe::minutes(1)}}}};
  EXPECT_EQ(all.quotes("EURUSD"), 167'466u);
  EXPECT_EQ(all.builder("EURUSD").counts(), (bar_builder::counters{167'466, 0, 0, 0}));
  const auto rows = rows_of(*path);
  ASSERT_EQ(rows.size(), 167'466u);
  for (const auto frame : golden_frames) {
    bar_map expected;
    for (const auto& row : rows) {
      // the trading day begins at 17:00 in New York, which is 21:00 UTC in May
      const std::int64_t since_open = std::stoll(row[0]) / 1000 + 3 * hour;
      const std::int64_t length = frame.is_intraday() ? frame.count() * minute : seconds_of_day;
      const std::int64_t begin = since_open - since_open % length;
      add(expected, frame.is_intraday() ? begin - 3 * hour : begin, px(row[1]), px(row[1]), px(row[1]),
          px(row[1]), quantity{1});
    }
    EXPECT_EQ(all.bars("EURUSD", frame, session_hours::regular), expected) << frame.to_string();
    EXPECT_EQ(all.bars("EURUSD", frame, session_hours::extended), expected) << frame.to_string();
  }
}
