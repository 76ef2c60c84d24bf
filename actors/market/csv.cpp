#include "actors/market/csv.hpp"

#include <algorithm>
#include <charconv>

namespace tt::market {

namespace {

/// Seconds beyond which a number can't be unix seconds within 1900…2200.
constexpr std::int64_t max_unix_seconds = unix_seconds(max_input_time);
constexpr std::int64_t min_unix_seconds = unix_seconds(min_input_time);
constexpr std::int64_t max_unix_ms = max_unix_seconds * 1000;
constexpr std::int64_t min_unix_ms = min_unix_seconds * 1000;

constexpr std::array<std::string_view, 10> column_names{"time",   "open", "high",     "low", "close",
                                                        "volume", "bid",  "bid_size", "ask", "ask_size"};

/// Text of a file as it may stand in a message: short, without control bytes.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_chars = 40;
  std::string out{text.substr(0, shown_chars)};
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  return out;
}

/// Without blanks around it, and without one pair of quotation marks.
std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Plain decimals of up to 18 digits, which is nearly all there are.
bool parse_plain(std::string_view text, decimal& out) {
  constexpr std::size_t max_digits = 18;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > max_digits + 1) return false;
  std::int64_t mantissa = 0;
  int behind = 0;
  std::size_t digits = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      mantissa = mantissa * 10 + (c - '0');
      behind += point ? 1 : 0;
      ++digits;
    } else {
      return false;
    }
  }
  if (digits == 0 || digits > max_digits || behind > decimal::scale_digits) return false;
  out = decimal::from_scaled(negative ? -mantissa : mantissa, behind);
  return true;
}

} // namespace

std::string_view to_string(recording_kind kind) noexcept {
  switch (kind) {
  case recording_kind::bars:
    return "bars";
  case recording_kind::quotes:
    return "quotes";
  case recording_kind::ticks:
    return "ticks";
  }
  return "bars";
}

result<recording_kind> parse_recording_kind(std::string_view text) {
  for (const auto kind : {recording_kind::bars, recording_kind::quotes, recording_kind::ticks})
    if (text == to_string(kind)) return kind;
  return error{errc::invalid_argument, "must be bars, quotes or ticks, not \"" + shown(text) + "\""};
}

void csv_report::reject(std::uint64_t line, std::string reason, std::size_t keep) {
  ++bad;
  if (problems.size() < keep) problems.push_back({line, std::move(reason)});
}

csv_reader::csv_reader(line_reader lines, std::string name, const csv_options& options)
    : lines_(std::move(lines)), name_(std::move(name)), options_(options) {
  place_.fill(absent);
}

result<csv_reader> csv_reader::start(csv_reader reader) {
  if (auto ok = reader.read_header(); !ok) return ok.error();
  return reader;
}

result<csv_reader> csv_reader::open(const std::string& path, const csv_options& options) {
  auto lines = line_reader::open(path);
  if (!lines) return std::move(lines).error();
  return start(csv_reader{std::move(*lines), path, options});
}

result<csv_reader> csv_reader::from_text(std::string text, const std::string& name,
                                         const csv_options& options) {
  return start(csv_reader{line_reader::from_text(std::move(text)), name, options});
}

bool csv_reader::bad(std::string reason) {
  report_.reject(lines_.line_number(), std::move(reason), options_.max_problems);
  return false;
}

/// Cuts the line at its commas; false when there are more than max_csv_columns.
bool csv_reader::split(std::string_view line) {
  columns_ = 0;
  for (;;) {
    if (columns_ == max_csv_columns) return false;
    const auto comma = line.find(',');
    fields_[columns_++] = line.substr(0, comma);
    if (comma == std::string_view::npos) return true;
    line.remove_prefix(comma + 1);
  }
}

