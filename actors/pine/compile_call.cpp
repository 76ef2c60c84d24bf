#include "actors/pine/compile_unit.hpp"
#include "actors/pine/old_names.hpp"

#include <algorithm>

namespace tt::pine {

double parse_date(std::string_view text);

// ---------------------------------------------------------------- matching types

/// How well a value of type `have` fits: 0 exactly, more for worse, -1 not at all. Binds type variables.
int compiler::convertible(const type_spec& spec, type_id have, std::map<char, type_id>& vars) {
  switch (spec.form) {
  case type_form::none:
  case type_form::any: return have == t_void || have == t_tuple ? -1 : 2;
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
    if (have == t_void || have == t_tuple) return -1;
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
    if (v.q > p.most && !v.bad) {
      m.problem = "the argument '" + p.name + "' must be " + std::string(name_of(p.most)) + " " + show(p.type) +
                  " at most, this is " + show(v);
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
  if (receiver != nullptr && !place(at++, *receiver, pos)) return m;
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
    } else {
      if (named) {
        m.where = source.pos;
        m.problem = "a positional argument can't follow a named one";
        return m;
      }
      if (at >= fixed && !variadic) {
        m.where = source.pos;
        m.problem = "'" + b.name + "' takes at most " + std::to_string(fixed) + " argument" + (fixed == 1 ? "" : "s");
        return m;
      }
      slot = std::min(at, fixed);
      ++at;
    }
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

// ---------------------------------------------------------------- built-ins

value compiler::call_builtin(const std::string& name, const ast::expr& e, const value* receiver) {
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
  for (const auto& t : e.type_args) {
    type_args.push_back(resolve(t));
    auto kind = types_->kind(type_args.back());
    if (kind == type_kind::array || kind == type_kind::matrix || kind == type_kind::map) {
      error("PN0211", t.pos, "a collection can't hold collections directly", "put the inner collection into a user-defined type");
      return error_value();
    }
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
    args = evaluate_args(e);
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
    return error_value();
  }
  if (bad) {
    value v = error_value();
    return v;
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
  value result;
  result.type = t_void;
  auto q = b.result_qual;
  if (b.result_follows) {
    q = qual::constant;
    for (const auto& v : bound) q = max(q, v.q);
  }
  std::vector<type_id> result_types;
  for (const auto& r : b.results) result_types.push_back(instantiate(r, types));
  if (foldable(b, bound)) return fold_call(b, bound, result_types[0]);
  site_plan plan;
  plan.fn = b.fn;
  plan.name = b.name;
  plan.line_no = line_;
  for (std::size_t i = 0; i < bound.size(); ++i) {
    auto& v = bound[i];
    type_id t = v.type;
    const auto& spec = i < given.size() ? b.params[i].type : b.params.back().type;
    if (t == t_na) {
      t = instantiate(spec, types);
      if (t == t_na) t = t_float;
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
  (void)e;
  return result;
}

// ---------------------------------------------------------------- calls in general

const std::vector<function_info>* compiler::methods_of(const std::string& name, type_id receiver,
                                                       std::vector<function_info>& found) {
  auto gather = [&](module_info& m) {
    auto it = m.functions.find(name);
    if (it == m.functions.end()) return;
    for (const auto& f : it->second) {
      if (!f.decl->method || f.decl->params.empty()) continue;
      auto* saved = frame_;
      frame local;
      local.home = f.home;
      frame_ = &local;
      diags_.mute(1);
      auto t = f.decl->params[0].type.name.empty() ? t_na : resolve(f.decl->params[0].type);
      diags_.mute(-1);
      frame_ = saved;
      if (t == receiver || (t == t_float && receiver == t_int)) found.push_back(f);
    }
  };
  gather(*frame_->home);
  for (auto& [_, lib] : frame_->home->imports)
    if (lib != nullptr) gather(*lib);
  return found.empty() ? nullptr : &found;
}

value compiler::call(const ast::expr& e) {
  line_ = e.pos.line;
  const auto& callee = *e.kids[0];
  auto path = dotted(callee);
  auto& home = *frame_->home;
  if (!path.empty()) {
    auto dot = path.rfind('.');
    auto root = path.substr(0, path.find('.'));
    auto* local = find(root);
    bool shadowed = local != nullptr && !local->builtin && !means_builtin(path, e);
    if (dot == std::string::npos) {
      auto f = home.functions.find(path);
      if (f != home.functions.end()) return call_user(f->second, e, nullptr, path);
      return call_builtin(path, e, nullptr);
    }
    if (!shadowed) {
      auto last = path.substr(dot + 1);
      auto owner = path.substr(0, dot);
      auto t = find_type(home, owner);
      if (t != t_na && types_->kind(t) == type_kind::object) {
        if (last == "new") return new_object(t, e);
        if (last == "copy" && e.args.size() == 1) return copy_object(expression(*e.args[0].value));
      }
      auto lib = home.imports.find(root);
      if (lib != home.imports.end()) {
        if (lib->second == nullptr) return error_value();
        auto f = lib->second->functions.find(last);
        if (owner == root && f != lib->second->functions.end()) {
          std::vector<function_info> visible;
          for (const auto& c : f->second)
            if (c.decl->exported) visible.push_back(c);
          if (!visible.empty()) return call_user(visible, e, nullptr, path);
        }
        error("PN0221", e.pos, "the library '" + root + "' exports no function '" + last + "'");
        return error_value();
      }
      if (registry::get().functions(path) != nullptr) return call_builtin(path, e, nullptr);
      bool on_value = registry::get().variable(owner) != nullptr || registry::get().constant(owner, version()) != nullptr; // label.all.size()
      if (local == nullptr && !on_value) return unknown_name(path, e.pos, true);
    }
  }
  if (callee.kind != ast::expr_kind::member) {
    error("PN0242", e.pos, "this can't be called");
    return error_value();
  }
  // a method call: x.f(...)
  auto receiver = expression(*callee.kids[0]);
  if (receiver.bad) {
    evaluate_args(e);
    return receiver;
  }
  std::vector<function_info> found;
  if (methods_of(callee.text, receiver.type, found) != nullptr) return call_user(found, e, &receiver, callee.text);
  if (callee.text == "copy" && types_->kind(receiver.type) == type_kind::object) return copy_object(receiver);
  auto kind = types_->kind(receiver.type);
  std::string space = kind == type_kind::array ? "array" : kind == type_kind::matrix ? "matrix" : kind == type_kind::map ? "map" : types_->name(receiver.type);
  auto name = space + "." + callee.text;
  if (registry::get().functions(name) == nullptr) {
    if (lost(callee.text)) return error_value();
    error("PN0221", callee.pos, "there is no method '" + callee.text + "' for values of type " + types_->name(receiver.type));
    return error_value();
  }
  return call_builtin(name, e, &receiver);
}

value compiler::call_user(const std::vector<function_info>& candidates, const ast::expr& e, const value* receiver,
                          const std::string& name) {
  auto args = evaluate_args(e);
  for (const auto& v : args.values)
    if (v.bad) return error_value();
  const function_info* best = nullptr;
  int best_score = -1;
  std::vector<value> best_values;
  std::vector<const ast::expr*> best_sources;
  std::string problem;
  std::string_view problem_code = "PN0240";
  source_pos where = e.pos;
  for (const auto& f : candidates) {
    const auto& params = f.decl->params;
    std::vector<value> values(params.size());
    std::vector<const ast::expr*> sources(params.size(), nullptr);
    std::vector<bool> given(params.size(), false);
    std::size_t at = 0;
    int score = 0;
    bool good = true;
    auto fail = [&](std::string text, source_pos p) {
      if (problem.empty()) {
        problem = std::move(text);
        where = p;
      }
      good = false;
    };
    auto* saved = frame_;
    frame local;
    local.home = f.home;
    local.fn = f.decl; // a default that calls the function is a recursion too
    local.caller = saved;
    local.call_pos = e.pos;
    auto place = [&](std::size_t slot, const value& v, const ast::expr* source, source_pos p) {
      if (given[slot]) return fail("the argument '" + params[slot].name + "' is given twice", p);
      const auto& want = params[slot].type;
      if (!want.name.empty()) {
        frame_ = &local;
        auto t = resolve(want);
        frame_ = saved;
        if (!assignable(t, v.type) && t != t_na)
          return fail("the argument '" + params[slot].name + "' must be " + types_->name(t) + ", this is " + show(v), p);
        score += t == v.type ? 0 : 1;
      } else {
        score += 2;
      }
      auto most = want.qualifier == "const" ? qual::constant : want.qualifier == "input" ? qual::input
                  : want.qualifier == "simple" ? qual::simple : qual::series;
      if (v.q > most)
        return fail("the argument '" + params[slot].name + "' must be " + want.qualifier + " at most, this is " + show(v), p);
      values[slot] = v;
      sources[slot] = source;
      given[slot] = true;
    };
    if (receiver != nullptr) {
      const auto* r = e.kids[0]->kind == ast::expr_kind::member ? e.kids[0]->kids[0].get() : nullptr;
      if (params.empty()) fail("'" + name + "' takes no arguments", e.pos);
      else place(at++, *receiver, r, e.pos);
    }
    for (std::size_t i = 0; i < args.values.size() && good; ++i) {
      const auto& src = *args.sources[i];
      std::size_t slot = at;
      if (!src.name.empty()) {
        slot = params.size();
        for (std::size_t k = 0; k < params.size(); ++k)
          if (params[k].name == src.name) slot = k;
        if (slot == params.size()) {
          fail("'" + name + "' has no parameter named '" + src.name + "'", src.pos);
          break;
        }
      } else if (at++ >= params.size()) {
        fail("'" + name + "' takes " + std::to_string(params.size()) + " argument" + (params.size() == 1 ? "" : "s"), src.pos);
        break;
      }
      place(slot, args.values[i], src.value.get(), src.pos);
    }
    for (std::size_t k = 0; k < params.size() && good; ++k) {
      if (given[k]) continue;
      if (params[k].fallback == nullptr) {
        fail("'" + name + "' needs the argument '" + params[k].name + "'", e.pos);
        break;
      }
      if (expanding(f.decl)) { // a default that needs its own function
        fail("the function '" + f.decl->name + "' calls itself", e.pos);
        problem_code = "PN0243";
        break;
      }
      frame_ = &local;
      values[k] = expression(*params[k].fallback);
      frame_ = saved;
      sources[k] = params[k].fallback.get();
    }
    if (!good || (best != nullptr && score >= best_score)) continue;
    best = &f;
    best_score = score;
    best_values = values;
    best_sources = sources;
  }
  if (best == nullptr) {
    if (lost(name)) return error_value(); // the overload that fits may be the one that couldn't be read
    std::string hint;
    for (const auto& f : candidates) {
      hint += (hint.empty() ? "" : "  or  ") + name + "(";
      for (std::size_t k = 0; k < f.decl->params.size(); ++k)
        hint += (k > 0 ? ", " : "") + (f.decl->params[k].type.name.empty() ? "" : f.decl->params[k].type.name + " ") + f.decl->params[k].name;
      hint += ")";
    }
    error(problem_code, where, problem, problem_code == "PN0240" ? hint : "Pine functions can't be recursive");
    return error_value();
  }
  return expand(*best, std::move(best_values), std::move(best_sources), e.pos);
}

/// Whether a call of that function is being compiled.
bool compiler::expanding(const ast::stmt* fn) const {
  for (const auto* fr = frame_; fr != nullptr; fr = fr->caller)
    if (fr->fn == fn) return true;
  return false;
}

/// Compiles the body of a user function in place.
value compiler::expand(const function_info& f, std::vector<value> args, std::vector<const ast::expr*> sources,
                       source_pos pos) {
  if (expanding(f.decl)) {
    error("PN0243", pos, "the function '" + f.decl->name + "' calls itself", "Pine functions can't be recursive");
    return error_value();
  }
  if (++expansions_ > limits::expansions) too_large(pos);
  if (!spend(1 + args.size(), pos)) return error_value();
  if (++call_depth_ > limits::call_nesting) {
    --call_depth_;
    error("PN0244", pos, "function calls are nested too deeply");
    return error_value();
  }
  expanded_.insert(f.decl);
  auto line = line_;
  frame local;
  local.home = f.home;
  local.fn = f.decl;
  local.caller = frame_;
  local.call_pos = pos;
  auto loops = std::move(loops_);
  loops_.clear();
  auto name = std::move(pending_name_);
  pending_name_.clear();
  auto errors = diags_.error_count();
  frame_ = &local;
  open_scope();
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& p = f.decl->params[i];
    auto v = args[i];
    v.symbol = nullptr;
    if (!p.type.name.empty()) {
      auto t = resolve(p.type);
      if (v.type == t_na) {
        v.reg = reg_as(v, t);
        v.known = v.known && !is_ref(t);
      }
      if (t != t_na) v.type = t;
      if (p.type.qualifier == "series") {
        v.reg = reg_as(v, v.type);
        v.q = qual::series;
        v.known = false;
      }
    }
    local.args[p.name] = sources[i];
    auto* s = define(p.name, v, p.pos);
    s->is_param = true;
    s->val.symbol = s;
  }
  auto result = block_value(f.decl->body, true, true);
  // the parameters' histories are kept where the call ends
  frame_ = &local;
  close_scope();
  frame_ = local.caller;
  loops_ = std::move(loops);
  pending_name_ = std::move(name);
  line_ = line;
  --call_depth_;
  if (diags_.error_count() > errors && call_depth_ == 0 && f.home != main_ && !f.home->name.empty())
    error("PN0245", pos, "the call of the library function '" + f.decl->name + "' doesn't compile");
  result.symbol = nullptr;
  for (auto& p : result.parts) p.symbol = nullptr;
  return result;
}

value compiler::new_object(type_id t, const ast::expr& e) {
  auto args = evaluate_args(e);
  const auto info = (*types_)[t];
  const ast::stmt* decl = nullptr;
  module_info* owner = nullptr;
  for (auto& m : modules_)
    for (const auto& [name, d] : m.type_decls) {
      auto it = m.types.find(name);
      if (it != m.types.end() && it->second == t) {
        decl = d;
        owner = &m;
      }
    }
  std::vector<value> values(info.fields.size());
  std::vector<bool> given(info.fields.size(), false);
  std::size_t at = 0;
  for (std::size_t i = 0; i < args.values.size(); ++i) {
    const auto& src = *args.sources[i];
    std::size_t slot = at;
    if (!src.name.empty()) {
      slot = info.fields.size();
      for (std::size_t k = 0; k < info.fields.size(); ++k)
        if (info.fields[k].name == src.name) slot = k;
    } else {
      ++at;
    }
    if (slot >= info.fields.size()) {
      error("PN0240", src.pos, src.name.empty() ? "'" + info.name + ".new' has only " + std::to_string(info.fields.size()) + " fields"
                                                : "type " + info.name + " has no field '" + src.name + "'");
      return error_value();
    }
    if (args.values[i].bad) return error_value();
    if (!assignable(info.fields[slot].type, args.values[i].type)) {
      error("PN0240", src.pos, "the field '" + info.fields[slot].name + "' must be " + types_->name(info.fields[slot].type) +
                                 ", this is " + show(args.values[i]));
      return error_value();
    }
    values[slot] = args.values[i];
    given[slot] = true;
  }
  frame local;
  local.home = owner != nullptr ? owner : frame_->home;
  site_plan plan;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!given[k]) {
      const ast::expr* fallback = decl != nullptr && k < decl->fields.size() ? decl->fields[k].fallback.get() : nullptr;
      values[k] = constant_number(t_na, na_value);
      if (info.fields[k].type == t_bool && version() >= 6) values[k] = constant_number(t_bool, 0);
      if (fallback != nullptr) {
        auto* saved = frame_;
        local.caller = saved;
        frame_ = &local;
        if (++call_depth_ <= limits::call_nesting) {
          values[k] = expression(*fallback);
        } else {
          error("PN0244", fallback->pos, "the default of the field '" + info.fields[k].name + "' makes objects without end");
          gave_up_ = true; // with two such fields each level would double
        }
        --call_depth_;
        frame_ = saved;
        if (!values[k].bad && !assignable(info.fields[k].type, values[k].type)) {
          wrong_default(info.fields[k], *fallback, values[k]);
          values[k] = constant_number(t_na, na_value);
        }
      }
    }
    plan.args.push_back(reg_as(values[k], info.fields[k].type));
    plan.types.push_back(info.fields[k].type);
  }
  auto v = temp(t, qual::series);
  plan.fn = registry::get().functions("$new")->front().fn;
  plan.name = "new";
  plan.outs = {v.reg};
  plan.out_types = {t};
  plan.aux = t;
  plan.line_no = line_;
  out().sites.push_back(std::move(plan));
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
  return v;
}

value compiler::copy_object(const value& source) {
  if (source.bad) return source;
  auto v = temp(source.type, qual::series);
  site_plan plan;
  plan.fn = registry::get().functions("$copy")->front().fn;
  plan.name = "copy";
  plan.args = {reg_as(source, source.type)};
  plan.types = {source.type};
  plan.outs = {v.reg};
  plan.out_types = {source.type};
  plan.line_no = line_;
  out().sites.push_back(std::move(plan));
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
  return v;
}

} // namespace tt::pine
