#include "actors/pine/compile_unit.hpp"
#include "actors/pine/old_names.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace tt::pine {

namespace {
/// A constant as the running script has it: rounded to 16 decimal places, half to even, from its shortest decimal form;
/// below a thousandth it stays exact. Constants keep their doubles among each other, so this happens once, where one
/// meets a value of the run (PyneCore, measured on TradingView).
double embedded(double v) {
  constexpr std::size_t places = 16;
  constexpr double exact_below = 1e-3;
  const double size = std::fabs(v);
  if (!(size >= exact_below) || size >= 1) return v; // from 1 on a double has no more places than that
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), size, std::chars_format::fixed).ptr;
  const std::string_view digits(text.data() + 2, static_cast<std::size_t>(end - text.data()) - 2); // behind "0."
  if (digits.size() <= places) return v;
  std::uint64_t kept = 0;
  for (char c : digits.substr(0, places)) kept = kept * 10 + static_cast<std::uint64_t>(c - '0');
  const auto rest = digits.substr(places);
  const bool half = rest[0] == '5' && rest.find_first_not_of('0', 1) == std::string_view::npos;
  if (half ? kept % 2 == 1 : rest[0] >= '5') ++kept;
  const auto rounded = std::to_string(kept) + "e-16";
  double out = v;
  std::from_chars(rounded.data(), rounded.data() + rounded.size(), out);
  return std::copysign(out, v);
}
} // namespace

void compiler::too_large(source_pos pos) {
  if (!gave_up_)
    error("PN0301", pos, "the script is too large once its function calls are expanded",
          "calls that nest functions many times over multiply the size");
  gave_up_ = true;
}

std::size_t compiler::emit(op code, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint16_t x) {
  auto& p = out();
  if (p.code.size() >= limits::instructions) {
    too_large({line_, 1, 1});
    return p.code.size() - 1;
  }
  p.code.push_back({code, x, a, b, c});
  p.lines.push_back(line_);
  return p.code.size() - 1;
}

ring_plan compiler::ring_of(const value& v) {
  const auto kind = types_->kind(v.type);
  ring_plan plan;
  plan.is_ref = is_ref(v.type);
  plan.copies = kind == type_kind::array || kind == type_kind::matrix;
  plan.reg = reg_of(v);
  plan.state = new_state(64);
  return plan;
}

void compiler::push_history(const ring_plan& plan) {
  emit(plan.is_ref ? op::pushr : op::push, plan.reg, plan.state, 0, plan.copies ? 1 : 0);
}

std::uint32_t compiler::number_reg(double v) {
  auto bits = std::bit_cast<std::uint64_t>(v);
  if (is_na(v)) bits = std::bit_cast<std::uint64_t>(na_value);
  auto it = unit_->numbers.find(bits);
  if (it != unit_->numbers.end()) return it->second;
  auto reg = new_num();
  out().num_init[reg] = v;
  unit_->numbers.emplace(bits, reg);
  return reg;
}

std::uint32_t compiler::text_reg(const std::string& s) {
  auto it = unit_->texts.find(s);
  if (it != unit_->texts.end()) return it->second;
  auto reg = new_ref();
  out().text_init.emplace_back(reg, s);
  unit_->texts.emplace(s, reg);
  return reg;
}

std::uint32_t compiler::null_ref() {
  if (unit_->null_ref == no_reg) unit_->null_ref = new_ref();
  return unit_->null_ref;
}

std::uint32_t compiler::reg_of(const value& v) {
  if (v.reg != no_reg) return v.reg;
  if (v.known) return v.type == t_string ? text_reg(v.text) : number_reg(embedded(v.number));
  return is_ref(v.type) ? null_ref() : number_reg(na_value);
}

std::uint32_t compiler::reg_as(const value& v, type_id t) {
  if (v.type == t_na || v.bad) return is_ref(t) ? null_ref() : number_reg(na_value);
  return reg_of(v);
}

void compiler::move(std::uint32_t to, const value& v, type_id t) {
  auto from = reg_as(v, t);
  if (from == to) return;
  emit(is_ref(t) ? op::movr : op::mov, to, from);
}

std::uint32_t compiler::new_state(std::size_t bytes) {
  auto at = out().state_bytes;
  out().state_bytes = u32((at + bytes + 15) / 16 * 16);
  return at;
}

value compiler::temp(type_id t, qual q) {
  value v;
  v.type = t;
  v.q = q;
  v.reg = new_reg(t);
  return v;
}

value compiler::constant_number(type_id t, double x) const {
  value v;
  v.type = t;
  v.known = true;
  v.number = x;
  return v;
}

