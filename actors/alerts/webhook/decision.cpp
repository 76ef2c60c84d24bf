#include "actors/alerts/webhook/decision.hpp"

#include <algorithm>

namespace tt::webhook {

namespace {

/// Longest comment of an order (order.hpp).
constexpr std::size_t max_order_comment = 200;

judged refuse(refusal why, std::string detail) { return {{alert_verdict::refused, why, std::move(detail)}, std::nullopt}; }
judged record(std::string detail) { return {{alert_verdict::recorded, refusal::none, std::move(detail)}, std::nullopt}; }

std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::optional<judged> check_age(const signal& what, const judging& by) {
  if (!what.sent_at) return std::nullopt;
  const auto age = by.received_at - *what.sent_at;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (age > by.profile.freshness)
    return refuse(refusal::stale, "sent " + std::to_string(seconds) + " s ago, more than the " + std::to_string(by.profile.freshness.count()) + " s of the profile");
  if (-age > by.profile.freshness) return refuse(refusal::stale, "sent " + std::to_string(-seconds) + " s in the future: a clock is wrong");
  return std::nullopt;
}

std::optional<judged> check_scope(const judging& by, const signal& what, const instrument& symbol) {
  const auto& scope = by.profile.scope;
  if (!scope.symbols.empty() && std::find(scope.symbols.begin(), scope.symbols.end(), symbol.symbol) == scope.symbols.end())
    return refuse(refusal::scope, symbol.symbol + " is not a symbol of the profile");
  if (!what.account.empty() && what.account != by.profile.account.str())
    return refuse(refusal::scope, "account " + tt::in_quotes(what.account) + " is not the profile's");
  return std::nullopt;
}

/// Names of strategies that nobody registered come from the alert or, without one there, from the profile.
strategy_id strategy_of(const signal& what, const webhook_profile& profile) {
  if (!profile.strategy.empty()) return profile.strategy;
  return strategy_id{what.strategy.empty() ? "webhook:" + profile.id : what.strategy};
}

/// The size of an opening order, or what is wrong with it.
std::optional<judged> read_size(order_plan& plan, const signal& what, quantity_kind usual) {
  if (what.risk_percent && !what.qty) {
    if (!what.risk_percent->is_positive() || *what.risk_percent > decimal{100}) return refuse(refusal::quantity, "risk_percent must be above 0 and at most 100");
    if (!what.stop_price) return refuse(refusal::quantity, "risk_percent needs a stop_price");
    plan.size = size_risk{decimal::divide(*what.risk_percent, decimal{100}), *what.stop_price};
    return std::nullopt;
  }
  if (!what.qty) return refuse(refusal::quantity, "the alert names no quantity");
  if (!what.qty->is_positive()) return refuse(refusal::quantity, "the quantity must be above 0");
  switch (what.qty_kind.value_or(usual)) {
  case quantity_kind::notional: plan.size = size_notional{money{*what.qty}}; break;
  case quantity_kind::weight:
    if (*what.qty > decimal{1}) return refuse(refusal::quantity, "a weight is above 0 and at most 1");
    plan.size = size_weight{*what.qty};
    break;
  case quantity_kind::shares:
    if (!what.qty->is_multiple_of(plan.lot.value()))
      return refuse(refusal::quantity, what.qty->to_string() + " is not a multiple of the lot step " + plan.lot.to_string());
    plan.size = size_quantity{quantity{*what.qty}};
    break;
  }
  if (!plan.max_quantity) return std::nullopt;
  const auto* whole = std::get_if<size_quantity>(&*plan.size);
  if (whole == nullptr) return refuse(refusal::scope, "the profile has a largest quantity; only alerts that name a quantity can be held to it");
  return std::nullopt;
}

/// The position that a profile in position mode is told.
std::optional<judged> read_target(order_plan& plan, const signal& what) {
  if (is_closing(plan.action) && !what.position) {
    plan.target = quantity{};
    return std::nullopt;
  }
  if (!what.position) return refuse(refusal::invalid_field, "market_position: a profile in position mode needs it");
  if (*what.position == market_side::flat) {
    plan.target = quantity{};
    return std::nullopt;
  }
  if (what.qty_kind.value_or(quantity_kind::shares) != quantity_kind::shares)
    return refuse(refusal::quantity, "quantity_type: a profile in position mode counts shares or contracts");
  // the quantity of an order is not what is held after it: a reversal's has the old position in it
  const auto& size = what.position_size;
  if (!size) return refuse(refusal::invalid_field, "market_position_size: a profile in position mode needs it where the position is not flat");
  if (!size->is_positive()) return refuse(refusal::quantity, "market_position_size must be above 0");
  if (!size->is_multiple_of(plan.lot.value()))
    return refuse(refusal::quantity, size->to_string() + " is not a multiple of the lot step " + plan.lot.to_string());
  plan.target = quantity{*what.position == market_side::long_side ? *size : -*size};
  return std::nullopt;
}

/// The instrument of a name; pairs may be written with a slash (BTC/USD). A name that nobody lists, a perpetual of a listed
/// coin for instance, is none.
const instrument* find_symbol(const instrument_master& master, const std::string& name) {
  if (const auto* found = master.find(name)) return found;
  auto joined = name;
  std::erase(joined, '/');
  return joined == name ? nullptr : master.find(joined);
}

bool opens(alert_action a) { return a == alert_action::buy || a == alert_action::sell || a == alert_action::go_long || a == alert_action::go_short; }

direction side_of(alert_action a) { return a == alert_action::buy || a == alert_action::go_long ? direction::buy : direction::sell; }

bool may_open(const order_plan& plan, direction side) {
  return plan.sides.empty() || std::find(plan.sides.begin(), plan.sides.end(), side) != plan.sides.end();
}

market_side side_held(const strategy_holding& held) {
  return held.qty.is_zero() ? market_side::flat : held.qty > quantity{} ? market_side::long_side : market_side::short_side;
}

quantity amount(quantity q) { return q < quantity{} ? -q : q; }

/// An order whose fields don't fit each other (a limit without a price) is found before the answer.
std::optional<judged> check_fields(const order_plan& plan) {
  if (is_cancel(plan.action) || is_closing(plan.action)) return std::nullopt; // closing is done at market
  order_request probe;
  probe.account = plan.account;
  probe.symbol = plan.symbol;
  probe.size = plan.size.value_or(size_quantity{plan.lot});
  probe.type = plan.type;
  probe.limit_price = plan.limit_price;
  probe.stop_price = plan.stop_price;
  probe.tif = plan.tif;
  if (auto fine = check_request(probe); !fine) return refuse(refusal::invalid_field, to_string(fine.error()));
  return std::nullopt;
}

planned_order make_order(const order_plan& plan, alert_leg leg, direction side, order_size size, position_effect effect) {
  planned_order out;
  out.leg = leg;
  auto& request = out.request;
  request.account = plan.account;
  request.symbol = plan.symbol;
  request.side = side == direction::buy ? order_side::buy : order_side::sell;
  request.size = std::move(size);
  request.effect = effect;
  request.strategy = plan.strategy;
  request.alert = plan.alert;
  request.comment = plan.comment;
  request.tif = plan.tif;
  request.type = plan.type;
  request.limit_price = plan.limit_price;
  request.stop_price = plan.stop_price;
  return out;
}

/// A market order that makes the position smaller by `by`.
planned_order close_by(const order_plan& plan, const strategy_holding& held, quantity by) {
  auto out = make_order(plan, alert_leg::close, held.qty > quantity{} ? direction::sell : direction::buy, size_quantity{by}, position_effect::reduce_only);
  out.request.type = order_type::market;
  out.request.limit_price.reset();
  out.request.stop_price.reset();
  out.request.tif = time_in_force::day;
  return out;
}

order_decision no(refusal why, std::string detail) { return {{alert_verdict::refused, why, std::move(detail)}, {}, std::nullopt}; }
order_decision nothing(std::string detail) { return {{alert_verdict::recorded, refusal::none, std::move(detail)}, {}, std::nullopt}; }
order_decision go(std::vector<planned_order> orders, std::string note = {}) {
  return {{alert_verdict::queued, refusal::none, std::move(note)}, std::move(orders), std::nullopt};
}

std::string no_side(direction side) { return "the profile may not open on the side " + std::string{to_string(side)}; }

/// A position is turned to a side that the profile may not open: what is held is closed, since closing always passes.
order_decision close_only(const order_plan& plan, const strategy_holding& held, direction side) {
  return go({close_by(plan, held, amount(held.qty))}, no_side(side) + ": the position is only closed");
}

order_decision decide_close(const order_plan& plan, const strategy_holding& held, legs_made made) {
  if (made.close == legs_made::state::yes) return go({});
  const auto side = side_held(held);
  if (side == market_side::flat) return nothing("already flat");
  if (plan.action == alert_action::close_long && side != market_side::long_side) return nothing("there is no long position");
  if (plan.action == alert_action::close_short && side != market_side::short_side) return nothing("there is no short position");
  return go({close_by(plan, held, amount(held.qty))});
}

order_decision decide_target(const order_plan& plan, const strategy_holding& held, legs_made made) {
  if (made.any()) return go({});
  const auto change = *plan.target - held.qty;
  if (change.is_zero()) return nothing("the position is as reported");
  const auto side = change > quantity{} ? direction::buy : direction::sell;
  const bool shrinks = amount(*plan.target) < amount(held.qty) && (plan.target->is_zero() || (*plan.target > quantity{}) == (held.qty > quantity{}));
  if (shrinks) return go({close_by(plan, held, amount(change))});
  if (!may_open(plan, side)) {
    const bool turns = !held.qty.is_zero() && (held.qty > quantity{}) != (side == direction::buy);
    if (turns) return close_only(plan, held, side);
    return no(refusal::scope, no_side(side));
  }
  if (plan.max_quantity && amount(change) > *plan.max_quantity) return no(refusal::scope, "the profile may trade at most " + plan.max_quantity->to_string());
  if (plan.max_position && amount(*plan.target) > *plan.max_position) return no(refusal::max_position, "max_position_size is " + plan.max_position->to_string());
  return go({make_order(plan, alert_leg::open, side, size_quantity{amount(change)}, position_effect::any)});
}

/// Nothing: in step, or only to be warned of (then `note` says so).
std::optional<order_decision> check_step(const order_plan& plan, const strategy_holding& held, legs_made made, std::string& note) {
  if (!plan.previous || made.any() || *plan.previous == side_held(held)) return std::nullopt;
  auto text = "the alert says the strategy was " + std::string{to_string(*plan.previous)} + ", and here it is " + std::string{to_string(side_held(held))};
  if (plan.on_mismatch == out_of_step_rule::refuse) return no(refusal::out_of_step, std::move(text));
  note = "out of step: " + text;
  return std::nullopt;
}

} // namespace

judged judge(const signal& what, const judging& by) {
  if (auto stale = check_age(what, by)) return *stale;
  // in either mode: a reported position does not make a word an order
  if (what.action == alert_action::none)
    return record(what.action_word.empty() ? "no action" : "the word " + tt::in_quotes(what.action_word) + " makes no order");
  if (!what.problems.empty()) return refuse(refusal::invalid_field, what.problems.front().field + ": " + what.problems.front().what);

  order_plan plan;
  plan.action = what.action;
  plan.account = by.profile.account;
  plan.mode = by.profile.mode;
  plan.strategy = strategy_of(what, by.profile);
  plan.alert = by.alert;
  plan.comment = cut(what.comment, max_order_comment);
  plan.type = what.type;
  plan.limit_price = what.limit_price;
  if (what.type == order_type::stop || what.type == order_type::stop_limit) plan.stop_price = what.stop_price;
  plan.tif = what.tif.value_or(time_in_force::day);
  plan.on_mismatch = by.profile.out_of_step;
  plan.sides = by.profile.scope.sides;
  if (by.profile.scope.max_quantity) plan.max_quantity = quantity{*by.profile.scope.max_quantity};
  if (what.max_position) plan.max_position = quantity{*what.max_position};

  const auto standing = by.standing ? by.standing(plan.strategy) : std::nullopt;
  if (auto off = check_standing(plan, standing)) return {std::move(*off), std::nullopt};

  if (plan.action == alert_action::cancel_all && what.symbol.empty()) {
    if (!what.account.empty() && what.account != by.profile.account.str()) return refuse(refusal::scope, "account " + tt::in_quotes(what.account) + " is not the profile's");
    return {{alert_verdict::queued, refusal::none, {}}, std::move(plan)};
  }
  if (what.symbol.empty()) return refuse(refusal::invalid_field, "symbol: the alert names none");
  const auto* symbol = find_symbol(by.master, what.symbol);
  if (symbol == nullptr) return refuse(refusal::unknown_symbol, "no instrument of the name " + tt::in_quotes(what.symbol));
  plan.symbol = plan.action == alert_action::cancel_all ? std::string{} : symbol->symbol;
  plan.lot = symbol->lot;
  if (auto outside = check_scope(by, what, *symbol)) return *outside;

  if (is_cancel(plan.action)) return {{alert_verdict::queued, refusal::none, {}}, std::move(plan)};
  if (by.profile.sync == sync_mode::position) {
    if (auto bad = read_target(plan, what)) return *bad;
  } else {
    plan.previous = what.previous;
    const bool reported_flat = what.position == market_side::flat && (plan.action == alert_action::buy || plan.action == alert_action::sell);
    if (reported_flat) plan.wants = order_plan::purpose::flatten;
    if (opens(plan.action))
      if (auto bad = read_size(plan, what, standing ? standing->sizing : quantity_kind::shares)) return *bad;
    if (const auto* whole = plan.size ? std::get_if<size_quantity>(&*plan.size) : nullptr)
      if (plan.max_quantity && whole->value > *plan.max_quantity && !reported_flat)
        return refuse(refusal::scope, "the profile may trade at most " + plan.max_quantity->to_string());
  }
  if (auto bad = check_fields(plan)) return *bad;
  return {{alert_verdict::queued, refusal::none, {}}, std::move(plan)};
}

std::optional<word_on_alert> check_standing(const order_plan& plan, const std::optional<strategy_standing>& standing) {
  if (!standing) return std::nullopt;
  if (standing->now == strategy_standing::state::disabled)
    return word_on_alert{alert_verdict::refused, refusal::disabled, "strategy " + tt::in_quotes(plan.strategy.str()) + " is switched off"};
  if (standing->mode == account_mode::paper && plan.mode != account_mode::paper)
    return word_on_alert{alert_verdict::refused, refusal::disabled,
                         "strategy " + tt::in_quotes(plan.strategy.str()) + " is in paper mode, and account " + tt::in_quotes(plan.account.str()) + " is not a paper account"};
  return std::nullopt;
}

bool needs_holding(const order_plan& plan) {
  if (is_cancel(plan.action)) return false;
  if (plan.target || is_closing(plan.action) || plan.action == alert_action::go_long || plan.action == alert_action::go_short) return true;
  return plan.previous || plan.wants == order_plan::purpose::flatten || plan.max_position || !may_open(plan, side_of(plan.action));
}

order_decision decide(const order_plan& plan, const strategy_holding& held, legs_made made) {
  if (is_cancel(plan.action)) {
    auto out = go({});
    out.cancel = signal_scope{plan.account, plan.strategy, plan.symbol.empty() ? std::nullopt : std::optional{plan.symbol}};
    return out;
  }
  if (plan.target) return decide_target(plan, held, made);
  if (is_closing(plan.action)) return decide_close(plan, held, made);

  const auto side = side_of(plan.action);
  const auto* whole = std::get_if<size_quantity>(&*plan.size);
  if (!needs_holding(plan)) return go({make_order(plan, alert_leg::open, side, *plan.size, position_effect::any)});

  const bool is_opposite = !held.qty.is_zero() && (held.qty > quantity{}) != (side == direction::buy);
  if (plan.wants == order_plan::purpose::flatten) {
    if (made.any()) return go({});
    if (!is_opposite) return nothing("the alert closes a position, and there is none to close");
    const auto by = whole != nullptr ? std::min(whole->value, amount(held.qty)) : amount(held.qty);
    return go({close_by(plan, held, by)});
  }
  std::string note;
  if (auto refused = check_step(plan, held, made, note)) return *refused;
  const bool flips = plan.action == alert_action::go_long || plan.action == alert_action::go_short;
  if (!may_open(plan, side)) {
    if (flips && is_opposite && !made.any()) return close_only(plan, held, side);
    const bool only_closes = is_opposite && (plan.action == alert_action::buy || plan.action == alert_action::sell) && whole != nullptr &&
                             whole->value <= amount(held.qty);
    if (!only_closes && !made.any()) return no(refusal::scope, no_side(side));
    if (made.any()) return go({}, note);
    return go({make_order(plan, alert_leg::open, side, *plan.size, position_effect::reduce_only)}, note);
  }
  const auto before = flips && is_opposite ? quantity{} : held.qty;
  if (plan.max_position && !made.any()) {
    if (whole == nullptr) return no(refusal::max_position, "max_position_size needs an alert that names a quantity");
    const auto after = side == direction::buy ? before + whole->value : before - whole->value;
    if (amount(after) > *plan.max_position) return no(refusal::max_position, "max_position_size is " + plan.max_position->to_string());
  }
  std::vector<planned_order> orders;
  if (flips && is_opposite && !made.any()) orders.push_back(close_by(plan, held, amount(held.qty)));
  if (made.open == legs_made::state::no) orders.push_back(make_order(plan, alert_leg::open, side, *plan.size, position_effect::any));
  return go(std::move(orders), std::move(note));
}

std::string order_key(std::string_view profile, std::string_view journal, std::uint64_t event, alert_leg leg) {
  const auto key = intent_key::webhook(profile, std::string{journal} + "-" + std::to_string(event), static_cast<int>(leg));
  return key ? key->str() : std::string{};
}

} // namespace tt::webhook
