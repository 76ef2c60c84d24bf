#include "ui-bridge/desktop/bridge/request.hpp"

#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace tt::desktop {

namespace {

using nlohmann::json;

constexpr std::size_t max_method_bytes = 40;
constexpr std::int64_t max_id = (std::int64_t{1} << 53) - 1; // what a JavaScript number holds exactly

/// Reads the fields of one object: each at most once, none but those asked for.
/// Remembers the first error; later reads then give values nobody uses.
class field_reader {
public:
  field_reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  std::string text(const char* name, std::size_t max_bytes, std::size_t min_bytes = 1) {
    const auto* value = find(name);
    if (!value) {
      if (min_bytes > 0) fail(name, errc::invalid_argument, "is missing");
      return {};
    }
    if (!value->is_string()) return fail(name, errc::invalid_argument, "must be text"), std::string{};
    const auto& got = value->get_ref<const std::string&>();
    if (got.size() < min_bytes) fail(name, errc::out_of_range, "must not be empty");
    if (got.size() > max_bytes) fail(name, errc::out_of_range, "is longer than " + std::to_string(max_bytes) + " bytes");
    return failed_ ? std::string{} : got;
  }

  /// Text that is shown to a person: no control characters but line breaks.
  std::string shown_text(const char* name, std::size_t max_bytes, std::size_t min_bytes = 1) {
    auto got = text(name, max_bytes, min_bytes);
    if (has_control_characters(got, line_breaks::allowed)) fail(name, errc::invalid_argument, "holds control characters");
    return got;
  }

  int pixels(const char* name, int least, int most) {
    const auto* value = find(name);
    if (!value) return fail(name, errc::invalid_argument, "is missing"), 0;
    if (!value->is_number_integer()) return fail(name, errc::invalid_argument, "must be a whole number"), 0;
    // of an unsigned number beyond the range of int64, get() would make a negative one
    const bool is_huge = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
    const auto got = is_huge ? std::int64_t{most} + 1 : value->get<std::int64_t>();
    if (got < least || got > most)
      return fail(name, errc::out_of_range, "must be from " + std::to_string(least) + " to " + std::to_string(most)), 0;
    return static_cast<int>(got);
  }

  template <class Enum>
  Enum word(const char* name, std::initializer_list<Enum> values, std::optional<Enum> fallback) {
    const auto* value = find(name);
    if (!value && fallback) return *fallback;
    if (!value) return fail(name, errc::invalid_argument, "is missing"), *values.begin();
    if (value->is_string())
      for (auto each : values)
        if (to_string(each) == value->get_ref<const std::string&>()) return each;
    std::string list;
    for (auto each : values) list += (list.empty() ? "" : ", ") + std::string(to_string(each));
    fail(name, errc::invalid_argument, "must be one of " + list);
    return *values.begin();
  }

  const json* object(const char* name) {
    const auto* value = find(name);
    if (value && !value->is_object()) return fail(name, errc::invalid_argument, "must be an object"), nullptr;
    return value;
  }

  /// A field that was read by other means.
  void known(const char* name) { asked_.emplace_back(name); }
  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }
  [[nodiscard]] const std::string& where() const { return where_; }

  void fail(const std::string& name, errc code, std::string message) {
    if (!failed_) failed_ = error{code, std::move(message), where_.empty() ? name : where_ + "." + name};
  }
  void take_failure_of(field_reader& inner) {
    if (auto why = inner.finish(); why && !failed_) failed_ = why;
  }

  /// The first error, or the first field that nobody asked for.
  std::optional<error> finish() {
    for (const auto& [name, value] : object_.items())
      if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) {
        fail(printable(name), errc::invalid_argument, "is not a field of this request");
        break;
      }
    return failed_;
  }

private:
  const json* find(const char* name) {
    asked_.emplace_back(name);
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }

  const json& object_;
  std::string where_;
  std::vector<std::string> asked_;
  std::optional<error> failed_;
};

std::string secret_name(field_reader& in) {
  auto name = in.text("name", max_secret_name_bytes);
  const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (!name.empty() && (!std::all_of(name.begin(), name.end(), is_fine) || name.front() < 'a'))
    in.fail("name", errc::invalid_argument, "must be of a-z, 0-9 and _, and begin with a letter");
  return name;
}

bridge_command read_set_window(field_reader& in) {
  set_window out;
  out.state = in.word("state", {window_state::normal, window_state::minimized, window_state::maximized, window_state::fullscreen},
                      std::optional{window_state::normal});
  if (const auto* object = in.object("bounds")) {
    field_reader bounds{*object, in.where() + ".bounds"};
    window_bounds read;
    read.left = bounds.pixels("left", -max_window_px, max_window_px);
    read.top = bounds.pixels("top", -max_window_px, max_window_px);
    read.width = bounds.pixels("width", min_window_px, max_window_px);
    read.height = bounds.pixels("height", min_window_px, max_window_px);
    in.take_failure_of(bounds);
    if (out.state != window_state::normal) in.fail("bounds", errc::invalid_argument, "go with state normal only");
    out.bounds = read;
  } else if (!in.has("state")) {
    in.fail("state", errc::invalid_argument, "or bounds must be given");
  }
  return out;
}

bridge_command read_notify(field_reader& in) {
  notify out;
  out.title = in.shown_text("title", max_title_bytes);
  out.body = in.shown_text("body", max_body_bytes, 0);
  out.level = in.word("urgency", {urgency::low, urgency::normal, urgency::critical}, std::optional{urgency::normal});
  return out;
}

