// Orders, accounts, positions, executions and risk (http-api.md section 6). Without a
// trading port (a node that hosts no accounts) every one answers 503 and says so.

#include "gateways/rest/trading_call.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

constexpr std::size_t default_orders = 50, max_orders = 500, default_executions = 100;
constexpr std::int64_t default_wait_ms = 250, max_wait_ms = 2'000;
using need = object_reader::need;

using trading_handler = void (*)(services&, trading_port&, const context_ptr&, const responder&);

handler with_port(services& parts, trading_handler run, std::string_view part) {
  return [p = &parts, run, part = std::string(part)](const context_ptr& call, const responder& answer) {
    if (!p->trading) return answer(no_accounts_for(part));
    run(*p, *p->trading, call, answer);
  };
}

/// The order in the path; `account_id` says whose, where names of clients and brokers are those of several.
order_name name_of(const request_context& call) {
  constexpr std::string_view client = "client:", broker = "broker:";
  const auto& text = call.params.front();
  query_reader query{call.request.query};
  const auto whose = account_of(query);
  if (text.starts_with(client)) return {order_name::kind::client, text.substr(client.size()), whose};
  if (text.starts_with(broker)) return {order_name::kind::broker, text.substr(broker.size()), whose};
  return {order_name::kind::server, text, whose};
}

/// A symbol of a query as the master spells it; one that it lacks stays as it is: there may be orders of the past of it.
std::optional<std::string> symbol_of(const services& parts, query_reader& query) {
  auto out = query.text({"symbol"}, query_reader::need::optional, 64);
  if (!out) return out;
  if (const auto found = find_instrument(parts, *out)) out = (*found)->symbol;
  return out;
}

order_filter filter_of(const services& parts, query_reader& query, std::size_t usual) {
  order_filter out;
  out.account = account_of(query);
  out.symbol = symbol_of(parts, query);
  if (const auto id = query.text({"strategy_id"}, query_reader::need::optional, 64)) out.strategy = strategy_id{*id};
  if (const auto text = query.text({"status"})) {
    const auto status = parse_order_status(*text);
    if (status) out.status = *status;
    else query.problem("status", status.error().message, "value");
  }
  out.since = query.time({"since", "from"});
  if (const auto cursor = query.integer({"cursor"}, query_reader::need::optional, 1, INT64_MAX)) out.before = static_cast<std::uint64_t>(*cursor);
  out.limit = static_cast<std::size_t>(
    query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(max_orders)).value_or(static_cast<std::int64_t>(usual)));
  return out;
}

// ---------------------------------------------------------------- accounts

void list_accounts(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  port.accounts(caller_of(*call), answer_with<std::vector<account_snapshot>>(call, answer, [](json_writer& out, const auto& list) {
                  out.begin_object().key("accounts").begin_array();
                  for (const auto& one : list)
                    if (!one.trouble) write(out, one);
                  out.end_array();
                  write_unavailable(out, list);
                  out.end_object();
                }));
}

void one_account(trading_port& port, const context_ptr& call, const responder& answer, const account_id& wanted) {
  if (!call->who.lists_account(wanted.str())) return answer(out_of_scope("accounts"));
  port.accounts(caller_of(*call), [call, answer, wanted](const result<std::vector<account_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got) {
      if (one.profile.id != wanted) continue;
      if (one.trouble) return answer(*one.trouble);
      json_writer out{call->style};
      write(out, one);
      return answer(json_response(out.take()));
    }
    answer(to_api_error(error{errc::not_found, "no account " + in_quotes(wanted.str()), "account_id"}, call->params.empty() ? "query" : "path"));
  });
}

void default_account(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto wanted = account_of(query);
  if (!query.ok()) return answer(query.failure());
  if (!wanted) {
    const auto usual = usual_account(port, *call);
    if (!usual) return answer(usual.error());
    wanted = *usual;
  }
  one_account(port, call, answer, *wanted);
}

void named_account(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  one_account(port, call, answer, account_id{call->params.front()});
}

void positions(trading_port& port, const context_ptr& call, const responder& answer, std::optional<account_id> of, std::optional<std::string> symbol) {
  port.positions(caller_of(*call), asked_account(port, *call, std::move(of)), answer_with<std::vector<position_snapshot>>(call, answer, [symbol](json_writer& out, const auto& list) {
                   out.begin_array();
                   for (const auto& one : list)
                     if (!symbol || one.held.symbol == *symbol) write(out, one);
                   out.end_array();
                 }));
}

