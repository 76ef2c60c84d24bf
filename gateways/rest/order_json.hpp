#pragma once

// Orders, accounts, positions, executions as the API writes and reads them
// (http-api.md section 6).

#include "gateways/json/json_reader.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/trading_port.hpp"

namespace tt::gateway {

/// Reads an OrderRequest. Every problem goes to the reader: nothing is guessed, and there is no default side.
order_request read_order_request(object_reader& body);
/// Reads the body of PATCH /api/orders/{id}.
order_change read_order_change(object_reader& body);

void write(json_writer& out, const risk_decision& decision);
void write(json_writer& out, const order_snapshot& order);
/// Requires an account without trouble.
void write(json_writer& out, const account_snapshot& account);
/// `unavailable[]` with those of the accounts that can't be shown and why; nothing where all can.
void write_unavailable(json_writer& out, const std::vector<account_snapshot>& all);
void write(json_writer& out, const position_snapshot& position);
void write(json_writer& out, const execution_snapshot& execution);
void write(json_writer& out, const risk_snapshot& risk);

/// "pending", "open" … to the enum. Errors: invalid_argument.
result<order_status> parse_order_status(std::string_view text);

} // namespace tt::gateway
