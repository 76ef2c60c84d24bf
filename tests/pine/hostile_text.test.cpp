#include "tests/pine/hostile_text.hpp"

#include "actors/pine/calendar.hpp"

#include <gtest/gtest.h>

#include <thread>

#include <cstdint>
#include <vector>

namespace tt::pine_test {
namespace {

struct dice {
  std::uint64_t state;
  std::size_t operator()(std::size_t n) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<std::size_t>(state % n);
  }
};

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> list{
      "", "{0}", "{0,number,#.##}", "{0,number,percent} '{1}' {2}", "yyyy-MM-dd'T'HH:mm:ssZ", "EEE, d MMM yyyy", "#,##0.00;(#)",
      "0.###E0", "0930-1600:23456", "1700-1700:1", "24x7", "0000-0000,1200-1300:17|0900-1000", "2020-02-29T23:59:60+05:30",
      "01 Jan 2020 00:00 GMT+1", "America/New_York", "UTC-5", "GMT+5:30", "12M", "1D", "30S", "1T", "(a+)+$", "[^a-z]{2,3}?", "(?=a)\\b\\w*+",
      "NASDAQ:AAPL", "{\"session\":\"extended\",\"symbol\":\"A:B\"}", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "1e308", "-.5", "99999999999999999999"};
  return list;
}

std::string changed(std::string s, dice& d) {
  static const std::string letters = "{}[]()',.:;|-+*?#0123459EeTZdMyHms\\%\"\x80\xc3\xff\n\0";
  for (std::size_t n = d(6); n > 0; --n) {
    auto at = d(s.size() + 1);
    switch (d(4)) {
    case 0: s.insert(at, 1, letters[d(letters.size())]); break;
    case 1: if (at < s.size()) s.erase(at, 1 + d(3)); break;
    case 2: if (at < s.size()) s[at] = letters[d(letters.size())]; break;
    default: s += seeds()[d(seeds().size())];
    }
  }
  return s;
}

// Zones beyond those that are kept were freed before their use.
TEST(hostile_text, more_time_zones_than_are_kept) {
  auto compiled = pine::compile(R"(//@version=6
indicator("zones")
sum = 0
for i = 0 to 1439
    sum += hour(time, str.format("UTC+{0}:{1}", int(i / 60), str.tostring(i % 60, "00")))
plot(sum)
)");
  ASSERT_TRUE(compiled.code);
  pine::run_settings settings;
  settings.chart_timeframe = *pine::timeframe::parse("1");
  pine::script run(compiled.code, settings);
  auto failed = run.on_bar({0, 1, 2, 0.5, 1.5, 10});
  ASSERT_FALSE(failed) << failed->message;
  EXPECT_EQ(run.plot_value(0, 0), 60 * (23 * 24 / 2)); // from midnight, offset by h:mm it is h o'clock
}

TEST(hostile_text, threads_share_a_zone) {
  const auto zone = pine::zone::find("America/New_York");
  ASSERT_TRUE(zone);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < wrong.size(); ++k)
    threads.emplace_back([&, k] {
      for (std::int64_t i = 0; i < 20'000; ++i) { // summer and winter in turn, in an order of each thread's own
        const bool summer = (i * 7 + static_cast<std::int64_t>(k)) % 3 == 0;
        const std::int64_t year = 50 * 365 * 86'400'000LL, t = year + (summer ? 200 : 30) * 86'400'000LL;
        if (zone->offset_ms(t) != (summer ? -4 : -5) * 3'600'000LL) ++wrong[k];
      }
    });
  for (auto& t : threads) t.join();
  for (int w : wrong) EXPECT_EQ(w, 0);
}

} // namespace

/// A long line is cut around the place of the error, between characters: bytes that are none leave no place for that.
TEST(pine_hostile_text, is_shown_where_it_is_no_text) {
  const std::string bytes(300, '\x90');
  for (const auto& line : {"if x\\n\"))" + bytes, "// " + bytes, bytes + "\"", "plot(\"" + bytes + "\", y)"}) {
    const auto source = "//@version=6\nindicator(\"t\")\n" + line + "\n";
    const auto r = tt::pine::compile(source);
    EXPECT_FALSE(r.diags.all().empty());
    for (const auto& d : r.diags.all()) EXPECT_LT(tt::pine::render(d, source, "s").size(), 2'000u);
  }
  // wherever the place is said to be
  const auto source = "// " + bytes + "\n";
  for (std::uint32_t column = 1; column < 320; ++column)
    for (std::uint32_t length : {1u, 100u, 500u})
      EXPECT_NO_THROW((void)tt::pine::render({tt::pine::severity::error, "PN0001", {1, column, length}, "m", ""}, source, "s"));
}

TEST(pine_hostile_text, is_read_or_refused) {
  for (std::size_t k = 0; k < text_readers().size(); ++k) ASSERT_NE(text_readers()[k], nullptr) << k;
  dice d{0x9e3779b97f4a7c15};
  for (const auto& s : seeds()) read_text(s);
  for (int i = 0; i < 300; ++i) read_text(changed(seeds()[d(seeds().size())], d));
}

} // namespace tt::pine_test
