#pragma once

// One received alert, as it is journalled, shown and streamed. Never holds a secret.

#include "actors/alerts/webhook/decision.hpp"

#include <string>
#include <vector>

namespace tt::webhook {

/// Whether the sender gave the alert an id.
enum class id_origin : std::uint8_t { sender, derived };

/// Where an event is on its way to the account.
enum class hand_over_state : std::uint8_t {
  none,    ///< nothing to hand over
  waiting, ///< journalled, its orders are not all made
  done,
};

struct webhook_event {
  std::uint64_t id = 0;  ///< place in the journal: 1, 2, 3 …
  alert_id alert;        ///< "wa-…"
  std::string profile;   ///< id of the profile; "paper" for alerts by the paper route
  std::string client;    ///< address
  utc_time received_at{}, updated_at{};
  payload_form form = payload_form::note;
  std::string body;      ///< payload::to_json
  std::string duplicate_key;
  utc_time duplicate_until{};
  id_origin identity = id_origin::derived;
  account_id account;
  strategy_id strategy;
  std::string symbol;    ///< ticker, or as sent where there is no such
  std::string action;    ///< word, lower case
  word_on_alert word;
  hand_over_state hand_over = hand_over_state::none;
  std::vector<std::string> orders; ///< ids of the orders it made

  bool operator==(const webhook_event&) const = default;
};

/// "wa-" and 18 letters and digits: the time, then the place in the journal.
alert_id make_alert_id(utc_time received_at, std::uint64_t event);

} // namespace tt::webhook
