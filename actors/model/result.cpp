#include "actors/model/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace tt {

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::success: return "success";
  case errc::invalid_argument: return "invalid_argument";
  case errc::out_of_range: return "out_of_range";
  case errc::unsupported: return "unsupported";
  case errc::unknown_symbol: return "unknown_symbol";
  case errc::not_found: return "not_found";
  case errc::conflict: return "conflict";
  case errc::refused: return "refused";
  case errc::limit_exceeded: return "limit_exceeded";
  case errc::not_available: return "not_available";
  case errc::io_error: return "io_error";
  case errc::corrupt_data: return "corrupt_data";
  case errc::timed_out: return "timed_out";
  case errc::internal: return "internal";
  }
  return "internal";
}

std::string to_string(const error& e) {
  return e.field.empty() ? e.message : e.field + ": " + e.message;
}

std::string printable(std::string_view text) {
  constexpr std::size_t shown_chars = 40;
  std::string out;
  for (const char c : text.substr(0, shown_chars)) out += ' ' <= c && c <= '~' ? c : '?';
  if (text.size() > shown_chars) out += "...";
  return out;
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

namespace detail {

void assertion_failed(const char* rule, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, rule);
  std::abort();
}

} // namespace detail

} // namespace tt
