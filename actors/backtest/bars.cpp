#include "actors/backtest/bars.hpp"

#include "actors/backtest/wire.hpp"
#include "actors/market/history_layers.hpp"
#include "actors/model/session_text.hpp"
#include "actors/pine/engine.hpp"

#include <algorithm>
#include <cmath>

namespace tt::backtest {

std::string to_string(const pair_key& k) { return k.symbol + " " + k.frame.to_string(); }

std::vector<pair_key> pairs_of(const backtest_request& r) {
  std::vector<pair_key> out;
  for (const auto& s : r.symbols)
    for (const auto& f : r.timeframes) out.push_back({s, f});
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// ---------------------------------------------------------------- sets

namespace {

constexpr std::string_view set_format = "tt.bars";

/// A market's timeframe as Pine writes it.
pine::timeframe pine_frame(timeframe f) {
  auto tf = pine::timeframe::parse(f.to_udf());
  TT_ASSERT(tf.has_value()); // every timeframe of the market is one of Pine's
  return *tf;
}

struct columns {
  std::vector<std::int64_t> time;
  std::vector<double> open, high, low, close, volume;
};

columns columns_of(const std::vector<pine::bar>& bars) {
  columns c;
  for (const auto& b : bars) {
    c.time.push_back(b.time_ms);
    c.open.push_back(b.open), c.high.push_back(b.high), c.low.push_back(b.low), c.close.push_back(b.close), c.volume.push_back(b.volume);
  }
  return c;
}

/// Every fact of a symbol, by name, in a fixed order.
template <class Info, class Text, class Number>
void each_fact(Info& s, Text text, Number number) {
  text("prefix", s.prefix), text("ticker", s.ticker), text("description", s.description), text("type", s.type);
  text("currency", s.currency), text("basecurrency", s.basecurrency), text("timezone", s.timezone), text("session", s.session);
  text("regular_session", s.regular_session);
  text("volumetype", s.volumetype), text("country", s.country), text("sector", s.sector), text("industry", s.industry);
  text("root", s.root), text("isin", s.isin);
  number("mintick", s.mintick), number("pricescale", s.pricescale), number("minmove", s.minmove);
  number("pointvalue", s.pointvalue), number("mincontract", s.mincontract);
}

void hash_bars(wire::hasher& h, const std::vector<pine::bar>& bars) {
  const auto c = columns_of(bars);
  for (auto t : c.time) h.add(t);
  for (const auto* column : {&c.open, &c.high, &c.low, &c.close, &c.volume}) h.add(std::span<const double>(*column));
}

std::string hash_of(const pair_key& key, const pine::symbol_info& info, const std::vector<pine::bar>& bars, std::size_t warmup,
                    const std::vector<pine::bar>& lower) {
  wire::hasher h;
  h.add(to_string(key));
  each_fact(
    info, [&](const char*, const std::string& v) { h.add(v); }, [&](const char*, double v) { h.add(std::span(&v, 1)); });
  for (const auto& [name, v] : info.numbers) {
    h.add(name);
    h.add(std::span(&v, 1));
  }
  h.add(static_cast<std::int64_t>(warmup));
  hash_bars(h, bars);
  hash_bars(h, lower);
  return h.hex();
}

bool ascends(const std::vector<pine::bar>& bars) {
  return std::adjacent_find(bars.begin(), bars.end(), [](const auto& a, const auto& b) { return a.time_ms >= b.time_ms; }) == bars.end();
}

} // namespace

result<std::shared_ptr<const bar_set>> bar_set::make(pair_key key, std::shared_ptr<const pine::symbol_info> info, std::vector<pine::bar> bars,
                                                     std::size_t warmup, std::vector<pine::bar> lower) {
  if (bars.size() > limits::bars_per_pair || lower.size() > limits::bars_per_pair)
    return error{errc::out_of_range, to_string(key) + " has more than " + std::to_string(limits::bars_per_pair) + " bars in that range", "start_date"};
  if (warmup > bars.size()) return error{errc::out_of_range, "is greater than the number of bars", "warmup_bars"};
  for (const auto* list : {&bars, &lower})
    if (!list->empty() && (list->front().time_ms < unix_ms(min_input_time) || list->back().time_ms >= unix_ms(max_input_time)))
      return error{errc::invalid_argument, "bars of " + to_string(key) + " lie outside of the years 1900 to 2199", "bars"};
  if (!ascends(bars) || !ascends(lower)) return error{errc::invalid_argument, "bars of " + to_string(key) + " are not in order, oldest first", "bars"};
  auto set = std::shared_ptr<bar_set>(new bar_set);
  set->key_ = std::move(key);
  set->hash_ = hash_of(set->key_, *info, bars, warmup, lower);
  const pine::calendar calendar(info->timezone, info->session);
  set->days_.reserve(bars.size());
  for (const auto& b : bars) set->days_.push_back(static_cast<std::int32_t>(calendar.trading_day(b.time_ms)));
  set->data_.info = std::move(info);
  set->data_.tf = pine_frame(set->key_.frame);
  set->data_.bars = std::move(bars);
  set->lower_ = std::move(lower);
  set->warmup_ = warmup;
  return std::shared_ptr<const bar_set>(std::move(set));
}

std::size_t bar_set::lower_bound(std::int64_t time_ms) const {
  const auto& b = data_.bars;
  return static_cast<std::size_t>(std::lower_bound(b.begin(), b.end(), time_ms, [](const auto& x, std::int64_t t) { return x.time_ms < t; }) - b.begin());
}

// ---------------------------------------------------------------- for requests

namespace {

/// The chart's own bars, without a copy, and longer ones made of them when asked for.
class own_bars final : public run_source {
public:
  explicit own_bars(const bar_set& set) : set_(set) {}
  const pine::symbol_data* bars(const std::string& symbol, const pine::timeframe& tf) override {
    if (!is_own(symbol)) return nullptr;
    const auto& own = set_.data();
    if (tf.unit == own.tf.unit && tf.count == own.tf.count) return &own;
    if (longer_ == nullptr) {
      longer_ = std::make_unique<pine::memory_source>();
      longer_->add(own.info, own.tf, own.bars);
    }
    const auto* made = longer_->bars(symbol, tf);
    if (made != nullptr && set_.warmup() == 0) note_without_past(symbol, tf);
    return made;
  }
  std::shared_ptr<const pine::symbol_info> info(const std::string& symbol) override { return is_own(symbol) ? set_.info() : nullptr; }

private:
  bool is_own(const std::string& symbol) const { return symbol == set_.info()->tickerid() || symbol == set_.info()->ticker; }
  const bar_set& set_;
  std::unique_ptr<pine::memory_source> longer_;
};

} // namespace

void run_source::note_without_past(const std::string& symbol, const pine::timeframe& tf) {
  if (without_past_.size() < limits::series_without_past) without_past_.insert(symbol + " " + tf.text(true));
}

std::unique_ptr<run_source> source_of(const bar_set& own) { return std::make_unique<own_bars>(own); }

// ---------------------------------------------------------------- bytes

namespace {

nlohmann::json bars_json(const std::vector<pine::bar>& bars) {
  const auto c = columns_of(bars);
  return {{"time", wire::column(c.time)}, {"open", wire::column(c.open)}, {"high", wire::column(c.high)},
          {"low", wire::column(c.low)},   {"close", wire::column(c.close)}, {"volume", wire::column(c.volume)}};
}

bool bars_from(const nlohmann::json* map, std::vector<pine::bar>& to) {
  if (map == nullptr) return false;
  columns c;
  wire::fields in(*map);
  in.get("time", c.time);
  in.get("open", c.open), in.get("high", c.high), in.get("low", c.low), in.get("close", c.close), in.get("volume", c.volume);
  for (const auto* column : {&c.open, &c.high, &c.low, &c.close, &c.volume}) in.ok = in.ok && column->size() == c.time.size();
  if (!in.ok) return false;
  to.resize(c.time.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = {c.time[i], c.open[i], c.high[i], c.low[i], c.close[i], c.volume[i]};
  return true;
}

} // namespace

std::string to_bytes(const bar_set& set) {
  auto map = wire::start(set_format);
  map["symbol"] = set.key().symbol;
  map["timeframe"] = set.key().frame.to_string();
  auto& facts = map["facts"] = nlohmann::json::object();
  each_fact(
    *set.info(), [&](const char* name, const std::string& v) { facts[name] = v; }, [&](const char* name, double v) { facts[name] = v; });
  map["numbers"] = set.info()->numbers;
  map["warmup"] = static_cast<std::uint64_t>(set.warmup());
  map["bars"] = bars_json(set.bars());
  map["lower"] = bars_json(set.lower());
  map["hash"] = set.hash();
  return wire::finish(map);
}

result<std::shared_ptr<const bar_set>> bar_set_from_bytes(std::string_view bytes) {
  auto map = wire::open(bytes, set_format);
  if (!map) return map.error();
  wire::fields in(*map);
  std::string symbol, frame, hash;
  std::uint64_t warmup = 0;
  in.get("symbol", symbol), in.get("timeframe", frame), in.get("hash", hash);
  in.get("warmup", warmup);
  auto info = std::make_shared<pine::symbol_info>();
  if (const auto* facts = in.map("facts")) {
    wire::fields f(*facts);
    each_fact(
      *info, [&](const char* name, std::string& v) { f.get(name, v); }, [&](const char* name, double& v) { f.get(name, v); });
    in.ok = in.ok && f.ok;
  }
  if (const auto* numbers = in.map("numbers"))
    for (const auto& [name, v] : numbers->items())
      if (v.is_number()) info->numbers[name] = v.get<double>();
  std::vector<pine::bar> bars, lower;
  const bool whole = bars_from(in.map("bars"), bars) && bars_from(in.map("lower"), lower);
  auto tf = timeframe::parse(frame);
  if (!in.ok || !whole || !tf) return in.broken(set_format);
  auto set = bar_set::make({std::move(symbol), *tf}, std::move(info), std::move(bars), warmup, std::move(lower));
  if (set && (*set)->hash() != hash) return error{errc::corrupt_data, "the bars are not those of their hash"};
  return set;
}

// ---------------------------------------------------------------- out of the market

namespace {

/// The price grid as Pine wants it: tick = minmove / pricescale with pricescale a power of ten.
void set_grid(pine::symbol_info& s, const instrument& what) {
  const int digits = what.price_digits();
  s.pricescale = std::pow(10.0, digits);
  s.minmove = std::round(what.tick.value().to_double() * s.pricescale);
  s.mintick = s.minmove / s.pricescale;
  s.pointvalue = what.multiplier.to_double();
  s.mincontract = what.lot.value().to_double();
}

std::string_view pine_type(asset_class kind) {
  switch (kind) {
  case asset_class::etf: return "fund";
  case asset_class::futures: return "futures";
  default: return to_string(kind);
  }
}

/// A session as Pine reads it: weekdays are always said.
std::string pine_session(std::string text) {
  if (text != "24x7" && text.find(':') == std::string::npos) text += ":23456";
  return text;
}

} // namespace

pine::symbol_info symbol_facts(const instrument& what, session_hours hours) {
  pine::symbol_info s;
  s.prefix = what.exchange;
  s.ticker = what.symbol;
  s.description = what.description;
  s.type = pine_type(what.kind);
  s.currency = what.currency;
  s.timezone = what.calendar->time_zone();
  // the usual hours are the same for every day a backtest may ask about, so any day describes them
  const auto text = describe_sessions(*what.calendar, civil_date::of(2024, 3, 1));
  s.session = pine_session(hours == session_hours::regular ? text->regular : text->extended);
  if (hours == session_hours::extended && text->extended != text->regular) s.regular_session = pine_session(text->regular);
  if (what.kind == asset_class::futures) s.root = what.symbol.substr(0, what.symbol.find_first_of("0123456789!"));
  if ((what.kind == asset_class::forex || what.kind == asset_class::crypto) && what.symbol.ends_with(what.currency))
    s.basecurrency = what.symbol.substr(0, what.symbol.size() - what.currency.size());
  set_grid(s, what);
  return s;
}

std::vector<pine::bar> to_pine(std::span<const bar> bars, const instrument& what, timeframe frame, session_hours hours) {
  std::vector<pine::bar> out;
  out.reserve(bars.size());
  for (const auto& b : bars) {
    auto open_time = b.open_time;
    if (!frame.is_intraday()) {
      const auto span = what.calendar->bar_of_day(utc_date(b.open_time), frame, hours);
      if (span) open_time = span->open;
    }
    out.push_back({unix_ms(open_time), b.open.value().to_double(), b.high.value().to_double(), b.low.value().to_double(),
                   b.close.value().to_double(), b.volume.value().to_double()});
  }
  return out;
}

namespace {

/// The bars that a magnifier fills by, by the length of the chart's; nothing where none are shorter.
std::optional<timeframe> inner_frame(timeframe chart) {
  if (chart.unit() == timeframe_unit::week || chart.unit() == timeframe_unit::month) return timeframe::days(1);
  if (chart.unit() == timeframe_unit::day) return timeframe::minutes(60);
  struct step {
    std::uint16_t from, inner;
  };
  for (const auto& [from, inner] : {step{240, 30}, step{60, 10}, step{30, 5}, step{15, 2}, step{2, 1}})
    if (chart.count() >= from) return timeframe::minutes(inner);
  return std::nullopt;
}

/// When the first session of `start` begins, and the last one of `end` is over, by exchange dates.
struct moments {
  utc_time from, to;
};
result<moments> moments_of(const backtest_request& r, const instrument& what, timeframe frame) {
  const auto first = what.calendar->on_or_after(r.start);
  const auto last = what.calendar->on_or_before(r.end);
  if (!first || !last || first->day > r.end || last->day < r.start)
    return error{errc::not_found, what.symbol + " has no trading day from " + r.start.to_string() + " to " + r.end.to_string(), "start_date"};
  if (frame.is_intraday()) return moments{first->hours(r.session).open, last->hours(r.session).close};
  return moments{r.start.midnight_utc(), (r.end + 1).midnight_utc()};
}

} // namespace

namespace {

/// Errors: not_found.
result<void> check_range(const backtest_request& r, const pair_key& key, const std::vector<bar>& in_range) {
  if (!in_range.empty()) return {};
  return error{errc::not_found, "there are no bars of " + to_string(key) + " from " + r.start.to_string() + " to " + r.end.to_string(), "start_date"};
}

} // namespace

result<std::vector<series_piece>> pieces_of(const backtest_request& r, const pair_key& key, bar_provider::inner_bars inner, const instrument& what) {
  using purpose = series_piece::purpose;
  const auto at = moments_of(r, what, key.frame);
  if (!at) return at.error();
  constexpr auto all = limits::bars_per_pair + 1;
  std::vector<series_piece> out{{purpose::range, key.frame, {at->from, at->to, all}}};
  if (r.warmup_bars > 0) out.push_back({purpose::warmup, key.frame, {utc_time::min(), at->from, r.warmup_bars}});
  if (const auto frame = inner_frame(key.frame); frame && inner == bar_provider::inner_bars::wanted)
    out.push_back({purpose::inner, *frame, {at->from, at->to, all}});
  return out;
}

result<std::shared_ptr<const bar_set>> join_pieces(const backtest_request& r, const pair_key& key, const instrument& what,
                                                   std::span<const series_piece> pieces, std::vector<std::vector<bar>> bars) {
  using purpose = series_piece::purpose;
  std::vector<bar> before, in_range;
  std::vector<pine::bar> lower;
  for (std::size_t i = 0; i < pieces.size() && i < bars.size(); ++i) {
    if (pieces[i].what == purpose::range) in_range = std::move(bars[i]);
    else if (pieces[i].what == purpose::warmup) before = std::move(bars[i]);
    else lower = to_pine(bars[i], what, pieces[i].frame, r.session);
  }
  if (auto some = check_range(r, key, in_range); !some) return some.error();
  const auto warmup = before.size();
  before.insert(before.end(), in_range.begin(), in_range.end());
  in_range = {};
  auto info = std::make_shared<const pine::symbol_info>(symbol_facts(what, r.session));
  return bar_set::make(key, std::move(info), to_pine(before, what, key.frame, r.session), warmup, std::move(lower));
}

result<std::shared_ptr<const bar_set>> load_bars(const backtest_request& r, const pair_key& key, bar_provider::inner_bars inner, const instrument& what,
                                                 const bar_fetch& fetch) {
  const auto pieces = pieces_of(r, key, inner, what);
  if (!pieces) return pieces.error();
  std::vector<std::vector<bar>> bars;
  for (const auto& piece : *pieces) {
    auto found = fetch(what, piece.frame, r.session, piece.window);
    if (!found) return found.error();
    if (piece.what == series_piece::purpose::range)
      if (auto some = check_range(r, key, *found); !some) return some.error();
    bars.push_back(std::move(*found));
  }
  return join_pieces(r, key, what, *pieces, std::move(bars));
}

result<std::shared_ptr<const bar_set>> history_bars::bars(const backtest_request& r, const pair_key& key, inner_bars inner) {
  const auto* what = master_->find(key.symbol);
  if (what == nullptr) return error{errc::unknown_symbol, "unknown symbol " + tt::in_quotes(key.symbol), "symbols"};
  auto from = r.data_source == bar_origin::sim ? sources_.simulated : sources_.stored;
  if (r.data_source == bar_origin::automatic) from.insert(from.end(), sources_.simulated.begin(), sources_.simulated.end());
  const market::history_layers layers(*what, std::move(from));
  return load_bars(r, key, inner, *what, [&](const instrument& one, timeframe frame, session_hours hours, const market::bar_window& window) {
    auto found = layers.bars(frame, hours, window, known_until_);
    // the bar that is still under way is no bar yet
    while (found && !found->empty() && market::end_of_bar(found->back().open_time, frame, hours, *one.calendar) > known_until_) found->pop_back();
    return found;
  });
}

} // namespace tt::backtest