bridge_command read_save_file(field_reader& in) {
  save_file out;
  out.name = in.text("name", max_file_name_bytes);
  if (!out.name.empty())
    if (const auto why = check_file_name(out.name); !why) in.fail("name", why.error().code, why.error().message);
  if (in.has("text") == in.has("base64")) {
    in.fail("text", errc::invalid_argument, "or base64 must be given, and not both");
    in.text("text", max_message_bytes, 0), in.text("base64", max_message_bytes, 0);
  } else if (in.has("text")) {
    out.bytes = in.text("text", max_file_bytes, 0);
  } else if (auto decoded = decode_base64(in.text("base64", max_message_bytes, 0))) {
    out.bytes = std::move(*decoded);
    if (out.bytes.size() > max_file_bytes) in.fail("base64", errc::out_of_range, "is more than " + std::to_string(max_file_bytes) + " bytes");
  } else {
    in.fail("base64", errc::invalid_argument, decoded.error().message);
  }
  return out;
}

bridge_command read_secret_set(field_reader& in) {
  secret_set out{secret_name(in), in.text("value", max_secret_bytes)};
  if (has_control_characters(out.value, line_breaks::refused)) in.fail("value", errc::invalid_argument, "holds control characters");
  return out;
}

bridge_command read_emergency_stop(field_reader& in) {
  emergency_stop out;
  out.mode = in.word("mode", {stop_mode::halt, stop_mode::reduce, stop_mode::flatten}, std::optional{stop_mode::halt});
  out.reason = in.shown_text("reason", max_reason_bytes);
  if (const auto* object = in.object("scope")) {
    field_reader scope{*object, in.where() + ".scope"};
    out.account_id = scope.shown_text("account_id", max_scope_bytes, 0);
    out.strategy_id = scope.shown_text("strategy_id", max_scope_bytes, 0);
    out.symbol = scope.shown_text("symbol", max_scope_bytes, 0);
    in.take_failure_of(scope);
  }
  return out;
}

struct method {
  std::string_view name;
  bridge_command (*read)(field_reader&);
};

template <class Command>
bridge_command bare(field_reader&) {
  return Command{};
}

template <class Command>
bridge_command named_secret(field_reader& in) {
  return Command{secret_name(in)};
}

/// In the order of the variant: method_of() relies on it.
constexpr std::array methods{
  method{"app_info", bare<ask_app_info>},
  method{"window", bare<ask_window>},
  method{"set_window", read_set_window},
  method{"close_window", bare<close_window>},
  method{"notify", read_notify},
  method{"save_file", read_save_file},
  method{"secret_get", named_secret<secret_get>},
  method{"secret_set", read_secret_set},
  method{"secret_delete", named_secret<secret_delete>},
  method{"secret_names", bare<secret_names>},
  method{"emergency_stop", read_emergency_stop},
  method{"restart_node", bare<restart_node>},
};
static_assert(methods.size() == std::variant_size_v<bridge_command>);

std::optional<std::int64_t> id_of(const json& message) {
  const auto at = message.find("id");
  if (at == message.end() || !at->is_number_unsigned()) return std::nullopt;
  const auto id = at->get<std::uint64_t>();
  return id >= 1 && id <= static_cast<std::uint64_t>(max_id) ? std::optional{static_cast<std::int64_t>(id)} : std::nullopt;
}

} // namespace

std::variant<bridge_request, rejected_message> parse_request(std::string_view text) {
  if (text.size() > max_message_bytes)
    return rejected_message{{}, {errc::out_of_range, "the message is longer than " + std::to_string(max_message_bytes) + " bytes"}};
  if (nesting_of(text) > max_message_depth) return rejected_message{{}, {errc::out_of_range, "the message is nested too deeply"}};
  const auto message = json::parse(text, nullptr, false);
  if (!message.is_object()) return rejected_message{{}, {errc::invalid_argument, "the message is not a JSON object"}};
  const auto id = id_of(message);
  if (!id) return rejected_message{{}, {errc::invalid_argument, "must be a whole number from 1 to 2^53 - 1", "id"}};

  field_reader envelope{message, ""};
  envelope.known("id");
  const auto name = envelope.text("method", max_method_bytes);
  const auto* params = envelope.object("params");
  if (auto why = envelope.finish()) return rejected_message{id, std::move(*why)};

  const auto found = std::find_if(methods.begin(), methods.end(), [&](const method& each) { return each.name == name; });
  if (found == methods.end()) return rejected_message{id, {errc::unsupported, "there is no method " + tt::in_quotes(name), "method"}};
  static const json nothing = json::object();
  field_reader in{params ? *params : nothing, "params"};
  auto command = found->read(in);
  if (auto why = in.finish()) return rejected_message{id, std::move(*why)};
  return bridge_request{*id, std::move(command)};
}

const std::vector<std::string_view>& method_names() {
  static const auto names = [] {
    std::vector<std::string_view> out;
    for (const auto& each : methods) out.push_back(each.name);
    return out;
  }();
  return names;
}

std::string_view method_of(const bridge_command& command) { return methods.at(command.index()).name; }

std::string_view to_string(window_state state) noexcept {
  switch (state) {
  case window_state::normal: return "normal";
  case window_state::minimized: return "minimized";
  case window_state::maximized: return "maximized";
  case window_state::fullscreen: return "fullscreen";
  }
  return "normal";
}

std::string_view to_string(urgency level) noexcept {
  switch (level) {
  case urgency::low: return "low";
  case urgency::normal: return "normal";
  case urgency::critical: return "critical";
  }
  return "normal";
}

std::string_view to_string(stop_mode mode) noexcept {
  switch (mode) {
  case stop_mode::halt: return "halt";
  case stop_mode::reduce: return "reduce";
  case stop_mode::flatten: return "flatten";
  }
  return "halt";
}

} // namespace tt::desktop
