#include "actors/strategy/live/divergence.hpp"

#include <algorithm>
#include <cmath>

namespace tt::strategy {

namespace {

constexpr int match_bars = 3;
constexpr double same = 1e-9;

bool differs(double a, double b) { return std::fabs(a - b) > same * std::max({1.0, std::fabs(a), std::fabs(b)}); }

std::string text(double v) {
  const auto d = decimal::from_double(v, 8);
  return d ? d->to_string() : "?";
}

/// The refused order that explains why the account lacks a trade: at its entry or its exit.
const signal_row* refusal_of(std::span<const signal_row> signals, const closed_trade& missing, std::int64_t bar_ms) {
  for (const auto& s : signals) {
    if (s.outcome != "refused" && s.outcome != "expired") continue;
    const bool at_entry = s.order_id == missing.entry_id && std::llabs(s.at_ms - missing.entry_ms) <= match_bars * bar_ms;
    const bool at_exit = s.order_id == missing.exit_id && std::llabs(s.at_ms - missing.exit_ms) <= match_bars * bar_ms;
    if (at_entry || at_exit) return &s;
  }
  return nullptr;
}

/// What the first difference that counts is: bars before quantity before prices before fees.
void explain(divergence_row& row, std::int64_t bar_ms) {
  const auto &a = *row.account, &b = *row.backtest;
  const auto late_entry = (a.entry_ms - b.entry_ms) / bar_ms, late_exit = (a.exit_ms - b.exit_ms) / bar_ms;
  if (a.entry_ms != b.entry_ms || a.exit_ms != b.exit_ms) {
    row.cause = divergence_cause::late;
    row.detail = "entered " + std::to_string(late_entry) + " and left " + std::to_string(late_exit) + " bars after the backtest";
  } else if (differs(a.qty, b.qty)) {
    row.cause = divergence_cause::partial;
    row.detail = "traded " + text(a.qty) + " instead of " + text(b.qty);
  } else if (differs(a.entry_price, b.entry_price) || differs(a.exit_price, b.exit_price)) {
    row.cause = divergence_cause::slippage;
    row.detail = "entry at " + text(a.entry_price) + " instead of " + text(b.entry_price) + ", exit at " + text(a.exit_price) + " instead of " + text(b.exit_price);
  } else if (differs(a.profit, b.profit)) {
    row.cause = divergence_cause::fees;
    row.detail = "fees of " + text(a.fees) + " instead of " + text(b.fees);
  }
}

} // namespace

std::vector<divergence_row> compare_trades(std::span<const closed_trade> account, std::span<const closed_trade> backtest,
                                           std::span<const signal_row> signals, std::int64_t bar_ms) {
  bar_ms = std::max<std::int64_t>(1, bar_ms);
  std::vector<divergence_row> out;
  std::vector<bool> taken(account.size(), false);
  for (const auto& b : backtest) {
    divergence_row row;
    row.backtest = b;
    std::size_t best = account.size();
    for (std::size_t i = 0; i < account.size(); ++i) {
      const auto& a = account[i];
      if (taken[i] || a.side != b.side || a.entry_id != b.entry_id) continue;
      const auto apart = std::llabs(a.entry_ms - b.entry_ms);
      if (apart > match_bars * bar_ms) continue;
      if (best == account.size() || apart < std::llabs(account[best].entry_ms - b.entry_ms)) best = i;
    }
    if (best < account.size()) {
      taken[best] = true;
      row.account = account[best];
      explain(row, bar_ms);
    } else if (const auto* refused = refusal_of(signals, b, bar_ms)) {
      row.cause = divergence_cause::refused;
      row.detail = "order " + refused->order_id + " was " + refused->outcome + ": " + refused->reason;
    } else {
      row.cause = divergence_cause::not_sent;
      row.detail = "no order of the account belongs to it";
    }
    out.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < account.size(); ++i)
    if (!taken[i]) out.push_back({divergence_cause::not_expected, account[i], std::nullopt, "the backtest has no such trade"});
  const auto entry = [](const divergence_row& r) { return r.account ? r.account->entry_ms : r.backtest->entry_ms; };
  std::stable_sort(out.begin(), out.end(), [&](const auto& x, const auto& y) { return entry(x) < entry(y); });
  return out;
}

} // namespace tt::strategy
