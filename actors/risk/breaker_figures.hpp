#pragma once

// Figures that breakers look at and that are gathered over time: slippage of fills, moves of the benchmark, the clock. Pure.

#include "actors/model/decimal.hpp"
#include "actors/model/order_enums.hpp"
#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace tt::risk {

/// How much worse the newest fills were than the price that the market showed when their orders went out, as parts of it.
class fill_quality {
public:
  static constexpr std::size_t newest = 20;

  /// `expected` and `modelled` (how much worse a fill is expected to be, in price) are positive; else nothing is learned.
  void add(direction way, price expected, price filled, decimal modelled) {
    const auto worse = way == direction::buy ? decimal::checked_add(filled.value(), -expected.value())
                                             : decimal::checked_add(expected.value(), -filled.value());
    if (!worse || !expected.value().is_positive() || !modelled.is_positive()) return;
    const auto measured = decimal::checked_divide(*worse, expected.value()), model = decimal::checked_divide(modelled, expected.value());
    if (!measured || !model) return;
    fills_.emplace_back(*measured, *model);
    if (fills_.size() > newest) fills_.pop_front();
  }
  [[nodiscard]] std::size_t fills() const { return fills_.size(); }
  /// Positive = worse. Nothing without fills.
  [[nodiscard]] std::optional<decimal> average() const { return mean(&std::pair<decimal, decimal>::first); }
  [[nodiscard]] std::optional<decimal> modelled() const { return mean(&std::pair<decimal, decimal>::second); }

private:
  [[nodiscard]] std::optional<decimal> mean(decimal std::pair<decimal, decimal>::* part) const {
    decimal sum;
    for (const auto& one : fills_) {
      const auto added = decimal::checked_add(sum, one.*part);
      if (!added) return std::nullopt;
      sum = *added;
    }
    const auto out = fills_.empty() ? result<decimal>(error{errc::not_found, "no fills"})
                                    : decimal::checked_divide(sum, decimal{static_cast<std::int64_t>(fills_.size())});
    return out ? std::optional{*out} : std::nullopt;
  }

  std::deque<std::pair<decimal, decimal>> fills_; ///< measured and modelled
};

/// The largest move of a price within the last five minutes, in either direction.
class move_window {
public:
  static constexpr std::chrono::minutes length{5};
  /// Prices nearer to each other are kept as their extremes.
  static constexpr std::chrono::seconds grain{1};

  void add(utc_time at, price last) {
    if (!last.value().is_positive()) return;
    if (!seen_.empty() && at < seen_.back().from) seen_.clear(); // the market has begun anew
    if (!seen_.empty() && at - seen_.back().from < grain) {
      seen_.back().low = std::min(seen_.back().low, last);
      seen_.back().high = std::max(seen_.back().high, last);
    } else seen_.push_back({at, last, last});
    last_ = last;
    drop(at);
  }
  /// |last ÷ the farthest price of the window − 1|. Nothing where no price is that young.
  [[nodiscard]] std::optional<decimal> move(utc_time now) {
    drop(now);
    if (seen_.empty()) return std::nullopt;
    auto out = decimal{};
    for (const auto& one : seen_)
      for (const auto& from : {one.low, one.high}) {
        const auto ratio = decimal::checked_divide(last_.value(), from.value());
        if (ratio) out = std::max(out, (*ratio - decimal{1}).abs());
      }
    return out;
  }

private:
  struct second {
    utc_time from;
    price low, high;
  };
  void drop(utc_time now) {
    while (!seen_.empty() && now - seen_.front().from > length) seen_.pop_front();
  }

  std::deque<second> seen_; ///< oldest first; at most one per `grain`
  price last_;
};

/// How far this node's clock is from those of venues and feeds. A time that lies ahead of ours tells it at once; one that lies
/// behind may only be old, so it counts where it is the answer to a question of ours: the clock was there in between.
class clock_watch {
public:
  enum class source : std::uint8_t { venue, market };

  void heard(source from, utc_time theirs, utc_time now, std::optional<nanoseconds> since_asked = {}) {
    nanoseconds skew{};
    if (theirs > now) skew = theirs - now;
    else if (since_asked && theirs < now - *since_asked) skew = now - *since_asked - theirs;
    else if (from == source::venue && !since_asked) return; // says nothing
    skew_[static_cast<std::size_t>(from)] = skew;
  }
  /// The larger of what both said last. Nothing: nobody has been heard.
  [[nodiscard]] std::optional<nanoseconds> skew() const { return std::max(skew_[0], skew_[1]); }

private:
  std::optional<nanoseconds> skew_[2];
};

} // namespace tt::risk
