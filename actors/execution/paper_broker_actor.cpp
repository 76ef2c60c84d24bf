#include "actors/execution/paper_broker_actor.hpp"

#include <algorithm>

namespace tt::execution {

namespace {

using broker_pointer = caf::stateful_actor<paper_broker_state>*;

/// Shortest and longest wait until the next look at the time: the market's clock may run faster than ours.
constexpr std::chrono::milliseconds least_wait{1}, longest_wait{1'000};

bool is_execution(const venue_report& report) { return std::holds_alternative<execution_report>(report); }

void set_alarm(broker_pointer self) {
  auto& s = self->state;
  const auto next = s.venue->next_event();
  if (!next || s.wakes_at) return;
  s.wakes_at = next;
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(*next - s.options->clock());
  self->delayed_send(self, std::clamp(wait, least_wait, longest_wait), wake_atom::value);
}

/// Passes on what has happened. Money follows executions at once.
void report(broker_pointer self) {
  auto& s = self->state;
  const auto now = s.options->clock();
  auto all = s.venue->take(now);
  if (std::ranges::any_of(all, is_execution)) all.emplace_back(s.venue->balances(now));
  if (s.account)
    for (auto& one : all) self->send(s.account, std::make_shared<const venue_report>(std::move(one)));
  set_alarm(self);
}

void remember(broker_pointer self, const paper_memory& memory) {
  auto& s = self->state;
  if (std::exchange(s.has_begun, true)) return;
  s.venue->restore(memory.cash, memory.positions);
  for (const auto& one : memory.orders) s.venue->restore_order(one.asked, venue_order_id{}, one.filled, one.filled_value, one.progress);
}

void take_request(broker_pointer self, const venue_request& request) {
  auto& s = self->state;
  const auto now = s.options->clock();
  s.account = caf::actor_cast<caf::actor>(self->current_sender());
  s.has_begun = true;
  std::visit(
    [&](const auto& one) {
      using kind = std::decay_t<decltype(one)>;
      if constexpr (std::is_same_v<kind, submit_request>) s.venue->submit(one, now);
      else if constexpr (std::is_same_v<kind, cancel_request>) s.venue->cancel(one, now);
      else if constexpr (std::is_same_v<kind, replace_request>) s.venue->replace(one, now);
      else if constexpr (std::is_same_v<kind, lookup_request>) s.venue->lookup(one, now);
      else s.venue->listing(one, now);
    },
    request);
  report(self);
}

void take_ticks(broker_pointer self, const market_ticks& seen) {
  auto& venue = *self->state.venue;
  for (const auto& one : seen.ticks) {
    if (const auto* quote = std::get_if<quote_tick>(&one)) venue.on_quote(seen.symbol, *quote);
    else venue.on_trade(seen.symbol, std::get<trade_tick>(one));
  }
  report(self);
}

submit_request request_of(const order& what, const account_id& account) {
  submit_request out;
  out.account = account;
  out.wire_id = what.wire_id;
  out.symbol = what.symbol;
  out.terms = what.terms;
  return out;
}

} // namespace

paper_memory memory_of(const account_book& book) {
  paper_memory out;
  out.cash = book.cash();
  for (const auto& [symbol, held] : book.positions()) out.positions.push_back(held);
  for (const auto number : book.open_orders()) {
    const auto& what = *book.find(number);
    const bool was_accepted = is_live(what.state) || (what.state == order_state::unknown && !what.venue_order.empty());
    // the broker gives its ids anew under every session
    if (was_accepted) out.orders.push_back({request_of(what, book.profile().id), what.filled, what.filled_value, what.progress});
  }
  return out;
}

caf::behavior paper_broker_actor(broker_pointer self, std::shared_ptr<const paper_broker_options> options) {
  auto& s = self->state;
  s.options = std::move(options);
  s.venue.emplace(s.options->settings, s.options->session, s.options->clock());
  for (const auto& what : s.options->master->all()) {
    const auto margin = s.options->margins.find(what.symbol);
    s.venue->list(what, margin == s.options->margins.end() ? std::nullopt : std::optional{margin->second});
  }
  self->set_default_handler(caf::drop);
  return {
    [self](const venue_request_ptr& request) { take_request(self, *request); },
    [self](const market_ticks_ptr& seen) { take_ticks(self, *seen); },
    [self](const paper_memory_ptr& memory) { remember(self, *memory); },
    [self](const currency_rate& rate) { self->state.venue->set_rate(rate.currency, rate.rate); },
    [self](wake_atom) {
      self->state.wakes_at.reset();
      report(self);
    },
  };
}

} // namespace tt::execution
