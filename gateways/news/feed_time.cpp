#include "gateways/news/feed_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

namespace tt::gateway {

namespace {

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
/// RFC 822 section 5.1, in hours.
constexpr std::array<std::pair<std::string_view, int>, 12> zones{
  {{"gmt", 0}, {"ut", 0}, {"utc", 0}, {"z", 0}, {"est", -5}, {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}}};
constexpr std::size_t max_length = 64;
constexpr int first_year = 1970, last_year = 2200;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c != ' ' && c != ',' && c != '\t' && c != '\n' && c != '\r') out.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    else if (!out.back().empty()) out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.front() == '-' || failed != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  const auto first = text.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = text.find(':', first + 1);
  const auto h = number(text.substr(0, first)), m = number(text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
  const auto s = second == std::string_view::npos ? std::optional{0} : number(text.substr(second + 1));
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
  return std::chrono::hours{*h} + std::chrono::minutes{*m} + std::chrono::seconds{*s};
}

std::optional<std::chrono::seconds> offset(std::string_view text) {
  const auto named = std::ranges::find(zones, text, [](const auto& one) { return one.first; });
  if (named != zones.end()) return std::chrono::hours{named->second};
  if (text.size() != 5 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const auto h = number(text.substr(1, 2)), m = number(text.substr(3));
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  const std::chrono::seconds out = std::chrono::hours{*h} + std::chrono::minutes{*m};
  return text.front() == '-' ? -out : out;
}

std::optional<int> year_of(std::string_view text) {
  const auto year = number(text);
  if (!year || text.size() < 2) return std::nullopt;
  const int whole = text.size() > 2 ? *year : *year + (*year < 70 ? 2000 : 1900);
  return whole < first_year || whole > last_year ? std::nullopt : std::optional{whole};
}

std::optional<utc_time> parse_mail_time(std::string_view text) {
  auto words = words_of(text);
  if (!words.empty() && !number(words.front())) words.erase(words.begin()); // the day of the week
  if (words.size() != 5) return std::nullopt;
  const auto day = number(words[0]);
  const auto month = std::ranges::find(months, std::string_view{words[1]}.substr(0, 3));
  const auto year = year_of(words[2]);
  const auto time = time_of_day(words[3]), zone = offset(words[4]);
  if (!day || *day > 31 || month == months.end() || !year || !time || !zone) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return utc_time{std::chrono::sys_days{date}.time_since_epoch() + *time - *zone};
}

} // namespace

std::optional<utc_time> parse_feed_time(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  if (text.empty() || text.size() > max_length) return std::nullopt;
  if (auto iso = parse_iso8601(text)) return *iso;
  return parse_mail_time(text);
}

} // namespace tt::gateway
