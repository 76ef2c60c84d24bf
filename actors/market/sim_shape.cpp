#include "actors/market/sim_shape.hpp"

#include "actors/market/sim_math.hpp"

#include <algorithm>
#include <array>

namespace tt::market::sim {

namespace {

/// Relative deviation and volume of one minute; 1000 is an ordinary busy minute.
struct weight {
  std::int64_t sigma = 0;
  std::int64_t volume = 0;
};

/// start × scale / (scale + minutes): falls to half after `scale` minutes.
constexpr std::int64_t fading(std::int64_t start, std::int64_t scale, std::int64_t minutes) {
  return start * scale / (scale + minutes);
}

/// U over the regular hours; a rise before the opening, a fall after the close.
weight equity_minute(const session_outline& o, std::int32_t minute) {
  if (minute < o.regular_open) {
    const std::int64_t left = o.regular_open - minute;
    return {180 + fading(420, 40, left), 8 + fading(120, 20, left)};
  }
  if (minute >= o.regular_close) {
    const std::int64_t gone = minute - o.regular_close;
    return {150 + fading(400, 20, gone), 6 + fading(220, 6, gone)};
  }
  const std::int64_t gone = minute - o.regular_open, left = o.regular_close - 1 - minute;
  return {700 + fading(1900, 18, gone) + fading(500, 20, left),
          560 + fading(2600, 16, gone) + fading(2200, 7, left)};
}

/// Straight line between the points of a table with one point per hour.
template <std::size_t N>
std::int64_t between_hours(const std::array<std::int16_t, N>& table, std::int32_t minute) {
  const auto hour = static_cast<std::size_t>(minute / 60) % N;
  return table[hour] + (table[(hour + 1) % N] - table[hour]) * (minute % 60) / 60;
}

/// Index futures by hour from 18:00 New York, plus the cash opening (09:30) and close (16:00).
weight futures_minute(std::int32_t minute) {
  constexpr std::array<std::int16_t, 24> sigma{360, 330, 420, 400, 330,  280, 260, 280, 380, 620,  540, 470,
                                               430, 460, 620, 820, 1050, 860, 740, 740, 820, 1000, 420, 260};
  constexpr std::array<std::int16_t, 24> volume{70,  60,  95,  80,  60,   45,  40,  45,  80,  190,  150, 115,
                                                105, 125, 260, 420, 1000, 720, 560, 540, 660, 1150, 160, 40};
  constexpr std::int32_t cash_open = 930, cash_close = 1320;
  weight out{between_hours(sigma, minute), between_hours(volume, minute)};
  if (minute >= cash_open && minute < cash_close) {
    out.sigma += fading(1300, 16, minute - cash_open);
    out.volume += fading(1800, 16, minute - cash_open) + fading(1500, 6, cash_close - 1 - minute);
  }
  return out;
}

weight forex_minute(std::int32_t utc_minute) {
  constexpr std::array<std::int16_t, 24> sigma{480,  540,  500, 440, 430,  470,  700,  980,
                                               1080, 1000, 900, 860, 1020, 1260, 1300, 1150,
                                               950,  720,  600, 520, 420,  330,  320,  400};
  const std::int64_t s = between_hours(sigma, utc_minute);
  return {s, s * s / 1000};
}

weight crypto_minute(std::int32_t utc_minute) {
  constexpr std::array<std::int16_t, 24> sigma{900,  850,  800,  760,  730,  730,  750,  800,
                                               860,  900,  920,  960,  1080, 1300, 1400, 1340,
                                               1220, 1120, 1060, 1020, 980,  940,  900,  900};
  const std::int64_t s = between_hours(sigma, utc_minute);
  return {s, s * s / 1000};
}

weight weight_of(const session_outline& o, std::int32_t minute) {
  constexpr std::int32_t day = 1440;
  switch (o.shape) {
  case session_shape::equity:
    return equity_minute(o, minute);
  case session_shape::futures:
    return futures_minute(minute);
  case session_shape::forex:
    return forex_minute((o.utc_minute + minute) % day);
  case session_shape::crypto:
    return crypto_minute((o.utc_minute + minute) % day);
  }
  return {1000, 1000};
}

/// Sums of a full session of each shape, so that a short one trades less.
std::int64_t full_volume(session_shape shape) {
  session_outline full{shape, 1440, 0, 1440, 0};
  if (shape == session_shape::equity) full = {shape, 960, 330, 720, 0};
  if (shape == session_shape::futures) full.minutes = 1380;
  std::int64_t sum = 0;
  for (std::int32_t m = 0; m < full.minutes; ++m) sum += weight_of(full, m).volume;
  return sum;
}

/// Thin minutes are wide: up to four times the spread of busy ones.
std::uint8_t spread_of(std::int64_t volume) {
  if (volume < 30) return 64;
  if (volume < 80) return 44;
  if (volume < 250) return 28;
  return volume < 500 ? 20 : 16;
}

} // namespace

seasonality make_seasonality(const session_outline& o) {
  TT_ASSERT(o.minutes > 0 && 0 <= o.regular_open && o.regular_open < o.regular_close &&
            o.regular_close <= o.minutes);
  std::vector<weight> weights;
  weights.reserve(static_cast<std::size_t>(o.minutes));
  for (std::int32_t m = 0; m < o.minutes; ++m) weights.push_back(weight_of(o, m));
  std::int64_t squares = 0;
  for (const auto& w : weights) squares += w.sigma * w.sigma;
  const auto norm = static_cast<std::int64_t>(isqrt(static_cast<std::uint64_t>(squares)));
  const std::int64_t volume = full_volume(o.shape);

  seasonality out;
  out.variance_before_q24.reserve(weights.size() + 1);
  std::int64_t before = 0;
  const auto q24 = [&](std::int64_t part) {
    return static_cast<std::int32_t>((static_cast<int128>(part) << 24) / squares);
  };
  for (const auto& w : weights) {
    out.sigma_q20.push_back(static_cast<std::int32_t>((w.sigma << 20) / norm));
    out.variance_before_q24.push_back(q24(before));
    before += w.sigma * w.sigma;
    out.volume_q32.push_back(static_cast<std::uint32_t>((w.volume << 32) / volume));
    out.spread_q4.push_back(spread_of(w.volume));
  }
  out.variance_before_q24.push_back(q24(before));
  out.busy_minute_q32 = static_cast<std::uint32_t>((std::int64_t{1000} << 32) / volume);
  return out;
}

} // namespace tt::market::sim
