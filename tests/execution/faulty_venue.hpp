#pragma once

// A venue that loses answers, answers twice, times out before and after it took an
// order, drops frames of its stream and shows incomplete lists. Pure: a seed decides.
// It has no duplicate protection: an order sent twice is two orders, and is counted.

#include "tests/execution/support.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <gtest/gtest.h>
#include <random>

namespace tt::execution::test {

/// Per mille.
struct fault_rates {
  unsigned lost_ack = 200, timeout = 100, duplicate = 50, refused = 20, not_sent = 20;
  unsigned lost_stream = 50, lost_cancel = 100, bad_listing = 100, lost_lookup = 100;
  static fault_rates none() { return {0, 0, 0, 0, 0, 0, 0, 0, 0}; }
};

class faulty_venue {
public:
  struct held_order {
    submit_request request;
    order_handle handle;
    venue_status status = venue_status::working;
    quantity filled;
    decimal value;
    std::vector<execution_report> executions;
  };

  explicit faulty_venue(std::uint32_t seed, fault_rates rates = {}) : random_(seed), rates_(rates) {}
  void heal() { rates_ = fault_rates::none(); }
  fault_rates& rates() { return rates_; }

  /// Reports that are on their way.
  std::deque<venue_report> outbox;

  void take(const venue_request& request, utc_time now) {
    std::visit([&](const auto& r) { on(r, now); }, request);
  }

  /// Somebody trades against a random open order; part or all of it.
  void trade(utc_time now) {
    std::vector<held_order*> open;
    for (auto& o : orders_)
      if (o.status == venue_status::working && o.filled < o.request.terms.qty) open.push_back(&o);
    if (open.empty()) return;
    auto& o = *open[random_() % open.size()];
    const auto rest = (o.request.terms.qty - o.filled).value();
    decimal part = rest;
    if (random_() % 2 == 0) part = std::max(decimal{1}, decimal::divide(rest, decimal{2}).rounded_to(decimal{1}, rounding::down));
    fill(o, quantity{part}, now);
  }
  void fill(held_order& o, quantity qty, utc_time now, std::optional<price> px = std::nullopt) {
    execution_report e;
    e.order = o.handle;
    e.id = execution_id{"E" + std::to_string(++executions_)};
    e.symbol = o.request.symbol;
    e.way = direction_of(o.request.terms.side);
    e.qty = qty;
    e.px = px.value_or(o.request.terms.limit_price.value_or(price{100 + static_cast<std::int64_t>(random_() % 10)}));
    o.filled += qty;
    o.value += e.px.value() * qty.value();
    e.cumulative = o.filled;
    e.at = now;
    if (o.filled >= o.request.terms.qty) o.status = venue_status::filled;
    o.executions.push_back(e);
    position_[e.symbol] += e.way == direction::buy ? qty : -qty;
    stream(e);
    if (chance(rates_.duplicate)) stream(e);
  }
  void expire(held_order& o, utc_time now) {
    o.status = venue_status::expired;
    stream(report_of(o, now));
  }

  [[nodiscard]] std::deque<held_order>& orders() { return orders_; }
  [[nodiscard]] held_order* find(const wire_order_id& id) {
    for (auto& o : orders_)
      if (o.handle.wire_id == id) return &o;
    return nullptr;
  }
  [[nodiscard]] std::size_t count(const wire_order_id& id) const {
    return static_cast<std::size_t>(std::count_if(orders_.begin(), orders_.end(), [&](const auto& o) { return o.handle.wire_id == id; }));
  }
  [[nodiscard]] quantity position(const std::string& symbol) { return position_[symbol]; }
  [[nodiscard]] bool is_open(const held_order& o) const { return o.status == venue_status::working; }
  std::string session = "s1";
  utc_time healthy_since{};
  std::uint64_t submits = 0;
  /// A wire id that went out again although it may have arrived: what must never happen.
  std::uint64_t resent = 0;

private:
  bool chance(unsigned per_mille) { return random_() % 1000 < per_mille; }
  template <class Report>
  void stream(Report r) {
    if (chance(rates_.lost_stream)) return;
    outbox.push_back(std::move(r));
  }

  order_report report_of(const held_order& o, utc_time now) const {
    order_report r;
    r.order = o.handle;
    r.status = o.status;
    r.cumulative = o.filled;
    if (!o.filled.is_zero()) r.average = price{decimal::divide(o.value, o.filled.value())};
    r.at = now;
    r.symbol = o.request.symbol;
    r.terms = o.request.terms;
    return r;
  }

  void on(const submit_request& r, utc_time now) {
    ++submits;
    submit_answer answer;
    answer.order = {r.wire_id, {}, ""};
    answer.at = now;
    if (chance(rates_.not_sent)) {
      answer.outcome = submit_outcome::not_sent;
      answer.retry_after = milliseconds{500};
      outbox.push_back(answer);
      return;
    }
    if (!seen_.insert(r.wire_id).second) ++resent;
    if (chance(rates_.refused)) {
      answer.outcome = submit_outcome::refused;
      answer.text = "no";
      outbox.push_back(answer);
      return;
    }
    answer.outcome = submit_outcome::ambiguous;
    if (chance(rates_.timeout)) {
      outbox.push_back(answer);
      if (random_() % 2 == 0) return; // it never arrived
      open(r);
      return;
    }
    auto& o = open(r);
    if (chance(rates_.lost_ack)) {
      outbox.push_back(answer);
      return;
    }
    answer.outcome = submit_outcome::accepted;
    answer.order = o.handle;
    answer.status = venue_status::working;
    outbox.push_back(answer);
    if (chance(rates_.duplicate)) outbox.push_back(answer);
  }
  held_order& open(const submit_request& r) {
    auto& o = orders_.emplace_back();
    o.request = r;
    o.handle = {r.wire_id, venue_order_id{std::to_string(orders_.size())}, session};
    return o;
  }

