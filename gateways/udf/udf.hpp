#pragma once

// The parts of the UDF group that its files share.

#include "gateways/rest/services.hpp"

#include <array>
#include <string>

namespace tt::gateway {

/// Resolutions of /udf/config and of every symbol.
inline constexpr std::array<std::string_view, 11> udf_resolutions{"1",   "3",   "5",   "15", "30", "60",
                                                                  "120", "240", "1D", "1W", "1M"};
inline constexpr std::size_t udf_intraday_count = 8; ///< the first ones are minutes

/// minmov and pricescale of a tick: price step = minmov / pricescale.
struct price_grid {
  std::int64_t minmov = 1;
  std::int64_t pricescale = 100;
};
price_grid grid_of(const instrument& what);

/// GET /udf/history.
void udf_history(services& parts, const context_ptr& call, const responder& answer);
/// The body of a history answer: `{s:"ok",…}` or `{s:"no_data"[,nextTime]}`.
std::string write_history(const market::history_reply& reply, next_time_unit unit, gateway_metrics& metrics);

} // namespace tt::gateway