void list_positions(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  auto symbol = symbol_of(parts, query);
  if (!query.ok()) return answer(query.failure());
  positions(port, call, answer, std::move(of), std::move(symbol));
}

void account_positions(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  positions(port, call, answer, account_id{call->params.front()}, std::nullopt);
}

// ------------------------------------------------------------------ orders

/// A bare list with the cursor of what lies behind it in the header, where it is full.
template <class T, class Number>
reply<std::vector<T>> answer_page(const context_ptr& call, const responder& answer, std::size_t limit, Number number_of) {
  return [call, answer, limit, number_of](const result<std::vector<T>>& got) {
    if (!got) return answer(got.error());
    json_writer out{call->style};
    write_all(out, *got);
    auto response = json_response(out.take());
    if (got->size() == limit) response.headers.set("X-Next-Cursor", std::to_string(number_of(got->back())));
    answer(std::move(response));
  };
}

void list_orders(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto filter = filter_of(parts, query, default_orders);
  if (!query.ok()) return answer(query.failure());
  if (!call->params.empty()) filter.account = account_id{call->params.front()};
  filter.account = asked_account(port, *call, std::move(filter.account));
  const auto limit = filter.limit;
  port.orders(caller_of(*call), std::move(filter),
              answer_page<order_snapshot>(call, answer, limit, [](const order_snapshot& last) { return raw(last.what.number); }));
}

void executions(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto filter = filter_of(parts, query, default_executions);
  if (const auto id = query.text({"order_id"}, query_reader::need::optional, 64)) filter.order = order_id{*id};
  filter.until = query.time({"to"});
  if (!query.ok()) return answer(query.failure());
  const bool is_bare = !call->params.empty();
  if (is_bare) filter.account = account_id{call->params.front()};
  filter.account = asked_account(port, *call, std::move(filter.account));
  const auto limit = filter.limit;
  if (is_bare)
    return port.executions(caller_of(*call), std::move(filter),
                           answer_page<execution_snapshot>(call, answer, limit, [](const execution_snapshot& last) { return last.sequence; }));
  port.executions(caller_of(*call), std::move(filter),
                  answer_with<std::vector<execution_snapshot>>(call, answer, [limit](json_writer& out, const auto& list) {
                    out.begin_object().key("executions");
                    write_all(out, list);
                    out.key("next_cursor");
                    // a full page may have another behind it
                    if (list.size() == limit) out.value(list.back().sequence);
                    else out.null();
                    out.end_object();
                  }));
}

void one_order(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  port.order_of(caller_of(*call), name_of(*call),
                answer_with<order_snapshot>(call, answer, [](json_writer& out, const auto& one) { write(out, one); }));
}

/// The request with its symbol as the master spells it and its account filled in; answers what is wrong itself.
std::optional<order_request> read_request(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return std::nullopt;
  object_reader body{*json};
  auto request = read_order_request(body);
  if (is_bad(parts, body, call, answer)) return std::nullopt;
  const auto found = find_instrument(parts, request.symbol);
  if (!found) {
    answer(to_api_error(found.error(), "body"));
    return std::nullopt;
  }
  request.symbol = (*found)->symbol;
  if (request.account.empty()) {
    const auto usual = usual_account(port, *call);
    if (!usual) {
      answer(usual.error());
      return std::nullopt;
    }
    request.account = *usual;
  }
  if (auto refused = scope_refusal(*call, request.account, request.strategy)) {
    answer(std::move(*refused));
    return std::nullopt;
  }
  if (const auto good = check_request(request); !good) {
    answer(to_api_error(good.error(), "body"));
    return std::nullopt;
  }
  return request;
}

int status_of_placing(placed_order::outcome how) {
  switch (how) {
  case placed_order::outcome::placed: return 201;
  case placed_order::outcome::pending: return 202;
  case placed_order::outcome::repeated: return 200;
  case placed_order::outcome::refused: return 422;
  }
  return 500;
}

/// The order, and for one that was refused also what every failure says (spec 1).
std::string placed_body(const request_context& call, const placed_order& got) {
  json_writer out{call.style};
  write(out, got.order);
  auto text = out.take();
  if (got.how != placed_order::outcome::refused) return text;
  json_writer failure{call.style};
  failure.begin_object();
  write_refusal(failure, call, "Order refused: ", got.order.what);
  failure.end_object();
  text.back() = ',';
  return text.append(failure.take(), 1);
}

