#pragma once

// Price alerts as the API reads and writes them (http-api section 9).

#include "gateways/alerts_port.hpp"
#include "gateways/json/json_reader.hpp"
#include "gateways/json/json_writer.hpp"

#include <variant>

namespace tt::gateway {

/// Most entries of one list.
inline constexpr std::size_t max_listed_alerts = 1'000;

/// Whether a body is that of a new alert or of a change, in which null takes a field away.
enum class alert_body : std::uint8_t { creation, change };

/// Reads the long and the short form of `whole`, of which `body` is the reader. Problems go to the reader; what the
/// fields mean is checked by the core.
alerts::alert_draft read_alert_draft(object_reader& body, const json_value& whole, alert_body form);
/// Whether a body is a note: it has `alert_type` and no `condition`.
bool is_note(const json_value& body);
board_notice read_note(object_reader& body);

/// An Alert; `status` is the word of that field ("created"), its lifecycle state where absent.
void write(json_writer& out, const alerts::alert& what, std::optional<std::string_view> status = {});
/// The data of a stream message: the Alert, and `event`.
void write(json_writer& out, const alerts::alert_event& event);
/// The body of an outgoing notice.
std::string alert_notice_body(const alerts::alert_action& action);

} // namespace tt::gateway
