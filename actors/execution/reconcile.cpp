#include "actors/execution/reconcile.hpp"

#include "actors/execution/wire_id.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tt::execution {

std::optional<order_event> event_of(venue_status status) noexcept {
  switch (status) {
  case venue_status::accepted: return order_event::venue_accepted;
  case venue_status::suspended: return order_event::venue_suspended;
  case venue_status::working: return order_event::venue_working;
  case venue_status::filled: return std::nullopt;
  case venue_status::cancelled: return order_event::venue_cancelled;
  case venue_status::rejected:
  case venue_status::failed: return order_event::venue_failed;
  case venue_status::expired: return order_event::venue_expired;
  }
  return std::nullopt;
}

bool is_possible_price(const contract_terms& contract, price px) noexcept {
  return px.value().is_positive() || (px.value().is_negative() && contract.kind == asset_class::futures);
}

result<order_fill> difference_of(const order& what, const order_handle& handle, quantity cumulative, std::optional<price> average, utc_time at) {
  if (!average) return error{errc::invalid_argument, "the venue gives no average price", "average"};
  const quantity rest = cumulative - what.filled;
  if (!rest.value().is_positive()) return error{errc::invalid_argument, "is not more than what is booked", "cumulative"};
  const auto total = decimal::checked_multiply(average->value(), cumulative.value());
  if (!total) return total.error();
  const auto px = decimal::checked_divide(*total - what.filled_value, rest.value());
  if (!px) return px.error();
  if (!is_possible_price(what.contract, price{*px}))
    return error{errc::invalid_argument, "gives the difference no possible price", "average"};
  order_fill fill;
  const auto& venue_order = handle.venue_order.empty() ? venue_order_id{what.wire_id.str()} : handle.venue_order;
  fill.id = derived_execution_id(venue_order, handle.venue_session, cumulative.to_string());
  fill.order = what.number;
  fill.symbol = what.symbol;
  fill.way = what.way();
  fill.qty = rest;
  fill.px = price{*px};
  fill.at = at;
  return fill;
}

namespace {

constexpr bool is_open_there(venue_status s) {
  return s == venue_status::accepted || s == venue_status::suspended || s == venue_status::working;
}

/// One run. Works on copies of the few orders that change; the book stays as it is.
class comparison {
public:
  comparison(const account_book& book, const venue_snapshot& snapshot, const reconcile_rules& rules)
    : book_(book), snapshot_(snapshot), rules_(rules), next_(book.next_number()) {}

  reconciliation run() {
    if (snapshot_.received_at > book_.last() || snapshot_.asked_at > snapshot_.received_at) return verdict(snapshot_verdict::foreign);
    if (book_.last_execution() > snapshot_.asked_at) return verdict(snapshot_verdict::stale);
    executions();
    reported_orders();
    missing_orders();
    positions();
    balances();
    return std::move(out_);
  }

private:
  reconciliation verdict(snapshot_verdict v) {
    out_.verdict = v;
    out_.ask = reconciliation::again::yes;
    return std::move(out_);
  }
  void fact(journal_fact f) { out_.facts.push_back(std::move(f)); }
  void found(std::string code, const order* what, std::string symbol, std::string text) {
    out_.found.push_back({std::move(code), what ? what->number : order_number::none, std::move(symbol), std::move(text)});
  }

  /// The order as it is after the facts so far; null: not known.
  order* known(const order_handle& handle) {
    if (const auto* what = book_.find(handle)) return &changed_.try_emplace(what->number, *what).first->second;
    const auto at = adopted_.find({handle.venue_session, handle.venue_order});
    return at == adopted_.end() ? nullptr : &changed_.at(at->second);
  }

  std::optional<decimal> rate(const std::string& currency) const {
    if (currency == book_.profile().currency) return decimal{1};
    return rules_.fx ? rules_.fx(currency) : std::nullopt;
  }

  // -- executions