value compiler::constant_text(std::string s) const {
  value v;
  v.type = t_string;
  v.known = true;
  v.text = std::move(s);
  return v;
}

void compiler::error(std::string_view code, source_pos pos, std::string message, std::string hint) {
  if (frame_ != nullptr && frame_->home != nullptr && !frame_->home->name.empty()) {
    message = "in library " + frame_->home->name + ", line " + std::to_string(pos.line) + ": " + message;
    pos = {};
    for (auto* f = frame_; f != nullptr && f->home != nullptr && !f->home->name.empty(); f = f->caller) pos = f->call_pos;
  }
  diags_.error(code, pos, std::move(message), std::move(hint));
}

value compiler::error_value() {
  value v;
  v.bad = true;
  return v;
}

// ---------------------------------------------------------------- types

std::string compiler::show(const value& v) const {
  if (v.type == t_void) return "void";
  return std::string(name_of(v.q)) + " " + (v.unique == unique_type::none ? types_->name(v.type) : std::string(name_of(v.unique)));
}

bool compiler::assignable(type_id to, type_id from) const {
  return to == from || from == t_na || (to == t_float && from == t_int);
}

/// The type that holds values of both, or t_void when there is none.
type_id compiler::common(type_id a, type_id b) const {
  if (a == b || b == t_na) return a;
  if (a == t_na) return b;
  if (is_number(a) && is_number(b)) return t_float;
  return t_void;
}

type_id compiler::find_type(module_info& m, const std::string& name) {
  auto it = m.types.find(name);
  if (it != m.types.end()) return it->second;
  auto d = m.type_decls.find(name);
  if (d != m.type_decls.end()) {
    if (d->second->kind == ast::stmt_kind::type) declare_type(m, *d->second);
    else declare_enum(m, *d->second);
    it = m.types.find(name);
    if (it != m.types.end()) return it->second;
  }
  auto dot = name.find('.');
  if (dot != std::string::npos) {
    auto lib = m.imports.find(name.substr(0, dot));
    if (lib != m.imports.end() && lib->second != nullptr) return find_type(*lib->second, name.substr(dot + 1));
  }
  return t_na;
}

/// Keys of maps are compared by value: numbers, colors, bools, strings and fields of enums, never references.
bool compiler::key_type(type_id key, source_pos pos) {
  if (key == t_string || !is_ref(key)) return true;
  error("PN0211", pos, "the keys of a map can't be of type " + types_->name(key), "keys are int, float, bool, string, color or of an enum");
  return false;
}

type_id compiler::resolve(const ast::type_name& t) {
  auto expect_args = [&](std::size_t n) {
    if (t.args.size() == n) return true;
    error("PN0211", t.pos, "'" + t.name + "' takes " + std::to_string(n) + " type argument" + (n == 1 ? "" : "s"),
          "for example " + std::string(t.name == "map" ? "map<string, float>" : t.name + "<float>"));
    return false;
  };
  auto element = [&](const ast::type_name& a) {
    auto e = resolve(a);
    if (e != t_na && types_->kind(e) != type_kind::object && types_->kind(e) != type_kind::enumeration &&
        types_->kind(e) != type_kind::basic) {
      error("PN0211", a.pos, "a collection can't hold collections directly",
            "put the inner collection into a user-defined type");
    }
    return e;
  };
  if (t.name == "array" || t.name == "matrix") {
    if (!expect_args(1)) return t_na;
    auto e = element(t.args[0]);
    if (e == t_na) return t_na;
    return t.name == "array" ? types_->array_of(e) : types_->matrix_of(e);
  }
  if (t.name == "map") {
    if (!expect_args(2)) return t_na;
    auto k = element(t.args[0]), v = element(t.args[1]);
    if (k == t_na || v == t_na || !key_type(k, t.args[0].pos)) return t_na;
    return types_->map_of(k, v);
  }
  auto user = find_type(*frame_->home, t.name);
  if (user != t_na) return user;
  auto b = type_table::basic(t.name);
  if (b == t_na && !lost(t.name)) {
    std::vector<std::string_view> known{"int", "float", "bool", "color", "string", "line", "label", "box", "table",
                                        "linefill", "polyline", "chart.point", "array", "matrix", "map"};
    for (const auto& [n, _] : frame_->home->type_decls) known.push_back(n);
    auto near = closest(t.name, known);
    auto foreign = foreign_word_hint(t.name);
    error("PN0210", t.pos, "there is no type named '" + t.name + "'", !foreign.empty() ? foreign : near.empty() ? "" : "did you mean '" + near + "'?");
  }
  return b;
}

} // namespace tt::pine
