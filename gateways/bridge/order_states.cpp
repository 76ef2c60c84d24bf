#include "gateways/bridge/order_states.hpp"

#include "actors/execution/order_changes.hpp"
#include "actors/execution/order_events.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway {

using namespace execution;

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
          enter_state(what, order_state::unknown, at);
        }
      } else if constexpr (std::is_same_v<kind, venue_id_learned>) {
        if (auto* what = get(fact.number)) {
          learn_handle(*what, fact.handle);
          ++what->version;
          what->updated_at = at;
        }
      } else if constexpr (std::is_same_v<kind, stop_progressed>) {
        if (auto* what = get(fact.number)) take_progress(*what, fact.progress, at);
      } else if constexpr (std::is_same_v<kind, terms_changed>) {
        if (auto* what = get(fact.number)) take_terms(*what, fact.terms, at);
      } else if constexpr (std::is_same_v<kind, change_decided>) {
        if (auto* what = get(fact.number)) take_change(*what, fact, at);
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
  if (auto* what = get(fact.number)) take_decision(*what, fact, at);
}

void order_states::move(const order_moved& fact, utc_time at) {
  auto* what = get(fact.number);
  if (const auto next = what ? state_after(*what, fact.event) : std::nullopt) take_move(*what, fact, *next, at);
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
  if (next) enter_state(*what, *next, at);
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
