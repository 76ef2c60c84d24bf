#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <string_view>

/// strategy.*: calls append order commands, reads ask the account that the broker emulator keeps.

namespace tt::pine {
namespace {

using kind = order_command::kind_t;

/// Fills a command from the arguments by their parameter names, which the signatures below give.
struct reader {
  const site& c;
  order_command& o;
  const std::vector<std::string>& names;
  std::string text(std::string_view n) const {
    for (std::size_t k = 0; k < names.size(); ++k)
      if (names[k] == n) return c.type(k) == t_string ? c.s(k) : "";
    return "";
  }
  double number(std::string_view n) const {
    for (std::size_t k = 0; k < names.size(); ++k)
      if (names[k] == n) return c.type(k) == t_string ? na_value : c.f(k);
    return na_value;
  }
  bool flag(std::string_view n, bool otherwise) const {
    double v = number(n);
    return is_na(v) ? otherwise : v != 0;
  }
};

const std::vector<std::string>& names_of(const site& c) {
  static thread_local std::unordered_map<std::string, std::vector<std::string>> known;
  auto& list = known[std::string(c.plan->name) + "/" + std::to_string(c.count())];
  if (list.empty()) {
    for (const auto& b : *registry::get().functions(c.plan->name)) {
      if (b.params.size() != c.count()) continue;
      for (const auto& p : b.params) list.push_back(p.name);
      break;
    }
  }
  return list;
}

template <kind K>
void command(site& c) {
  order_command o;
  o.kind = K;
  reader r{c, o, names_of(c)};
  o.id = r.text("id");
  o.from_entry = r.text("from_entry");
  o.direction = r.text("direction");
  o.oca_name = r.text("oca_name");
  o.oca_type = r.text("oca_type");
  o.comment = r.text("comment");
  o.comment_profit = r.text("comment_profit");
  o.comment_loss = r.text("comment_loss");
  o.comment_trailing = r.text("comment_trailing");
  o.alert_message = r.text("alert_message");
  o.alert_profit = r.text("alert_profit");
  o.alert_loss = r.text("alert_loss");
  o.alert_trailing = r.text("alert_trailing");
  o.qty = r.number("qty");
  o.qty_percent = r.number("qty_percent");
  o.limit = r.number("limit");
  o.stop = r.number("stop");
  o.profit = r.number("profit");
  o.loss = r.number("loss");
  o.trail_price = r.number("trail_price");
  o.trail_points = r.number("trail_points");
  o.trail_offset = r.number("trail_offset");
  o.value = is_na(r.number("value")) ? r.number("count") : r.number("value");
  if (is_na(o.value)) o.value = r.number("contracts");
  o.value_type = r.text("type");
  if (o.direction.empty()) o.direction = r.text("value");
  o.immediately = r.flag("immediately", false);
  o.disable_alert = r.flag("disable_alert", false);
  o.when = r.flag("when", true);
  if (K == kind::close && o.id.empty() && !r.text("id").empty()) o.id = r.text("id");
  if (o.when) c.shared().orders.push_back(std::move(o));
}

template <bool Closed>
void trade_number(site& c) {
  const auto* t = c.shared().settings.trades;
  std::string field(c.plan->name.substr(c.plan->name.rfind('.') + 1));
  c.ret(t == nullptr || c.na(0) ? na_value : t->number(Closed, field, c.i(0)));
}
template <bool Closed>
void trade_text(site& c) {
  const auto* t = c.shared().settings.trades;
  std::string field(c.plan->name.substr(c.plan->name.rfind('.') + 1));
  if (t == nullptr || c.na(0)) return c.reto(nullptr);
  c.ret_text(t->text(Closed, field, c.i(0)));
}

/// Between the symbol's and the account's currency by a rate that the user supplied, or 1 when they are the same.
double rate(const site& c, bool to_account) {
  const auto& sym = c.ctx->symbol->currency;
  std::string account = c.shared().decl != nullptr ? c.shared().decl->currency : "NONE";
  if (account == "NONE" || account.empty() || account == sym) return 1;
  auto* d = c.shared().settings.data;
  if (d == nullptr) return na_value;
  auto v = d->value("currency_rate", to_account ? sym + account : account + sym, c.ctx->current.time_ms);
  return v ? *v : na_value;
}
void to_account(site& c) { c.ret(c.f(0) * rate(c, true)); }
void to_symbol(site& c) { c.ret(c.f(0) * rate(c, false)); }

void default_entry_qty(site& c) {
  const auto* d = c.shared().decl;
  const auto* a = c.shared().settings.account;
  double price = c.f(0), pv = c.ctx->symbol->pointvalue, lot = c.ctx->symbol->mincontract;
  if (d == nullptr || is_na(price)) return c.ret(na_value);
  double equity = a != nullptr ? a->values[strategy_view::equity] : d->initial_capital;
  double qty = d->default_qty_value;
  if (d->default_qty_type == "percent_of_equity") qty = equity * d->default_qty_value / 100 / (price * pv);
  if (d->default_qty_type == "cash") qty = d->default_qty_value / (price * pv);
  c.ret(lot > 0 ? std::floor(qty / lot + 1e-9) * lot : qty);
}

} // namespace

const std::vector<builtin_row>& strategy_rows() {
#define ENTRY "(string id, string direction, float qty=na, float limit=na, float stop=na, string oca_name=\"\", input string oca_type=\"none\", string comment=\"\", "
#define EXIT "(string id, string from_entry=\"\", float qty=na, float qty_percent=na, float profit=na, float limit=na, float loss=na, float stop=na, float trail_price=na, float trail_points=na, float trail_offset=na, string oca_name=\"\", string comment=\"\", string comment_profit=\"\", string comment_loss=\"\", string comment_trailing=\"\", string alert_message=\"\", string alert_profit=\"\", string alert_loss=\"\", string alert_trailing=\"\", "
  static const std::vector<builtin_row> rows = [] {
    std::vector<builtin_row> r{
        {"strategy.entry" ENTRY "string alert_message=\"\", bool disable_alert=false) void", command<kind::entry>, 0, special::none, 6},
        {"strategy.entry" ENTRY "bool when=true, string alert_message=\"\", bool disable_alert=false) void", command<kind::entry>, 0, special::none, 5},
        {"strategy.order" ENTRY "string alert_message=\"\", bool disable_alert=false) void", command<kind::order>, 0, special::none, 6},
        {"strategy.order" ENTRY "bool when=true, string alert_message=\"\", bool disable_alert=false) void", command<kind::order>, 0, special::none, 5},
        {"strategy.exit" EXIT "bool disable_alert=false) void", command<kind::exit>, 0, special::none, 6},
        {"strategy.exit" EXIT "bool when=true, bool disable_alert=false) void", command<kind::exit>, 0, special::none, 5},
        {"strategy.close(string id, string comment=\"\", float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close>, 0, special::none, 6},
        {"strategy.close(string id, bool when=true, string comment=\"\", float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close>, 0, special::none, 5},
        {"strategy.close(string id, string comment, float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false) void", command<kind::close>, 0, special::none, 5},
        {"strategy.close_all(string comment=\"\", string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close_all>, 0, special::none, 6},
        {"strategy.close_all(bool when=true, string comment=\"\", string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close_all>, 0, special::none, 5},
        {"strategy.close_all(string comment, string alert_message=\"\", bool immediately=false) void", command<kind::close_all>, 0, special::none, 5},
        {"strategy.cancel(string id) void", command<kind::cancel>, 0, special::none, 6},
        {"strategy.cancel(string id, bool when=true) void", command<kind::cancel>, 0, special::none, 5},
        {"strategy.cancel_all() void", command<kind::cancel_all>, 0, special::none, 6},
        {"strategy.cancel_all(bool when=true) void", command<kind::cancel_all>, 0, special::none, 5},
        {"strategy.risk.allow_entry_in(simple string value) void", command<kind::risk_allow_entry_in>},
        {"strategy.risk.max_cons_loss_days(simple int count, simple string alert_message=\"\") void", command<kind::risk_max_cons_loss_days>},
        {"strategy.risk.max_drawdown(simple float value, simple string type, simple string alert_message=\"\") void", command<kind::risk_max_drawdown>},
        {"strategy.risk.max_intraday_filled_orders(simple int count, simple string alert_message=\"\") void", command<kind::risk_max_intraday_filled_orders>},
        {"strategy.risk.max_intraday_loss(simple float value, simple string type, simple string alert_message=\"\") void", command<kind::risk_max_intraday_loss>},
        {"strategy.risk.max_position_size(simple float contracts) void", command<kind::risk_max_position_size>},
        {"strategy.convert_to_account(float value) float", to_account},
        {"strategy.convert_to_symbol(float value) float", to_symbol},
        {"strategy.default_entry_qty(float fill_price) float", default_entry_qty},
    };
    static std::vector<std::string> texts; // signatures made here; the rows point into it
    static const char* numbers[] = {"commission", "entry_bar_index", "entry_price", "entry_time", "max_drawdown", "max_drawdown_percent",
                                    "max_runup", "max_runup_percent", "profit", "profit_percent", "size"};
    static const char* exits[] = {"exit_bar_index", "exit_price", "exit_time"};
    texts.reserve(64);
    auto whole = [](std::string_view n) { return n.find("_index") != std::string_view::npos || n.find("_time") != std::string_view::npos; };
    auto add = [&](bool closed, std::string_view name, bool is_text) {
      texts.push_back(std::string("strategy.") + (closed ? "closedtrades." : "opentrades.") + std::string(name) + "(int trade_num) " +
                      (is_text ? "string" : whole(name) ? "int" : "float"));
      native_fn fn = is_text ? (closed ? trade_text<true> : trade_text<false>) : (closed ? trade_number<true> : trade_number<false>);
      r.push_back({texts.back().c_str(), fn});
    };
    for (bool closed : {true, false}) {
      for (const auto* n : numbers) add(closed, n, false);
      if (closed)
        for (const auto* n : exits) add(closed, n, false);
      for (const auto* n : {"entry_comment", "entry_id"}) add(closed, n, true);
      if (closed)
        for (const auto* n : {"exit_comment", "exit_id"}) add(closed, n, true);
    }
    return r;
  }();
  return rows;
}

} // namespace tt::pine
