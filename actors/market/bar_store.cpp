#include "actors/market/bar_store.hpp"

#include "actors/market/bar_store_files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tt::market {

namespace fs = std::filesystem;
using store_files::column_map;
using store_files::column_total;
using store_files::commit_slot;

namespace {

/// Reads of a header that another process keeps rewriting; more is an error.
constexpr int max_load_attempts = 4;

using row = std::array<std::int64_t, column_total>;

int128 unit_of(int digits) {
  return decimal::from_scaled(1, digits).raw();
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

error io_error(const fs::filesystem_error& e) {
  return {errc::io_error, e.code().message(), e.path1().string()};
}

/// The bar as integers of the scale, or why it has none.
result<row> scale_bar(const bar& b, bar_scale scale) {
  if (b.open_time < min_input_time || b.open_time >= max_input_time)
    return error{errc::out_of_range, "time is not within 1900 to 2200"};
  if (!b.is_consistent())
    return error{errc::invalid_argument, "high and low don't enclose open and close, or volume is negative"};
  row out{b.open_time.time_since_epoch().count()};
  const std::array<std::pair<const char*, decimal>, 5> values{{{"open", b.open.value()},
                                                               {"high", b.high.value()},
                                                               {"low", b.low.value()},
                                                               {"close", b.close.value()},
                                                               {"volume", b.volume.value()}}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_volume = i + 1 == values.size();
    auto scaled = values[i].second.to_scaled(is_volume ? scale.volume_digits : scale.price_digits);
    if (!scaled) return error{scaled.error().code, scaled.error().message, values[i].first};
    out[i + 1] = *scaled;
  }
  return out;
}

/// The usable rows in ascending order; the others are reported.
std::vector<row> scale_bars(std::span<const bar> bars, bar_scale scale, merge_report& report) {
  std::vector<row> out;
  out.reserve(bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    auto scaled = scale_bar(bars[i], scale);
    if (scaled && !out.empty() && (*scaled)[0] <= out.back()[0])
      scaled = error{errc::invalid_argument, "time is not after that of the bar before"};
    if (scaled) {
      out.push_back(*scaled);
      continue;
    }
    ++report.rejected;
    if (report.problems.size() < max_bar_problems) report.problems.push_back({i, to_string(scaled.error())});
  }
  return out;
}

/// Rows of `incoming` against the stored ones: what the series becomes from
/// stored row `from` on.
struct merged_tail {
  std::size_t from = 0; ///< stored rows before it stay as they are
  store_files::scaled_rows rows;
  bool touches_stored = false; ///< a stored row moved or changed
};

merged_tail merge_rows(const column_map* stored, const std::vector<row>& incoming, merge_policy policy,
                       merge_report& report) {
  merged_tail out;
  const std::size_t held = stored != nullptr ? stored->rows() : 0;
  if (held > 0) {
    const auto* times = stored->column(0);
    out.from = static_cast<std::size_t>(std::lower_bound(times, times + held, incoming.front()[0]) - times);
  }
  std::size_t at = out.from;
  for (const row& r : incoming) {
    for (; at < held && stored->column(0)[at] < r[0]; ++at) out.rows.push_back(stored->row(at));
    if (at == held || stored->column(0)[at] > r[0]) {
      ++report.added;
      out.touches_stored |= at < held;
      out.rows.push_back(r);
      continue;
    }
    const row old = stored->row(at++);
    if (old == r) {
      ++report.unchanged;
    } else if (policy == merge_policy::replace) {
      ++report.replaced;
      out.touches_stored = true;
      out.rows.push_back(r);
      continue;
    } else {
      ++report.kept;
    }
    out.rows.push_back(old);
  }
  for (; at < held; ++at) out.rows.push_back(stored->row(at));
  return out;
}

/// Writes rows [skip, …) of each column at stored row `at`, cuts what a torn
/// append may have left behind them, and syncs.
result<void> write_columns(const std::string& folder, std::uint64_t generation,
                           const store_files::scaled_rows& rows, std::size_t skip, std::uint64_t at,
                           durability mode) {
  for (std::size_t c = 0; c < column_total; ++c) {
    const std::string path = store_files::column_path(folder, c, generation);
    const store_files::file_handle file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!file.is_open()) return store_files::os_error("can't open", path);
    const auto bytes = std::as_bytes(std::span{rows.columns[c]}.subspan(skip));
    if (auto ok = store_files::write_all(file.fd(), path, bytes, at * sizeof(std::int64_t)); !ok) return ok;
    const auto length = static_cast<off_t>(at * sizeof(std::int64_t) + bytes.size());
    struct stat info {};
    if (::fstat(file.fd(), &info) != 0) return store_files::os_error("can't stat", path);
    if (info.st_size > length && ::ftruncate(file.fd(), length) != 0)
      return store_files::os_error("can't cut", path);
    if (auto ok = store_files::sync_file(file.fd(), path, mode); !ok) return ok;
  }
  return {};
}

std::uint64_t hash_rows(const store_files::scaled_rows& rows, std::size_t skip, std::uint64_t first_index) {
  std::uint64_t sum = 0;
  row r;
  for (std::size_t i = skip; i < rows.size(); ++i, ++first_index) {
    for (std::size_t c = 0; c < column_total; ++c) r[c] = rows.columns[c][i];
    sum += store_files::hash_row(first_index, r);
  }
  return sum;
}

/// Puts the new rows behind the stored ones. Requires !tail.touches_stored.
result<void> append_rows(const std::string& folder, const commit_slot& old, const merged_tail& tail,
                         durability mode) {
  const auto skip = static_cast<std::size_t>(old.rows) - tail.from;
  if (auto ok = write_columns(folder, old.generation, tail.rows, skip, old.rows, mode); !ok) return ok;
  commit_slot next = old;
  next.number = old.number + 1;
  next.rows = tail.from + tail.rows.size();
  next.rows_hash += hash_rows(tail.rows, skip, old.rows);
  if (old.rows == 0) next.first_time = tail.rows.columns[0][skip];
  next.last_time = tail.rows.columns[0].back();
  return store_files::write_slot(folder, next, mode);
}

/// Writes the whole series as a new generation and switches to it.
result<void> rewrite(const std::string& folder, const column_map* stored, const commit_slot& old,
                     merged_tail tail, durability mode) {
  store_files::scaled_rows all;
  for (std::size_t c = 0; c < column_total; ++c) {
    auto& column = all.columns[c];
    column.reserve(tail.from + tail.rows.size());
    if (tail.from > 0) column.assign(stored->column(c), stored->column(c) + tail.from);
    column.insert(column.end(), tail.rows.columns[c].begin(), tail.rows.columns[c].end());
    tail.rows.columns[c] = {};
  }
  commit_slot next = old;
  next.number = old.number + 1;
  next.generation = old.generation + 1;
  next.rows = all.size();
  next.first_time = all.columns[0].front();
  next.last_time = all.columns[0].back();
  next.rows_hash = hash_rows(all, 0, 0);
  if (auto ok = write_columns(folder, next.generation, all, 0, 0, mode); !ok) return ok;
  // the names must be durable before a record points at them
  if (auto ok = store_files::sync_folder(folder, mode); !ok) return ok;
  if (auto ok = store_files::write_slot(folder, next, mode); !ok) return ok;
  if (auto ok = store_files::sync_folder(folder, mode); !ok) return ok;
  // readers that still map the old files keep them; a failure here only costs space
  for (std::size_t c = 0; c < column_total; ++c)
    ::unlink(store_files::column_path(folder, c, old.generation).c_str());
  return {};
}

} // namespace

