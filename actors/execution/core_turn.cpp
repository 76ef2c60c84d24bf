#include "actors/execution/core_turn.hpp"

#include <algorithm>

namespace tt::execution {

namespace {

/// Rounds in which the consequences of a step may have consequences.
constexpr int max_rounds = 64;

/// The order a fact is about.
struct subject_of {
  order_number operator()(const order_intent& f) const { return f.order.number; }
  order_number operator()(const order_adopted& f) const { return f.order.number; }
  order_number operator()(const order_decided& f) const { return f.number; }
  order_number operator()(const order_moved& f) const { return f.number; }
  order_number operator()(const execution_booked& f) const { return f.fill.order; }
  order_number operator()(const venue_id_learned& f) const { return f.number; }
  order_number operator()(const legs_linked& f) const { return f.parent; }
  order_number operator()(const stop_progressed& f) const { return f.number; }
  order_number operator()(const terms_changed& f) const { return f.number; }
  order_number operator()(const change_decided& f) const { return f.number; }
  template <class Other>
  order_number operator()(const Other&) const {
    return order_number::none;
  }
};

} // namespace

result<void> account_core::turn::record(journal_fact fact) {
  journal_record r;
  r.offset = journal_offset{raw(book().last()) + 1};
  r.cause = out_.records.empty() ? journal_offset::none : out_.records.front().offset;
  r.epoch = settings().epoch;
  r.at = now_;
  r.fact = std::move(fact);
  if (auto applied = core_.book_.apply(r); !applied) return applied;
  const auto number = std::visit(subject_of{}, r.fact);
  if (const auto* what = book().find(number)) {
    touched_.insert(number);
    symbols_.insert(what->symbol);
    if (const auto* booked = std::get_if<execution_booked>(&r.fact)) {
      core_.gate_.on_fill(*what, booked->fill);
      if (book().is_protection(*what)) note_protective_fill(*what, booked->fill.qty);
    }
    core_.gate_.on_order(*what);
  }
  if (const auto* f = std::get_if<position_adjusted>(&r.fact)) {
    symbols_.insert(f->symbol); // what protects it is sized anew
    core_.gate_.on_position(f->symbol, f->qty);
  }
  if (const auto* f = std::get_if<symbol_frozen>(&r.fact)) core_.gate_.on_freeze(f->symbol, &book().frozen().at(f->symbol));
  if (const auto* f = std::get_if<symbol_thawed>(&r.fact)) core_.gate_.on_freeze(f->symbol, nullptr);
  out_.records.push_back(std::move(r));
  return {};
}

void account_core::turn::alert(severity level, std::string code, const order* what, std::string text) {
  alert_effect out;
  out.level = level;
  out.code = std::move(code);
  if (what) {
    out.order = what->number;
    out.symbol = what->symbol;
  }
  out.text = std::move(text);
  add(std::move(out));
}

bool account_core::turn::move(order_number number, order_event event, order_handle handle, std::string text, std::string code,
                              report_source source) {
  const auto* what = book().find(number);
  TT_ASSERT(what != nullptr);
  const auto found = transition_of(what->state, event);
  if (found.kind == arrow::none) {
    unmatched(what, handle, std::string(to_string(event)) + " while " + std::string(to_string(what->state)) + (text.empty() ? "" : ": " + text),
              source);
    return false;
  }
  if (found.kind == arrow::stay) {
    if (!handle.venue_order.empty() && (handle.venue_order != what->venue_order || handle.venue_session != what->venue_session))
      static_cast<void>(record(venue_id_learned{number, std::move(handle)}));
    return true;
  }
  const auto moved = record(order_moved{number, event, std::move(handle), std::move(text), std::move(code), std::nullopt});
  TT_ASSERT(moved.has_value()); // the table allowed it
  return true;
}

void account_core::turn::unmatched(const order* what, const order_handle& handle, std::string text, report_source source) {
  static_cast<void>(record(report_unmatched{what ? what->number : order_number::none, handle, text}));
  alert(severity::alarm, "UNMATCHED_REPORT", what, text);
  // an answer to a question asks no further question
  if (what && source == report_source::stream) lookup(*what);
}

void account_core::turn::lookup(const order& what) { add(lookup_request{account(), what.wire_id, what.venue_order}); }

// Each answer that does not fit asks for another listing, and the answers of many in flight would each do so: they would
// never end while orders move. So there is a pause between two.
void account_core::turn::list() {
  if (core_.listed_at_ && now_ < *core_.listed_at_ + settings().timings.listing_pause) {
    core_.listing_due_ = *core_.listed_at_ + settings().timings.listing_pause;
    return;
  }
  core_.listed_at_ = now_;
  core_.listing_due_.reset();
  listing_request out;
  out.account = account();
  out.id = ++core_.listings_;
  out.asked_at = book().last();
  // not since the newest execution: one before it may have been lost by the stream
  if (core_.compared_at_) out.executions_since = *core_.compared_at_ - settings().timings.execution_overlap;
  for (const auto number : book().open_orders())
    if (const auto* what = book().find(number); what->state == order_state::unknown) out.lookups.push_back(what->wire_id);
  add(std::move(out));
}

void account_core::turn::settle() {
  for (int round = 0; round < max_rounds; ++round) {
    const auto before = out_.records.size();
    for (const auto& symbol : std::set<std::string>(symbols_)) {
      const auto heads = core_.groups_.find(symbol);
      if (heads != core_.groups_.end())
        for (const auto head : std::set<order_number>(heads->second)) tend(head);
      trim_reduce_only(symbol);
      release_exits(symbol);
    }
    // a cancel that was asked while nobody knew where the order was
    for (const auto number : std::set<order_number>(touched_)) {
      const auto* what = book().find(number);
      if (what->wish == order_wish::cancel && is_live(what->state) && what->state != order_state::pending_cancel)
        ask_cancel(number, what->reason, what->reject_code);
    }
    if (out_.records.size() == before) return;
  }
  alert(severity::alarm, "INTERNAL", nullptr, "the consequences of a step did not come to an end");
}

void account_core::turn::freeze_for_doubt(const order& what) {
  if (book().frozen().contains(what.symbol)) return;
  const auto held = book().held(what.symbol);
  static_cast<void>(record(symbol_frozen{what.symbol, held, held, fate_unknown}));
}

void account_core::turn::thaw_resolved() {
  for (const auto& symbol : symbols_) {
    const auto frozen = book().frozen().find(symbol);
    if (frozen == book().frozen().end() || frozen->second.reason != fate_unknown) continue;
    const bool doubt = std::any_of(book().open_orders().begin(), book().open_orders().end(), [&](order_number n) {
      const auto& what = *book().find(n);
      return what.symbol == symbol && what.state == order_state::unknown;
    });
    if (!doubt) static_cast<void>(record(symbol_thawed{symbol, "its orders are known again"}));
  }
}

outcome account_core::turn::finish() {
  settle();
  thaw_resolved();
  for (const auto number : touched_) {
    const auto& what = *book().find(number);
    arm(what);
    if (what.state != order_state::submitting) core_.going_out_.erase(number);
    add(order_changed{number});
  }
  return std::move(out_);
}

outcome account_core::turn::refuse(error why) {
  auto out = finish();
  out.refused = std::move(why);
  return out;
}

} // namespace tt::execution
