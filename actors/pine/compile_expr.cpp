#include "actors/pine/compile_unit.hpp"

#include <algorithm>

namespace tt::pine {

using ast::expr_kind;

value compiler::expression(const ast::expr& e) {
  if (!spend(1, e.pos)) return error_value();
  switch (e.kind) {
  case expr_kind::number_int:
  case expr_kind::number_float:
  case expr_kind::boolean:
  case expr_kind::color:
  case expr_kind::text:
  case expr_kind::na: return literal(e);
  case expr_kind::name: return name_value(e);
  case expr_kind::member: return member_value(e);
  case expr_kind::call: return call(e);
  case expr_kind::index: return history(e);
  case expr_kind::unary: return unary(e);
  case expr_kind::binary: return e.text == "and" || e.text == "or" ? logical(e) : binary(e);
  case expr_kind::ternary: return ternary(e);
  case expr_kind::tuple: return tuple(e);
  case expr_kind::if_: return if_value(e);
  case expr_kind::switch_: return switch_value(e);
  case expr_kind::for_: return for_value(e);
  case expr_kind::for_in: return for_in_value(e);
  case expr_kind::while_: return while_value(e);
  case expr_kind::once: return once_value(e);
  }
  return error_value();
}

value compiler::literal(const ast::expr& e) {
  switch (e.kind) {
  case expr_kind::number_int: return constant_number(t_int, e.number);
  case expr_kind::number_float: return constant_number(t_float, e.number);
  case expr_kind::boolean: return constant_number(t_bool, e.number);
  case expr_kind::color: return constant_number(t_color, e.number);
  case expr_kind::text: return constant_text(e.text);
  default: return constant_number(t_na, na_value);
  }
}

// ---------------------------------------------------------------- names

bool compiler::runs_at_use(const variable_row& row) const {
  bool in_function = frame_->fn != nullptr;
  return row.fn != nullptr && (row.when == evaluation::at_use || (row.when == evaluation::every_bar_outside_functions && in_function));
}

symbol_entry* compiler::find(const std::string& name) {
  for (auto it = frame_->scopes.rbegin(); it != frame_->scopes.rend(); ++it) {
    auto f = it->names.find(name);
    if (f != it->names.end()) return f->second;
  }
  auto& g = unit_->globals[frame_->home];
  auto f = g.names.find(name);
  if (f != g.names.end() && in_sight(f->second->pos, frame_->home)) return f->second;
  if (const auto* row = registry::get().variable(name);
      row != nullptr && !runs_at_use(*row) && (row->version == 0 || row->version == version()))
    return builtin_symbol(*row);
  return nullptr;
}

symbol_entry* compiler::builtin_symbol(const variable_row& row) {
  auto it = unit_->builtins.find(row.name);
  if (it != unit_->builtins.end()) return it->second;
  symbols_.emplace_back();
  auto* e = &symbols_.back();
  e->name = row.name;
  e->builtin = true;
  e->val.type = row.type;
  e->val.q = row.q;
  e->val.reg = new_reg(row.type);
  e->val.symbol = e;
  if (row.fn == nullptr) {
    out().loads.push_back({row.field, row.extra, e->val.reg, is_ref(row.type)});
  } else {
    site_plan plan;
    plan.fn = row.fn;
    plan.name = row.name;
    plan.outs = {e->val.reg};
    plan.out_types = {row.type};
    plan.state = row.state > 0 ? new_state(row.state) : 0;
    plan.line_no = line_;
    out().every_bar.push_back(u32(out().sites.size()));
    out().sites.push_back(std::move(plan));
  }
  unit_->builtins[row.name] = e;
  return e;
}

std::string compiler::dotted(const ast::expr& e) const {
  if (e.kind == expr_kind::name) return e.text;
  if (e.kind == expr_kind::na) return "na";
  if (e.kind == expr_kind::member) {
    auto left = dotted(*e.kids[0]);
    return left.empty() ? "" : left + "." + e.text;
  }
  return "";
}

/// A global of a library: its initial value, computed where it is used.
value compiler::library_global(module_info& lib, const ast::stmt& s) {
  if (++call_depth_ > limits::call_nesting) {
    --call_depth_;
    error("PN0244", s.pos, "the global '" + s.name + "' depends on itself");
    return error_value();
  }
  frame inner;
  inner.home = &lib;
  inner.call_pos = {line_, 1, 1};
  inner.caller = frame_;
  auto* saved = frame_;
  frame_ = &inner;
  auto v = expression(*s.value);
  frame_ = saved;
  --call_depth_;
  v.symbol = nullptr;
  return v;
}

value compiler::name_value(const ast::expr& e) {
  if (auto* s = find(e.text)) {
    if (in_export() && !s->builtin && s->val.q > qual::constant && unit_->globals[main_].names.count(e.text) > 0 &&
        unit_->globals[main_].names[e.text] == s) {
      error("PN0258", e.pos, "an exported function can't use the global variable '" + e.text + "'", "give it to the function as an argument");
      return error_value();
    }
    auto v = s->val;
    v.symbol = s;
    return v;
  }
  if (frame_->home != main_)
    for (const auto& s : frame_->home->tree.body)
      if (s->kind == ast::stmt_kind::declare && s->name == e.text) return library_global(*frame_->home, *s);
  const auto& reg = registry::get();
  if (const auto* row = reg.variable(e.text); row != nullptr && row->fn != nullptr) return call_builtin(e.text, e, nullptr);
  if (frame_->home->functions.count(e.text) > 0 || reg.functions(e.text) != nullptr) {
    error("PN0222", e.pos, "'" + e.text + "' is a function", "call it: " + e.text + "(...)");
    return error_value();
  }
  return unknown_name(e.text, e.pos, false);
}

value compiler::enum_member(const std::string& path, source_pos pos, bool& found) {
  auto dot = path.rfind('.');
  found = false;
  if (dot == std::string::npos) return {};
  auto t = find_type(*frame_->home, path.substr(0, dot));
  if (t == t_na || types_->kind(t) != type_kind::enumeration) return {};
  found = true;
  const auto& members = (*types_)[t].member_places;
  auto it = members.find(path.substr(dot + 1));
  if (it == members.end()) {
    error("PN0223", pos, "the enum '" + path.substr(0, dot) + "' has no field '" + path.substr(dot + 1) + "'");
    return error_value();
  }
  return constant_number(t, f64(it->second));
}

value compiler::member_value(const ast::expr& e) {
  auto path = dotted(e);
  if (!path.empty()) {
    auto root = path.substr(0, path.find('.'));
    auto* local = find(root);
    // a variable named like a namespace hides the namespace only where it has such a field
    bool plain = local != nullptr && !local->builtin && types_->kind(local->val.type) != type_kind::object;
    if (local == nullptr || local->builtin || (plain && (registry::get().constant(path, version()) != nullptr || registry::get().variable(path) != nullptr))) {
      bool found = false;
      auto v = enum_member(path, e.pos, found);
      if (found) return v;
      const auto& reg = registry::get();
      if (const auto* c = reg.constant(path, version()); c != nullptr && (c->version == 0 || c->version == version())) {
        auto constant = c->type == t_string ? constant_text(c->text) : constant_number(c->type, c->number);
        constant.unique = unique_type_of(path);
        return constant;
      }
      if (const auto* row = reg.variable(path); row != nullptr && (row->version == 0 || row->version == version())) {
        if (runs_at_use(*row)) return call_builtin(path, e, nullptr);
        auto* s = builtin_symbol(*row);
        auto b = s->val;
        b.symbol = s;
        return b;
      }
      auto lib = frame_->home->imports.find(root);
      if (lib != frame_->home->imports.end() && lib->second != nullptr) {
        auto rest = path.substr(root.size() + 1);
        for (const auto& s : lib->second->tree.body)
          if (s->kind == ast::stmt_kind::declare && s->name == rest && s->exported) return library_global(*lib->second, *s);
      }
      if (local == nullptr) return unknown_name(path, e.pos, false);
    }
  }
  auto object = expression(*e.kids[0]);
  if (object.bad) return object;
  return field_value(object, e.text, e.pos);
}

value compiler::field_value(const value& object, const std::string& name, source_pos pos) {
  const auto& info = (*types_)[object.type];
  for (const auto& f : info.fields) {
    if (f.name != name) continue;
    if (f.type == t_na) return error_value(); // of a type that isn't there
    auto v = temp(f.type, qual::series);
    emit(is_ref(f.type) ? op::getfr : op::getf, v.reg, reg_as(object, object.type), f.slot);
    return v;
  }
  std::string hint;
  std::vector<std::string_view> fields;
  for (const auto& f : info.fields) fields.push_back(f.name);
  auto near = closest(name, fields);
  if (!near.empty()) hint = "did you mean '" + near + "'?";
  error("PN0218", pos, "type " + types_->name(object.type) + " has no field '" + name + "'", hint);
  return error_value();
}

// ---------------------------------------------------------------- history

std::int32_t compiler::ring_for(symbol_entry& s) {
  if (s.ring >= 0) return s.ring;
  out().rings.push_back(ring_of(s.val));
  s.ring = i32(out().rings.size() - 1);
  if (s.builtin) unit_->ringed_builtins.push_back(&s);
  return s.ring;
}

value compiler::history(const ast::expr& e) {
  auto base = expression(*e.kids[0]);
  auto back = expression(*e.kids[1]);
  if (base.bad || back.bad) return error_value();
  if (base.type == t_void || base.type == t_tuple || base.type == t_plot || base.type == t_hline) {
    error("PN0224", e.pos, "the history operator [] can't be used on a value of type " + types_->name(base.type));
    return error_value();
  }
  if (!is_number(back.type)) {
    error("PN0225", e.kids[1]->pos, "the offset of [] must be a number, this is " + show(back));
    return error_value();
  }
  if (back.known) back.number = std::floor(back.number); // fractions are rounded down
  auto k = e.kids[0]->kind;
  bool is_literal = k == expr_kind::number_int || k == expr_kind::number_float || k == expr_kind::text ||
                    k == expr_kind::boolean || k == expr_kind::color || k == expr_kind::na;
  if (is_literal && version() >= 6) {
    error("PN0224", e.pos, "the history operator [] can't be used on a literal in version 6");
    return error_value();
  }
  if (version() >= 6 && k == expr_kind::member && base.symbol == nullptr && !base.known) {
    error("PN0224", e.pos, "the history operator [] can't be used directly on a field in version 6",
          "write (object[1]).field");
    return error_value();
  }
  if (base.type == t_na) return base;
  if (back.known && (is_na(back.number) || back.number < 0)) {
    error("PN0225", e.kids[1]->pos, "the offset of [] can't be negative");
    return error_value();
  }
  if (back.known && back.number == 0) return base;
  if (base.known || (base.q == qual::constant && base.symbol == nullptr)) {
    // a constant has the same value on every bar, and na before the first
    base.reg = reg_of(base);
    base.known = false;
  }
  std::int32_t ring;
  if (base.symbol != nullptr) {
    ring = ring_for(*base.symbol);
  } else {
    out().rings.push_back(ring_of(base));
    ring = i32(out().rings.size() - 1);
    push_history(out().rings.back());
  }
  auto& plan = out().rings[usz(ring)];
  auto v = temp(base.type, qual::series);
  if (back.known) {
    auto n = u32(to_int(back.number));
    if (n > limits::history) {
      error("PN0225", e.kids[1]->pos, "the offset is beyond " + std::to_string(limits::history) + " bars");
      return error_value();
    }
    plan.depth = std::max(plan.depth, n);
    emit(plan.is_ref ? op::histr : op::hist, v.reg, plan.state, n);
  } else {
    plan.dynamic = true;
    emit(plan.is_ref ? op::histdr : op::histd, v.reg, plan.state, reg_of(back));
  }
  if (v.type == t_bool && version() >= 6) emit(op::land, v.reg, v.reg, v.reg); // before the first bar: false, never na
  return v;
}

// ---------------------------------------------------------------- operators

namespace {
/// The mark of what comes from two values: theirs, where they agree.
unique_type common_unique(const value& a, const value& b) { return a.unique == b.unique ? a.unique : unique_type::none; }

double fold_number(char o, double a, double b) {
  switch (o) {
  case '+': return a + b;
  case '-': return a - b;
  case '*': return a * b;
  case '/': return a / b;
  default: return b == 0 ? na_value : std::fmod(a, b);
  }
}
} // namespace

value compiler::unary(const ast::expr& e) {
  auto v = expression(*e.kids[0]);
  if (v.bad) return v;
  if (e.text == "not") {
    if (v.type != t_bool && !(version() < 6 && (is_number(v.type) || v.type == t_na))) {
      error("PN0226", e.pos, "'not' needs a bool, this is " + show(v), is_number(v.type) ? "compare it with 0" : "");
      return error_value();
    }
    if (v.known) return constant_number(t_bool, from_bool(!truthy_constant(v.number)));
    auto r = temp(t_bool, v.q);
    emit(op::lnot, r.reg, reg_of(v));
    return r;
  }
  if (!is_number(v.type) && v.type != t_na) {
    error("PN0226", e.pos, "the sign '" + e.text + "' needs a number, this is " + show(v));
    return error_value();
  }
  if (e.text == "+") {
    v.symbol = nullptr;
    return v;
  }
  if (v.known) return constant_number(v.type, -v.number);
  auto r = temp(v.type, v.q);
  emit(op::neg, r.reg, reg_of(v));
  return r;
}

value compiler::binary(const ast::expr& e) {
  auto a = expression(*e.kids[0]);
  auto b = expression(*e.kids[1]);
  if (a.bad || b.bad) return error_value();
  static const std::set<std::string> comparisons{"==", "!=", "<", "<=", ">", ">="};
  if (comparisons.count(e.text) > 0) return compare(e.text, a, b, e.pos);
  return arithmetic(e.text, a, b, e.pos);
}

value compiler::arithmetic(const std::string& o, value a, value b, source_pos pos) {
  if (a.bad || b.bad) return error_value();
  auto q = max(a.q, b.q);
  if (o == "+" && (a.type == t_string || b.type == t_string)) {
    if ((a.type != t_string && a.type != t_na) || (b.type != t_string && b.type != t_na)) {
      error("PN0226", pos, "'+' can't join " + show(a) + " and " + show(b), "convert the other value with str.tostring()");
      return error_value();
    }
    if (a.known && b.known && a.type == b.type) {
      if (a.text.size() + b.text.size() <= limits::string_chars) {
        auto joined = constant_text(a.text + b.text);
        joined.unique = common_unique(a, b);
        return joined;
      }
      error("PN0007", pos, "this string is longer than " + std::to_string(limits::string_chars) + " characters");
      return error_value();
    }
    auto v = temp(t_string, q);
    v.unique = common_unique(a, b);
    call_into(v, "$concat", "+", {reg_as(a, t_string), reg_as(b, t_string)}, {t_string, t_string});
    return v;
  }
  auto number = [](const value& v) { return is_number(v.type) || v.type == t_na; };
  if (!number(a) || !number(b)) {
    error("PN0226", pos, "'" + o + "' needs two numbers, these are " + show(a) + " and " + show(b));
    return error_value();
  }
  bool both_int = a.type == t_int && b.type == t_int;
  type_id t = both_int ? t_int : (a.type == t_na && b.type == t_na) ? t_na : (a.type == t_float || b.type == t_float) ? t_float : t_int;
  bool truncates = false;
  if (o == "/") {
    // version 6 divides exactly; version 5 truncates when both are constant ints. A quotient of ints keeps their type
    // and its fraction: ta.wma(close, length / 2) is a length like any other, cut where a whole number is needed
    truncates = both_int && version() < 6 && q == qual::constant;
  }
  if (a.known && b.known) {
    double r = fold_number(o[0], a.number, b.number);
    auto folded = constant_number(t, truncates ? std::trunc(r) : r);
    folded.unique = common_unique(a, b);
    return folded;
  }
  if (t == t_na) return constant_number(t_na, na_value);
  auto v = temp(t, q);
  v.unique = common_unique(a, b);
  op code = o == "+" ? op::add : o == "-" ? op::sub : o == "*" ? op::mul : o == "%" ? op::mod : truncates ? op::idiv : op::div;
  emit(code, v.reg, reg_of(a), reg_of(b));
  return v;
}

value compiler::compare(const std::string& o, const value& a, const value& b, source_pos pos) {
  auto q = max(a.q, b.q);
  bool equality = o == "==" || o == "!=";
  auto number = [](const value& v) { return is_number(v.type) || v.type == t_na; };
  bool numbers = number(a) && number(b);
  auto c = common(a.type, b.type);
  bool same = equality && c != t_void && a.type != t_void && a.type != t_tuple;
  if (!numbers && !same) {
    error("PN0226", pos, "'" + o + "' can't compare " + show(a) + " with " + show(b));
    return error_value();
  }
  if (a.known && b.known && a.type != t_string && b.type != t_string) {
    double d = a.number - b.number;
    bool eq = a.number == b.number || std::fabs(d) <= epsilon;
    bool na = is_na(a.number) || is_na(b.number);
    bool r = o == "==" ? eq : o == "!=" ? !eq : o == "<" ? d < -epsilon : o == "<=" ? d <= epsilon : o == ">" ? d > epsilon : d >= -epsilon;
    return constant_number(t_bool, na && version() < 6 ? na_value : from_bool(!na && r));
  }
  if (a.known && b.known && a.type == t_string && b.type == t_string)
    return constant_number(t_bool, from_bool((a.text == b.text) == (o == "==")));
  auto v = temp(t_bool, q);
  if (!numbers && is_ref(c)) {
    bool text = c == t_string && a.type != t_na && b.type != t_na; // nothing equals the word na
    emit(o == "==" ? (text ? op::teq : op::req) : (text ? op::tne : op::rne), v.reg, reg_as(a, c), reg_as(b, c));
    return v;
  }
  bool three = version() < 6;
  op code = o == "==" ? (three ? op::eq3 : op::eq) : o == "!=" ? (three ? op::ne3 : op::ne) : o == "<" ? (three ? op::lt3 : op::lt)
            : o == "<=" ? (three ? op::le3 : op::le) : o == ">" ? (three ? op::gt3 : op::gt) : (three ? op::ge3 : op::ge);
  emit(code, v.reg, reg_of(a), reg_of(b));
  return v;
}

value compiler::logical(const ast::expr& e) {
  bool is_and = e.text == "and";
  auto check = [&](const value& v) {
    if (v.bad || v.type == t_bool || (version() < 6 && (is_number(v.type) || v.type == t_na))) return true;
    error("PN0226", e.pos, "'" + e.text + "' needs bools, this is " + show(v), is_number(v.type) ? "compare it with 0" : "");
    return false;
  };
  auto a = expression(*e.kids[0]);
  if (version() < 6) {
    auto b = expression(*e.kids[1]);
    if (!check(a) || !check(b) || a.bad || b.bad) return error_value();
    if (a.known && b.known)
      return constant_number(t_bool, from_bool(is_and ? truthy_constant(a.number) && truthy_constant(b.number) : truthy_constant(a.number) || truthy_constant(b.number)));
    auto v = temp(t_bool, max(a.q, b.q));
    emit(is_and ? op::land : op::lor, v.reg, reg_of(exact_condition(a)), reg_of(exact_condition(b)));
    return v;
  }
  // version 6: the right side runs only when it decides
  auto v = temp(t_bool, a.q);
  if (a.bad || !check(a)) {
    expression(*e.kids[1]);
    return error_value();
  }
  auto ra = reg_of(a);
  auto skip_at = emit(is_and ? op::jf : op::jt, ra);
  auto start = here();
  auto b = expression(*e.kids[1]);
  if (!check(b) || b.bad) return error_value();
  if (here() == start) { // nothing to skip: plain operator
    out().code.pop_back();
    out().lines.pop_back();
    if (a.known && b.known)
      return constant_number(t_bool, from_bool(is_and ? truthy_constant(a.number) && truthy_constant(b.number) : truthy_constant(a.number) || truthy_constant(b.number)));
    v.q = max(a.q, b.q);
    emit(is_and ? op::land : op::lor, v.reg, ra, reg_of(b));
    return v;
  }
  move(v.reg, b, t_bool);
  auto end = emit(op::jmp);
  patch(skip_at, here());
  emit(op::mov, v.reg, number_reg(is_and ? 0 : 1));
  patch(end, here());
  v.q = max(a.q, b.q);
  return v;
}

value compiler::ternary(const ast::expr& e) {
  auto cond = expression(*e.kids[0]);
  if (!cond.bad && cond.type != t_bool && !(version() < 6 && (is_number(cond.type) || cond.type == t_na))) {
    error("PN0227", e.kids[0]->pos, "the condition of '?:' must be a bool, this is " + show(cond),
          is_number(cond.type) ? "compare it with 0" : "");
    cond = error_value();
  }
  cond = exact_condition(std::move(cond));
  auto cr = cond.bad ? number_reg(0) : reg_of(cond);
  auto test = emit(op::jf, cr);
  auto start = here();
  auto a = expression(*e.kids[1]);
  bool a_code = here() != start;
  result_slot slot;
  std::size_t end = 0;
  if (a_code) {
    store_result(slot, a, e.kids[1]->pos);
    end = emit(op::jmp);
    patch(test, here());
  }
  auto mid = here();
  auto b = expression(*e.kids[2]);
  for (std::size_t i = 1; i < 3; ++i) {
    if (!is_drawn((i == 1 ? a : b).type)) continue;
    error("PN0254", e.kids[i]->pos, "what is drawn can't depend on '?:'", "give plot() na where there is nothing to show");
    a = error_value();
  }
  if (cond.bad || a.bad || b.bad) {
    if (a_code) patch(end, here());
    else patch(test, here());
    return error_value();
  }
  bool plain = !a_code && here() == mid && a.type != t_tuple && b.type != t_tuple && a.type != t_void;
  auto q = max(cond.q, max(a.q, b.q));
  if (plain) {
    auto t = common(a.type, b.type);
    if (t == t_void) {
      error("PN0228", e.pos, "the two values of '?:' have different types: " + show(a) + " and " + show(b));
      return error_value();
    }
    out().code.pop_back();
    out().lines.pop_back();
    if (cond.known && a.known && b.known) {
      auto pick = truthy_constant(cond.number) ? a : b;
      pick.unique = common_unique(a, b);
      pick.type = t;
      pick.symbol = nullptr;
      return pick;
    }
    if (!is_ref(t)) {
      auto v = temp(t, q);
      v.unique = common_unique(a, b);
      auto ra = reg_as(a, t), rb = reg_as(b, t);
      emit(op::sel, v.reg, cr, ra);
      emit(op::halt, rb);
      return v;
    }
    test = emit(op::jf, cr);
  }
  if (!a_code) {
    // the first value needed no code, the second did: its code is already here, so jump around it
    if (!plain) {
      // code layout: jf test -> [b code]; turn the test round: run b's code only when the condition is false
      out().code[test].code = op::jt;
      store_result(slot, b, e.kids[2]->pos);
      end = emit(op::jmp);
      patch(test, here());
      store_result(slot, a, e.kids[1]->pos);
      patch(end, here());
      return take_result(slot, q);
    }
    store_result(slot, a, e.kids[1]->pos);
    end = emit(op::jmp);
    patch(test, here());
  }
  store_result(slot, b, e.kids[2]->pos);
  patch(end, here());
  return take_result(slot, q);
}

value compiler::tuple(const ast::expr& e) {
  value v;
  v.type = t_tuple;
  for (const auto& k : e.kids) {
    auto part = expression(*k);
    if (part.bad) return part;
    if (part.type == t_void || part.type == t_tuple) {
      error("PN0229", k->pos, "a tuple can hold single values only");
      return error_value();
    }
    v.q = max(v.q, part.q);
    v.parts.push_back(std::move(part));
  }
  return v;
}

} // namespace tt::pine
