// The emergency stop of an account and its flattening (actors/risk/flatten.hpp): the plan is asked again after every commit and
// every few moments until everything in scope is closed, over restarts too.

#include "gateways/bridge/account_desk.hpp"
#include "gateways/bridge/held_part.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

/// Between two looks at a flattening.
constexpr std::chrono::milliseconds flatten_pause{200};
/// Closing orders of one symbol and stop: one whose predecessor ended unfilled is a new order.
constexpr int max_closings = 50;

bool is_in(const risk::kill_scope& scope, const std::string& symbol, const strategy_id& strategy) {
  switch (scope.what) {
  case risk::kill_scope::kind::global:
  case risk::kill_scope::kind::account: return true;
  case risk::kill_scope::kind::strategy: return strategy.str() == scope.name;
  case risk::kill_scope::kind::symbol: return symbol == scope.name;
  }
  return true;
}

} // namespace

result<void> account_desk::fold_stop(const risk::kill_event& event) {
  const bool was_noted = event.epoch <= stop_.epoch();
  if (auto done = stop_.apply(event); !done) return done;
  remember_stop(event);
  if (!was_noted) follow_flattening(event);
  // a flattening that was ordered behind this resume goes on
  if (event.what == risk::kill_event::kind::resumed)
    std::erase_if(flattening_, [&](const auto& one) {
      const auto now = stop_.modes().find(one.first);
      return now == stop_.modes().end() || now->second != risk::kill_mode::flatten;
    });
  return {};
}

void account_desk::follow_flattening(const risk::kill_event& event) {
  if (event.what == risk::kill_event::kind::resumed) return;
  if (event.what == risk::kill_event::kind::engaged && event.mode == risk::kill_mode::flatten)
    flattening_.insert_or_assign(event.scope, risk::flatten_plan(event.epoch));
  else flattening_.erase(event.scope);
}

void account_desk::remember_stop(const risk::kill_event& event) {
  if (event.what == risk::kill_event::kind::engaged) engaged_.insert_or_assign(event.scope, event);
  if (event.what == risk::kill_event::kind::resumed) std::erase_if(engaged_, [&](const auto& one) { return one.second.epoch < event.epoch; });
}

void account_desk::hold_stop(const risk::kill_event& event) {
  stop_.note(event);
  remember_stop(event);
  follow_flattening(event);
}

void account_desk::write_stop(access& in, const risk::kill_event& event, account_access::done told) {
  note_risk(in, "kill_switch", event.scope.name, event.author, event.reason, risk::to_text(event),
            [this, epoch = event.epoch, told = std::move(told)](const order_answer& got) {
              if (got.refused) stop_.lose(epoch);
              told(got);
            });
}

// A stop that came while the disk was full holds, but only here: as soon as the journal takes records it is ordered anew, so that a
// restart knows of it.
void account_desk::write_lost_stops(access& in) {
  for (const auto& [scope, mode] : stop_.unwritten()) {
    const auto first = engaged_.find(scope);
    const bool is_known = first != engaged_.end();
    auto event = stop_.engage(scope, stop_.modes().at(scope), is_known ? first->second.author : "account",
                              is_known ? first->second.reason : "ordered while the journal could not be written", in.now(),
                              is_known ? first->second.open : risk::kill_event::open_orders::keep);
    if (!event) continue; // it holds here all the same
    hold_stop(*event);
    write_stop(in, *event, [](const order_answer&) {});
  }
}

