#include "actors/model/instrument.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace tt {

namespace {

constexpr std::array<std::pair<asset_class, std::string_view>, 7> asset_classes{{
  {asset_class::stock, "stock"},
  {asset_class::etf, "etf"},
  {asset_class::index, "index"},
  {asset_class::futures, "futures"},
  {asset_class::forex, "forex"},
  {asset_class::crypto, "crypto"},
  {asset_class::option, "option"},
}};

constexpr std::array<std::pair<price_basis, std::string_view>, 3> price_bases{{
  {price_basis::trade, "trade"},
  {price_basis::bid, "bid"},
  {price_basis::mid, "mid"},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) noexcept {
  for (const auto& [entry, name] : table)
    if (entry == value) return name;
  return "";
}

/// The value of that name, or an error that lists the names.
template <class Value, std::size_t N>
result<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& table, std::string_view text) {
  std::string known;
  for (const auto& [value, name] : table) {
    if (name == text) return value;
    (known += known.empty() ? "" : ", ") += name;
  }
  return error{errc::invalid_argument, "must be one of " + known};
}

// Longest texts of an instrument, in bytes.
constexpr std::size_t max_symbol = 64;
constexpr std::size_t max_exchange = 32;
constexpr std::size_t max_description = 256;
constexpr std::size_t max_currency = 10;
constexpr std::size_t max_venues = 32;

constexpr char upper(char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

constexpr bool is_upper_or_digit(char c) { return ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9'); }

/// Upper-case letters, digits and the characters of `more`.
bool is_name(std::string_view text, std::string_view more, std::size_t max_size) {
  return !text.empty() && text.size() <= max_size && std::ranges::all_of(text, [more](char c) {
    return is_upper_or_digit(c) || more.find(c) != std::string_view::npos;
  });
}

bool is_plain_text(std::string_view text, std::size_t max_size) {
  return text.size() <= max_size
         && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, upper, upper); }

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  // not std::ranges::search: clang 14, which builds the fuzz targets, refuses libstdc++'s
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) { return upper(a) == upper(b); })
           != text.end()
         || part.empty();
}

/// Order of the list; `name` may have any letter case, `symbol` is upper case.
bool symbol_before(std::string_view symbol, std::string_view name) {
  return std::ranges::lexicographical_compare(symbol, name, {}, {}, upper);
}

error bad_field(std::string_view field, std::string_view rule) {
  return {errc::invalid_argument, std::string(rule), std::string(field)};
}

/// Checks every field but the calendar. Errors name the field only.
result<void> check(const instrument& i) {
  if (!is_name(i.symbol, "._!-/&@^", max_symbol))
    return bad_field("symbol", "must be 1 to 64 upper-case letters, digits or ._!-/&@^");
  if (!is_name(i.exchange, "_", max_exchange))
    return bad_field("exchange", "must be 1 to 32 upper-case letters, digits or _");
  if (!is_plain_text(i.description, max_description))
    return bad_field("description", "must be at most 256 bytes without control characters");
  if (!is_name(i.currency, "", max_currency))
    return bad_field("currency", "must be 1 to 10 upper-case letters or digits");
  if (!i.tick.value().is_positive()) return bad_field("tick", "must be greater than 0");
  if (!i.lot.value().is_positive()) return bad_field("lot", "must be greater than 0");
  if (!i.multiplier.is_positive()) return bad_field("multiplier", "must be greater than 0");
  const bool is_margined = i.kind == asset_class::futures || i.kind == asset_class::forex;
  for (const auto& [margin, name] : {std::pair{&i.initial_margin, "initial_margin"}, {&i.maintenance_margin, "maintenance_margin"}}) {
    if (!*margin) continue;
    if (!is_margined) return bad_field(name, "belongs to futures and forex");
    if (!(*margin)->value().is_positive()) return bad_field(name, "must be greater than 0");
  }
  if (i.min_notional && !i.min_notional->value().is_positive()) return bad_field("min_notional", "must be more than 0");
  if (i.maintenance_margin && !i.initial_margin) return bad_field("maintenance_margin", "needs an initial_margin");
  if (i.maintenance_margin && *i.maintenance_margin > *i.initial_margin)
    return bad_field("maintenance_margin", "must not be more than initial_margin");
  if (i.venue_symbols.size() > max_venues) return bad_field("venue_symbols", "must name at most 32 venues");
  for (const auto& [venue, spelling] : i.venue_symbols)
    if (venue.empty() || spelling.empty() || !is_plain_text(venue, max_exchange) || !is_plain_text(spelling, max_symbol))
      return bad_field("venue_symbols", "must map venues (1 to 32 bytes) to symbols (1 to 64 bytes)");
  return {};
}

/// Splits "NASDAQ:AAPL"; the exchange is empty where there is none.
struct split_name {
  std::string_view exchange;
  std::string_view symbol;
};

split_name split(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  std::string_view exchange = name.substr(0, colon);
  for (const std::string_view mark : {"_DLY", "_DL"})
    if (exchange.size() > mark.size() && equals_ignoring_case(exchange.substr(exchange.size() - mark.size()), mark)) {
      exchange.remove_suffix(mark.size());
      break;
    }
  return {exchange, name.substr(colon + 1)};
}

