// Paper accounts (http-api.md section 7), and what an admin changes of an account.

#include "gateways/rest/trading_call.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using need = object_reader::need;
using namespace execution::paper;

constexpr std::int64_t default_rows = 100, max_rows = 500, default_points = 1'000, max_points = 100'000;

/// Routes of the account in their path begin so.
constexpr std::string_view one_account = "/api/paper-trading/accounts/{id}";

struct ports {
  services& parts;
  trading_port& trading;
  paper_port& paper;
};
using paper_handler = void (*)(const ports&, const context_ptr&, const responder&);

handler with_ports(services& parts, paper_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (p->config.paper_trading == feature::disabled)
      return answer(make_error(403, "feature.disabled", "paper trading is switched off on this node (ENABLE_PAPER_TRADING)"));
    if (!p->trading || !p->paper) return answer(no_accounts_for("paper trading"));
    const bool is_of_one = call->matched->pattern.starts_with(one_account);
    if (is_of_one && !call->who.lists_account(call->params.front())) return answer(out_of_scope("accounts"));
    run({*p, *p->trading, *p->paper}, call, answer);
  };
}

result<paper_account> find(const paper_port& paper, const std::string& id) {
  for (auto& one : paper.accounts())
    if (one.settings.account.str() == id) return one;
  return error{errc::not_found, "no paper account " + in_quotes(id), "account_id"};
}

// ------------------------------------------------------------------ writing

void write_settings(json_writer& out, const paper_account& one) {
  const auto& s = one.settings;
  const auto& f = s.fills;
  out.field("starting_cash", s.starting_cash).field("leverage", s.leverage).field("price_source", "market");
  out.key("fill_model").begin_object().field("price", tt::to_string(f.basis)).field("latency_ms", f.latency.count());
  out.field("slippage_ticks", f.slippage_ticks).field("partial_fills", f.partial == partial_fills::on);
  out.key("fee_schedule").begin_object().field("commission_per_order", f.fees.commission_per_order);
  out.field("commission_per_unit", f.fees.commission_per_unit).field("commission_ratio", f.fees.commission_ratio);
  out.field("exchange_per_unit", f.fees.exchange_per_unit).field("regulatory_sell_ratio", f.fees.regulatory_sell_ratio).end_object();
  out.end_object().field("created_at", one.created_at).field("resets", one.resets);
}

/// The account as everywhere else, and how it fills.
void write(json_writer& out, const account_snapshot& account, const paper_account& paper) {
  json_writer common{out.style()};
  write(common, account);
  json_writer more{out.style()};
  more.begin_object();
  write_settings(more, paper);
  more.end_object();
  auto text = common.take();
  text.back() = ',';
  out.raw(text + more.take().substr(1));
}

/// One account once its actor says how it stands.
void answer_account(const ports& at, const context_ptr& call, const responder& answer, const paper_account& paper, int status = 200) {
  at.trading.accounts(caller_of(*call), [call, answer, paper, status](const result<std::vector<account_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got) {
      if (one.profile.id != paper.settings.account) continue;
      if (one.trouble) return answer(*one.trouble);
      json_writer out{call->style};
      write(out, one, paper);
      return answer(json_response(out.take(), status));
    }
    answer(error{errc::not_available, "the account is not hosted here now", "account_id"});
  });
}

// ----------------------------------------------------------------- accounts

void list(const ports& at, const context_ptr& call, const responder& answer) {
  at.trading.accounts(caller_of(*call), answer_with<std::vector<account_snapshot>>(call, answer, [papers = at.paper.accounts()](json_writer& out, const auto& all) {
                        out.begin_object().key("accounts").begin_array();
                        for (const auto& paper : papers) {
                          const auto one = std::ranges::find_if(all, [&](const auto& a) { return a.profile.id == paper.settings.account; });
                          if (one != all.end() && !one->trouble) write(out, *one, paper);
                        }
                        out.end_array();
                        write_unavailable(out, all);
                        out.end_object();
                      }));
}

