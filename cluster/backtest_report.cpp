#include "cluster/backtest_report.hpp"

#include "cluster/pine_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tt::cluster {

using backtest::document;

namespace {

constexpr std::size_t text_trades = 20;   ///< trades a report on the terminal ends with
constexpr std::size_t page_trades = 2'000; ///< in the page; the CSV has them all

// ---------------------------------------------------------------- values as text

double number(const document& d) { return d.is_number() ? d.get<double>() : std::nan(""); }
const document& at(const document& d, const char* name) {
  static const document none;
  if (!d.is_object()) return none;
  const auto it = d.find(name);
  return it == d.end() ? none : *it;
}
std::string text_of(const document& d) { return d.is_string() ? d.get<std::string>() : d.is_null() ? "" : backtest::to_text(d); }

std::string fixed(double v, int digits) {
  if (!std::isfinite(v)) return "–";
  std::array<char, 400> buffer{};
  const auto n = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, v);
  return {buffer.data(), static_cast<std::size_t>(n)};
}
std::string percent(double v) { return std::isfinite(v) ? fixed(v * 100, 2) + " %" : "–"; }
/// 1234567.891 as 1,234,567.89.
std::string money(double v) {
  auto text = fixed(v, 2);
  if (!std::isfinite(v)) return text;
  const auto begin = text.front() == '-' ? 1 : 0;
  for (auto i = static_cast<std::ptrdiff_t>(text.find('.')) - 3; i > begin; i -= 3) text.insert(static_cast<std::size_t>(i), ",");
  return text;
}
std::string whole(const document& d) { return d.is_number() ? fixed(d.get<double>(), 0) : "–"; }

enum class unit : std::uint8_t { percent, money, ratio, count };
std::string shown(const document& d, unit u) {
  switch (u) {
  case unit::percent: return percent(number(d));
  case unit::money: return money(number(d));
  case unit::count: return whole(d);
  default: return fixed(number(d), 3);
  }
}

/// Where a figure stands in the document.
enum class place : std::uint8_t { top, metrics };
/// A figure of the report, and how it reads.
struct figure_row {
  const char* label;
  const char* name;
  place where;
  unit how;
};
constexpr std::array figure_rows{
  figure_row{"Total return", "total_return", place::top, unit::percent},
  figure_row{"Net profit", "net_profit", place::metrics, unit::money},
  figure_row{"Open P&L", "open_pnl", place::metrics, unit::money},
  figure_row{"CAGR", "cagr", place::metrics, unit::percent},
  figure_row{"Buy and hold", "buy_hold_return", place::metrics, unit::percent},
  figure_row{"Max drawdown", "max_drawdown", place::top, unit::percent},
  figure_row{"Longest drawdown, days", "max_drawdown_days", place::metrics, unit::count},
  figure_row{"Sharpe ratio", "sharpe_ratio", place::top, unit::ratio},
  figure_row{"Sortino ratio", "sortino", place::metrics, unit::ratio},
  figure_row{"Calmar ratio", "calmar", place::metrics, unit::ratio},
  figure_row{"Volatility", "volatility", place::metrics, unit::percent},
  figure_row{"Exposure", "exposure", place::metrics, unit::percent},
  figure_row{"VaR 95 %, a day", "var_95", place::metrics, unit::percent},
  figure_row{"CVaR 95 %, a day", "cvar_95", place::metrics, unit::percent},
  figure_row{"Beta", "beta", place::metrics, unit::ratio},
  figure_row{"Alpha", "alpha", place::metrics, unit::percent},
  figure_row{"Trades", "total_trades", place::top, unit::count},
  figure_row{"Win rate", "win_rate", place::top, unit::percent},
  figure_row{"Profit factor", "profit_factor", place::top, unit::ratio},
  figure_row{"Expectancy", "expectancy", place::metrics, unit::money},
  figure_row{"Average win", "avg_win", place::top, unit::money},
  figure_row{"Average loss", "avg_loss", place::top, unit::money},
  figure_row{"Largest win", "largest_win", place::top, unit::money},
  figure_row{"Largest loss", "largest_loss", place::top, unit::money},
  figure_row{"Fees", "fees", place::metrics, unit::money},
};
std::string figure_text(const document& results, const figure_row& row) {
  return shown(row.where == place::metrics ? at(at(results, "metrics"), row.name) : at(results, row.name), row.how);
}

