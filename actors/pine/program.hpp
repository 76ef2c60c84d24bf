#pragma once
/// The compiled form of a script: typed instructions over register slots. Numbers, bools, colors and enum
/// values are doubles in one register file; strings, collections, user objects and drawings are pointers in
/// another. Calls of user functions are expanded in place, so every call site owns its registers and state.

#include "actors/pine/types.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tt::pine {

struct site; // a call of a built-in, resolved to pointers (runtime.hpp)
using native_fn = void (*)(site&);

/// Operation codes. a is the target register unless said otherwise; n/r marks the register file.
enum class op : std::uint16_t {
  halt,
  mov,   ///< n[a] = n[b]
  movr,  ///< r[a] = r[b]
  add, sub, mul, div,
  idiv,  ///< integer division, truncating
  mod,
  neg,
  lt, le, gt, ge, eq, ne, ///< tolerant comparisons; na gives false
  lt3, le3, gt3, ge3, eq3, ne3, ///< of version 5, whose bools have three states: na gives na
  teq, tne,               ///< of strings
  req, rne,               ///< of references
  land, lor, lnot,
  jmp,   ///< to c
  jf,    ///< to c unless n[a]
  jt,    ///< to c if n[a]
  jnlt, jnle, jngt, jnge, jneq, jnne, ///< to c unless n[a] ? n[b]
  sel,   ///< n[a] = n[b] ? n[c] : n[next.a], two words
  once,  ///< jump to c if n[a], else set it: the initialiser of a var
  push,  ///< history ring at state b takes n[a] as this bar's value
  pushr, ///< the same for r[a]; with x of a copy of that array or matrix as it is now
  hist,  ///< n[a] = ring at state b, c bars back (c >= 1)
  histr,
  histd, ///< n[a] = ring at state b, n[c] bars back; offset 0 reads the ring's own register
  histdr,
  getf, setf,   ///< n[a] = fields of r[b] at c; setf: fields of r[a] at c = n[b]
  getfr, setfr,
  call,  ///< site c
  back,  ///< loop back edge to c, metered
  forinit, ///< n[a] = step sign and magnitude from n[b], n[c], n[next.a]
  fortest, ///< leave to c unless the loop variable n[a] is within n[b] given step n[next.a], two words
  count_
};

struct instr {
  op code = op::halt;
  std::uint16_t x = 0;
  std::uint32_t a = 0, b = 0, c = 0;
  bool operator==(const instr&) const = default;
};

/// What a register is loaded with before each bar.
enum class bar_field : std::uint16_t {
  open, high, low, close, volume, hl2, hlc3, ohlc4, hlcc4, bar_index, time, time_close, time_tradingday, timenow,
  last_bar_index, last_bar_time, ask, bid,
  year, month, weekofyear, dayofmonth, dayofweek, hour, minute, second,
  isfirst, islast, ishistory, isrealtime, isnew, isconfirmed, islastconfirmedhistory,
  session_ismarket, session_ispremarket, session_ispostmarket, session_isfirstbar, session_islastbar,
  session_isfirstbar_regular, session_islastbar_regular,
  // known from the start of the run
  fixed_begin,
  tf_isdaily = fixed_begin, tf_isdwm, tf_isintraday, tf_isminutes, tf_ismonthly, tf_isseconds, tf_isticks, tf_isweekly,
  tf_multiplier, mintick, pointvalue, pricescale, minmove, mincontract, employees, shareholders, shares_float,
  shares_total, expiration_date, left_visible_time, right_visible_time, bg_color, fg_color, is_standard, is_heikinashi, is_other_chart, no_number,
  initial_capital,
  target_price_average, target_price_date, target_price_estimates, target_price_high, target_price_low,
  target_price_median, rec_buy, rec_buy_strong, rec_date, rec_hold, rec_sell, rec_sell_strong, rec_total,
  // texts
  text_begin,
  tf_period = text_begin, tf_main_period, basecurrency, country, currency, current_contract, description, industry,
  isin, main_tickerid, prefix, root, sector, session, ticker, tickerid, timezone, type, volumetype, account_currency,
  // the strategy's own account, from the broker emulator
  strategy_begin, // + index into strategy_view
};

/// Whether the value is loaded anew before each bar.
inline bool is_of_bar(bar_field f) { return f < bar_field::fixed_begin || f >= bar_field::strategy_begin; }

struct bar_load {
  bar_field field;
  std::uint32_t extra = 0; ///< which field of strategy_view
  std::uint32_t reg = 0;
  bool is_ref = false;
  bool operator==(const bar_load&) const = default;
};

/// A ring for `x[n]`. `reg` is the register whose value offset 0 means.
struct ring_plan {
  std::uint32_t state = 0;
  std::uint32_t reg = 0;
  std::uint32_t depth = 1; ///< deepest constant offset
  std::uint32_t asked = 0; ///< size that max_bars_back() gives the buffer; 0: none
  bool dynamic = false;    ///< offsets not known when compiling
  bool is_ref = false;
  bool copies = false;     ///< of arrays and matrices: each bar keeps what they held at its end
  bool operator==(const ring_plan&) const = default;
};