/// Whether the instrument goes by that exchange, by our name or TradingView's.
bool is_on_exchange(const instrument& i, std::string_view exchange) {
  if (equals_ignoring_case(i.exchange, exchange)) return true;
  const auto spelling = i.venue_symbols.find("tradingview");
  return spelling != i.venue_symbols.end() && equals_ignoring_case(split(spelling->second).exchange, exchange);
}

/// How well a ticker or description fits a search, best first.
enum class match : std::uint8_t { whole_ticker, ticker_prefix, in_ticker, in_description, none };

match rank(const instrument& i, std::string_view text) {
  if (contains_ignoring_case(i.symbol, text)) {
    if (!equals_ignoring_case(std::string_view(i.symbol).substr(0, text.size()), text)) return match::in_ticker;
    return i.symbol.size() == text.size() ? match::whole_ticker : match::ticker_prefix;
  }
  return contains_ignoring_case(i.description, text) ? match::in_description : match::none;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

} // namespace

std::string_view to_string(asset_class kind) noexcept { return name_in(asset_classes, kind); }
result<asset_class> parse_asset_class(std::string_view text) { return value_in(asset_classes, text); }
std::string_view to_string(price_basis basis) noexcept { return name_in(price_bases, basis); }
result<price_basis> parse_price_basis(std::string_view text) { return value_in(price_bases, text); }

bool instrument::has_extended_hours() const {
  if (!calendar) return false;
  // any ordinary trading day tells
  const auto day = calendar->on_or_after(civil_date::of(2024, 1, 2));
  return day && day->regular != day->extended;
}

result<price> instrument::checked_price(price p) const {
  if (!p.value().is_multiple_of(tick.value()))
    return error{errc::out_of_range, p.to_string() + " is not a multiple of " + symbol + "'s tick " + tick.to_string(), "price"};
  if (!p.value().is_positive() && !allows_non_positive_price())
    return error{errc::out_of_range, p.to_string() + " is not a price of " + symbol + ": must be greater than 0", "price"};
  return p;
}

result<quantity> instrument::checked_quantity(quantity q) const {
  if (!q.value().is_positive())
    return error{errc::out_of_range, q.to_string() + " is not a quantity: must be greater than 0", "quantity"};
  if (!q.value().is_multiple_of(lot.value()))
    return error{errc::out_of_range, q.to_string() + " is not a multiple of " + symbol + "'s lot " + lot.to_string(), "quantity"};
  return q;
}

result<instrument_master> instrument_master::make(std::vector<instrument> list) {
  if (list.size() > max_instruments)
    return error{errc::limit_exceeded, "more than " + std::to_string(max_instruments) + " instruments"};
  for (instrument& i : list) {
    if (auto ok = check(i); !ok) {
      const auto& e = ok.error();
      return error{e.code, e.message, printable(i.symbol) + "." + e.field};
    }
    auto calendar = find_calendar(i.calendar_id);
    if (!calendar) {
      const auto code = calendar.error().code == errc::not_found ? errc::invalid_argument : calendar.error().code;
      return error{code, calendar.error().message, i.symbol + ".calendar"};
    }
    i.calendar = std::move(*calendar);
  }
  std::ranges::sort(list, {}, &instrument::symbol);
  const auto twin = std::ranges::adjacent_find(list, {}, &instrument::symbol);
  if (twin != list.end()) return error{errc::conflict, "symbol " + twin->symbol + " stands twice", twin->symbol};
  instrument_master master;
  master.list_ = std::move(list);
  return master;
}

const instrument* instrument_master::find(std::string_view name) const {
  const auto [exchange, symbol] = split(name);
  const auto found = std::ranges::lower_bound(list_, symbol, symbol_before, &instrument::symbol);
  if (found == list_.end() || !equals_ignoring_case(found->symbol, symbol)) return nullptr;
  if (exchange.empty()) return name.size() == symbol.size() ? &*found : nullptr;
  return is_on_exchange(*found, exchange) ? &*found : nullptr;
}

std::vector<const instrument*> instrument_master::search(const search_query& query) const {
  const auto [prefix, text] = split(trimmed(query.text));
  std::vector<std::pair<match, const instrument*>> matches;
  for (const instrument& i : list_) {
    if (!query.type.empty() && !equals_ignoring_case(to_string(i.kind), query.type)) continue;
    if (!query.exchange.empty() && !is_on_exchange(i, query.exchange)) continue;
    if (!prefix.empty() && !is_on_exchange(i, prefix)) continue;
    const match found = text.empty() ? match::whole_ticker : rank(i, text);
    if (found != match::none) matches.emplace_back(found, &i);
  }
  // list_ is sorted by symbol, so a stable sort leaves ties in that order
  std::ranges::stable_sort(matches, {}, [](const auto& m) { return m.first; });
  std::vector<const instrument*> out;
  for (const auto& [found, i] : matches) {
    if (out.size() == query.limit) break;
    out.push_back(i);
  }
  return out;
}

std::vector<std::string> instrument_master::exchanges() const {
  std::set<std::string> names;
  for (const instrument& i : list_) names.insert(i.exchange);
  return {names.begin(), names.end()};
}

std::vector<std::string> instrument_master::currencies() const {
  std::set<std::string> names;
  for (const instrument& i : list_) names.insert(i.currency);
  return {names.begin(), names.end()};
}

} // namespace tt