  void on(const cancel_request& r, utc_time now) {
    cancel_answer answer;
    answer.order = {r.wire_id, r.venue_order, r.venue_session};
    answer.at = now;
    auto* o = find(r.wire_id);
    answer.outcome = !o || o->status != venue_status::working ? change_outcome::not_open : change_outcome::confirmed;
    if (o && o->status == venue_status::working) o->status = venue_status::cancelled;
    if (chance(rates_.lost_cancel)) answer.outcome = change_outcome::ambiguous;
    outbox.push_back(answer);
  }
  void on(const replace_request& r, utc_time now) {
    replace_answer answer;
    answer.order = {r.wire_id, r.venue_order, r.venue_session};
    answer.at = now;
    answer.terms_version = r.terms_version;
    auto* o = find(r.wire_id);
    const bool open_there = o && o->status == venue_status::working;
    answer.outcome = open_there ? change_outcome::confirmed : change_outcome::refused;
    if (open_there) {
      o->request.terms = r.terms;
      if (o->filled >= r.terms.qty) o->status = venue_status::filled;
    }
    if (chance(rates_.lost_cancel)) answer.outcome = change_outcome::ambiguous;
    outbox.push_back(answer);
  }
  void on(const lookup_request& r, utc_time now) {
    if (!chance(rates_.lost_lookup)) outbox.push_back(look(r.wire_id, now));
  }
  lookup_answer look(const wire_order_id& id, utc_time now) {
    lookup_answer a;
    a.order.wire_id = id;
    a.at = now;
    const auto* o = find(id);
    a.outcome = o ? lookup_outcome::found : lookup_outcome::absent;
    if (o) a.report = report_of(*o, now);
    return a;
  }
  void on(const listing_request& r, utc_time now) {
    venue_snapshot s;
    s.id = r.id;
    s.venue = venue_id{"paper"};
    s.session = session;
    s.asked_at = r.asked_at;
    s.taken_at = now;
    s.healthy_since = healthy_since;
    const bool bad = chance(rates_.bad_listing);
    for (const auto& o : orders_) {
      if (bad && random_() % 3 == 0) continue;
      s.orders.push_back(report_of(o, now));
      s.executions.insert(s.executions.end(), o.executions.begin(), o.executions.end());
    }
    for (const auto& id : r.lookups) s.lookups.push_back(look(id, now));
    for (const auto& [symbol, qty] : position_) s.positions.push_back({symbol, qty, std::nullopt});
    s.orders_are = s.executions_are = s.positions_are = bad ? completeness::partial : completeness::complete;
    outbox.push_back(std::move(s));
  }

  std::mt19937 random_;
  fault_rates rates_;
  std::deque<held_order> orders_;
  std::set<wire_order_id> seen_;
  std::map<std::string, quantity> position_;
  std::uint64_t executions_ = 0;
};

/// A core, a venue and virtual time.
struct bench {
  explicit bench(std::uint32_t seed, fault_rates rates = {}, core_settings s = settings()) : venue(seed, rates), core(opened_book(), std::move(s), gate), random(seed + 1) {
    venue.healthy_since = now;
  }

  utc_time now = at(0);
  faulty_venue venue;
  open_gate gate;
  account_core core;
  std::mt19937 random;
  std::vector<journal_record> journal;
  std::vector<alert_effect> alerts;

  outcome done(outcome out) {
    journal.insert(journal.end(), out.records.begin(), out.records.end());
    for (const auto& e : out.effects) {
      if (auto request = request_in(e)) venue.take(*request, now);
      if (const auto* a = std::get_if<alert_effect>(&e)) alerts.push_back(*a);
    }
    return out;
  }
  /// Delivers everything that is on its way.
  void deliver() {
    for (int i = 0; i < 100'000 && !venue.outbox.empty(); ++i) {
      auto report = std::move(venue.outbox.front());
      venue.outbox.pop_front();
      if (auto* s = std::get_if<venue_snapshot>(&report)) s->received_at = core.book().last();
      done(core.on_report(report, now));
    }
  }
  void pass(milliseconds time) {
    now += time;
    done(core.tick(now));
    deliver();
  }
  /// As the actor does every 30 s.
  void ask_for_everything() {
    listing_request r;
    r.account = paper();
    r.asked_at = core.book().last();
    for (const auto number : core.book().open_orders())
      if (const auto* what = core.book().find(number); what->state == order_state::unknown) r.lookups.push_back(what->wire_id);
    venue.take(r, now);
    deliver();
  }
  order_number place(const new_order& what) {
    const auto out = done(core.place(what, now));
    EXPECT_FALSE(out.refused) << to_string(*out.refused);
    return out.order;
  }
  const order& get(order_number n) const { return *core.book().find(n); }
  bool alarmed(std::string_view code) const {
    return std::any_of(alerts.begin(), alerts.end(), [&](const auto& a) { return a.code == code; });
  }
};

} // namespace tt::execution::test
