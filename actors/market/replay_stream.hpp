#pragma once

// The events of one recording in time order, read as they are needed.

#include "actors/market/csv.hpp"
#include "actors/model/instrument.hpp"
#include "actors/model/zone_clock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tt::market {

/// One file to replay.
struct recording {
  std::string path;
  instrument what;                    ///< whose recording it is; needs its calendar
  std::optional<recording_kind> kind; ///< checked against the header, which decides
  /// Length of a bar, or the spacing of quote rows (a quote row is the state at
  /// the end of that time). Not looked at for ticks.
  timeframe frame = timeframe::minutes(1);
};

/// A cursor over one recording. Single-threaded.
///
/// Times: a tick happens at its row's time; a quote row one millisecond before
/// the end of its minute (or `frame`); a bar becomes its tick path over the time
/// it covers, which ends with the session and before the next bar begins.
class recording_stream {
public:
  /// Opens the file and reads its first event. Errors: those of csv_reader::open;
  /// invalid_argument when the header is of another kind, when quotes have a
  /// frame of days, or when no row is usable.
  static result<recording_stream> open(recording source);

  /// The next event with its time shifted; null at the end.
  [[nodiscard]] const tick* front() const { return at_ < queue_.size() ? &queue_[at_] : nullptr; }
  void pop();
  /// Begins anew, every time later by so many weeks on the venue's clock: the
  /// sessions fall into place also across a change to summer time.
  result<void> restart(std::chrono::weeks shift);

  [[nodiscard]] const recording& source() const { return source_; }
  [[nodiscard]] recording_kind kind() const { return reader_.kind(); }
  /// Rows of the first pass, bad ones included.
  [[nodiscard]] const csv_report& report() const {
    return pass_ == pass::first ? reader_.report() : first_report_;
  }
  /// Why reading ended before the end of the file.
  [[nodiscard]] const std::optional<error>& failure() const { return reader_.failure(); }
  /// Unshifted times of the first and the newest event so far.
  [[nodiscard]] utc_time first_time() const { return first_time_; }
  [[nodiscard]] utc_time last_time() const { return last_time_; }

private:
  enum class pass : std::uint8_t { first, later };
  struct placed_bar {
    bar data; ///< open_time: where its path begins
    utc_time end;
  };

  recording_stream(recording source, csv_reader reader, zone_clock clock);
  void fill();
  bool fill_quote();
  bool fill_bar();
  std::optional<placed_bar> next_bar();
  [[nodiscard]] utc_time shifted(utc_time t) const;

  recording source_;
  csv_reader reader_;
  zone_clock clock_;
  std::chrono::weeks shift_{0};
  pass pass_ = pass::first;
  csv_report first_report_;
  std::optional<placed_bar> ahead_; // a bar's path must end before the next one begins
  std::vector<tick> queue_;
  std::size_t at_ = 0;
  std::vector<trade_tick> path_;
  utc_time first_time_{};
  utc_time last_time_ = utc_time::min();
  utc_time last_shifted_ = utc_time::min();
};

} // namespace tt::market
