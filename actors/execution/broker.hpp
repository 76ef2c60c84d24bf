#pragma once

// What goes to a venue and what comes back, as plain values. An adapter (paper
// broker, a vendor's API) turns requests into its wire format and its words into
// reports; it decides nothing. A submit or replace request is made by the commands
// of send_command.hpp only, which take the gate's approval.

#include "actors/model/account.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace tt::execution {

// ---------------------------------------------------------------- requests

/// Sends one order under its wire id.
struct submit_request {
  lease_epoch epoch = lease_epoch::none; ///< an adapter refuses a lower one than it has seen
  account_id account;
  wire_order_id wire_id;
  std::string symbol; ///< ticker of the master; the adapter knows the venue's spelling
  order_terms terms;
  std::optional<take_profit> profit; ///< of a bracket, where capabilities say native
  std::optional<stop_loss> loss;

  bool operator==(const submit_request&) const = default;
};
struct cancel_request {
  lease_epoch epoch = lease_epoch::none;
  account_id account;
  wire_order_id wire_id;
  venue_order_id venue_order; ///< empty where we never learned it
  std::string venue_session;

  bool operator==(const cancel_request&) const = default;
};
/// Asks for other terms; `terms.qty` is the new total, executed part included.
struct replace_request {
  lease_epoch epoch = lease_epoch::none;
  account_id account;
  wire_order_id wire_id;
  venue_order_id venue_order;
  std::string venue_session;
  order_terms terms;
  std::uint32_t terms_version = 0; ///< of these terms when confirmed

  bool operator==(const replace_request&) const = default;
};
/// Asks what the venue knows of one order.
struct lookup_request {
  account_id account;
  wire_order_id wire_id;
  venue_order_id venue_order;

  bool operator==(const lookup_request&) const = default;
};
/// Asks for everything: open orders (and recently closed ones), executions, positions, balances.
struct listing_request {
  account_id account;
  std::uint64_t id = 0;
  journal_offset asked_at = journal_offset::none;
  std::optional<utc_time> executions_since;
  std::vector<wire_order_id> lookups; ///< orders to be asked for by id in the same round

  bool operator==(const listing_request&) const = default;
};
using venue_request = std::variant<submit_request, cancel_request, replace_request, lookup_request, listing_request>;

// ---------------------------------------------------------------- reports

/// Where the venue says an order is.
enum class venue_status : std::uint8_t {
  accepted,  ///< has it, not active yet (queued, held, waiting for the open)
  suspended, ///< waits for a parent or linked order
  working,
  filled,
  cancelled,
  rejected,
  expired,
  failed,    ///< the venue's "error": ends the order with the venue's text
};

/// How the adapter got hold of a report: for the log and for ages; the meaning is the same.
enum class report_source : std::uint8_t { answer, stream, poll };

/// Which order is meant. The wire id counts; without it (venue, session, venue id), never the venue's id alone.
struct order_handle {
  wire_order_id wire_id;
  venue_order_id venue_order;
  std::string venue_session; ///< changes whenever the venue may have begun to give ids anew

  bool operator==(const order_handle&) const = default;
};

/// What became of a request to submit.
enum class submit_outcome : std::uint8_t {
  accepted,  ///< the venue has it: `status` says where it stands
  refused,   ///< a definite no: business rule, authorisation, validation. Not that the wire id is known already: that is ambiguous
  not_sent,  ///< certainly nothing left this machine; may be sent again after `retry_after`
  ambiguous, ///< anything else: time-out, reset, 5xx, unreadable answer
};
struct submit_answer {
  order_handle order;
  submit_outcome outcome = submit_outcome::ambiguous;
  venue_status status = venue_status::accepted;
  std::string text; ///< the venue's or the system's words
  std::chrono::milliseconds retry_after{0};
  utc_time at{};
};

/// What became of a request to cancel or replace.
enum class change_outcome : std::uint8_t {
  confirmed, ///< done
  refused,   ///< the order lives on as it was
  not_open,  ///< the venue says that it is not open: ask for its final state
  not_sent,
  ambiguous,
};
struct cancel_answer {
  order_handle order;
  change_outcome outcome = change_outcome::ambiguous;
  std::string text;
  utc_time at{};
};
struct replace_answer {
  order_handle order; ///< with the new venue order id where the venue gives one
  change_outcome outcome = change_outcome::ambiguous;
  std::uint32_t terms_version = 0; ///< of the request
  std::string text;
  utc_time at{};
};

/// The state of one order as the venue tells it, by stream or when asked.
struct order_report {
  order_handle order;
  venue_status status = venue_status::working;
  std::optional<quantity> cumulative;  ///< executed so far
  std::optional<price> average;        ///< of that
  std::string text;
  utc_time at{};
  report_source source = report_source::stream;
  std::string symbol;
  order_terms terms; ///< as the venue has them; quantity 0: it does not say. Listings and look-ups always say
  std::optional<stop_progress> progress; ///< of a stop; nothing: the venue does not say
};

