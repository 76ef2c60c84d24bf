#pragma once

// Reads query parameters with limits, gathering every problem, so that one 400
// names them all.

#include "actors/model/market_data.hpp"
#include "gateways/http/api_error.hpp"
#include "gateways/http/message.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace tt::gateway {

class query_reader {
public:
  /// Keeps a reference to `query`.
  explicit query_reader(const query_params& query) : query_(query) {}

  enum class need : std::uint8_t { optional, required };
  using names = std::initializer_list<std::string_view>;

  /// First of the aliases that is present and not empty; two aliases (or one
  /// parameter twice, or both spellings) with different values are a conflict.
  std::optional<std::string> text(names aliases, need n = need::optional, std::size_t max_length = 200);
  std::optional<std::int64_t> integer(names aliases, need n, std::int64_t min, std::int64_t max);
  /// Whole epoch seconds (a fraction is cut off) or ISO-8601. Values beyond
  /// min_input_time and max_input_time become these: chart clients compute
  /// negative times.
  std::optional<utc_time> time(names aliases, need n = need::optional);
  std::optional<civil_date> date(names aliases, need n = need::optional);
  std::optional<timeframe> frame(names aliases, need n);
  /// "regular" unless asked otherwise.
  session_hours session();
  /// 1..max_items entries of a comma list, trimmed, upper case, without repeats.
  std::vector<std::string> symbols(names aliases, need n, std::size_t max_items);

  void problem(std::string_view field, std::string msg, std::string type);
  [[nodiscard]] bool ok() const { return problems_.empty(); }
  /// Requires !ok().
  [[nodiscard]] api_error failure() const { return bad_fields(problems_); }

private:
  const query_params& query_;
  std::vector<field_error> problems_;
};

/// Entries of a comma list, trimmed, empty ones left out.
std::vector<std::string> split_list(std::string_view text);

} // namespace tt::gateway
