#include "actors/model/order_terms.hpp"

#include <array>
#include <span>
#include <string>

namespace tt {

namespace {

constexpr std::array<std::string_view, 2> sides{"buy", "sell"};
constexpr std::array<std::string_view, 7> types{"market", "limit", "stop", "stop_limit", "trailing_stop", "bracket", "oco"};
constexpr std::array<std::string_view, 7> lives{"day", "gtc", "gtd", "ioc", "fok", "pre", "post"};
constexpr std::array<std::string_view, 5> account_types{"cash", "margin", "pdt", "futures", "crypto"};
constexpr std::array<std::string_view, 3> modes{"paper", "sandbox", "live"};
constexpr std::array<std::string_view, 10> doors{"rest", "stream", "webhook", "pine", "yaml",
                                                 "bus", "ui", "rebalance", "protective", "flatten"};

template <class Enum>
std::string_view name_in(std::span<const std::string_view> names, Enum v) noexcept {
  const auto at = static_cast<std::size_t>(v);
  return at < names.size() ? names[at] : "unknown";
}

template <class Enum>
result<Enum> read(std::span<const std::string_view> names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  std::string list;
  for (const auto name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return error{errc::invalid_argument, "must be one of " + list + ", not " + quoted(text)};
}

} // namespace

std::string_view to_string(order_type v) noexcept { return name_in(types, v); }
std::string_view to_string(time_in_force v) noexcept { return name_in(lives, v); }
std::string_view to_string(account_type v) noexcept { return name_in(account_types, v); }
std::string_view to_string(account_mode v) noexcept { return name_in(modes, v); }
std::string_view to_string(order_door v) noexcept { return name_in(doors, v); }

result<order_side> parse_order_side(std::string_view text) { return read<order_side>(sides, text); }
result<order_type> parse_order_type(std::string_view text) { return read<order_type>(types, text); }
result<time_in_force> parse_time_in_force(std::string_view text) { return read<time_in_force>(lives, text); }
result<account_type> parse_account_type(std::string_view text) { return read<account_type>(account_types, text); }
result<account_mode> parse_account_mode(std::string_view text) { return read<account_mode>(modes, text); }

} // namespace tt
