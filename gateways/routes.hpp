#pragma once

// The whole route table.

#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// Every row of the contract. Errors: as route_table::make (a mistake in the
/// program; the gateway then refuses to start).
result<route_table> make_route_table(services& parts);

/// The one row of METRICS_PORT: /metrics, open to everybody who reaches that port.
result<route_table> make_metrics_table(services& parts);

/// The rows of WEBHOOK_LISTEN: where alerts are posted, and nothing else.
result<route_table> make_webhook_table(services& parts);

} // namespace tt::gateway
