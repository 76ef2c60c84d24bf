// The calendars there are: US equities, CME equity index futures, foreign
// exchange, and the market that never closes.

#include "actors/model/calendar.hpp"
#include "actors/model/calendar_data.hpp"
#include "actors/model/us_holidays.hpp"

#include <algorithm>
#include <array>

namespace tt {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using namespace std::chrono_literals;

constexpr bool is_weekend(civil_date day) {
  return day.weekday() == std::chrono::Saturday || day.weekday() == std::chrono::Sunday;
}

/// Two days from the limits of input, so that sessions on the eve fit as well.
constexpr bool is_supported(civil_date day) {
  return utc_date(min_input_time) + 2 <= day && day < utc_date(max_input_time) - 2;
}

/// Whether a day outside the yearly rules was skipped or shortened.
enum class closing : std::uint8_t { closed, early };

struct special_day {
  civil_date day;
  closing kind;
  std::string_view name;
};

template <std::size_t N>
const special_day* find_special(const std::array<special_day, N>& table, civil_date day) {
  const auto found = std::ranges::find(table, day, &special_day::day);
  return found == table.end() ? nullptr : &*found;
}

// --- US equities -------------------------------------------------------------
// NYSE rule 7.1 (hours), 7.2 (holidays); Nasdaq keeps the same days. Openings that
// were delayed within a day (2002-09-11) are not modelled: those minutes have no
// trades.

constexpr std::array us_equity_specials{
  special_day{civil_date::of(1999, 12, 31), closing::early, "Eve of the year 2000"},
  special_day{civil_date::of(2001, 9, 11), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 12), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 13), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 14), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2003, 12, 26), closing::early, "Day after Christmas"},
  special_day{civil_date::of(2004, 6, 11), closing::closed, "Day of mourning for Ronald Reagan"},
  special_day{civil_date::of(2007, 1, 2), closing::closed, "Day of mourning for Gerald Ford"},
  special_day{civil_date::of(2012, 10, 29), closing::closed, "Hurricane Sandy"},
  special_day{civil_date::of(2012, 10, 30), closing::closed, "Hurricane Sandy"},
  special_day{civil_date::of(2018, 12, 5), closing::closed, "Day of mourning for George H. W. Bush"},
  special_day{civil_date::of(2025, 1, 9), closing::closed, "Day of mourning for Jimmy Carter"},
};

std::optional<trading_day> us_equity_day(const zone_clock& clock, civil_date day) {
  if (is_weekend(day) || us_holiday_on(day)) return std::nullopt;
  const special_day* special = find_special(us_equity_specials, day);
  if (special && special->kind == closing::closed) return std::nullopt;
  const bool early = special || us_half_day_on(day);
  return trading_day{day,
                     {clock.to_utc(day, 9h + 30min), clock.to_utc(day, early ? 13h : 16h)},
                     {clock.to_utc(day, 4h), clock.to_utc(day, early ? 17h : 20h)},
                     early ? day_length::early_close : day_length::full};
}

std::optional<std::string_view> us_equity_name(civil_date day) {
  if (is_weekend(day)) return std::nullopt;
  if (const auto holiday = us_holiday_on(day)) return to_string(*holiday);
  if (const special_day* special = find_special(us_equity_specials, day)) return special->name;
  if (const auto half_day = us_half_day_on(day)) return to_string(*half_day);
  return std::nullopt;
}

// --- CME equity index futures ------------------------------------------------
// CME Globex holiday calendar. The trade date's session begins at 17:00 Chicago on
// the eve. On US holidays other than New Year, Good Friday and Christmas it halts
// early and reopens at 17:00; such a short session is a trading day of its own
// here, while the clearing house books it to the next day. The 15 minutes' pause
// in the afternoon, gone since June 2021, is not modelled.

constexpr std::array cme_specials{
  special_day{civil_date::of(2001, 9, 11), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 12), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 13), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2001, 9, 14), closing::closed, "September 11 attacks"},
  special_day{civil_date::of(2004, 6, 11), closing::closed, "Day of mourning for Ronald Reagan"},
  special_day{civil_date::of(2007, 1, 2), closing::closed, "Day of mourning for Gerald Ford"},
  special_day{civil_date::of(2012, 10, 29), closing::early, "Hurricane Sandy"},
  special_day{civil_date::of(2012, 10, 30), closing::early, "Hurricane Sandy"},
  special_day{civil_date::of(2018, 12, 5), closing::early, "Day of mourning for George H. W. Bush"},
  special_day{civil_date::of(2025, 1, 9), closing::early, "Day of mourning for Jimmy Carter"},
};

