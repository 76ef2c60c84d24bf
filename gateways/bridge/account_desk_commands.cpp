// Orders: what people ask an account to do.

#include "gateways/bridge/account_desk.hpp"

#include "actors/execution/reconcile.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

/// Pauses between two looks whether the cancels of a flattening have ended; after how many of them its sender is answered, and after
/// how many it is given up, with an alarm.
constexpr std::chrono::milliseconds closing_pause{20};
constexpr int closing_looks = 100, most_closing_looks = 3'000;

error blocked_error(const error& why) { return {errc::not_available, why.message, why.field}; }

/// Where the caller gave no id of its own the number of the order is its cause: asked again, it is another order. Nothing that
/// a caller may write, in a header or a body, is such a key.
result<intent_key> key_of(const trading_caller& who, const place_order& what, order_number next) {
  if (!what.request.client_id.empty()) return intent_key::manual(who.principal, what.request.client_id.str());
  if (!what.idempotency_key.empty()) return intent_key::manual(who.principal, what.idempotency_key);
  return intent_key::unnamed(who.principal, next);
}

/// A change touches what its order has, and nothing else. Errors: invalid_argument naming the field.
result<void> check_change(const order& what, const order_change& change) {
  const auto& now = what.terms;
  const auto foreign = [&](const char* field) { return error{errc::invalid_argument, "does not belong to " + std::string(to_string(now.type)), field}; };
  if (change.limit_price && !now.limit_price) return foreign("price");
  if (change.stop_price && !now.stop_price) return foreign("stop_price");
  if (change.trail_offset && !now.trail_offset) return foreign("trail_offset");
  if (change.trail_percent && !now.trail_percent) return foreign("trail_percent");
  return {};
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

void account_desk::when_ready(access& in, std::string symbol, int looks_left, std::function<void(access&, const result<const instrument*>&)> go) {
  if (auto why = trouble(in)) return go(in, *why);
  if (auto why = in.blocked()) return go(in, blocked_error(*why));
  const auto* instrument = settings_.master->find(symbol);
  if (!instrument) return go(in, error{errc::unknown_symbol, "unknown symbol " + in_quotes(symbol), "symbol"});
  if (balances_.buying_power || looks_left <= 0) return go(in, instrument);
  // after a restart the broker knows its buying power only once what is held has a price
  in.run([](account_core& core, utc_time now) { return core.look(now); }, [](const order_answer&) {});
  in.after(closing_pause, [this, symbol = std::move(symbol), looks_left, go = std::move(go)](access& later) { when_ready(later, symbol, looks_left - 1, go); });
}

result<intent_key> account_desk::in_this_life(access& in, intent_key key) const {
  // an order of this cause that is here already keeps its key: journals of before know no generations
  if (settings_.generation == 0 || (in.book() && in.book()->find(key))) return key;
  const auto number = "@" + std::to_string(settings_.generation);
  // one part more than any key of its kind has, so no cause of another journal is the same
  return intent_key::parse(key.str() + "|" + std::to_string(number.size()) + ":" + number);
}

void account_desk::place(access& in, const trading_caller& who, place_order what, reply<placed_order> done) {
  const auto symbol = what.request.symbol;
  when_ready(in, symbol, first_looks, [this, who, what = std::move(what), done = std::move(done)](access& now, const result<const instrument*>& traded) {
    if (!traded) return done(traded.error());
    auto key = key_of(who, what, now.book()->next_number());
    if (key) key = in_this_life(now, std::move(*key));
    if (!key) return done(key.error());
    submit(now, {what.request, *key, order_origin::manual, (*traded)->symbol, contract_of(**traded)}, sender_of(who), what.wait, done);
  });
}

account_access::done account_desk::when_placed(std::chrono::milliseconds wait, reply<placed_order> done) {
  return [this, wait, done = std::move(done)](const order_answer& got) {
    if (got.refused) return done(*got.refused);
    if (!got.now) return done(error{errc::internal, "an order without a state"});
    const auto& now = *got.now;
    if (got.what == execution::reply::repeated) return answer_placed(now, placed_order::outcome::repeated, done);
    const bool is_going_out = now.state == order_state::created || now.state == order_state::submitting || now.state == order_state::unknown;
    if (!is_going_out) return answer_placed(now, placed_order::outcome::placed, done);
    to_wait_.push_back({now.number, wait, done});
  };
}

void account_desk::submit(access& in, const new_order& wanted, order_sender sender, std::chrono::milliseconds wait, reply<placed_order> done) {
  know(wanted.request.strategy);
  gate_->expect(wanted.key, std::move(sender));
  in.run([&](account_core& core, utc_time now) { return core.place(wanted, now); }, when_placed(wait, std::move(done)));
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
  if (auto why = trouble(in)) return done(*why);
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + in_quotes(name.id), "order_id"});
  if (auto fine = check_change(*what, change); !fine) return done(fine.error());
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
  if (auto why = trouble(in); why && !in.book()) return done(*why);
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + in_quotes(name.id), "order_id"});
  if (is_final(what->state)) return done(cancelled_order{cancelled_order::outcome::already_final, snapshot(*what)});
  in.cancel(what->number, "cancelled by " + who.principal, [this, done = std::move(done)](const order_answer& got) {
    if (got.refused) return done(*got.refused);
    if (!got.now) return done(error{errc::internal, "an order without a state"});
    const bool was_final = got.what == execution::reply::unchanged;
    done(cancelled_order{was_final ? cancelled_order::outcome::already_final : cancelled_order::outcome::requested, snapshot(*got.now)});
  });
}

