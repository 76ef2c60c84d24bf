#include "actors/pine/lib/strings.hpp"
#include "actors/pine/registry.hpp"

#include <array>
#include <optional>
#include <string_view>

/// strategy.*: calls append order commands, reads ask the account that the broker emulator keeps.

namespace tt::pine {
namespace {

using kind = order_command::kind_t;

/// Where a call's arguments stand, found once per call site by the parameter names of the signature it matched.
enum slot : std::size_t {
  at_id, at_from_entry, at_direction, at_oca_name, at_oca_type, at_comment, at_comment_profit, at_comment_loss,
  at_comment_trailing, at_alert_message, at_alert_profit, at_alert_loss, at_alert_trailing, at_type, text_slots,
  at_qty = text_slots, at_qty_percent, at_limit, at_stop, at_profit, at_loss, at_trail_price, at_trail_points,
  at_trail_offset, at_value, at_count, at_contracts, at_immediately, at_disable_alert, at_when, slots
};
constexpr std::array<std::string_view, slots> slot_names{
    "id", "from_entry", "direction", "oca_name", "oca_type", "comment", "comment_profit", "comment_loss",
    "comment_trailing", "alert_message", "alert_profit", "alert_loss", "alert_trailing", "type",
    "qty", "qty_percent", "limit", "stop", "profit", "loss", "trail_price", "trail_points",
    "trail_offset", "value", "count", "contracts", "immediately", "disable_alert", "when"};

struct command_state {
  bool ready = false;
  std::array<std::uint8_t, slots> arg{};                ///< argument number + 1; 0: the signature has no such
  std::array<const object*, text_slots> known{};        ///< constants of the program, which never move
  std::array<text_id, text_slots> known_id{};
};

void prepare(const site& c, command_state& st) {
  st.ready = true;
  for (const auto& b : *registry::get().functions(c.plan->name)) {
    if (b.params.size() != c.count()) continue;
    for (std::size_t k = 0; k < b.params.size(); ++k)
      for (std::size_t s = 0; s < slots; ++s)
        if (b.params[k].name == slot_names[s]) st.arg[s] = static_cast<std::uint8_t>(k + 1);
    return;
  }
}

struct reader {
  const site& c;
  command_state& st;
  text_pool& pool;
  const std::string& text(slot s) const {
    static const std::string none;
    auto k = st.arg[s];
    return k == 0 || c.type(k - 1u) != t_string ? none : c.s(k - 1u);
  }
  text_id kept(std::string_view text) const {
    auto number = pool.id(text);
    if (pool.bytes() > limits::order_text_bytes)
      c.stop("the texts of all orders (ids, comments, alert messages) take more than " + std::to_string(limits::order_text_bytes >> 20) + " MiB");
    return number;
  }
  text_id id(slot s) const {
    auto k = st.arg[s];
    if (k == 0 || c.type(k - 1u) != t_string) return 0;
    const auto* o = c.o(k - 1u);
    if (o == nullptr) return 0;
    if (o == st.known[s]) return st.known_id[s];
    text_work(c, c.s(k - 1u).size());
    auto number = kept(c.s(k - 1u));
    if (o->pinned) {
      st.known[s] = o;
      st.known_id[s] = number;
    }
    return number;
  }
  double number(slot s) const {
    auto k = st.arg[s];
    if (k == 0 || c.type(k - 1u) == t_string) return na_value;
    double v = c.f(k - 1u);
    return std::isfinite(v) ? v : na_value; // no price and no quantity is infinite
  }
  bool flag(slot s, bool otherwise) const {
    double v = number(s);
    return is_na(v) ? otherwise : v != 0;
  }
};

trade_side side_of(const std::string& text) {
  return text == "long" ? trade_side::long_ : text == "short" ? trade_side::short_ : text.empty() ? trade_side::none : trade_side::both;
}

template <kind K>
void command(site& c) {
  auto& st = c.st<command_state>();
  if (!st.ready) prepare(c, st);
  reader r{c, st, c.shared().texts};
  if (!r.flag(at_when, true)) return;
  auto& o = c.shared().orders.emplace_back();
  o.kind = K;
  o.statement = c.plan->statement;
  o.id = r.id(at_id);
  o.from_entry = r.id(at_from_entry);
  if constexpr (K == kind::entry || K == kind::order) {
    o.side = side_of(r.text(at_direction));
    const auto& type = r.text(at_oca_type);
    o.oca = type == "cancel" ? oca_kind::cancel : type == "reduce" ? oca_kind::reduce : oca_kind::none;
  }
  if constexpr (K == kind::risk_allow_entry_in) o.side = side_of(r.text(at_value));
  o.oca_name = r.id(at_oca_name);
  o.comment = r.id(at_comment);
  o.comment_profit = r.id(at_comment_profit);
  o.comment_loss = r.id(at_comment_loss);
  o.comment_trailing = r.id(at_comment_trailing);
  o.alert_message = r.id(at_alert_message);
  o.alert_profit = r.id(at_alert_profit);
  o.alert_loss = r.id(at_alert_loss);
  o.alert_trailing = r.id(at_alert_trailing);
  o.qty = r.number(at_qty);
  o.qty_percent = r.number(at_qty_percent);
  o.limit = r.number(at_limit);
  o.stop = r.number(at_stop);
  o.profit = r.number(at_profit);
  o.loss = r.number(at_loss);
  o.trail_price = r.number(at_trail_price);
  o.trail_points = r.number(at_trail_points);
  o.trail_offset = r.number(at_trail_offset);
  for (auto s : {at_value, at_count, at_contracts})
    if (is_na(o.value)) o.value = r.number(s);
  if (r.text(at_type) == "percent_of_equity") o.unit = risk_unit::percent_of_equity;
  if (r.flag(at_immediately, false)) o.when = close_time::immediately;
  o.disable_alert = r.flag(at_disable_alert, false);
}

template <trade_list List, trade_field Field>
void trade_fact(site& c) {
  const auto* t = c.shared().settings.trades;
  if constexpr (Field < trade_field::entry_comment) {
    if (t == nullptr) c.ret(na_value);
    else c.ret(t->number(List, Field, c.na(0) ? -1 : c.i(0)));
  } else {
    auto found = t == nullptr || c.na(0) ? std::nullopt : t->text(List, Field, c.i(0));
    if (found) c.ret_text(std::move(*found));
    else c.reto(nullptr);
  }
}

/// Account currency per unit of the symbol's, supplied by the user, or 1 when they are the same.
double account_rate(const site& c) {
  const auto& sym = c.ctx->symbol->currency;
  std::string account = c.shared().decl != nullptr ? c.shared().decl->currency : "NONE";
  if (account == "NONE" || account.empty() || account == sym) return 1;
  auto* d = c.shared().settings.data;
  if (d == nullptr) return na_value;
  auto v = d->value("currency_rate", sym + account, c.ctx->current.time_ms);
  return v ? *v : na_value;
}
void to_account(site& c) { c.ret(c.f(0) * account_rate(c)); }
/// The way back divides by the same rate, so that the two are exact reciprocals (as observed).
void to_symbol(site& c) {
  double rate = account_rate(c);
  c.ret(rate == 0 ? na_value : c.f(0) / rate);
}

/// Without a broker there is nothing to size an order by.
void default_entry_qty(site& c) {
  const auto* t = c.shared().settings.trades;
  c.ret(t == nullptr ? na_value : t->default_entry_qty(c.f(0)));
}

} // namespace

const std::vector<builtin_row>& strategy_rows() {
#define ENTRY "(string id, string direction, float qty=na, float limit=na, float stop=na, string oca_name=\"\", input string oca_type=\"none\", string comment=\"\", "
#define EXIT "(string id, string from_entry=\"\", float qty=na, float qty_percent=na, float profit=na, float limit=na, float loss=na, float stop=na, float trail_price=na, float trail_points=na, float trail_offset=na, string oca_name=\"\", string comment=\"\", string comment_profit=\"\", string comment_loss=\"\", string comment_trailing=\"\", string alert_message=\"\", string alert_profit=\"\", string alert_loss=\"\", string alert_trailing=\"\", "
  static const std::vector<builtin_row> rows = [] {
    std::vector<builtin_row> r{
        {"strategy.entry" ENTRY "string alert_message=\"\", bool disable_alert=false) void", command<kind::entry>, sizeof(command_state), special::none, 6},
        {"strategy.entry" ENTRY "bool when=true, string alert_message=\"\", bool disable_alert=false) void", command<kind::entry>, sizeof(command_state), special::none, 5},
        {"strategy.order" ENTRY "string alert_message=\"\", bool disable_alert=false) void", command<kind::order>, sizeof(command_state), special::none, 6},
        {"strategy.order" ENTRY "bool when=true, string alert_message=\"\", bool disable_alert=false) void", command<kind::order>, sizeof(command_state), special::none, 5},
        {"strategy.exit" EXIT "bool disable_alert=false) void", command<kind::exit>, sizeof(command_state), special::none, 6},
        {"strategy.exit" EXIT "bool when=true, bool disable_alert=false) void", command<kind::exit>, sizeof(command_state), special::none, 5},
        {"strategy.close(string id, string comment=\"\", float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close>, sizeof(command_state), special::none, 6},
        {"strategy.close(string id, bool when=true, string comment=\"\", float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close>, sizeof(command_state), special::none, 5},
        {"strategy.close(string id, string comment, float qty=na, float qty_percent=na, string alert_message=\"\", bool immediately=false) void", command<kind::close>, sizeof(command_state), special::none, 5},
        {"strategy.close_all(string comment=\"\", string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close_all>, sizeof(command_state), special::none, 6},
        {"strategy.close_all(bool when=true, string comment=\"\", string alert_message=\"\", bool immediately=false, bool disable_alert=false) void", command<kind::close_all>, sizeof(command_state), special::none, 5},
        {"strategy.close_all(string comment, string alert_message=\"\", bool immediately=false) void", command<kind::close_all>, sizeof(command_state), special::none, 5},
        {"strategy.cancel(string id) void", command<kind::cancel>, sizeof(command_state), special::none, 6},
        {"strategy.cancel(string id, bool when=true) void", command<kind::cancel>, sizeof(command_state), special::none, 5},
        {"strategy.cancel_all() void", command<kind::cancel_all>, sizeof(command_state), special::none, 6},
        {"strategy.cancel_all(bool when=true) void", command<kind::cancel_all>, sizeof(command_state), special::none, 5},
        {"strategy.risk.allow_entry_in(simple string value) void", command<kind::risk_allow_entry_in>, sizeof(command_state)},
        {"strategy.risk.max_cons_loss_days(simple int count, simple string alert_message=\"\") void", command<kind::risk_max_cons_loss_days>, sizeof(command_state)},
        {"strategy.risk.max_drawdown(simple float value, simple string type, simple string alert_message=\"\") void", command<kind::risk_max_drawdown>, sizeof(command_state)},
        {"strategy.risk.max_intraday_filled_orders(simple int count, simple string alert_message=\"\") void", command<kind::risk_max_intraday_filled_orders>, sizeof(command_state)},
        {"strategy.risk.max_intraday_loss(simple float value, simple string type, simple string alert_message=\"\") void", command<kind::risk_max_intraday_loss>, sizeof(command_state)},
        {"strategy.risk.max_position_size(simple float contracts) void", command<kind::risk_max_position_size>, sizeof(command_state)},
        {"strategy.convert_to_account(float value) float", to_account},
        {"strategy.convert_to_symbol(float value) float", to_symbol},
        {"strategy.default_entry_qty(float fill_price) float", default_entry_qty},
    };
    static std::vector<std::string> texts; // signatures made here; the rows point into it
    texts.reserve(64);
    auto add = [&]<trade_field F>(std::string_view name, std::string_view type) {
      auto one = [&]<trade_list L>(std::string_view list) {
        texts.push_back("strategy." + std::string(list) + "." + std::string(name) + "(int trade_num) " + std::string(type));
        r.push_back({texts.back().c_str(), trade_fact<L, F>});
      };
      constexpr bool exit = (F >= trade_field::exit_bar_index && F <= trade_field::exit_time) || F >= trade_field::exit_comment;
      one.template operator()<trade_list::closed>("closedtrades");
      if constexpr (!exit) one.template operator()<trade_list::open>("opentrades");
    };
#define FACT(name, type) add.template operator()<trade_field::name>(#name, #type)
    FACT(commission, float), FACT(entry_bar_index, int), FACT(entry_price, float), FACT(entry_time, int);
    FACT(max_drawdown, float), FACT(max_drawdown_percent, float), FACT(max_runup, float), FACT(max_runup_percent, float);
    FACT(profit, float), FACT(profit_percent, float), FACT(size, float);
    FACT(exit_bar_index, int), FACT(exit_price, float), FACT(exit_time, int);
    FACT(entry_comment, string), FACT(entry_id, string), FACT(exit_comment, string), FACT(exit_id, string);
#undef FACT
    return r;
  }();
  return rows;
}

} // namespace tt::pine
