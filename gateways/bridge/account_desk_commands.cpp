// Orders, stops and limits: what people ask an account to do.

#include "gateways/bridge/account_desk.hpp"

#include "actors/risk/decision.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

/// Pauses between two looks whether the cancels of a flattening have ended, and how many of them.
constexpr std::chrono::milliseconds closing_pause{20};
constexpr int closing_looks = 100;

error blocked_error(const error& why) { return {errc::not_available, why.message, why.field}; }

risk::access rank_of(const trading_caller& who) { return who.rank; }

/// Where the caller gave no id of its own the number of the order is its cause: asked again, it is another order.
/// '#' can't begin a client order id.
result<intent_key> key_of(const trading_caller& who, const place_order& what, order_number next) {
  if (!what.request.client_id.empty()) return intent_key::manual(who.principal, what.request.client_id.str());
  if (!what.idempotency_key.empty()) return intent_key::manual(who.principal, what.idempotency_key);
  return intent_key::manual(who.principal, "#" + std::to_string(raw(next)));
}

order_sender sender_of(const trading_caller& who) {
  order_sender out;
  out.principal = who.principal;
  return out;
}

} // namespace

void account_desk::answer_placed(const order& now, placed_order::outcome how, const reply<placed_order>& done) const {
  placed_order out;
  out.order = snapshot(now);
  out.how = how;
  if (how == placed_order::outcome::placed && now.state == order_state::risk_rejected) out.how = placed_order::outcome::refused;
  done(std::move(out));
}

void account_desk::wait_for(access& in, const order& placed, std::chrono::milliseconds wait, reply<placed_order> done) {
  const auto answered = std::make_shared<bool>(false);
  const auto once = [answered, done = std::move(done)](result<placed_order> got) {
    if (!std::exchange(*answered, true)) done(std::move(got));
  };
  waiting_.emplace(placed.number, waiting{once, placed_order::outcome::placed});
  in.after(wait, [this, number = placed.number, once](access& later) {
    const auto* now = later.book() ? later.book()->find(number) : nullptr;
    if (now) answer_placed(*now, placed_order::outcome::pending, once);
    else once(error{errc::not_available, "the journal is being repaired; ask for the order", "order_id"});
  });
}

void account_desk::place(access& in, const trading_caller& who, place_order what, reply<placed_order> done, int looks_left) {
  if (auto why = in.blocked()) return done(blocked_error(*why));
  if (problem_) return done(error{errc::not_available, "the account can only be read: " + to_string(*problem_)});
  const auto* instrument = settings_.master->find(what.request.symbol);
  if (!instrument) return done(error{errc::unknown_symbol, "unknown symbol " + quoted(what.request.symbol), "symbol"});
  // after a restart the broker knows its buying power only once what is held has a price
  if (!balances_.buying_power && looks_left > 0) {
    in.run([](account_core& core, utc_time now) { return core.look(now); }, [](const order_answer&) {});
    return in.after(closing_pause, [this, who, what = std::move(what), done = std::move(done), looks_left](access& later) {
      place(later, who, what, done, looks_left - 1);
    });
  }
  auto key = key_of(who, what, in.book()->next_number());
  if (!key) return done(key.error());
  gate_->expect(*key, sender_of(who));
  const new_order wanted{what.request, *key, order_origin::manual, instrument->symbol, contract_of(*instrument)};
  const auto wait = what.wait;
  in.run([&](account_core& core, utc_time now) { return core.place(wanted, now); },
         [this, wait, done = std::move(done)](const order_answer& got) {
           if (got.refused) return done(*got.refused);
           if (!got.now) return done(error{errc::internal, "an order without a state"});
           const auto& now = *got.now;
           if (got.what == execution::reply::repeated) return answer_placed(now, placed_order::outcome::repeated, done);
           const bool is_going_out = now.state == order_state::created || now.state == order_state::submitting || now.state == order_state::unknown;
           if (!is_going_out) return answer_placed(now, placed_order::outcome::placed, done);
           to_wait_.push_back({now.number, wait, done});
         });
}

void account_desk::begin_waits(access& in) {
  for (auto& one : std::exchange(to_wait_, {})) {
    const auto* now = in.book() ? in.book()->find(one.number) : nullptr;
    if (!now) one.done(error{errc::not_available, "the journal is being repaired; ask for the order", "order_id"});
    else if (now->state != order_state::submitting && now->state != order_state::unknown && now->state != order_state::created)
      answer_placed(*now, placed_order::outcome::placed, one.done);
    else wait_for(in, *now, one.wait, std::move(one.done));
  }
}

