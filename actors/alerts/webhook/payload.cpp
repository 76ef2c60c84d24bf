#include "actors/alerts/webhook/payload.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace tt::webhook {

namespace {

using kind = payload_value::kind;

constexpr std::array<std::string_view, 4> secret_names{"secret", "passphrase", "token", "key"};
constexpr std::string_view blot = "***";
/// Secrets shorter than this are not blotted out of other text: "1" stands in every price.
constexpr std::size_t min_blotted = 6;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Names are compared without letter case and separators.
std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != '_' && c != '-' && c != ' ') out += lower(c);
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_secret(std::string_view name) {
  const auto plain = plain_name(name);
  return std::find(secret_names.begin(), secret_names.end(), plain) != secret_names.end();
}

payload_value text_value(std::string_view text) { return {kind::text, std::string{text}, {}, {}}; }

/// Receives the parser's events. Pointers stay valid because a container only grows while it is the innermost one.
class builder final : public nlohmann::json_sax<nlohmann::json> {
public:
  payload_value root;
  std::optional<error> failed;

  bool null() override { return leaf(kind::null, {}); }
  bool boolean(bool val) override { return leaf(kind::boolean, val ? "true" : "false"); }
  bool number_integer(number_integer_t val) override { return leaf(kind::number, std::to_string(val)); }
  bool number_unsigned(number_unsigned_t val) override { return leaf(kind::number, std::to_string(val)); }
  bool number_float(number_float_t, const string_t& text) override { return leaf(kind::number, text); }
  bool string(string_t& val) override { return leaf(kind::text, std::move(val)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(kind::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(kind::list); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    stack_.back()->members.push_back({std::move(name), {}});
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
  payload_value* place() {
    if (++count_ > max_payload_values) {
      failed = error{errc::limit_exceeded, "the alert has more than " + std::to_string(max_payload_values) + " values", "body"};
      return nullptr;
    }
    if (stack_.empty()) return &root;
    auto& parent = *stack_.back();
    if (parent.type == kind::object) return &parent.members.back().value;
    return &parent.items.emplace_back();
  }
  bool leaf(kind type, std::string text) {
    auto* at = place();
    if (at == nullptr) return false;
    at->type = type;
    at->text = std::move(text);
    return true;
  }
  bool open(kind type) {
    auto* at = place();
    if (at == nullptr) return false;
    if (stack_.size() == max_payload_depth) {
      failed = error{errc::limit_exceeded, "the alert is nested deeper than " + std::to_string(max_payload_depth), "body"};
      return false;
    }
    at->type = type;
    stack_.push_back(at);
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<payload_value*> stack_;
  std::size_t count_ = 0;
};

bool is_empty(const payload_value& value) { return value.type == kind::null || (value.type == kind::text && trimmed(value.text).empty()); }

/// Of members of one name the first that says something stays, so that what is kept reads like what was sent.
void drop_repeats(payload_value& at) {
  std::vector<payload_value::member> kept;
  for (auto& one : at.members) {
    drop_repeats(one.value);
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const auto& k) { return k.name == one.name; });
    if (same == kept.end()) kept.push_back(std::move(one));
    else if (is_empty(same->value)) same->value = std::move(one.value);
  }
  at.members = std::move(kept);
  for (auto& one : at.items) drop_repeats(one);
}

void remove_secrets(payload_value& at) {
  std::erase_if(at.members, [](const auto& one) { return is_secret(one.name); });
  for (auto& one : at.members) remove_secrets(one.value);
  for (auto& one : at.items) remove_secrets(one);
}

void blot_out(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + blot.size())) text.replace(at, secret.size(), blot);
}

void blot_out(payload_value& at, std::string_view secret) {
  blot_out(at.text, secret);
  for (auto& one : at.members) {
    blot_out(one.name, secret);
    blot_out(one.value, secret);
  }
  for (auto& one : at.items) blot_out(one, secret);
}

