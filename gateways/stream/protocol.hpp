#pragma once

// What clients say: the three dialects of the contract, section 13, read into one
// command. Pure, bounded and never throws, whatever the bytes are.

#include "actors/model/market_data.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/stream/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::gateway::stream {

enum class verb : std::uint8_t { subscribe, unsubscribe, snapshot, resume, ping, pong, auth, list, set };

std::string_view to_string(verb what) noexcept;

/// Where the verb stood, which decides how it is acknowledged.
enum class dialect : std::uint8_t {
  action, ///< A and B: {"action":"subscribe",…}
  type,   ///< C: {"type":"subscribe",…}
};

/// One message of a client. Names are as the client wrote them, each once, in order.
struct command {
  verb what = verb::ping;
  dialect form = dialect::action;
  std::vector<std::string> channels; ///< never empty; "quotes" when none was named
  std::vector<std::string> symbols;  ///< trimmed, without empty names
  std::optional<timeframe> frame;
  std::optional<session_hours> hours;
  std::optional<std::uint64_t> epoch; ///< for resume
  std::optional<std::uint64_t> after; ///< for resume
  std::optional<int> max_rate_hz;     ///< for set: 0..max_rate_hz
  std::optional<field_case> names;    ///< for set
  std::optional<number_style> numbers; ///< for set
  std::string token;                   ///< for auth; never empty there
};

/// Why a message can't be a command.
struct rejection {
  std::string code;    ///< "bad_message", "unknown_verb", "field.invalid", …
  std::string message; ///< for a person; names the field
};

/// What one message says.
struct reading {
  std::variant<command, rejection> what;
  /// The client's `id` as JSON text, to be echoed; empty when there was none.
  std::string id;
  /// Fields that the contract doesn't know; ignored and counted.
  std::size_t unknown_fields = 0;
};

/// Reads one message. Limits: max_message_depth, max_symbols_in_message, max_id_bytes.
reading read_command(std::string_view bytes, encoding form);

} // namespace tt::gateway::stream
