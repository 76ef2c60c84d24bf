#pragma once

// An auditor who was not there: reads the journal of a run (what was asked, decided,
// executed, quoted) and works every limit out again with formulas of its own. Shares
// no code with the gate. Where the gate may reckon dearer than needed, the auditor
// takes the cheapest reading, so that every complaint is a real breach.

#include "actors/risk/decision.hpp"
#include "actors/risk/views.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace tt::risk::test {

/// What the auditor knows of a contract: from the listing, not from the gate.
struct audited_contract {
  decimal lot{1}, tick{1}, multiplier{1}, fx{1};
  std::optional<decimal> margin;
  std::string issuer;
};

struct audited_limits {
  decimal position, concentration, gross, net, min_equity, daily_loss, drawdown, collar, fat_finger;
  int max_positions = 0, orders_symbol = 0, orders_account = 0, rate_second = 0, runaway = 0;
  std::optional<decimal> units;
};

// ---- records of the journal
struct rec_limits { audited_limits all; };
struct rec_account { decimal equity, buying_power, start, peak; utc_time at; };
struct rec_quote { std::string symbol; decimal bid, ask, last; };
struct rec_stop { bool reduces = false, halts = false; };
struct rec_fill { std::uint64_t number; decimal size; utc_time at; };
struct rec_final { std::uint64_t number; };
struct rec_order {
  std::uint64_t number;
  std::string symbol, key;
  direction way;
  order_type type;
  decimal asked;
  std::optional<decimal> limit, stop;
  bool reduce_only = false, sends_alone = false, is_leg = false;
  utc_time at;
  verdict result;
  std::string code;
  decimal approved;
};
using record = std::variant<rec_limits, rec_account, rec_quote, rec_stop, rec_fill, rec_final, rec_order>;

class journal_checker {
public:
  explicit journal_checker(std::map<std::string, audited_contract> contracts) : contracts_(std::move(contracts)) {}

  /// Complaints so far.
  [[nodiscard]] const std::vector<std::string>& breaches() const { return breaches_; }
  [[nodiscard]] std::size_t approvals() const { return approvals_; }
  [[nodiscard]] std::size_t openings() const { return openings_; }

  void read(const record& r) {
    std::visit([this](const auto& one) { on(one); }, r);
    ++at_record_;
  }

private:
  struct quote { decimal bid, ask, last; };
  struct working { std::string symbol; direction way; decimal rest, price, cost; };

  void on(const rec_limits& r) { limits_ = r.all; }
  void on(const rec_stop& r) { stop_ = r; }
  void on(const rec_account& r) {
    account_ = r;
    std::erase_if(pending_, [&](const auto& p) { return p.first <= r.at; });
  }
  void on(const rec_quote& r) { quotes_[r.symbol] = {r.bid, r.ask, r.last}; }
  void on(const rec_final& r) { orders_.erase(r.number); }
  void on(const rec_fill& r) {
    const auto found = orders_.find(r.number);
    if (found == orders_.end()) return;
    auto& o = found->second;
    auto& held = positions_[o.symbol];
    const auto before = held;
    held += o.way == direction::buy ? r.size : -r.size;
    // what is now held beyond zero on the order's side, and was not before
    const auto signed_now = o.way == direction::buy ? held : -held, signed_before = o.way == direction::buy ? before : -before;
    const auto opened = std::max(decimal{}, signed_now) - std::max(decimal{}, signed_before);
    if (opened.is_positive() && r.at > account_.at) pending_.emplace_back(r.at, opened * o.cost);
    o.rest -= r.size;
    if (o.rest.is_zero()) orders_.erase(found);
  }

