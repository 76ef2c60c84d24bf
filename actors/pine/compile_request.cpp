#include "actors/pine/calendar.hpp"
#include "actors/pine/compile_unit.hpp"
#include "actors/pine/request_identity.hpp"

#include <algorithm>
#include <utility>

/// request.security() and friends evaluate an expression on other bars. The expression and everything it depends
/// on is compiled once more, into a program of its own: first the statements of the enclosing blocks that give
/// the names it uses, from the outermost call inwards, then the expression.

namespace tt::pine {

namespace {
bool draws_or_orders(const std::string& path) {
  static const std::set<std::string> outputs{"plot", "plotshape", "plotchar", "plotarrow", "plotbar", "plotcandle",
                                             "hline", "fill", "bgcolor", "barcolor", "alert", "alertcondition",
                                             "indicator", "strategy", "library"};
  if (outputs.count(path) > 0) return true;
  auto space = path.substr(0, path.find('.'));
  return (space == "strategy" || space == "log" || space == "line" || space == "label" || space == "box" ||
          space == "table" || space == "linefill" || space == "polyline" || space == "runtime") && path != space;
}
std::string path_of(const ast::expr& e) {
  if (e.kind == ast::expr_kind::name) return e.text;
  if (e.kind != ast::expr_kind::member) return "";
  auto left = path_of(*e.kids[0]);
  return left.empty() ? "" : left + "." + e.text;
}
} // namespace

void compiler::names_in(const ast::expr& e, module_info* home, std::set<std::string>& names, std::set<const void*>& seen) {
  if (!spend(1, e.pos)) return;
  if (e.kind == ast::expr_kind::name) names.insert(e.text);
  if (e.kind == ast::expr_kind::call || e.kind == ast::expr_kind::name) {
    // what a called function reads from the top level is needed as well
    const auto& callee = e.kind == ast::expr_kind::call ? *e.kids[0] : e;
    auto last = callee.kind == ast::expr_kind::member || callee.kind == ast::expr_kind::name ? callee.text : "";
    auto it = home->functions.find(last);
    if (it != home->functions.end())
      for (const auto& f : it->second)
        if (seen.insert(f.decl).second) names_in(f.decl->body, home, names, seen);
  }
  for (const auto& k : e.kids)
    if (k != nullptr) names_in(*k, home, names, seen);
  for (const auto& a : e.args) names_in(*a.value, home, names, seen);
  for (const auto& b : e.blocks) names_in(b, home, names, seen);
}

void compiler::names_in(const ast::block& b, module_info* home, std::set<std::string>& names, std::set<const void*>& seen) {
  for (const auto& s : b) names_in(*s, home, names, seen);
}

void compiler::names_in(const ast::stmt& s, module_info* home, std::set<std::string>& names, std::set<const void*>& seen) {
  if (s.target != nullptr) names_in(*s.target, home, names, seen);
  if (s.value != nullptr) names_in(*s.value, home, names, seen);
}

/// Whether the statement gives or changes one of the names.
bool compiler::changes(const ast::stmt& s, const std::set<std::string>& names) const {
  using ast::stmt_kind;
  switch (s.kind) {
  case stmt_kind::declare:
  case stmt_kind::tuple:
    for (const auto& n : s.names)
      if (names.count(n) > 0) return true;
    return s.value != nullptr && changes(*s.value, names);
  case stmt_kind::assign: {
    const ast::expr* root = s.target.get();
    while (root->kind == ast::expr_kind::member) root = root->kids[0].get();
    if (root->kind == ast::expr_kind::name && names.count(root->text) > 0) return true;
    return changes(*s.value, names);
  }
  case stmt_kind::expression: return changes(*s.value, names);
  case stmt_kind::function: return true; // declares only
  default: return false;
  }
}

bool compiler::changes(const ast::expr& e, const std::set<std::string>& names) const {
  for (const auto& b : e.blocks)
    for (const auto& s : b)
      if (s->kind != ast::stmt_kind::function && changes(*s, names)) return true;
  if (e.kind == ast::expr_kind::call) {
    auto path = path_of(*e.kids[0]);
    if (!draws_or_orders(path)) {
      auto root = path.substr(0, path.find('.'));
      if (path != root && names.count(root) > 0) return true; // x.push(...)
      if (root == "array" || root == "matrix" || root == "map" || frame_->home->functions.count(path) > 0)
        for (const auto& a : e.args)
          if (a.value->kind == ast::expr_kind::name && names.count(a.value->text) > 0) return true;
    }
  }
  return false;
}

/// Whether values of the type are drawings or collections of them: only the chart has those.
bool compiler::holds_drawing(type_id t) const {
  const auto kind = types_->kind(t);
  if (kind == type_kind::array || kind == type_kind::matrix) return holds_drawing((*types_)[t].arg);
  if (kind == type_kind::map) return holds_drawing((*types_)[t].arg2);
  return t >= t_line && t <= t_polyline;
}

/// What a call draws, orders or says belongs to the chart. In the expression of a request drawings and orders are errors:
/// they are not among what can be requested (Pine manual, "Requestable data"). In the statements before it, which are
/// compiled into its body for the values they give, such calls do nothing: the script itself makes them. Logs of the
/// expression are kept (manual, "Pine Logs": "on the chart's dataset or requested datasets").
std::optional<value> compiler::effect_in_request(const builtin& b, const ast::expr& e, const std::map<char, type_id>& types) {
  if (!unit_->is_body) return std::nullopt;
  const auto dot = b.name.rfind('.');
  const auto space = b.name.substr(0, dot == std::string::npos ? 0 : dot), last = dot == std::string::npos ? b.name : b.name.substr(dot + 1);
  const bool of_drawings = holds_drawing(type_table::basic(space));
  const bool makes = of_drawings && (last == "new" || last == "copy");
  const bool orders = space == "strategy" || space == "strategy.risk";
  const bool says = space == "log" || b.name == "alert";
  if (!b.results.empty() && !makes) return std::nullopt;
  if (!of_drawings && !orders && !says) return std::nullopt;
  if (!replaying_ && (makes || orders)) {
    error("PN0265", e.pos, b.name + "() can't be used in the expression of a request",
          makes ? "request the values, and draw with them on the chart" : "request the values, and order by them on the chart");
    return error_value();
  }
  if (!replaying_ && says) return std::nullopt;
  if (makes) return temp(instantiate(b.results[0], types), qual::series); // nothing ever moves into it: na
  value none;
  none.type = t_void;
  return none;
}

/// Rebuilds, in the program being compiled, the variables `names` as they are known in `original`.
frame* compiler::replay(frame* original, std::set<std::string> names, std::deque<frame>& frames) {
  std::set<const void*> seen;
  // close the set backwards over the statements before the request
  std::vector<std::pair<const ast::block*, std::vector<std::size_t>>> picked;
  for (auto level = original->path.rbegin(); level != original->path.rend(); ++level) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = level->second; i-- > 0;) {
      const auto& s = *(*level->first)[i];
      if (s.kind == ast::stmt_kind::function || !changes(s, names)) continue;
      names_in(s, original->home, names, seen);
      chosen.push_back(i);
    }
    std::reverse(chosen.begin(), chosen.end());
    picked.emplace_back(level->first, std::move(chosen));
  }
  std::reverse(picked.begin(), picked.end());
  // parameters come from the caller's expressions
  frame* caller = nullptr;
  std::vector<std::pair<std::string, const ast::expr*>> params;
  if (original->fn != nullptr) {
    std::set<std::string> outer = names; // globals the function reads
    for (const auto& [name, source] : original->args) {
      if (names.count(name) == 0) continue;
      params.emplace_back(name, source);
      if (source == nullptr) continue; // no call: the function is only checked
      names_in(*source, original->caller != nullptr ? original->caller->home : original->home, outer, seen);
    }
    if (original->caller != nullptr) caller = replay(original->caller, outer, frames);
  }
  frames.emplace_back();
  auto& f = frames.back();
  f.home = original->home;
  f.fn = original->fn;
  f.caller = caller;
  std::vector<std::pair<std::string, value>> values;
  for (const auto& [name, source] : params) {
    auto* saved = frame_;
    frame_ = caller != nullptr ? caller : &f;
    auto v = source == nullptr ? error_value() : expression(*source);
    v.symbol = nullptr;
    frame_ = saved;
    values.emplace_back(name, std::move(v));
  }
  auto* saved = frame_;
  frame_ = &f;
  if (original->fn != nullptr) {
    open_scope();
    for (auto& [name, v] : values) {
      f.args[name] = original->args.at(name);
      auto* s = define(name, v, {line_, 1, 1});
      s->is_param = true;
      s->val.symbol = s;
    }
  }
  for (std::size_t k = 0; k < picked.size(); ++k) {
    if (k > 0 || original->fn != nullptr) open_scope();
    f.path.emplace_back(picked[k].first, 0);
    const bool outer = std::exchange(replaying_, true);
    for (auto i : picked[k].second) {
      f.path.back().second = i;
      statement(*(*picked[k].first)[i], false);
    }
    replaying_ = outer;
    f.path.back().second = original->path[k].second;
  }
  frame_ = saved;
  return &f;
}

