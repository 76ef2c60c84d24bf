// Reconciliation: a pure function of book and snapshot.

#include "tests/execution/faulty_venue.hpp"

#include "actors/execution/reconcile.hpp"
#include "actors/execution/record_codec.hpp"

namespace tt::execution::test {
namespace {

reconcile_rules rules() {
  reconcile_rules out;
  out.contract = [](const std::string& symbol) { return symbol == "NOBODY" ? std::nullopt : std::optional(contract_terms{}); };
  return out;
}

std::string bytes_of(const reconciliation& r) {
  std::string out = std::to_string(static_cast<int>(r.verdict));
  for (const auto& f : r.facts) out += std::to_string(f.index()) + ':' + encode_body(f) + '\n';
  for (const auto& f : r.found) out += f.code + f.text + '\n';
  return out;
}

/// Applies the facts as the core does.
void apply(account_book& book, const reconciliation& r, utc_time now) {
  for (const auto& f : r.facts) {
    journal_record record;
    record.offset = journal_offset{raw(book.last()) + 1};
    record.at = now;
    record.fact = f;
    const auto applied = book.apply(record);
    ASSERT_TRUE(applied) << to_string(applied.error());
  }
}

venue_snapshot snapshot_of(const account_book& book, utc_time now) {
  venue_snapshot s;
  s.id = 1;
  s.venue = venue_id{"paper"};
  s.session = "s1";
  s.asked_at = s.received_at = book.last();
  s.taken_at = now;
  s.orders_are = s.executions_are = s.positions_are = completeness::complete;
  return s;
}

order_report foreign_order(const std::string& id, std::int64_t qty, const std::string& session = "s1") {
  order_report r;
  r.order = {wire_order_id{}, venue_order_id{id}, session};
  r.symbol = "AAPL";
  r.terms.side = order_side::sell;
  r.terms.type = order_type::limit;
  r.terms.qty = q(qty);
  r.terms.limit_price = p(120);
  r.at = at(1);
  return r;
}

/// A book with one order, as the core leaves it.
struct one_order {
  bench b{1, fault_rates::none()};
  order_number n;
  explicit one_order(fault_rates rates = fault_rates::none()) : b(1, rates) {
    auto what = wanted("k", order_side::buy, 10, order_type::limit);
    what.request.limit_price = p(99);
    n = b.place(what);
    b.deliver();
  }
  account_book book() const { return b.core.book(); }
  const order& get() const { return b.get(n); }
};

TEST(reconcile, agreement_gives_nothing) {
  one_order o;
  auto s = snapshot_of(o.book(), at(60'000));
  order_report r;
  r.order = o.get().venue_order.empty() ? order_handle{o.get().wire_id, {}, ""} : order_handle{o.get().wire_id, o.get().venue_order, "s1"};
  s.orders = {r};
  const auto out = reconcile(o.book(), s, rules());
  EXPECT_TRUE(out.facts.empty());
  EXPECT_TRUE(out.found.empty());
}

TEST(reconcile, the_core_remembers_how_much_the_newest_comparison_found) {
  one_order o;
  EXPECT_EQ(o.b.core.differences(), 0u);
  auto s = snapshot_of(o.book(), at(60'000));
  order_report own;
  own.order = {o.get().wire_id, o.get().venue_order, o.get().venue_order.empty() ? "" : "s1"};
  s.orders = {own};
  s.positions = {{"AAPL", q(5), p(100)}}; // of which the book knows nothing
  static_cast<void>(o.b.core.on_report(s, at(60'000)));
  EXPECT_EQ(o.b.core.differences(), 1u);
  auto stale = s;
  stale.asked_at = journal_offset{1000};
  stale.positions.clear();
  static_cast<void>(o.b.core.on_report(stale, at(60'001)));
  EXPECT_EQ(o.b.core.differences(), 1u) << "one that is not used says nothing";
  auto agreed = snapshot_of(o.book(), at(70'000));
  agreed.orders = {own};
  static_cast<void>(o.b.core.on_report(agreed, at(70'000)));
  EXPECT_EQ(o.b.core.differences(), 0u);
}

TEST(reconcile, a_stale_snapshot_does_nothing) {
  one_order o;
  auto s = snapshot_of(o.book(), at(60'000)); // asked before the fill
  o.b.venue.fill(*o.b.venue.find(o.get().wire_id), q(10), o.b.now);
  o.b.deliver();
  s.received_at = o.book().last();
  const auto out = reconcile(o.book(), s, rules()); // knows of no position and no order
  EXPECT_EQ(out.verdict, snapshot_verdict::stale);
  EXPECT_TRUE(out.facts.empty());
  EXPECT_EQ(out.ask, reconciliation::again::yes);
  s.asked_at = journal_offset{1000};
  EXPECT_EQ(reconcile(o.book(), s, rules()).verdict, snapshot_verdict::foreign);
}

TEST(reconcile, a_missing_order_becomes_unknown_never_cancelled) {
  one_order o;
  auto s = snapshot_of(o.book(), at(60'000));
  auto out = reconcile(o.book(), s, rules());
  ASSERT_EQ(out.facts.size(), 1u);
  EXPECT_EQ(std::get<order_moved>(out.facts[0]).event, order_event::missing_at_venue);
  s.orders_are = completeness::partial; // proves nothing
  EXPECT_TRUE(reconcile(o.book(), s, rules()).facts.empty());
  s.orders_are = completeness::complete;
  s.taken_at = o.get().updated_at + seconds{9}; // too soon after what we heard of it
  EXPECT_TRUE(reconcile(o.book(), s, rules()).facts.empty());
}

TEST(reconcile, absence_needs_two_proofs_by_list_and_by_id_ten_seconds_after_the_send_on_a_sound_line) {
  fault_rates rates = fault_rates::none();
  rates.timeout = 1000;
  one_order o{rates};
  ASSERT_EQ(o.get().state, order_state::unknown);
  auto book = o.book();
  const auto with_lookup = [&](utc_time taken, std::uint64_t id) {
    auto s = snapshot_of(book, taken);
    s.id = id;
    lookup_answer a;
    a.order.wire_id = o.get().wire_id;
    a.outcome = lookup_outcome::absent;
    s.lookups = {a};
    return s;
  };
  EXPECT_TRUE(reconcile(book, with_lookup(at(9'999), 1), rules()).facts.empty());
  auto partial = with_lookup(at(11'000), 1);
  partial.orders_are = completeness::partial;
  EXPECT_TRUE(reconcile(book, partial, rules()).facts.empty());
  auto by_list_only = with_lookup(at(11'000), 1);
  by_list_only.lookups.clear();
  EXPECT_TRUE(reconcile(book, by_list_only, rules()).facts.empty());
  const auto first = reconcile(book, with_lookup(at(11'000), 1), rules());
  ASSERT_EQ(first.facts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<absence_seen>(first.facts[0]));
  apply(book, first, at(11'000));
  EXPECT_TRUE(reconcile(book, with_lookup(at(11'000), 1), rules()).facts.empty()); // the same one twice
  auto broken = with_lookup(at(20'000), 2);
  broken.healthy_since = at(15'000); // the line was down in between
  EXPECT_TRUE(reconcile(book, broken, rules()).facts.empty());
  const auto second = reconcile(book, with_lookup(at(20'000), 2), rules());
  ASSERT_EQ(second.facts.size(), 1u);
  EXPECT_EQ(std::get<order_moved>(second.facts[0]).event, order_event::absence_proven);
  apply(book, second, at(20'000));
  EXPECT_EQ(book.find(o.n)->state, order_state::rejected);
  EXPECT_EQ(book.find(o.n)->reject_code, "never_reached_venue");
}

TEST(reconcile, adopts_orders_that_are_not_ours_once) {
  one_order o;
  auto book = o.book();
  auto s = snapshot_of(book, at(1000));
  s.orders = {foreign_order("77", 5)};
  execution_report e;
  e.order = s.orders[0].order;
  e.id = execution_id{"x1"};
  e.symbol = "AAPL";
  e.way = direction::sell;
  e.qty = q(2);
  e.px = p(120);
  e.at = at(500);
  s.executions = {e};
  s.positions = {{"AAPL", q(-2), std::nullopt}};
  const auto out = reconcile(book, s, rules());
  ASSERT_EQ(out.facts.size(), 2u);
  apply(book, out, at(1000));
  const auto* adopted = book.find(order_handle{wire_order_id{}, venue_order_id{"77"}, "s1"});
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->owner, ownership::external);
  EXPECT_EQ(adopted->state, order_state::partially_filled);
  EXPECT_EQ(book.held("AAPL"), q(-2));
  s.asked_at = s.received_at = book.last();
  EXPECT_TRUE(reconcile(book, s, rules()).facts.empty());
  // the same number in another session is another order
  s.orders.push_back(foreign_order("77", 3, "s2"));
  const auto more = reconcile(book, s, rules());
  ASSERT_EQ(more.facts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<order_adopted>(more.facts[0]));
  // and one of an instrument that nobody knows is told, not invented
  s.orders = {foreign_order("78", 3)};
  s.orders[0].symbol = "NOBODY";
  const auto unusable = reconcile(book, s, rules());
  EXPECT_TRUE(std::none_of(unusable.facts.begin(), unusable.facts.end(), [](const auto& f) { return std::holds_alternative<order_adopted>(f); }));
  EXPECT_FALSE(unusable.found.empty());
}

TEST(reconcile, a_position_difference_freezes_and_invents_no_fill) {
  one_order o;
  o.b.venue.fill(*o.b.venue.find(o.get().wire_id), q(4), o.b.now);
  o.b.deliver();
  auto book = o.book();
  auto s = snapshot_of(book, at(1000));
  s.positions = {{"AAPL", q(7), p(100)}};
  auto out = reconcile(book, s, rules());
  ASSERT_EQ(out.facts.size(), 1u);
  const auto frozen = std::get<symbol_frozen>(out.facts[0]);
  EXPECT_EQ(frozen.ours, q(4));
  EXPECT_EQ(frozen.theirs, q(7));
  apply(book, out, at(1000));
  s.asked_at = s.received_at = book.last();
  EXPECT_TRUE(reconcile(book, s, rules()).facts.empty());
  s.positions = {{"AAPL", q(4), p(100)}};
  out = reconcile(book, s, rules());
  ASSERT_EQ(out.facts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<symbol_thawed>(out.facts[0]));
  s.positions_are = completeness::partial;
  EXPECT_TRUE(reconcile(book, s, rules()).facts.empty());
}

TEST(reconcile, the_venues_book_is_adopted_at_the_first_start_and_stays_frozen_until_accepted) {
  auto book = opened_book();
  auto s = snapshot_of(book, at(1000));
  s.positions = {{"AAPL", q(7), p(100)}};
  const auto out = reconcile(book, s, rules());
  ASSERT_EQ(out.facts.size(), 2u);
  apply(book, out, at(1000));
  EXPECT_EQ(book.held("AAPL"), q(7));
  EXPECT_TRUE(book.has_external_positions());
  EXPECT_EQ(book.frozen().at("AAPL").reason, adopted_at_start);
  s.asked_at = s.received_at = book.last();
  EXPECT_TRUE(reconcile(book, s, rules()).facts.empty()); // agreement alone does not thaw it
}

TEST(reconcile, an_order_that_we_ended_and_the_venue_still_works_freezes_its_symbol) {
  one_order o;
  o.b.done(o.b.core.cancel(o.n, "", o.b.now));
  o.b.deliver();
  ASSERT_EQ(o.get().state, order_state::cancelled);
  auto book = o.book();
  auto s = snapshot_of(book, at(1000));
  order_report r;
  r.order = {o.get().wire_id, o.get().venue_order, "s1"};
  r.status = venue_status::working;
  s.orders = {r};
  const auto out = reconcile(book, s, rules());
  ASSERT_EQ(out.facts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<symbol_frozen>(out.facts[0]));
  EXPECT_EQ(out.found.at(0).code, "LIVE_AFTER_FINAL");
  apply(book, out, at(1000));
  s.asked_at = s.received_at = book.last();
  EXPECT_TRUE(reconcile(book, s, rules()).facts.empty());
  EXPECT_EQ(book.find(o.n)->state, order_state::cancelled); // never backwards
}

// twice the same bytes, and nothing left to say after the facts were applied
TEST(reconcile, a_thousand_random_books_and_snapshots) {
  int with_facts = 0;
  for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
    fault_rates rates;
    rates.lost_stream = 500;
    bench b{seed, rates};
    for (int step = 0; step < 25; ++step) {
      if (b.random() % 2) {
        auto what = wanted("k" + std::to_string(step), b.random() % 2 ? order_side::buy : order_side::sell, 1 + b.random() % 9, order_type::limit);
        what.request.limit_price = p(99);
        b.place(what);
      }
      b.venue.trade(b.now);
      b.now += milliseconds{b.random() % 4000};
      while (!b.venue.outbox.empty() && b.random() % 5) {
        auto report = std::move(b.venue.outbox.front());
        b.venue.outbox.pop_front();
        if (!std::holds_alternative<venue_snapshot>(report)) b.done(b.core.on_report(report, b.now));
      }
    }
    b.venue.outbox.clear();
    b.now += seconds{20};
    b.venue.heal();
    auto book = b.core.book();
    listing_request request;
    request.asked_at = book.last();
    for (const auto n : book.open_orders())
      if (book.find(n)->state == order_state::unknown) request.lookups.push_back(book.find(n)->wire_id);
    b.venue.take(request, b.now);
    auto s = std::get<venue_snapshot>(b.venue.outbox.back());
    s.received_at = book.last();
    if (seed % 5 == 0) s.orders.push_back(foreign_order("f" + std::to_string(seed), 3));
    if (seed % 7 == 0) s.positions.push_back({"MSFT", q(3), p(10)});
    const auto first = reconcile(book, s, rules()), again = reconcile(book, s, rules());
    ASSERT_EQ(bytes_of(first), bytes_of(again)) << "seed " << seed;
    with_facts += !first.facts.empty();
    apply(book, first, b.now);
    s.asked_at = s.received_at = book.last();
    const auto after = reconcile(book, s, rules());
    ASSERT_TRUE(after.facts.empty()) << "seed " << seed << ": " << bytes_of(after);
    EXPECT_EQ(book.held("AAPL"), b.venue.position("AAPL")) << "seed " << seed;
  }
  EXPECT_GT(with_facts, 500);
}

} // namespace
} // namespace tt::execution::test
