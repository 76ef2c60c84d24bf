#include "cluster/pine_files.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

namespace tt::cluster {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 30; ///< bytes of any file read here
constexpr double seconds_limit = 253'402'300'800.0;              ///< the year 10000

error bad_row(const std::string& path, std::size_t line, const std::string& what) {
  return {errc::invalid_argument, what, path + " line " + std::to_string(line)};
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const auto comma = line.find(',');
    auto cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '"' || cell.back() == '\r')) cell.remove_suffix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// The next line without its end; `rest` loses it.
std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// False when the cell is neither empty nor a number.
bool read_number(std::string_view cell, double& value) {
  value = std::numeric_limits<double>::quiet_NaN();
  if (cell.empty() || cell == "NaN" || cell == "nan" || cell == "na") return true;
  const auto end = cell.data() + cell.size();
  const auto r = std::from_chars(cell.data(), end, value);
  return r.ec == std::errc{} && r.ptr == end;
}

void take(const json& from, const char* key, std::string& to) {
  if (from.contains(key) && from[key].is_string()) to = from[key].get<std::string>();
}
void take(const json& from, const char* key, double& to) {
  if (from.contains(key) && from[key].is_number()) to = from[key].get<double>();
}

pine::symbol_info symbol_from(const json& c, std::string_view id) {
  pine::symbol_info s;
  set_ticker(s, id);
  take(c, "description", s.description), take(c, "type", s.type), take(c, "currency", s.currency);
  take(c, "basecurrency", s.basecurrency), take(c, "timezone", s.timezone), take(c, "session", s.session);
  take(c, "regular_session", s.regular_session);
  take(c, "volumetype", s.volumetype), take(c, "country", s.country), take(c, "sector", s.sector);
  take(c, "industry", s.industry), take(c, "root", s.root), take(c, "isin", s.isin);
  take(c, "mintick", s.mintick), take(c, "minmove", s.minmove), take(c, "pointvalue", s.pointvalue);
  take(c, "mincontract", s.mincontract);
  if (s.mintick > 0) s.pricescale = std::round(s.minmove / s.mintick);
  take(c, "pricescale", s.pricescale);
  for (const char* name : {"employees", "shareholders", "shares_outstanding_float", "shares_outstanding_total", "expiration_date",
                           "target_price_average", "target_price_date", "target_price_estimates", "target_price_high",
                           "target_price_low", "target_price_median", "recommendations_buy", "recommendations_buy_strong",
                           "recommendations_date", "recommendations_hold", "recommendations_sell",
                           "recommendations_sell_strong", "recommendations_total"})
    if (c.contains(name) && c[name].is_number()) s.numbers[name] = c[name].get<double>();
  return s;
}

/// Why these facts of a symbol can't be; nothing when they can. What isn't given is as for any symbol.
std::string fault_in_symbol(const json& c) {
  for (const char* key : {"symbol", "timeframe", "description", "type", "currency", "basecurrency", "timezone", "session", "regular_session", "volumetype", "country",
                          "sector", "industry", "root", "isin"})
    if (c.contains(key) && !c[key].is_string() && !c[key].is_null()) return std::string("'") + key + "' must be a text";
  for (const char* key : {"mintick", "minmove", "pointvalue", "mincontract", "pricescale"})
    if (c.contains(key) && !c[key].is_null() && !(c[key].is_number() && c[key].get<double>() > 0)) return std::string("'") + key + "' must be a number above 0";
  const auto given = [&](const char* key) { return c.contains(key) && c[key].is_string() ? c[key].get<std::string>() : ""; };
  if (const auto name = given("timezone"); !name.empty() && pine::zone::find(name) == nullptr) return "there is no time zone " + in_quotes(name);
  if (const auto hours = given("session"); !hours.empty() && !pine::session_spec::parse(hours)) return in_quotes(hours) + " isn't a session such as 0930-1600:23456 or 24x7";
  if (const auto tf = given("timeframe"); !tf.empty() && !pine::timeframe::parse(tf)) return in_quotes(tf) + " isn't a timeframe such as 1, 60, 1D or 1W";
  return "";
}

std::string input_text(const json& v) { return v.is_string() ? v.get<std::string>() : v.dump(); }

result<json> read_object(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  auto parsed = json::parse(*text, nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) return error{errc::invalid_argument, "isn't a JSON object", path};
  return parsed;
}

} // namespace

result<std::string> read_text(const std::string& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) return error{errc::io_error, "can't be read: " + failed.message(), path};
  if (size > largest_file) return error{errc::limit_exceeded, "is larger than " + std::to_string(largest_file) + " bytes", path};
  std::ifstream in(path, std::ios::binary);
  if (!in) return error{errc::io_error, "can't be opened", path};
  std::string text(static_cast<std::size_t>(size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.gcount() != static_cast<std::streamsize>(text.size())) return error{errc::io_error, "can't be read to its end", path};
  return text;
}

result<void> write_text(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) return error{errc::io_error, "can't be written", path};
  return {};
}

void set_ticker(pine::symbol_info& symbol, std::string_view id) {
  const auto colon = id.find(':');
  symbol.prefix = colon == std::string_view::npos ? "" : std::string(id.substr(0, colon));
  symbol.ticker = std::string(colon == std::string_view::npos ? id : id.substr(colon + 1));
}

