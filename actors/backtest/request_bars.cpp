#include "actors/backtest/request_bars.hpp"

#include "actors/pine/engine.hpp"

namespace tt::backtest {

namespace {

/// What one run sees. It keeps the sets that it has handed out alive.
class seen_bars final : public pine::data_source {
public:
  seen_bars(request_bars& from, const bar_set& own) : from_(from), own_(own) {}

  const pine::symbol_data* bars(const std::string& symbol, const pine::timeframe& tf) override {
    const auto& data = own_.data();
    if (is_own(symbol) && tf.unit == data.tf.unit && tf.count == data.tf.count) return &data;
    auto set = from_.find(is_own(symbol) ? own_.key().symbol : symbol, tf);
    if (set == nullptr) return nullptr;
    kept_.push_back(set);
    return &set->data();
  }
  std::shared_ptr<const pine::symbol_info> info(const std::string& symbol) override {
    if (is_own(symbol)) return own_.info();
    auto set = from_.find(symbol, own_.data().tf);
    return set == nullptr ? nullptr : set->info();
  }

private:
  bool is_own(const std::string& symbol) const { return symbol == own_.info()->tickerid() || symbol == own_.info()->ticker; }
  request_bars& from_;
  const bar_set& own_;
  std::vector<std::shared_ptr<const bar_set>> kept_;
};

} // namespace

std::shared_ptr<const bar_set> request_bars::find(const std::string& symbol, const pine::timeframe& tf) {
  const auto frame = timeframe::parse(tf.text(true));
  if (!frame) return nullptr;
  const std::lock_guard guard{mutex_};
  const std::pair key{symbol, frame->to_string()};
  if (const auto it = known_.find(key); it != known_.end()) return it->second;
  if (known_.size() >= limits::requested_series) return nullptr;
  auto set = provider_.bars(request_, {symbol, *frame}, bar_provider::inner_bars::none);
  return known_[key] = set ? *set : nullptr;
}

std::function<std::unique_ptr<pine::data_source>(const bar_set& own)> request_bars::source() {
  return [this](const bar_set& own) { return std::make_unique<seen_bars>(*this, own); };
}

} // namespace tt::backtest
