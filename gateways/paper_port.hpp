#pragma once

// What the routes of paper accounts speak to, besides the trading port: the list of
// the accounts and how they fill. All members may be called from any thread and return at once.

#include "actors/execution/paper/paper_settings.hpp"
#include "actors/risk/kill_switch.hpp"
#include "gateways/market_port.hpp"

#include <optional>
#include <vector>

namespace tt::gateway {

/// Whether an account may trade, by the word of an admin.
enum class trading_permission : std::uint8_t { off, on };

/// A paper account as the list has it.
struct paper_account {
  execution::paper::paper_settings settings;
  utc_time created_at{};
  std::uint32_t resets = 0; ///< how often it was started over
  trading_permission trading = trading_permission::on;
};

/// Absent fields stay.
struct account_change {
  std::optional<trading_permission> trading = {};
  /// Makes it the account of orders that name none.
  enum class default_role : std::uint8_t { keep, make_default };
  default_role role = default_role::keep;
};

class paper_port {
public:
  /// Accounts of one node; one more is refused.
  static constexpr std::size_t max_accounts = 64;
  virtual ~paper_port() = default;

  /// In the order in which they were made.
  [[nodiscard]] virtual std::vector<paper_account> accounts() const = 0;
  /// Makes an account; it is on disk before the answer. Limits and emergency stops that are not of one account hold for it too.
  /// Errors: invalid_argument and out_of_range naming the field as the API does; conflict where the id is taken; unsupported for a
  /// currency that the node keeps no rates to; limit_exceeded; io_error.
  virtual void create(execution::paper::paper_settings settings, reply<paper_account> done) = 0;
  /// Starts over with `cash`, or with what it began with. The journal so far is kept under another name.
  /// Errors: not_found; conflict while it is stopped; refused where a breaker that does not reset itself has tripped, for all but an
  /// admin; out_of_range for the cash; io_error.
  virtual void reset(account_id which, std::optional<money> cash, risk::access by, reply<paper_account> done) = 0;
  /// Errors: not_found, io_error.
  virtual void change(account_id which, account_change what, reply<paper_account> done) = 0;
};

} // namespace tt::gateway