risk::flatten_view account_desk::flatten_view_of(access& in, const risk::kill_scope& scope) const {
  risk::flatten_view out;
  const auto& book = *in.book();
  for (const auto number : book.open_orders()) {
    const auto& what = *book.find(number);
    if (!is_in(scope, what.symbol, what.strategy)) continue;
    using owner = risk::flatten_view::open_order::owner;
    out.orders.push_back({number, what.symbol, what.origin == order_origin::flatten ? owner::flattening : owner::other});
  }
  for (const auto& [symbol, held] : book.positions()) {
    auto qty = held.qty;
    if (scope.what == risk::kill_scope::kind::strategy) {
      const auto* own = books_.held_by(strategy_id{scope.name}, symbol);
      qty = part_of(own ? own->qty : quantity{}, held.qty);
    } else if (!is_in(scope, symbol, {})) continue;
    if (qty.is_zero()) continue;
    const auto* instrument = settings_.master->find(symbol);
    const bool is_open = instrument && instrument->calendar->state_at(in.now()) == market_state::regular;
    using session = risk::flatten_view::held::session;
    out.positions.push_back({symbol, qty, is_open ? session::open : session::closed});
  }
  return out;
}

strategy_id account_desk::sole_holder(const account_book& book, const std::string& symbol, quantity held) const {
  for (const auto& id : books_.strategies()) {
    const auto* own = books_.held_by(id, symbol);
    // by its own trades, and after what was closed by hand
    if (own && own->qty == held && book.held_by(id, symbol) == held) return id;
  }
  return {};
}

void account_desk::place_flat(access& in, const risk::kill_scope& scope, const risk::close_action& what) {
  if (!is_reconciled_) return; // after a restart the venue is not in step yet; the next round asks again
  const auto* instrument = settings_.master->find(what.symbol);
  if (!instrument) return;
  const auto first = in_this_life(in, what.key);
  if (!first) return;
  auto key = *first;
  const auto* before = in.book()->find(key);
  for (int again = 1; before && again < max_closings; ++again) {
    if (!is_final(before->state)) return; // it is being closed
    auto next = intent_key::flatten(stop_.epoch(), what.symbol + "#" + std::to_string(raw(before->number)));
    if (next) next = in_this_life(in, std::move(*next));
    if (!next) return;
    key = *next;
    before = in.book()->find(key);
  }
  if (before) return;
  order_request r;
  r.account = settings_.profile.id;
  r.symbol = what.symbol;
  r.side = what.way == direction::buy ? order_side::buy : order_side::sell;
  r.size = size_quantity{what.size};
  r.type = order_type::market;
  r.effect = position_effect::reduce_only;
  r.comment = "emergency stop";
  r.strategy = scope.what == risk::kill_scope::kind::strategy ? strategy_id{scope.name}
                                                               : sole_holder(*in.book(), what.symbol, in.book()->held(what.symbol));
  const new_order wanted{r, key, order_origin::flatten, instrument->symbol, contract_of(*instrument)};
  in.run([&](account_core& core, utc_time now) { return core.place(wanted, now); }, [](const order_answer&) {});
}

void account_desk::flatten_scope(access& in, const risk::kill_scope& scope, risk::flatten_plan& plan) {
  const auto view = flatten_view_of(in, scope);
  for (const auto& action : plan.next(view, in.now())) {
    if (const auto* cancel = std::get_if<risk::cancel_action>(&action)) in.cancel(cancel->number, "emergency stop", [](const order_answer&) {});
    else place_flat(in, scope, std::get<risk::close_action>(action));
  }
  if (!risk::flatten_plan::is_done(view)) return;
  const auto event = stop_.flattened(scope, in.now());
  if (!event) return;
  hold_stop(*event);
  write_stop(in, *event, [](const order_answer&) {});
}

void account_desk::drive_flattening(access& in) {
  if (flattening_.empty() || is_flattening_ || in.blocked() || !in.book() || !in.book()->is_open()) return;
  is_flattening_ = true;
  std::vector<risk::kill_scope> scopes;
  for (const auto& [scope, plan] : flattening_) scopes.push_back(scope);
  for (const auto& scope : scopes)
    if (const auto plan = flattening_.find(scope); plan != flattening_.end() && !in.blocked()) flatten_scope(in, scope, plan->second);
  is_flattening_ = false;
  if (flattening_.empty() || std::exchange(flatten_is_due_, true)) return;
  in.after(flatten_pause, [this](access& later) {
    flatten_is_due_ = false;
    drive_flattening(later);
  });
}

} // namespace tt::gateway