result<std::vector<order_id>> account_desk::cancel_all(access& in, const trading_caller& who, const order_filter& filter) {
  if (auto why = trouble(in); why && !in.book()) return *why; // what is known to work is taken back all the same
  return cancel_matching(in, who, filter);
}

std::vector<order_id> account_desk::cancel_each(access& in, const trading_caller& who, const std::vector<order_number>& numbers) {
  std::vector<order_id> out;
  for (const auto number : numbers) out.push_back(in.book()->find(number)->id);
  for (const auto number : numbers) in.cancel(number, "cancelled by " + who.principal, [](const order_answer&) {});
  return out;
}

std::vector<order_id> account_desk::cancel_matching(access& in, const trading_caller& who, const order_filter& filter) {
  std::vector<order_number> numbers;
  if (!in.book()) return {};
  for (const auto number : in.book()->open_orders())
    if (matches(*in.book()->find(number), filter)) numbers.push_back(number);
  return cancel_each(in, who, numbers);
}

// ------------------------------------------------ what a person decides

namespace {

constexpr std::size_t longest_reason = 200;

result<void> check_reason(const std::string& reason) {
  if (reason.empty() || reason.size() > longest_reason) return error{errc::invalid_argument, "must have 1 to 200 characters", "reason"};
  return {};
}

} // namespace

void account_desk::close_unknown(access& in, const trading_caller& who, const order_name& name, const std::string& reason, reply<order_snapshot> done) {
  if (auto why = trouble(in)) return done(*why);
  if (auto why = in.blocked()) return done(blocked_error(*why));
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may say what became of an order"});
  if (const auto good = check_reason(reason); !good) return done(good.error());
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + in_quotes(name.id), "order_id"});
  in.run([&](account_core& core, utc_time now) { return core.close_unknown(what->number, who.principal, reason, now); },
         [this, done = std::move(done)](const order_answer& got) {
           if (got.refused) return done(*got.refused);
           if (!got.now) return done(error{errc::internal, "an order without a state"});
           done(snapshot(*got.now));
         });
}

void account_desk::retry(access& in, const trading_caller& who, const order_name& name, std::chrono::milliseconds wait, reply<placed_order> done) {
  if (auto why = trouble(in)) return done(*why);
  if (auto why = in.blocked()) return done(blocked_error(*why));
  const auto* what = find(in, name);
  if (!what) return done(error{errc::not_found, "no order " + in_quotes(name.id), "order_id"});
  know(what->strategy);
  gate_->expect(what->key, sender_of(who));
  in.run([&](account_core& core, utc_time now) { return core.retry(what->number, now); }, when_placed(wait, std::move(done)));
}

void account_desk::accept(access& in, const trading_caller& who, const accept_position& what, reply<accepted_position> done) {
  if (auto why = trouble(in)) return done(*why);
  if (auto why = in.blocked()) return done(blocked_error(*why));
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may accept a position of the venue"});
  if (const auto good = check_reason(what.reason); !good) return done(good.error());
  const auto& frozen = in.book()->frozen();
  const auto disagreement = frozen.find(what.symbol);
  const auto* instrument = settings_.master->find(what.symbol);
  if (disagreement == frozen.end() || !instrument) return done(error{errc::not_found, "no disagreement about " + in_quotes(what.symbol), "symbol"});
  accepted_position out{settings_.profile.id, what.symbol, in.book()->held(what.symbol), disagreement->second.theirs, what.average.value_or(price{})};
  const bool holds = !out.now.is_zero();
  // no figure is made up: what the venue's position has cost only a person can say
  if (holds && !(what.average && is_possible_price(contract_of(*instrument), *what.average)))
    return done(error{errc::invalid_argument, "is needed: the price at which the venue's " + out.now.to_string() + " are carried on", "average_price"});
  in.run([&](account_core& core, utc_time now) {
    return core.accept_position(what.symbol, contract_of(*instrument), out.average, who.principal, what.reason, now);
  }, [out, done = std::move(done)](const order_answer& got) {
    if (got.refused) return done(*got.refused);
    done(out);
  });
}

