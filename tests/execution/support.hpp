#pragma once

// What the tests of this room share: folders, values by hand, and a gate that lets all pass.

#include "actors/execution/account_core.hpp"
#include "actors/execution/journal_store.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <ostream>
#include <string>
#include <unistd.h>

// The one class that may make approvals. These tests stand before the real gate (actors/risk/gate.hpp), which
// is not linked here: this stand-in passes every order as it is, and can be told to refuse or to reduce.
namespace tt::risk {
class gate {
public:
  static approval pass(const account_id& account, const order& what, const order_terms& terms) {
    return approval{approved_order{account, what.key, what.symbol, terms}, 1};
  }
};
} // namespace tt::risk

// how failures show our values
namespace tt {
template <named_enum Enum>
std::ostream& operator<<(std::ostream& out, Enum value) {
  return out << to_string(value);
}
template <class Tag>
std::ostream& operator<<(std::ostream& out, const measured<Tag>& value) {
  return out << value.to_string();
}
} // namespace tt

namespace tt::execution::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

using tt::test::temporary_folder;

inline quantity q(std::int64_t n) { return quantity{n}; }
inline price p(std::int64_t n) { return price{n}; }
inline decimal d(const char* text) {
  auto parsed = decimal::parse(text);
  TT_ASSERT(parsed.has_value());
  return *parsed;
}
inline utc_time at(std::int64_t ms) { return from_unix_ms(1'700'000'000'000 + ms); }
inline account_id paper() { return account_id{"paper-1"}; }

inline account_opened opening() {
  account_opened out;
  out.profile.id = paper();
  out.profile.venue = venue_id{"paper"};
  out.cash = money{100'000};
  return out;
}

inline new_order wanted(const std::string& key, order_side side, std::int64_t qty, order_type type = order_type::market) {
  new_order out;
  out.symbol = out.request.symbol = "AAPL";
  out.request.account = paper();
  out.request.side = side;
  out.request.size = size_quantity{q(qty)};
  out.request.type = type;
  out.key = *intent_key::manual("tester", key);
  return out;
}

/// A journal on top of another one: what a test wants otherwise, it overrides.
class store_around : public journal_store {
public:
  explicit store_around(std::shared_ptr<journal_store> inner) : inner_(std::move(inner)) {}
  result<journal_head> claim(const account_id& a, lease_epoch e) override { return inner_->claim(a, e); }
  result<journal_head> head(const account_id& a) override { return inner_->head(a); }
  result<void> append(const account_id& a, const journal_batch& b) override { return inner_->append(a, b); }
  result<void> read(const account_id& a, journal_offset o, const batch_visitor& v) override { return inner_->read(a, o, v); }
  result<void> put_snapshot(const account_id& a, lease_epoch e, const journal_snapshot& s) override { return inner_->put_snapshot(a, e, s); }
  result<std::optional<journal_snapshot>> newest_snapshot(const account_id& a) override { return inner_->newest_snapshot(a); }
  result<void> reopen() override { return inner_->reopen(); }

private:
  std::shared_ptr<journal_store> inner_;
};

/// Passes, refuses or cuts, and remembers what it was asked.
class open_gate final : public order_gate {
public:
  gate_word check(const order& what, const account_book&, utc_time) override {
    ++checks;
    return answer(what, what.terms);
  }
  risk_decision foresee(const order& what, std::span<const order_number>, const account_book&, utc_time) override {
    ++foreseen;
    return answer(what, what.terms).decision;
  }
  gate_word check_change(const order& what, const order_terms& terms, const account_book&, utc_time) override {
    ++changes;
    return answer(what, terms);
  }
  void on_order(const order&) override {}
  void on_fill(const order&, const order_fill&) override { ++fills; }

  std::optional<std::string> refuse_with;
  std::optional<quantity> cut_to;
  int checks = 0, changes = 0, fills = 0, foreseen = 0;

private:
  gate_word answer(const order& what, order_terms terms) {
    gate_word out;
    out.decision.original = terms.qty;
    if (refuse_with) {
      out.decision.result = verdict::rejected;
      out.decision.code = *refuse_with;
      return out;
    }
    if (cut_to) terms.qty = *cut_to;
    out.decision.result = cut_to ? verdict::approved_reduced : verdict::approved;
    out.decision.code = "APPROVED";
    out.decision.approved = terms.qty;
    out.proof = risk::gate::pass(paper(), what, terms);
    return out;
  }
};

inline core_settings settings() {
  core_settings out;
  out.epoch = lease_epoch{1};
  out.node = "alpha";
  out.can.types.insert(order_type::trailing_stop);
  out.contract = [](const std::string&) { return std::optional(contract_terms{}); };
  return out;
}

/// A book with an opened account.
inline account_book opened_book() {
  account_book book;
  journal_record first;
  first.offset = journal_offset{1};
  first.at = at(0);
  first.fact = opening();
  TT_ASSERT(book.apply(first).has_value());
  return book;
}

} // namespace tt::execution::test
