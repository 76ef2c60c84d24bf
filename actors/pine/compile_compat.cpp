#include "actors/pine/compile_unit.hpp"
#include "actors/pine/old_names.hpp"

/// Readings of calls that depend on the version, names that clash with those of built-ins, and names that nothing has.

namespace tt::pine {

/// Whether `label.new(...)` means the built-in although a variable is named `label`: when its form fits the arguments.
bool compiler::means_builtin(const std::string& path, const ast::expr& e) const {
  const auto* list = registry::get().functions(path);
  if (list == nullptr) return false;
  for (const auto& b : *list) {
    std::size_t needed = 0;
    for (const auto& p : b.params) needed += p.optional || p.omitted || p.variadic ? 0 : 1;
    if (e.args.size() >= needed && (needed > 0 || e.args.empty() || path.find(".new") != std::string::npos)) return true;
  }
  return false;
}

/// Version 5 still takes the old `transp` of plots; it becomes an option of the plot.
void compiler::take_transparency(const std::string& name, call_args& args) {
  static const std::set<std::string> plots{"plot", "plotshape", "plotchar", "plotarrow", "bgcolor", "barcolor", "fill"};
  pending_transp_.reset();
  if (version() >= 6 || plots.count(name) == 0) return;
  for (std::size_t i = 0; i < args.sources.size(); ++i) {
    if (args.sources[i]->name != "transp") continue;
    if (args.values[i].known) pending_transp_ = args.values[i].number;
    args.values.erase(args.values.begin() + static_cast<std::ptrdiff_t>(i));
    args.sources.erase(args.sources.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

/// Version 6 takes text sizes as points too; the library keeps all sizes as texts.
void compiler::take_text_sizes(const std::string& name, call_args& args) {
  auto space = name.substr(0, name.find('.'));
  if (version() < 6 || (space != "label" && space != "box" && space != "table")) return;
  bool setter = name.size() > 9 && (name.find(".set_size") != std::string::npos || name.find("set_text_size") != std::string::npos);
  for (std::size_t i = 0; i < args.values.size(); ++i) {
    auto& v = args.values[i];
    const auto& named = args.sources[i]->name;
    bool size = named == "size" || named == "text_size" || (setter && named.empty() && i + 1 == args.values.size());
    if (!size || v.type != t_int) continue;
    if (v.known) {
      if (v.number < 0) error("PN0255", args.sources[i]->pos, "a text size can't be negative");
      auto q = v.q;
      v = constant_text(std::to_string(to_int(v.number)));
      v.q = q;
      continue;
    }
    const auto given = reg_of(v);
    v = temp(t_string, v.q);
    call_into(v, "$size", registry::get().functions(name)->front().name, {given}, {t_int}); // a name that stays
  }
}

void compiler::call_into(const value& result, std::string_view built_in, std::string_view shown_as, std::vector<std::uint32_t> args,
                         std::vector<type_id> types) {
  site_plan plan;
  plan.fn = registry::get().functions(built_in)->front().fn;
  plan.name = shown_as;
  plan.args = std::move(args);
  plan.types = std::move(types);
  plan.outs = {result.reg};
  plan.out_types = {result.type};
  plan.line_no = line_;
  out().sites.push_back(std::move(plan));
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
}

/// Version 5 takes a number where a bool is declared, as bool() does: na stays na.
value compiler::as_bool(value v, type_id want) {
  if (version() >= 6 || want != t_bool || !is_number(v.type) || v.bad) return v;
  if (v.known) {
    auto q = v.q;
    v = is_na(v.number) ? constant_number(t_bool, na_value) : exact_condition(std::move(v));
    v.q = q;
    return v;
  }
  const auto given = reg_of(v);
  const auto type = v.type;
  v = temp(t_bool, v.q);
  call_into(v, "bool", "bool", {given}, {type});
  return v;
}

/// A constant number as the bool it stands for in a condition. Only constants are looked at exactly, see truthy().
value compiler::exact_condition(value v) const {
  if (v.bad || !v.known || !is_number(v.type)) return v;
  auto q = v.q;
  v = constant_number(t_bool, from_bool(truthy_constant(v.number)));
  v.q = q;
  return v;
}

value compiler::unknown_name(const std::string& name, source_pos pos, bool is_call) {
  if (lost(name)) return error_value();
  const std::string_view code = is_call ? "PN0221" : "PN0220";
  if (diags_.full() || diags_.said(code, pos)) { // only to be counted: the search for a hint is long
    diags_.mute(1);
    error(code, pos, name);
    diags_.mute(-1);
    return error_value();
  }
  const auto below = is_call ? frame_->home->functions.count(name) : unit_->globals[frame_->home].names.count(name);
  if (below > 0) {
    error(code, pos, std::string(is_call ? "the function '" : "the variable '") + name + "' is declared only further down",
          "a function can use only what is declared above it");
    return error_value();
  }
  std::vector<std::string_view> known;
  for (const auto& s : frame_->scopes)
    for (const auto& [n, _] : s.names) known.push_back(n);
  for (const auto& [n, _] : unit_->globals[frame_->home].names) known.push_back(n);
  for (const auto& [n, _] : frame_->home->functions) known.push_back(n);
  for (auto n : registry::get().names())
    if (n.front() != '$') known.push_back(n); // the others are the compiler's own
  auto near = closest(name, known);
  auto dot = name.find('.');
  std::string what = is_call ? "function" : "variable";
  std::string message = "there is no " + what + " '" + name + "'";
  if (dot != std::string::npos && registry::get().is_namespace(name.substr(0, name.rfind('.'))))
    message = "the built-in " + what + " '" + name + "' doesn't exist or isn't supported";
  const bool other_kind = is_call ? registry::get().variable(name) != nullptr : registry::get().functions(name) != nullptr;
  auto old = near == name && version() < 6 && !other_kind ? "version 6 has it" : old_name_hint(name);
  error(code, pos, message, !old.empty() ? old : near.empty() || near == name ? "" : "did you mean '" + near + "'?");
  return error_value();
}

} // namespace tt::pine
