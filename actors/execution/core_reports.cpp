#include "actors/execution/core_turn.hpp"
#include "actors/execution/reconcile.hpp"

#include <algorithm>

namespace tt::execution {

void account_core::turn::take_status(const order& what, const order_report& report) {
  const auto number = what.number;
  if (const auto event = event_of(report.status)) {
    static_cast<void>(move(number, *event, report.order, report.text, {}, report.source));
    return;
  }
  // filled there: here only executions fill an order
  if (what.state == order_state::submitting || what.state == order_state::unknown)
    static_cast<void>(move(number, order_event::venue_working, report.order, {}, {}, report.source));
  if (const auto* now = book().find(number); now->filled < now->largest_quantity()) list();
}

void account_core::turn::on(const order_report& report) {
  const auto* what = book().find(report.order);
  if (!what) return list(); // not ours: adopted by the next reconciliation
  const auto number = what->number;
  derive_execution(*what, report);
  take_status(*book().find(number), report);
  take_progress(*book().find(number), report);
}

void account_core::turn::take_progress(const order& what, const order_report& report) {
  if (!report.progress || *report.progress == what.progress || !is_live(what.state)) return;
  static_cast<void>(record(stop_progressed{what.number, *report.progress}));
}

void account_core::turn::derive_execution(const order& what, const order_report& report) {
  if (!report.cumulative || *report.cumulative <= what.filled) return;
  if (settings().can.executions == execution_ids::unique) return list(); // the venue has executions that we lack
  auto fill = difference_of(what, report.order, *report.cumulative, report.average, report.at);
  if (!fill) return unmatched(&what, report.order, fill.error().message, report.source);
  if (!book().has_execution(fill->id)) static_cast<void>(book_execution(what, std::move(*fill)));
}

bool account_core::turn::book_execution(const order& what, order_fill fill) {
  const auto rate = what.contract.currency == book().profile().currency ? std::optional(decimal{1})
                    : settings().fx                                     ? settings().fx(what.contract.currency)
                                                                        : std::nullopt;
  if (!rate) {
    alert(severity::alarm, "NO_EXCHANGE_RATE", &what, "an execution waits for a rate of " + what.contract.currency);
    list();
    return false;
  }
  fill.fx = *rate;
  if (is_final(what.state)) alert(severity::alarm, "LATE_EXECUTION", &what, "executed after it was " + std::string(to_string(what.state)));
  if (what.filled + fill.qty > what.largest_quantity()) alert(severity::alarm, "OVERFILL", &what, "executed more than was ordered");
  if (auto done = record(execution_booked{std::move(fill)}); !done) {
    unmatched(&what, {}, done.error().message, report_source::poll);
    return false;
  }
  return true;
}

void account_core::turn::on(const execution_report& report) {
  if (!report.id.empty() && book().has_execution(report.id)) return;
  const auto* what = book().find(report.order);
  if (!what) {
    unmatched(nullptr, report.order, "an execution of an order that is not known: " + report.id.str(), report.source);
    return list();
  }
  if (!report.qty.value().is_positive() || report.way != what->way() || (!report.symbol.empty() && report.symbol != what->symbol))
    return unmatched(what, report.order, "an execution without quantity, of the other side or of another symbol", report.source);
  if (!is_possible_price(what->contract, report.px)) {
    unmatched(what, report.order, "an execution without a price: " + report.id.str(), report.source);
    return list(); // that may say it
  }
  auto fill = fill_of(report, *what);
  if (fill.id.empty()) { // the cumulative quantity is the id
    if (!report.cumulative) return unmatched(what, report.order, "an execution without id and cumulative quantity", report.source);
    if (*report.cumulative <= what->filled) return;
    if (*report.cumulative - what->filled != report.qty) return lookup(*what); // one before it is missing: its price is not ours to guess
    auto derived = difference_of(*what, report.order, *report.cumulative, report.px, report.at);
    if (!derived) return unmatched(what, report.order, derived.error().message, report.source);
    fill.id = derived->id;
  }
  const auto number = what->number;
  const auto handle = report.order;
  if (!book_execution(*what, std::move(fill))) return;
  what = book().find(number);
  if (!handle.venue_order.empty() && what->venue_order.empty())
    static_cast<void>(record(venue_id_learned{number, {what->wire_id, handle.venue_order, handle.venue_session}}));
}

void account_core::turn::on(const submit_answer& report) {
  const auto* what = book().find(report.order);
  if (!what) return unmatched(nullptr, report.order, "an answer about an order that is not known", report_source::stream);
  const auto number = what->number;
  switch (report.outcome) {
  case submit_outcome::accepted: {
    order_report as_report;
    as_report.order = report.order;
    as_report.status = report.status;
    as_report.text = report.text;
    as_report.at = report.at;
    as_report.source = report_source::stream;
    return take_status(*what, as_report);
  }
  case submit_outcome::refused:
    static_cast<void>(move(number, order_event::venue_refused, report.order, report.text, "venue_refused"));
    return;
  case submit_outcome::not_sent: {
    static_cast<void>(move(number, order_event::not_sent, {}, report.text, "not_sent"));
    const auto timer_at = core_.timers_.find(number);
    if (book().find(number)->state == order_state::submitting && timer_at != core_.timers_.end())
      timer_at->second.retry_at = now_ + report.retry_after;
    return;
  }
  case submit_outcome::ambiguous: {
    static_cast<void>(move(number, order_event::ambiguous, {}, report.text));
    if (const auto* now = book().find(number); now->state == order_state::unknown) lookup(*now);
    return;
  }
  }
}

void account_core::turn::on(const cancel_answer& report) {
  const auto* what = book().find(report.order);
  if (!what) return unmatched(nullptr, report.order, "an answer about an order that is not known", report_source::stream);
  switch (report.outcome) {
  case change_outcome::confirmed:
    static_cast<void>(move(what->number, order_event::venue_cancelled, report.order, report.text));
    return;
  case change_outcome::refused:
    static_cast<void>(move(what->number, order_event::cancel_refused, report.order, report.text));
    return;
  case change_outcome::not_open: // ended there: its final state is asked for
  case change_outcome::ambiguous:
    if (!is_final(what->state)) lookup(*what);
    return;
  case change_outcome::not_sent: return; // the state's timer sends it again
  }
}

void account_core::turn::on(const replace_answer& report) {
  const auto* what = book().find(report.order);
  if (!what) return unmatched(nullptr, report.order, "an answer about an order that is not known", report_source::stream);
  if (report.terms_version != 0 && report.terms_version <= what->terms_version && report.outcome == change_outcome::confirmed) return; // again
  switch (report.outcome) {
  case change_outcome::confirmed:
    static_cast<void>(move(what->number, order_event::replace_confirmed, report.order, report.text));
    return;
  case change_outcome::refused:
  case change_outcome::not_sent:
    static_cast<void>(move(what->number, order_event::replace_refused, report.order, report.text));
    return;
  case change_outcome::not_open:
  case change_outcome::ambiguous:
    if (!is_final(what->state)) lookup(*what);
    return;
  }
}

void account_core::turn::on(const correction_report& report) {
  if (!book().has_execution(report.id)) return unmatched(nullptr, {}, "a correction of an execution that is not known: " + report.id.str(), report_source::stream);
  alert(severity::alarm, "EXECUTION_CORRECTED", nullptr, report.id.str() + ": " + report.text);
  if (auto done = record(execution_corrected{report.id, report.qty, report.px, report.text, report.at}); !done)
    unmatched(nullptr, {}, done.error().message, report_source::poll);
}

// the answer to a replace was lost: the terms that the venue shows tell
void account_core::turn::resolve_replace(const order& what, const order_report& shown) {
  const bool open = what.state == order_state::pending_replace || what.state == order_state::pending_cancel || what.state == order_state::unknown;
  if (!open || !what.pending_terms || shown.terms.qty.is_zero()) return;
  const auto same = [&](const order_terms& t) {
    return t.qty == shown.terms.qty && t.limit_price == shown.terms.limit_price && t.stop_price == shown.terms.stop_price;
  };
  if (same(*what.pending_terms)) {
    static_cast<void>(move(what.number, order_event::replace_confirmed, shown.order, shown.text, {}, report_source::poll));
    return;
  }
  constexpr std::uint32_t looks_before_refused = 3; // it may still be on its way
  const auto t = core_.timers_.find(what.number);
  if (what.state != order_state::unknown && same(what.terms) && t != core_.timers_.end() && t->second.tries >= looks_before_refused)
    static_cast<void>(move(what.number, order_event::replace_refused, shown.order, "the venue kept the old terms", {}, report_source::poll));
}

void account_core::turn::on(const lookup_answer& report) {
  const auto* what = book().find(report.order);
  if (!what || report.outcome == lookup_outcome::failed) return;
  if (report.outcome == lookup_outcome::found) {
    if (!report.report) return;
    auto found = *report.report;
    found.source = report_source::poll;
    // what a poll says of an order that we have ended needs no arrow: reconciliation compares those
    if (is_final(what->state) && found.cumulative.value_or(quantity{}) <= what->filled) return;
    resolve_replace(*what, found);
    return on(found);
  }
  if (is_live(what->state)) static_cast<void>(move(what->number, order_event::missing_at_venue, {}, "the venue does not know it", {}, report_source::poll));
  list(); // absence by id alone proves nothing
}

void account_core::turn::on(const venue_snapshot& report) {
  reconcile_rules rules;
  rules.fx = settings().fx;
  rules.contract = settings().contract;
  rules.executions = settings().can.executions;
  auto compared = reconcile(book(), report, rules);
  if (compared.verdict == snapshot_verdict::used) {
    core_.differences_ = compared.found.size();
    // one that could not be booked, for want of a rate, has to come again
    const bool all_booked = std::ranges::none_of(compared.found, [](const auto& one) { return one.code == "EXECUTION_UNUSABLE"; });
    if (report.executions_are == completeness::complete && report.taken_at != utc_time{} && all_booked) core_.compared_at_ = report.taken_at;
  }
  for (auto& fact : compared.facts)
    if (auto done = record(std::move(fact)); !done) alert(severity::alarm, "INTERNAL", nullptr, "reconciliation: " + to_string(done.error()));
  for (const auto& one : compared.found) {
    const auto* what = book().find(one.order);
    alert(one.code == "CASH_DIFFERS" ? severity::notice : severity::alarm, one.code, what, one.symbol + ": " + one.text);
  }
  if (compared.verdict != snapshot_verdict::used) list();
}

void account_core::turn::on(const session_report& report) {
  if (report.state == link_state::synchronising || report.state == link_state::up) list();
  for (const auto number : book().open_orders())
    if (const auto* what = book().find(number); report.state == link_state::up && what->state == order_state::unknown) lookup(*what);
}

void account_core::turn::on(const account_balances& report) {
  auto before = book().balances();
  before.at = report.at;
  if (before == report) return;
  static_cast<void>(record(balances_reported{report}));
}

} // namespace tt::execution
