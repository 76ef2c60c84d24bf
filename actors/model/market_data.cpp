#include "actors/model/market_data.hpp"

namespace tt {

std::string_view to_string(session_hours hours) noexcept {
  return hours == session_hours::regular ? "regular" : "extended";
}

result<session_hours> parse_session_hours(std::string_view text) {
  if (text == "regular") return session_hours::regular;
  if (text == "extended") return session_hours::extended;
  return error{errc::invalid_argument, "must be regular or extended", "session"};
}

std::string_view to_string(market_state state) noexcept {
  switch (state) {
  case market_state::closed: return "closed";
  case market_state::pre: return "pre";
  case market_state::regular: return "regular";
  case market_state::post: return "post";
  }
  return "closed";
}

} // namespace tt