namespace {
/// What the argument says without the script running: a constant, or the name of a variable such as syminfo.tickerid.
std::optional<std::string> said_by(const value& v) {
  if (v.known && v.type == t_string) return "=" + v.text;
  if (v.known) return "=" + std::to_string(v.number);
  if (v.symbol != nullptr && v.symbol->builtin && v.q <= qual::simple) return v.symbol->name;
  return std::nullopt;
}
} // namespace

/// Gives the plan the number of its expression, and counts the call where it runs on every bar and nothing about it is left
/// to the run; the others are counted when they run (lib/request.cpp).
void compiler::count_request(request_plan& plan, const builtin& b, source_pos pos, const std::vector<value>& bound, const std::vector<bool>& given) {
  auto same = std::find_if(expressions_.begin(), expressions_.end(), [&](const auto& p) { return same_expression(*p, plan); });
  plan.expression = u32(same - expressions_.begin());
  const bool is_new = same == expressions_.end();
  if (is_new) expressions_.push_back(std::make_shared<request_plan>(plan));
  if (unit_->is_body) return;
  if (is_new && plan.results.size() > 1) {
    const bool fitted = tuple_elements_ <= limits::request_tuple_elements;
    tuple_elements_ += plan.results.size();
    if (fitted && tuple_elements_ > limits::request_tuple_elements) tuple_too_many_ = pos;
  }
  for (const auto* f = frame_; f != nullptr; f = f->caller)
    if (f->block_depth > 0) return;
  static const std::set<std::string> decide{"source", "symbol", "timeframe", "lookahead", "currency", "calc_bars_count"};
  auto key = b.name + " " + std::to_string(plan.expression);
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i] || decide.count(b.params[i].name) == 0) continue;
    auto said = said_by(bound[i]);
    if (!said) return;
    if (auto tf = b.params[i].name == "timeframe" && bound[i].known ? timeframe::parse(bound[i].text) : std::nullopt) said = tf->text(true);
    key += "|" + b.params[i].name + " " + *said;
  }
  if (requested_.insert(std::move(key)).second && requested_.size() == limits::requests + 1) one_too_many_ = pos;
}

