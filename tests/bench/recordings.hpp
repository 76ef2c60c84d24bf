#pragma once

// The data that benchmarks run on: recordings from the shared folder where it is,
// otherwise made ones of the same shape and size.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tt::bench {

/// Ticks of EURUSD_2014-05-08.csv.
inline constexpr std::size_t eurusd_ticks = 167'466;

/// A recording and where it comes from.
struct recording_file {
  std::string path;
  bool recorded = false; ///< false: made by make_ticks
};

/// EURUSD ticks of 2014-05-08 from $TT_SHARED/data or ../shared/data; else a made
/// file of as many ticks in `folder`.
recording_file eurusd_recording(const std::string& folder);

/// The newest `count` minute bars of regular sessions before 2026-01-15: a random walk with a fixed seed.
std::vector<bar> made_minutes(const exchange_calendar& calendar, std::size_t count);
/// The same for days.
std::vector<bar> made_days(const exchange_calendar& calendar, std::size_t count);

/// Minute bars of the ticks' bids (volume: ticks), read from the file without any
/// of the program's code: what the node's bars must equal.
std::vector<bar> recomputed_minutes(const std::string& path, std::uint64_t& ticks);

} // namespace tt::bench