bool holds(const payload_value& at, std::string_view secret) {
  return at.text.find(secret) != std::string::npos ||
         std::any_of(at.members.begin(), at.members.end(),
                     [&](const auto& one) { return one.name.find(secret) != std::string::npos || holds(one.value, secret); }) ||
         std::any_of(at.items.begin(), at.items.end(), [&](const auto& one) { return holds(one, secret); });
}

void take_secret(payload& out) {
  drop_repeats(out.root);
  if (const auto* found = out.root.find({"secret", "passphrase", "token", "key"}); found != nullptr && (found->type == kind::text || found->type == kind::number)) out.secret = found->text;
  remove_secrets(out.root);
  if (out.secret) out.forget(*out.secret);
}

/// "action=buy; ticker=AAPL". Nothing when the text isn't of that form: every piece needs a name and a '='.
std::optional<payload_value> read_pairs(std::string_view text) {
  if (text.find('=') == std::string_view::npos) return std::nullopt;
  payload_value out{kind::object, {}, {}, {}};
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(";,\n"), text.size());
    const auto piece = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos || out.members.size() == max_payload_values) return std::nullopt;
    const auto name = trimmed(piece.substr(0, equals));
    const bool is_name = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
      return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ' ';
    });
    if (!is_name) return std::nullopt;
    out.members.push_back({std::string{name}, text_value(trimmed(piece.substr(equals + 1)))});
  }
  if (out.members.empty()) return std::nullopt;
  return out;
}

constexpr std::array<std::string_view, 15> action_words{"buy",    "sell",       "long",   "short", "exit",       "close",       "flat",   "flatten",
                                                        "cancel", "cancel_all", "adjust", "info",  "close_long", "close_short", "emergency_rebalance"};

/// ACTION SYMBOL [QTY] [@ PRICE]. The first word must be an action: "please buy AAPL" is a note.
std::optional<payload_value> read_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trimmed(text)).empty()) {
    const auto end = std::min(static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin()), text.size());
    auto word = text.substr(0, end);
    text.remove_prefix(end);
    if (word.size() > 1 && word.front() == '@') { // "@231.5"
      words.push_back(word.substr(0, 1));
      word.remove_prefix(1);
    }
    words.push_back(word);
    if (words.size() > 6) return std::nullopt;
  }
  if (words.empty()) return std::nullopt;
  std::string action;
  for (const char c : words[0]) action += lower(c);
  if (std::find(action_words.begin(), action_words.end(), action) == action_words.end()) return std::nullopt;
  payload_value out{kind::object, {}, {}, {}};
  out.members.push_back({"action", text_value(action)});
  const auto is_numeric = [](std::string_view word) {
    return word.find_first_of("0123456789") != std::string_view::npos && word.find_first_not_of("0123456789.+-eE") == std::string_view::npos;
  };
  std::size_t at = 1;
  if (at == words.size()) {
    if (action != "cancel_all") return std::nullopt;
    return out;
  }
  out.members.push_back({"symbol", text_value(words[at++])});
  if (at < words.size() && words[at] != "@") {
    if (!is_numeric(words[at])) return std::nullopt;
    out.members.push_back({"quantity", text_value(words[at++])});
  }
  if (at < words.size()) {
    if (words[at] != "@" || at + 2 != words.size() || !is_numeric(words[at + 1])) return std::nullopt;
    out.members.push_back({"price", text_value(words[at + 1])});
  }
  return out;
}

/// Whether a text that is no JSON was meant to be some: an object with its first name, or a list of objects or texts. "[AAPL] crossed"
/// and "{{ticker}} crossed" are notes.
bool begins_like_json(std::string_view text) {
  const auto next = [&] {
    const char first = text.front();
    text = trimmed(text.substr(1));
    return first;
  };
  const bool ends_like_object = text.back() == '}';
  const char first = next();
  if (first != '{' && first != '[') return false;
  if (text.empty()) return true;
  if (first == '{' && text.front() != '{' && ends_like_object) return true; // names without quotes
  return text.front() == '"' || (first == '[' && text.front() == '{');
}