result<std::string> safe_symbol_name(std::string_view symbol) {
  if (symbol.empty()) return error{errc::invalid_argument, "must not be empty", "symbol"};
  if (symbol.size() > max_stored_symbol)
    return error{errc::invalid_argument, "longer than " + std::to_string(max_stored_symbol) + " bytes",
                 "symbol"};
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < symbol.size(); ++i) {
    const char c = symbol[i];
    if (is_plain(c) || (c == '.' && i > 0)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out;
}

result<std::string> symbol_of_safe_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      out += name[i];
      continue;
    }
    const int high = i + 2 < name.size() ? hex_value(name[i + 1]) : -1;
    const int low = i + 2 < name.size() ? hex_value(name[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out.clear();
      break;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  // only the one spelling that safe_symbol_name makes counts
  const auto back = safe_symbol_name(out);
  if (!back || *back != name)
    return error{errc::invalid_argument, "not a symbol's folder: " + std::string(name)};
  return out;
}

column_view::column_view(std::shared_ptr<const column_map> map)
    : map_(std::move(map)), rows_(map_->rows()), scale_(map_->slot().scale),
      price_unit_(unit_of(scale_.price_digits)), volume_unit_(unit_of(scale_.volume_digits)) {
  for (std::size_t i = 0; i < column_total; ++i) columns_[i] = map_->column(i);
}

bar column_view::at(std::size_t i) const {
  const auto px = [&](std::size_t c) { return price{decimal::from_raw(columns_[c][i] * price_unit_)}; };
  return {time_at(i), px(1), px(2), px(3), px(4), quantity{decimal::from_raw(columns_[5][i] * volume_unit_)}};
}

std::size_t column_view::lower_bound(utc_time t) const {
  const auto all = times();
  return static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), t.time_since_epoch().count()) -
                                  all.begin());
}

