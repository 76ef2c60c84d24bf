#pragma once

// When an account's day ends (risk-and-execution section 2): US equities 04:00 New
// York, CME futures 17:00 Chicago, crypto 00:00 UTC.

#include "actors/model/calendar.hpp"

namespace tt::portfolio {

/// The first roll strictly after `t` for an account of that calendar ("XNYS", "CME_EQUITY", "24X7"; others as XNYS with
/// their own extended opening). Every roll is an opening of the extended session: 04:00 in New York, 17:00 on the eve in
/// Chicago, 00:00 UTC; days on which the venue is closed have none, so a weekend belongs to the Friday before it.
/// Nothing where the calendar has no opening within its horizon.
std::optional<utc_time> next_day_roll(const exchange_calendar& calendar, utc_time t);

} // namespace tt::portfolio