void account_desk::change(access& in, const order_name& name, const order_change& change, reply<order_snapshot> done) {
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + quoted(name.id), "order_id"});
  terms_change wanted;
  wanted.qty = change.qty;
  wanted.limit_price = change.limit_price;
  wanted.stop_price = change.stop_price;
  wanted.trail_offset = change.trail_offset;
  wanted.trail_percent = change.trail_percent;
  wanted.tif = change.tif;
  wanted.if_version = change.if_version;
  in.run([&](account_core& core, utc_time now) { return core.replace(what->number, wanted, now); },
         [this, done = std::move(done)](const order_answer& got) {
           if (got.refused) return done(*got.refused);
           if (!got.now) return done(error{errc::internal, "an order without a state"});
           done(snapshot(*got.now));
         });
}

void account_desk::cancel(access& in, const trading_caller& who, const order_name& name, reply<cancelled_order> done) {
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + quoted(name.id), "order_id"});
  if (is_final(what->state)) return done(cancelled_order{cancelled_order::outcome::already_final, snapshot(*what)});
  in.cancel(what->number, "cancelled by " + who.principal, [this, done = std::move(done)](const order_answer& got) {
    if (got.refused) return done(*got.refused);
    if (!got.now) return done(error{errc::internal, "an order without a state"});
    const bool was_final = got.what == execution::reply::unchanged;
    done(cancelled_order{was_final ? cancelled_order::outcome::already_final : cancelled_order::outcome::requested, snapshot(*got.now)});
  });
}

std::vector<order_id> account_desk::cancel_all(access& in, const trading_caller& who, const order_filter& filter) {
  std::vector<order_id> out;
  std::vector<order_number> numbers;
  if (!in.book()) return out;
  for (const auto number : in.book()->open_orders()) {
    const auto* what = in.book()->find(number);
    if (!matches(*what, filter)) continue;
    out.push_back(what->id);
    numbers.push_back(number);
  }
  for (const auto number : numbers) in.cancel(number, "cancelled by " + who.principal, [](const order_answer&) {});
  return out;
}

// ---------------------------------------------------------------- closing

struct account_desk::closing {
  trading_caller who;
  close_request what;
  std::vector<order_id> cancelled;
  std::vector<order_number> waits_for;
  std::vector<order_snapshot> orders;
  std::optional<error> failed;
  std::size_t open = 0;
  int looks = 0;
  reply<closed_positions> done;
};

void account_desk::place_close(access& in, const trading_caller& who, const position& held, const close_request& what,
                               reply<placed_order> told) {
  place_order wanted;
  wanted.wait = std::chrono::milliseconds{0};
  auto& r = wanted.request;
  r.account = settings_.profile.id;
  r.symbol = held.symbol;
  r.side = held.qty.value().is_positive() ? order_side::sell : order_side::buy;
  r.size = size_quantity{what.qty.value_or(quantity{held.qty.value().abs()})};
  r.type = what.type;
  r.limit_price = what.limit_price;
  r.effect = position_effect::reduce_only;
  r.comment = what.reason.substr(0, 200);
  place(in, who, std::move(wanted), std::move(told));
}

void account_desk::close(access& in, const trading_caller& who, close_request what, reply<closed_positions> done) {
  if (auto why = in.blocked()) return done(blocked_error(*why));
  auto plan = std::make_shared<closing>();
  plan->who = who;
  plan->done = std::move(done);
  if (what.symbol && in.book()->held(*what.symbol).is_zero()) return plan->done(closed_positions{}); // flat already: nothing to do
  if (!what.symbol) { // everything: what rests could fill behind the closing orders
    for (const auto number : in.book()->open_orders()) plan->waits_for.push_back(number);
    plan->cancelled = cancel_all(in, who, {});
  }
  plan->what = std::move(what);
  finish_closing(in, std::move(plan));
}

void account_desk::finish_closing(access& in, std::shared_ptr<closing> plan) {
  if (!in.book()) return plan->done(error{errc::not_available, "the journal is being repaired; nothing was closed"});
  const auto& book = *in.book();
  const bool waits = std::ranges::any_of(plan->waits_for, [&](order_number n) { return book.find(n) && !is_final(book.find(n)->state); });
  if (waits && ++plan->looks < closing_looks) return in.after(closing_pause, [this, plan](access& later) { finish_closing(later, plan); });
  if (waits) return plan->done(error{errc::timed_out, "not every order is cancelled yet: nothing was closed; try again"});
  std::vector<position> held;
  for (const auto& [symbol, one] : book.positions())
    if (!one.qty.is_zero() && (!plan->what.symbol || symbol == *plan->what.symbol)) held.push_back(one);
  plan->open = held.size();
  if (held.empty()) return plan->done(closed_positions{{}, plan->cancelled});
  for (const auto& one : held)
    place_close(in, plan->who, one, plan->what, [plan](result<placed_order> placed) {
      if (placed) plan->orders.push_back(std::move(placed->order));
      else plan->failed = placed.error();
      if (--plan->open > 0) return;
      if (plan->orders.empty() && plan->failed) return plan->done(*plan->failed);
      plan->done(closed_positions{std::move(plan->orders), plan->cancelled});
    });
}

// ------------------------------------------------------------------- risk