void place(services& parts, trading_port& port, const context_ptr& call, const responder& asked) {
  query_reader query{call->request.query};
  const auto wait = query.integer({"wait_ms"}, query_reader::need::optional, 0, max_wait_ms).value_or(default_wait_ms);
  if (!query.ok()) return asked(query.failure());
  auto request = read_request(parts, port, call, asked);
  if (!request) return;
  const auto granted = within_rate(parts, call, asked, request->account);
  if (!granted) return;
  const auto& answer = *granted;
  place_order what{std::move(*request), std::string(call->request.header("Idempotency-Key")), std::chrono::milliseconds{wait}};
  port.place(caller_of(*call), std::move(what), [call, answer](const result<placed_order>& got) {
    if (!got) return answer(to_api_error(got.error(), "body"));
    answer(json_response(placed_body(*call, *got), status_of_placing(got->how)));
  });
}

void preview(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  auto request = read_request(parts, port, call, answer);
  if (!request) return;
  port.preview(caller_of(*call), std::move(*request), answer_with<order_preview>(call, answer, [](json_writer& out, const order_preview& p) {
                 const bool accepts = p.decision.may_send();
                 out.begin_object().field("would_accept", accepts).field("quantity", p.decision.approved).field("est_price", p.price_used);
                 out.field("est_notional", p.notional).field("est_fees", p.fees).field("buying_power_after", p.buying_power_after).key("risk_check");
                 write(out, p.decision);
                 out.end_object();
               }));
}

/// Goes on where the order in the path may be touched, within the limit of its account: for changes.
void with_own_order_in_rate(services& parts, trading_port& port, const context_ptr& call, const responder& answer, std::function<void(const responder&)> then) {
  port.order_of(caller_of(*call), name_of(*call), [&parts, call, answer, then = std::move(then)](const result<order_snapshot>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    if (!call->who.strategies.empty() && !call->who.lists_strategy(got->what.strategy.str())) return answer(out_of_scope("strategies"));
    if (const auto granted = within_rate(parts, call, answer, got->account)) then(*granted);
  });
}

/// Goes on where the order in the path may be touched: who is bound to strategies touches theirs only. Accounts see to their own.
void with_own_order(trading_port& port, const context_ptr& call, const responder& answer, std::function<void()> then) {
  if (call->who.strategies.empty()) return then();
  port.order_of(caller_of(*call), name_of(*call), [call, answer, then = std::move(then)](const result<order_snapshot>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    if (!call->who.lists_strategy(got->what.strategy.str())) return answer(out_of_scope("strategies"));
    then();
  });
}

