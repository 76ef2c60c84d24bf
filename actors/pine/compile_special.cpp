#include "actors/pine/compile_unit.hpp"

#include <algorithm>

namespace tt::pine {

namespace {
std::string shortest(double v) {
  char buffer[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, v);
    if (std::strtod(buffer, nullptr) == v) break;
  }
  return buffer;
}
std::string in_double_quotes(const std::string& text) { return '"' + text + '"'; }
} // namespace

value compiler::special_call(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                             const std::vector<bool>& given) {
  value none;
  none.type = t_void;
  switch (b.kind) {
  case special::declaration: declaration_call(b, e, bound, given); return none;
  case special::input: return input_call(b, e, bound, given);
  case special::plot: return plot_call(b, e, bound, given);
  case special::max_bars_back: {
    auto* s = bound[0].symbol;
    if (s == nullptr) {
      error("PN0250", e.pos, "max_bars_back() needs a variable as its first argument");
      return none;
    }
    auto ring = ring_for(*s);
    auto n = to_int(bound[1].number);
    if (!bound[1].known || n < 0 || n > limits::history) {
      error("PN0250", e.pos, "max_bars_back() needs a constant between 0 and " + std::to_string(limits::history));
      return none;
    }
    auto& plan = out().rings[usz(ring)];
    plan.depth = std::max(plan.depth, u32(n));
    plan.asked = std::max(plan.asked, u32(n));
    return none;
  }
  default: break;
  }
  error("PN0259", e.pos, "'" + b.name + "' isn't supported yet");
  return error_value();
}

void compiler::declaration_call(const builtin& b, const ast::expr& e, const std::vector<value>& bound,
                                const std::vector<bool>& given) {
  if (unit_->is_body) return;
  if (frame_->fn != nullptr || !frame_->scopes.empty()) error("PN0251", e.pos, b.name + "() must be called at the top level");
  if (declared_) error("PN0251", e.pos, "a script can have only one of indicator(), strategy() and library()");
  declared_ = true;
  auto& d = out().decl;
  d.kind = b.name == "strategy" ? declaration::kind_t::strategy : b.name == "library" ? declaration::kind_t::library : declaration::kind_t::indicator;
  if (version() < 6) d.margin_long = d.margin_short = 0;
  d.dynamic_requests = version() >= 6;
  auto number = [&](const std::string& name, auto& field) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (b.params[i].name == name && given[i] && bound[i].known && !is_na(bound[i].number))
        field = static_cast<std::remove_reference_t<decltype(field)>>(bound[i].number);
  };
  auto flag = [&](const std::string& name, bool& field) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (b.params[i].name == name && given[i] && bound[i].known) field = truthy(bound[i].number);
  };
  auto text = [&](const std::string& name, std::string& field) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (b.params[i].name == name && given[i] && bound[i].known) field = bound[i].text;
  };
  text("title", d.title);
  d.shorttitle = d.title;
  text("shorttitle", d.shorttitle);
  text("format", d.format);
  text("timeframe", d.timeframe);
  if (!d.timeframe.empty() && !timeframe::parse(d.timeframe))
    error("PN0257", e.pos, in_double_quotes(d.timeframe) + " isn't a timeframe", "write for example \"60\", \"1D\" or \"1W\"");
  frame_at_ = e.pos;
  flag("timeframe_gaps", d.timeframe_gaps);
  flag("overlay", d.overlay);
  flag("dynamic_requests", d.dynamic_requests);
  number("precision", d.precision);
  number("max_lines_count", d.max_lines);
  number("max_labels_count", d.max_labels);
  number("max_boxes_count", d.max_boxes);
  number("max_polylines_count", d.max_polylines);
  number("max_bars_back", d.max_bars_back);
  number("calc_bars_count", d.calc_bars_count);
  number("initial_capital", d.initial_capital);
  number("default_qty_value", d.default_qty_value);
  number("commission_value", d.commission_value);
  number("slippage", d.slippage);
  number("margin_long", d.margin_long);
  number("margin_short", d.margin_short);
  number("risk_free_rate", d.risk_free_rate);
  number("backtest_fill_limits_assumption", d.backtest_fill_limits_assumption);
  number("pyramiding", d.pyramiding);
  text("default_qty_type", d.default_qty_type);
  text("commission_type", d.commission_type);
  text("currency", d.currency);
  text("close_entries_rule", d.close_entries_rule);
  check_word("default_qty_type", d.default_qty_type, e.pos);
  check_word("commission_type", d.commission_type, e.pos);
  check_word("close_entries_rule", d.close_entries_rule, e.pos);
  check_word("currency", d.currency, e.pos);
  flag("calc_on_order_fills", d.calc_on_order_fills);
  flag("calc_on_every_tick", d.calc_on_every_tick);
  flag("process_orders_on_close", d.process_orders_on_close);
  flag("use_bar_magnifier", d.use_bar_magnifier);
  flag("calc_on_every_history_tick", d.calc_on_every_history_tick);
  flag("fill_orders_on_standard_ohlc", d.fill_orders_on_standard_ohlc);
  auto says = [&](std::string_view name) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (b.params[i].name == name && given[i]) return true;
    return false;
  };
  d.says_capital = says("initial_capital");
  d.says_commission = says("commission_value") || says("commission_type");
  d.says_slippage = says("slippage");
  auto range = [&](const char* what, int v, int least, int most) {
    if (v < least || v > most)
      error("PN0252", e.pos, std::string(what) + " must be between " + std::to_string(least) + " and " + std::to_string(most));
  };
  auto at_least = [&](const char* what, double v, double least) {
    if (says(what) && v < least) error("PN0252", e.pos, std::string(what) + " can't be less than " + shortest(least));
  };
  if (d.precision != declaration{}.precision) range("precision", d.precision, 0, 16);
  range("max_bars_back", d.max_bars_back, 0, 5000);
  if (says("initial_capital") && !(d.initial_capital > 0)) error("PN0252", e.pos, "initial_capital must be above 0");
  at_least("default_qty_value", d.default_qty_value, 0);
  at_least("pyramiding", d.pyramiding, 0);
  at_least("slippage", d.slippage, 0);
  at_least("margin_long", d.margin_long, 0);
  at_least("margin_short", d.margin_short, 0);
  at_least("commission_value", d.commission_value, 0);
  range("max_lines_count", d.max_lines, 0, 500);
  range("max_labels_count", d.max_labels, 0, 500);
  range("max_boxes_count", d.max_boxes, 0, 500);
  range("max_polylines_count", d.max_polylines, 0, 100);
}

