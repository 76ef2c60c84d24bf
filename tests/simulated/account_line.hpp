#pragma once

// One account as a node has it (writer, core, journal) on a line to the venue that a test breaks: what the regression
// tests, the ambiguous submits and the simulated days share. Time is virtual; what the process loses when it dies is
// what it had not yet written and what was on its way to it.

#include "actors/execution/account_writer.hpp"
#include "tests/execution/support.hpp"
#include "tests/execution/support/faulty_venue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tt::execution::test {

/// A journal in memory: what was appended survives the process that dies.
class memory_store final : public journal_store {
public:
  result<journal_head> claim(const account_id&, lease_epoch epoch) override {
    if (epoch < head_.epoch) return error{errc::conflict, "a higher epoch", "epoch"};
    head_.epoch = epoch;
    return head_;
  }
  result<journal_head> head(const account_id&) override { return head_; }
  result<void> append(const account_id&, const journal_batch& batch) override {
    if (batch.epoch != head_.epoch || batch.first != head_.next) return error{errc::conflict, "not the writer", "epoch"};
    batches.push_back(batch);
    head_.next = batch.next();
    head_.chain = batch.after;
    return {};
  }
  result<void> read(const account_id&, journal_offset from, const batch_visitor& visit) override {
    for (const auto& one : batches)
      if (one.next() > from)
        if (auto seen = visit(one.first, one.bytes); !seen) return seen;
    return {};
  }
  result<void> put_snapshot(const account_id&, lease_epoch, const journal_snapshot& what) override {
    snapshot_ = what;
    return {};
  }
  result<std::optional<journal_snapshot>> newest_snapshot(const account_id&) override { return snapshot_; }
  result<void> reopen() override { return {}; }

  std::vector<journal_batch> batches;

private:
  journal_head head_;
  std::optional<journal_snapshot> snapshot_;
};

inline paper::paper_settings venue_settings() {
  paper::paper_settings out;
  out.account = paper();
  return out;
}

