#pragma once

// A venue behind a bad line. The venue itself is the paper broker, which is exact; what
// lies between is scripted by rates and a seed, or request by request: messages are
// lost, late, doubled, overtaken, answers time out, the stream drops frames, the venue
// restarts and gives its ids anew. Time is virtual; the same seed gives the same run.
//
//   faulty_venue venue(rates, seed, settings, now);
//   venue.truth().list(aapl);
//   venue.submit(request, now);
//   for (auto& report : venue.take(now)) …            // what reaches us by now
//   venue.orders_of(wire_id);                         // what the venue really has

#include "actors/execution/paper/paper_broker.hpp"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace tt::execution::test {

/// What may happen to one request.
enum class request_fault : std::uint8_t {
  none,
  lost,         ///< never arrives; we see a time-out
  answer_lost,  ///< arrives and is done; we see a time-out
  not_sent,     ///< the line was down before the first byte: the adapter knows that nothing went out
  doubled,      ///< arrives twice
  answer_doubled,
  error_page,   ///< arrives and is done; the answer is a 502: ambiguous at once
};

/// Faults in a thousand.
struct fault_rates {
  int request_lost = 0;
  int answer_lost = 0;
  int not_sent = 0;
  int request_doubled = 0;
  int answer_doubled = 0;
  int error_page = 0;
  int stream_dropped = 0;   ///< frames of orders and executions, while heartbeats go on
  int stream_doubled = 0;
  int listing_partial = 0;  ///< a page of a listing fails
  int lookup_failed = 0;
  std::chrono::milliseconds most_delay{0}; ///< each message is late by up to this, so later ones overtake
  std::chrono::milliseconds time_out{2'000};
};

class faulty_venue {
public:
  faulty_venue(fault_rates rates, std::uint64_t seed, paper::paper_settings settings, utc_time now,
               duplicate_protection protects = duplicate_protection::by_wire_id);

  /// The exact venue: feed it market events at their time, ask it for positions.
  [[nodiscard]] paper::paper_broker& truth() { return truth_; }
  [[nodiscard]] const std::string& session() const { return session_; }

  void submit(const submit_request& request, utc_time now);
  void cancel(const cancel_request& request, utc_time now);
  void replace(const replace_request& request, utc_time now);
  void lookup(const lookup_request& request, utc_time now);
  void listing(const listing_request& request, utc_time now);

  /// The fault of the n-th request from now (0: the next), instead of a drawn one.
  void script(std::size_t nth, request_fault fault) { scripted_[requests_ + nth] = fault; }
  /// No line until reconnect: requests are not sent, reports of that time are gone.
  void disconnect(utc_time now);
  /// The line is back, and the venue says so.
  void reconnect(utc_time now);
  /// The venue comes back under a new session epoch and numbers its orders from 1 again,
  /// in another order than before: an id now means another order. Orders live on.
  void restart(utc_time now);
  /// Somebody trades in the account by hand.
  void trade_by_hand(const std::string& symbol, direction way, quantity size, utc_time now);
  /// From now on nothing goes wrong any more.
  void heal() { rates_ = {}; }

  /// What reaches us up to `now`, in the order of arrival.
  [[nodiscard]] std::vector<venue_report> take(utc_time now);
  [[nodiscard]] std::optional<utc_time> next_event() const;

  /// How many orders the venue made of a wire id. More than one is what must never happen.
  [[nodiscard]] int orders_of(const wire_order_id& wire) const;
  [[nodiscard]] bool is_connected() const { return is_connected_; }

private:
  struct delivery {
    utc_time due;
    std::uint64_t number; ///< keeps the order of equal times
    venue_report what;
  };
  struct arrival {
    utc_time due;
    venue_request what;
    request_fault fault;
  };
  template <class Request>
  void send(const Request& request, utc_time now);
  [[nodiscard]] request_fault draw_fault();
  [[nodiscard]] bool chance(int in_a_thousand) { return static_cast<int>(random_() % 1000) < in_a_thousand; }
  [[nodiscard]] std::chrono::milliseconds late();
  void run_until(utc_time now);
  void arrive(const arrival& one);
  void collect(utc_time now, const arrival* cause);
  void deliver(venue_report report, utc_time due);
  [[nodiscard]] venue_report time_out_of(const venue_request& request, utc_time now, submit_outcome how) const;
  /// Rewrites handles of the exact venue to those that this one shows.
  void disguise(order_handle& handle);
  void disguise(venue_report& report);
  [[nodiscard]] std::string outer_wire(const std::string& inner) const;
  [[nodiscard]] std::optional<std::string> inner_wire(const wire_order_id& wire, const venue_order_id& id, const std::string& session) const;

  fault_rates rates_;
  std::mt19937_64 random_;
  duplicate_protection protects_;
  paper::paper_broker truth_;
  account_id account_;
  std::string session_ = "epoch-1";
  int epoch_ = 1;
  bool is_connected_ = true;
  std::size_t requests_ = 0;
  std::map<std::size_t, request_fault> scripted_;
  std::map<std::pair<utc_time, std::uint64_t>, arrival> arrivals_; ///< by time, and number where times are equal
  std::vector<delivery> deliveries_;
  std::uint64_t next_number_ = 0;
  std::map<std::string, std::vector<std::string>> inner_of_;  // our wire id → the exact venue's
  std::map<std::string, std::string> shown_ids_;              // exact wire → id in this epoch
  int next_id_ = 1, next_manual_ = 1;
  lease_epoch hand_epoch_ = lease_epoch::none;
  std::set<std::string> made_; // exact wires that made an order
};

} // namespace tt::execution::test