void write(nlohmann::ordered_json& out, const payload_value& at) {
  switch (at.type) {
  case kind::null: out = nullptr; return;
  case kind::boolean: out = at.text == "true"; return;
  case kind::number: // as text: a JSON library would read it as a binary float
  case kind::text: out = at.text; return;
  case kind::list:
    out = nlohmann::ordered_json::array();
    for (const auto& one : at.items) write(out.emplace_back(), one);
    return;
  case kind::object:
    out = nlohmann::ordered_json::object();
    for (const auto& one : at.members)
      if (!out.contains(one.name)) write(out[one.name], one.value);
    return;
  }
}

} // namespace

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    const auto tail = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
    const unsigned first = byte(i);
    if (first < 0x80) i += 1;
    else if (first >= 0xC2 && first <= 0xDF && tail(i + 1)) i += 2;
    else if (first >= 0xE0 && first <= 0xEF && tail(i + 1) && tail(i + 2) && (first != 0xE0 || byte(i + 1) >= 0xA0) &&
             (first != 0xED || byte(i + 1) < 0xA0))
      i += 3;
    else if (first >= 0xF0 && first <= 0xF4 && tail(i + 1) && tail(i + 2) && tail(i + 3) && (first != 0xF0 || byte(i + 1) >= 0x90) &&
             (first != 0xF4 || byte(i + 1) < 0x90))
      i += 4;
    else return false;
  }
  return true;
}

const payload_value* payload_value::find(std::initializer_list<std::string_view> names) const {
  for (const auto name : names) {
    const auto wanted = plain_name(name);
    for (const auto& one : members)
      if (plain_name(one.name) == wanted && !is_empty(one.value)) return &one.value;
  }
  return nullptr;
}

void payload::forget(std::string_view secret_text) {
  if (secret_text.size() < min_blotted || !holds(root, secret_text)) return;
  if (!before_blot) before_blot = root;
  blot_out(root, secret_text);
}

std::string payload::to_json() const {
  nlohmann::ordered_json out;
  write(out, root);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

result<payload> read_payload(std::string_view body) {
  if (body.size() > max_payload_bytes) return error{errc::limit_exceeded, "the alert has more than 16384 bytes", "body"};
  if (!is_utf8(body)) return error{errc::invalid_argument, "the alert is not UTF-8", "body"};
  if (body.find('\0') != std::string_view::npos) return error{errc::invalid_argument, "the alert holds a NUL byte", "body"};
  if (body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3); // a byte order mark
  const auto text = trimmed(body);
  if (text.empty()) return error{errc::invalid_argument, "the alert is empty", "body"};

  payload out;
  builder parsed;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &parsed)) {
    if (parsed.root.type == kind::object) {
      out.form = payload_form::json;
      out.root = std::move(parsed.root);
      take_secret(out);
      return out;
    }
    if (parsed.root.type == kind::list) return error{errc::invalid_argument, "the alert is JSON, but not an object", "body"};
  }
  if (parsed.failed) return std::move(*parsed.failed);
  if (begins_like_json(text))
    return error{errc::invalid_argument, "the alert begins like JSON and is none: look for a missing quote or comma", "body"};
  out.root.type = kind::object;
  if (auto pairs = read_pairs(text)) {
    out.form = payload_form::pairs;
    out.root = std::move(*pairs);
    take_secret(out);
  } else if (auto words = read_words(text)) {
    out.form = payload_form::words;
    out.root = std::move(*words);
  } else {
    out.form = payload_form::note;
    out.root.members.push_back({"message", text_value(text)});
  }
  return out;
}

result<payload> restore_payload(std::string_view json, payload_form form) {
  builder parsed;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &parsed) || parsed.root.type != kind::object)
    return error{errc::corrupt_data, "a kept alert can't be read"};
  payload out;
  out.form = form;
  out.root = std::move(parsed.root);
  return out;
}

} // namespace tt::webhook