void show(const ports& at, const context_ptr& call, const responder& answer) {
  const auto paper = find(at.paper, call->params.front());
  if (!paper) return answer(paper.error());
  answer_account(at, call, answer, *paper);
}

template <class Enum>
std::optional<Enum> choice(object_reader& body, std::string_view name) {
  const auto text = body.string({name}, need::optional, 32);
  if (!text) return std::nullopt;
  auto parsed = parse_name<Enum>(*text, name);
  if (parsed) return *parsed;
  body.problem(name, parsed.error().message, "value");
  return std::nullopt;
}

std::optional<std::int64_t> whole(object_reader& body, std::string_view name) {
  const auto number = body.number({name}, need::optional);
  if (!number) return std::nullopt;
  const auto units = number->to_scaled(0);
  if (units && decimal{*units} == *number) return *units;
  body.problem(name, "must be a whole number", "type");
  return std::nullopt;
}

fee_schedule read_fees(object_reader& body) {
  fee_schedule out;
  const auto* value = body.value({"fee_schedule"}, need::optional);
  if (!value) return out;
  object_reader inner(*value);
  const auto money_of = [&](std::string_view name) { return money{inner.number({name}, need::optional).value_or(decimal{})}; };
  out.commission_per_order = money_of("commission_per_order");
  out.commission_per_unit = money_of("commission_per_unit");
  out.commission_ratio = inner.number({"commission_ratio"}, need::optional).value_or(decimal{});
  out.exchange_per_unit = money_of("exchange_per_unit");
  out.regulatory_sell_ratio = inner.number({"regulatory_sell_ratio"}, need::optional).value_or(decimal{});
  body.absorb(inner, "fee_schedule");
  return out;
}

fill_model read_fills(object_reader& body) {
  fill_model out;
  const auto* value = body.value({"fill_model"}, need::optional);
  if (!value) return out;
  object_reader inner(*value);
  out.basis = choice<fill_basis>(inner, "price").value_or(fill_basis::touch);
  out.latency = std::chrono::milliseconds{std::clamp<std::int64_t>(whole(inner, "latency_ms").value_or(0), -1, INT32_MAX)};
  out.slippage_ticks = static_cast<int>(std::clamp<std::int64_t>(whole(inner, "slippage_ticks").value_or(0), -1, INT32_MAX));
  if (inner.boolean({"partial_fills"}, need::optional).value_or(false)) out.partial = partial_fills::on;
  out.fees = read_fees(inner);
  body.absorb(inner, "fill_model");
  return out;
}

