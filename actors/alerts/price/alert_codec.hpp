#pragma once

// Alerts as text for the database. Reads what it wrote and what later versions add to it.

#include "actors/alerts/price/alert.hpp"

#include <string_view>

namespace tt::alerts {

/// Largest text that is read.
inline constexpr std::size_t max_alert_text = 64 * 1024;

/// A JSON object with everything but the memory.
std::string encode_alert(const alert& what);
/// Errors: corrupt_data, naming the member.
result<alert> decode_alert(std::string_view text);

std::string encode_memory(const alert_memory& memory);
result<alert_memory> decode_memory(std::string_view text);

} // namespace tt::alerts