class account_line {
public:
  explicit account_line(fault_rates rates = {}, std::uint64_t seed = 1, duplicate_protection protects = duplicate_protection::by_wire_id)
    : venue(rates, seed, venue_settings(), now, protects) {
    instrument what;
    what.symbol = "AAPL";
    what.exchange = "TEST";
    what.kind = asset_class::stock;
    what.tick = *price::parse("0.01");
    what.lot = q(1);
    what.calendar_id = "XNYS";
    what.calendar = *find_calendar("XNYS");
    venue.truth().list(what);
    quote(10'000);
    start();
  }

  /// Thursday, 10:00 in New York.
  utc_time now = *parse_iso8601("2026-01-15T15:00:00Z");
  faulty_venue venue;
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::vector<alert_effect> alerts;
  std::map<std::string, int> sent; ///< submit requests by wire id
  int requests = 0;                ///< of any kind
  enum class outlet { venue, nowhere };
  outlet to = outlet::venue;       ///< nowhere: the test itself is the venue, through say()

  /// A new process on the same journal.
  void start() {
    writer_settings s;
    s.profile = opening().profile;
    s.opening_cash = opening().cash;
    s.core = settings();
    s.core.can = paper::paper_capabilities();
    s.core.epoch = lease_epoch{++epoch_};
    gate_ = std::make_unique<open_gate>();
    auto opened = account_writer::open(store, std::move(s), *gate_, write());
    ASSERT_TRUE(opened) << to_string(opened.error());
    writer_ = std::move(*opened);
    carry_out(writer_->started());
  }
  /// What waits for the journal, and what is on its way to us, is lost.
  void die_and_start() {
    writer_.reset();
    start();
  }

  [[nodiscard]] account_writer& writer() { return *writer_; }
  [[nodiscard]] account_core& core() { return writer_->core(); }
  [[nodiscard]] const account_book& book() const { return writer_->book(); }
  [[nodiscard]] const order& get(order_number n) const { return *book().find(n); }
  [[nodiscard]] write_time write() const { return {now, now.time_since_epoch().count()}; }
  [[nodiscard]] int pick(int below) { return static_cast<int>(draw_() % static_cast<std::uint64_t>(below)); }
  void seed(std::uint64_t s) { draw_.seed(s); }
  [[nodiscard]] bool alarmed(std::string_view code) const {
    return std::ranges::any_of(alerts, [&](const auto& a) { return a.code == code; });
  }
  /// What the venue really holds.
  [[nodiscard]] quantity held_there() {
    const auto& all = venue.truth().positions();
    const auto at = all.find("AAPL");
    return at == all.end() ? quantity{} : at->second.qty;
  }

  void quote(std::int64_t cents) {
    last = cents;
    venue.truth().on_quote("AAPL", {now, at_cents(last - 1), at_cents(last + 1), q(500), q(500)});
    venue.truth().on_trade("AAPL", {now, at_cents(last), q(200)});
  }
  [[nodiscard]] static price at_cents(std::int64_t cents) { return price{decimal::from_scaled(cents, 2)}; }

  void take(outcome out) { writer_->take(std::move(out), now.time_since_epoch().count()); }
  void commit() {
    for (auto& one : writer_->commit(write())) {
      ASSERT_FALSE(one.failed) << to_string(*one.failed);
      carry_out(one.what.effects);
    }
  }
  /// What arrives by now, and the timers that are due.
  void hear() {
    for (auto& report : venue.take(now)) {
      if (auto* snapshot = std::get_if<venue_snapshot>(&report)) snapshot->received_at = book().last(); // as the actor does
      take(core().on_report(report, now));
    }
    if (const auto due = core().next_due(); due && *due <= now) take(core().tick(now));
    commit();
  }
  void pass(milliseconds time, milliseconds step = milliseconds{200}) {
    for (milliseconds done{0}; done < time; done += step) {
      now += step;
      hear();
    }
  }
  /// Places and commits: what a door acknowledges.
  order_number place(const new_order& what) {
    auto out = core().place(what, now);
    EXPECT_FALSE(out.refused) << to_string(*out.refused);
    const auto number = out.order;
    take(std::move(out));
    commit();
    return number;
  }
  order_number market(const std::string& key, order_side side, std::int64_t size) { return place(wanted(key, side, size)); }
  order_number limit(const std::string& key, order_side side, std::int64_t size, std::int64_t cents) {
    auto what = wanted(key, side, size, order_type::limit);
    what.request.limit_price = at_cents(cents);
    return place(what);
  }
  void cancel(order_number number) {
    take(core().cancel(number, "test", now));
    commit();
  }
  /// A report of the test's own.
  void say(venue_report report) {
    take(core().on_report(report, now));
    commit();
  }
  void look() {
    take(core().look(now));
    commit();
  }

  /// Every way in which our word and the venue's differ when all is healed and quiet.
  [[nodiscard]] std::vector<std::string> faults() {
    std::vector<std::string> out;
    for (const auto& what : book().orders()) {
      const auto name = what.id.str() + " (" + std::string(to_string(what.state)) + ") ";
      const auto made = venue.orders_of(what.wire_id);
      if (made > 1) out.push_back(name + "has " + std::to_string(made) + " orders at the venue");
      if (what.state == order_state::submitting || what.state == order_state::unknown || what.state == order_state::pending_cancel ||
          what.state == order_state::pending_replace)
        out.push_back(name + "is still in doubt");
      if (what.state == order_state::rejected && !what.filled.is_zero()) out.push_back(name + "is executed");
    }
    if (book().held("AAPL") != held_there()) out.push_back("holds " + book().held("AAPL").to_string() + ", the venue says " + held_there().to_string());
    return out;
  }

  std::int64_t last = 10'000;

protected:
  void carry_out(const std::vector<effect>& effects) {
    for (const auto& e : effects) {
      if (const auto* alert = std::get_if<alert_effect>(&e)) alerts.push_back(*alert);
      const auto request = request_in(e);
      if (!request) continue;
      ++requests;
      std::visit(
        [this](const auto& what) {
          using type = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<type, submit_request>) {
            ++sent[what.wire_id.str()];
          }
          if (to == outlet::nowhere) return;
          if constexpr (std::is_same_v<type, submit_request>) venue.submit(what, now);
          else if constexpr (std::is_same_v<type, cancel_request>) venue.cancel(what, now);
          else if constexpr (std::is_same_v<type, replace_request>) venue.replace(what, now);
          else if constexpr (std::is_same_v<type, lookup_request>) venue.lookup(what, now);
          else venue.listing(what, now);
        },
        *request);
    }
  }

private:
  std::mt19937_64 draw_{1};
  std::unique_ptr<open_gate> gate_;
  std::unique_ptr<account_writer> writer_;
  std::uint64_t epoch_ = 0;
};

} // namespace tt::execution::test
