#pragma once

// Events of limits, emergency stop and breakers as text, for the bodies of journal
// records: one line of ASCII-framed fields, each with its length, behind the version of the format.

#include "actors/risk/breakers.hpp"
#include "actors/risk/kill_switch.hpp"
#include "actors/risk/limits.hpp"

#include <string>
#include <string_view>

namespace tt::risk {

std::string to_text(const limit_event& event);
std::string to_text(const kill_event& event);
std::string to_text(const breaker_event& event);

/// Read what to_text wrote, of this version or an older one. Limits that this build does not know are an error:
/// to leave one out could loosen the gate. Errors: corrupt_data; unsupported for a newer version or an unknown limit.
result<limit_event> parse_limit_event(std::string_view text);
result<kill_event> parse_kill_event(std::string_view text);
result<breaker_event> parse_breaker_event(std::string_view text);

} // namespace tt::risk