void create(const ports& at, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  paper_settings settings;
  settings.account = account_id{body.string({"account_id"}, need::required, 64).value_or("")};
  settings.starting_cash = money{body.number({"starting_cash"}, need::optional).value_or(decimal{100'000})};
  settings.currency = body.string({"currency"}, need::optional, 10).value_or("USD");
  settings.type = choice<account_type>(body, "account_type").value_or(account_type::margin);
  settings.leverage = body.number({"leverage"}, need::optional).value_or(decimal{2});
  settings.fills = read_fills(body);
  if (const auto source = body.string({"price_source"}, need::optional, 64); source && *source != "market")
    body.problem("price_source", "must be market: the feeds of this node", "value");
  if (is_bad(at.parts, body, call, answer)) return;
  at.paper.create(std::move(settings), [at, call, answer](const result<paper_account>& made) {
    if (!made) return answer(to_api_error(made.error(), "body"));
    answer_account(at, call, answer, *made, 201);
  });
}

void reset(const ports& at, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  if (!call->who.strategies.empty()) return answer(out_of_scope("strategies"));
  if (!body.boolean({"confirm"}, need::required).value_or(false)) body.problem("confirm", "must be true: the account starts over", "value");
  std::optional<money> cash;
  if (const auto number = body.number({"starting_cash"}, need::optional)) cash = money{*number};
  if (is_bad(at.parts, body, call, answer)) return;
  at.paper.reset(account_id{call->params.front()}, cash, caller_of(*call).rank, [at, call, answer](const result<paper_account>& made) {
    if (!made) return answer(to_api_error(made.error(), "body"));
    answer_account(at, call, answer, *made);
  });
}

// -------------------------------------------------------- what they have done

std::optional<std::size_t> limit_of(const context_ptr& call, const responder& answer, std::int64_t usual, std::int64_t most) {
  query_reader query{call->request.query};
  const auto limit = query.integer({"limit"}, query_reader::need::optional, 1, most).value_or(usual);
  if (query.ok()) return static_cast<std::size_t>(limit);
  answer(query.failure());
  return std::nullopt;
}

/// What a list of an account is asked for; answers errors itself.
std::optional<order_filter> filter_of(const ports& at, const context_ptr& call, const responder& answer) {
  const auto limit = limit_of(call, answer, default_rows, max_rows);
  if (!limit) return std::nullopt;
  const auto paper = find(at.paper, call->params.front());
  if (!paper) {
    answer(paper.error());
    return std::nullopt;
  }
  query_reader query{call->request.query};
  order_filter filter;
  if (const auto cursor = query.integer({"cursor"}, query_reader::need::optional, 1, INT64_MAX)) filter.before = static_cast<std::uint64_t>(*cursor);
  if (!query.ok()) {
    answer(query.failure());
    return std::nullopt;
  }
  filter.account = paper->settings.account;
  filter.limit = *limit;
  return filter;
}

/// `{"NAME":[...],"next_cursor":…}`.
template <class T, class Number>
reply<std::vector<T>> answer_list(const context_ptr& call, const responder& answer, std::string_view name, std::size_t limit, Number number_of) {
  return answer_with<std::vector<T>>(call, answer, [name, limit, number_of](json_writer& out, const auto& all) {
    out.begin_object().key(name);
    write_all(out, all);
    out.key("next_cursor");
    // a full page may have another behind it
    if (all.size() == limit) out.value(number_of(all.back()));
    else out.null();
    out.end_object();
  });
}

void orders(const ports& at, const context_ptr& call, const responder& answer) {
  auto filter = filter_of(at, call, answer);
  if (!filter) return;
  const auto page = answer_list<order_snapshot>(call, answer, "orders", filter->limit, [](const order_snapshot& last) { return raw(last.what.number); });
  at.trading.orders(caller_of(*call), std::move(*filter), page);
}

void fills(const ports& at, const context_ptr& call, const responder& answer) {
  auto filter = filter_of(at, call, answer);
  if (!filter) return;
  const auto page = answer_list<execution_snapshot>(call, answer, "fills", filter->limit, [](const execution_snapshot& last) { return last.sequence; });
  at.trading.executions(caller_of(*call), std::move(*filter), page);
}

template <class T>
void maybe(json_writer& out, std::string_view name, const std::optional<T>& value) {
  out.key(name);
  if (value) out.value(*value);
  else out.null();
}

void metrics(const ports& at, const context_ptr& call, const responder& answer) {
  const auto paper = find(at.paper, call->params.front());
  if (!paper) return answer(paper.error());
  at.trading.performance(caller_of(*call), paper->settings.account, 1, answer_with<account_performance>(call, answer, [one = *paper](json_writer& out, const auto& p) {
                           const auto& t = p.trades;
                           out.begin_object().field("account_id", one.settings.account.str()).field("total_trades", t.trades);
                           out.field("winning_trades", t.wins).field("losing_trades", t.losses);
                           maybe(out, "win_rate", t.win_rate());
                           maybe(out, "profit_factor", t.profit_factor());
                           maybe(out, "average_trade", t.average());
                           out.field("gross_profit", t.gross_profit).field("gross_loss", t.gross_loss).field("net_profit", t.net());
                           out.field("largest_win", t.largest_win).field("largest_loss", t.largest_loss);
                           out.field("max_consecutive_losses", t.most_losses_in_a_row).field("fees", p.fees).field("realized_pnl", p.realized);
                           out.field("max_drawdown", p.max_drawdown).field("starting_cash", one.settings.starting_cash).field("days", p.days.size());
                           std::optional<decimal> gained;
                           if (!p.curve.empty()) {
                             const auto share = decimal::checked_divide(p.curve.back().equity.value(), one.settings.starting_cash.value());
                             if (share) gained = *share - decimal{1};
                           }
                           maybe(out, "total_return", gained);
                           out.end_object();
                         }));
}

void equity(const ports& at, const context_ptr& call, const responder& answer) {
  const auto limit = limit_of(call, answer, default_points, max_points);
  if (!limit) return;
  const auto paper = find(at.paper, call->params.front());
  if (!paper) return answer(paper.error());
  at.trading.performance(caller_of(*call), paper->settings.account, *limit, answer_with<account_performance>(call, answer, [](json_writer& out, const auto& p) {
                           out.begin_object().field("account_id", p.account.str()).key("equity").begin_array();
                           for (const auto& point : p.curve) {
                             out.begin_object().field("timestamp", point.at).field("equity", point.equity).field("cash", point.cash);
                             out.field("unrealized_pnl", point.unrealized).end_object();
                           }
                           out.end_array().key("days").begin_array();
                           for (const auto& day : p.days) {
                             out.begin_object().field("rolled_at", day.rolled_at).field("opening", day.opening).field("closing", day.closing);
                             out.field("flows", day.flows).field("pnl", day.pnl()).end_object();
                           }
                           out.end_array().end_object();
                         }));
}

void flatten(const ports& at, const context_ptr& call, const responder& answer) {
  const auto paper = find(at.paper, call->params.front());
  if (!paper) return answer(paper.error());
  close_request what;
  what.account = paper->settings.account;
  what.reason = "flatten of a paper account";
  if (!call->who.strategies.empty()) return answer(out_of_scope("strategies"));
  at.trading.close(caller_of(*call), std::move(what), answer_closed(call, answer));
}

void cancel(const ports& at, const context_ptr& call, const responder& answer) {
  if (!call->who.strategies.empty()) return answer(out_of_scope("strategies")); // /api/orders/{id} looks whose it is
  order_name name;
  name.id = call->params.front();
  at.trading.cancel(caller_of(*call), std::move(name), [call, answer](const result<cancelled_order>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    json_writer out{call->style};
    write(out, got->order);
    answer(json_response(out.take(), got->how == cancelled_order::outcome::already_final ? 200 : 202));
  });
}

// ------------------------------------------------------------------- engine

void status(const ports& at, const context_ptr& call, const responder& answer) {
  at.trading.ask_health([call, answer, accounts = at.paper.accounts().size()](const trading_health& now) {
    json_writer out{call->style};
    out.begin_object().field("enabled", true).field("running", now.is_ready).field("accounts", accounts);
    out.field("orders_open", now.orders_open).field("orders_unknown", now.orders_unknown).field("journal", now.journal);
    out.field("mode", now.mode == risk::kill_mode::none ? std::string_view{"normal"} : tt::to_string(now.mode)).end_object();
    answer(json_response(out.take()));
  });
}

void health(const ports& at, const context_ptr& call, const responder& answer) {
  at.trading.ask_health([call, answer](const trading_health& now) {
    json_writer out{call->style};
    const bool is_good = now.is_ready && now.journal == "ok";
    out.begin_object().field("ok", is_good).field("journal", now.journal).field("reconciled", now.is_ready).end_object();
    answer(json_response(out.take(), is_good ? 200 : 503));
  });
}

// ---------------------------------------------------- PATCH /api/v1/accounts

void assign_profile(const ports& at, const context_ptr& call, const responder& answer, const paper_account& paper, const std::string& profile) {
  risk::limit_change change;
  change.where = {risk::limit_scope::account, paper.settings.account.str()};
  change.profile = profile;
  change.author = call->who.name;
  change.reason = "assigned to the account";
  change.by = limit_role_of(*call);
  at.trading.set_limits(caller_of(*call), std::move(change), [at, call, answer, paper](const result<std::uint64_t>& done) {
    if (!done) return answer(to_api_error(done.error(), "body"));
    answer_account(at, call, answer, paper);
  });
}

void change_account(services& parts, const context_ptr& call, const responder& answer) {
  if (!parts.trading || !parts.paper) return answer(no_accounts_for("accounts"));
  const ports at{parts, *parts.trading, *parts.paper};
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  account_change change;
  if (const auto on = body.boolean({"trading_enabled"}, need::optional)) change.trading = *on ? trading_permission::on : trading_permission::off;
  if (const auto usual = body.boolean({"is_default"}, need::optional)) {
    if (*usual) change.role = account_change::default_role::make_default;
    else body.problem("is_default", "can't be taken away: make another account the default", "value");
  }
  const auto profile = body.string({"limit_profile"}, need::optional, 64);
  const bool changes = change.trading || change.role == account_change::default_role::make_default;
  if (!changes && !profile) body.problem("trading_enabled", "nothing to change", "missing");
  if (is_bad(parts, body, call, answer)) return;
  const auto known = find(at.paper, call->params.front());
  if (!known) return answer(known.error());
  if (!changes) return assign_profile(at, call, answer, *known, *profile);
  at.paper.change(known->settings.account, change, [at, call, answer, profile](const result<paper_account>& done) {
    if (!done) return answer(done.error());
    if (profile) return assign_profile(at, call, answer, *done, *profile);
    answer_account(at, call, answer, *done);
  });
}

} // namespace

void add_paper_routes(std::vector<route>& rows, services& parts) {
  constexpr route_policy view{access::viewer, rate_class::general}, trade{access::trader, rate_class::general},
    own{access::trader, rate_class::general, bound_callers::welcome}, unlimited{access::trader, rate_class::unlimited, bound_callers::welcome}, admin{access::admin, rate_class::general};
  const auto add = [&](verb method, std::string_view pattern, route_policy policy, std::string_view summary, paper_handler run, int success = 200) {
    rows.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary, .run = with_ports(parts, run), .success = success,
                    .body = method == verb::post ? body_kind::json : body_kind::none, .tag = "paper trading"});
  };
  add(verb::get, "/api/paper-trading/accounts", view, "Paper accounts", list);
  add(verb::post, "/api/paper-trading/accounts", trade, "Make a paper account", create, 201);
  add(verb::get, "/api/paper-trading/accounts/{id}", view, "One paper account", show);
  add(verb::get, "/api/paper-trading/status", view, "Engine state", status);
  add(verb::get, "/api/paper-trading/health", view, "Engine health", health);
  add(verb::get, "/api/paper-trading/accounts/{id}/orders", view, "Orders", orders);
  add(verb::get, "/api/paper-trading/accounts/{id}/fills", view, "Fills", fills);
  add(verb::get, "/api/paper-trading/accounts/{id}/metrics", view, "Figures of closed round trips", metrics);
  add(verb::get, "/api/paper-trading/accounts/{id}/equity", view, "Equity curve and days", equity);
  add(verb::post, "/api/paper-trading/accounts/{id}/reset", own, "Start over; the history is kept aside", reset);
  add(verb::post, "/api/paper-trading/accounts/{id}/flatten", unlimited, "Close every position", flatten, 202);
  add(verb::post, "/api/paper-trading/orders/{id}/cancel", unlimited, "Cancel a paper order", cancel, 202);
  rows.push_back({.method = verb::patch, .pattern = "/api/v1/accounts/{id}", .policy = admin, .summary = "Change an account",
                  .run = [p = &parts](const context_ptr& call, const responder& answer) { change_account(*p, call, answer); },
                  .body = body_kind::json, .tag = "accounts"});
}

} // namespace tt::gateway
