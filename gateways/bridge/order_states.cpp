#include "gateways/bridge/order_states.hpp"

#include "actors/execution/order_events.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway {

using namespace execution;

namespace {

void set_state(order& what, order_state state, utc_time at) {
  if (state == order_state::accepted || state == order_state::suspended || state == order_state::working) what.resume = state;
  what.state = state;
  what.updated_at = at;
  ++what.version;
  if (state == order_state::filled) what.filled_at = at;
  if (!is_final(state)) return;
  what.pending_terms.reset();
  what.wish = order_wish::keep;
}

void learn(order& what, const order_handle& handle) {
  if (handle.venue_order.empty()) return;
  what.venue_order = handle.venue_order;
  what.venue_session = handle.venue_session;
}

} // namespace

const order* order_states::find(order_number number) const {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : &found->second.what;
}

order* order_states::get(order_number number) {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : &found->second.what;
}

void order_states::on_record(const journal_record& record) {
  const auto at = record.at;
  std::visit(
    [&](const auto& fact) {
      using kind = std::decay_t<decltype(fact)>;
      if constexpr (std::is_same_v<kind, order_intent> || std::is_same_v<kind, order_adopted>) enter(fact.order, at);
      else if constexpr (std::is_same_v<kind, order_decided>) decide(fact, at);
      else if constexpr (std::is_same_v<kind, order_moved>) move(fact, at);
      else if constexpr (std::is_same_v<kind, execution_booked>) book(fact.fill, at);
      else if constexpr (std::is_same_v<kind, execution_corrected>) correct(fact, at);
      else if constexpr (std::is_same_v<kind, node_started>) {
        for (auto& [number, one] : all_) {
          auto& what = one.what;
          if (what.state != order_state::submitting) continue;
          what.reason = "the node was restarted while the order was going out";
          set_state(what, order_state::unknown, at);
        }
      } else if constexpr (std::is_same_v<kind, venue_id_learned>) {
        if (auto* what = get(fact.number)) {
          learn(*what, fact.handle);
          ++what->version;
          what->updated_at = at;
        }
      } else if constexpr (std::is_same_v<kind, legs_linked>) {
        if (auto* head = get(fact.parent)) {
          for (const auto leg : fact.legs)
            if (std::ranges::find(head->linked, leg) == head->linked.end()) head->linked.push_back(leg);
          ++head->version;
          head->updated_at = at;
        }
      }
    },
    record.fact);
}

void order_states::enter(const order& what, utc_time at) {
  if (all_.size() >= max_kept) {
    const auto oldest = std::ranges::find_if(all_, [](const auto& one) { return is_final(one.second.what.state); });
    if (oldest != all_.end()) {
      for (const auto& id : oldest->second.executions) executions_.erase(id);
      all_.erase(oldest);
    }
  }
  all_.insert_or_assign(what.number, kept{what, {}}).first->second.what.updated_at = at;
}

void order_states::decide(const order_decided& fact, utc_time at) {
  auto* what = get(fact.number);
  if (!what) return;
  what->decision = fact.decision;
  what->terms = fact.terms;
  what->original = fact.decision.original;
  ++what->version;
  what->updated_at = at;
  if (fact.decision.result == verdict::approved || fact.decision.result == verdict::approved_reduced) return;
  what->reject_code = fact.decision.code;
  what->reason = fact.decision.message;
  set_state(*what, order_state::risk_rejected, at);
}

void order_states::move(const order_moved& fact, utc_time at) {
  auto* what = get(fact.number);
  const auto next = what ? state_after(*what, fact.event) : std::nullopt;
  if (!next) return;
  switch (fact.event) {
  case order_event::send: what->submitted_at = at; break;
  case order_event::replace_asked: what->pending_terms = fact.terms; break;
  case order_event::replace_confirmed:
    if (what->pending_terms) what->terms = *std::exchange(what->pending_terms, std::nullopt);
    ++what->terms_version;
    break;
  case order_event::replace_refused: what->pending_terms.reset(); break;
  case order_event::cancel_asked: what->wish = order_wish::cancel; break;
  case order_event::cancel_refused: what->wish = order_wish::keep; break;
  default: break;
  }
  learn(*what, fact.handle);
  if (!fact.text.empty()) what->reason = fact.text;
  if (!fact.code.empty()) what->reject_code = fact.code;
  if (what->state == order_state::unknown && is_live(*next)) {
    what->pending_terms.reset();
    what->reason.clear();
  }
  set_state(*what, *next, at);
}

void order_states::book(const order_fill& fill, utc_time at) {
  auto* what = get(fill.order);
  const auto fees = total_of(fill.fees);
  const auto value = decimal::checked_multiply(fill.px.value(), fill.qty.value());
  if (!what || !fees || !value) return;
  what->filled += fill.qty;
  what->filled_value += *value;
  what->fees += *fees;
  const auto next = state_after(*what, what->filled >= what->largest_quantity() ? order_event::full_execution : order_event::partial_execution);
  if (next) set_state(*what, *next, at);
  if (executions_.insert_or_assign(fill.id, booked{fill.order, fill.qty, fill.px}).second) all_.at(fill.order).executions.push_back(fill.id);
}

void order_states::correct(const execution_corrected& fact, utc_time at) {
  const auto found = executions_.find(fact.id);
  auto* what = found == executions_.end() ? nullptr : get(found->second.order);
  if (!what) return;
  auto& old = found->second;
  const auto before = decimal::checked_multiply(old.px.value(), old.qty.value());
  const auto after = decimal::checked_multiply(fact.px.value(), fact.qty.value());
  if (!before || !after) return;
  what->filled += fact.qty - old.qty;
  what->filled_value += *after - *before;
  what->updated_at = at;
  ++what->version;
  old.qty = fact.qty;
  old.px = fact.px;
}

} // namespace tt::gateway
