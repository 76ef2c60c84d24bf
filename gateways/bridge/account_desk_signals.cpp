// What makers of signals (webhooks, alerts, strategies, jobs) ask an account.

#include "gateways/bridge/account_desk.hpp"
#include "gateways/bridge/held_part.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

constexpr std::size_t max_signal_key = 200;

struct signal_cause {
  intent_key key;
  order_origin origin = order_origin::job;
};

/// A key that is an intent key already stays itself, so that the wire id is that of its cause; every other one is the one
/// part of a key of its own kind. Two keys never give the same cause.
result<signal_cause> cause_of(const std::string& key) {
  if (key.empty() || key.size() > max_signal_key) return error{errc::invalid_argument, "must have 1 to 200 bytes", "key"};
  static constexpr std::pair<std::string_view, order_origin> kinds[] = {{"webhook|", order_origin::webhook},
                                                                        {"pine|", order_origin::pine},
                                                                        {"job|", order_origin::job},
                                                                        {"rebalance|", order_origin::rebalance}};
  for (const auto& [prefix, origin] : kinds) {
    if (!key.starts_with(prefix)) continue;
    if (auto parsed = intent_key::parse(key)) return signal_cause{std::move(*parsed), origin};
  }
  auto made = intent_key::parse("signal|" + std::to_string(key.size()) + ":" + key);
  if (!made) return made.error();
  return signal_cause{std::move(*made)};
}

/// What may still trade of an order.
quantity working_of(const order& what) { return what.largest_quantity() > what.filled ? what.largest_quantity() - what.filled : quantity{}; }

/// What strategies hold on the other side of `own`: the account's position is less by it, though `own` is there.
quantity held_against(const portfolio::portfolio& books, quantity own, const std::string& symbol) {
  quantity out;
  for (const auto& id : books.strategies())
    if (const auto* other = books.held_by(id, symbol); other && other->qty.value().is_negative() != own.value().is_negative()) out = out + other->qty;
  return out;
}

} // namespace

void account_desk::place_signal(access& in, signal_order what, reply<signal_outcome> done) {
  auto cause = cause_of(what.key);
  if (!cause) return done(cause.error());
  auto symbol = what.request.symbol; // arguments have no order: copied before the request moves into one of them
  when_ready(in, std::move(symbol), first_looks, [this, what = std::move(what), cause = std::move(*cause), done = std::move(done)](access& now, const result<const instrument*>& traded) {
    if (!traded) {
      auto why = traded.error();
      if (why.code == errc::unknown_symbol) why.code = errc::not_found;
      return done(std::move(why));
    }
    order_sender sender;
    sender.principal = what.request.strategy.empty() ? "signal" : what.request.strategy.str();
    if (what.named == signal_order::identity::derived) sender.identity = risk::alert_identity::derived;
    auto key = in_this_life(now, cause.key);
    if (!key) return done(key.error());
    const new_order wanted{what.request, std::move(*key), cause.origin, (*traded)->symbol, contract_of(**traded)};
    now.run(
      [&](account_core& core, utc_time at) {
        if (const auto* before = core.book().find(wanted.key)) { // whatever is asked now: the key had its order
          execution::outcome out;
          out.answer = execution::reply::repeated;
          out.order = before->number;
          return out;
        }
        know(wanted.request.strategy);
        gate_->expect(wanted.key, sender);
        return core.place(wanted, at);
      },
      [done](const order_answer& got) {
        if (got.refused) return done(*got.refused);
        if (!got.now) return done(error{errc::internal, "an order without a state"});
        signal_outcome out{signal_outcome::kind::taken, *got.now};
        if (got.what == execution::reply::repeated) out.how = signal_outcome::kind::repeated;
        else if (got.now->state == order_state::risk_rejected) out.how = signal_outcome::kind::refused;
        done(std::move(out));
      });
  });
}

result<strategy_holding> account_desk::holding(access& in, const strategy_id& strategy, const std::string& symbol) const {
  if (auto why = trouble(in)) return *why;
  strategy_holding out;
  const auto* instrument = settings_.master->find(symbol);
  const auto& name = instrument ? instrument->symbol : symbol;
  const auto* held = books_.held_by(strategy, name);
  // a person's close of a shared position is no strategy's fill: what the account no longer has, none of them holds
  if (held) out.qty = part_of(held->qty, in.book()->held(name) - held_against(books_, held->qty, name));
  if (!out.qty.is_zero()) {
    out.average_price = held->average_price();
    out.opened_at = held->opened_at;
  }
  std::map<std::pair<order_number, direction>, quantity> groups; // siblings close the same units: the largest counts
  for (const auto number : in.book()->open_orders()) {
    const auto* one = in.book()->find(number);
    if (one->symbol != name || one->strategy != strategy) continue;
    auto& sum = one->way() == direction::buy ? out.working_buys : out.working_sells;
    if (one->parent == order_number::none) {
      sum = sum + working_of(*one);
      continue;
    }
    auto& largest = groups[{one->parent, one->way()}];
    largest = std::max(largest, working_of(*one));
  }
  for (const auto& [group, largest] : groups) {
    auto& sum = group.second == direction::buy ? out.working_buys : out.working_sells;
    sum = sum + largest;
  }
  return out;
}

} // namespace tt::gateway
