#include "actors/market/sim_levels.hpp"

#include <algorithm>
#include <cstdlib>

namespace tt::market::sim {

namespace {

/// 2^32 × log2(e) / 10^4 / √252 and / √365, × 10: one basis point a year as the
/// deviation of one day.
constexpr std::int64_t weekday_sigma_per_bp_x10 = 390'332;
constexpr std::int64_t all_days_sigma_per_bp_x10 = 324'331;
/// 1 / 252 and 1 / 365 in Q20.
constexpr std::int64_t weekday_of_year_q20 = 4161;
constexpr std::int64_t all_days_of_year_q20 = 2873;
/// Wild walks are pulled harder.
constexpr std::int32_t wild_volatility_bp = 3000;
constexpr std::int32_t wild_reversion_percent = 160;

std::int32_t reversion_of(std::int32_t volatility_bp) {
  return volatility_bp > wild_volatility_bp ? wild_reversion_percent : 100;
}

/// Volatility multipliers of calm, normal, turbulent, in Q8.
constexpr std::array<std::uint16_t, 3> mood_multiplier_q8{160, 248, 560};
/// Chances per day in 1/65536 to leave a mood: about 1/50; 1/60 and 1/120; 1/20.
constexpr std::uint32_t calm_to_normal = 1311, normal_to_calm = 1092, normal_to_turbulent = 546,
                        turbulent_to_normal = 3277;
/// Chance per day to draw a new trend: 1/80. A trend moves a normal day's
/// deviation / 24 per day.
constexpr std::uint32_t new_trend = 819;
constexpr std::int64_t trend_part = 24;

} // namespace

walk::walk(walk_rules rules, civil_date epoch)
    : rules_(rules), before_epoch_(epoch - 1),
      base_sigma_(rules.volatility_bp *
                  (rules.days == walk_days::all ? all_days_sigma_per_bp_x10 : weekday_sigma_per_bp_x10) / 10),
      reversion_(rules.reversion_percent *
                 (rules.days == walk_days::all ? all_days_of_year_q20 : weekday_of_year_q20) / 100),
      points_(1) {
  TT_ASSERT(rules.jump_in_days > 0);
}

void walk::extend(civil_date day) {
  while (!knows(day)) {
    const civil_date at = before_epoch_ + static_cast<int>(points_.size());
    points_.push_back(next(points_.back(), at));
  }
}

walk::point walk::next(const point& last, civil_date day) {
  const unsigned weekday = day.weekday().c_encoding();
  if (rules_.days == walk_days::weekdays && (weekday == 0 || weekday == 6))
    return {last.level, 0, last.regime};
  const std::uint64_t bits = random_bits(rules_.key, day.days_since_epoch());
  const std::uint64_t more = mix(bits);
  const auto chance = static_cast<std::uint32_t>(more & 0xFFFF);
  switch (mood_) {
  case mood::calm:
    if (chance < calm_to_normal) mood_ = mood::normal;
    break;
  case mood::normal:
    if (chance < normal_to_calm)
      mood_ = mood::calm;
    else if (chance < normal_to_calm + normal_to_turbulent)
      mood_ = mood::turbulent;
    break;
  case mood::turbulent:
    if (chance < turbulent_to_normal) mood_ = mood::normal;
    break;
  }
  if (((more >> 16) & 0xFFFF) < new_trend)
    trend_ = static_cast<trend>(static_cast<int>((more >> 32) % 3) - 1);

  const std::uint16_t regime = mood_multiplier_q8[static_cast<std::size_t>(mood_)];
  const std::int64_t sigma = (base_sigma_ * regime) >> 8;
  const std::int64_t z = normal_q12(bits);
  std::int64_t shock = (sigma * z) >> normal_bits;
  // an earnings day, a central bank, a war: 2.5 deviations and half of the usual shock
  if ((bits >> 16) % rules_.jump_in_days == 0) shock = shock / 2 + (z < 0 ? -1 : 1) * (sigma * 5 / 2);
  const std::int64_t drift = base_sigma_ * static_cast<int>(trend_) / trend_part;
  const log2_q32 level = last.level + shock + drift - ((last.level * reversion_) >> 20);
  return {std::clamp(level, -max_level, max_level), static_cast<std::int32_t>(sigma), regime};
}

level_book::level_book(std::uint64_t seed, civil_date epoch) : epoch_(epoch) {
  constexpr std::array<std::string_view, factor_count> names{"equity", "technology", "crypto", "dollar"};
  for (std::size_t i = 0; i < factor_count; ++i) {
    const auto days = static_cast<factor>(i) == factor::crypto ? walk_days::all : walk_days::weekdays;
    factors_.emplace_back(walk_rules{stream_key(stream_key(seed, "factor"), names[i]),
                                     factor_volatility_bp[i], days, 120,
                                     reversion_of(factor_volatility_bp[i])},
                          epoch);
  }
}

std::size_t level_book::add(std::uint64_t key, const profile& p, walk_days days) {
  own_.emplace_back(walk_rules{key, p.own_volatility_bp, days, 63, reversion_of(p.own_volatility_bp)},
                    epoch_);
  return own_.size() - 1;
}

level_book::reading level_book::read(std::size_t index, const profile& p, civil_date day) const {
  std::shared_lock lock{mutex_};
  if (!own_[index].knows(day)) {
    lock.unlock();
    {
      std::unique_lock writing{mutex_};
      for (auto& f : factors_) f.extend(day + days_ahead);
      own_[index].extend(day + days_ahead);
    }
    lock.lock();
  }
  reading out;
  const auto& own = own_[index].at(day);
  out.deviation = own.level;
  out.own_sigma = own.sigma;
  out.regime = own.regime;
  std::int64_t weightiest = own.sigma;
  for (std::size_t i = 0; i < factor_count; ++i) {
    if (p.betas[i] == 0) continue;
    const auto& f = factors_[i].at(day);
    out.deviation += f.level * p.betas[i] / 100;
    out.factor_sigma[i] = std::int64_t{f.sigma} * p.betas[i] / 100;
    if (std::abs(out.factor_sigma[i]) <= weightiest) continue;
    weightiest = std::abs(out.factor_sigma[i]);
    out.regime = f.regime;
  }
  return out;
}

} // namespace tt::market::sim
