#include "actors/alerts/webhook/hand_over.hpp"

#include <algorithm>

namespace tt::webhook {

namespace {

/// Events of one account that are looked at for a free symbol; those behind wait for the ones before.
constexpr std::size_t max_looked_at = 512;

/// Stop and target of a bracket, or a pair that only closes: wherever they are, an exit takes them back before it closes, and what they
/// close meanwhile it does not close again.
bool is_protection(const order& what) { return !what.leg.empty() && what.terms.effect == position_effect::reduce_only; }

/// Whether an order is in flight, so that the position is not known before it has ended. What rests, or waits for its sibling, is not.
bool is_unsettled(const order& what) {
  if (is_final(what.state) || is_protection(what)) return false;
  if (what.state == order_state::created && what.parent != order_number::none) return false;
  const bool rests = what.state == order_state::accepted || what.state == order_state::suspended || what.state == order_state::working ||
                     what.state == order_state::partially_filled || what.state == order_state::pending_replace;
  const bool at_market = what.terms.type == order_type::market || (what.terms.type == order_type::bracket && !what.terms.limit_price);
  return at_market || !rests;
}

/// Whether an alert wants nothing but a smaller position, or none.
bool only_closes(const order_plan& plan) {
  return is_closing(plan.action) || plan.wants == order_plan::purpose::flatten || (plan.target && plan.target->is_zero());
}

/// Whether an order could still lead past a reported position. Resting protection can not.
bool may_still_change(const order& what) { return !is_final(what.state) && (what.terms.effect != position_effect::reduce_only || is_unsettled(what)); }

bool is_barrier(const order_plan& plan) { return plan.symbol.empty(); }

/// Whether one alert came after another: the ids of webhook alerts begin with their time, in digits that sort (make_alert_id).
bool is_later(const alert_id& one, const alert_id& other) {
  return one.str().size() == other.str().size() && one.str().starts_with("wa-") && one.str() > other.str();
}

/// The name of an order as the API shows it.
void add_order(std::vector<std::string>& to, const order& what) {
  const auto& id = what.id.str();
  if (!id.empty() && std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

} // namespace

void hand_over::add(on_its_way what, alert_moment now) {
  TT_ASSERT(items_.size() < max_on_the_way);
  const auto event = what.event;
  const auto account = what.plan.account;
  auto& open = open_[account];
  const auto& symbol = what.plan.symbol;
  // who has somebody before it need not be looked for: it is found when that one ends
  const bool is_free = is_barrier(what.plan) ? lanes_[account].empty() : !open.contains(symbol) && !open.contains("");
  ++open[symbol];
  lanes_[account].insert(event);
  items_[event].what = std::move(what);
  if (is_free) changed_.insert(account);
  go_on(now);
}

/// An end may free the next alert, which may end at once: a loop, so that a long queue does not become a deep stack.
void hand_over::go_on(alert_moment now) {
  while (!changed_.empty()) {
    const auto account = *changed_.begin();
    changed_.erase(changed_.begin());
    unblock(account, now);
  }
}

/// Starts every event of the account before which nothing of its symbol is unfinished.
void hand_over::unblock(const account_id& account, alert_moment now) {
  std::vector<std::uint64_t> free;
  std::set<std::string_view> busy;
  std::size_t seen = 0;
  const auto lane = lanes_.find(account);
  if (lane == lanes_.end()) return;
  for (const auto event : lane->second) {
    if (++seen > max_looked_at) break;
    const auto& one = items_.at(event);
    const bool barrier = is_barrier(one.what.plan);
    const bool may_start = barrier ? busy.empty() : !busy.contains(one.what.plan.symbol);
    if (one.now == stage::blocked && may_start) free.push_back(event);
    if (barrier) break; // nothing passes it
    busy.insert(one.what.plan.symbol);
  }
  for (const auto event : free) {
    const auto found = items_.find(event);
    if (found != items_.end() && found->second.now == stage::blocked) begin(found->second, now);
  }
}

void hand_over::begin(item& what, alert_moment now) {
  const auto& plan = what.what.plan;
  const bool recovered = what.what.past == on_its_way::history::recovered;
  if (!recovered) {
    if (now.wall > what.what.deadline) return end(what, {alert_verdict::refused, refusal::late, "its turn came too late"});
    if (auto off = switched_off(plan)) return end(what, std::move(*off));
  }
  if (is_cancel(plan.action)) {
    if (recovered && now.wall > what.what.deadline) return end(what, {alert_verdict::refused, refusal::late, "the node was away"});
    return ask(what, stage::cancelling, cancel_question{{plan.account, plan.strategy, plan.symbol.empty() ? std::nullopt : std::optional{plan.symbol}}});
  }
  if (recovered || needs_holding(plan)) return ask_orders(what);
  act(what, {});
}

std::optional<word_on_alert> hand_over::switched_off(const order_plan& plan) const {
  return check_standing(plan, standing_ ? standing_(plan.strategy) : std::nullopt);
}

void hand_over::ask(item& what, stage next, std::variant<orders_question, holding_question, signal_order, cancel_question> question) {
  what.now = next;
  what.ticket = next_ticket_++;
  tickets_[what.ticket] = what.what.event;
  questions_.push_back({what.ticket, std::move(question)});
}

void hand_over::ask_orders(item& what) {
  const auto& plan = what.what.plan;
  ask(what, stage::orders, orders_question{{plan.account, plan.strategy, plan.symbol}, max_orders_seen});
}

void hand_over::ask_holding(item& what) {
  const auto& plan = what.what.plan;
  ask(what, stage::holding, holding_question{plan.account, plan.strategy, plan.symbol});
}

hand_over::item* hand_over::of_ticket(std::uint64_t ticket, stage expected) {
  const auto event = tickets_.find(ticket);
  if (event == tickets_.end()) return nullptr;
  const auto found = items_.find(event->second);
  if (found == items_.end() || found->second.now != expected || found->second.ticket != ticket) return nullptr;
  tickets_.erase(event);
  return &found->second;
}

void hand_over::note_made(item& what, const std::vector<order>& orders) const {
  for (const auto& one : orders) {
    if (one.alert != what.what.plan.alert) continue;
    (one.terms.effect == position_effect::reduce_only ? what.made.close : what.made.open) = legs_made::state::yes;
    add_order(what.orders, one);
  }
}

void hand_over::on_orders(std::uint64_t ticket, const result<std::vector<order>>& got, alert_moment now) {
  take_orders(ticket, got, now);
  go_on(now);
}

void hand_over::take_orders(std::uint64_t ticket, const result<std::vector<order>>& got, alert_moment now) {
  auto* at = of_ticket(ticket, stage::orders);
  if (at == nullptr) return;
  if (!got) return failed(*at, got.error(), now);
  auto& plan = at->what.plan;
  if (at->what.past == on_its_way::history::recovered) {
    note_made(*at, *got);
    // a position is not opened late because the one before it was closed in time
    const bool opens_late = at->made.open == legs_made::state::no && (plan.action == alert_action::go_long || plan.action == alert_action::go_short);
    if ((!at->made.any() || opens_late) && now.wall > at->what.deadline)
      return end(*at, {alert_verdict::refused, refusal::late, "the node was away between the journal and the order"});
    // what it ended like before is not known, and the position is that of the alerts after it
    if (!at->made.any() && std::any_of(got->begin(), got->end(), [&](const order& one) { return is_later(one.alert, plan.alert); }))
      return end(*at, {alert_verdict::refused, refusal::late, "alerts that came after it were carried out already"});
  }
  const bool unsettled = std::any_of(got->begin(), got->end(), [&](const order& one) { return one.alert != plan.alert && is_unsettled(one); });
  if (unsettled && needs_holding(plan)) {
    if (at->cleared) { // a cancel is asked, not done: until the order is final it may still fill
      if (now.wall <= at->what.deadline) return pause(*at, now);
      return end(*at, {alert_verdict::refused, refusal::unsettled, "orders that came before could not be cancelled in time"});
    }
    if (!at->settling_since) at->settling_since = now.steady;
    if (now.steady - *at->settling_since < times_.settle) return pause(*at, now);
    if (only_closes(plan)) {
      at->pause = {};
      return ask(*at, stage::clearing, cancel_question{{plan.account, plan.strategy, plan.symbol}});
    }
    if (!plan.target)
      return end(*at, {alert_verdict::refused, refusal::unsettled, "an order that came before is still open, so the position is not known"});
  }
  if (plan.target && !at->made.any() && takes_back(*at, *got, now)) return;
  at->pause = {};
  if (needs_holding(plan)) return ask_holding(*at);
  act(*at, {});
}

bool hand_over::takes_back(item& what, const std::vector<order>& orders, alert_moment now) {
  const auto& plan = what.what.plan;
  bool waits = false;
  for (const auto& one : orders) {
    if (one.alert == plan.alert || !may_still_change(one)) continue;
    waits = true;
    if (what.taken_back.contains(one.id)) continue;
    if (now.wall > what.what.deadline) break;
    what.pause = {};
    what.taken_back.insert(one.id);
    ask(what, stage::clearing, cancel_question{{plan.account, plan.strategy, plan.symbol, one.id}});
    return true;
  }
  if (!waits) return false;
  if (now.wall <= what.what.deadline) pause(what, now);
  else end(what, {alert_verdict::refused, refusal::unsettled, "orders that came before could not be cancelled in time"});
  return true;
}

void hand_over::on_holding(std::uint64_t ticket, const result<strategy_holding>& got, alert_moment now) {
  take_holding(ticket, got, now);
  go_on(now);
}

void hand_over::take_holding(std::uint64_t ticket, const result<strategy_holding>& got, alert_moment now) {
  auto* at = of_ticket(ticket, stage::holding);
  if (at == nullptr) return;
  if (!got) return failed(*at, got.error(), now);
  at->pause = {};
  act(*at, *got);
}

void hand_over::act(item& what, const strategy_holding& held) {
  what.decision = decide(what.what.plan, held, what.made);
  if (what.decision.word.verdict != alert_verdict::queued) return end(what, what.decision.word);
  // legs that are there already were asked for under the same keys; asking again would only repeat them
  std::erase_if(what.decision.orders, [&](const planned_order& one) {
    return (one.leg == alert_leg::close ? what.made.close : what.made.open) == legs_made::state::yes;
  });
  place_next(what);
}

void hand_over::place_next(item& what) {
  if (what.next_leg == what.decision.orders.size()) return end(what, what.decision.word);
  const auto& leg = what.decision.orders[what.next_leg];
  if (leg.request.effect != position_effect::reduce_only) // it may have waited for long; closing passes
    if (auto off = switched_off(what.what.plan)) return end(what, std::move(*off));
  const auto named = what.what.identity == id_origin::sender ? signal_order::identity::given : signal_order::identity::derived;
  ask(what, stage::placing, signal_order{leg.request, order_key(what.what.profile, journal_, what.what.event, leg.leg), named});
}

void hand_over::on_placed(std::uint64_t ticket, const result<signal_outcome>& got, alert_moment now) {
  take_placed(ticket, got, now);
  go_on(now);
}

void hand_over::take_placed(std::uint64_t ticket, const result<signal_outcome>& got, alert_moment now) {
  auto* at = of_ticket(ticket, stage::placing);
  if (at == nullptr) return;
  if (!got) return failed(*at, got.error(), now);
  at->pause = {};
  add_order(at->orders, got->what);
  if (got->how == signal_outcome::kind::refused) {
    auto why = got->what.decision.message.empty() ? got->what.reason : got->what.decision.message;
    if (why.empty()) why = got->what.reject_code.empty() ? "the gate refused the order" : got->what.reject_code;
    return end(*at, {alert_verdict::refused, refusal::risk, std::move(why)});
  }
  ++at->next_leg;
  place_next(*at);
}

void hand_over::on_cancelled(std::uint64_t ticket, const result<std::vector<order_id>>& got, alert_moment now) {
  take_cancelled(ticket, got, now);
  go_on(now);
}

void hand_over::take_cancelled(std::uint64_t ticket, const result<std::vector<order_id>>& got, alert_moment now) {
  if (auto* clearing = of_ticket(ticket, stage::clearing)) {
    if (!got) {
      clearing->taken_back.clear(); // asked again with the orders
      return failed(*clearing, got.error(), now);
    }
    clearing->cleared = clearing->cleared || clearing->taken_back.empty();
    clearing->pause = {};
    return pause(*clearing, now);
  }
  auto* at = of_ticket(ticket, stage::cancelling);
  if (at == nullptr) return;
  if (!got) return failed(*at, got.error(), now);
  for (const auto& one : *got) at->orders.push_back(one.str());
  if (got->empty()) return end(*at, {alert_verdict::recorded, refusal::none, "there was no working order to cancel"});
  end(*at, {alert_verdict::queued, refusal::none, std::to_string(got->size()) + " orders are asked to be cancelled"});
}

void hand_over::failed(item& what, const error& why, alert_moment now) {
  switch (why.code) {
  case errc::not_available:
  case errc::timed_out:
  case errc::io_error:
  case errc::limit_exceeded:
    // the same key is asked again: if the first one arrived after all, it is answered with that order
    if (now.wall <= what.what.deadline) return pause(what, now);
    return end(what, {alert_verdict::refused, refusal::not_available, why.message});
  case errc::not_found: return end(what, {alert_verdict::refused, refusal::account, why.message});
  case errc::unknown_symbol: return end(what, {alert_verdict::refused, refusal::unknown_symbol, why.message});
  case errc::refused: return end(what, {alert_verdict::refused, refusal::risk, why.message});
  default: return end(what, {alert_verdict::refused, refusal::invalid_field, to_string(why)});
  }
}

void hand_over::pause(item& what, alert_moment now) {
  what.pause = what.pause.count() == 0 ? times_.first_pause : std::min(what.pause * 2, times_.last_pause);
  what.resume_at = now.steady + what.pause;
  pausing_.insert(what.what.event);
}

void hand_over::on_time(alert_moment now) {
  std::vector<std::uint64_t> due;
  for (const auto event : pausing_)
    if (items_.at(event).resume_at <= now.steady) due.push_back(event);
  for (const auto event : due) {
    pausing_.erase(event);
    auto& one = items_.at(event);
    switch (one.now) {
    case stage::orders:
    case stage::clearing: ask_orders(one); break;
    case stage::holding: ask_orders(one); break; // the position is known only together with the orders
    case stage::placing: place_next(one); break;
    case stage::cancelling: one.now = stage::blocked; begin(one, now); break;
    case stage::blocked: break;
    }
  }
  go_on(now);
}

void hand_over::end(item& what, word_on_alert word) {
  const auto event = what.what.event;
  const auto account = what.what.plan.account;
  finished_.push_back({event, std::move(word), std::move(what.orders)});
  const auto lane = lanes_.find(account);
  lane->second.erase(event);
  auto& open = open_[account];
  if (const auto mine = open.find(what.what.plan.symbol); --mine->second == 0) open.erase(mine);
  if (lane->second.empty()) {
    lanes_.erase(lane);
    open_.erase(account);
  }
  pausing_.erase(event);
  items_.erase(event);
  changed_.insert(account);
}

} // namespace tt::webhook