std::uint64_t column_view::commit_number() const {
  return map_->slot().number;
}
std::uint64_t column_view::generation() const {
  return map_->slot().generation;
}

result<std::unique_ptr<bar_store>> bar_store::open(std::string root, durability mode) {
  std::error_code code;
  fs::create_directories(root, code);
  if (code) return error{errc::io_error, "can't make the folder: " + code.message(), root};
  return std::unique_ptr<bar_store>{new bar_store{std::move(root), mode}};
}

bar_store::~bar_store() = default;

std::string bar_store::folder_of(std::string_view safe_name, timeframe frame) const {
  return root_ + "/" + std::string(safe_name) + "/" + store_files::frame_folder(frame);
}

std::vector<series_key> bar_store::list() const {
  std::vector<series_key> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(root_, code)) {
    auto symbol = symbol_of_safe_name(entry.path().filename().string());
    if (!symbol) continue;
    for (const auto frame : timeframes(*symbol)) out.push_back({*symbol, frame});
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<timeframe> bar_store::timeframes(std::string_view symbol) const {
  const auto name = safe_symbol_name(symbol);
  if (!name) return {};
  std::vector<timeframe> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(root_ + "/" + *name, code)) {
    const auto frame = store_files::frame_of_folder(entry.path().filename().string());
    // a folder without a header is a series whose making was cut short
    if (frame && ::access((entry.path() / "head").c_str(), F_OK) == 0) out.push_back(*frame);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void bar_store::remember(const series_key& key, map_ptr map) const {
  const std::lock_guard guard{mutex_};
  if (open_.size() >= max_open_series && !open_.contains(key)) open_.clear();
  auto& place = open_[key];
  // two threads may load at once: the newer state stays
  if (!place || place->slot().number <= map->slot().number ||
      place->slot().generation > map->slot().generation)
    place = std::move(map);
}

/// Maps and checks the newest commit whose rows are whole. `known` spares the
/// check of rows that it has been through already.
result<bar_store::map_ptr> bar_store::load(const std::string& folder, const series_key& key,
                                           const map_ptr& known) const {
  error last{errc::corrupt_data, "the series is damaged", folder};
  for (int attempt = 0; attempt < max_load_attempts; ++attempt) {
    auto slots = store_files::read_slots(folder);
    if (!slots) return std::move(slots).error();
    bool vanished = false;
    for (const auto& slot : *slots) {
      if (slot.symbol != key.symbol || slot.frame != key.frame)
        return error{errc::corrupt_data,
                     "holds another series: " + slot.symbol + " " + slot.frame.to_string(), folder};
      if (known && known->slot() == slot) return known;
      auto map = column_map::open(folder, slot);
      if (!map) {
        vanished |= map.error().code == errc::not_found;
        last = std::move(map).error();
        continue;
      }
      const bool extends = known && known->slot().generation == slot.generation && known->rows() <= slot.rows;
      const bool whole =
          (extends && known->slot().rows_hash + (*map)->hash_from(known->rows()) == slot.rows_hash) ||
          (*map)->hash_from(0) == slot.rows_hash;
      if (whole) return *map;
      last = error{errc::corrupt_data, "rows don't match their checksum", folder};
    }
    if (!vanished) break; // else a rewrite overtook us: its header names new files
  }
  last.code = errc::corrupt_data;
  return last;
}

result<bar_store::map_ptr> bar_store::current(std::string_view symbol, timeframe frame, check how) const {
  const auto name = safe_symbol_name(symbol);
  const auto unknown = [&](bool any) {
    return any ? error{errc::unsupported,
                       "no bars of " + frame.to_string() + " are stored for " + std::string(symbol)}
               : error{errc::unknown_symbol, "no bars are stored for this symbol", std::string(symbol)};
  };
  if (!name) return unknown(false);
  series_key key{std::string(symbol), frame};
  map_ptr known;
  if (how == check::new_rows) {
    const std::lock_guard guard{mutex_};
    if (const auto hit = open_.find(key); hit != open_.end()) known = hit->second;
  }
  auto map = load(folder_of(*name, frame), key, known);
  if (!map)
    return map.error().code == errc::not_found ? unknown(!timeframes(symbol).empty())
                                               : std::move(map).error();
  if (*map != known) remember(key, *map);
  return map;
}

result<column_view> bar_store::columns(std::string_view symbol, timeframe frame) const {
  auto map = current(symbol, frame, check::new_rows);
  if (!map) return std::move(map).error();
  return column_view{std::move(*map)};
}

result<void> bar_store::verify(std::string_view symbol, timeframe frame) const {
  auto map = current(symbol, frame, check::all_rows);
  if (!map) return std::move(map).error();
  return {};
}

result<std::vector<bar>> bar_store::bars(std::string_view symbol, timeframe frame, utc_time from, utc_time to,
                                         std::size_t limit) const {
  const auto view = columns(symbol, frame);
  if (!view) return view.error();
  std::size_t first = view->lower_bound(from);
  const std::size_t last = std::max(first, view->lower_bound(to));
  first = std::max(first, last - std::min(last, limit));
  std::vector<bar> out;
  out.reserve(last - first);
  for (std::size_t i = first; i < last; ++i) out.push_back(view->at(i));
  return out;
}

result<merge_report> bar_store::merge(std::string_view symbol, timeframe frame, std::span<const bar> bars,
                                      merge_policy policy, bar_scale scale) {
  TT_ASSERT(scale.price_digits <= decimal::scale_digits && scale.volume_digits <= decimal::scale_digits);
  const auto name = safe_symbol_name(symbol);
  if (!name) return name.error();
  const std::string folder = folder_of(*name, frame);
  try {
    if (fs::create_directories(folder)) {
      for (const auto& path : {root_ + "/" + *name, root_})
        if (auto ok = store_files::sync_folder(path, mode_); !ok) return ok.error();
    }
  } catch (const fs::filesystem_error& e) {
    return io_error(e);
  }
  const auto lock = store_files::lock_series(folder);
  if (!lock) return lock.error();
  // under the lock: what stands now is what we build on
  map_ptr stored;
  commit_slot old;
  if (::access((folder + "/head").c_str(), F_OK) == 0) {
    auto loaded = current(symbol, frame, check::new_rows);
    if (!loaded) return std::move(loaded).error();
    stored = std::move(*loaded);
    old = stored->slot();
  } else {
    old.symbol = symbol;
    old.frame = frame;
    old.scale = scale;
  }
  merge_report report;
  const auto incoming = scale_bars(bars, old.scale, report);
  if (incoming.empty()) return report;
  auto tail = merge_rows(stored.get(), incoming, policy, report);
  if (report.added + report.replaced == 0) return report;
  report.rewritten = tail.touches_stored;
  const auto done = stored && !tail.touches_stored
                        ? append_rows(folder, old, tail, mode_)
                        : rewrite(folder, stored.get(), old, std::move(tail), mode_);
  if (!done) return done.error();
  return report;
}

} // namespace tt::market