// ---------------------------------------------------------------- closing

struct account_desk::closing {
  trading_caller who;
  close_request what;
  std::vector<order_id> cancelled;
  std::vector<order_number> waits_for;
  std::vector<order_number> cuts; ///< orders that are asked to leave room, and stay
  std::vector<order_snapshot> orders;
  std::optional<error> failed;
  std::size_t open = 0;
  int looks = 0;
  reply<closed_positions> done;

  void make_room(account_desk& desk, access& in);
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
  r.strategy = sole_holder(*in.book(), held.symbol, held.qty);
  r.comment = what.reason.substr(0, 200);
  place(in, who, std::move(wanted), std::move(told));
}

void account_desk::close(access& in, const trading_caller& who, close_request what, reply<closed_positions> done) {
  if (auto why = trouble(in)) return done(*why);
  if (auto why = in.blocked()) return done(blocked_error(*why));
  auto plan = std::make_shared<closing>();
  plan->who = who;
  plan->done = std::move(done);
  if (what.symbol && in.book()->held(*what.symbol).is_zero()) return plan->done(closed_positions{}); // flat already: nothing to do
  plan->what = std::move(what);
  cancel_for(in, *plan);
  plan->make_room(*this, in);
  finish_closing(in, std::move(plan));
}

/// What could fill behind the closing orders, or has what they are to close: to close everything all orders, to close a position what
/// rests there only to close it. Legs that protect a position stay until the order that closes it has passed the gate, which takes them back.
void account_desk::cancel_for(access& in, closing& plan) {
  const auto& book = *in.book();
  for (const auto number : book.open_orders()) {
    const auto& what = *book.find(number);
    if (book.is_protection(what) && !book.held(what.symbol).is_zero()) continue;
    const bool only_closes = what.terms.effect == position_effect::reduce_only && what.symbol == plan.what.symbol && !plan.what.qty;
    if (plan.what.symbol && !only_closes) continue;
    plan.waits_for.push_back(number);
  }
  plan.cancelled = cancel_each(in, plan.who, plan.waits_for);
}

/// Of a part: what rests only to close the position is cut where it leaves that part no room, the newest first.
void account_desk::closing::make_room(account_desk& desk, access& in) {
  if (!what.symbol || !what.qty) return;
  const auto& book = *in.book();
  auto free = quantity{book.held(*what.symbol).value().abs()};
  std::vector<order_number> resting;
  for (const auto number : book.open_orders()) {
    const auto& one = *book.find(number);
    const bool only_closes = one.symbol == *what.symbol && one.terms.effect == position_effect::reduce_only && !book.is_protection(one);
    if (!only_closes || to_close(book.held(one.symbol), one.way()).is_zero()) continue;
    free -= std::min(free, one.remaining());
    if (one.owner == ownership::own && (one.state == order_state::working || one.state == order_state::partially_filled)) resting.push_back(number);
  }
  auto lacking = *what.qty > free ? *what.qty - free : quantity{};
  for (auto number = resting.rbegin(); number != resting.rend() && !lacking.is_zero(); ++number) {
    const auto& one = *book.find(*number);
    const auto cut = std::min(lacking, one.remaining());
    lacking -= cut;
    if (cut == one.remaining()) {
      waits_for.push_back(*number);
      for (auto& id : desk.cancel_each(in, who, {*number})) cancelled.push_back(std::move(id));
      continue;
    }
    terms_change less;
    less.qty = one.terms.qty - cut;
    cuts.push_back(*number);
    in.run([&](account_core& core, utc_time now) { return core.replace(*number, less, now); }, [](const order_answer&) {});
  }
}

void account_desk::finish_closing(access& in, std::shared_ptr<closing> plan) {
  if (!in.book()) return plan->done(error{errc::not_available, "the journal is being repaired; nothing was closed"});
  const auto& book = *in.book();
  const bool waits = std::ranges::any_of(plan->waits_for, [&](order_number n) { return book.find(n) && !is_final(book.find(n)->state); });
  const bool is_cut = std::ranges::none_of(plan->cuts, [&](order_number n) { return book.find(n) && book.find(n)->state == order_state::pending_replace; });
  if (waits || !is_cut) {
    ++plan->looks;
    // a slow venue: who asked is not kept waiting, the closing orders follow
    if (plan->looks == closing_looks) std::exchange(plan->done, [](const result<closed_positions>&) {})(closed_positions{{}, plan->cancelled});
    if (plan->looks < most_closing_looks) return in.after(closing_pause, [this, plan](access& later) { finish_closing(later, plan); });
    on_alert({severity::alarm, "FLATTEN_INCOMPLETE", order_number::none, {}, "not every order could be cancelled: nothing was closed"}, in.now());
    return tell_alarms(in);
  }
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

} // namespace tt::gateway