  void complain(const rec_order& r, const std::string& what) {
    if (breaches_.size() < 20)
      breaches_.push_back("record " + std::to_string(at_record_) + ", order " + std::to_string(r.number) + " (" + std::string(to_string(r.way)) + " "
                          + r.approved.to_string() + " of " + r.asked.to_string() + " " + r.symbol + "): " + what);
  }
  [[nodiscard]] decimal same(const std::string& symbol, direction way) const {
    const auto found = positions_.find(symbol);
    if (found == positions_.end()) return {};
    return way == direction::buy ? found->second : -found->second;
  }
  [[nodiscard]] decimal reckon(const rec_order& r) const {
    const auto& q = quotes_.at(r.symbol);
    const bool buy = r.way == direction::buy;
    const auto factor = buy ? *decimal::parse("1.005") : *decimal::parse("0.995");
    const auto market = (buy ? q.ask : q.bid) * factor;
    if (r.limit) return buy ? *r.limit : std::max(*r.limit, market);
    if (r.stop && r.type != order_type::market) return std::max(market, *r.stop * factor);
    return market;
  }
  /// Units, value (price × units) and cost that working orders of a side open for certain.
  struct load { decimal units, value, cost; };
  [[nodiscard]] load load_of(const std::string& symbol, direction way) const {
    load sum;
    std::optional<decimal> cheapest, cheapest_cost;
    for (const auto& [n, o] : orders_) {
      if (o.symbol != symbol || o.way != way) continue;
      sum.units += o.rest;
      sum.value += o.rest * o.price;
      sum.cost += o.rest * o.cost;
      cheapest = cheapest ? std::min(*cheapest, o.price) : o.price;
      cheapest_cost = cheapest_cost ? std::min(*cheapest_cost, o.cost) : o.cost;
    }
    const auto against = -same(symbol, way);
    if (!against.is_positive()) return sum;
    const auto opens = sum.units - against;
    if (!opens.is_positive()) return {};
    return {opens, opens * *cheapest, opens * *cheapest_cost};
  }
  [[nodiscard]] decimal side_value(const std::string& symbol, direction way, bool by_size) const {
    const auto& c = contracts_.at(symbol);
    const auto l = load_of(symbol, way);
    const auto held = std::max(decimal{}, same(symbol, way));
    if (by_size && c.margin) return (held + l.units) * *c.margin * c.fx;
    return (held * quotes_.at(symbol).last + l.value) * c.multiplier * c.fx;
  }

  void on(const rec_order& r) {
    const bool seen = !keys_.insert(r.key).second;
    const bool sent = r.result == verdict::approved || r.result == verdict::approved_reduced;
    const auto position_against = -same(r.symbol, r.way);
    decimal own_closing_side;
    for (const auto& [n, o] : orders_)
      if (o.symbol == r.symbol && o.way == r.way) own_closing_side += o.rest;
    const auto closable = std::max(decimal{}, position_against - own_closing_side);
    if (!sent) {
      if (!r.approved.is_zero()) complain(r, "rejected, with a quantity");
      // what only closes is never refused by a rule about opening
      static const std::set<std::string> may_refuse_closing{"KILL_SWITCH", "DUPLICATE", "ORDER_RATE", "TICK_SIZE", "LOT_SIZE", "PRICE_COLLAR", "SELF_CROSS", "REDUCE_ONLY_EXCESS"};
      if (r.asked <= closable && r.asked.is_positive() && !may_refuse_closing.contains(r.code)) complain(r, "closing order refused by " + r.code);
      return;
    }
    ++approvals_;
    const auto& c = contracts_.at(r.symbol);
    if (seen) complain(r, "the intent was seen before");
    if (!r.approved.is_positive() || r.approved > r.asked) complain(r, "approved quantity is not between 0 and what was asked");
    if (!r.approved.is_multiple_of(c.lot)) complain(r, "off the lot grid");
    if (r.limit && !r.limit->is_multiple_of(c.tick)) complain(r, "off the tick grid");
    if (stop_.halts) complain(r, "the emergency stop was on");
    const auto closing = std::min(r.approved, closable);
    const auto opening = r.approved - closing;
    if (r.reduce_only && opening.is_positive()) complain(r, "reduce-only, and it opens");
    if ((r.result == verdict::approved) != (r.approved == r.asked)) complain(r, "reduced or not: the verdict says otherwise");
    if (r.approved < r.asked && r.approved < std::min(r.asked, closable)) complain(r, "its closing part was cut");
    times_.push_back(r.at);
    const auto price = reckon(r);
    const auto unit_value = price * c.multiplier * c.fx;
    const auto unit_size = c.margin ? *c.margin * c.fx : unit_value;
    if (opening.is_positive()) opens(r, opening, closing, unit_value, unit_size);
    const auto& q = quotes_.at(r.symbol);
    if (r.limit && r.type == order_type::limit) {
      const auto mid = (q.bid + q.ask) * *decimal::parse("0.5");
      const auto reference = q.bid <= q.last && q.last <= q.ask ? q.last : mid;
      const auto beyond = r.way == direction::buy ? *r.limit - reference : reference - *r.limit;
      const bool protects = r.is_leg && !opening.is_positive(); // a leg follows the market wherever it has gone
      if (beyond > limits_.collar * reference && !protects) complain(r, "PRICE_COLLAR");
    }
    orders_[r.number] = {r.symbol, r.way, r.approved, price, unit_size};
  }

