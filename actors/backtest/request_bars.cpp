#include "actors/backtest/request_bars.hpp"

#include "actors/pine/calendar.hpp"
#include "actors/pine/limits.hpp"

#include <algorithm>

namespace tt::backtest {

namespace {

/// What one run sees. It keeps the sets that it has handed out alive.
class seen_bars final : public run_source {
public:
  seen_bars(request_bars& from, const bar_set& own) : from_(from), own_(own), alone_(source_of(own)) {}

  const pine::symbol_data* bars(const std::string& symbol, const pine::timeframe& tf) override {
    const auto& data = own_.data();
    if (is_own(symbol) && tf.unit == data.tf.unit && tf.count == data.tf.count) return &data;
    auto set = from_.find(is_own(symbol) ? own_.key().symbol : symbol, tf);
    if (set == nullptr) return made_here(symbol, tf);
    if (set->warmup() == 0 && tf.seconds() > data.tf.seconds()) note_without_past(symbol, tf);
    kept_.push_back(set);
    return &set->data();
  }
  std::shared_ptr<const pine::symbol_info> info(const std::string& symbol) override {
    if (is_own(symbol)) return own_.info();
    auto set = from_.find(symbol, own_.data().tf);
    return set == nullptr ? nullptr : set->info();
  }
  std::optional<double> value(const std::string& kind, const std::string& key, std::int64_t time_ms) override {
    if (kind != "currency_rate") return std::nullopt;
    // asked on every bar: other runs need not wait for it
    if (const auto known = rates_.find(key); known != rates_.end()) return request_bars::rate_at(*known->second, time_ms);
    const auto& rates = from_.rates(key);
    if (rates_.size() < limits::currency_pairs) rates_.emplace(key, &rates);
    return request_bars::rate_at(rates, time_ms);
  }

private:
  bool is_own(const std::string& symbol) const { return symbol == own_.info()->tickerid() || symbol == own_.info()->ticker; }
  /// Longer bars of the own symbol out of its own ones.
  const pine::symbol_data* made_here(const std::string& symbol, const pine::timeframe& tf) {
    const auto* made = alone_->bars(symbol, tf);
    if (made != nullptr && own_.warmup() == 0) note_without_past(symbol, tf);
    return made;
  }
  request_bars& from_;
  const bar_set& own_;
  std::unique_ptr<run_source> alone_;
  std::vector<std::shared_ptr<const bar_set>> kept_;
  std::map<std::string, const request_bars::rate_chain*> rates_;
};

} // namespace

static_assert(limits::requested_past == pine::limits::history && limits::requested_past <= limits::warmup_bars);

backtest_request with_past(backtest_request r) {
  r.warmup_bars = std::max(r.warmup_bars, limits::requested_past);
  return r;
}

rate_series::rate_series(const bar_set& pair, direction_t way) {
  const pine::calendar days(pair.info()->timezone, pair.info()->session);
  const auto rate_of = [way](double price) { return way == direction_t::as_quoted ? price : 1 / price; };
  for (const auto& b : pair.bars()) {
    if (!(b.open > 0) || !(b.close > 0)) continue;
    if (!first_) first_ = rate_of(b.open);
    ends_.push_back(days.period_close(pair.data().tf, b.time_ms));
    rates_.push_back(rate_of(b.close));
  }
}

std::optional<double> rate_series::at(std::int64_t time_ms) const {
  const auto ended = std::upper_bound(ends_.begin(), ends_.end(), time_ms) - ends_.begin();
  return ended == 0 ? first_ : std::optional(rates_[static_cast<std::size_t>(ended - 1)]);
}

std::shared_ptr<const bar_set> request_bars::find(const std::string& symbol, const pine::timeframe& tf) {
  const auto frame = timeframe::parse(tf.text(true));
  if (!frame) return nullptr;
  const std::lock_guard guard{mutex_};
  return find_frame(symbol, *frame);
}

std::shared_ptr<const bar_set> request_bars::find_frame(const std::string& symbol, timeframe frame) {
  const std::pair key{symbol, frame.to_string()};
  if (const auto it = known_.find(key); it != known_.end()) return it->second;
  if (known_.size() >= limits::requested_series) return nullptr;
  auto set = provider_.bars(request_, {symbol, frame}, bar_provider::inner_bars::none);
  return known_[key] = set ? *set : nullptr;
}

/// A symbol that has the name of a pair by chance is quoted in something else.
std::shared_ptr<const rate_series> request_bars::direct(const std::string& from, const std::string& to) {
  // a pair that does not exist takes none of the places that the job's series have: rates_ remembers it
  const auto days_of = [this](const std::string& name) {
    auto set = find_frame(name, timeframe::days(1));
    if (set == nullptr) known_.erase({name, timeframe::days(1).to_string()});
    return set;
  };
  if (const auto set = days_of(from + to); set != nullptr && set->info()->currency == to)
    return std::make_shared<rate_series>(*set, rate_series::direction_t::as_quoted);
  if (const auto set = days_of(to + from); set != nullptr && set->info()->currency == from)
    return std::make_shared<rate_series>(*set, rate_series::direction_t::inverse);
  return nullptr;
}

/// Codes have three letters, and those of some coins more: every way to cut the name is tried, the usual one first.
request_bars::rate_chain request_bars::chain(const std::string& pair) {
  constexpr std::size_t code = 3;
  constexpr const char* hub = "USD";
  for (std::size_t cut = code; cut + code <= pair.size(); ++cut) {
    const auto from = pair.substr(0, cut), to = pair.substr(cut);
    if (auto one = direct(from, to)) return {one};
    if (from == hub || to == hub) continue;
    const auto first = direct(from, hub);
    const auto second = first == nullptr ? nullptr : direct(hub, to);
    if (second != nullptr) return {first, second};
  }
  return {};
}

const request_bars::rate_chain& request_bars::rates(const std::string& pair) {
  static const rate_chain none;
  const std::lock_guard guard{mutex_};
  auto known = rates_.find(pair);
  if (known != rates_.end()) return known->second;
  // a script may make up names: only what can be one is looked for, and so many of them
  const bool named = pair.size() >= limits::shortest_pair && pair.size() <= limits::longest_pair &&
                     std::ranges::all_of(pair, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
  if (!named || rates_.size() >= limits::currency_pairs) return none;
  return rates_.emplace(pair, chain(pair)).first->second;
}

std::optional<double> request_bars::rate_at(const rate_chain& rates, std::int64_t time_ms) {
  if (rates.empty()) return std::nullopt;
  double out = 1;
  for (const auto& series : rates) {
    const auto one = series->at(time_ms);
    if (!one) return std::nullopt;
    out *= *one;
  }
  return out;
}

std::optional<double> request_bars::rate(const std::string& pair, std::int64_t time_ms) { return rate_at(rates(pair), time_ms); }

source_maker request_bars::source() {
  return [this](const bar_set& own) { return std::make_unique<seen_bars>(*this, own); };
}

} // namespace tt::backtest
