#include "gateways/json/json_reader.hpp"

#include "actors/model/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tt::gateway {

std::span<const json_value::member> json_value::members() const { return members_; }

bool json_value::operator==(const json_value& other) const {
  return type_ == other.type_ && text_ == other.text_ && items_ == other.items_ && members_ == other.members_;
}

/// Receives the parser's events. The stack holds pointers into the tree; they
/// stay valid because a container only grows while it is the innermost one.
class json_builder final : public nlohmann::json_sax<nlohmann::json> {
public:
  json_value root;
  std::optional<error> failed;

  bool null() override { return leaf(json_value::kind::null, {}); }
  bool boolean(bool val) override { return leaf(json_value::kind::boolean, val ? "true" : "false"); }
  bool number_integer(number_integer_t val) override { return leaf(json_value::kind::number, std::to_string(val)); }
  bool number_unsigned(number_unsigned_t val) override { return leaf(json_value::kind::number, std::to_string(val)); }
  bool number_float(number_float_t, const string_t& text) override { return leaf(json_value::kind::number, text); }
  bool string(string_t& val) override { return leaf(json_value::kind::string, std::move(val)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json_value::kind::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json_value::kind::array); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    stack_.back()->members_.push_back({std::move(name), {}});
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    failed = error{errc::invalid_argument, "not valid JSON (at byte " + std::to_string(position) + ")"};
    return false;
  }

private:
  json_value* place() {
    if (++count_ > max_json_values) {
      failed = error{errc::out_of_range, "more than " + std::to_string(max_json_values) + " JSON values"};
      return nullptr;
    }
    if (stack_.empty()) return &root;
    json_value& parent = *stack_.back();
    if (parent.type_ == json_value::kind::object) return &parent.members_.back().value;
    return &parent.items_.emplace_back();
  }
  bool leaf(json_value::kind type, std::string text) {
    json_value* at = place();
    if (at == nullptr) return false;
    at->type_ = type;
    at->text_ = std::move(text);
    return true;
  }
  bool open(json_value::kind type) {
    json_value* at = place();
    if (at == nullptr) return false;
    if (stack_.size() == max_json_depth) {
      failed = error{errc::out_of_range, "JSON nested deeper than " + std::to_string(max_json_depth)};
      return false;
    }
    at->type_ = type;
    stack_.push_back(at);
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<json_value*> stack_;
  std::size_t count_ = 0;
};

result<json_value> parse_json(std::string_view text) {
  json_builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.failed) return std::move(*builder.failed);
    return error{errc::invalid_argument, "not valid JSON"};
  }
  return std::move(builder.root);
}

object_reader::object_reader(const json_value& value, std::vector<std::string> loc) : loc_(std::move(loc)) {
  if (value.type() != json_value::kind::object) {
    problems_.push_back({loc_, "must be a JSON object", "type"});
    return;
  }
  object_ = &value;
  used_.assign(value.members().size(), false);
}

const json_value* object_reader::find(std::initializer_list<std::string_view> names, need n) {
  if (object_ == nullptr) return nullptr;
  const json_value* out = nullptr;
  const auto members = object_->members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string name = to_snake_case(members[i].name);
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    used_[i] = true;
    if (out != nullptr && !(*out == members[i].value)) problem(*names.begin(), "is given twice with different values", "conflict");
    if (out == nullptr) out = &members[i].value;
  }
  if (out != nullptr && out->type() == json_value::kind::null) out = nullptr;
  if (out == nullptr && n == need::required) problem(*names.begin(), "is required", "missing");
  return out;
}

std::optional<std::string> object_reader::string(std::initializer_list<std::string_view> names, need n, std::size_t max_length) {
  const auto* value = find(names, n);
  if (value == nullptr) return std::nullopt;
  if (value->type() != json_value::kind::string) return problem(*names.begin(), "must be text", "type"), std::nullopt;
  if (value->text().empty() || characters_in(value->text()) > max_length)
    return problem(*names.begin(), "must have 1 to " + std::to_string(max_length) + " characters", "range"), std::nullopt;
  return value->text();
}

std::optional<decimal> object_reader::number(std::initializer_list<std::string_view> names, need n) {
  const auto* value = find(names, n);
  if (value == nullptr) return std::nullopt;
  if (value->type() != json_value::kind::number && value->type() != json_value::kind::string)
    return problem(*names.begin(), "must be a number", "type"), std::nullopt;
  const auto parsed = decimal::parse(value->text());
  if (!parsed) return problem(*names.begin(), parsed.error().message, parsed.error().code == errc::out_of_range ? "range" : "type"), std::nullopt;
  return *parsed;
}

std::optional<bool> object_reader::boolean(std::initializer_list<std::string_view> names, need n) {
  const auto* value = find(names, n);
  if (value == nullptr) return std::nullopt;
  if (value->type() != json_value::kind::boolean) return problem(*names.begin(), "must be true or false", "type"), std::nullopt;
  return value->text() == "true";
}

std::optional<std::vector<std::string>> object_reader::strings(std::initializer_list<std::string_view> names, need n,
                                                               std::size_t max_items, std::size_t max_length) {
  const auto* value = find(names, n);
  if (value == nullptr) return std::nullopt;
  if (value->type() != json_value::kind::array) return problem(*names.begin(), "must be a list of texts", "type"), std::nullopt;
  if (value->items().size() > max_items)
    return problem(*names.begin(), "has more than " + std::to_string(max_items) + " entries", "range"), std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : value->items()) {
    if (item.type() != json_value::kind::string || item.text().empty() || item.text().size() > max_length)
      return problem(*names.begin(), "entries must be texts of 1 to " + std::to_string(max_length) + " characters", "type"),
             std::nullopt;
    out.push_back(item.text());
  }
  return out;
}

void object_reader::absorb(const object_reader& inner, std::string_view field) {
  const auto path = std::string(field) + ".";
  for (const auto& one : inner.problems_) {
    if (one.loc.size() > inner.loc_.size()) problem(path + one.loc.back(), one.msg, one.type);
    else problem(field, one.msg, one.type);
  }
  for (const auto& name : inner.unknown()) unknown_inside_.push_back(path + name);
}

void object_reader::problem(std::string_view field, std::string msg, std::string type) {
  auto loc = loc_;
  loc.emplace_back(field);
  problems_.push_back({std::move(loc), std::move(msg), std::move(type)});
}

std::vector<std::string> object_reader::unknown() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < used_.size(); ++i)
    if (!used_[i]) out.push_back(object_->members()[i].name);
  out.insert(out.end(), unknown_inside_.begin(), unknown_inside_.end());
  return out;
}

std::optional<api_error> object_reader::finish(unknown_fields strictness) const {
  auto problems = problems_;
  if (strictness == unknown_fields::refuse)
    for (const auto& name : unknown()) {
      auto loc = loc_;
      loc.push_back(name);
      problems.push_back({std::move(loc), "is not a known field", "unknown"});
    }
  if (problems.empty()) return std::nullopt;
  return bad_fields(std::move(problems));
}

} // namespace tt::gateway
