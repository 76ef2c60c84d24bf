#include "actors/pine/compile_unit.hpp"

#include <algorithm>

/// Calls in general, of user functions, and of what makes objects.

namespace tt::pine {

// ---------------------------------------------------------------- calls in general

/// Whether what is declared there may be named: the body of a function sees only what stands above the function. It is
/// compiled where it is called, when more has been declared.
bool compiler::in_sight(source_pos declared, const module_info* home) const {
  if (frame_->fn == nullptr || frame_->home != home) return true;
  const auto& own = frame_->fn->pos;
  return declared.line < own.line || (declared.line == own.line && declared.column < own.column);
}

std::vector<function_info> compiler::functions_in_sight(const std::vector<function_info>& all) const {
  std::vector<function_info> out;
  for (const auto& f : all)
    if (in_sight(f.decl->pos, f.home)) out.push_back(f);
  return out;
}

const std::vector<function_info>* compiler::methods_of(const std::string& name, type_id receiver,
                                                       std::vector<function_info>& found) {
  auto gather = [&](module_info& m) {
    auto it = m.functions.find(name);
    if (it == m.functions.end()) return;
    for (const auto& f : it->second) {
      if (!f.decl->method || f.decl->params.empty() || !in_sight(f.decl->pos, f.home)) continue;
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
      if (f == home.functions.end()) return call_builtin(path, e, nullptr);
      const auto seen = functions_in_sight(f->second);
      if (!seen.empty()) return call_user(seen, e, nullptr, path);
      return registry::get().functions(path) != nullptr ? call_builtin(path, e, nullptr) : out_of_sight(f->second, e);
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
        // an alias such as 'ta' leaves what it doesn't export to the built-in namespace (manual: reference of import)
        if (registry::get().functions(path) == nullptr) {
          error("PN0221", e.pos, "the library '" + root + "' exports no " + (owner == root ? "function '" + last : "type '" + owner.substr(root.size() + 1)) + "'");
          return error_value();
        }
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
  const bool own = methods_of(callee.text, receiver.type, found) != nullptr;
  const bool copies = callee.text == "copy" && types_->kind(receiver.type) == type_kind::object;
  if (copies && (!own || e.args.empty())) {
    for (const auto& f : found)
      if (f.decl->params.size() == 1) return call_user(found, e, &receiver, callee.text);
    return copy_object(receiver);
  }
  auto kind = types_->kind(receiver.type);
  std::string space = kind == type_kind::array ? "array" : kind == type_kind::matrix ? "matrix" : kind == type_kind::map ? "map" : types_->name(receiver.type);
  auto name = space + "." + callee.text;
  if (own) return call_user(found, e, &receiver, callee.text, name);
  if (registry::get().functions(name) == nullptr) {
    if (auto below = home.functions.find(callee.text); below != home.functions.end())
      for (const auto& f : below->second)
        if (f.decl->method && !in_sight(f.decl->pos, f.home)) return out_of_sight(below->second, e);
    if (lost(callee.text)) return error_value();
    error("PN0221", callee.pos, "there is no method '" + callee.text + "' for values of type " + types_->name(receiver.type));
    return error_value();
  }
  return call_builtin(name, e, &receiver);
}

/// A call of what is declared further down, which is a recursion where that is being compiled.
value compiler::out_of_sight(const std::vector<function_info>& all, const ast::expr& e) {
  for (const auto& f : all) {
    if (!expanding(f.decl)) continue;
    error("PN0243", e.pos, "the function '" + f.decl->name + "' calls itself", "Pine functions can't be recursive");
    return error_value();
  }
  return unknown_name(all.front().decl->name, e.pos, true);
}

/// `otherwise` is the built-in method of that name, for a call that no method of the script fits: those "override and
/// overload" it (Pine manual, "Methods").
value compiler::call_user(const std::vector<function_info>& candidates, const ast::expr& e, const value* receiver,
                          const std::string& name, const std::string& otherwise) {
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
      if (given[slot] && version() < 6) return; // version 5 takes the first of them
      if (given[slot]) return fail("the argument '" + params[slot].name + "' is given twice", p);
      const auto& want = params[slot].type;
      if (!want.name.empty()) {
        frame_ = &local;
        auto t = resolve(want);
        frame_ = saved;
        if (t == t_bool && v.type == t_na && version() >= 6)
          return fail("the argument '" + params[slot].name + "' can't be na: a bool can't be na in version 6", p);
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
      auto wanted = params[k].type.name.empty() ? t_na : resolve(params[k].type);
      frame_ = saved;
      if (wanted != t_na && !values[k].bad && !assignable(wanted, values[k].type)) {
        fail("the default of the parameter '" + params[k].name + "' must be " + types_->name(wanted) + ", this is " + show(values[k]), e.pos);
        break;
      }
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
    if (problem_code == "PN0240" && registry::get().functions(otherwise) != nullptr) return call_builtin(otherwise, e, receiver, &args);
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
    if (given[slot]) {
      if (version() < 6) continue;
      error("PN0240", src.pos, "the field '" + info.fields[slot].name + "' is given twice");
      return error_value();
    }
    if (!assignable(info.fields[slot].type, args.values[i].type)) {
      error("PN0240", src.pos, "the field '" + info.fields[slot].name + "' must be " + types_->name(info.fields[slot].type) +
                                 ", this is " + show(args.values[i]));
      return error_value();
    }
    if (info.fields[slot].type == t_bool && args.values[i].type == t_na && version() >= 6)
      error("PN0213", src.pos, "the field '" + info.fields[slot].name + "' can't be na: a bool can't be na in version 6");
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