// ---------------------------------------------------------------- tables

using table = std::vector<std::vector<std::string>>;

/// Characters a terminal shows: UTF-8 lead bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// First column to the left, the others to the right.
std::string laid_out(const table& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(width[i] - width_of(row[i]), ' ');
      line += i == 0 ? row[i] + gap : "  " + gap + row[i];
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + '\n';
  }
  return out;
}

/// `report` of the results: a row for each figure, a column for each side. Empty when there is none.
table sides_table(const document& report) {
  if (!report.is_object()) return {};
  struct side_row {
    const char* label;
    const char* name;
    unit how;
  };
  constexpr std::array rows{
    side_row{"Net profit", "net_profit", unit::money}, side_row{"of the capital", "net_profit_return", unit::percent},
    side_row{"Gross profit", "gross_profit", unit::money}, side_row{"Gross loss", "gross_loss", unit::money},
    side_row{"Profit factor", "profit_factor", unit::ratio}, side_row{"Fees", "fees", unit::money},
    side_row{"Trades", "total_trades", unit::count}, side_row{"Open trades", "open_trades", unit::count},
    side_row{"Winning trades", "winning_trades", unit::count}, side_row{"Losing trades", "losing_trades", unit::count},
    side_row{"Win rate", "win_rate", unit::percent}, side_row{"Average trade", "avg_trade", unit::money},
    side_row{"Average win", "avg_win", unit::money}, side_row{"Average loss", "avg_loss", unit::money},
    side_row{"Average win / loss", "win_loss_ratio", unit::ratio}, side_row{"Largest win", "largest_win", unit::money},
    side_row{"Largest loss", "largest_loss", unit::money}, side_row{"Wins in a row", "max_wins_in_a_row", unit::count},
    side_row{"Losses in a row", "max_losses_in_a_row", unit::count}};
  table out{{"TRADES", "ALL", "LONG", "SHORT"}};
  for (const auto& row : rows) {
    out.push_back({row.label});
    for (const char* side : {"all", "long", "short"}) out.back().push_back(shown(at(at(report, side), row.name), row.how));
  }
  return out;
}

table failures_table(const document& runs) {
  table rows{{"RUN", "FAILED"}};
  for (const auto& run : runs)
    if (run.contains("error")) rows.push_back({text_of(at(run, "symbol")) + " " + text_of(at(run, "timeframe")), text_of(at(run["error"], "message"))});
  return rows;
}

table runs_table(const document& runs) {
  table rows{{"RUN", "RETURN", "MAX DD", "SHARPE", "TRADES", "WIN RATE", "PROFIT F.", "BARS"}};
  for (const auto& run : runs) {
    const auto name = text_of(at(run, "symbol")) + " " + text_of(at(run, "timeframe"));
    if (run.contains("error")) {
      rows.push_back({name, "failed: " + text_of(at(run["error"], "message"))});
      continue;
    }
    rows.push_back({name, percent(number(at(run, "total_return"))), percent(number(at(run, "max_drawdown"))), fixed(number(at(run, "sharpe_ratio")), 3),
                    whole(at(run, "total_trades")), percent(number(at(run, "win_rate"))), fixed(number(at(run, "profit_factor")), 3), whole(at(run, "bars"))});
  }
  return rows;
}

std::string date_of(const document& d) {
  auto text = text_of(d);
  if (text.size() > 16) text = text.substr(0, 10) + " " + text.substr(11, 5);
  return text;
}

std::vector<std::string> trade_cells(const document& t) {
  return {text_of(at(t, "symbol")), text_of(at(t, "timeframe")), text_of(at(t, "side")), date_of(at(t, "entry_date")), date_of(at(t, "exit_date")),
          text_of(at(t, "entry_price")), text_of(at(t, "exit_price")), text_of(at(t, "quantity")), money(number(at(t, "pnl"))),
          percent(number(at(t, "pnl_percent"))), text_of(at(t, "exit_reason"))};
}
const std::vector<std::string> trade_heads{"SYMBOL", "TF", "SIDE", "ENTRY", "EXIT", "ENTRY PRICE", "EXIT PRICE", "QUANTITY", "P&L", "P&L %", "EXIT BY"};

