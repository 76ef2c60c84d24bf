#include "actors/market/import.hpp"

#include "actors/market/bar_builder.hpp"
#include "actors/market/csv_place.hpp"

#include <algorithm>
#include <array>

namespace tt::market {

namespace {

/// Collects bars and hands them to the store batch by batch.
class importer {
public:
  importer(const import_request& request, bar_store& store, csv_reader& reader)
      : request_(request), store_(store), reader_(reader) {
    report_.kind = reader.kind();
  }

  result<import_report> run() {
    auto done = reader_.kind() == recording_kind::bars ? take_bars() : build_bars();
    if (done) done = flush();
    if (!done) return done.error();
    if (reader_.failure()) return *reader_.failure();
    add_rows(reader_.report());
    return std::move(report_);
  }

private:
  result<void> take_bars() {
    bar b;
    utc_time last = utc_time::min();
    while (reader_.next(b)) {
      const auto placed = place_recorded_bar(b.open_time, request_.frame, *request_.what.calendar);
      b.open_time = placed.span.stamp;
      if (b.open_time <= last) {
        reader_.reject_last("another row of the bar of " + utc_date(b.open_time).to_string());
        ++misplaced_;
        continue;
      }
      if (!begins_bar(b.open_time, request_.frame, *request_.what.calendar)) {
        reader_.reject_last("time: no bar of " + request_.frame.to_string() + " begins at " + to_iso8601(b.open_time));
        ++misplaced_;
        continue;
      }
      last = b.open_time;
      report_.off_calendar += placed.place == recorded_place::off_calendar ? 1 : 0;
      if (auto ok = take(b, reader_.line()); !ok) return ok;
    }
    return {};
  }

  result<void> build_bars() {
    if (request_.what.basis == price_basis::trade)
      return error{errc::unsupported,
                   "bars of " + request_.what.symbol + " are made of trades, and the file has only " +
                       std::string(to_string(reader_.kind())),
                   request_.path};
    const auto hours = request_.frame.is_intraday() ? session_hours::extended : session_hours::regular;
    bar_builder builder{request_.what, request_.frame, hours};
    quote_tick q;
    while (reader_.next(q)) {
      const auto step = builder.on_tick(q);
      if (!step.closed) continue;
      if (auto ok = take(*step.closed, reader_.line()); !ok) return ok;
    }
    report_.off_calendar = builder.counts().outside;
    if (builder.forming()) return take(*builder.forming(), reader_.line());
    return {};
  }

  [[nodiscard]] bool is_on_grid(const bar& b) const {
    const auto step = request_.what.tick.value();
    return std::ranges::all_of(std::array{b.open, b.high, b.low, b.close}, [&](price p) { return p.value().is_multiple_of(step); });
  }

  result<void> take(const bar& b, std::uint64_t line) {
    report_.off_grid += is_on_grid(b) ? 0 : 1;
    bars_.push_back(b);
    lines_.push_back(line);
    return bars_.size() < import_batch ? result<void>{} : flush();
  }

  /// Digits with which every number so far has room to grow a hundredfold.
  [[nodiscard]] bar_scale fitting_scale() const {
    bar_scale scale;
    const auto fit = [](decimal largest, std::uint8_t& digits) {
      constexpr int headroom = 100;
      const auto fits = [&](int n) {
        return largest.raw() * headroom / decimal::from_scaled(1, n).raw() <= INT64_MAX;
      };
      while (digits > 0 && !fits(digits)) --digits;
    };
    decimal largest_price, largest_volume;
    for (const bar& b : bars_) {
      largest_price = std::max({largest_price, b.high.value().abs(), b.low.value().abs()});
      largest_volume = std::max(largest_volume, b.volume.value());
    }
    fit(largest_price, scale.price_digits);
    fit(largest_volume, scale.volume_digits);
    return scale;
  }

  result<void> flush() {
    if (bars_.empty()) return {};
    // before anything is stored: a file of minutes that is called one of hours
    if (misplaced_ > bars_.size())
      return error{errc::invalid_argument,
                   "most rows do not begin a bar of " + request_.frame.to_string() + ": is that the timeframe of the file?", "timeframe"};
    if (reader_.report().out_of_order > reader_.report().good)
      return error{errc::invalid_argument, "most rows are earlier than the row before them: sort the file, oldest row first", "file"};
    auto done = store_.merge(request_.what.symbol, request_.frame, bars_, request_.policy, fitting_scale());
    if (!done) return std::move(done).error();
    report_.bars += bars_.size() - done->rejected;
    report_.added += done->added;
    report_.unchanged += done->unchanged;
    report_.replaced += done->replaced;
    report_.kept += done->kept;
    if (!report_.first) report_.first = bars_.front().open_time;
    report_.last = bars_.back().open_time;
    for (const auto& problem : done->problems) not_stored_.push_back({lines_[problem.index], problem.reason});
    not_stored_count_ += done->rejected;
    bars_.clear();
    lines_.clear();
    return {};
  }

  /// The reader's account, with what the store would not take among its bad rows.
  void add_rows(csv_report rows) {
    if (report_.kind == recording_kind::bars) rows.good -= not_stored_count_;
    rows.bad += not_stored_count_;
    rows.problems.insert(rows.problems.end(), not_stored_.begin(), not_stored_.end());
    std::sort(rows.problems.begin(), rows.problems.end(),
              [](const auto& a, const auto& b) { return a.line < b.line; });
    if (rows.problems.size() > request_.max_problems) rows.problems.resize(request_.max_problems);
    report_.csv = std::move(rows);
  }

  const import_request& request_;
  bar_store& store_;
  csv_reader& reader_;
  import_report report_;
  std::vector<bar> bars_;
  std::vector<std::uint64_t> lines_; // of bars_
  std::vector<row_problem> not_stored_;
  std::uint64_t not_stored_count_ = 0;
  std::uint64_t misplaced_ = 0; ///< rows that begin no bar of the timeframe, or one that is there already
};

} // namespace

result<import_report> import_recording(const import_request& request, bar_store& store) {
  if (!request.what.calendar)
    return error{errc::invalid_argument, "the instrument has no calendar", request.what.symbol};
  csv_options options;
  options.max_problems = request.max_problems;
  if (request.what.allows_non_positive_price()) options.sign = price_sign::any;
  auto reader = csv_reader::open(request.path, options);
  if (!reader) return std::move(reader).error();
  return importer{request, store, *reader}.run();
}

} // namespace tt::market