void compiler::input_options(const ast::expr& e, input_info& in, type_id type) {
  for (const auto& a : e.args) {
    if (a.value->kind != ast::expr_kind::tuple) continue;
    for (const auto& k : a.value->kids) {
      auto v = expression(*k);
      if (v.bad) return;
      if (!v.known || (type == t_string) != (v.type == t_string)) {
        error("PN0253", k->pos, "the options of an input must be constants of its type");
        return;
      }
      if (type == t_string) in.text_options.push_back(v.text);
      else in.number_options.push_back(v.number);
    }
  }
}

/// The options of an input of an enum are fields of that enum, and the default is one of them.
void compiler::check_enum_options(const ast::expr& e, const std::vector<value>& bound, type_id type, double chosen) {
  for (const auto& v : bound) {
    if (v.type != t_tuple) continue;
    bool found = false;
    for (const auto& p : v.parts) {
      if (p.type != type) error("PN0253", e.pos, "the options of an input must be of the type of its default value");
      found = found || (p.type == type && p.number == chosen);
    }
    if (!found) error("PN0253", e.pos, "the default value of the input is not among its options");
  }
}

value compiler::input_call(const builtin& b, const ast::expr& e, const std::vector<value>& bound,
                           const std::vector<bool>& given) {
  auto at = [&](const char* name) -> const value* {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (b.params[i].name == name && given[i]) return &bound[i];
    return nullptr;
  };
  const auto& fallback = bound[0];
  if (in_export()) error("PN0258", e.pos, "an exported function can't have inputs", "give the value to the function as an argument");
  auto base = b.name == "input" ? std::string("any") : b.name.substr(6);
  input_info in;
  in.name = pending_name_;
  type_id type = fallback.type;
  if (base == "source" || (base == "any" && fallback.symbol != nullptr && fallback.symbol->builtin)) in.kind = input_kind::source;
  else if (type == t_int) in.kind = input_kind::integer;
  else if (type == t_float) in.kind = input_kind::floating;
  else if (type == t_bool) in.kind = input_kind::boolean;
  else if (type == t_color) in.kind = input_kind::color;
  else if (type == t_string) in.kind = input_kind::text;
  else if (types_->kind(type) == type_kind::enumeration) in.kind = input_kind::enumeration;
  if (base == "float") {
    in.kind = input_kind::floating;
    type = t_float;
  }
  if (base == "timeframe") in.kind = input_kind::timeframe;
  if (base == "symbol") in.kind = input_kind::symbol;
  if (base == "session") in.kind = input_kind::session;
  if (base == "text_area") in.kind = input_kind::text_area;
  if (base == "time") in.kind = input_kind::time;
  if (base == "price") {
    in.kind = input_kind::price;
    type = t_float;
  }
  if (in.kind == input_kind::source) type = t_float;
  bool computed = in.kind == input_kind::time && !fallback.known;
  if (in.kind != input_kind::source && !fallback.known && type != t_na && !computed) {
    error("PN0253", e.pos, "the default value of an input must be a constant");
    return error_value();
  }
  if (const auto* t = at("title"); t != nullptr) in.title = t->text;
  if (const auto* t = at("tooltip"); t != nullptr) in.tooltip = t->text;
  if (const auto* t = at("group"); t != nullptr) in.group = t->text;
  if (const auto* t = at("inline"); t != nullptr) in.inline_ = t->text;
  if (const auto* v = at("minval"); v != nullptr) {
    in.minval = v->number;
    in.has_min = v->known && !is_na(v->number);
  }
  if (const auto* v = at("maxval"); v != nullptr) {
    in.maxval = v->number;
    in.has_max = v->known && !is_na(v->number);
  }
  if (const auto* v = at("step"); v != nullptr) in.step = v->number;
  if (const auto* v = at("confirm"); v != nullptr) in.confirm = truthy(v->number);
  in.number = fallback.number;
  in.text = fallback.text;
  if (in.kind == input_kind::enumeration) {
    in.text_options = (*types_)[type].titles;
    check_enum_options(e, bound, type, fallback.number);
  } else if (at("options") != nullptr) {
    for (const auto& v : bound)
      if (v.type == t_tuple)
        for (const auto& p : v.parts) {
          if (!p.known || ((type == t_string) != (p.type == t_string)))
            error("PN0253", e.pos, "the options of an input must be constants of its type");
          else if (type == t_string) in.text_options.push_back(p.text);
          else in.number_options.push_back(p.number);
        }
    auto among = [](const auto& list, const auto& v) { return list.empty() || std::find(list.begin(), list.end(), v) != list.end(); };
    if (!among(in.text_options, in.text) || !among(in.number_options, in.number))
      error("PN0253", e.pos, "the default value of the input is not among its options");
  }
  bool numeric = in.kind == input_kind::integer || in.kind == input_kind::floating;
  if (numeric && ((in.has_min && in.number < in.minval) || (in.has_max && in.number > in.maxval)))
    error("PN0253", e.pos, "the default value of the input is outside of minval and maxval");
  auto known = input_of_.find(&e);
  std::uint32_t index;
  if (known != input_of_.end()) {
    index = known->second;
  } else {
    index = u32(main_unit_.out->inputs.size());
    main_unit_.out->inputs.push_back(in);
    input_of_[&e] = index;
  }
  if (in.kind == input_kind::source) {
    // the chosen source: an index into source_names, decided when the run starts
    static constexpr const char* names[] = {"open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "hlcc4", "volume"};
    site_plan plan;
    auto pick = new_num();
    out().input_uses.push_back({index, pick, false});
    plan.args = {pick, reg_as(fallback, t_float)};
    for (const auto* n : names) plan.args.push_back(builtin_symbol(*registry::get().variable(n))->val.reg);
    plan.types.assign(plan.args.size(), t_float);
    auto v = temp(t_float, qual::series);
    plan.outs = {v.reg};
    plan.out_types = {t_float};
    plan.fn = registry::get().functions("$source")->front().fn;
    plan.name = "input.source";
    plan.line_no = line_;
    out().sites.push_back(std::move(plan));
    emit(op::call, 0, 0, u32(out().sites.size() - 1));
    return v;
  }
  auto reg = unit_->input_regs.find(index);
  value v;
  v.type = type;
  v.q = qual::input;
  if (reg != unit_->input_regs.end()) {
    v.reg = reg->second;
  } else {
    v.reg = new_reg(type);
    unit_->input_regs[index] = v.reg;
    out().input_uses.push_back({index, v.reg, is_ref(type)});
  }
  if (computed) { // the default depends on the symbol's time zone: take it when nothing was given
    site_plan plan;
    plan.fn = registry::get().functions("$or")->front().fn;
    plan.name = "input.time";
    plan.args = {v.reg, reg_of(fallback)};
    plan.types = {t_int, t_int};
    v.reg = new_num();
    plan.outs = {v.reg};
    plan.out_types = {t_int};
    out().sites.push_back(std::move(plan));
    emit(op::call, 0, 0, u32(out().sites.size() - 1));
  }
  return v;
}

/// Version 6 takes a series neither as `offset` nor as `linewidth`, which version 5 does.
void compiler::check_fixed_options(const builtin& b, const ast::expr& e, const std::vector<value>& bound, const std::vector<bool>& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto& name = b.params[i].name;
    if (!given[i] || (name != "offset" && name != "linewidth")) continue;
    auto most = name == "offset" ? qual::simple : qual::input;
    if (bound[i].q > most)
      error("PN0241", e.pos, "the argument '" + name + "' must be " + std::string(name_of(most)) + " int at most, this is " + show(bound[i]));
  }
}