result<std::vector<pine::bar>> read_bar_table(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  std::string_view rest = *text;
  if (rest.substr(0, 3) == "\xEF\xBB\xBF") rest.remove_prefix(3); // a byte order mark, as spreadsheets write it
  const auto header = cells_of(next_line(rest));
  constexpr std::array<std::string_view, 6> names{"time", "open", "high", "low", "close", "volume"};
  std::array<std::size_t, 6> at{};
  for (std::size_t k = 0; k < names.size(); ++k) {
    at[k] = static_cast<std::size_t>(std::find(header.begin(), header.end(), names[k]) - header.begin());
    if (at[k] < header.size() || names[k] == "volume") continue;
    const auto target = fs::path(path).parent_path() / std::string(header.front());
    if (k == 0 && header.size() == 1 && !header.front().empty() && fs::is_regular_file(target) && !fs::equivalent(target, path))
      return read_bar_table(target.string());
    return bad_row(path, 1, "the column '" + std::string(names[k]) + "' is missing");
  }
  std::vector<pine::bar> bars;
  for (std::size_t number = 2; !rest.empty(); ++number) {
    const auto line = next_line(rest);
    if (line.empty()) continue;
    const auto cells = cells_of(line);
    if (cells.size() < header.size()) // as where a file was cut off
      return bad_row(path, number, "has " + std::to_string(cells.size()) + " fields, the header " + std::to_string(header.size()));
    std::array<double, 6> v{};
    for (std::size_t k = 0; k < names.size(); ++k)
      if (!read_number(at[k] < cells.size() ? cells[at[k]] : std::string_view{}, v[k]))
        return bad_row(path, number, "column '" + std::string(names[k]) + "': " + tt::in_quotes(cells[at[k]]) + " isn't a number");
    if (!(std::fabs(v[0]) < seconds_limit)) return bad_row(path, number, "column 'time': expected Unix seconds");
    const auto time = static_cast<std::int64_t>(std::llround(v[0] * 1000));
    if (!bars.empty() && time <= bars.back().time_ms) return bad_row(path, number, "column 'time': bars must be in order, oldest first");
    bars.push_back({time, v[1], v[2], v[3], v[4], v[5]});
  }
  return bars;
}

result<symbol_file> read_symbol(const std::string& path) {
  auto parsed = read_object(path);
  if (!parsed) return parsed.error();
  const auto& c = *parsed;
  if (const auto fault = fault_in_symbol(c); !fault.empty()) return error{errc::invalid_argument, fault, path};
  symbol_file out;
  std::string id = "SYM";
  take(c, "symbol", id);
  out.symbol = symbol_from(c, id);
  take(c, "timeframe", out.timeframe);
  if (c.contains("inputs") && c["inputs"].is_object())
    for (const auto& [title, v] : c["inputs"].items()) out.inputs[title] = input_text(v);
  const auto folder = fs::path(path).parent_path();
  if (c.contains("sub_bars") && c["sub_bars"].is_object() && c["sub_bars"].contains("file") && c["sub_bars"]["file"].is_string())
    out.lower_bars = (folder / c["sub_bars"]["file"].get<std::string>()).string();
  if (c.contains("extra_symbols") && c["extra_symbols"].is_object())
    for (const auto& [name, e] : c["extra_symbols"].items()) {
      if (!e.is_object() || !e.contains("file") || !e["file"].is_string())
        return error{errc::invalid_argument, "extra_symbols." + name + " needs a 'file'", path};
      if (const auto fault = fault_in_symbol(e); !fault.empty()) return error{errc::invalid_argument, "extra_symbols." + name + ": " + fault, path};
      auto merged = c; // what isn't said is as for the main symbol
      merged.update(e);
      std::string tf = out.timeframe;
      take(e, "timeframe", tf);
      out.others.push_back({symbol_from(merged, name), tf, (folder / e["file"].get<std::string>()).string()});
    }
  return out;
}

result<std::map<std::string, std::string>> read_inputs(const std::string& path) {
  auto parsed = read_object(path);
  if (!parsed) return parsed.error();
  std::map<std::string, std::string> out;
  for (const auto& [title, v] : parsed->items()) {
    if (v.is_structured() || v.is_null()) return error{errc::invalid_argument, "the input \"" + title + "\" must be a text, a number or a bool", path};
    out[title] = input_text(v);
  }
  return out;
}

result<void> read_values(const std::string& path, pine::memory_source& into) {
  auto text = read_text(path);
  if (!text) return text.error();
  std::string_view rest = *text;
  if (cells_of(next_line(rest)) != std::vector<std::string_view>{"kind", "key", "time", "value"})
    return bad_row(path, 1, "expected the columns kind,key,time,value");
  for (std::size_t number = 2; !rest.empty(); ++number) {
    const auto line = next_line(rest);
    if (line.empty()) continue;
    const auto cells = cells_of(line);
    double time = 0, value = 0;
    if (cells.size() != 4 || !read_number(cells[2], time) || !read_number(cells[3], value) || !(std::fabs(time) < seconds_limit))
      return bad_row(path, number, "expected kind,key,time,value with time in Unix seconds");
    into.add_value(std::string(cells[0]), std::string(cells[1]), static_cast<std::int64_t>(time * 1000), value);
  }
  return {};
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) return;
  std::array<char, 40> buffer{};
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

} // namespace tt::cluster
