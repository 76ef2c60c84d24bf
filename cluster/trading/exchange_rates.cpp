#include "cluster/trading/exchange_rates.hpp"

namespace tt::cluster {

std::optional<rate_pair> find_rate_pair(const instrument_master& master, std::string_view currency, std::string_view base) {
  const auto pair = [&](std::string_view one, std::string_view other) -> const instrument* {
    const auto* found = master.find(std::string(one) + std::string(other));
    return found && found->kind == asset_class::forex && found->currency == other ? found : nullptr;
  };
  if (const auto* direct = pair(currency, base)) return rate_pair{direct, rate_pair::direction::direct};
  if (const auto* inverse = pair(base, currency)) return rate_pair{inverse, rate_pair::direction::inverse};
  return std::nullopt;
}

std::optional<decimal> rate_of(const rate_pair& pair, price px) {
  if (!px.value().is_positive()) return std::nullopt;
  if (pair.way == rate_pair::direction::direct) return px.value();
  const auto inverse = decimal::checked_divide(decimal{1}, px.value());
  if (!inverse || !inverse->is_positive()) return std::nullopt;
  return *inverse;
}

std::optional<decimal> rate_board::rate(std::string_view currency) const {
  if (currency == base_) return decimal{1};
  const std::lock_guard lock(mutex_);
  const auto at = rates_.find(currency);
  return at == rates_.end() ? std::nullopt : std::optional{at->second};
}

void rate_board::set(std::string_view currency, decimal rate) {
  const std::lock_guard lock(mutex_);
  rates_.insert_or_assign(std::string(currency), rate);
}

} // namespace tt::cluster
