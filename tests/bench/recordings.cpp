#include "tests/bench/recordings.hpp"

#include "tests/bench/bench_node.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

namespace tt::bench {

namespace {

constexpr std::int64_t recording_begin_ms = 1'399'525'200'000; // 2014-05-08T05:00:00Z
constexpr std::int64_t recording_length_ms = 14 * 3'600'000;

std::string make_ticks(const std::string& folder) {
  const std::string path = folder + "/made_ticks.csv";
  std::ofstream out(path, std::ios::binary);
  out << "time_ms,bid,ask\n";
  std::mt19937_64 random{1};
  std::vector<std::int64_t> times(eurusd_ticks);
  for (auto& t : times) t = recording_begin_ms + static_cast<std::int64_t>(random() % recording_length_ms);
  std::ranges::sort(times);
  std::int64_t bid = 139'147;
  char line[64];
  for (const auto t : times) {
    bid += static_cast<std::int64_t>(random() % 3) - 1;
    const std::int64_t ask = bid + 1 + static_cast<std::int64_t>(random() % 2);
    std::snprintf(line, sizeof line, "%lld,%lld.%05lld,%lld.%05lld\n", static_cast<long long>(t), static_cast<long long>(bid / 100'000),
                  static_cast<long long>(bid % 100'000), static_cast<long long>(ask / 100'000), static_cast<long long>(ask % 100'000));
    out << line;
  }
  return path;
}

/// A walk in cents.
class walk {
public:
  bar next(utc_time at) {
    const auto move = [this] { return static_cast<std::int64_t>(random_() % 21) - 10; };
    const std::int64_t open = last_, close = std::max<std::int64_t>(1'000, last_ + move());
    const std::int64_t high = std::max(open, close) + static_cast<std::int64_t>(random_() % 8);
    const std::int64_t low = std::min(open, close) - static_cast<std::int64_t>(random_() % 8);
    last_ = close;
    const auto cents = [](std::int64_t n) { return price{decimal::from_scaled(n, 2)}; };
    return {at, cents(open), cents(high), cents(low), cents(close), quantity{static_cast<std::int64_t>(random_() % 100'000)}};
  }

private:
  std::mt19937_64 random_{7};
  std::int64_t last_ = 45'000;
};

/// The newest trading days before 2026-01-15, newest first, as long as `wanted` says.
template <class Wanted>
std::vector<trading_day> days_back(const exchange_calendar& calendar, Wanted wanted) {
  std::vector<trading_day> out;
  auto day = calendar.on_or_before(civil_date::of(2026, 1, 14));
  for (; day && wanted(out); day = calendar.on_or_before(day->day - 1)) out.push_back(*day);
  std::ranges::reverse(out);
  return out;
}

} // namespace

recording_file eurusd_recording(const std::string& folder) {
  const char* const set = std::getenv("TT_SHARED");
  const std::string root = set != nullptr ? set : TT_SOURCE_DIR "/../shared";
  const std::string path = root + "/data/ticks/EURUSD_2014-05-08.csv";
  if (std::filesystem::exists(path)) return {path, true};
  return {make_ticks(folder), false};
}

std::vector<bar> made_minutes(const exchange_calendar& calendar, std::size_t count) {
  std::size_t minutes = 0;
  const auto days = days_back(calendar, [&](const auto& so_far) {
    if (!so_far.empty()) minutes += static_cast<std::size_t>((so_far.back().regular.close - so_far.back().regular.open) / std::chrono::minutes{1});
    return minutes < count;
  });
  walk prices;
  std::vector<bar> out;
  for (const auto& day : days)
    for (auto t = day.regular.open; t < day.regular.close; t += std::chrono::minutes{1}) out.push_back(prices.next(t));
  if (out.size() > count) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
  return out;
}

std::vector<bar> made_days(const exchange_calendar& calendar, std::size_t count) {
  walk prices;
  std::vector<bar> out;
  for (const auto& day : days_back(calendar, [&](const auto& so_far) { return so_far.size() < count; }))
    out.push_back(prices.next(day.day.midnight_utc()));
  return out;
}

std::vector<bar> recomputed_minutes(const std::string& path, std::uint64_t& ticks) {
  std::FILE* const file = std::fopen(path.c_str(), "r");
  if (file == nullptr) give_up("can't read " + path);
  char line[256];
  std::vector<bar> out;
  ticks = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    long long ms = 0, whole = 0, parts = 0;
    int begin = 0, end = 0;
    if (std::sscanf(line, "%lld,%lld.%n%lld%n", &ms, &whole, &begin, &parts, &end) != 3) continue; // the header
    for (int digits = end - begin; digits < 5; ++digits) parts *= 10;
    const price bid{decimal::from_scaled(whole * 100'000 + parts, 5)};
    const auto minute = from_unix_ms(ms / 60'000 * 60'000);
    ++ticks;
    if (out.empty() || out.back().open_time != minute) out.push_back({minute, bid, bid, bid, bid, quantity{0}});
    auto& b = out.back();
    b.high = std::max(b.high, bid);
    b.low = std::min(b.low, bid);
    b.close = bid;
    b.volume += quantity{1};
  }
  std::fclose(file);
  return out;
}

} // namespace tt::bench
