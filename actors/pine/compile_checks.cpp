#include "actors/pine/compile_unit.hpp"

#include <algorithm>

/// Checks of declarations that don't depend on a call.

namespace tt::pine {

bool compiler::same_types(const ast::type_name& a, const ast::type_name& b) const {
  if (a.name != b.name || a.args.size() != b.args.size()) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i)
    if (!same_types(a.args[i], b.args[i])) return false;
  return true;
}

/// The header of a function: parameters that differ in name, a receiver with a type, no other function of the same
/// name and parameters in `before`.
void compiler::check_header(const ast::stmt& fn, const std::vector<function_info>& before) {
  if (before.size() >= limits::overloads) { // each is compared with all others, and each call with every one
    error("PN0301", fn.pos, "more than " + std::to_string(limits::overloads) + " functions are named '" + fn.name + "'");
    gave_up_ = true;
    return;
  }
  std::set<std::string> names;
  for (const auto& p : fn.params)
    if (!names.insert(p.name).second) error("PN0207", p.pos, "the parameter '" + p.name + "' is declared twice");
  if (fn.method && (fn.params.empty() || fn.params[0].type.name.empty()))
    error("PN0211", fn.pos, "the first parameter of the method '" + fn.name + "' needs a type", "write for example: method " + fn.name + "(float this)");
  for (const auto& other : before) {
    const auto& params = other.decl->params;
    bool same = params.size() == fn.params.size();
    for (std::size_t i = 0; same && i < params.size(); ++i) same = same_types(params[i].type, fn.params[i].type);
    if (!same) continue;
    error("PN0207", fn.pos, "the function '" + fn.name + "' is declared twice with the same parameters",
          "the first one stands in line " + std::to_string(other.decl->pos.line));
    return;
  }
}

/// A call of strategy.exit() writes down where to leave, be it na: a level, or a trailing stop with both its parts. This is
/// what TradingView's compiler demands, whatever the values are.
void compiler::check_exit(const builtin& b, source_pos pos, const std::vector<bool>& given) {
  auto says = [&](std::string_view name) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i] && b.params[i].name == name) return true;
    return false;
  };
  if (says("profit") || says("limit") || says("loss") || says("stop")) return;
  if (says("trail_offset") && (says("trail_price") || says("trail_points"))) return;
  error("PN0266", pos, "strategy.exit() needs one of profit, limit, loss, stop, or trail_offset with trail_price or trail_points",
        "to leave at the market price use strategy.close()");
}

/// Words of a declaration that stand for a choice.
void compiler::check_word(const char* what, const std::string& word, source_pos pos) {
  static const std::map<std::string_view, std::vector<std::string_view>> choices{
      {"default_qty_type", {"fixed", "cash", "percent_of_equity"}},
      {"commission_type", {"percent", "cash_per_contract", "cash_per_order"}},
      {"close_entries_rule", {"FIFO", "ANY"}}};
  auto found = choices.find(what);
  const bool known = found != choices.end() ? std::find(found->second.begin(), found->second.end(), word) != found->second.end()
                                            : word.empty() || word == "NONE" || registry::get().constant("currency." + word, version()) != nullptr;
  if (known) return;
  std::string list;
  if (found != choices.end())
    for (auto c : found->second) list += (list.empty() ? "one of " : ", ") + std::string(c);
  error("PN0252", pos, std::string(what) + " can't be \"" + word + "\"", found != choices.end() ? list : "use one of the constants currency.*");
}

/// The default of a parameter of a function that nothing calls: it must fit the parameter's type.
void compiler::check_default(const function_info& f, const ast::parameter& param, type_id type) {
  if (param.fallback == nullptr || type == t_na) return;
  auto* saved = frame_;
  frame local;
  local.home = f.home;
  local.fn = f.decl;
  local.caller = saved;
  frame_ = &local;
  auto v = expression(*param.fallback);
  frame_ = saved;
  if (!v.bad && !assignable(type, v.type))
    error("PN0240", param.fallback->pos, "the default of the parameter '" + param.name + "' must be " + types_->name(type) + ", this is " + show(v));
}

