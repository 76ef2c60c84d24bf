#include "gateways/bridge/order_diary.hpp"

namespace tt::gateway {

using namespace execution;

namespace {

std::string word_of(const risk_decision& decision) {
  return decision.result == verdict::approved_reduced ? "reduced" : std::string(to_string(decision.result));
}

void show_terms(order_happening& one, const order_terms& terms) {
  one.qty = terms.qty;
  one.px = terms.limit_price ? terms.limit_price : terms.stop_price;
}

/// Legs that we hold are there before the gate has seen them; of all others the decision follows in the same commit.
bool is_shown_undecided(const order& what) { return what.parent != order_number::none || !what.leg.empty(); }

} // namespace

void order_diary::on_record(const journal_record& record) {
  states_.on_record(record);
  const auto entry = [&](std::string what) {
    order_happening out;
    out.offset = raw(record.offset);
    out.at = record.at;
    out.what = std::move(what);
    return out;
  };
  std::visit(
    [&](const auto& fact) {
      using kind = std::decay_t<decltype(fact)>;
      if constexpr (std::is_same_v<kind, order_intent>) {
        auto one = entry("created");
        if (fact.order.terms.qty.value().is_positive()) one.qty = fact.order.terms.qty;
        keep(fact.order.number, std::move(one));
        if (is_shown_undecided(fact.order)) tell(fact.order.number, record.at);
      } else if constexpr (std::is_same_v<kind, order_decided>) {
        auto one = entry(word_of(fact.decision));
        one.code = fact.decision.code;
        one.text = fact.decision.message;
        one.qty = fact.decision.approved;
        keep(fact.number, std::move(one));
        tell(fact.number, record.at);
      } else if constexpr (std::is_same_v<kind, order_moved>) {
        auto one = entry(std::string(to_string(fact.event)));
        one.code = fact.code;
        one.text = fact.text;
        if (fact.terms) show_terms(one, *fact.terms);
        keep(fact.number, std::move(one));
        tell(fact.number, record.at);
      } else if constexpr (std::is_same_v<kind, execution_booked>) {
        auto one = entry("execution");
        one.text = fact.fill.id.str();
        one.qty = fact.fill.qty;
        one.px = fact.fill.px;
        executions_[fact.fill.id] = fact.fill.order;
        keep(fact.fill.order, std::move(one));
        tell(fact.fill.order, record.at);
      } else if constexpr (std::is_same_v<kind, execution_corrected>) {
        const auto whose = executions_.find(fact.id);
        if (whose == executions_.end()) return;
        auto one = entry("correction");
        one.text = fact.text;
        one.qty = fact.qty;
        one.px = fact.px;
        keep(whose->second, std::move(one));
        tell(whose->second, record.at);
      } else if constexpr (std::is_same_v<kind, order_adopted>) {
        keep(fact.order.number, entry("adopted"));
        tell(fact.order.number, record.at);
      } else if constexpr (std::is_same_v<kind, legs_linked>) tell(fact.parent, record.at);
      else if constexpr (std::is_same_v<kind, venue_id_learned> || std::is_same_v<kind, stop_progressed>) tell(fact.number, record.at);
      else if constexpr (std::is_same_v<kind, terms_changed>) {
        auto one = entry("changed_while_waiting");
        show_terms(one, fact.terms);
        keep(fact.number, std::move(one));
        tell(fact.number, record.at);
      } else if constexpr (std::is_same_v<kind, change_decided>) {
        auto one = entry("change_" + word_of(fact.decision));
        one.code = fact.decision.code;
        one.text = fact.decision.message;
        show_terms(one, fact.wanted);
        keep(fact.number, std::move(one));
        tell(fact.number, record.at);
      } else if constexpr (std::is_same_v<kind, report_unmatched>) {
        auto one = entry("report_unmatched");
        one.text = fact.what;
        keep(fact.number, std::move(one));
      } else if constexpr (std::is_same_v<kind, absence_seen>) keep(fact.number, entry("absence_seen"));
    },
    record.fact);
}

void order_diary::keep(order_number number, order_happening what) {
  if (number == order_number::none) return;
  records_[number].push_back(std::move(what));
  ++kept_;
  while (kept_ > max_records && records_.begin()->first != number) {
    kept_ -= records_.begin()->second.size();
    records_.erase(records_.begin());
  }
}

void order_diary::tell(order_number number, utc_time at) {
  if (number == order_number::none) return;
  ++news_;
  const auto* now = states_.find(number);
  newest_.push_back({number, at, now ? std::make_shared<const order>(*now) : nullptr});
  if (newest_.size() > max_news) newest_.pop_front();
}

std::vector<order_happening> order_diary::of(order_number number) const {
  const auto found = records_.find(number);
  return found == records_.end() ? std::vector<order_happening>{} : found->second;
}

} // namespace tt::gateway
