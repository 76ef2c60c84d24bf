#include "actors/pine/compile_unit.hpp"

#include <utility>

namespace tt::pine {

/// Gives one branch's value to the result of an if, switch, loop or ternary. The first branch with a type
/// decides where the result lives; na before that goes to both kinds of register.
void compiler::store_result(result_slot& slot, const value& v, source_pos pos) {
  if (v.bad) slot.broken = true;
  std::vector<value> parts = v.type == t_tuple ? v.parts : std::vector<value>{v};
  if (!slot.started) {
    slot.started = true;
    slot.is_tuple = v.type == t_tuple;
    for (const auto& p : parts) {
      value r;
      r.type = p.type;
      r.q = p.q;
      r.unique = p.unique;
      if (p.type == t_void) {
        r.reg = no_reg;
      } else {
        r.reg = p.type != t_na && is_ref(p.type) ? no_reg : new_num();
      }
      slot.refs.push_back(p.type == t_na || is_ref(p.type) ? new_ref() : no_reg);
      slot.parts.push_back(r);
    }
  }
  if (parts.size() != slot.parts.size()) {
    if (!slot.broken) error("PN0230", pos, "the branches give different numbers of values");
    slot.broken = true;
    return;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& r = slot.parts[i];
    const auto& p = parts[i];
    r.q = max(r.q, p.q);
    if (r.type == t_na) r.unique = p.unique;
    else if (r.unique != p.unique && p.type != t_na) r.unique = unique_type::none;
    if (p.type == t_void || r.type == t_void) {
      r.type = t_void; // a branch without a value: the whole has none
      continue;
    }
    auto t = common(r.type, p.type);
    if (t == t_void) {
      if (!p.bad && !slot.broken)
        error("PN0228", pos, "the branches have different types: " + types_->name(r.type) + " and " + types_->name(p.type));
      slot.broken = true;
      continue;
    }
    r.type = t;
    if (p.type == t_na) {
      if (r.reg != no_reg) emit(op::mov, r.reg, number_reg(na_value));
      if (slot.refs[i] != no_reg) emit(op::movr, slot.refs[i], null_ref());
      continue;
    }
    if (is_ref(t)) {
      if (slot.refs[i] == no_reg) {
        slot.broken = true;
        continue;
      }
      emit(op::movr, slot.refs[i], reg_as(p, t));
    } else {
      if (r.reg == no_reg) r.reg = new_num();
      emit(op::mov, r.reg, reg_as(p, t));
    }
  }
}

value compiler::take_result(result_slot& slot, qual q) {
  if (slot.broken) return error_value();
  for (std::size_t i = 0; i < slot.parts.size(); ++i) {
    auto& p = slot.parts[i];
    if (p.type != t_void && p.type != t_na && is_ref(p.type)) p.reg = slot.refs[i];
    p.q = max(p.q, q);
    p.known = false;
  }
  if (!slot.is_tuple) {
    if (slot.parts.empty()) {
      value none;
      none.type = t_void;
      return none;
    }
    return slot.parts[0];
  }
  value v;
  v.type = t_tuple;
  v.q = q;
  v.parts = slot.parts;
  return v;
}

namespace {
/// The jump that a comparison becomes whose result only decides where to go: na is as good as false there.
op jump_unless(op comparison) {
  switch (comparison) {
  case op::lt: case op::lt3: return op::jnlt;
  case op::le: case op::le3: return op::jnle;
  case op::gt: case op::gt3: return op::jngt;
  case op::ge: case op::ge3: return op::jnge;
  case op::eq: case op::eq3: return op::jneq;
  case op::ne: case op::ne3: return op::jnne;
  default: return op::halt;
  }
}
} // namespace

/// Emits jumps, to be patched, that are taken when the condition is false.
void compiler::condition(const ast::expr& e, std::vector<std::size_t>& if_false) {
  if (e.kind == ast::expr_kind::binary && e.text == "and" && version() >= 6) {
    condition(*e.kids[0], if_false);
    condition(*e.kids[1], if_false);
    return;
  }
  if (e.kind == ast::expr_kind::binary && e.text != "and" && e.text != "or") {
    auto start = here();
    auto v = binary(e);
    if (v.bad) return;
    condition_qual_ = max(condition_qual_, v.q);
    if (here() > start && !v.known && v.type == t_bool) {
      auto& last = out().code.back();
      auto jump = jump_unless(last.code);
      if (jump != op::halt && last.a == v.reg) {
        last = {jump, 0, last.b, last.c, 0};
        if_false.push_back(here() - 1);
        return;
      }
    }
    if (v.type != t_bool) {
      if (version() >= 6 || !(is_number(v.type) || v.type == t_na))
        error("PN0227", e.pos, "a condition must be a bool, this is " + show(v));
    }
    if_false.push_back(emit(op::jf, reg_of(exact_condition(v))));
    return;
  }
  auto v = expression(e);
  if (v.bad) return;
  condition_qual_ = max(condition_qual_, v.q);
  if (v.type != t_bool && !(version() < 6 && (is_number(v.type) || v.type == t_na))) {
    error("PN0227", e.pos, "a condition must be a bool, this is " + show(v),
          is_number(v.type) ? "compare it with 0, or use bool()" : "");
    return;
  }
  if_false.push_back(emit(op::jf, reg_of(exact_condition(v))));
}

value compiler::if_value(const ast::expr& e) {
  bool used = std::exchange(value_used_, true);
  result_slot slot;
  std::vector<std::size_t> ends;
  auto saved = condition_qual_;
  condition_qual_ = qual::constant;
  bool has_else = e.blocks.size() > e.kids.size();
  ++frame_->block_depth;
  for (std::size_t i = 0; i < e.blocks.size(); ++i) {
    std::vector<std::size_t> if_false;
    if (i < e.kids.size()) condition(*e.kids[i], if_false);
    auto v = block_value(e.blocks[i], true, used);
    if (used) store_result(slot, v, e.pos);
    bool last = i + 1 == e.blocks.size();
    if (!last || !has_else) ends.push_back(emit(op::jmp));
    for (auto at : if_false) patch(at, here());
  }
  if (!has_else && used) {
    value missing = constant_number(t_na, na_value);
    if (slot.is_tuple) {
      missing.type = t_tuple;
      missing.parts.assign(slot.parts.size(), constant_number(t_na, na_value));
    } else if (!slot.parts.empty() && slot.parts[0].type == t_bool && version() >= 6) {
      missing = constant_number(t_bool, 0); // version 6: a bool without else is false
    }
    store_result(slot, missing, e.pos);
  }
  for (auto at : ends) patch(at, here());
  --frame_->block_depth;
  auto q = condition_qual_;
  condition_qual_ = max(saved, q);
  return take_result(slot, q);
}

value compiler::switch_value(const ast::expr& e) {
  bool used = std::exchange(value_used_, true);
  result_slot slot;
  std::vector<std::size_t> ends;
  value subject;
  bool with_subject = e.kids[0] != nullptr;
  if (with_subject) subject = expression(*e.kids[0]);
  auto q = with_subject ? subject.q : qual::constant;
  bool has_default = false;
  ++frame_->block_depth;
  for (std::size_t i = 0; i < e.blocks.size(); ++i) {
    const auto& test = e.kids[i + 1];
    std::vector<std::size_t> if_false;
    if (test != nullptr) {
      if (with_subject) {
        auto w = expression(*test);
        if (!w.bad && !subject.bad) {
          auto c = compare("==", subject, w, test->pos);
          if (!c.bad) {
            q = max(q, c.q);
            if_false.push_back(emit(op::jf, reg_of(c)));
          }
        }
      } else {
        auto saved = condition_qual_;
        condition_qual_ = qual::constant;
        condition(*test, if_false);
        q = max(q, condition_qual_);
        condition_qual_ = saved;
      }
    } else {
      has_default = true;
      if (i + 1 != e.blocks.size()) error("PN0231", e.pos, "the default case '=>' must be the last of a switch");
    }
    auto v = block_value(e.blocks[i], true, used);
    if (used) store_result(slot, v, e.pos);
    ends.push_back(emit(op::jmp));
    for (auto at : if_false) patch(at, here());
  }
  if (!has_default && used) {
    value missing = constant_number(t_na, na_value);
    if (slot.is_tuple) {
      missing.type = t_tuple;
      missing.parts.assign(slot.parts.size(), constant_number(t_na, na_value));
    } else if (!slot.parts.empty() && slot.parts[0].type == t_bool && version() >= 6) {
      missing = constant_number(t_bool, 0);
    }
    store_result(slot, missing, e.pos);
  }
  for (auto at : ends) patch(at, here());
  --frame_->block_depth;
  return take_result(slot, q);
}

value compiler::for_value(const ast::expr& e) {
  bool used = std::exchange(value_used_, true);
  auto from = expression(*e.kids[0]);
  auto to = expression(*e.kids[1]);
  value by = e.kids[2] != nullptr ? expression(*e.kids[2]) : constant_number(t_int, 1);
  for (const auto* v : {&from, &to, &by}) {
    if (v->bad) return *v;
    if (!is_number(v->type)) {
      error("PN0232", e.pos, "the bounds of 'for' must be numbers, this is " + show(*v));
      return error_value();
    }
  }
  auto t = from.type == t_int && (by.type == t_int) ? t_int : t_float;
  value var = temp(t, qual::series);
  var.stable = false;
  auto step = new_num();
  auto limit = reg_of(to);
  bool again = version() >= 6 && !to.known; // version 6 asks for the end before each round
  if (!again && to.reg != no_reg && !to.stable) {
    limit = new_num();
    emit(op::mov, limit, reg_of(to));
  }
  emit(op::mov, var.reg, reg_of(from));
  emit(op::forinit, step, var.reg, limit);
  emit(op::halt, reg_of(by));
  result_slot slot;
  open_scope();
  auto* s = define(e.names[0], var, e.pos);
  s->loop_var = true;
  s->val.symbol = s;
  auto top = here();
  if (again) {
    auto end = expression(*e.kids[1]);
    limit = reg_of(end);
  }
  auto test = emit(op::fortest, var.reg, limit);
  emit(op::halt, step);
  loop_info loop;
  loop.scopes_outside = frame_->scopes.size();
  loops_.push_back(loop);
  ++frame_->loop_depth;
  ++frame_->block_depth;
  auto v = block_value(e.blocks[0], true, used);
  if (used) store_result(slot, v, e.pos);
  --frame_->block_depth;
  --frame_->loop_depth;
  auto next = here();
  emit(op::add, var.reg, var.reg, step);
  emit(op::back, 0, 0, u32(top));
  patch(test, here());
  for (auto at : loops_.back().breaks) patch(at, here());
  for (auto at : loops_.back().continues) patch(at, next);
  loops_.pop_back();
  close_scope();
  return take_result(slot, qual::series);
}

value compiler::while_value(const ast::expr& e) {
  bool used = std::exchange(value_used_, true);
  result_slot slot;
  auto top = here();
  std::vector<std::size_t> if_false;
  auto saved = condition_qual_;
  condition(*e.kids[0], if_false);
  condition_qual_ = saved;
  loop_info loop;
  loop.scopes_outside = frame_->scopes.size();
  loops_.push_back(loop);
  ++frame_->loop_depth;
  ++frame_->block_depth;
  auto v = block_value(e.blocks[0], true, used);
  if (used) store_result(slot, v, e.pos);
  --frame_->block_depth;
  --frame_->loop_depth;
  auto next = here();
  emit(op::back, 0, 0, u32(top));
  for (auto at : if_false) patch(at, here());
  for (auto at : loops_.back().breaks) patch(at, here());
  for (auto at : loops_.back().continues) patch(at, next);
  loops_.pop_back();
  return take_result(slot, qual::series);
}

/// A block that runs once: after a bar on which it ran it is over. On a realtime bar that is still open the mark goes
/// back with everything else, so it may run again on the next tick. It has no value.
value compiler::once_value(const ast::expr& e) {
  auto done = new_num();
  out().num_init[done] = 0;
  auto over = emit(op::jt, done);
  std::vector<std::size_t> if_false;
  auto saved = condition_qual_;
  if (e.kids[0] != nullptr) condition(*e.kids[0], if_false);
  condition_qual_ = saved;
  emit(op::mov, done, number_reg(1));
  ++frame_->block_depth;
  block_value(e.blocks[0], true, false);
  --frame_->block_depth;
  for (auto at : if_false) patch(at, here());
  patch(over, here());
  value none;
  none.type = t_void;
  return none;
}

value compiler::for_in_value(const ast::expr& e) {
  bool used = std::exchange(value_used_, true);
  auto coll = expression(*e.kids[0]);
  if (coll.bad) return coll;
  auto kind = types_->kind(coll.type);
  if (kind != type_kind::array && kind != type_kind::matrix && kind != type_kind::map) {
    error("PN0233", e.kids[0]->pos, "'for ... in' needs an array, matrix or map, this is " + show(coll));
    return error_value();
  }
  bool pair = e.names.size() == 2;
  if (kind == type_kind::map && !pair)
    error("PN0233", e.pos, "a map is walked with two variables", "write: for [key, value] in ...");
  const auto info = (*types_)[coll.type];
  type_id elem = kind == type_kind::array ? info.arg : kind == type_kind::matrix ? types_->array_of(info.arg) : info.arg2;
  auto source = reg_as(coll, coll.type);
  auto held = new_ref(); // the loop walks the collection it began with
  emit(op::movr, held, source);
  auto i = new_num();
  emit(op::mov, i, number_reg(-1));
  result_slot slot;
  open_scope();
  value item = temp(elem, qual::series), key;
  item.stable = false;
  auto top = here();
  emit(op::add, i, i, number_reg(1));
  site_plan plan;
  plan.line_no = line_;
  plan.fn = registry::get().functions("$next")->front().fn;
  plan.name = "for ... in";
  plan.args = {held, i};
  plan.types = {coll.type, t_int};
  auto more = new_num();
  plan.outs = {more, item.reg};
  plan.out_types = {t_bool, elem};
  if (kind == type_kind::map) {
    key = temp(info.arg, qual::series);
    plan.outs.push_back(key.reg);
    plan.out_types.push_back(info.arg);
  }
  plan.aux = info.arg;
  out().sites.push_back(plan);
  emit(op::call, 0, 0, u32(out().sites.size() - 1));
  auto leave = emit(op::jf, more);
  if (pair) {
    value first = key;
    if (kind != type_kind::map) {
      first.type = t_int;
      first.q = qual::series;
      first.reg = i;
    }
    first.stable = false;
    auto* s = define(e.names[0], first, e.pos);
    s->loop_var = true;
    s->val.symbol = s;
  }
  auto* s = define(e.names.back(), item, e.pos);
  s->loop_var = true;
  s->val.symbol = s;
  loop_info loop;
  loop.scopes_outside = frame_->scopes.size();
  loops_.push_back(loop);
  ++frame_->loop_depth;
  ++frame_->block_depth;
  auto v = block_value(e.blocks[0], true, used);
  if (used) store_result(slot, v, e.pos);
  --frame_->block_depth;
  --frame_->loop_depth;
  auto next = here();
  emit(op::back, 0, 0, u32(top));
  patch(leave, here());
  for (auto at : loops_.back().breaks) patch(at, here());
  for (auto at : loops_.back().continues) patch(at, next);
  loops_.pop_back();
  close_scope();
  return take_result(slot, qual::series);
}

} // namespace tt::pine
