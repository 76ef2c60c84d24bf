#include "actors/risk/gate.hpp"

#include "actors/risk/check_run.hpp"

#include <algorithm>
#include <exception>

namespace tt::risk {

namespace {

bool is_known_side(order_side side) { return static_cast<std::size_t>(side) < enum_count<order_side>; }

/// Takes one order through the checks and writes the decision down.
class check_run {
public:
  check_run(run_context& c, decision& out, const std::function<std::int64_t()>& clock) : c_(c), out_(out), clock_(clock) {}

  void run(const hook_registry& hooks) {
    const auto begin = now_ns();
    last_ns_ = begin;
    for (const auto group : {gate_checks(), request_checks(), instrument_checks(), price_checks(), sizing_checks(), account_checks(),
                             portfolio_checks(), strategy_checks()})
      for (const auto& row : group) {
        if (is_over()) break;
        one(row);
      }
    out_.elapsed_ns = now_ns() - begin;
    for (const auto& [name, what] : hooks.all()) {
      if (is_over()) break;
      custom(name, what);
    }
    if (!is_over()) last_word();
    finish();
  }

  /// Rejects for a reason outside the checks.
  void reject(check_code code, std::string message) {
    finding f;
    f.code = code;
    f.message = std::move(message);
    refuse(std::move(f));
    finish();
  }

private:
  [[nodiscard]] bool is_over() const { return is_refused_ && c_.mode == run_mode::commit; }
  [[nodiscard]] std::int64_t now_ns() const { return clock_ ? clock_() : 0; }

  void one(const check_row& row) {
    answer a;
    if (row.part == applies_to::opening && !c_.opens()) {
      a = answer::skip(nothing_opens);
    } else if (row.part == applies_to::opening && needs_contract(row.code) && (!c_.what || !c_.sizing_error.empty())) {
      a = answer::skip(c_.what ? "the order could not be sized" : no_contract); // preview only: UNKNOWN_INSTRUMENT or SIZE_BELOW_LOT has rejected before
    } else {
      a = safely([&] { return row.run(c_); });
    }
    take(row.code, row.part, std::move(a), {});
  }

  /// Whether a check reckons with the contract. All from here on do.
  static bool needs_contract(check_code code) { return code >= check_code::fat_finger_qty; }

  /// Whatever goes wrong inside a check rejects with INTERNAL: never as lack of funds, never as approval.
  template <class Check>
  answer safely(Check&& check) {
    const auto internal = [](std::string message) {
      auto a = answer::reject(std::move(message));
      a.code = check_code::internal;
      return a;
    };
    try {
      auto a = check();
      if (c_.math.is_good()) return a;
      c_.math = {};
      return internal("the numbers are too large");
    } catch (const missing_figure& m) {
      return internal(std::string("not known: ") + m.what);
    } catch (const std::exception& e) {
      return internal(std::string("failed: ") + e.what());
    } catch (...) {
      return internal("failed");
    }
  }

  void take(check_code code, applies_to part, answer a, std::string hook) {
    finding f;
    f.code = a.code.value_or(code);
    f.scope = a.scope;
    f.unit = a.unit;
    f.measured = a.measured;
    f.limit = a.limit;
    f.message = std::move(a.message);
    f.why_not = a.why_not;
    f.hook = std::move(hook);
    const auto now = now_ns();
    f.elapsed_ns = static_cast<std::int32_t>(std::min<std::int64_t>(now - last_ns_, INT32_MAX));
    last_ns_ = now;
    switch (a.what) {
    case check_verdict::pass:
    case check_verdict::warn:
    case check_verdict::not_evaluated:
      f.result = a.what;
      out_.checks.push_back(std::move(f));
      return;
    case check_verdict::reduce:
      if (code == check_code::reduce_only_excess) return adjust(std::move(f), c_.asked_size, c_.size);
      return reduce(std::move(f), a.allowed);
    case check_verdict::reject: break;
    default: // a value that is none of ours blocks the order
      f.code = check_code::internal;
      f.message = "unknown result of a check";
      return refuse(std::move(f));
    }
    const bool about_opening = part == applies_to::opening || a.is_about_opening;
    // the caller may have the closing part alone; a check that failed proves nothing about either part
    if (about_opening && f.code != check_code::internal && may_close_alone()) return cut_to(std::move(f), quantity{});
    refuse(std::move(f));
  }

  [[nodiscard]] bool may_close_alone() const {
    return c_.asked.closing == close_part::send_alone && c_.sizing_error.empty() && c_.closing.value().is_positive();
  }

  void reduce(finding f, quantity allowed) {
    const auto lot = c_.what ? c_.what->lot.value() : decimal{1};
    const auto opening = c_.opening();
    auto on_grid = quantity{c_.math.floor_to(std::min(allowed, opening).value(), lot)};
    if (on_grid.value().is_positive() && on_grid < opening) return cut_to(std::move(f), on_grid);
    if (on_grid == opening && on_grid.value().is_positive()) {
      // what is asked for fits after all: rounding of the room, to the safe side
      f.result = check_verdict::pass;
      out_.checks.push_back(std::move(f));
      return;
    }
    if (may_close_alone()) return cut_to(std::move(f), quantity{});
    if (f.message.empty()) f.message = "less than one lot fits";
    refuse(std::move(f));
  }

