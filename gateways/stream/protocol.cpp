#include "gateways/stream/protocol.hpp"

#include "gateways/stream/stream_config.hpp"
#include "gateways/stream/topic.hpp"

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>

namespace tt::gateway::stream {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 9> verb_names{"subscribe", "unsubscribe", "snapshot", "resume", "ping",
                                                     "pong",      "auth",        "list",     "set"};

constexpr std::array<std::string_view, 16> known_fields{
  "action", "type",  "channels", "channel", "symbols",     "symbol", "venue",   "id",
  "epoch",  "after", "timeframe", "session", "max_rate_hz", "case",   "numbers", "token"};

std::optional<verb> find_verb(std::string_view name) {
  const auto found = std::find(verb_names.begin(), verb_names.end(), name);
  if (found == verb_names.end()) return std::nullopt;
  return static_cast<verb>(found - verb_names.begin());
}

rejection bad_field(std::string_view field, std::string_view rule) {
  return {"field.invalid", std::string{field} + ": " + std::string{rule}};
}

/// Text from outside, cut so that an error message stays short.
std::string excerpt(std::string_view text) {
  constexpr std::size_t shown = 40;
  return "'" + std::string{text.substr(0, shown)} + (text.size() > shown ? "…'" : "'");
}

// -- bytes to a JSON value ---------------------------------------------------

/// Whether brackets nest deeper than allowed; strings are skipped. Cheaper than
/// parsing first, and the parser then never sees a deep document.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_message_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

json from_msgpack_object(const msgpack::object& from) {
  switch (from.type) {
  case msgpack::type::BOOLEAN: return from.via.boolean;
  case msgpack::type::POSITIVE_INTEGER: return from.via.u64;
  case msgpack::type::NEGATIVE_INTEGER: return from.via.i64;
  case msgpack::type::FLOAT32:
  case msgpack::type::FLOAT64: return from.via.f64;
  case msgpack::type::STR: return std::string{from.via.str.ptr, from.via.str.size};
  case msgpack::type::ARRAY: {
    json out = json::array();
    for (std::uint32_t i = 0; i < from.via.array.size; ++i) out.push_back(from_msgpack_object(from.via.array.ptr[i]));
    return out;
  }
  case msgpack::type::MAP: {
    json out = json::object();
    for (std::uint32_t i = 0; i < from.via.map.size; ++i) {
      const auto& [key, val] = from.via.map.ptr[i];
      if (key.type == msgpack::type::STR) out[std::string{key.via.str.ptr, key.via.str.size}] = from_msgpack_object(val);
    }
    return out;
  }
  default: return nullptr; // nil, binary and extensions mean nothing here
  }
}

std::variant<json, rejection> parse_msgpack(std::string_view bytes) {
  constexpr std::size_t most = max_symbols_in_message + 1;
  try {
    std::size_t used = 0;
    const auto handle = msgpack::unpack(bytes.data(), bytes.size(), used, nullptr, nullptr,
                                        msgpack::unpack_limit(most, 64, 64 * 1024, 64 * 1024, 64 * 1024, max_message_depth));
    if (used != bytes.size()) return rejection{"bad_message", "bytes behind the MessagePack object"};
    return from_msgpack_object(handle.get());
  } catch (const std::exception&) { // the library's only way to report
    return rejection{"bad_message", "the message is not a MessagePack object within the limits"};
  }
}

std::variant<json, rejection> parse_text(std::string_view text) {
  if (is_too_deep(text)) return rejection{"bad_message", "the message nests deeper than 8 levels"};
  json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return rejection{"bad_message", "the message is not valid JSON"};
  return parsed;
}

// -- fields ------------------------------------------------------------------

/// A view of the message's fields under their snake_case names.
class field_reader {
public:
  /// Errors: field.conflict when both spellings of a field say different things.
  std::optional<rejection> load(const json& object) {
    for (const auto& [name, value] : object.items()) {
      const std::string snake = to_snake_case(name);
      const auto [at, fresh] = fields_.try_emplace(snake, &value);
      if (!fresh && *at->second != value)
        return rejection{"field.conflict", snake + ": given in two spellings with different values"};
      if (std::find(known_fields.begin(), known_fields.end(), snake) == known_fields.end()) ++unknown_;
    }
    return std::nullopt;
  }
  /// Null when absent or JSON null.
  [[nodiscard]] const json* find(std::string_view name) const {
    const auto found = fields_.find(name);
    return found == fields_.end() || found->second->is_null() ? nullptr : found->second;
  }
  [[nodiscard]] std::size_t unknown() const { return unknown_; }

private:
  std::map<std::string, const json*, std::less<>> fields_;
  std::size_t unknown_ = 0;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void append_unique(std::vector<std::string>& list, std::string name) {
  if (!name.empty() && std::find(list.begin(), list.end(), name) == list.end()) list.push_back(std::move(name));
}

/// Appends the names of a comma list.
void append_names(std::vector<std::string>& list, std::string_view text) {
  while (list.size() <= max_symbols_in_message) {
    const auto comma = text.find(',');
    append_unique(list, std::string{trimmed(text.substr(0, comma))});
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

/// A string (comma list) or an array of strings.
std::optional<rejection> read_names(const field_reader& fields, std::string_view name, std::vector<std::string>& list) {
  const json* field = fields.find(name);
  if (field == nullptr) return std::nullopt;
  if (field->is_string()) {
    append_names(list, field->get_ref<const std::string&>());
  } else if (field->is_array()) {
    for (const json& one : *field) {
      if (!one.is_string()) return bad_field(name, "must hold strings only");
      append_names(list, one.get_ref<const std::string&>());
    }
  } else {
    return bad_field(name, "must be a string or an array of strings");
  }
  if (list.size() > max_symbols_in_message) return rejection{"limit_exceeded", std::string{name} + ": at most 500 names in one message"};
  return std::nullopt;
}

/// A whole number >= 0, as number or numeric string.
std::optional<rejection> read_count(const field_reader& fields, std::string_view name, std::optional<std::uint64_t>& out) {
  const json* field = fields.find(name);
  if (field == nullptr) return std::nullopt;
  if (field->is_number_unsigned()) {
    out = field->get<std::uint64_t>();
    return std::nullopt;
  }
  if (field->is_string()) {
    const auto& text = field->get_ref<const std::string&>();
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code == std::errc{} && end == text.data() + text.size()) {
      out = number;
      return std::nullopt;
    }
  }
  return bad_field(name, "must be a whole number, 0 or more");
}

std::optional<rejection> read_series(const field_reader& fields, command& out) {
  if (const json* field = fields.find("timeframe")) {
    if (!field->is_string()) return bad_field("timeframe", "must be a string like \"1m\"");
    auto parsed = timeframe::parse(field->get_ref<const std::string&>());
    if (!parsed) return bad_field("timeframe", parsed.error().message);
    out.frame = *parsed;
  }
  if (const json* field = fields.find("session")) {
    auto parsed = field->is_string() ? parse_session_hours(field->get_ref<const std::string&>())
                                     : result<session_hours>{error{errc::invalid_argument, ""}};
    if (!parsed) return bad_field("session", "must be \"regular\" or \"extended\"");
    out.hours = *parsed;
  }
  return std::nullopt;
}

std::optional<rejection> read_settings(const field_reader& fields, command& out) {
  std::optional<std::uint64_t> rate;
  if (auto no = read_count(fields, "max_rate_hz", rate))
    return bad_field("max_rate_hz", "must be a whole number from 1 to 50, or 0 for every update");
  if (rate && *rate > static_cast<std::uint64_t>(max_rate_hz))
    return bad_field("max_rate_hz", "must be a whole number from 1 to 50, or 0 for every update");
  if (rate) out.max_rate_hz = static_cast<int>(*rate);
  if (const json* field = fields.find("case")) {
    if (*field == "snake") out.names = field_case::snake;
    else if (*field == "camel") out.names = field_case::camel;
    else return bad_field("case", "must be \"snake\" or \"camel\"");
  }
  if (const json* field = fields.find("numbers")) {
    if (*field == "plain") out.numbers = number_style::plain;
    else if (*field == "string") out.numbers = number_style::string;
    else return bad_field("numbers", "must be \"plain\" or \"string\"");
  }
  return std::nullopt;
}

// -- the dialects ------------------------------------------------------------

/// Sets verb and dialect. The contract: verb = `action`, else `type` when it is a verb.
std::optional<rejection> read_verb(const field_reader& fields, command& out) {
  const json* action = fields.find("action");
  const json* type = fields.find("type");
  const json* source = action != nullptr ? action : type;
  const std::string_view name = action != nullptr ? "action" : "type";
  if (source == nullptr) return rejection{"unknown_verb", "action: missing; name one of subscribe, unsubscribe, snapshot, resume, ping, pong, auth, list, set"};
  if (!source->is_string()) return bad_field(name, "must be a string");
  const auto& text = source->get_ref<const std::string&>();
  const auto found = find_verb(text);
  if (!found)
    return rejection{"unknown_verb", std::string{name} + ": " + excerpt(text) +
                                       " is none of subscribe, unsubscribe, snapshot, resume, ping, pong, auth, list, set"};
  out.what = *found;
  out.form = action != nullptr ? dialect::action : dialect::type;
  return std::nullopt;
}

/// The contract: `channels[]` or `channel`, else `type` when the verb came from
/// `action`, else `quotes`.
std::optional<rejection> read_channels(const field_reader& fields, command& out) {
  if (auto no = read_names(fields, "channels", out.channels)) return no;
  if (auto no = read_names(fields, "channel", out.channels)) return no;
  if (out.channels.empty() && out.form == dialect::action)
    if (auto no = read_names(fields, "type", out.channels)) return no;
  if (out.channels.empty()) out.channels.emplace_back("quotes");
  if (out.channels.size() > all_channels().size())
    return rejection{"limit_exceeded", "channels: there are only 17 channels"};
  return std::nullopt;
}

std::optional<rejection> read_symbols(const field_reader& fields, command& out) {
  for (const std::string_view name : {"symbols", "symbol", "venue"})
    if (auto no = read_names(fields, name, out.symbols)) return no;
  return std::nullopt;
}

/// What is wrong with it is said without it.
std::optional<rejection> read_token(const field_reader& fields, command& out) {
  const json* token = fields.find("token");
  if (token == nullptr || !token->is_string()) return bad_field("token", "must be a string");
  out.token = token->get<std::string>();
  if (out.token.empty() || out.token.size() > max_token_bytes) return bad_field("token", "must have 1 to 128 characters");
  return std::nullopt;
}

std::optional<rejection> read_fields(const field_reader& fields, command& out) {
  if (auto no = read_verb(fields, out)) return no;
  switch (out.what) {
  case verb::ping:
  case verb::pong:
  case verb::list: return std::nullopt;
  case verb::auth: return read_token(fields, out);
  case verb::set: return read_settings(fields, out);
  case verb::resume:
    if (auto no = read_count(fields, "epoch", out.epoch)) return no;
    if (auto no = read_count(fields, "after", out.after)) return no;
    [[fallthrough]];
  case verb::subscribe:
  case verb::unsubscribe:
  case verb::snapshot: break;
  }
  if (auto no = read_channels(fields, out)) return no;
  if (auto no = read_symbols(fields, out)) return no;
  return read_series(fields, out);
}

/// The id as JSON text. Strings, numbers, true, false; nothing else is echoed.
std::optional<rejection> read_id(const field_reader& fields, std::string& out) {
  const json* id = fields.find("id");
  if (id == nullptr) return std::nullopt;
  if (!id->is_primitive()) return bad_field("id", "must be a string or a number");
  // a larger number would come back rounded, as another id
  constexpr double exact = 9007199254740992.0; // 2^53
  if (id->is_number_float() && std::abs(id->get<double>()) > exact)
    return bad_field("id", "must be a string or a number that fits 64 bits");
  std::string text = id->dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > max_id_bytes) return bad_field("id", "must not be longer than 128 bytes");
  // NaN and infinity (possible in MessagePack) come out as null
  if (text != "null") out = std::move(text);
  return std::nullopt;
}

} // namespace

std::string_view to_string(verb what) noexcept { return verb_names[static_cast<std::size_t>(what)]; }

reading read_command(std::string_view bytes, encoding form) {
  reading out;
  auto parsed = form == encoding::json ? parse_text(bytes) : parse_msgpack(bytes);
  if (auto* no = std::get_if<rejection>(&parsed)) {
    out.what = std::move(*no);
    return out;
  }
  const json& object = std::get<json>(parsed);
  if (!object.is_object()) {
    out.what = rejection{"bad_message", "the message must be an object"};
    return out;
  }
  field_reader fields;
  command read;
  auto no = fields.load(object);
  if (!no) no = read_id(fields, out.id);
  if (!no) no = read_fields(fields, read);
  out.unknown_fields = fields.unknown();
  if (no) out.what = std::move(*no);
  else out.what = std::move(read);
  return out;
}

} // namespace tt::gateway::stream