std::string params_text(const document& params) {
  std::string out;
  if (!params.is_object()) return "–";
  for (const auto& [name, v] : params.items()) out += (out.empty() ? "" : " ") + name + "=" + text_of(v);
  return out;
}

table best_table(const document& best) {
  table rows{{"RANK", "OBJECTIVE", "STABILITY", "RETURN", "MAX DD", "SHARPE", "TRADES", "PARAMETERS"}};
  for (const auto& b : best) {
    const auto& r = at(b, "results");
    rows.push_back({whole(at(b, "rank")), fixed(number(at(b, "objective")), 4), fixed(number(at(b, "stability")), 2), percent(number(at(r, "total_return"))),
                    percent(number(at(r, "max_drawdown"))), fixed(number(at(r, "sharpe_ratio")), 3), whole(at(r, "total_trades")), params_text(at(b, "params"))});
  }
  return rows;
}

table windows_table(const document& windows) {
  table rows{{"TEST FROM", "TO", "IN SAMPLE", "OUT OF SAMPLE", "TRADES", "PARAMETERS"}};
  for (const auto& w : windows) {
    const auto& out = at(w, "out_of_sample");
    rows.push_back({text_of(at(at(w, "test"), "start")).substr(0, 10), text_of(at(at(w, "test"), "end")).substr(0, 10),
                    percent(number(at(at(w, "in_sample"), "total_return"))), percent(number(at(out, "total_return"))), whole(at(out, "total_trades")),
                    w.contains("error") ? text_of(w["error"]) : params_text(at(w, "params"))});
  }
  return rows;
}

/// Facts of a study beside its tables.
table study_facts(const document& r) {
  table rows{{"Objective", text_of(at(r, "objective")) + ", " + text_of(at(r, "direction"))},
             {"Trials", whole(at(r, "trials_done")) + " of " + whole(at(r, "trials_total")) + ", " + whole(at(r, "trials_failed")) + " failed"}};
  if (r.contains("first_failure")) rows.push_back({"First failure", text_of(r["first_failure"])});
  const auto& w = at(r, "walk_forward");
  if (w.is_object()) {
    rows.push_back({"Efficiency out of sample", fixed(number(at(w, "efficiency")), 3)});
    return rows;
  }
  rows.push_back({"Stability of the best", fixed(number(at(r, "stability")), 3)});
  rows.push_back({"Deflated Sharpe ratio", fixed(number(at(r, "deflated_sharpe")), 3)});
  return rows;
}

/// Whether every run failed: then there are no figures to show, only why.
bool nothing_ran(const document& r) {
  const auto& runs = at(r, "runs");
  return runs.is_array() && !runs.empty() && std::all_of(runs.begin(), runs.end(), [](const document& run) { return run.contains("error"); });
}

std::string heading(const report_head& head) { return head.title + (head.period.empty() ? "" : ", " + head.period); }

// ---------------------------------------------------------------- the page

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  }
  return out;
}

