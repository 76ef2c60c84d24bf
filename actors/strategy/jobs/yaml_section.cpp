#include "actors/strategy/jobs/yaml_section.hpp"

#include "actors/strategy/expression/expression.hpp"

#include <algorithm>

namespace tt::strategy {

yaml_section::yaml_section(const yaml_node* node, std::string path, text_place at, finding_list& out)
    : node_(node), path_(std::move(path)), at_(at), out_(&out) {
  if (node_ && node_->what == yaml_node::kind::null) node_ = nullptr;
  if (node_ && !node_->is_map()) {
    out.error(finding_code::bad_type, node_->at, path_, "must be a map of keys");
    node_ = nullptr;
  }
}

text_place yaml_section::place(std::string_view name) const {
  const auto* e = node_ ? node_->entry(name) : nullptr;
  return e ? e->at : at_;
}

const yaml_node* yaml_section::raw(std::string_view name) {
  asked_.emplace(name);
  const auto* n = node_ ? node_->get(name) : nullptr;
  return n && n->what != yaml_node::kind::null ? n : nullptr;
}

yaml_section yaml_section::section(std::string_view name) {
  const auto* n = raw(name);
  return {n, key(name), n ? place(name) : at_, *out_};
}

void yaml_section::bad_type(std::string_view name, std::string_view wanted) {
  out_->error(finding_code::bad_type, place(name), key(name), "must be " + std::string(wanted));
}

std::optional<std::string> yaml_section::text(std::string_view name) {
  const auto* n = raw(name);
  if (!n) return std::nullopt;
  if (n->is_scalar()) return n->text;
  bad_type(name, "a text");
  return std::nullopt;
}

std::optional<double> yaml_section::number(std::string_view name, number_range range) {
  const auto* n = raw(name);
  if (!n) return std::nullopt;
  const auto out = as_number(*n);
  if (!out) {
    bad_type(name, "a number");
    return std::nullopt;
  }
  if (*out >= range.least && *out <= range.most) return out;
  out_->error(finding_code::bad_value, place(name), key(name),
              "is " + printable(n->text) + ", must lie between " + to_string(value::of(range.least)) + " and " + to_string(value::of(range.most)));
  return std::nullopt;
}

std::optional<std::int64_t> yaml_section::integer(std::string_view name, number_range range) {
  const auto* n = raw(name);
  if (!n) return std::nullopt;
  if (!as_integer(*n)) {
    bad_type(name, "a whole number");
    return std::nullopt;
  }
  const auto out = number(name, range);
  return out ? std::optional(static_cast<std::int64_t>(*out)) : std::nullopt;
}

std::optional<bool> yaml_section::boolean(std::string_view name) {
  const auto* n = raw(name);
  if (!n) return std::nullopt;
  const auto out = as_boolean(*n);
  if (!out) bad_type(name, "true or false");
  return out;
}

std::vector<std::string> yaml_section::texts(std::string_view name) {
  const auto* n = raw(name);
  std::vector<std::string> out;
  if (!n) return out;
  if (n->is_scalar()) return {n->text};
  if (!n->is_list()) {
    bad_type(name, "a list of texts");
    return out;
  }
  for (const auto& item : n->items) {
    if (!item->is_scalar()) {
      bad_type(name, "a list of texts");
      return {};
    }
    out.push_back(item->text);
  }
  return out;
}

std::optional<std::int64_t> yaml_section::milliseconds(std::string_view name) {
  const auto* n = raw(name);
  if (!n) return std::nullopt;
  std::optional<double> seconds = as_number(*n);
  if (!seconds && n->is_scalar()) {
    std::string text = n->text;
    double unit = 0;
    if (text.ends_with("ms")) unit = 0.001, text.resize(text.size() - 2);
    else if (text.ends_with('s')) unit = 1, text.pop_back();
    else if (text.ends_with('m')) unit = 60, text.pop_back();
    else if (text.ends_with('h')) unit = 3'600, text.pop_back();
    yaml_node bare;
    bare.what = yaml_node::kind::scalar, bare.text = text;
    if (const auto count = as_number(bare); count && unit > 0) seconds = *count * unit;
  }
  if (seconds && *seconds >= 0 && *seconds <= 86'400) return static_cast<std::int64_t>(*seconds * 1'000);
  if (!seconds) bad_type(name, "a duration such as 30, 30s or 5m");
  else out_->error(finding_code::bad_value, place(name), key(name), "must lie between 0 and one day");
  return std::nullopt;
}

std::optional<std::size_t> yaml_section::choice(std::string_view name, std::initializer_list<std::string_view> words) {
  const auto word = text(name);
  if (!word) return std::nullopt;
  std::string known;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto candidate = *(words.begin() + i);
    if (std::equal(word->begin(), word->end(), candidate.begin(), candidate.end(), [](char a, char b) { return (a | 0x20) == (b | 0x20); })) return i;
    known += (known.empty() ? "" : ", ") + std::string(candidate);
  }
  out_->error(finding_code::bad_value, place(name), key(name), "is " + in_quotes(*word) + ", must be one of " + known);
  return std::nullopt;
}

void yaml_section::missing(std::string_view name) {
  out_->error(finding_code::missing_key, at_, key(name), "missing key \"" + std::string(name) + "\"");
}

void yaml_section::ignore(std::initializer_list<std::string_view> names) {
  for (const auto name : names) asked_.emplace(name);
}

void yaml_section::done() {
  if (!node_) return;
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& e : node_->entries) {
    if (asked_.contains(e.key)) continue;
    const auto near = nearest_name(e.key, known);
    out_->warning(finding_code::unknown_key, e.at, key(e.key), "unknown key " + in_quotes(e.key) + (near ? "; did you mean " + in_quotes(*near) + "?" : ""));
  }
}

} // namespace tt::strategy
