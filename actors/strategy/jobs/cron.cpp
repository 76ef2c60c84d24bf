#include "actors/strategy/jobs/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

namespace tt::strategy {

namespace {

struct field_spec {
  std::string_view name;
  int least, most;
  std::span<const std::string_view> words; ///< the first one stands for `least`
};
constexpr std::array<std::string_view, 12> month_words{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_words{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr field_spec weekday_field{"day of week", 0, 7, weekday_words};
constexpr std::array<field_spec, 5> fields{{{"minute", 0, 59, {}}, {"hour", 0, 23, {}}, {"day of month", 1, 31, {}}, {"month", 1, 12, month_words}, weekday_field}};

error bad(const field_spec& f, std::string_view text) {
  return {errc::invalid_argument, std::string(f.name) + " can't be " + in_quotes(text) + " (" + std::to_string(f.least) + "-" + std::to_string(f.most) + ", lists, ranges, steps)",
          std::string(f.name)};
}

std::optional<int> number_or_word(std::string_view text, const field_spec& f) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  for (std::size_t i = 0; i < f.words.size(); ++i)
    if (f.words[i] == upper) return f.least + static_cast<int>(i);
  int out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.size() > 3 || ec != std::errc{} || end != text.data() + text.size() || out < f.least || out > f.most) return std::nullopt;
  return out;
}

/// One of the comma's parts: "*", "*/5", "9-16", "9-16/2", "MON", "5/10" (from 5 on).
bool add_part(std::string_view part, const field_spec& f, std::bitset<64>& out) {
  int step = 1;
  const auto slash = part.find('/');
  if (slash != std::string_view::npos) {
    const auto text = part.substr(slash + 1);
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (text.empty() || text.size() > 3 || ec != std::errc{} || end != text.data() + text.size() || step < 1) return false;
    part = part.substr(0, slash);
  }
  int first = f.least, last = f.most;
  if (part != "*") {
    const auto dash = part.find('-');
    const auto from = number_or_word(part.substr(0, dash), f);
    const auto to = dash == std::string_view::npos ? (slash == std::string_view::npos ? from : std::optional(f.most)) : number_or_word(part.substr(dash + 1), f);
    if (!from || !to) return false;
    first = *from, last = *to;
    if (f.words.data() == weekday_words.data() && last == 0 && first > 0) last = 7; // to Sunday: MON-SUN
    if (first > last) return false;
  }
  for (int i = first; i <= last; i += step) out.set(static_cast<std::size_t>(i));
  return true;
}

result<std::bitset<64>> read_field(std::string_view text, const field_spec& f) {
  std::bitset<64> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (!add_part(text.substr(at, comma - at), f, out)) return bad(f, text);
    at = comma + 1;
  }
  return out;
}

template <std::size_t N>
std::bitset<N> narrow(const std::bitset<64>& wide) {
  std::bitset<N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = wide[i];
  return out;
}

std::bitset<7> weekdays_of(const std::bitset<64>& wide) {
  auto out = narrow<7>(wide);
  if (wide[7]) out.set(0);
  return out;
}

} // namespace

bool cron_rule::fits(civil_date day) const {
  const auto ymd = day.ymd();
  if (!months[static_cast<unsigned>(ymd.month())]) return false;
  const bool by_day = days[static_cast<unsigned>(ymd.day())], by_weekday = weekdays[day.weekday().c_encoding()];
  return match == day_match::either ? by_day || by_weekday : by_day && by_weekday;
}

result<cron_rule> parse_cron(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \t", at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  if (parts.size() != fields.size())
    return error{errc::invalid_argument, "has " + std::to_string(parts.size()) + " fields; cron has five: minute hour day month weekday", "schedule"};
  std::array<std::bitset<64>, 5> read;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto field = read_field(parts[i], fields[i]);
    if (!field) return field.error();
    read[i] = *field;
  }
  cron_rule out{narrow<60>(read[0]), narrow<24>(read[1]), narrow<32>(read[2]), narrow<13>(read[3]), weekdays_of(read[4]), cron_rule::day_match::both};
  if (!parts[2].starts_with('*') && !parts[4].starts_with('*')) out.match = cron_rule::day_match::either;
  return out;
}

result<std::bitset<7>> parse_weekdays(std::string_view text) {
  auto field = read_field(text, weekday_field);
  if (!field) return field.error();
  return weekdays_of(*field);
}

} // namespace tt::strategy
