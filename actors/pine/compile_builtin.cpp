#include "actors/pine/compile_unit.hpp"
#include "actors/pine/old_names.hpp"

#include <algorithm>

/// Calls of built-ins: which signature fits the arguments, constants folded, and what is emitted.

namespace tt::pine {

double parse_date(std::string_view text);

namespace {
/// Says why a variable is a series although all its values are constants.
std::string changed_by_assignment(const value& v) {
  return v.symbol != nullptr && v.symbol->mutated ? ": '" + v.symbol->name + "' is changed with ':='" : "";
}
} // namespace

// ---------------------------------------------------------------- matching types

/// How well a value of type `have` fits: 0 exactly, more for worse, -1 not at all. Binds type variables.
int compiler::convertible(const type_spec& spec, type_id have, std::map<char, type_id>& vars) {
  switch (spec.form) {
  case type_form::none:
  case type_form::any: return have == t_void || have == t_tuple || is_drawn(have) ? -1 : 2;
  case type_form::basic:
    if (have == spec.basic) return 0;
    if (have == t_na) return 1;
    if (spec.basic == t_float && have == t_int) return 1;
    if (spec.basic == t_bool && version() < 6 && is_number(have)) return 3;
    if (spec.basic == t_string && types_->kind(have) == type_kind::enumeration) return -1;
    return -1;
  case type_form::numeric: {
    if (have != t_na && !is_number(have)) return -1;
    auto& n = vars['#'];
    if (n == t_na || have == t_float) n = have == t_na ? n : have;
    return have == t_na ? 1 : 0;
  }
  case type_form::variable: {
    if (have == t_void || have == t_tuple || is_drawn(have)) return -1;
    auto& v = vars[spec.variable];
    if (have == t_na) return 1;
    if (v == t_na) {
      v = have;
      return 1;
    }
    if (v == have) return 1;
    if (v == t_float && have == t_int) return 2;
    if (v == t_int && have == t_float) {
      if (vars.count('!') > 0) return -1; // fixed by a collection or a type argument
      v = t_float;
      return 2;
    }
    return -1;
  }
  case type_form::array:
  case type_form::matrix:
  case type_form::map: {
    if (have == t_na) return 1;
    auto kind = types_->kind(have);
    auto want = spec.form == type_form::array ? type_kind::array : spec.form == type_form::matrix ? type_kind::matrix : type_kind::map;
    if (kind != want) return -1;
    const auto info = (*types_)[have];
    auto element = [&](const type_spec& s, type_id e) {
      if (e == t_na) return -1;
      if (s.form == type_form::variable) {
        auto& v = vars[s.variable];
        if (v != t_na && v != e && !(vars.count('!') == 0 && is_number(v) && is_number(e))) return -1;
        v = e;
        vars['!'] = t_int;
        return 0;
      }
      if (s.form == type_form::any) return 1;
      if (s.form == type_form::numeric) {
        if (!is_number(e)) return -1;
        vars['#'] = e;
        return 0;
      }
      if (s.form == type_form::basic) return s.basic == e ? 0 : (s.basic == t_float && e == t_int) ? 1 : -1;
      return -1;
    };
    int score = element(spec.args[0], info.arg);
    if (score >= 0 && spec.args.size() > 1) {
      int second = element(spec.args[1], info.arg2);
      score = second < 0 ? -1 : score + second;
    }
    return score;
  }
  }
  return -1;
}

type_id compiler::instantiate(const type_spec& spec, const std::map<char, type_id>& vars) const {
  auto var = [&](char c, type_id otherwise) {
    auto it = vars.find(c);
    return it == vars.end() || it->second == t_na ? otherwise : it->second;
  };
  auto& types = *types_;
  switch (spec.form) {
  case type_form::basic: return spec.basic;
  case type_form::variable: return var(spec.variable, t_na);
  case type_form::numeric: return var('#', t_float);
  case type_form::array: return types.array_of(instantiate(spec.args[0], vars));
  case type_form::matrix: return types.matrix_of(instantiate(spec.args[0], vars));
  case type_form::map: return types.map_of(instantiate(spec.args[0], vars), instantiate(spec.args[1], vars));
  default: return t_na;
  }
}

std::string compiler::show(const type_spec& spec) const {
  switch (spec.form) {
  case type_form::basic: return types_->name(spec.basic);
  case type_form::numeric: return "int or float";
  case type_form::array: return "array<" + show(spec.args[0]) + ">";
  case type_form::matrix: return "matrix<" + show(spec.args[0]) + ">";
  case type_form::map: return "map<" + show(spec.args[0]) + ", " + show(spec.args[1]) + ">";
  default: return "any type";
  }
}

call_args compiler::evaluate_args(const ast::expr& e) {
  call_args out_args;
  if (e.kind != ast::expr_kind::call) return out_args;
  for (const auto& a : e.args) {
    out_args.values.push_back(expression(*a.value));
    out_args.sources.push_back(&a);
  }
  return out_args;
}

compiler::match compiler::try_bind(const builtin& b, const call_args& args, const value* receiver,
                                   const std::vector<type_id>& type_args, source_pos pos) {
  match m;
  m.where = pos;
  auto fixed = b.params.size();
  bool variadic = fixed > 0 && b.params.back().variadic;
  if (variadic) --fixed;
  m.bound.resize(fixed);
  m.given.assign(fixed, false);
  if (!type_args.empty()) {
    const char names[3] = {'T', 'K', 'V'};
    bool is_map = type_args.size() == 2;
    for (std::size_t i = 0; i < type_args.size(); ++i) m.types[names[is_map ? i + 1 : 0]] = type_args[i];
    m.types['!'] = t_int;
  }
  int score = 0;
  std::size_t at = 0;
  auto place = [&](std::size_t slot, const value& v, source_pos where) {
    const auto& p = b.params[slot];
    m.where = where;
    if (slot < fixed && m.given[slot]) {
      m.problem = "the argument '" + p.name + "' is given twice";
      return false;
    }
    bool option_list = v.type == t_tuple && p.name == "options";
    int s = v.bad || option_list ? 0 : convertible(p.type, v.type, m.types);
    auto called = p.name.empty() ? "number " + std::to_string(m.bound.size() + 1) : "'" + p.name + "'";
    if (s < 0 && p.type.form == type_form::variable) {
      auto fixed_type = m.types.find(p.type.variable);
      m.problem = "the argument " + called + " doesn't fit the arguments before it" +
                  (fixed_type == m.types.end() || fixed_type->second == t_na ? "" : ", which are " + types_->name(fixed_type->second)) + ": this is " + show(v);
      return false;
    }
    if (s < 0) {
      m.problem = "the argument " + called + " must be " + show(p.type) + ", this is " + show(v);
      return false;
    }
    // a value that nobody knows before the script runs passes: it may have come through a function
    bool told = v.unique != unique_type::none || v.known || v.q <= qual::input;
    if (p.unique != unique_type::none && v.unique != p.unique && told && !v.bad && v.type != t_na) {
      m.problem = "the argument " + called + " must be " + std::string(name_of(p.unique)) + ", this is " + show(v) + ": " +
                  std::string(examples_of(p.unique));
      return false;
    }
    if (v.q > p.most && !v.bad) {
      m.problem = "the argument '" + p.name + "' must be " + std::string(name_of(p.most)) + " " + show(p.type) +
                  " at most, this is " + show(v) + changed_by_assignment(v);
      score += 1000;
      if (m.score == -1) m.score = -2; // types fit, the qualifier doesn't
      return false;
    }
    score += s;
    if (slot < fixed) {
      m.bound[slot] = v;
      m.given[slot] = true;
    } else {
      m.bound.push_back(v);
    }
    return true;
  };
  if (receiver != nullptr && b.params.empty()) {
    m.problem = "'" + b.name + "' can't be called on a value";
    return m;
  }
  if (receiver != nullptr && !place(at++, *receiver, pos)) return m;
  // version 5 lets a parameter be given again by its name; the first argument is the one that counts
  auto again = [&](std::size_t slot, bool by_name) { return version() < 6 && by_name && slot < fixed && m.given[slot]; };
  bool named = false;
  for (std::size_t i = 0; i < args.values.size(); ++i) {
    const auto& source = *args.sources[i];
    std::size_t slot = at;
    if (!source.name.empty()) {
      named = true;
      slot = fixed;
      for (std::size_t k = 0; k < fixed; ++k)
        if (b.params[k].name == source.name) slot = k;
      if (slot == fixed) {
        m.where = source.pos;
        m.problem = "'" + b.name + "' has no parameter named '" + source.name + "'";
        return m;
      }
      if (b.params[slot].since > version()) {
        m.where = source.pos;
        m.problem = "the parameter '" + source.name + "' of '" + b.name + "' exists in version " + std::to_string(b.params[slot].since) + " only";
        return m;
      }
    } else {
      if (named) {
        m.where = source.pos;
        m.problem = "a positional argument can't follow a named one";
        return m;
      }
      if (at >= fixed ? !variadic : b.params[at].since > version()) {
        m.where = source.pos;
        m.problem = "'" + b.name + "' takes at most " + std::to_string(at) + " argument" + (at == 1 ? "" : "s");
        return m;
      }
      slot = std::min(at, fixed);
      ++at;
    }
    if (again(slot, !source.name.empty())) continue;
    if (!place(slot, args.values[i], source.pos)) return m;
  }
  for (std::size_t k = 0; k < fixed; ++k) {
    if (m.given[k] || b.params[k].optional) continue;
    m.where = pos;
    m.problem = "'" + b.name + "' needs the argument '" + b.params[k].name + "'";
    return m;
  }
  m.score = score;
  return m;
}

/// What else is wrong with the arguments of a call whose first wrong one is reported: that one is passed over, and so on.
void compiler::report_other_arguments(const builtin& b, call_args args, const value* receiver, const std::vector<type_id>& type_args,
                                      source_pos pos, match last) {
  for (auto rounds = args.sources.size(); rounds > 1; --rounds) {
    auto wrong = std::find_if(args.sources.begin(), args.sources.end(), [&](const auto* a) { return a->pos.line == last.where.line && a->pos.column == last.where.column; });
    if (wrong == args.sources.end()) return;
    const auto at = wrong - args.sources.begin();
    const bool has_place = last.problem.rfind("the argument", 0) == 0 && last.problem.find("given twice") == std::string::npos;
    if (has_place) {
      args.values[usz(at)] = error_value();
    } else {
      args.values.erase(args.values.begin() + at);
      args.sources.erase(wrong);
    }
    last = try_bind(b, args, receiver, type_args, pos);
    // an argument that is missing may be what the wrong one was meant for
    if (last.score >= 0 || (last.where.line == pos.line && last.where.column == pos.column)) return;
    error(last.score == -2 ? "PN0241" : "PN0240", last.where, last.problem);
  }
}

// ---------------------------------------------------------------- built-ins

/// The types between '<' and '>' of a call. What makes a collection needs them: nothing else says what it holds.
bool compiler::type_arguments(const std::string& name, const ast::expr& e, std::vector<type_id>& out) {
  std::size_t want = name == "map.new" ? 2 : name == "array.new" || name == "matrix.new" ? 1 : 0;
  if (want > 0 && e.type_args.size() != want) {
    error("PN0211", e.pos, "'" + name + "' needs the type" + (want > 1 ? "s" : "") + " of what it holds",
          "write for example " + name + (want > 1 ? "<string, float>()" : "<float>()"));
    return false;
  }
  for (const auto& t : e.type_args) {
    out.push_back(resolve(t));
    if (out.back() == t_na) return false; // there is no such type: that was said
    auto kind = types_->kind(out.back());
    if (kind == type_kind::array || kind == type_kind::matrix || kind == type_kind::map) {
      error("PN0211", t.pos, "a collection can't hold collections directly", "put the inner collection into a user-defined type");
      return false;
    }
  }
  return want != 2 || key_type(out[0], e.type_args[0].pos);
}

/// Whether the type says what its elements are. A collection of nothing but na would take numbers and references alike.
bool compiler::elements_known(const std::string& name, type_id t, source_pos pos) {
  auto kind = types_->kind(t);
  if (kind != type_kind::array && kind != type_kind::matrix && kind != type_kind::map) return true;
  const auto& info = (*types_)[t];
  if (info.arg != t_na && (kind != type_kind::map || info.arg2 != t_na)) return true;
  error("PN0240", pos, "what the collection of '" + name + "' holds can't be known from na");
  return false;
}

value compiler::call_builtin(const std::string& name, const ast::expr& e, const value* receiver, const call_args* ready) {
  const auto& reg = registry::get();
  const auto* list = reg.functions(name);
  if (const auto* row = reg.variable(name); row != nullptr && row->fn != nullptr && e.kind != ast::expr_kind::call) {
    auto v = temp(row->type, row->q);
    site_plan plan;
    plan.fn = row->fn;
    plan.name = row->name;
    plan.outs = {v.reg};
    plan.out_types = {row->type};
    plan.state = row->state > 0 ? new_state(row->state) : 0;
    plan.line_no = line_;
    out().sites.push_back(std::move(plan));
    emit(op::call, 0, 0, u32(out().sites.size() - 1));
    return v;
  }
  if (list == nullptr) return unknown_name(name, e.pos, true);
  std::vector<type_id> type_args;
  if (!type_arguments(name, e, type_args)) {
    if (ready == nullptr) evaluate_args(e);
    return error_value();
  }
  // the expression of a request runs elsewhere: it is checked there, not here
  const ast::expr* body_expr = nullptr;
  call_args args;
  if (list->front().kind == special::request) {
    std::size_t index = 0;
    const std::string body_name = "expression";
    std::size_t body_at = name == "request.seed" ? 2 : 2;
    for (const auto& a : e.args) {
      bool is_body = a.name == body_name || (a.name.empty() && index == body_at);
      ++index;
      if (is_body) {
        body_expr = a.value.get();
        args.values.push_back(constant_number(t_na, na_value));
      } else {
        args.values.push_back(expression(*a.value));
      }
      args.sources.push_back(&a);
    }
  } else {
    args = ready != nullptr ? *ready : evaluate_args(e);
    take_transparency(name, args);
    take_text_sizes(name, args);
  }
  bool bad = false;
  for (const auto& v : args.values) bad = bad || v.bad;
  const builtin* best = nullptr;
  match chosen;
  match reason;
  bool any = false;
  for (const auto& b : *list) {
    if (b.version != 0 && b.version != version()) continue;
    auto m = try_bind(b, args, receiver, type_args, e.pos);
    if (m.score >= 0 && (best == nullptr || m.score < chosen.score)) {
      best = &b;
      chosen = std::move(m);
    } else if (m.score < 0 && (!any || m.score == -2)) {
      reason = std::move(m);
      any = true;
    }
  }
  if (best == nullptr) {
    if (list->front().kind == special::declaration) declared_ = true; // it is there, only wrong
    if (bad) return error_value();
    if (!any) return unknown_name(name, e.pos, true);
    for (std::size_t i = 0; i < args.values.size(); ++i) {
      if (args.values[i].type != t_void) continue;
      error("PN0240", args.sources[i]->pos, "the argument number " + std::to_string(i + 1) + " of '" + name + "' has no value");
      return error_value();
    }
    std::string hint;
    std::size_t shown = 0;
    for (const auto& b : *list)
      if ((b.version == 0 || b.version == version()) && shown++ < 3) hint += (hint.empty() ? "" : "  or  ") + b.text;
    for (const auto* a : args.sources)
      if (auto old = old_parameter_hint(name, a->name); !old.empty() && reason.problem.find("no parameter named") != std::string::npos) hint = old;
    error(reason.score == -2 ? "PN0241" : "PN0240", reason.where, reason.problem, hint);
    if (shown == 1) report_other_arguments(*std::find_if(list->begin(), list->end(), [&](const auto& b) { return b.version == 0 || b.version == version(); }),
                                           args, receiver, type_args, e.pos, std::move(reason));
    return error_value();
  }
  if (bad) return error_value();
  bool orders = best->results.empty() && name.rfind("strategy.", 0) == 0;
  if (orders && declared_ && main_unit_.out->decl.kind == declaration::kind_t::indicator) {
    error("PN0264", e.pos, name + "() can be called in a strategy only", "declare the script with strategy() instead of indicator()");
    return error_value();
  }
  if (name == "strategy.exit") check_exit(*best, e.pos, chosen.given);
  if (version() >= 6 && name == "na" && chosen.bound[0].type == t_bool) {
    error("PN0213", e.pos, "a bool can't be na in version 6, so na() takes none");
    return error_value();
  }
  if (best->kind == special::request) return request_call(*best, e, chosen.bound, chosen.given, body_expr);
  if (best->kind != special::none) return special_call(*best, e, chosen.bound, chosen.given);
  return emit_builtin(*best, e, chosen.bound, chosen.types, chosen.given);
}

bool compiler::foldable(const builtin& b, const std::vector<value>& bound) const {
  if (!b.result_follows || b.results.size() != 1 || b.state != 0) return false;
  if (b.name.compare(0, 5, "math.") != 0 && b.name.compare(0, 6, "color.") != 0 && b.name != "int" && b.name != "float" &&
      b.name != "nz" && b.name != "bool")
    return false;
  if (b.name == "math.random" || b.name == "math.round_to_mintick") return false;
  for (const auto& v : bound)
    if (!v.known || v.type == t_string) return false;
  return true;
}

value compiler::fold_call(const builtin& b, const std::vector<value>& bound, type_id type) {
  std::vector<double> numbers(bound.size());
  std::vector<register_ptr> args(bound.size());
  site_plan plan;
  plan.name = b.name;
  for (std::size_t i = 0; i < bound.size(); ++i) {
    numbers[i] = bound[i].number;
    args[i].n = &numbers[i];
    plan.args.push_back(u32(i));
    plan.types.push_back(bound[i].type);
  }
  if (b.name == "bool" && version() < 6 && is_na(bound[0].number)) return constant_number(type, na_value); // three states
  double result = na_value;
  register_ptr target{&result};
  site c;
  c.fn = b.fn;
  c.args = args.data();
  c.outs = &target;
  c.plan = &plan;
  b.fn(c);
  return constant_number(type, result);
}

value compiler::emit_builtin(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                             std::map<char, type_id>& types, const std::vector<bool>& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i]) continue;
    const auto& p = b.params[i];
    if (p.is_text) {
      bound[i] = constant_text(p.text);
    } else {
      auto t = p.type.form == type_form::basic ? p.type.basic : p.type.form == type_form::variable ? instantiate(p.type, types) : t_float;
      bound[i] = p.na_default ? constant_number(t_na, na_value) : constant_number(t, p.number);
    }
  }
  if (b.name == "timestamp" && bound.size() == 1 && bound[0].known) {
    double t = parse_date(bound[0].text);
    if (is_na(t)) error("PN0246", e.pos, "\"" + bound[0].text + "\" isn't a date", "write for example \"2020-02-01T22:10:05\"");
    return constant_number(t_int, t);
  }
  if (auto instead = effect_in_request(b, e, types)) return *instead;
  value result;
  result.type = t_void;
  auto q = b.result_qual;
  if (b.result_follows) {
    q = qual::constant;
    for (const auto& v : bound) q = max(q, v.q);
  }
  std::vector<type_id> result_types;
  for (const auto& r : b.results) {
    result_types.push_back(instantiate(r, types));
    if (!elements_known(b.name, result_types.back(), e.pos)) return error_value();
  }
  if (b.name == "color.new" && bound[1].known && (bound[1].number < 0 || bound[1].number > 100))
    error("PN0255", e.pos, "the transparency must be between 0 and 100");
  if (foldable(b, bound)) return fold_call(b, bound, result_types[0]);
  site_plan plan;
  plan.fn = b.fn;
  plan.name = b.name;
  plan.line_no = line_;
  if (b.name.compare(0, 9, "strategy.") == 0) plan.statement = statements_.try_emplace(&e, u32(statements_.size()) + 1).first->second;
  for (std::size_t i = 0; i < bound.size(); ++i) {
    auto& v = bound[i];
    type_id t = v.type;
    const auto& spec = i < given.size() ? b.params[i].type : b.params.back().type;
    if (t == t_na) {
      t = instantiate(spec, types);
      if (t == t_na) t = t_float;
      if (t == t_bool && version() >= 6) {
        if (i >= given.size() || given[i]) error("PN0213", e.pos, "a bool can't be na in version 6, as an argument of '" + b.name + "' neither");
        v = constant_number(t_bool, 0);
      }
    }
    plan.args.push_back(reg_as(v, t));
    plan.types.push_back(i < given.size() && !given[i] && b.params[i].omitted ? t_void : t);
    if (i < given.size() && (b.params[i].name == "length" || b.params[i].name == "occurrence") && v.q == qual::series)
      plan.series_length = true;
  }
  plan.state = b.state > 0 ? new_state(b.state) : 0;
  plan.aux = u32(result_types.empty() ? t_void : result_types[0]);
  for (auto t : result_types) {
    if (t == t_na) t = t_float;
    plan.outs.push_back(new_reg(t));
    plan.out_types.push_back(t);
  }
  if (result_types.size() == 1) {
    result.type = plan.out_types[0];
    result.q = q;
    result.reg = plan.outs[0];
  } else if (result_types.size() > 1) {
    result.type = t_tuple;
    result.q = q;
    for (std::size_t i = 0; i < result_types.size(); ++i) {
      value part;
      part.type = plan.out_types[i];
      part.q = q;
      part.reg = plan.outs[i];
      result.parts.push_back(part);
    }
  }
  out().sites.push_back(std::move(plan));
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
  return result;
}

} // namespace tt::pine