  void executions() {
    auto list = snapshot_.executions;
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return std::tie(a.at, a.id) < std::tie(b.at, b.id); });
    for (const auto& one : list) {
      if (one.id.empty() || book_.has_execution(one.id) || !booked_.insert(one.id).second) continue;
      auto* what = known(one.order);
      if (!what) what = adopt(one);
      if (!what) continue;
      book(*what, fill_of(one, *what));
    }
  }

  void book(order& what, order_fill fill) {
    const auto fx = rate(what.contract.currency);
    if (!fx || !fill.qty.value().is_positive() || fill.way != what.way() || !is_possible_price(what.contract, fill.px))
      return found("EXECUTION_UNUSABLE", &what, what.symbol,
                   fx ? "an execution without quantity or price, or of the other side: " + fill.id.str()
                      : "no exchange rate for " + what.contract.currency);
    fill.fx = *fx;
    if (is_final(what.state)) found("LATE_EXECUTION", &what, what.symbol, "executed after it was " + std::string(to_string(what.state)));
    const auto value = decimal::checked_multiply(fill.px.value(), fill.qty.value());
    if (!value) return found("EXECUTION_UNUSABLE", &what, what.symbol, value.error().message);
    moved_[what.symbol] += fill.signed_quantity();
    what.filled += fill.qty;
    what.filled_value += *value;
    const auto event = what.filled >= what.largest_quantity() ? order_event::full_execution : order_event::partial_execution;
    what.state = *state_after(what, event);
    fact(execution_booked{std::move(fill)});
  }

  /// An order that is not ours, from its report or from an execution alone.
  order* adopt(const execution_report& from) {
    for (const auto& report : snapshot_.orders)
      if (report.order == from.order) return adopt(report);
    order_report report;
    report.order = from.order;
    report.symbol = from.symbol;
    report.terms.side = from.way == direction::buy ? order_side::buy : order_side::sell;
    report.terms.qty = from.cumulative.value_or(from.qty);
    report.at = from.at;
    return adopt(report);
  }
  order* adopt(const order_report& report) {
    const auto& handle = report.order;
    const auto contract = rules_.contract ? rules_.contract(report.symbol) : std::nullopt;
    auto key = intent_key::external(snapshot_.venue, handle.venue_session, handle.venue_order);
    if (!contract || !key || handle.venue_order.empty() || !report.terms.qty.value().is_positive()) {
      found("EXTERNAL_UNUSABLE", nullptr, report.symbol, contract ? "an order without id or quantity" : "an order of an instrument that is not in the master");
      return nullptr;
    }
    order what;
    what.number = next_;
    next_ = order_number{raw(next_) + 1};
    what.key = *key;
    what.wire_id = wire_id_of(book_.profile().id, what.key, 0);
    what.id = order_id_of(what.wire_id);
    what.client_id = client_order_id{what.wire_id.str()};
    what.origin = order_origin::external;
    what.owner = ownership::external;
    what.symbol = report.symbol;
    what.contract = *contract;
    what.terms = report.terms;
    what.asked = size_quantity{report.terms.qty};
    what.original = report.terms.qty;
    what.venue_order = handle.venue_order;
    what.venue_session = handle.venue_session;
    what.state = report.status == venue_status::accepted    ? order_state::accepted
                 : report.status == venue_status::suspended ? order_state::suspended
                                                            : order_state::working;
    what.resume = what.state;
    what.created_at = what.updated_at = report.at;
    what.submitted_at = report.at;
    fact(order_adopted{what});
    found("EXTERNAL_ORDER", &what, what.symbol, "found at the venue, not ours");
    adopted_[{handle.venue_session, handle.venue_order}] = what.number;
    return &changed_.emplace(what.number, std::move(what)).first->second;
  }

  // -- orders

  void move(order& what, order_event event, const order_handle& handle, std::string text, std::string code = {}) {
    const auto arrow_found = transition_of(what.state, event);
    if (arrow_found.kind == arrow::none || arrow_found.kind == arrow::stay || arrow_found.kind == arrow::book) return;
    what.state = *state_after(what, event);
    fact(order_moved{what.number, event, handle, std::move(text), std::move(code), std::nullopt});
  }

  void reported_orders() {
    for (const auto& report : snapshot_.orders) take(report);
    for (const auto& answer : snapshot_.lookups)
      if (answer.outcome == lookup_outcome::found && answer.report) take(*answer.report);
  }

  /// Whether a report says of an order that has not changed in this run what the book says: most of a long listing.
  [[nodiscard]] bool agrees(const order& what, const order_report& report) const {
    if (changed_.contains(what.number) || what.pending_terms || report.cumulative.value_or(quantity{}) > what.filled) return false;
    const auto& handle = report.order;
    if (!handle.venue_order.empty() && (handle.venue_order != what.venue_order || handle.venue_session != what.venue_session)) return false;
    if (is_final(what.state)) return !is_open_there(report.status);
    const auto event = event_of(report.status);
    return event && transition_of(what.state, *event).kind == arrow::stay;
  }

  void take(const order_report& report) {
    if (const auto* same = book_.find(report.order); same && agrees(*same, report)) {
      seen_.insert(same->number);
      return;
    }
    auto* what = known(report.order);
    if (!what && !is_open_there(report.status)) return; // an old order that is none of ours
    if (!what) what = adopt(report);
    if (!what || !seen_.insert(what->number).second) return;
    const bool was_final = is_final(what->state);
    if (was_final && is_open_there(report.status)) {
      freeze(what->symbol, "order " + what->id.str() + " is " + std::string(to_string(what->state)) + " here and open at the venue");
      return found("LIVE_AFTER_FINAL", what, what->symbol, "open at the venue");
    }
    learn(*what, report.order);
    cumulative(*what, report);
    if (was_final) return;
    confirm_replace(*what, report);
    const auto event = event_of(report.status);
    if (event) return move(*what, *event, report.order, report.text);
    // filled there: it lives until its executions are here
    if (what->state == order_state::submitting || what->state == order_state::unknown)
      move(*what, order_event::venue_working, report.order, {});
  }

  /// The venue shows the terms that were asked for and whose answer did not come.
  void confirm_replace(order& what, const order_report& report) {
    if (!what.pending_terms || transition_of(what.state, order_event::replace_confirmed).kind == arrow::none) return;
    const auto& t = *what.pending_terms;
    if (report.terms.qty != t.qty || report.terms.limit_price != t.limit_price || report.terms.stop_price != t.stop_price) return;
    move(what, order_event::replace_confirmed, report.order, {});
    what.terms = *std::exchange(what.pending_terms, std::nullopt);
  }

  void learn(order& what, const order_handle& handle) {
    if (handle.venue_order.empty() || (what.venue_order == handle.venue_order && what.venue_session == handle.venue_session)) return;
    what.venue_order = handle.venue_order;
    what.venue_session = handle.venue_session;
    fact(venue_id_learned{what.number, {what.wire_id, handle.venue_order, handle.venue_session}});
  }

  void cumulative(order& what, const order_report& report) {
    if (!report.cumulative || *report.cumulative <= what.filled) return;
    if (rules_.executions == execution_ids::none) {
      auto fill = difference_of(what, report.order, *report.cumulative, report.average, report.at);
      if (fill && !book_.has_execution(fill->id)) return book(what, std::move(*fill));
    }
    out_.ask = reconciliation::again::yes;
    found("EXECUTIONS_MISSING", &what, what.symbol,
          "the venue says " + report.cumulative->to_string() + " executed, booked are " + what.filled.to_string());
  }

  // rule 10, then rule 4
  void missing_orders() {
    if (snapshot_.orders_are != completeness::complete) return;
    for (const auto& answer : snapshot_.lookups)
      if (answer.outcome == lookup_outcome::absent) absent_.insert(answer.order.wire_id);
    for (const auto number : book_.open_orders()) {
      if (seen_.contains(number)) continue;
      const auto at = changed_.find(number);
      order what = at == changed_.end() ? *book_.find(number) : at->second;
      if (is_final(what.state) || !what.submitted_at || *what.submitted_at + rules_.absence_age > snapshot_.taken_at) continue;
      if (is_live(what.state)) {
        // what became known after the question proves nothing about the answer
        if (what.updated_at + rules_.absence_age > snapshot_.taken_at) continue;
        move(what, order_event::missing_at_venue, {}, "a complete listing of the venue lacks it");
        out_.ask = reconciliation::again::yes;
      } else if (what.state == order_state::unknown) prove_absence(what);
    }
  }

  void prove_absence(order& what) {
    if (!absent_.contains(what.wire_id)) return;
    out_.ask = reconciliation::again::yes;
    const auto* first = book_.absence_of(what.number);
    if (!first) return fact(absence_seen{what.number, snapshot_.id, snapshot_.taken_at});
    if (first->at + rules_.between_proofs > snapshot_.taken_at || snapshot_.healthy_since > first->at) return;
    const bool was_there = !what.venue_order.empty() || !what.filled.is_zero();
    if (was_there) found("ORDER_VANISHED", &what, what.symbol, "the venue had it and does not know it any more");
    move(what, order_event::absence_proven, {}, "proven absent at the venue twice", was_there ? "vanished_at_venue" : "never_reached_venue");
  }

  // -- positions

  void freeze(const std::string& symbol, std::string reason) {
    const auto now = book_.frozen().find(symbol);
    const auto ours = book_.held(symbol) + moved_[symbol];
    if (now != book_.frozen().end() && now->second.reason == reason) return;
    fact(symbol_frozen{symbol, ours, ours, std::move(reason)});
  }

  void positions() {
    if (snapshot_.positions_are != completeness::complete) return;
    std::map<std::string, venue_position> theirs;
    for (const auto& one : snapshot_.positions) theirs[one.symbol] = one;
    const bool first_start = book_.orders().empty() && book_.positions().empty();
    std::set<std::string> symbols;
    for (const auto& [symbol, one] : theirs) symbols.insert(symbol);
    for (const auto& [symbol, one] : book_.positions()) symbols.insert(symbol);
    for (const auto& [symbol, one] : moved_) symbols.insert(symbol);
    for (const auto& symbol : symbols) {
      const auto there = theirs.find(symbol);
      compare(symbol, there == theirs.end() ? venue_position{symbol, {}, {}} : there->second, first_start);
    }
  }

  void compare(const std::string& symbol, const venue_position& theirs, bool first_start) {
    const auto ours = book_.held(symbol) + moved_[symbol];
    const auto frozen = book_.frozen().find(symbol);
    if (ours == theirs.qty) {
      if (frozen != book_.frozen().end() && frozen->second.reason == position_differs) fact(symbol_thawed{symbol, "agreed with the venue"});
      return;
    }
    const auto contract = rules_.contract ? rules_.contract(symbol) : std::nullopt;
    if (first_start && contract && theirs.average) {
      const auto fx = rate(contract->currency);
      if (fx) {
        fact(position_adjusted{symbol, *contract, theirs.qty, *theirs.average, *fx, "reconciliation", adopted_at_start});
        fact(symbol_frozen{symbol, theirs.qty, theirs.qty, adopted_at_start});
        return found("POSITION_ADOPTED", nullptr, symbol, "held at the venue at the first start: " + theirs.qty.to_string());
      }
    }
    if (frozen != book_.frozen().end() && frozen->second.ours == ours && frozen->second.theirs == theirs.qty) return;
    fact(symbol_frozen{symbol, ours, theirs.qty, position_differs});
    found("POSITION_DIFFERS", nullptr, symbol, "ours " + ours.to_string() + ", the venue's " + theirs.qty.to_string());
  }

  // -- money

  void balances() {
    if (!snapshot_.balances) return;
    auto now = *snapshot_.balances, before = book_.balances();
    now.at = before.at;
    if (now == before) return;
    fact(balances_reported{*snapshot_.balances});
    if (!now.cash || !now.equity) return;
    const auto difference = (*now.cash - book_.cash()).value().abs();
    const auto allowed = decimal::checked_multiply(now.equity->value().abs(), rules_.cash_tolerance);
    if (allowed && difference > *allowed)
      found("CASH_DIFFERS", nullptr, "", "ours " + book_.cash().to_string() + ", the venue's " + now.cash->to_string());
  }

  const account_book& book_;
  const venue_snapshot& snapshot_;
  const reconcile_rules& rules_;
  order_number next_;
  reconciliation out_;
  std::map<order_number, order> changed_;
  std::map<std::pair<std::string, venue_order_id>, order_number> adopted_;
  std::set<execution_id> booked_;
  std::set<order_number> seen_;
  std::set<wire_order_id> absent_; ///< asked for by id, and not there
  std::map<std::string, quantity> moved_;
};

} // namespace

order_fill fill_of(const execution_report& report, const order& what) {
  order_fill out;
  out.id = report.id;
  out.order = what.number;
  out.symbol = what.symbol;
  out.way = report.way;
  out.qty = report.qty;
  out.px = report.px;
  out.taken = report.taken;
  out.fees = report.fees;
  out.at = report.at;
  return out;
}

reconciliation reconcile(const account_book& book, const venue_snapshot& snapshot, const reconcile_rules& rules) {
  return comparison{book, snapshot, rules}.run();
}

} // namespace tt::execution
