#pragma once

// What the tests of this room share: folders, values by hand, and a gate that lets all pass.

#include "actors/execution/account_core.hpp"

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

class temporary_folder {
public:
  temporary_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tt-exec-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& root() const { return path_; }

private:
  std::string path_;
};

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

/// Passes, refuses or cuts, and remembers what it was asked.
class open_gate final : public order_gate {
public:
  gate_word check(const order& what, const account_book&, utc_time) override {
    ++checks;
    return answer(what, what.terms);
  }
  gate_word check_change(const order& what, const order_terms& terms, const account_book&, utc_time) override {
    ++changes;
    return answer(what, terms);
  }
  void on_order(const order&) override {}
  void on_fill(const order&, const order_fill&) override { ++fills; }

  std::optional<std::string> refuse_with;
  std::optional<quantity> cut_to;
  int checks = 0, changes = 0, fills = 0;

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