/// The monthly employment report falls on the first Friday of April. When that is
/// Good Friday, futures trade until 08:15, as in 2010, 2012, 2015,
/// 2021, 2023.
bool is_report_friday(civil_date day) {
  const auto ymd = day.ymd();
  return static_cast<int>(ymd.year()) >= 2010 && ymd.month() == std::chrono::April
         && static_cast<unsigned>(ymd.day()) <= 7;
}

/// When the session of a weekday halts early, Chicago time; nothing when there is none that day.
struct cme_close {
  std::optional<minutes> at;
  day_length length = day_length::full;
};

cme_close cme_holiday_close(civil_date day, us_holiday holiday) {
  switch (holiday) {
  case us_holiday::new_year:
  case us_holiday::christmas: return {};
  case us_holiday::good_friday:
    if (!is_report_friday(day)) return {};
    return {8h + 15min, day_length::early_close};
  default: {
    // Memorial Day 2014 was the first holiday with the later halt
    const bool until_noon = day >= civil_date::of(2014, 5, 1);
    return {until_noon ? minutes{12h} : 10h + 30min, day_length::early_close};
  }
  }
}

cme_close cme_close_of(civil_date day) {
  if (const auto holiday = us_holiday_on(day)) return cme_holiday_close(day, *holiday);
  if (const special_day* special = find_special(cme_specials, day)) {
    if (special->kind == closing::closed) return {};
    const bool storm = static_cast<int>(day.ymd().year()) == 2012;
    return {8h + (storm ? 15min : 30min), day_length::early_close};
  }
  const auto half_day = us_half_day_on(day);
  if (half_day && half_day != us_half_day::independence_morrow) return {12h + 15min, day_length::early_close};
  const bool shorter_day = day >= civil_date::of(2015, 9, 21);
  return {shorter_day ? minutes{16h} : 16h + 15min, day_length::full};
}

std::optional<trading_day> cme_equity_day(const zone_clock& clock, civil_date day) {
  if (is_weekend(day)) return std::nullopt;
  const cme_close close = cme_close_of(day);
  if (!close.at) return std::nullopt;
  const time_span session{clock.to_utc(day - 1, 17h), clock.to_utc(day, *close.at)};
  return trading_day{day, session, session, close.length};
}

std::optional<std::string_view> cme_equity_name(civil_date day) {
  if (is_weekend(day)) return std::nullopt;
  if (const auto holiday = us_holiday_on(day)) return to_string(*holiday);
  if (const special_day* special = find_special(cme_specials, day)) return special->name;
  const auto half_day = us_half_day_on(day);
  if (half_day && half_day != us_half_day::independence_morrow) return to_string(*half_day);
  return std::nullopt;
}

// --- foreign exchange --------------------------------------------------------
// The day of the interbank market turns at 17:00 New York; so its week runs from
// Sunday 17:00 to Friday 17:00.

std::optional<std::string_view> forex_name(civil_date day) {
  if (is_weekend(day)) return std::nullopt;
  const auto ymd = day.ymd();
  const auto is_date = [&](unsigned month, unsigned of_month) {
    return ymd.month() == std::chrono::month{month} && ymd.day() == std::chrono::day{of_month};
  };
  if (is_date(12, 25)) return to_string(us_holiday::christmas);
  if (is_date(1, 1)) return to_string(us_holiday::new_year);
  return std::nullopt;
}

std::optional<trading_day> forex_day(const zone_clock& clock, civil_date day) {
  if (is_weekend(day) || forex_name(day)) return std::nullopt;
  const time_span session{clock.to_utc(day - 1, 17h), clock.to_utc(day, 17h)};
  return trading_day{day, session, session, day_length::full};
}

// --- always open -------------------------------------------------------------

std::optional<trading_day> every_day(const zone_clock& clock, civil_date day) {
  const time_span session{clock.to_utc(day, 0h), clock.to_utc(day + 1, 0h)};
  return trading_day{day, session, session, day_length::full};
}

std::optional<std::string_view> no_name(civil_date) { return std::nullopt; }

// --- the calendars -----------------------------------------------------------

using name_rule = std::optional<std::string_view> (*)(civil_date);

/// What sets one venue's calendar apart.
struct venue_rules {
  day_rule day;
  name_rule name;
};

constexpr venue_rules us_equity{us_equity_day, us_equity_name};
constexpr venue_rules cme_equity{cme_equity_day, cme_equity_name};
constexpr venue_rules forex{forex_day, forex_name};
constexpr venue_rules always{every_day, no_name};