/// Where the gate refuses a change, its field is the code of the check.
api_error change_error(const error& why) {
  const bool is_by_gate = why.code == errc::refused && !why.field.empty() && std::ranges::all_of(why.field, [](char c) { return c == '_' || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9'); });
  if (!is_by_gate) return to_api_error(why, why.field == "order_id" || why.code == errc::not_found ? "path" : "body");
  auto out = make_error(422, "risk." + why.field, "Change refused: " + why.message);
  out.title = "Change refused";
  return out;
}

void change_order(services& parts, trading_port& port, const context_ptr& call, const responder& asked) {
  const auto json = body_of(call, asked);
  if (!json) return;
  object_reader body{*json};
  auto change = read_order_change(body);
  if (is_bad(parts, body, call, asked)) return;
  with_own_order_in_rate(parts, port, call, asked, [to = &port, call, change](const responder& answer) {
    to->change(caller_of(*call), name_of(*call), change, [call, answer](const result<order_snapshot>& got) {
      if (!got) return answer(change_error(got.error()));
      json_writer out{call->style};
      write(out, *got);
      answer(json_response(out.take(), 202));
    });
  });
}

/// Of an order whose fate only a person knows: an admin ends it, with a reason.
void close_unknown(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  auto reason = body.string({"reason"}, need::required).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  port.close_unknown(caller_of(*call), name_of(*call), std::move(reason),
                     answer_with<order_snapshot>(call, answer, [](json_writer& out, const auto& one) { write(out, one); }));
}

void retry_order(services& parts, trading_port& port, const context_ptr& call, const responder& asked) {
  query_reader query{call->request.query};
  const auto wait = query.integer({"wait_ms"}, query_reader::need::optional, 0, max_wait_ms).value_or(default_wait_ms);
  if (!query.ok()) return asked(query.failure());
  with_own_order_in_rate(parts, port, call, asked, [to = &port, call, wait](const responder& answer) {
    to->retry(caller_of(*call), name_of(*call), std::chrono::milliseconds{wait}, [call, answer](const result<placed_order>& got) {
      if (!got) return answer(to_api_error(got.error(), "path"));
      answer(json_response(placed_body(*call, *got), status_of_placing(got->how)));
    });
  });
}

void accept_venue_position(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto found = find_instrument(parts, call->params.front());
  if (!found) return answer(to_api_error(found.error(), "path"));
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  accept_position what;
  what.symbol = (*found)->symbol;
  if (const auto id = body.string({"account_id", "account"}, need::optional, 64)) what.account = account_id{*id};
  if (const auto average = body.number({"average_price", "avg_price"}, need::optional)) what.average = price{*average};
  what.reason = body.string({"reason"}, need::required).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  what.account = asked_account(port, *call, std::move(what.account));
  port.accept(caller_of(*call), std::move(what), [call, answer](const result<accepted_position>& got) {
    if (!got) return answer(to_api_error(got.error(), "body"));
    json_writer out{call->style};
    out.begin_object().field("account_id", got->account.str()).field("symbol", got->symbol).field("previous_quantity", got->before);
    out.field("quantity", got->now).field("avg_price", got->average).end_object();
    answer(json_response(out.take()));
  });
}

void send_cancel(trading_port& port, const context_ptr& call, const responder& answer) {
  port.cancel(caller_of(*call), name_of(*call), [call, answer](const result<cancelled_order>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    const bool is_over = got->how == cancelled_order::outcome::already_final;
    json_writer order{call->style};
    write(order, got->order);
    auto text = order.take();
    // the order itself, with the one field that says that nothing was done
    if (is_over) text.insert(text.size() - 1, ",\"changed\":false");
    answer(json_response(std::move(text), is_over ? 200 : 202));
  });
}

void cancel_order(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  with_own_order(port, call, answer, [to = &port, call, answer] { send_cancel(*to, call, answer); });
}

void cancel_orders(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto filter = filter_of(parts, query, max_orders);
  if (!query.ok()) return answer(query.failure());
  // a list of a symbol that nobody knows is empty; a cancel of it must not look done
  if (filter.symbol && !find_instrument(parts, *filter.symbol)) return answer(to_api_error(find_instrument(parts, *filter.symbol).error(), "query"));
  filter.account = asked_account(port, *call, std::move(filter.account));
  if (!call->who.lists_strategy(filter.strategy.value_or(strategy_id{}).str())) return answer(out_of_scope("strategies"));
  port.cancel_all(caller_of(*call), std::move(filter), answer_with<std::vector<order_id>>(call, answer, [](json_writer& out, const auto& ids) {
                    out.begin_object().field("requested", ids.size()).key("order_ids").begin_array();
                    for (const auto& id : ids) out.value(id.str());
                    out.end_array().end_object();
                  }, 202));
}

void close_with(services& parts, trading_port& port, const context_ptr& call, const responder& answer, std::optional<std::string> symbol) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  close_request what;
  what.symbol = std::move(symbol);
  if (const auto id = body.string({"account_id", "account"}, need::optional, 64)) what.account = account_id{*id};
  what.reason = body.string({"reason"}, need::optional).value_or("");
  if (what.symbol) {
    if (const auto size = body.number({"quantity", "qty"}, need::optional)) {
      if (size->is_positive()) what.qty = quantity{*size};
      else body.problem("quantity", "must be more than 0", "range");
    }
    if (const auto limit = body.number({"price", "limit_price"}, need::optional)) what.limit_price = price{*limit};
    const auto type = body.string({"type", "order_type"}, need::optional).value_or("market");
    if (type == "limit") what.type = order_type::limit;
    else if (type != "market") body.problem("type", "must be market or limit", "value");
    if ((what.type == order_type::limit) != what.limit_price.has_value()) body.problem("price", "belongs to limit orders, and they need it", "conflict");
  }
  if (is_bad(parts, body, call, answer)) return;
  // a position is the account's, whoever opened it
  if (!call->who.strategies.empty()) return answer(out_of_scope("strategies"));
  what.account = asked_account(port, *call, std::move(what.account));
  port.close(caller_of(*call), std::move(what), answer_closed(call, answer));
}

void close_position(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto found = find_instrument(parts, call->params.front());
  if (!found) return answer(to_api_error(found.error(), "path"));
  close_with(parts, port, call, answer, (*found)->symbol);
}

void close_all(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  close_with(parts, port, call, answer, std::nullopt);
}

/// Adds rows of one group.
class group {
public:
  group(std::vector<route>& rows, services& parts, std::string_view tag) : rows_(rows), parts_(parts), tag_(tag) {}

  /// `takes` and `gives` name schemas; "" for none, and for bare lists.
  group& add(verb method, std::string_view pattern, route_policy policy, std::string_view summary, trading_handler run,
             std::string_view gives = "", std::string_view takes = "", int success = 200) {
    const bool writes = method == verb::post || method == verb::put || method == verb::patch;
    rows_.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary, .run = with_port(parts_, run, tag_),
                     .request_schema = takes, .response_schema = gives, .success = success,
                     .body = writes ? body_kind::json : body_kind::none, .tag = tag_});
    return *this;
  }