result<void> csv_reader::read_header() {
  std::string_view line;
  line_state state = line_state::line;
  do state = lines_.next(line);
  while (state == line_state::line && trimmed(line).empty());
  if (state == line_state::failed) return *lines_.failure();
  if (state == line_state::end) return error{errc::invalid_argument, "the file is empty", name_};
  if (state == line_state::too_long || !split(line))
    return error{errc::invalid_argument,
                 "line 1 is not a header of at most " + std::to_string(max_csv_columns) + " columns", name_};
  for (std::size_t i = 0; i < columns_; ++i) {
    std::string word = lower(trimmed(fields_[i]));
    if (word == "time_ms") {
      unit_ = time_unit::milliseconds;
      word = "time";
    }
    const auto hit = std::find(column_names.begin(), column_names.end(), word);
    if (hit == column_names.end()) continue; // further columns are allowed and not read
    auto& place = place_[static_cast<std::size_t>(hit - column_names.begin())];
    if (place != absent)
      return error{errc::invalid_argument, "the header names column \"" + word + "\" twice", name_};
    place = static_cast<std::uint8_t>(i);
  }
  return choose_kind();
}

result<void> csv_reader::choose_kind() {
  const auto missing = [this](std::initializer_list<column> wanted) {
    std::string out;
    for (const column c : wanted)
      if (place_[c] == absent) out += (out.empty() ? "" : ", ") + std::string(column_names[c]);
    return out;
  };
  const std::string for_bars = missing({c_time, c_open, c_high, c_low, c_close, c_volume});
  const std::string for_quotes = missing({c_time, c_bid, c_bid_size, c_ask, c_ask_size});
  const std::string for_ticks = missing({c_time, c_bid, c_ask});
  if (for_bars.empty() && for_ticks.empty())
    return error{errc::invalid_argument, "the header has the columns of bars and of quotes: which is meant?",
                 name_};
  if (for_bars.empty()) {
    kind_ = recording_kind::bars;
  } else if (for_quotes.empty()) {
    kind_ = recording_kind::quotes;
  } else if (for_ticks.empty() && place_[c_bid_size] == absent && place_[c_ask_size] == absent) {
    kind_ = recording_kind::ticks;
  } else {
    const bool quoted = place_[c_bid] != absent || place_[c_ask] != absent;
    return error{
        errc::invalid_argument,
        "the header lacks " + (quoted ? for_quotes : for_bars) +
            " (formats: time,open,high,low,close,volume / time,bid,bid_size,ask,ask_size / time_ms,bid,ask)",
        name_};
  }
  return {};
}

/// Splits the next row that has the right number of fields; false at the end.
bool csv_reader::next_fields() {
  const std::size_t expected = columns_;
  for (;;) {
    if (failure_) return false;
    std::string_view line;
    const auto state = lines_.next(line);
    if (state == line_state::end) return false;
    if (state == line_state::failed) return failure_ = lines_.failure(), false;
    if (state == line_state::line && trimmed(line).empty()) continue;
    if (report_.good + report_.bad >= options_.max_rows) {
      failure_ = error{errc::limit_exceeded,
                       "more than " + std::to_string(options_.max_rows) + " rows; line " +
                           std::to_string(lines_.line_number()) + " and what follows is not read",
                       name_};
      return false;
    }
    if (state == line_state::too_long) {
      bad("line is longer than " + std::to_string(max_csv_line) + " bytes");
    } else if (!split(line) || columns_ != expected) {
      bad((columns_ < expected ? "fewer" : "more") + std::string(" fields than the header (") +
          std::to_string(expected) + ")");
    } else {
      return true;
    }
    columns_ = expected;
  }
}

bool csv_reader::read_time(utc_time& out) {
  const std::string_view text = trimmed(fields_[place_[c_time]]);
  std::int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, number);
  if (code != std::errc{} || end != last) {
    auto parsed = parse_iso8601(text);
    if (!parsed) return bad("time: neither a unix time nor ISO-8601 with a zone: \"" + shown(text) + "\"");
    if (*parsed < min_input_time || *parsed >= max_input_time)
      return bad("time: not within 1900 to 2200: " + shown(text));
    out = *parsed;
    return true;
  }
  const bool fits_seconds = number >= min_unix_seconds && number < max_unix_seconds;
  const bool fits_ms = number >= min_unix_ms && number < max_unix_ms;
  if (unit_ == time_unit::undecided && fits_ms)
    unit_ = fits_seconds ? time_unit::seconds : time_unit::milliseconds;
  const bool as_seconds = unit_ == time_unit::seconds;
  if (as_seconds ? !fits_seconds : !fits_ms)
    return bad("time: not within 1900 to 2200 in unix " +
               std::string(as_seconds ? "seconds" : "milliseconds") + ": " + shown(text));
  out = as_seconds ? from_unix_seconds(number) : from_unix_ms(number);
  return true;
}

