#include "actors/pine/requests.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

/// The values that registers are loaded with: prices and calendar facts before every bar, symbol facts once.

namespace tt::pine {

const std::array<const char*, strategy_view::count_>& strategy_view::names() {
  static const std::array<const char*, count_> list{
      "avg_losing_trade", "avg_losing_trade_percent", "avg_trade", "avg_trade_percent", "avg_winning_trade",
      "avg_winning_trade_percent", "closedtrades", "closedtrades.first_index", "equity", "eventrades", "grossloss",
      "grossloss_percent", "grossprofit", "grossprofit_percent", "losstrades", "margin_liquidation_price",
      "max_contracts_held_all", "max_contracts_held_long", "max_contracts_held_short", "max_drawdown",
      "max_drawdown_percent", "max_runup", "max_runup_percent", "netprofit", "netprofit_percent", "openprofit",
      "openprofit_percent", "opentrades", "opentrades.capital_held", "position_avg_price", "position_size",
      "wintrades"};
  return list;
}

std::int64_t context::time_close() const { return cal.bar_close(tf, current.time_ms); }

void context::load_fixed() {
  for (const auto& load : prog->loads) {
    if (is_of_bar(load.field)) {
      bar_loads_.push_back(load);
    } else if (load.is_ref) {
      auto* t = shared.objects.text(field_text(load.field));
      t->pinned = true;
      ref[load.reg] = load.field == bar_field::no_number ? nullptr : t;
    } else {
      num[load.reg] = field_number(load.field, load.extra);
    }
  }
}

void context::load_bar() {
  for (const auto& load : bar_loads_) {
    switch (load.field) {
    case bar_field::open: num[load.reg] = current.open; break;
    case bar_field::high: num[load.reg] = current.high; break;
    case bar_field::low: num[load.reg] = current.low; break;
    case bar_field::close: num[load.reg] = current.close; break;
    case bar_field::volume: num[load.reg] = current.volume; break;
    case bar_field::hl2: num[load.reg] = (current.high + current.low) / 2; break;
    case bar_field::hlc3: num[load.reg] = (current.high + current.low + current.close) / 3; break;
    case bar_field::ohlc4: num[load.reg] = (current.open + current.high + current.low + current.close) / 4; break;
    case bar_field::hlcc4: num[load.reg] = (current.high + current.low + 2 * current.close) / 4; break;
    case bar_field::bar_index: num[load.reg] = f64(index); break;
    case bar_field::time: num[load.reg] = f64(current.time_ms); break;
    default:
      if (load.is_ref) {
        const auto* account = shared.settings.account;
        const bool held = account != nullptr && account->position_entry_name;
        ref[load.reg] = held ? shared.objects.text(*account->position_entry_name) : nullptr; // na while flat (as observed)
      } else {
        num[load.reg] = field_number(load.field, load.extra);
      }
    }
  }
}

/// session.*: the part of the day that a bar belongs to. On timeframes of a day and more every bar is a whole session.
double context::session_flag(bar_field f) const {
  const auto t = current.time_ms;
  const auto& regular = regular_cal ? *regular_cal : cal;
  const auto of_day = [&] { return regular.trading_day(t); };
  const auto in_hours = [&] { return regular.session().contains(cal.tz().local(t)) && (!regular_cal || t < regular.session_close(of_day())); };
  switch (f) {
  case bar_field::session_ismarket: return from_bool(!tf.intraday() || in_hours());
  case bar_field::session_ispremarket: return from_bool(tf.intraday() && !in_hours() && t < regular.session_open(of_day()));
  case bar_field::session_ispostmarket: return from_bool(tf.intraday() && !in_hours() && t >= regular.session_close(of_day()));
  case bar_field::session_isfirstbar_regular:
  case bar_field::session_isfirstbar: {
    if (!tf.intraday()) return 1;
    const auto& own = f == bar_field::session_isfirstbar ? cal : regular;
    const auto day = own.trading_day(t);
    if (index == 0) return from_bool(t == own.session_open(day));
    if (&own == &cal) return from_bool(cal.trading_day(prev_time) != day);
    return from_bool(in_hours() && prev_time < own.session_open(day));
  }
  default: {
    if (!tf.intraday()) return 1;
    const auto& own = f == bar_field::session_islastbar ? cal : regular;
    return from_bool(time_close() >= own.session_close(own.trading_day(t)) && (&own == &cal || in_hours()));
  }
  }
}

double context::field_number(bar_field f, std::uint32_t extra) const {
  const auto& s = *symbol;
  auto fact = [&](const char* name) {
    auto it = s.numbers.find(name);
    return it == s.numbers.end() ? na_value : it->second;
  };
  auto local = [&] { return cal.tz().local(current.time_ms); };
  const auto& set = shared.settings;
  bool main = shared.root == this;
  switch (f) {
  case bar_field::time_close: return f64(time_close());
  case bar_field::time_tradingday: {
    return f64(cal.trading_day(current.time_ms) * 86'400'000);
  }
  case bar_field::timenow: return f64(set.now_ms != 0 ? set.now_ms : time_close());
  case bar_field::last_bar_index: return f64(main && set.last_bar_index >= index ? set.last_bar_index : index);
  case bar_field::last_bar_time: return f64(main && set.last_bar_time_ms > current.time_ms ? set.last_bar_time_ms : current.time_ms);
  case bar_field::ask:
  case bar_field::bid: return na_value; // quotes exist on tick charts only
  case bar_field::year: return local().year;
  case bar_field::month: return local().month;
  case bar_field::weekofyear: return iso_week(local());
  case bar_field::dayofmonth: return local().day;
  case bar_field::dayofweek: return local().weekday;
  case bar_field::hour: return local().hour;
  case bar_field::minute: return local().minute;
  case bar_field::second: return local().second;
  case bar_field::isfirst: return from_bool(index == 0);
  case bar_field::islast: return from_bool(flags.last);
  case bar_field::ishistory: return from_bool(!flags.realtime);
  case bar_field::isrealtime: return from_bool(flags.realtime);
  case bar_field::isnew: return from_bool(flags.fresh || (flags.historical && flags.closing));
  case bar_field::isconfirmed: return from_bool(flags.confirmed);
  case bar_field::islastconfirmedhistory: return from_bool(flags.last_history);
  case bar_field::session_ismarket:
  case bar_field::session_ispremarket:
  case bar_field::session_ispostmarket:
  case bar_field::session_isfirstbar:
  case bar_field::session_isfirstbar_regular:
  case bar_field::session_islastbar:
  case bar_field::session_islastbar_regular: return session_flag(f);
  case bar_field::tf_isdaily: return from_bool(tf.unit == timeframe::unit_t::day);
  case bar_field::tf_isdwm: return from_bool(!tf.intraday());
  case bar_field::tf_isintraday: return from_bool(tf.intraday());
  case bar_field::tf_isminutes: return from_bool(tf.unit == timeframe::unit_t::minute);
  case bar_field::tf_ismonthly: return from_bool(tf.unit == timeframe::unit_t::month);
  case bar_field::tf_isseconds: return from_bool(tf.unit == timeframe::unit_t::second);
  case bar_field::tf_isticks: return from_bool(tf.unit == timeframe::unit_t::tick);
  case bar_field::tf_isweekly: return from_bool(tf.unit == timeframe::unit_t::week);
  case bar_field::tf_multiplier: return f64(tf.count);
  case bar_field::mintick: return s.mintick;
  case bar_field::pointvalue: return s.pointvalue;
  case bar_field::pricescale: return s.pricescale;
  case bar_field::minmove: return s.minmove;
  case bar_field::mincontract: return s.mincontract;
  case bar_field::employees: return fact("employees");
  case bar_field::shareholders: return fact("shareholders");
  case bar_field::shares_float: return fact("shares_outstanding_float");
  case bar_field::shares_total: return fact("shares_outstanding_total");
  case bar_field::expiration_date: return fact("expiration_date");
  case bar_field::target_price_average: return fact("target_price_average");
  case bar_field::target_price_date: return fact("target_price_date");
  case bar_field::target_price_estimates: return fact("target_price_estimates");
  case bar_field::target_price_high: return fact("target_price_high");
  case bar_field::target_price_low: return fact("target_price_low");
  case bar_field::target_price_median: return fact("target_price_median");
  case bar_field::rec_buy: return fact("recommendations_buy");
  case bar_field::rec_buy_strong: return fact("recommendations_buy_strong");
  case bar_field::rec_date: return fact("recommendations_date");
  case bar_field::rec_hold: return fact("recommendations_hold");
  case bar_field::rec_sell: return fact("recommendations_sell");
  case bar_field::rec_sell_strong: return fact("recommendations_sell_strong");
  case bar_field::rec_total: return fact("recommendations_total");
  case bar_field::left_visible_time: return fact("left_visible_bar_time");
  case bar_field::right_visible_time: return f64(set.last_bar_time_ms);
  case bar_field::bg_color: return f64(0xFFFFFFFFu);
  case bar_field::fg_color: return f64(0x131722FFu);
  case bar_field::is_standard: return from_bool(chart_ == chart_kind::standard);
  case bar_field::is_heikinashi: return from_bool(chart_ == chart_kind::heikin_ashi);
  case bar_field::is_other_chart: return 0;
  case bar_field::initial_capital: return shared.decl != nullptr ? shared.decl->initial_capital : na_value;
  default: break;
  }
  if (f >= bar_field::strategy_begin) {
    if (set.account != nullptr) return set.account->values[extra];
    // without a broker the account stands still
    if (extra == strategy_view::equity && shared.decl != nullptr) return shared.decl->initial_capital;
    return extra == strategy_view::position_avg_price || extra == strategy_view::margin_liquidation_price ? na_value : 0;
  }
  return na_value;
}

std::string context::field_text(bar_field f) const {
  const auto& s = *symbol;
  switch (f) {
  case bar_field::tf_period: return tf.text(prog->version >= 6);
  case bar_field::tf_main_period: return shared.settings.chart_timeframe.text(true);
  case bar_field::basecurrency: return s.basecurrency;
  case bar_field::country: return s.country;
  case bar_field::currency: return s.currency;
  case bar_field::description: return s.description;
  case bar_field::industry: return s.industry;
  case bar_field::isin: return s.isin;
  case bar_field::main_tickerid: return shared.settings.symbol->tickerid();
  case bar_field::prefix: return s.prefix;
  case bar_field::root: return s.root.empty() ? s.ticker : s.root;
  case bar_field::sector: return s.sector;
  case bar_field::session: return s.regular_session.empty() ? "regular" : "extended";
  case bar_field::ticker: return s.ticker;
  case bar_field::tickerid: return s.tickerid();
  case bar_field::timezone: return s.timezone;
  case bar_field::type: return s.type;
  case bar_field::volumetype: return s.volumetype;
  case bar_field::account_currency:
    return shared.decl != nullptr && shared.decl->currency != "NONE" && !shared.decl->currency.empty() ? shared.decl->currency : s.currency;
  default: return "";
  }
}

void context::collect() {
  auto& h = shared.objects;
  if (shared.root != nullptr) shared.root->mark(h);
  else mark(h);
  for (auto& [_, d] : shared.drawings) h.mark(d);
  auto live = h.sweep();
  shared.charge(live / 256);
  if (live > shared.settings.limit.heap_bytes)
    throw script_stop{"the script uses more than " + std::to_string(shared.settings.limit.heap_bytes >> 20) + " MiB of memory"};
}

} // namespace tt::pine