  void cut_to(finding f, quantity opening) {
    const auto before = c_.size;
    c_.size = c_.closing + opening;
    adjust(std::move(f), before, c_.size);
  }

  void adjust(finding f, quantity before, quantity after) {
    f.result = check_verdict::reduce;
    out_.adjustments.push_back({f.code, before, after, f.hook});
    if (!is_refused_) {
      out_.code = f.code;
      out_.hook = f.hook;
    }
    out_.checks.push_back(std::move(f));
  }

  void refuse(finding f) {
    f.result = check_verdict::reject;
    if (!is_refused_) {
      out_.code = f.code;
      out_.hook = f.hook;
    }
    is_refused_ = true;
    out_.checks.push_back(std::move(f));
  }

  void custom(const std::string& name, const hook& what) {
    if (!c_.what || !c_.sizing_error.empty()) return;
    const auto begin = now_ns();
    const auto a = safely([&] {
      const hook_order view{c_.asked.symbol, c_.way, c_.size, c_.closing, c_.asked.limit_price, c_.asked.strategy.str()};
      const auto said = what(view, c_.account(), c_.state);
      answer out;
      switch (said.what) {
      case hook_verdict::approve: return out;
      case hook_verdict::reduce:
        if (said.allowed.value().is_negative()) return answer::reject("a hook allowed less than nothing");
        // not more than there is: a hook can only cut
        if (said.allowed >= c_.opening()) return out;
        out.what = check_verdict::reduce;
        out.allowed = said.allowed;
        out.message = said.message;
        return out;
      case hook_verdict::reject: return answer::reject(said.message);
      }
      return answer::reject("unknown answer of a hook");
    });
    const auto took = now_ns() - begin;
    out_.hooks_elapsed_ns += took;
    auto final_answer = a;
    final_answer.code.reset(); // also a failure is the hook's
    if (took > hook_registry::budget_ns) final_answer = answer::reject("took longer than " + std::to_string(hook_registry::budget_ns) + " ns");
    take(check_code::custom, applies_to::whole, std::move(final_answer), name);
  }

  /// What must hold whatever the checks did.
  void last_word() {
    if (!c_.size.value().is_positive() || c_.size > c_.asked_size) {
      finding f;
      f.code = check_code::internal;
      f.message = "the checks left a quantity of " + c_.size.to_string();
      return refuse(std::move(f));
    }
    if (out_.adjustments.empty()) return;
    // a cut may have brought the order under the venue's minimum
    for (const auto& row : instrument_checks()) {
      if (row.code != check_code::min_notional) continue;
      auto a = safely([&] { return row.run(c_); });
      if (a.what == check_verdict::reject) take(row.code, applies_to::whole, std::move(a), {});
    }
  }

  void finish() {
    out_.original = c_.asked_size + c_.order.executed;
    out_.limits_version = c_.limit_sets.version();
    out_.state_offset = c_.account().state_offset;
    if (is_refused_) {
      out_.result = verdict::rejected;
      return;
    }
    out_.result = out_.adjustments.empty() ? verdict::approved : verdict::approved_reduced;
    if (out_.adjustments.empty()) out_.code = check_code::approved;
    out_.approved = c_.size + c_.order.executed;
    out_.closing = c_.closing;
  }