  void opens(const rec_order& r, decimal opening, decimal closing, decimal unit_value, decimal unit_size) {
    ++openings_;
    const auto equity = account_.equity;
    const auto other = r.way == direction::buy ? direction::sell : direction::buy;
    const auto over = [&](decimal measured, decimal limit, const char* code) {
      if (measured > limit * equity) complain(r, std::string(code) + ": " + measured.to_string() + " of " + equity.to_string());
    };
    if (stop_.reduces) complain(r, "KILL_SWITCH: only closing was allowed");
    const auto own = side_value(r.symbol, r.way, true) + opening * unit_size;
    over(own, limits_.position, "POSITION_LIMIT");
    over(opening * unit_size, limits_.fat_finger, "FAT_FINGER_NOTIONAL");
    if (limits_.units && std::max(decimal{}, same(r.symbol, r.way)) + load_of(r.symbol, r.way).units + opening > *limits_.units) complain(r, "POSITION_QTY");
    decimal issuer = std::max(own, side_value(r.symbol, other, true)), gross, net, held_power;
    int positions = 1, of_account = 1, of_symbol = 1;
    for (const auto& [symbol, contract] : contracts_) {
      const auto mine = side_value(symbol, r.way, false), theirs = side_value(symbol, other, false);
      const bool is_own = symbol == r.symbol;
      gross += is_own ? std::max(mine + opening * unit_value, theirs) : std::max(mine, theirs);
      if (!is_own && contract.issuer == contracts_.at(r.symbol).issuer) issuer += std::max(side_value(symbol, r.way, true), side_value(symbol, other, true));
      net += same(symbol, r.way) * (quotes_.contains(symbol) ? quotes_.at(symbol).last : decimal{}) * contract.multiplier * contract.fx;
      held_power += load_of(symbol, direction::buy).cost + load_of(symbol, direction::sell).cost;
      const bool works = std::ranges::any_of(orders_, [&, &s = symbol](const auto& o) { return o.second.symbol == s; });
      if (!is_own && (works || !same(symbol, r.way).is_zero())) ++positions;
      if (is_own && (works || !same(symbol, r.way).is_zero())) positions = -1'000'000; // not a new one
    }
    for (const auto& [n, o] : orders_) {
      ++of_account;
      of_symbol += o.symbol == r.symbol ? 1 : 0;
    }
    over(issuer, limits_.concentration, "CONCENTRATION");
    over(gross, limits_.gross, "LEVERAGE_GROSS");
    over(net + (closing + opening) * unit_value, limits_.net, "LEVERAGE_NET");
    for (const auto& [at, amount] : pending_) held_power += amount;
    if (held_power + opening * unit_size > account_.buying_power) complain(r, "BUYING_POWER");
    if (positions > limits_.max_positions) complain(r, "MAX_POSITIONS");
    if (of_account > limits_.orders_account || of_symbol > limits_.orders_symbol) complain(r, "MAX_OPEN_ORDERS");
    if (equity < limits_.min_equity) complain(r, "MIN_BALANCE");
    if (account_.start - equity >= limits_.daily_loss * account_.start && account_.start > equity) complain(r, "DAILY_LOSS");
    if (account_.peak - equity >= limits_.drawdown * account_.peak && account_.peak > equity) complain(r, "DRAWDOWN");
    opening_times_.push_back(r.at);
    while (opening_times_.front() <= r.at - std::chrono::seconds{1}) opening_times_.pop_front();
    if (static_cast<int>(opening_times_.size()) > limits_.rate_second) complain(r, "ORDER_RATE");
    auto& of_this = symbol_times_[r.symbol];
    of_this.push_back(r.at);
    while (of_this.front() <= r.at - std::chrono::seconds{10}) of_this.pop_front();
    if (static_cast<int>(of_this.size()) > limits_.runaway) complain(r, "RUNAWAY");
  }

  std::map<std::string, audited_contract> contracts_;
  audited_limits limits_;
  rec_account account_{};
  rec_stop stop_{};
  std::map<std::string, quote> quotes_;
  std::map<std::string, decimal> positions_;
  std::map<std::uint64_t, working> orders_;
  std::vector<std::pair<utc_time, decimal>> pending_;
  std::set<std::string> keys_;
  std::deque<utc_time> times_, opening_times_;
  std::map<std::string, std::deque<utc_time>> symbol_times_;
  std::vector<std::string> breaches_;
  std::size_t approvals_ = 0, openings_ = 0, at_record_ = 0;
};

} // namespace tt::risk::test