struct execution_report {
  order_handle order;
  execution_id id; ///< empty where the venue has none: then `cumulative` must be there
  std::string symbol;
  direction way = direction::buy;
  quantity qty;
  price px;
  std::optional<quantity> cumulative; ///< after this execution
  liquidity taken = liquidity::unknown;
  execution_fees fees;
  utc_time at{};
  report_source source = report_source::stream;
};

/// The venue takes an execution back (`qty` 0) or corrects it.
struct correction_report {
  execution_id id;
  quantity qty;
  price px;
  std::string text;
  utc_time at{};
};

enum class lookup_outcome : std::uint8_t { found, absent, failed };
struct lookup_answer {
  order_handle order;
  lookup_outcome outcome = lookup_outcome::failed;
  std::optional<order_report> report; ///< when found
  std::string text;
  utc_time at{};
};

/// Whether every page was there and without error, with the right session filter.
enum class completeness : std::uint8_t { partial, complete };

struct venue_position {
  std::string symbol;
  quantity qty; ///< signed
  std::optional<price> average;

  bool operator==(const venue_position&) const = default;
};

/// One look at everything the venue has (section 11).
struct venue_snapshot {
  std::uint64_t id = 0;
  venue_id venue;
  std::string session;
  journal_offset asked_at = journal_offset::none;    ///< journal when it was asked for
  journal_offset received_at = journal_offset::none; ///< and when it came
  utc_time taken_at{};
  utc_time healthy_since{}; ///< the connection has been without a fault since
  completeness orders_are = completeness::partial;
  std::vector<order_report> orders;
  std::vector<lookup_answer> lookups; ///< by-id questions asked in the same round
  completeness executions_are = completeness::partial;
  std::vector<execution_report> executions;
  completeness positions_are = completeness::partial;
  std::vector<venue_position> positions;
  std::optional<account_balances> balances;
};

/// The connection to the venue changed.
enum class link_state : std::uint8_t { down, synchronising, up, maintenance };
struct session_report {
  venue_id venue;
  std::string session;
  link_state state = link_state::down;
  utc_time at{};
};

using venue_report = std::variant<submit_answer, cancel_answer, replace_answer, order_report, execution_report, correction_report,
                                  lookup_answer, venue_snapshot, session_report, account_balances>;

// ---------------------------------------------------------------- capabilities

/// What a venue does with linked orders.
enum class linked_support : std::uint8_t {
  none,   ///< we hold the legs (links.hpp)
  native, ///< the venue links them
};
/// How orders change at a venue.
enum class replace_support : std::uint8_t { none, native };
/// Whether the venue refuses a second order with the same wire id.
enum class duplicate_protection : std::uint8_t { none, by_wire_id };
/// Whether executions have ids of their own.
enum class execution_ids : std::uint8_t { none, unique };

/// What an adapter can do. Checked before sending: nothing is silently changed into something else.
struct venue_capabilities {
  std::set<order_type> types = {order_type::market, order_type::limit, order_type::stop, order_type::stop_limit};
  std::set<time_in_force> tifs = {time_in_force::day, time_in_force::gtc};
  std::set<order_hours> hours = {order_hours::regular};
  linked_support brackets = linked_support::none;
  linked_support oco = linked_support::none;
  replace_support replace = replace_support::native;
  duplicate_protection duplicates = duplicate_protection::none;
  execution_ids executions = execution_ids::unique;
  /// Longest wire id it takes; ours has 27 characters.
  std::size_t max_client_id = 64;
};
/// Errors: unsupported, naming the field that the venue can't do. A bracket or OCO that we hold
/// ourselves is judged by its legs.
result<void> check_capabilities(const venue_capabilities& can, const order& what);

} // namespace tt::execution

namespace tt {
template <>
struct names_of<execution::venue_status> {
  static constexpr std::array<std::string_view, 8> value{"accepted", "suspended", "working", "filled", "cancelled", "rejected", "expired", "failed"};
};
template <>
struct names_of<execution::report_source> {
  static constexpr std::array<std::string_view, 3> value{"answer", "stream", "poll"};
};
template <>
struct names_of<execution::lookup_outcome> {
  static constexpr std::array<std::string_view, 3> value{"found", "absent", "failed"};
};
template <>
struct names_of<execution::completeness> {
  static constexpr std::array<std::string_view, 2> value{"partial", "complete"};
};
template <>
struct names_of<execution::submit_outcome> {
  static constexpr std::array<std::string_view, 4> value{"accepted", "refused", "not_sent", "ambiguous"};
};
template <>
struct names_of<execution::change_outcome> {
  static constexpr std::array<std::string_view, 5> value{"confirmed", "refused", "not_open", "not_sent", "ambiguous"};
};
template <>
struct names_of<execution::link_state> {
  static constexpr std::array<std::string_view, 4> value{"down", "synchronising", "up", "maintenance"};
};
} // namespace tt