namespace {
/// How many series a call adds to the limit (Pine manual, "Plot limits"): the values, and each color that is not constant.
std::uint32_t series_of(plot_kind kind, const builtin& b, const std::vector<value>& bound, const std::vector<bool>& given) {
  if (kind == plot_kind::hline) return 0;
  bool four = kind == plot_kind::bar || kind == plot_kind::candle;
  bool color_is_value = kind == plot_kind::bgcolor || kind == plot_kind::barcolor;
  std::uint32_t n = kind == plot_kind::fill ? 0 : four ? 4 : 1;
  bool colored = false;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i] && b.params[i].type.basic == t_color && bound[i].q > qual::constant && !color_is_value) {
      if (kind != plot_kind::fill || !colored) ++n;
      colored = true;
    }
  return n;
}
} // namespace

value compiler::plot_call(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                          const std::vector<bool>& given) {
  value v;
  v.type = b.results.empty() ? type_id(t_void) : b.results[0].basic;
  v.q = qual::series;
  if (unit_->is_body) return v; // what is drawn is drawn by the script itself
  if (frame_->fn != nullptr || !frame_->scopes.empty() || frame_->block_depth > 0) {
    error("PN0254", e.pos, b.name + "() can't be called inside a function, an 'if' or a loop",
          "call it at the top level and give it na when there is nothing to show");
    return error_value();
  }
  if (version() >= 6) check_fixed_options(b, e, bound, given);
  if (const auto t = bound[0].type; b.params[0].type.form == type_form::any && t != t_na && t != t_bool && !is_number(t)) {
    error("PN0240", e.args.empty() ? e.pos : e.args[0].pos, "the argument '" + b.params[0].name + "' must be int, float or bool, this is " + show(bound[0]));
    return error_value();
  }
  plot_info p;
  static const std::map<std::string, plot_kind> kinds{
      {"plot", plot_kind::plot}, {"plotshape", plot_kind::shape}, {"plotchar", plot_kind::character},
      {"plotarrow", plot_kind::arrow}, {"plotbar", plot_kind::bar}, {"plotcandle", plot_kind::candle},
      {"hline", plot_kind::hline}, {"fill", plot_kind::fill}, {"bgcolor", plot_kind::bgcolor},
      {"barcolor", plot_kind::barcolor}, {"alertcondition", plot_kind::alertcondition}};
  p.kind = kinds.at(b.name);
  v.plot = i32(out().plots.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto& spec = b.params[i];
    if (!given[i]) continue;
    auto& a = bound[i];
    if (spec.name == "title") {
      p.title = a.text;
    } else if (a.type == t_plot || a.type == t_hline) {
      p.options.emplace_back(spec.name, std::to_string(a.plot));
    } else if (a.type == t_string) {
      if (a.known) p.options.emplace_back(spec.name, a.text);
      else p.texts.emplace_back(spec.name, reg_of(a));
    } else if (a.known && spec.name != "series") {
      p.options.emplace_back(spec.name, shortest(a.number));
    } else {
      auto reg = reg_as(a, t_float);
      if (!a.stable) {
        auto copy = new_num();
        emit(op::mov, copy, reg);
        reg = copy;
      }
      p.series.emplace_back(spec.name, reg);
    }
  }
  if (pending_transp_) p.options.emplace_back("transp", shortest(*pending_transp_));
  if (version() >= 6)
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i] && b.params[i].name == "linewidth" && bound[i].known && bound[i].number < 1)
        error("PN0255", e.pos, "linewidth must be at least 1");
  plotted_series_ += series_of(p.kind, b, bound, given);
  out().plots.push_back(std::move(p));
  if (plotted_series_ > limits::plots)
    error("PN0256", e.pos, "a script can plot at most " + std::to_string(limits::plots) + " series",
          "a color that is not constant is a series of its own, and plotbar() and plotcandle() have four");
  return v;
}

} // namespace tt::pine