result<order_preview> account_desk::preview(access& in, const trading_caller& who, const order_request& what) {
  if (!in.book()) return error{errc::not_available, "the account is starting"};
  const auto* instrument = settings_.master->find(what.symbol);
  if (!instrument) return error{errc::unknown_symbol, "unknown symbol " + quoted(what.symbol), "symbol"};
  const auto key = intent_key::manual(who.principal, "#preview");
  if (!key) return key.error();
  auto asked = what;
  asked.symbol = instrument->symbol;
  const risk::grant may;
  risk::order_view view;
  view.asked = &asked;
  view.key = &*key;
  view.principal = who.principal;
  view.may = &may;
  const auto verdict = gate_->core().preview(view, in.now());
  order_preview out;
  out.decision = risk::to_record(verdict, risk::record_detail::all);
  const auto* market = gate_->core().state().symbol(asked.symbol);
  const auto at_market = market ? (direction_of(asked.side) == direction::buy ? market->market.ask : market->market.bid) : std::nullopt;
  out.price_used = asked.limit_price ? asked.limit_price : at_market;
  if (!market || !out.price_used) return out;
  const auto value = decimal::checked_multiply(out.price_used->value(), verdict.approved.value());
  if (!value) return value.error();
  out.notional = money{*value * instrument->multiplier * market->instrument.fx};
  const auto& fees = settings_.fees;
  out.fees = money{fees.per_order.value() + fees.per_unit.value() * verdict.approved.value() + fees.ratio * out.notional->value()};
  return out;
}

void account_desk::stop(access& in, const trading_caller& who, const stop_request& what, reply<stopped> done) {
  if (what.mode == risk::kill_mode::flatten)
    return done(error{errc::unsupported, "stopping with flatten is not there yet: stop with halt or reduce, or flatten the positions first", "mode"});
  const auto began = settings_.clock_ns ? settings_.clock_ns() : 0;
  auto event = stop_.engage(what.scope, what.mode, who.principal, what.reason, in.now());
  if (!event) return done(event.error());
  // in force before it is on disk: late is worse than lost
  if (auto applied = stop_.apply(*event); !applied) return done(applied.error());
  stopped out;
  out.epoch = event->epoch;
  out.mode = what.mode;
  order_filter filter;
  if (what.scope.what == risk::kill_scope::kind::symbol) filter.symbol = what.scope.name;
  if (what.scope.what == risk::kill_scope::kind::strategy) filter.strategy = strategy_id{what.scope.name};
  if (what.open == stop_request::open_orders::cancel) out.cancel_requested = cancel_all(in, who, filter);
  const auto ended = settings_.clock_ns ? settings_.clock_ns() : 0;
  out.elapsed = std::chrono::milliseconds{(ended - began) / 1'000'000};
  // done also where the journal fails: what is stopped is stopped
  note_risk(in, "kill_switch", what.scope.name, who.principal, what.reason, risk::to_text(*event),
            [out, done = std::move(done)](const order_answer&) { done(out); });
}

result<resume_question> account_desk::ask_resume(access& in, const trading_caller& who, const std::string& reason) {
  if (!settings_.make_token) return error{errc::unsupported, "resuming needs a source of tokens"};
  auto token = settings_.make_token();
  if (auto asked = stop_.ask_resume(who.principal, rank_of(who), reason, token, in.now()); !asked) return asked.error();
  resume_question out;
  out.token = std::move(token);
  out.expires_in = risk::kill_switch::token_life;
  out.blocking = breakers_.would_trip(breaker_inputs(in), limits_now());
  return out;
}

void account_desk::resume(access& in, const trading_caller& who, const std::string& token, reply<std::uint64_t> done) {
  // what can't be written down is not lifted: after a restart it would be in force again
  if (auto why = in.blocked()) return done(blocked_error(*why));
  const auto blocking = breakers_.would_trip(breaker_inputs(in), limits_now());
  auto event = stop_.confirm_resume(token, who.principal, rank_of(who), in.now(), blocking);
  if (!event) return done(event.error());
  // lifted when it is on disk: the record's own fold does it
  note_risk(in, "kill_switch", {}, who.principal, event->reason, risk::to_text(*event),
            [epoch = event->epoch, done = std::move(done)](const order_answer& got) {
              if (got.refused) return done(*got.refused);
              done(epoch);
            });
}

void account_desk::set_limits(access& in, risk::limit_change change, reply<std::uint64_t> done) {
  if (auto why = in.blocked()) return done(blocked_error(*why));
  auto event = limits_.propose(change, in.now());
  if (!event) return done(event.error());
  if (auto applied = limits_.apply(*event); !applied) return done(applied.error());
  note_risk(in, "limits", change.where.name, change.author, change.reason, risk::to_text(*event),
            [version = event->version, done = std::move(done)](const order_answer& got) {
              if (got.refused) return done(*got.refused);
              done(version);
            });
}

} // namespace tt::gateway
