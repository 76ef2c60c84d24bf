#include "actors/pine/registry.hpp"
#include "actors/pine/settings.hpp"
#include "actors/pine/util.hpp"

#include <numbers>

/// Constants and variables of the language.

namespace tt::pine {

const std::vector<variable_row>& ta_variables();
native_fn all_of(type_id t);

namespace {

void add_texts(std::vector<constant_row>& out, const std::string& space, std::initializer_list<const char*> names,
               int version = 0) {
  for (const auto* n : names) out.push_back({space + "." + n, t_string, 0, n, version});
}
/// Styles whose value is the name without "style_" or another common beginning.
void add_cut(std::vector<constant_row>& out, const std::string& space, const std::string& cut,
             std::initializer_list<const char*> names, int version = 0) {
  for (const auto* n : names) out.push_back({space + "." + cut + n, t_string, 0, n, version});
}

} // namespace

const std::vector<constant_row>& builtin_constants() {
  static const std::vector<constant_row> rows = [] {
    std::vector<constant_row> r;
    add_texts(r, "adjustment", {"dividends", "none", "splits"});
    add_texts(r, "backadjustment", {"inherit", "off", "on"});
    add_texts(r, "settlement_as_close", {"inherit", "off", "on"});
    add_cut(r, "alert", "freq_", {"all", "once_per_bar", "once_per_bar_close"});
    add_texts(r, "barmerge", {"gaps_off", "gaps_on", "lookahead_off", "lookahead_on"});
    const std::pair<const char*, std::uint32_t> colors[] = {
        {"aqua", 0x00BCD4FF}, {"black", 0x363A45FF}, {"blue", 0x2962FFFF}, {"fuchsia", 0xE040FBFF}, {"gray", 0x787B86FF},
        {"green", 0x4CAF50FF}, {"lime", 0x00E676FF}, {"maroon", 0x880E4FFF}, {"navy", 0x311B92FF}, {"olive", 0x808000FF},
        {"orange", 0xFF9800FF}, {"purple", 0x9C27B0FF}, {"red", 0xF23645FF}, {"silver", 0xB2B5BEFF}, {"teal", 0x089981FF},
        {"white", 0xFFFFFFFF}, {"yellow", 0xFDD835FF}};
    for (const auto& [n, v] : colors) r.push_back({std::string("color.") + n, t_color, f64(v), ""});
    const std::pair<const char*, std::uint32_t> older_colors[] = {{"red", 0xFF5252FF}, {"teal", 0x00897BFF}, {"yellow", 0xFFEB3BFF}};
    for (const auto& [n, v] : older_colors) r.push_back({std::string("color.") + n, t_color, f64(v), "", 5});
    add_texts(r, "currency", {"AUD", "BTC", "CAD", "CHF", "ETH", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "MYR", "NOK",
                              "NONE", "NZD", "RUB", "SEK", "SGD", "TRY", "USD", "USDT", "ZAR"});
    add_texts(r, "currency", {"AED", "ARS", "BDT", "BHD", "BRL", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "HUF",
                              "IDR", "ILS", "ISK", "KES", "KWD", "LKR", "MAD", "MXN", "NGN", "PEN", "PHP", "PKR", "PLN",
                              "QAR", "RON", "RSD", "SAR", "THB", "TND", "TWD", "VES", "VND"}, 6);
    const char* days[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    for (int i = 0; i < 7; ++i) r.push_back({std::string("dayofweek.") + days[i], t_int, f64(i + 1), ""});
    const std::pair<const char*, int> displays[] = {{"none", 0}, {"pane", 1}, {"data_window", 2}, {"price_scale", 4}, {"status_line", 8}, {"all", 15}};
    for (const auto& [n, v] : displays) r.push_back({std::string("display.") + n, t_int, f64(v), ""});
    r.push_back({"display.pine_screener", t_int, 16, "", 6});
    add_texts(r, "dividends", {"gross", "net"});
    add_texts(r, "earnings", {"actual", "estimate", "standardized"});
    add_texts(r, "splits", {"denominator", "numerator"});
    add_texts(r, "extend", {"both", "left", "none", "right"});
    add_cut(r, "font", "family_", {"default", "monospace"});
    add_texts(r, "format", {"inherit", "mintick", "percent", "price", "volume"});
    add_cut(r, "hline", "style_", {"dashed", "dotted", "solid"});
    add_cut(r, "label", "style_", {"arrowdown", "arrowup", "circle", "cross", "diamond", "flag", "label_center", "label_down",
                                   "label_left", "label_lower_left", "label_lower_right", "label_right", "label_up",
                                   "label_upper_left", "label_upper_right", "none", "square", "text_outline",
                                   "triangledown", "triangleup", "xcross"});
    add_cut(r, "line", "style_", {"arrow_both", "arrow_left", "arrow_right", "dashed", "dotted", "solid"});
    add_texts(r, "location", {"abovebar", "absolute", "belowbar", "bottom", "top"});
    r.push_back({"math.e", t_float, std::numbers::e, ""});
    r.push_back({"math.pi", t_float, std::numbers::pi, ""});
    r.push_back({"math.phi", t_float, std::numbers::phi, ""});
    r.push_back({"math.rphi", t_float, 0.6180339887498948, ""});
    add_texts(r, "order", {"ascending", "descending"});
    add_cut(r, "plot", "style_", {"area", "areabr", "circles", "columns", "cross", "histogram", "line", "linebr", "stepline",
                                  "stepline_diamond", "steplinebr"});
    add_cut(r, "plot", "linestyle_", {"dashed", "dotted", "solid"}, 6);
    add_texts(r, "position", {"bottom_center", "bottom_left", "bottom_right", "middle_center", "middle_left", "middle_right",
                              "top_center", "top_left", "top_right"});
    add_texts(r, "scale", {"left", "none", "right"});
    add_texts(r, "session", {"extended", "regular"});
    add_texts(r, "shape", {"arrowdown", "arrowup", "circle", "cross", "diamond", "flag", "labeldown", "labelup", "square",
                           "triangledown", "triangleup", "xcross"});
    add_texts(r, "size", {"auto", "huge", "large", "normal", "small", "tiny"});
    add_texts(r, "strategy", {"cash", "fixed", "long", "percent_of_equity", "short"});
    add_texts(r, "strategy.commission", {"cash_per_contract", "cash_per_order", "percent"});
    add_texts(r, "strategy.direction", {"all", "long", "short"});
    add_texts(r, "strategy.oca", {"cancel", "none", "reduce"});
    add_cut(r, "text", "align_", {"bottom", "center", "left", "right", "top"});
    add_cut(r, "text", "format_", {"bold", "italic", "none"}, 6);
    add_cut(r, "text", "wrap_", {"auto", "none"});
    add_texts(r, "xloc", {"bar_index", "bar_time"});
    add_texts(r, "yloc", {"abovebar", "belowbar", "price"});
    r.push_back({"true", t_bool, 1, ""});
    r.push_back({"false", t_bool, 0, ""});
    r.push_back({"na", t_na, na_value, ""});
    return r;
  }();
  return rows;
}

const std::vector<variable_row>& builtin_variables() {
  static const std::vector<variable_row> rows = [] {
    std::vector<variable_row> r = ta_variables();
    using f = bar_field;
    auto add = [&r](const char* name, type_id t, qual q, f field, int version = 0) {
      variable_row row{name, t, q, field};
      row.version = version;
      r.push_back(std::move(row));
    };
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"open", f::open}, {"high", f::high}, {"low", f::low}, {"close", f::close}, {"volume", f::volume},
             {"hl2", f::hl2}, {"hlc3", f::hlc3}, {"ohlc4", f::ohlc4}, {"hlcc4", f::hlcc4}})
      add(n, t_float, qual::series, v);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"bar_index", f::bar_index}, {"time", f::time}, {"time_close", f::time_close},
             {"time_tradingday", f::time_tradingday}, {"timenow", f::timenow}, {"last_bar_index", f::last_bar_index},
             {"last_bar_time", f::last_bar_time}, {"year", f::year}, {"month", f::month}, {"weekofyear", f::weekofyear},
             {"dayofmonth", f::dayofmonth}, {"dayofweek", f::dayofweek}, {"hour", f::hour}, {"minute", f::minute},
             {"second", f::second}})
      add(n, t_int, qual::series, v);
    add("ask", t_float, qual::series, f::ask, 6);
    add("bid", t_float, qual::series, f::bid, 6);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"barstate.isfirst", f::isfirst}, {"barstate.islast", f::islast}, {"barstate.ishistory", f::ishistory},
             {"barstate.isrealtime", f::isrealtime}, {"barstate.isnew", f::isnew}, {"barstate.isconfirmed", f::isconfirmed},
             {"barstate.islastconfirmedhistory", f::islastconfirmedhistory}, {"session.ismarket", f::session_ismarket},
             {"session.ispremarket", f::session_ispremarket}, {"session.ispostmarket", f::session_ispostmarket},
             {"session.isfirstbar", f::session_isfirstbar}, {"session.islastbar", f::session_islastbar},
             {"session.isfirstbar_regular", f::session_isfirstbar_regular}, {"session.islastbar_regular", f::session_islastbar_regular}})
      add(n, t_bool, qual::series, v);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"timeframe.isdaily", f::tf_isdaily}, {"timeframe.isdwm", f::tf_isdwm}, {"timeframe.isintraday", f::tf_isintraday},
             {"timeframe.isminutes", f::tf_isminutes}, {"timeframe.ismonthly", f::tf_ismonthly},
             {"timeframe.isseconds", f::tf_isseconds}, {"timeframe.isticks", f::tf_isticks}, {"timeframe.isweekly", f::tf_isweekly},
             {"chart.is_standard", f::is_standard}, {"chart.is_heikinashi", f::is_heikinashi}})
      add(n, t_bool, qual::simple, v);
    for (const auto* n : {"chart.is_kagi", "chart.is_linebreak", "chart.is_pnf", "chart.is_range", "chart.is_renko"})
      add(n, t_bool, qual::simple, f::is_other_chart);
    add("chart.bg_color", t_color, qual::input, f::bg_color);
    add("chart.fg_color", t_color, qual::input, f::fg_color);
    add("chart.left_visible_bar_time", t_int, qual::input, f::left_visible_time);
    add("chart.right_visible_bar_time", t_int, qual::input, f::right_visible_time);
    add("timeframe.multiplier", t_int, qual::simple, f::tf_multiplier);
    add("timeframe.period", t_string, qual::simple, f::tf_period);
    add("timeframe.main_period", t_string, qual::simple, f::tf_main_period, 6);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"basecurrency", f::basecurrency}, {"country", f::country}, {"currency", f::currency}, {"description", f::description},
             {"industry", f::industry}, {"prefix", f::prefix}, {"root", f::root}, {"sector", f::sector}, {"session", f::session},
             {"ticker", f::ticker}, {"tickerid", f::tickerid}, {"timezone", f::timezone}, {"type", f::type}, {"volumetype", f::volumetype}})
      add((std::string("syminfo.") + n).c_str(), t_string, qual::simple, v);
    add("syminfo.current_contract", t_string, qual::simple, f::current_contract, 6);
    add("syminfo.isin", t_string, qual::simple, f::isin, 6);
    add("syminfo.main_tickerid", t_string, qual::simple, f::main_tickerid, 6);
    add("syminfo.mincontract", t_float, qual::simple, f::mincontract, 6);
    add("syminfo.mintick", t_float, qual::simple, f::mintick);
    add("syminfo.pointvalue", t_float, qual::simple, f::pointvalue);
    add("syminfo.minmove", t_int, qual::simple, f::minmove);
    add("syminfo.pricescale", t_int, qual::simple, f::pricescale);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"employees", f::employees}, {"shareholders", f::shareholders}, {"expiration_date", f::expiration_date},
             {"recommendations_buy", f::rec_buy}, {"recommendations_buy_strong", f::rec_buy_strong},
             {"recommendations_date", f::rec_date}, {"recommendations_hold", f::rec_hold}, {"recommendations_sell", f::rec_sell},
             {"recommendations_sell_strong", f::rec_sell_strong}, {"recommendations_total", f::rec_total},
             {"target_price_date", f::target_price_date}})
      add((std::string("syminfo.") + n).c_str(), t_int, qual::series, v);
    for (const auto& [n, v] : std::initializer_list<std::pair<const char*, f>>{
             {"shares_outstanding_float", f::shares_float}, {"shares_outstanding_total", f::shares_total},
             {"target_price_average", f::target_price_average}, {"target_price_estimates", f::target_price_estimates},
             {"target_price_high", f::target_price_high}, {"target_price_low", f::target_price_low},
             {"target_price_median", f::target_price_median}})
      add((std::string("syminfo.") + n).c_str(), t_float, qual::series, v);
    for (const auto* n : {"dividends.future_amount", "earnings.future_eps", "earnings.future_revenue"})
      add(n, t_float, qual::series, f::no_number); // known only where a feed of future events exists
    for (const auto* n : {"dividends.future_ex_date", "dividends.future_pay_date", "earnings.future_period_end_time", "earnings.future_time"})
      add(n, t_int, qual::series, f::no_number);
    const auto& names = strategy_view::names();
    for (std::uint32_t k = 0; k < strategy_view::count_; ++k) {
      std::string n = names[k];
      bool whole = n == "closedtrades" || n == "opentrades" || n == "eventrades" || n == "losstrades" || n == "wintrades" || n == "closedtrades.first_index";
      variable_row row{"strategy." + n, type_id(whole ? t_int : t_float), qual::series, f::strategy_begin, k};
      row.version = n == "closedtrades.first_index" ? 6 : 0;
      r.push_back(std::move(row));
    }
    add("strategy.account_currency", t_string, qual::simple, f::account_currency);
    add("strategy.initial_capital", t_float, qual::simple, f::initial_capital);
    add("strategy.position_entry_name", t_string, qual::series, f::strategy_begin);
    const std::pair<const char*, type_id> drawings[] = {{"line.all", t_line}, {"linefill.all", t_linefill}, {"label.all", t_label},
                                                        {"box.all", t_box}, {"table.all", t_table}, {"polyline.all", t_polyline}};
    type_id k = 0;
    for (const auto& [n, t] : drawings) {
      variable_row row{n, all_array(k++), qual::series, {}};
      row.fn = all_of(t);
      r.push_back(std::move(row));
    }
    return r;
  }();
  return rows;
}

} // namespace tt::pine