  run_context& c_;
  decision& out_;
  const std::function<std::int64_t()>& clock_;
  std::int64_t last_ns_ = 0;
  bool is_refused_ = false;
};

constexpr std::size_t usual_checks = 64;

working_order reservation_of(const order_view& order, run_context& context) {
  working_order out;
  out.number = order.number;
  out.group = order.group;
  out.way = context.way;
  out.type = order.asked->type;
  out.remaining = context.size;
  out.valued = context.valued.value_or(order.asked->limit_price.value_or(price{}));
  out.limit_price = order.asked->limit_price;
  out.unit_cost = money{context.unit_cost.value_or(decimal{})};
  out.order_fee = context.account().fees.per_order;
  out.strategy = order.asked->strategy.str();
  return out;
}

} // namespace

gate::gate(const limit_book& limits, const kill_switch& stop, const breaker_board& breakers, node_rates& rates, gate_settings settings)
  : limits_(limits), stop_(stop), breakers_(breakers), rates_(rates), settings_(std::move(settings)) {}

decision gate::preview(const order_view& order, utc_time now) {
  decision out;
  out.checks.reserve(usual_checks);
  run_context context{state_, limits_, stop_, breakers_, returns_, order, node_, venue_, history_, rates_, now, run_mode::preview};
  check_run run(context, out, settings_.clock_ns);
  if (!is_known_side(order.asked->side)) {
    run.reject(check_code::internal, "unknown side");
    return out;
  }
  context.prepare();
  run.run(hooks_);
  return out;
}

gate_answer gate::check_and_reserve(const order_view& order, utc_time now) { return admit(order, now, kind::fresh); }

gate_answer gate::check_change(const order_view& order, utc_time now) {
  symbol_view* place = nullptr;
  auto* present = state_.find_working(order.number, &place);
  gate_answer out;
  if (!present || state_.symbol(order.asked->symbol) != place || direction_of(order.asked->side) != present->way) {
    out.verdict.checks.push_back({.code = check_code::internal, .message = "there is no such working order"});
    return out;
  }
  const auto before = *present;
  state_.on_final(order.number);
  out = admit(order, now, kind::change, before.remaining);
  if (!out.proof) {
    const auto back = state_.add_working(order.asked->symbol, before);
    TT_ASSERT(back.has_value());
    return out;
  }
  // until the venue confirms, either of both may fill
  auto* reserved = state_.find_working(order.number, nullptr);
  TT_ASSERT(reserved != nullptr);
  reserved->remaining = std::max(reserved->remaining, before.remaining);
  if (before.valued.value().abs() > reserved->valued.value().abs()) reserved->valued = before.valued;
  reserved->unit_cost = std::max(reserved->unit_cost, before.unit_cost);
  reserved->acknowledged = before.acknowledged;
  reserved->group = before.group;
  return out;
}

gate_answer gate::admit(const order_view& order, utc_time now, kind what, quantity had) {
  gate_answer out;
  auto& verdict_out = out.verdict;
  verdict_out.checks.reserve(usual_checks);
  run_context context{state_, limits_, stop_, breakers_, returns_, order, node_, venue_, history_, rates_, now, run_mode::commit};
  check_run run(context, verdict_out, settings_.clock_ns);
  // An unknown side is neither a buy nor a sell.
  if (!is_known_side(order.asked->side)) {
    run.reject(check_code::internal, "unknown side");
  } else {
    context.is_change = what == kind::change;
    context.had = had;
    context.prepare();
    run.run(hooks_);
  }
  if (what == kind::fresh) history_.remember(*order.key, order.attempt);
  if (verdict_out.may_send()) {
    auto reserved = reservation_of(order, context);
    auto added = order.number == order_number::none ? result<void>{error{errc::internal, "the order has no number"}}
                                                    : state_.add_working(order.asked->symbol, std::move(reserved));
    if (!added) {
      verdict_out.result = verdict::rejected;
      verdict_out.approved = {};
      verdict_out.code = check_code::internal;
      verdict_out.checks.push_back({.code = check_code::internal, .message = added.error().message});
    }
  }
  if (verdict_out.may_send()) {
    approved_order order_out{state_.account().id, *order.key, order.asked->symbol, {}};
    auto& terms = order_out.terms;
    terms.side = order.asked->side;
    terms.type = order.asked->type;
    terms.tif = order.asked->tif;
    terms.hours = order.asked->hours;
    terms.effect = context.is_reduce_only ? position_effect::reduce_only : order.asked->effect;
    terms.qty = verdict_out.approved;
    terms.limit_price = order.asked->limit_price;
    terms.stop_price = order.asked->stop_price;
    terms.trail_offset = order.asked->trail_offset;
    terms.trail_percent = order.asked->trail_percent;
    terms.good_till = order.asked->good_till;
    out.proof = approval(std::move(order_out), verdict_out.limits_version);
  }
  if (what == kind::fresh || !out.proof) note_outcome(order, verdict_out, now);
  // what switches a strategy off is found here, and tripped by the owner of the breakers
  const auto& strategy = order.asked->strategy.str();
  if (!strategy.empty() && !verdict_out.may_send()) {
    const auto& limit = limits_.resolve(state_.account().id.str(), strategy, order.asked->symbol)[limit_id::repeated_rejects];
    if (verdict_out.code == check_code::runaway) out.trips.push_back(check_code::breaker_runaway);
    if (limit.is_on && decimal{static_cast<std::int64_t>(history_.worst_rejects(strategy, now))} >= limit.value)
      out.trips.push_back(check_code::repeated_reject);
  }
  return out;
}

result<void> gate::adopt(const order_view& order, quantity remaining, on_off acknowledged, on_off external, utc_time now) {
  if (!is_known_side(order.asked->side)) return error{errc::invalid_argument, "is unknown", "side"};
  run_context context{state_, limits_, stop_, breakers_, returns_, order, node_, venue_, history_, rates_, now, run_mode::preview};
  context.prepare();
  auto taken = reservation_of(order, context);
  taken.remaining = remaining;
  taken.acknowledged = acknowledged;
  taken.external = external;
  history_.remember(*order.key, order.attempt);
  return state_.add_working(order.asked->symbol, std::move(taken));
}

void gate::note_outcome(const order_view& order, const decision& verdict, utc_time now) {
  if (verdict.may_send() || order.asked->strategy.empty()) return;
  switch (verdict.code) {
  case check_code::runaway: // the consequences of a switch are no news about the strategy
  case check_code::kill_switch:
  case check_code::strategy_disabled:
  case check_code::duplicate: return;
  default: break;
  }
  if (verdict.code >= check_code::breaker_daily_loss && verdict.code <= check_code::clock) return;
  history_.add_reject(order.asked->strategy.str(), verdict.code, order.asked->symbol, direction_of(order.asked->side), now);
}

} // namespace tt::risk