/// Checks functions that nothing calls, and the defaults of fields. A parameter without a type is a value of which
/// nothing is known: names in the body are looked up all the same.
void compiler::check_uncalled(module_info& m) {
  check_exports();
  auto jump = emit(op::jmp); // what is emitted here is dead code behind a jump
  auto& p = out();
  auto plots = p.plots.size(), requests = p.requests.size(), inputs = p.inputs.size(), uses = p.input_uses.size();
  auto series = plotted_series_;
  check_field_defaults(m);
  for (const auto& [name, list] : m.functions) {
    for (const auto& f : list) {
      if (gave_up_) return;
      if (expanded_.count(f.decl) > 0) continue;
      std::vector<value> args;
      for (const auto& param : f.decl->params) {
        const auto& q = param.type.qualifier;
        auto type = param.type.name.empty() ? t_na : resolve(param.type);
        args.push_back(type == t_na ? error_value() : temp(type, qual::series));
        if (q == "simple") args.back().q = qual::simple;
        if (q == "const") args.back().q = qual::constant;
        if (q == "input") args.back().q = qual::input;
        check_default(f, param, type);
      }
      std::vector<const ast::expr*> none(args.size(), nullptr);
      expand(f, std::move(args), std::move(none), f.decl->pos);
    }
  }
  plotted_series_ = series;
  p.plots.resize(plots); // nothing of this is shown, asked for or set
  p.requests.resize(requests);
  p.inputs.resize(inputs);
  p.input_uses.resize(uses);
  patch(jump, here());
}

/// A script with a timeframe of its own can't draw or call alert(): both speak of the chart's bars.
void compiler::check_frame() {
  if (out().decl.timeframe.empty()) return;
  for (const auto& s : out().sites) {
    auto dot = s.name.find('.');
    auto space = s.name.substr(0, dot == std::string_view::npos ? 0 : dot);
    bool draws = dot != std::string_view::npos && s.name.substr(dot) == ".new" && type_table::basic(space) != t_na && space != "color";
    if (!draws && s.name != "alert") continue;
    error("PN0257", {s.line_no, 1, 1}, std::string(s.name) + "() can't be used in a script with a timeframe of its own",
          "leave 'timeframe' out of the declaration, and ask for values with request.security()");
    return;
  }
}

void compiler::check_field_defaults(module_info& m) {
  for (const auto& [name, decl] : m.type_decls) {
    auto it = m.types.find(name);
    if (decl->kind != ast::stmt_kind::type || it == m.types.end()) continue;
    const auto fields = (*types_)[it->second].fields;
    for (std::size_t k = 0; k < fields.size() && k < decl->fields.size() && !gave_up_; ++k) {
      const auto* fallback = decl->fields[k].fallback.get();
      if (fallback == nullptr) continue;
      auto v = expression(*fallback);
      if (!v.bad && !assignable(fields[k].type, v.type)) wrong_default(fields[k], *fallback, v);
    }
  }
}

void compiler::wrong_default(const udt_field& field, const ast::expr& fallback, const value& v) {
  error("PN0212", fallback.pos, "the default of the field '" + field.name + "' must be " + types_->name(field.type) + ", this is " + show(v));
}

/// Whether what is compiled belongs to an exported function of the library that this script is, or is called by one.
bool compiler::in_export() const {
  if (!declared_ || main_unit_.out->decl.kind != declaration::kind_t::library) return false;
  for (const auto* f = frame_; f != nullptr; f = f->caller)
    if (f->fn != nullptr && f->fn->exported) return true;
  return false;
}

/// Only a library exports, and it does; its users know the types of what they call.
void compiler::check_exports() {
  if (!declared_) return;
  bool library = out().decl.kind == declaration::kind_t::library, any = false;
  for (const auto& s : main_->tree.body) {
    if (!s->exported) continue;
    any = true;
    if (!library) error("PN0258", s->pos, "only a library can export");
    for (const auto& p : s->params)
      if (p.type.name.empty()) error("PN0258", p.pos, "the parameter '" + p.name + "' of an exported function needs a type");
  }
  if (library && !any && main_->tree.lost.empty()) error("PN0258", {}, "a library must export a function or a type");
}

} // namespace tt::pine
