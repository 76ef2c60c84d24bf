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

/// Places and distances among the bars of the backtest.
class bar_line {
public:
  explicit bar_line(const replayed_bars& bars) : opens_(bars.opens), length_(std::max<std::int64_t>(1, bars.length_ms)) {}
  [[nodiscard]] std::int64_t length() const { return length_; }
  [[nodiscard]] bool near(std::int64_t a, std::int64_t b) const { return std::llabs(a - b) <= match_bars * length_ || std::llabs(bars_between(a, b)) <= match_bars; }
  /// From `a` on, in bars; nights and gaps count as none.
  [[nodiscard]] std::int64_t bars_between(std::int64_t a, std::int64_t b) const {
    if (opens_.empty() || std::min(a, b) < opens_.front() || std::max(a, b) >= opens_.back() + length_) return (b - a) / length_;
    return place(b) - place(a);
  }
  /// Whether a moment lies in one of the bars. Where there are none at all it is not known.
  [[nodiscard]] bool has(std::int64_t ms) const {
    if (opens_.empty()) return true;
    const auto at = place(ms);
    return at >= 0 && ms < opens_[static_cast<std::size_t>(at)] + length_;
  }

private:
  /// Of the bar at or before a moment; -1: before the first.
  [[nodiscard]] std::int64_t place(std::int64_t ms) const { return std::upper_bound(opens_.begin(), opens_.end(), ms) - opens_.begin() - 1; }
  std::span<const std::int64_t> opens_;
  std::int64_t length_;
};

/// The refused order that explains why the account lacks a trade: at its entry or its exit.
const signal_row* refusal_of(std::span<const signal_row> signals, const closed_trade& missing, const bar_line& bars) {
  for (const auto& s : signals) {
    if (s.outcome != "refused" && s.outcome != "expired") continue;
    const bool at_entry = s.order_id == missing.entry_id && bars.near(s.at_ms, missing.entry_ms);
    const bool at_exit = s.order_id == missing.exit_id && bars.near(s.at_ms, missing.exit_ms);
    if (at_entry || at_exit) return &s;
  }
  return nullptr;
}

/// The newest order of an id that went out before the bar of `by` was over.
const signal_row* sent_before(std::span<const signal_row> signals, const std::string& id, std::int64_t by, const bar_line& bars) {
  const signal_row* out = nullptr;
  for (const auto& s : signals)
    if (s.outcome == "sent" && s.order_id == id && s.at_ms < by + bars.length() && (out == nullptr || s.at_ms >= out->at_ms)) out = &s;
  return out;
}

std::string bars_text(std::int64_t bars) { return std::to_string(bars) + (bars == 1 ? " bar" : " bars"); }

/// One side of a trade that was filled on another bar than the backtest's.
void explain_moved(divergence_row& row, const char* what, const std::string& id, std::int64_t account_ms, std::int64_t backtest_ms,
                   std::span<const signal_row> signals, const bar_line& bars) {
  const auto later = bars.bars_between(backtest_ms, account_ms);
  if (!bars.has(account_ms)) {
    row.cause = divergence_cause::missing_data;
    row.detail = std::string(what) + " on a bar that the stored bars do not have";
    return;
  }
  if (later < 0) {
    row.cause = divergence_cause::other_bars;
    row.detail = std::string(what) + " " + bars_text(-later) + " before the backtest: the run saw prices that the stored bars do not have";
    return;
  }
  // the order that was filled, and whether it was there when the backtest's was
  const auto* sent = sent_before(signals, id, account_ms, bars);
  const bool in_time = sent != nullptr && sent->at_ms < backtest_ms + bars.length();
  row.cause = in_time ? divergence_cause::latency : divergence_cause::late;
  row.detail = std::string(what) + " " + bars_text(later) + " after the backtest: its order " + (in_time ? "was out in time, its fill came later" : "went out later");
}

/// What the first difference that counts is: bars before quantity before prices before fees.
void explain(divergence_row& row, std::span<const signal_row> signals, const bar_line& bars) {
  const auto &a = *row.account, &b = *row.backtest;
  if (bars.bars_between(b.entry_ms, a.entry_ms) != 0) return explain_moved(row, "entered", b.entry_id, a.entry_ms, b.entry_ms, signals, bars);
  if (bars.bars_between(b.exit_ms, a.exit_ms) != 0) return explain_moved(row, "left", b.exit_id, a.exit_ms, b.exit_ms, signals, bars);
  if (differs(a.qty, b.qty)) {
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

/// A trade that the account does not have.
void explain_missing(divergence_row& row, std::span<const signal_row> signals, const bar_line& bars) {
  const auto& b = *row.backtest;
  if (const auto* refused = refusal_of(signals, b, bars)) {
    row.cause = divergence_cause::refused;
    row.detail = "order " + refused->order_id + " was " + refused->outcome + ": " + refused->reason;
    return;
  }
  const auto* sent = sent_before(signals, b.entry_id, b.entry_ms, bars);
  if (sent != nullptr && bars.near(sent->at_ms, b.entry_ms)) {
    row.cause = divergence_cause::not_filled;
    row.detail = "its order was out and was not filled";
    return;
  }
  row.cause = divergence_cause::not_sent;
  row.detail = "no order of the account belongs to it";
}

} // namespace

std::vector<divergence_row> compare_trades(std::span<const closed_trade> account, std::span<const closed_trade> backtest,
                                           std::span<const signal_row> signals, const replayed_bars& replayed) {
  const bar_line bars(replayed);
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
      if (!bars.near(a.entry_ms, b.entry_ms)) continue;
      if (best == account.size() || apart < std::llabs(account[best].entry_ms - b.entry_ms)) best = i;
    }
    if (best < account.size()) {
      taken[best] = true;
      row.account = account[best];
      explain(row, signals, bars);
    } else {
      explain_missing(row, signals, bars);
    }
    out.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < account.size(); ++i)
    if (!taken[i]) {
      const bool known = bars.has(account[i].entry_ms);
      out.push_back({known ? divergence_cause::not_expected : divergence_cause::missing_data, account[i], std::nullopt,
                     known ? "the backtest has no such trade" : "entered on a bar that the stored bars do not have"});
    }
  const auto entry = [](const divergence_row& r) { return r.account ? r.account->entry_ms : r.backtest->entry_ms; };
  std::stable_sort(out.begin(), out.end(), [&](const auto& x, const auto& y) { return entry(x) < entry(y); });
  return out;
}

} // namespace tt::strategy