class rule_calendar final : public exchange_calendar {
public:
  rule_calendar(std::string_view id, venue_rules rules, std::shared_ptr<const calendar_data> data)
    : exchange_calendar(std::move(data)), id_(id), rules_(rules) {}

  [[nodiscard]] std::string_view id() const override { return id_; }
  [[nodiscard]] std::string_view time_zone() const override { return data()->clock.name(); }
  [[nodiscard]] std::optional<trading_day> day(civil_date day) const override {
    if (data()->covers(day)) return data()->on(day);
    return is_supported(day) ? rules_.day(data()->clock, day) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::string_view> holiday_name(civil_date day) const override {
    return is_supported(day) ? rules_.name(day) : std::nullopt;
  }

private:
  std::string_view id_;
  venue_rules rules_;
};

using calendar_ptr = std::shared_ptr<const exchange_calendar>;
using data_ptr = std::shared_ptr<const calendar_data>;

/// Zone files in the "slim" form, whose rules this reader of them doesn't follow,
/// would put every summer one hour off: refuse them.
bool knows_summer_time(const zone_clock& clock) {
  return clock.offset_at(civil_date::of(2036, 7, 1).midnight_utc()) != clock.offset_at(civil_date::of(2036, 1, 1).midnight_utc());
}

result<data_ptr> make_data(std::string_view zone, day_rule rule) {
  auto clock = zone_clock::load(zone);
  if (!clock) return std::move(clock).error();
  if (zone.starts_with("America/") && !knows_summer_time(*clock))
    return error{errc::not_available,
                 "the system's time zone database lists no summer time for " + clock->name() + "; install the package tzdata in its \"fat\" form"};
  return data_ptr{std::make_shared<const calendar_data>(std::move(*clock), rule)};
}

result<calendar_ptr> make_calendar(std::string_view id, venue_rules rules, const result<data_ptr>& data) {
  if (!data) return data.error();
  return calendar_ptr{std::make_shared<const rule_calendar>(id, rules, *data)};
}

constexpr std::string_view new_york = "America/New_York";

/// XNYS and XNAS share one table.
const result<data_ptr>& us_equity_data() {
  static const result<data_ptr> data = make_data(new_york, us_equity.day);
  return data;
}

const result<calendar_ptr>& xnys() {
  static const auto calendar = make_calendar("XNYS", us_equity, us_equity_data());
  return calendar;
}

const result<calendar_ptr>& xnas() {
  static const auto calendar = make_calendar("XNAS", us_equity, us_equity_data());
  return calendar;
}

const result<calendar_ptr>& globex() {
  static const auto calendar = make_calendar("CME_EQUITY", cme_equity, make_data("America/Chicago", cme_equity.day));
  return calendar;
}

const result<calendar_ptr>& interbank() {
  static const auto calendar = make_calendar("FOREX", forex, make_data(new_york, forex.day));
  return calendar;
}

const result<calendar_ptr>& round_the_clock() {
  static const auto calendar = make_calendar("24X7", always, make_data("Etc/UTC", always.day));
  return calendar;
}

struct named_calendar {
  std::string_view name;
  const result<calendar_ptr>& (*get)();
};

/// The primary names first, then the other names of the same calendars.
constexpr std::size_t primary_names = 5;
constexpr std::array calendar_names{
  named_calendar{"XNYS", xnys},       named_calendar{"XNAS", xnas},       named_calendar{"CME_EQUITY", globex},
  named_calendar{"FOREX", interbank}, named_calendar{"24X7", round_the_clock},
  named_calendar{"NYSE", xnys},       named_calendar{"ARCX", xnys},       named_calendar{"AMEX", xnys},
  named_calendar{"BATS", xnys},       named_calendar{"NASDAQ", xnas},     named_calendar{"CME", globex},
  named_calendar{"CBOT", globex},     named_calendar{"GLOBEX", globex},   named_calendar{"FX", interbank},
  named_calendar{"24/7", round_the_clock},
};

constexpr char upper(char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

result<calendar_ptr> find_calendar(std::string_view id) {
  for (const auto& [name, get] : calendar_names)
    if (std::ranges::equal(id, name, {}, upper)) return get();
  std::string known;
  for (const std::string_view name : calendar_ids()) (known += known.empty() ? "" : ", ") += name;
  return error{errc::not_found, "no calendar " + in_quotes(id) + "; there are " + known};
}

std::vector<std::string_view> calendar_ids() {
  std::vector<std::string_view> ids;
  for (std::size_t i = 0; i < primary_names; ++i) ids.push_back(calendar_names[i].name);
  return ids;
}

} // namespace tt