/// Checks a row's time against that of the last good row.
bool csv_reader::in_order(utc_time t) {
  if (!last_time_ || t > *last_time_) return true;
  if (t == *last_time_)
    return kind_ == recording_kind::ticks ||
           bad("time: the same as that of the row before: " + to_iso8601(t));
  ++report_.out_of_order;
  return bad("time: " + to_iso8601(t) + " is before that of an earlier row, " + to_iso8601(*last_time_));
}

bool csv_reader::read_number(column which, decimal& out) {
  const std::string_view text = trimmed(fields_[place_[which]]);
  if (parse_plain(text, out)) return true;
  auto parsed = decimal::parse(text);
  if (!parsed)
    return bad(std::string(column_names[which]) + ": not a number that can be kept: \"" + shown(text) + "\"");
  out = *parsed;
  return true;
}

bool csv_reader::read_price(column which, price& out) {
  decimal value;
  if (!read_number(which, value)) return false;
  if (value.abs() > decimal{max_csv_price})
    return bad(std::string(column_names[which]) + ": off range: " + value.to_string());
  if (options_.sign == price_sign::positive && !value.is_positive() && kind_ == recording_kind::bars)
    return bad(std::string(column_names[which]) + ": must be above 0: " + value.to_string());
  out = price{value};
  return true;
}

bool csv_reader::read_size(column which, quantity& out) {
  decimal value;
  if (!read_number(which, value)) return false;
  if (value.is_negative()) return bad(std::string(column_names[which]) + ": negative: " + value.to_string());
  if (value > decimal{max_csv_size})
    return bad(std::string(column_names[which]) + ": off range: " + value.to_string());
  out = quantity{value};
  return true;
}

bool csv_reader::read_bar(bar& out) {
  if (!read_time(out.open_time) || !read_price(c_open, out.open) || !read_price(c_high, out.high) ||
      !read_price(c_low, out.low) || !read_price(c_close, out.close) || !read_size(c_volume, out.volume))
    return false;
  if (out.is_consistent()) return in_order(out.open_time);
  const auto top = std::max({out.open, out.low, out.close});
  if (out.high < top) return bad("high " + out.high.to_string() + " is below " + top.to_string());
  return bad("low " + out.low.to_string() + " is above " + std::min(out.open, out.close).to_string());
}

bool csv_reader::read_quote(quote_tick& out) {
  out.bid_size = out.ask_size = quantity{};
  if (!read_time(out.ts) || !read_price(c_bid, out.bid) || !read_price(c_ask, out.ask)) return false;
  if (kind_ == recording_kind::quotes &&
      (!read_size(c_bid_size, out.bid_size) || !read_size(c_ask_size, out.ask_size)))
    return false;
  if (options_.sign == price_sign::positive) {
    // price and size 0 together say that the side is empty
    if (out.bid.value().is_negative() || (out.bid.is_zero() && !out.bid_size.is_zero()))
      return bad("bid: must be above 0: " + out.bid.to_string());
    if (out.ask.value().is_negative() || (out.ask.is_zero() && !out.ask_size.is_zero()))
      return bad("ask: must be above 0: " + out.ask.to_string());
    if (out.bid.is_zero() && out.ask.is_zero()) return bad("neither bid nor ask");
  }
  return in_order(out.ts);
}

void csv_reader::reject_last(std::string reason) {
  TT_ASSERT(report_.good > 0);
  --report_.good;
  last_time_ = time_before_;
  bad(std::move(reason));
}

bool csv_reader::next(bar& out) {
  TT_ASSERT(kind_ == recording_kind::bars);
  while (next_fields()) {
    if (!read_bar(out)) continue;
    time_before_ = std::exchange(last_time_, out.open_time);
    ++report_.good;
    return true;
  }
  return false;
}

bool csv_reader::next(quote_tick& out) {
  TT_ASSERT(kind_ != recording_kind::bars);
  while (next_fields()) {
    if (!read_quote(out)) continue;
    time_before_ = std::exchange(last_time_, out.ts);
    ++report_.good;
    return true;
  }
  return false;
}

} // namespace tt::market
