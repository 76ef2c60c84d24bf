#include "gateways/http/query_reader.hpp"
#include "gateways/json/json_writer.hpp"

#include <algorithm>
#include <charconv>

namespace tt::gateway {

namespace {

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, out);
  return code == std::errc{} && stop == end ? std::optional{out} : std::nullopt;
}

/// Seconds of "1768487402" or "1768487402.5"; rounded toward zero, clamped.
std::optional<std::int64_t> to_seconds(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const auto point = std::min(digits.find('.'), digits.size());
  const auto is_digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (point == 0 || !is_digits(digits.substr(0, point)) || !is_digits(digits.substr(std::min(point + 1, digits.size()))))
    return std::nullopt;
  constexpr std::size_t safe_digits = 15;
  constexpr std::int64_t far = 1'000'000'000'000'000;
  const auto whole = point > safe_digits ? far : to_integer(digits.substr(0, point)).value_or(far);
  return negative ? -whole : whole;
}

} // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (const auto item = trimmed(text.substr(0, end)); !item.empty()) out.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::optional<std::string> query_reader::text(names aliases, need n, std::size_t max_length) {
  const std::string* found = nullptr;
  for (const auto& item : query_.all()) {
    const std::string name = to_snake_case(item.name);
    if (std::find(aliases.begin(), aliases.end(), name) == aliases.end() || item.value.empty()) continue;
    if (found != nullptr && *found != item.value)
      return problem(*aliases.begin(), "is given twice with different values", "conflict"), std::nullopt;
    found = &item.value;
  }
  if (found == nullptr) {
    if (n == need::required) problem(*aliases.begin(), "is required", "missing");
    return std::nullopt;
  }
  if (found->size() > max_length)
    return problem(*aliases.begin(), "has more than " + std::to_string(max_length) + " characters", "range"), std::nullopt;
  return *found;
}

std::optional<std::int64_t> query_reader::integer(names aliases, need n, std::int64_t min, std::int64_t max) {
  const auto found = text(aliases, n);
  if (!found) return std::nullopt;
  const auto out = to_integer(*found);
  if (!out) return problem(*aliases.begin(), "must be a whole number", "type"), std::nullopt;
  if (*out < min || *out > max)
    return problem(*aliases.begin(), "must be between " + std::to_string(min) + " and " + std::to_string(max), "range"), std::nullopt;
  return out;
}

std::optional<utc_time> query_reader::time(names aliases, need n) {
  const auto found = text(aliases, n);
  if (!found) return std::nullopt;
  if (const auto seconds = to_seconds(*found))
    return from_unix_seconds(std::clamp(*seconds, unix_seconds(min_input_time), unix_seconds(max_input_time)));
  const auto iso = parse_iso8601(*found);
  if (!iso) return problem(*aliases.begin(), "must be epoch seconds or an ISO-8601 time", "type"), std::nullopt;
  return std::clamp(*iso, min_input_time, max_input_time);
}

std::optional<civil_date> query_reader::date(names aliases, need n) {
  const auto found = text(aliases, n);
  if (!found) return std::nullopt;
  const auto out = civil_date::parse(*found);
  if (!out) return problem(*aliases.begin(), "must be a date, YYYY-MM-DD", "type"), std::nullopt;
  return *out;
}

std::optional<timeframe> query_reader::frame(names aliases, need n) {
  const auto found = text(aliases, n, 20);
  if (!found) return std::nullopt;
  const auto out = timeframe::parse(*found);
  if (!out) return problem(*aliases.begin(), out.error().message, out.error().code == errc::unsupported ? "unsupported" : "value"), std::nullopt;
  return *out;
}

session_hours query_reader::session() {
  const auto found = text({"session"});
  if (!found) return session_hours::regular;
  const auto out = parse_session_hours(*found);
  if (!out) problem("session", "must be regular or extended", "value");
  return out ? *out : session_hours::regular;
}

std::vector<std::string> query_reader::symbols(names aliases, need n, std::size_t max_items) {
  const auto found = text(aliases, n, 8000);
  std::vector<std::string> out;
  if (!found) return out;
  for (const auto& item : split_list(*found)) {
    std::string symbol = to_upper(item);
    if (symbol.size() > 64) return problem(*aliases.begin(), "a symbol has at most 64 characters", "range"), std::vector<std::string>{};
    if (std::find(out.begin(), out.end(), symbol) == out.end()) out.push_back(std::move(symbol));
  }
  if (out.size() > max_items)
    return problem(*aliases.begin(), "has more than " + std::to_string(max_items) + " symbols", "range"), std::vector<std::string>{};
  if (out.empty() && n == need::required) problem(*aliases.begin(), "names no symbol", "missing");
  return out;
}

void query_reader::problem(std::string_view field, std::string msg, std::string type) {
  problems_.push_back({{"query", std::string{field}}, std::move(msg), std::move(type)});
}

} // namespace tt::gateway
