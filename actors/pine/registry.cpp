#include "actors/pine/registry.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>

namespace tt::pine {
namespace {

/// Reads the little language of signatures. A mistake in one is a programming error, found by the first test.
class signature_reader {
public:
  explicit signature_reader(std::string_view text) : text_(text) {}

  builtin read() {
    builtin b;
    b.text = std::string(text_);
    b.name = word();
    expect('(');
    while (!accept(')')) {
      b.params.push_back(param());
      accept(',');
    }
    result(b);
    return b;
  }

private:
  [[noreturn]] void broken() const { throw std::logic_error("bad signature: " + std::string(text_)); }
  void space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) broken();
  }
  static bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
  }
  std::string word() {
    space();
    auto from = at_;
    while (at_ < text_.size() && word_char(text_[at_])) ++at_;
    if (from == at_) broken();
    return std::string(text_.substr(from, at_ - from));
  }
  std::string peek_word() {
    auto save = at_;
    space();
    auto from = at_;
    while (at_ < text_.size() && word_char(text_[at_])) ++at_;
    auto w = std::string(text_.substr(from, at_ - from));
    at_ = save;
    return w;
  }

  type_spec type() {
    auto w = word();
    type_spec t;
    if (w == "T" || w == "K" || w == "V") {
      t.form = type_form::variable;
      t.variable = w[0];
    } else if (w == "num") {
      t.form = type_form::numeric;
    } else if (w == "any") {
      t.form = type_form::any;
    } else if (w == "void") {
      t.form = type_form::basic;
      t.basic = t_void;
    } else if (w == "array" || w == "matrix" || w == "map") {
      t.form = w == "array" ? type_form::array : w == "matrix" ? type_form::matrix : type_form::map;
      expect('<');
      t.args.push_back(type());
      while (accept(',')) t.args.push_back(type());
      expect('>');
    } else {
      t.form = type_form::basic;
      t.basic = type_table::basic(w);
      if (t.basic == t_na) broken();
    }
    return t;
  }

  bool qualifier(qual& q) {
    auto w = peek_word();
    if (w == "const") q = qual::constant;
    else if (w == "input") q = qual::input;
    else if (w == "simple") q = qual::simple;
    else if (w == "series") q = qual::series;
    else return false;
    word();
    return true;
  }

  param_spec param() {
    param_spec p;
    qualifier(p.most);
    p.type = type();
    space();
    if (text_.substr(at_, 3) == "...") {
      at_ += 3;
      p.variadic = p.optional = true;
      return p;
    }
    p.name = word();
    if (!accept('=')) return p;
    p.optional = true;
    if (accept('?')) {
      p.omitted = p.na_default = true;
    } else if (accept('"')) {
      auto from = at_;
      while (at_ < text_.size() && text_[at_] != '"') ++at_;
      p.text = std::string(text_.substr(from, at_ - from));
      p.is_text = true;
      expect('"');
    } else {
      bool minus = accept('-');
      auto w = word();
      if (w == "na") p.na_default = true;
      else if (w == "true" || w == "false") p.number = w == "true" ? 1 : 0;
      else p.number = std::strtod(w.c_str(), nullptr) * (minus ? -1 : 1);
    }
    return p;
  }

  void result(builtin& b) {
    if (accept('=')) b.result_follows = true;
    else qualifier(b.result_qual);
    if (accept('[')) {
      while (!accept(']')) {
        b.results.push_back(type());
        accept(',');
      }
      return;
    }
    auto t = type();
    if (t.form == type_form::basic && t.basic == t_void) return;
    b.results.push_back(t);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The first version in which the function has the parameter. Version 5 has had none that came after version 6.
int first_version_with(const std::string& function, const std::string& parameter) {
  static const std::map<std::string, std::string_view> of_six{ // parameter, and what the names of its functions begin with
      {"active", "input"}, {"text_formatting", ""}, {"linestyle", "plot"}, {"behind_chart", ""}, {"timeframe_bars_back", "time"},
      {"calc_on_every_history_tick", "strategy"}};
  auto it = of_six.find(parameter);
  return it != of_six.end() && function.rfind(it->second, 0) == 0 ? 6 : 5;
}

} // namespace

void registry::add(const builtin_row& row) {
  auto b = signature_reader(row.signature).read();
  b.fn = row.fn;
  b.state = row.state;
  b.kind = row.kind;
  b.version = row.version;
  for (auto& p : b.params) {
    p.unique = unique_type_of(b.name, p.name);
    p.since = first_version_with(b.name, p.name);
  }
  functions_[b.name].push_back(std::move(b));
}

registry::registry() {
  for (auto* rows : {&ta_rows(), &ta_window_rows(), &ta_rank_rows(), &math_rows(), &string_rows(), &array_rows(), &array_stat_rows(),
                     &matrix_rows(), &map_rows(), &color_rows(), &time_rows(), &drawing_rows(), &output_rows(),
                     &request_rows(), &strategy_rows()})
    add_all(*rows);
  for (const auto& c : builtin_constants())
    if (!constants_.emplace(c.name, c).second) older_.emplace(c.name, c); // another value in an older version
  for (const auto& v : builtin_variables()) variables_.emplace(v.name, v);
  finish();
}

void registry::finish() {
  auto spaces = [this](const std::string& name) {
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
      namespaces_[name.substr(0, dot)] = true;
  };
  for (const auto& [n, _] : functions_) {
    spaces(n);
    names_.push_back(n);
  }
  for (const auto& [n, _] : constants_) {
    spaces(n);
    names_.push_back(n);
  }
  for (const auto& [n, _] : variables_) {
    spaces(n);
    names_.push_back(n);
  }
  std::sort(names_.begin(), names_.end());
}

const registry& registry::get() {
  static const registry instance;
  return instance;
}

const std::vector<builtin>* registry::functions(std::string_view name) const {
  auto it = functions_.find(std::string(name));
  return it == functions_.end() ? nullptr : &it->second;
}
const constant_row* registry::constant(std::string_view name, int version) const {
  std::string key(name);
  if (auto old = older_.find(key); old != older_.end() && old->second.version == version) return &old->second;
  auto it = constants_.find(key);
  return it == constants_.end() ? nullptr : &it->second;
}
const variable_row* registry::variable(std::string_view name) const {
  auto it = variables_.find(std::string(name));
  return it == variables_.end() ? nullptr : &it->second;
}
bool registry::is_namespace(std::string_view name) const { return namespaces_.count(std::string(name)) > 0; }

std::vector<std::pair<std::string, char>> registry::listing() const {
  std::vector<std::pair<std::string, char>> out;
  for (const auto& [n, _] : functions_) out.emplace_back(n, 'f');
  for (const auto& [n, _] : variables_) out.emplace_back(n, 'v');
  for (const auto& [n, _] : constants_) out.emplace_back(n, 'c');
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace tt::pine
