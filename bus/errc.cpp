#include "bus/errc.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

namespace bus {

namespace {

constexpr auto category = caf::atom("bus");

} // namespace

std::string_view name_of(errc code) noexcept {
  switch (code) {
  case errc::none:
    return "none";
  case errc::truncated:
    return "truncated";
  case errc::type_mismatch:
    return "type_mismatch";
  case errc::too_deep:
    return "too_deep";
  case errc::too_long:
    return "too_long";
  case errc::out_of_range:
    return "out_of_range";
  case errc::missing_field:
    return "missing_field";
  case errc::unknown_type:
    return "unknown_type";
  case errc::bad_handle:
    return "bad_handle";
  case errc::trailing_bytes:
    return "trailing_bytes";
  case errc::peer_down:
    return "peer_down";
  case errc::peer_overloaded:
    return "peer_overloaded";
  case errc::message_too_large:
    return "message_too_large";
  case errc::no_such_name:
    return "no_such_name";
  case errc::no_such_peer:
    return "no_such_peer";
  case errc::stopped:
    return "stopped";
  case errc::name_taken:
    return "name_taken";
  case errc::bad_config:
    return "bad_config";
  case errc::socket_failed:
    return "socket_failed";
  case errc::bad_key_file:
    return "bad_key_file";
  case errc::cannot_spawn:
    return "cannot_spawn";
  case errc::limit_reached:
    return "limit_reached";
  }
  return "unknown";
}

std::string to_string(errc code) {
  return std::string{name_of(code)};
}

caf::error make_error(errc code) {
  if (code == errc::none) return {};
  return caf::error{static_cast<uint8_t>(code), category};
}

caf::error make_error(errc code, std::string text) {
  return caf::error{static_cast<uint8_t>(code), category, caf::make_message(std::move(text))};
}

std::string text_of(const caf::error& reason) {
  if (!reason) return "none";
  if (reason.context().match_elements<std::string>()) return reason.context().get_as<std::string>(0);
  if (reason.category() == category) return to_string(static_cast<errc>(reason.code()));
  return caf::actor_system_config::render(reason);
}

} // namespace bus