value compiler::request_call(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                             const std::vector<bool>& given, const ast::expr* body_expr) {
  auto plan = std::make_shared<request_plan>();
  plan->lower = b.name == "request.security_lower_tf";
  plan->line_no = line_;
  if (!main_unit_.out->decl.dynamic_requests) {
    const std::string without = " without dynamic_requests = true";
    if (frame_->loop_depth > 0 || (frame_->fn == nullptr && frame_->block_depth > 0))
      error("PN0260", e.pos, b.name + "() can't be called inside an 'if' or a loop" + without);
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i] && bound[i].q > qual::simple && (i < 2 || b.params[i].name == "currency"))
        error("PN0241", e.pos, "the argument '" + b.params[i].name + "' must be simple string at most" + without + ", this is " + show(bound[i]));
  }
  if (body_expr == nullptr) return error_value();
  if (main_unit_.out->requests.size() >= limits::request_streams || ++bodies_ > limits::request_bodies) {
    error("PN0261", e.pos, "the script makes too many requests");
    gave_up_ = true; // there may be many more, each with others inside
    return error_value();
  }
  // compile the body
  unit body;
  body.is_body = true;
  body.out->types = types_;
  body.out->version = version();
  body.out->decl = main_unit_.out->decl;
  auto* saved_unit = unit_;
  auto* saved_frame = frame_;
  auto saved_line = line_;
  auto loops = std::move(loops_);
  loops_.clear();
  auto name = pending_name_;
  std::deque<frame> frames;
  std::set<std::string> names;
  std::set<const void*> seen;
  names_in(*body_expr, frame_->home, names, seen);
  unit_ = &body;
  const bool replaying = std::exchange(replaying_, false);
  ++call_depth_;
  value result = error_value();
  if (call_depth_ <= limits::call_nesting) {
    auto* top = replay(saved_frame, names, frames);
    frame_ = top;
    result = expression(*body_expr);
    std::vector<value> parts = result.type == t_tuple ? result.parts : std::vector<value>{result};
    for (auto& p : parts) {
      if (p.type == t_na) p.type = t_float;
      // results are copied: constants and aliases get a register of their own
      auto reg = new_reg(p.type);
      if (p.type != t_void) move(reg, p, p.type);
      plan->results.push_back(reg);
      plan->types.push_back(p.type);
    }
    for (auto it = frames.rbegin(); it != frames.rend(); ++it) {
      frame_ = &*it;
      for (auto s = it->scopes.rbegin(); s != it->scopes.rend(); ++s) push_histories(*s);
    }
    finish_unit();
  } else {
    error("PN0244", e.pos, "requests are nested too deeply");
  }
  --call_depth_;
  replaying_ = replaying;
  unit_ = saved_unit;
  frame_ = saved_frame;
  line_ = saved_line;
  loops_ = std::move(loops);
  pending_name_ = name;
  if (result.bad) return result;
  if (result.type == t_void || result.type == t_plot || result.type == t_hline) {
    error("PN0262", body_expr->pos, "the expression of " + b.name + "() has no value");
    return error_value();
  }
  for (auto t : plan->types)
    if (holds_drawing(t)) {
      error("PN0262", body_expr->pos, b.name + "() can't give values of type " + types_->name(t), "request the coordinates, and draw on the chart");
      return error_value();
    }
  plan->body = body.out;
  count_request(*plan, b, e.pos, bound, given);
  out().requests.push_back(plan);
  site_plan sp;
  sp.fn = b.fn;
  sp.name = b.name;
  sp.line_no = line_;
  sp.aux = u32(out().requests.size() - 1);
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (b.params[i].name == "expression") continue;
    const auto& p = b.params[i];
    value v = bound[i];
    bool text = p.type.form == type_form::basic && p.type.basic == t_string;
    if (!given[i]) v = p.is_text ? constant_text(p.text) : constant_number(text ? type_id(t_string) : type_id(t_float), p.na_default ? na_value : p.number);
    if (!given[i] && text && !p.is_text) {
      v = constant_number(t_na, na_value);
    }
    sp.args.push_back(reg_as(v, text ? type_id(t_string) : type_id(t_float)));
    sp.types.push_back(text ? t_string : t_float);
  }
  value v;
  v.q = qual::series;
  std::vector<value> outs;
  for (auto t : plan->types) {
    auto rt = plan->lower ? types_->array_of(t) : t;
    auto o = temp(rt, qual::series);
    sp.outs.push_back(o.reg);
    sp.out_types.push_back(rt);
    outs.push_back(o);
  }
  out().sites.push_back(std::move(sp));
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
  if (result.type == t_tuple) {
    v.type = t_tuple;
    v.parts = std::move(outs);
    return v;
  }
  return outs[0];
}

} // namespace tt::pine
