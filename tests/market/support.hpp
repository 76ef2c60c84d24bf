#pragma once

// What the tests of this room share: instruments, prices, recordings.

#include "actors/market/csv.hpp"
#include "actors/model/instrument.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace tt::market::test {

inline price px(std::string_view text) {
  return *price::parse(text);
}
inline quantity qty(std::string_view text) {
  return *quantity::parse(text);
}
inline utc_time at(std::string_view iso) {
  return *parse_iso8601(iso);
}

inline instrument make_instrument(const std::string& symbol, const std::string& calendar,
                                  price_basis basis = price_basis::trade, const char* tick = "0.01",
                                  const char* lot = "1") {
  instrument what;
  what.symbol = symbol;
  what.exchange = "TEST";
  what.calendar_id = calendar;
  what.calendar = *find_calendar(calendar);
  what.basis = basis;
  what.tick = px(tick);
  what.lot = qty(lot);
  return what;
}

/// A folder of its own for one test, gone afterwards.
class scratch_folder {
public:
  scratch_folder() {
    std::string pattern = testing::TempDir() + "/tt_market_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file into it and returns its path.
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }

private:
  std::string path_;
};

/// Our own small recordings.
inline std::string own_data(const std::string& name) {
  return std::string(TT_SOURCE_DIR) + "/tests/market/data/" + name;
}

/// A file of the shared recordings ($TT_SHARED/data, or ../shared/data beside the
/// checkout), if they are there.
inline std::optional<std::string> shared_data(const std::string& name) {
  const char* const set = std::getenv("TT_SHARED");
  const std::string root = set != nullptr ? set : std::string(TT_SOURCE_DIR) + "/../shared";
  const std::string path = root + "/data/" + name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

inline std::ostream& operator<<(std::ostream& out, const timeframe& frame) {
  return out << frame.to_string();
}

} // namespace tt::market::test

namespace tt {

inline void PrintTo(const bar& b, std::ostream* out) {
  *out << to_iso8601(b.open_time) << " o" << b.open.to_string() << " h" << b.high.to_string() << " l"
       << b.low.to_string() << " c" << b.close.to_string() << " v" << b.volume.to_string();
}

} // namespace tt