/// A call of a built-in.
struct site_plan {
  native_fn fn = nullptr;
  std::string_view name;
  std::vector<std::uint32_t> args;
  std::vector<type_id> types;
  std::vector<std::uint32_t> outs; ///< result registers; several for a tuple
  std::vector<type_id> out_types;
  std::uint32_t state = 0;
  std::uint32_t aux = 0; ///< meaning is the built-in's: a type, a plot, a request
  std::uint32_t line_no = 0;
  std::uint32_t statement = 0; ///< one number per call in the source, however often its function is expanded
  bool series_length = false; ///< a length argument may change from bar to bar
};

enum class input_kind : std::uint8_t {
  integer, floating, boolean, text, color, source, timeframe, symbol, session, time, price, text_area, enumeration
};

/// One input of the script, its default and its bounds; the UI's form is made from this.
struct input_info {
  input_kind kind = input_kind::integer;
  std::string title, tooltip, group, inline_, name; ///< name: the variable it is assigned to
  double number = 0; ///< default for numbers, bools, colors, times, enums (index)
  std::string text;  ///< default for texts
  double minval = 0, maxval = 0, step = 0;
  bool has_min = false, has_max = false, confirm = false;
  std::vector<double> number_options;
  std::vector<std::string> text_options; ///< for enums: titles
};

/// Where a program keeps the value of input number `index`.
struct input_use {
  std::uint32_t index = 0;
  std::uint32_t reg = 0;
  bool is_ref = false;
  bool operator==(const input_use&) const = default;
};

enum class plot_kind : std::uint8_t {
  plot, shape, character, arrow, bar, candle, hline, fill, bgcolor, barcolor, alertcondition
};

/// One visual output. Values are read from registers after each bar.
struct plot_info {
  plot_kind kind = plot_kind::plot;
  std::string title;
  std::vector<std::pair<std::string, std::string>> options; ///< constant options by parameter name
  std::vector<std::pair<std::string, std::uint32_t>> series; ///< number registers by parameter name
  std::vector<std::pair<std::string, std::uint32_t>> texts;  ///< string registers by parameter name
};

struct program;

/// A request.security-like call: what to evaluate elsewhere.
struct request_plan {
  std::shared_ptr<program> body; ///< evaluates the expression on the other bars
  std::vector<std::uint32_t> results;      ///< registers in body
  std::vector<type_id> types;
  bool lower = false; ///< request.security_lower_tf
  std::uint32_t line_no = 0;
  std::uint32_t expression = 0; ///< the same number for plans that evaluate the same: see limits::requests
};

/// indicator(), strategy() or library().
struct declaration {
  enum class kind_t : std::uint8_t { indicator, strategy, library } kind = kind_t::indicator;
  std::string title, shorttitle, format, timeframe;
  bool overlay = false;
  bool dynamic_requests = true; ///< requests may take series and stand in loops and conditions
  bool timeframe_gaps = true; ///< between bars of `timeframe` plots are na
  int precision = -1;
  int max_lines = 50, max_labels = 50, max_boxes = 50, max_polylines = 50, max_bars_back = 0, calc_bars_count = 0;
  // strategy
  double initial_capital = 1'000'000, default_qty_value = 1, commission_value = 0, slippage = 0;
  double margin_long = 100, margin_short = 100, risk_free_rate = 2, backtest_fill_limits_assumption = 0;
  int pyramiding = 0;
  std::string default_qty_type = "fixed", commission_type = "percent", currency = "NONE", close_entries_rule = "FIFO";
  bool calc_on_order_fills = false, calc_on_every_tick = false, calc_on_every_history_tick = false, process_orders_on_close = false;
  bool use_bar_magnifier = false, fill_orders_on_standard_ohlc = false;
  /// What the script itself says of its money, as against the values above that stand where it says nothing.
  bool says_capital = false, says_commission = false, says_slippage = false;
};

struct program {
  std::vector<instr> code;
  std::vector<std::uint32_t> lines; ///< source line per instruction
  std::vector<double> num_init;     ///< first values of the number registers; NaN where none
  std::uint32_t refs = 0;           ///< reference registers
  std::vector<std::pair<std::uint32_t, std::string>> text_init;
  std::vector<std::uint32_t> varip_num, varip_ref;
  std::vector<bar_load> loads;
  std::vector<ring_plan> rings;
  std::vector<site_plan> sites;
  std::vector<std::uint32_t> every_bar; ///< sites that run before the script on every bar: variables such as ta.obv
  std::uint32_t state_bytes = 0;
  std::vector<input_info> inputs; ///< of the script; empty in the body of a request
  std::vector<input_use> input_uses;
  std::vector<plot_info> plots;
  std::vector<std::shared_ptr<request_plan>> requests;
  std::shared_ptr<type_table> types;
  declaration decl;
  int version = 6;
};

} // namespace tt::pine