constexpr const char* style = R"(body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p.sub{color:#57606a;margin:.2rem 0 1.5rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #e4e7eb;white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:#57606a;font-weight:600}.scroll{overflow-x:auto}
.figures{columns:3 16rem}.figures div{display:flex;justify-content:space-between;border-bottom:1px solid #e4e7eb;padding:.2rem 0;break-inside:avoid;margin-right:1.5rem}
svg{width:100%;height:auto;display:block}.up{color:#116329}.down{color:#a40e26}
@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td,.figures div{border-color:#30363d}p.sub,th{color:#8b949e}.up{color:#3fb950}.down{color:#f85149}})";

std::string html_table(const table& rows) {
  std::string out = "<div class=scroll><table>";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += "<tr>";
    for (const auto& cell : rows[r]) {
      const char* tag = r == 0 ? "th" : "td";
      out += std::string("<") + tag + ">" + escaped(cell) + "</" + tag + ">";
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

struct box {
  double width, height, left, top, right, bottom;
};

std::string coordinate(double v) { return fixed(v, 1); }

/// Money as a line, or fractions of it as a shaded area below zero.
enum class chart_kind : std::uint8_t { money, fractions };

std::string line_chart(const std::vector<double>& values, const std::string& first, const std::string& last, const char* color, chart_kind kind) {
  constexpr box b{960, 240, 80, 10, 10, 24};
  if (values.size() < 2) return "<p>Too few points for a drawing.</p>\n";
  auto [low_at, high_at] = std::minmax_element(values.begin(), values.end());
  double low = *low_at, high = *high_at;
  if (high - low < 1e-12) low -= 1, high += 1;
  const auto x = [&](std::size_t i) { return b.left + (b.width - b.left - b.right) * static_cast<double>(i) / static_cast<double>(values.size() - 1); };
  const auto y = [&](double v) { return b.top + (b.height - b.top - b.bottom) * (high - v) / (high - low); };
  std::string out = "<svg viewBox=\"0 0 960 240\" role=img>";
  constexpr int lines = 4;
  for (int k = 0; k <= lines; ++k) {
    const double v = low + (high - low) * k / lines;
    out += "<line x1=" + coordinate(b.left) + " x2=" + coordinate(b.width - b.right) + " y1=" + coordinate(y(v)) + " y2=" + coordinate(y(v)) +
           " stroke=\"#8b949e\" stroke-opacity=.25 /><text x=" + coordinate(b.left - 6) + " y=" + coordinate(y(v) + 4) +
           " text-anchor=end font-size=11 fill=\"#8b949e\">" + (kind == chart_kind::fractions ? fixed(v * 100, 1) + " %" : money(v)) + "</text>";
  }
  std::string points;
  for (std::size_t i = 0; i < values.size(); ++i) points += coordinate(x(i)) + "," + coordinate(y(values[i])) + " ";
  if (kind == chart_kind::fractions)
    out += "<polygon points=\"" + coordinate(x(0)) + "," + coordinate(y(std::min(high, std::max(low, 0.0)))) + " " + points + coordinate(x(values.size() - 1)) + "," +
           coordinate(y(std::min(high, std::max(low, 0.0)))) + "\" fill=\"" + color + "\" fill-opacity=.25 />";
  out += "<polyline points=\"" + points + "\" fill=none stroke=\"" + color + "\" stroke-width=1.5 />";
  out += "<text x=" + coordinate(b.left) + " y=236 font-size=11 fill=\"#8b949e\">" + escaped(first) + "</text><text x=" + coordinate(b.width - b.right) +
         " y=236 text-anchor=end font-size=11 fill=\"#8b949e\">" + escaped(last) + "</text>";
  return out + "</svg>\n";
}

constexpr std::size_t drawn_points = 1'500;

std::string curve_html(const document& equity, const char* title) {
  std::vector<backtest::shown_point> curve;
  for (const auto& p : equity) curve.push_back({static_cast<std::int64_t>(curve.size()), number(at(p, "equity"))});
  std::vector<double> values, falls;
  std::vector<double> fall_of(curve.size());
  double peak = -1e300;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    peak = std::max(peak, curve[i].equity);
    fall_of[i] = peak > 0 ? curve[i].equity / peak - 1 : 0;
  }
  for (const auto& p : backtest::downsample(curve, drawn_points)) {
    values.push_back(p.equity);
    falls.push_back(fall_of[static_cast<std::size_t>(p.at)]);
  }
  const auto first = curve.empty() ? "" : date_of(at(equity.front(), "date")), last = curve.empty() ? "" : date_of(at(equity.back(), "date"));
  return std::string("<h2>") + title + "</h2>\n" + line_chart(values, first, last, "#2f81f7", chart_kind::money) + "<h2>Drawdown</h2>\n" +
         line_chart(falls, first, last, "#d1242f", chart_kind::fractions);
}

std::string months_html(const document& results) {
  const auto months = monthly_returns(at(results, "equity_curve"), number(at(results, "initial_capital")));
  if (months.empty()) return {};
  std::string out = "<h2>Returns by month</h2>\n<div class=scroll><table><tr><th>Year</th>";
  for (const char* m : {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Year"}) out += std::string("<th>") + m + "</th>";
  out += "</tr>\n";
  const auto cell = [&](int year, int month) {
    for (const auto& m : months)
      if (m.year == year && m.month == month) return std::string("<td class=") + (m.value < 0 ? "down" : "up") + ">" + fixed(m.value * 100, 2) + "</td>";
    return std::string("<td></td>");
  };
  for (int year = months.front().year; year <= months.back().year; ++year) {
    out += "<tr><td>" + std::to_string(year) + "</td>";
    for (int m = 1; m <= 12; ++m) out += cell(year, m);
    out += cell(year, 0) + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string page(const report_head& head, const std::string& body) {
  return "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><title>" + escaped(head.title) +
         "</title><style>" + style + "</style></head><body>\n<h1>" + escaped(head.title) + "</h1>\n<p class=sub>" + escaped(head.period) + "</p>\n" + body +
         "</body></html>\n";
}

std::string facts_html(const table& rows) {
  std::string out = "<div class=figures>";
  for (const auto& row : rows) out += "<div><span>" + escaped(row[0]) + "</span><b>" + escaped(row[1]) + "</b></div>\n";
  return out + "</div>\n";
}

table figures_table(const document& results) {
  table rows;
  for (const auto& row : figure_rows) rows.push_back({row.label, figure_text(results, row)});
  return rows;
}

table assumption_rows(const document& results) {
  table rows{{"Assumption", ""}};
  for (const auto& [name, v] : at(results, "assumptions").items()) {
    if (name == "warnings") continue;
    auto label = name;
    std::replace(label.begin(), label.end(), '_', ' ');
    rows.push_back({label, text_of(v)});
  }
  return rows;
}

std::string warnings_of(const document& results, const char* before, const char* after) {
  std::string out;
  const auto& list = at(at(results, "assumptions"), "warnings");
  if (list.is_array())
    for (const auto& w : list) out += before + text_of(w) + after;
  return out;
}

} // namespace

std::vector<month_return> monthly_returns(const document& curve, double initial) {
  std::vector<month_return> out;
  if (!curve.is_array() || !(initial > 0)) return out;
  double month_start = initial, year_start = initial, last = initial;
  int year = 0, month = 0;
  const auto end_month = [&] {
    if (month != 0) out.push_back({year, month, month_start != 0 ? last / month_start - 1 : 0});
  };
  const auto end_year = [&] {
    if (year != 0) out.push_back({year, 0, year_start != 0 ? last / year_start - 1 : 0});
  };
  for (const auto& p : curve) {
    const auto date = text_of(at(p, "date"));
    if (date.size() < 7) continue;
    int y = 0, m = 0;
    std::from_chars(date.data(), date.data() + 4, y);
    std::from_chars(date.data() + 5, date.data() + 7, m);
    if (y != year || m != month) {
      end_month();
      month_start = last;
    }
    if (y != year) {
      end_year();
      year_start = last;
    }
    year = y, month = m;
    last = number(at(p, "equity"));
  }
  end_month();
  end_year();
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.year < b.year; });
  return out;
}

std::string backtest_text(const document& r, const report_head& head) {
  std::string out = heading(head) + "\n\n";
  if (nothing_ran(r)) return out + laid_out(failures_table(at(r, "runs")));
  out += laid_out({{"Capital", money(number(at(r, "initial_capital")))}, {"Equity at the end", money(number(at(r, "final_equity")))}});
  out += "\n" + laid_out(figures_table(r)) + "\n" + (at(r, "report").is_object() ? laid_out(sides_table(at(r, "report"))) + "\n" : "") + laid_out(runs_table(at(r, "runs")));
  const auto& trades = at(r, "trades");
  if (trades.is_array() && !trades.empty()) {
    table rows{trade_heads};
    for (std::size_t i = trades.size() - std::min(trades.size(), text_trades); i < trades.size(); ++i) rows.push_back(trade_cells(trades[i]));
    out += "\n" + laid_out(rows);
    if (trades.size() > text_trades) out += "… the last " + std::to_string(text_trades) + " of " + whole(at(r, "total_trades")) + " trades\n";
  }
  const auto warnings = warnings_of(r, "warning: ", "\n");
  return warnings.empty() ? out : out + "\n" + warnings;
}

std::string study_text(const document& r, const report_head& head) {
  std::string out = heading(head) + "\n\n" + laid_out(study_facts(r)) + "\n";
  const auto& w = at(r, "walk_forward");
  if (w.is_object()) return out + laid_out(windows_table(at(w, "windows")));
  if (at(r, "best").empty()) return out + "No trial has a defined objective and meets the constraints.\n";
  return out + laid_out(best_table(at(r, "best")));
}

std::string backtest_html(const document& r, const report_head& head) {
  if (nothing_ran(r)) return page(head, "<h2>Nothing ran</h2>\n" + html_table(failures_table(at(r, "runs"))) + "<h2>How it was run</h2>\n" + html_table(assumption_rows(r)));
  std::string body = facts_html(figures_table(r));
  body += curve_html(at(r, "equity_curve"), "Equity") + months_html(r);
  if (at(r, "report").is_object()) body += "<h2>Long and short</h2>\n" + html_table(sides_table(at(r, "report")));
  body += "<h2>Runs</h2>\n" + html_table(runs_table(at(r, "runs")));
  const auto& trades = at(r, "trades");
  if (trades.is_array() && !trades.empty()) {
    table rows{trade_heads};
    for (std::size_t i = 0; i < std::min(trades.size(), page_trades); ++i) rows.push_back(trade_cells(trades[i]));
    body += "<h2>Trades</h2>\n" + html_table(rows);
    if (trades.size() > page_trades) body += "<p>The first " + std::to_string(page_trades) + " of " + whole(at(r, "total_trades")) + " trades.</p>\n";
  }
  body += "<h2>How it was run</h2>\n" + html_table(assumption_rows(r));
  for (const auto& w : at(at(r, "assumptions"), "warnings")) body += "<p>" + escaped(text_of(w)) + "</p>\n";
  return page(head, body);
}

std::string study_html(const document& r, const report_head& head) {
  std::string body = facts_html(study_facts(r));
  const auto& w = at(r, "walk_forward");
  if (w.is_object())
    return page(head, body + curve_html(at(w, "out_of_sample_equity"), "Equity out of sample") + "<h2>Windows</h2>\n" + html_table(windows_table(at(w, "windows"))));
  const auto& best = at(r, "best");
  if (best.empty()) return page(head, body + "<p>No trial has a defined objective and meets the constraints.</p>\n");
  body += "<h2>Best</h2>\n" + html_table(best_table(best));
  const auto& top = at(best.front(), "results");
  return page(head, body + curve_html(at(top, "equity_curve"), "Equity of the best") + months_html(top));
}

std::string table_csv(const document& rows) {
  if (!rows.is_array() || rows.empty()) return {};
  std::vector<std::pair<std::string, std::string>> columns; // outer and inner name
  for (const auto& row : rows)
    for (const auto& [name, v] : row.items()) {
      const auto add = [&](const std::string& inner) {
        const std::pair column{name, inner};
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
      };
      if (!v.is_object()) add("");
      else
        for (const auto& [inner, unused] : v.items()) add(inner), (void)unused;
    }
  std::string out;
  for (const auto& [name, inner] : columns) out += (out.empty() ? "" : ",") + csv_cell(inner.empty() ? name : inner);
  out += '\n';
  for (const auto& row : rows) {
    bool first = true;
    for (const auto& [name, inner] : columns) {
      if (!first) out += ',';
      first = false;
      const auto& v = at(row, name.c_str());
      out += csv_cell(text_of(inner.empty() ? v : at(v, inner.c_str())));
    }
    out += '\n';
  }
  return out;
}

} // namespace tt::cluster