private:
  std::vector<route>& rows_;
  services& parts_;
  std::string_view tag_;
};

} // namespace

void add_order_routes(std::vector<route>& rows, services& parts) {
  constexpr route_policy view{access::viewer, rate_class::general}, order{access::trader, rate_class::orders, bound_callers::welcome},
    unlimited{access::trader, rate_class::unlimited, bound_callers::welcome}, admin{access::admin, rate_class::general};
  group accounts{rows, parts, "accounts"};
  for (const std::string_view path : {"/api/account", "/api/v1/account"}) accounts.add(verb::get, path, view, "The default account", default_account, "Account");
  for (const std::string_view path : {"/api/positions", "/api/v1/positions"}) accounts.add(verb::get, path, view, "Positions", list_positions);
  accounts.add(verb::get, "/api/v1/accounts", view, "Accounts", list_accounts, "Accounts")
    .add(verb::get, "/api/v1/accounts/{id}", view, "One account", named_account, "Account")
    .add(verb::get, "/api/v1/accounts/{id}/positions", view, "Positions of an account", account_positions)
    .add(verb::get, "/api/v1/accounts/{id}/orders", view, "Orders of an account", list_orders)
    .add(verb::get, "/api/v1/accounts/{id}/executions", view, "Executions of an account", executions);
  group orders{rows, parts, "orders"};
  static constexpr std::array<std::array<std::string_view, 9>, 2> paths{
    {{"/api/orders", "/api/orders/{id}", "/api/orders/preview", "/api/executions", "/api/positions/{symbol}/close", "/api/positions/flatten",
      "/api/orders/{id}/close-unknown", "/api/orders/{id}/retry", "/api/positions/{symbol}/accept"},
     {"/api/v1/orders", "/api/v1/orders/{id}", "/api/v1/orders/preview", "/api/v1/executions", "/api/v1/positions/{symbol}/close", "/api/v1/positions/flatten",
      "/api/v1/orders/{id}/close-unknown", "/api/v1/orders/{id}/retry", "/api/v1/positions/{symbol}/accept"}}};
  for (const auto& [list, one, check, fills, close, flatten, unknown, again, accept] : paths)
    orders.add(verb::get, list, view, "Orders, newest first", list_orders)
      .add(verb::post, list, order, "Place an order", place, "Order", "OrderRequest", 201)
      .add(verb::remove, list, unlimited, "Cancel working orders", cancel_orders, "OrdersCancelled", "", 202)
      .add(verb::get, one, view, "One order", one_order, "Order")
      .add(verb::patch, one, order, "Change an order", change_order, "Order", "OrderChange", 202)
      .add(verb::remove, one, unlimited, "Cancel an order", cancel_order, "Order", "", 202)
      .add(verb::post, check, {access::trader, rate_class::general, bound_callers::welcome}, "All checks, nothing reserved", preview, "OrderPreview", "OrderRequest")
      .add(verb::get, fills, view, "Executions", executions, "Executions")
      .add(verb::post, close, unlimited, "Close a position", close_position, "PositionsClosed", "", 202)
      .add(verb::post, flatten, unlimited, "Close every position", close_all, "PositionsClosed", "", 202)
      .add(verb::post, unknown, admin, "End an order whose fate the venue does not tell", close_unknown, "Order", "CloseUnknown")
      .add(verb::post, again, order, "Try an order again that never reached the venue", retry_order, "Order", "", 201)
      .add(verb::post, accept, admin, "Accept the venue's position of a symbol that is frozen", accept_venue_position, "PositionAccepted", "PositionAccept");
}

} // namespace tt::gateway
