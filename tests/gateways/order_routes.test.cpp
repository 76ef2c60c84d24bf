// Orders, accounts and risk over HTTP against a scripted trading port.

#include "tests/gateways/support/http_fixture.hpp"

namespace tt::gateway::test {
namespace {

decimal dec(const char* text) { return *decimal::parse(text); }

/// Answers at once with what the test put there, and keeps what it was asked.
class scripted_trading final : public trading_port {
public:
  placed_order next{placed_order::outcome::placed, {}};
  std::optional<error> failure, trouble;
  trading_health standing;
  std::vector<place_order> placed;
  std::vector<order_request> previewed;
  std::vector<order_change> changes;
  std::vector<order_name> names;
  std::vector<order_filter> filters;
  std::vector<close_request> closes;
  std::vector<accept_position> accepted;
  std::vector<std::string> reasons;
  std::vector<risk::limit_change> limit_changes;
  std::vector<stop_request> stops;
  std::vector<std::string> resumes;
  std::vector<trading_caller> callers;

  scripted_trading() {
    standing.journal = "ok";
    auto& o = next.order.what;
    next.order.account = account_id{"paper_simulator"};
    o.number = order_number{7};
    o.id = order_id{"o-1"};
    o.client_id = client_order_id{"c-1"};
    o.wire_id = wire_order_id{"T1"};
    o.symbol = "AAPL";
    o.asked = size_quantity{quantity{10}};
    o.terms.qty = quantity{10};
    o.terms.type = order_type::limit;
    o.terms.limit_price = price{dec("230.5")};
    o.state = order_state::working;
    o.version = 3;
    o.decision.result = verdict::approved;
    o.decision.code = "APPROVED";
  }

  result<account_id> default_account() const override { return account_id{"paper_simulator"}; }
  trading_health health() override { return standing; }
  void accounts(const trading_caller&, reply<std::vector<account_snapshot>> done) override {
    account_snapshot one;
    one.profile.id = account_id{"paper_simulator"};
    one.profile.venue = venue_id{"paper"};
    one.figures.equity = money{100'000};
    one.figures.cash = money{dec("-5.5")};
    one.balances.buying_power = money{dec("200000")};
    one.trouble = trouble;
    done(std::vector{one});
  }
  void positions(const trading_caller&, std::optional<account_id>, reply<std::vector<position_snapshot>> done) override {
    position_snapshot one;
    one.account = account_id{"paper_simulator"};
    one.held.symbol = "AAPL";
    one.held.qty = quantity{-5};
    one.held.cost = dec("-500");
    done(std::vector{one});
  }
  void orders(const trading_caller&, order_filter filter, reply<std::vector<order_snapshot>> done) override {
    filters.push_back(filter);
    done(std::vector{next.order});
  }
  void order_of(const trading_caller&, order_name name, reply<order_snapshot> done) override {
    names.push_back(name);
    if (failure && failure->code == errc::not_found) return done(*failure);
    done(next.order);
  }
  void executions(const trading_caller&, order_filter filter, reply<std::vector<execution_snapshot>> done) override {
    filters.push_back(filter);
    execution_snapshot one;
    one.fill.order = order_number{7};
    one.sequence = 19;
    one.fill.qty = quantity{3};
    one.fill.px = price{dec("100.25")};
    done(std::vector{one});
  }
  void place(const trading_caller& who, place_order what, reply<placed_order> done) override {
    callers.push_back(who);
    placed.push_back(std::move(what));
    if (failure) return done(*failure);
    done(next);
  }
  void preview(const trading_caller&, order_request what, reply<order_preview> done) override {
    previewed.push_back(std::move(what));
    order_preview out;
    out.decision.result = verdict::rejected;
    out.decision.code = "POSITION_LIMIT";
    out.decision.checks = {{"POSITION_LIMIT", check_result::rejected, "account", dec("0.2"), dec("0.1"), "ratio", "too much", 900},
                           {"SECTOR", check_result::not_evaluated, "global", {}, {}, "none", "the master names no sector of the instrument", 40}};
    out.decision.state_offset = journal_offset{77};
    done(out);
  }
  void change(const trading_caller&, order_name name, order_change change, reply<order_snapshot> done) override {
    names.push_back(name);
    changes.push_back(change);
    if (failure) return done(*failure);
    done(next.order);
  }
  void cancel(const trading_caller&, order_name name, reply<cancelled_order> done) override {
    names.push_back(name);
    done(cancelled_order{name.id == "final" ? cancelled_order::outcome::already_final : cancelled_order::outcome::requested, next.order});
  }
  void cancel_all(const trading_caller&, order_filter filter, reply<std::vector<order_id>> done) override {
    filters.push_back(filter);
    done(std::vector{order_id{"o-1"}, order_id{"o-2"}});
  }
  void close(const trading_caller&, close_request what, reply<closed_positions> done) override {
    closes.push_back(what);
    done(closed_positions{{next.order}, {order_id{"o-9"}}});
  }
  void close_unknown(const trading_caller& who, order_name name, std::string reason, reply<order_snapshot> done) override {
    callers.push_back(who);
    names.push_back(name);
    reasons.push_back(std::move(reason));
    if (failure) return done(*failure);
    done(next.order);
  }
  void retry(const trading_caller& who, order_name name, std::chrono::milliseconds, reply<placed_order> done) override {
    callers.push_back(who);
    names.push_back(name);
    if (failure) return done(*failure);
    done(next);
  }
  void accept(const trading_caller& who, accept_position what, reply<accepted_position> done) override {
    callers.push_back(who);
    accepted.push_back(what);
    if (failure) return done(*failure);
    done(accepted_position{account_id{"paper_simulator"}, what.symbol, quantity{3}, quantity{7}, what.average.value_or(price{})});
  }
  void risk_state(const trading_caller&, std::optional<account_id>, reply<risk_snapshot> done) override {
    risk_snapshot out;
    out.mode = risk::kill_mode::reduce;
    out.limits = {{risk::check_code::daily_loss, "daily_loss", risk::limit_scope::global, dec("0.02"), dec("0.005"), risk::limit_unit::ratio},
                  {risk::check_code::volatility, "volatility", risk::limit_scope::global, dec("0.5"), {}, risk::limit_unit::ratio, "", "nothing is held"},
                  {risk::check_code::position_limit, "max_position_size", risk::limit_scope::account, dec("0.1"), dec("0.07"), risk::limit_unit::ratio, "AAPL"}};
    out.stops = {{{risk::kill_scope::kind::strategy, "trend"}, risk::kill_mode::reduce}};
    out.unconfirmed = {order_id{"o-3"}};
    out.frozen = {{"MSFT", quantity{0}, quantity{7}, "position differs from the venue's", *parse_iso8601("2026-01-15T14:30:00Z")}};
    out.alarms = {{*parse_iso8601("2026-01-15T14:31:00Z"), execution::severity::alarm, "UNPROTECTED", order_id{"o-2"}, "AAPL", "the leg can't be resized"}};
    risk::breaker_reading reading;
    reading.measured = dec("0.005");
    reading.limit = dec("0.02");
    reading.formula = "loss";
    out.breakers = {reading};
    out.limits_version = 4;
    profile_reading rebalance{"rebalance", {}, {{risk::limit_scope::strategy, "rebalance_v1"}}};
    rebalance.limits[static_cast<std::size_t>(risk::limit_id::max_position_size)] = risk::limit_setting::of(dec("0.45"));
    rebalance.limits[static_cast<std::size_t>(risk::limit_id::sector)] = risk::limit_setting::off();
    out.profiles = {rebalance};
    done(out);
  }
  void set_limits(const trading_caller&, risk::limit_change change, reply<std::uint64_t> done) override {
    limit_changes.push_back(std::move(change));
    done(std::uint64_t{4});
  }
  void stop(const trading_caller&, stop_request what, reply<stopped> done) override {
    stops.push_back(what);
    done(stopped{5, what.mode, {order_id{"o-1"}}, std::chrono::milliseconds{3}});
  }
  void ask_resume(const trading_caller&, std::string reason, reply<resume_question> done) override {
    resumes.push_back("ask " + reason);
    done(resume_question{"token-token-token", std::chrono::seconds{60}, {"DAILY_LOSS"}});
  }
  void resume(const trading_caller&, std::string token, reply<std::uint64_t> done) override {
    resumes.push_back("confirm " + token);
    done(error{errc::conflict, "would stop again at once: DAILY_LOSS"});
  }
};

struct trading_fixture : http_fixture {
  scripted_trading port;
  trading_fixture() { trade_with(port); }
  /// Holds an answer against the documented schema.
  void check(const std::string& schema, const nlohmann::json& body) {
    EXPECT_EQ(schema_violation(get("/openapi.json").json(), schema, body), "") << body;
  }
  answer order(std::string body) { return send_json("POST", "/api/orders", std::move(body)); }
  answer send_as(const std::string& token, std::string_view method, std::string_view target, std::string body) {
    return send_json(method, target, std::move(body), bearing(token));
  }
};

TEST(order_routes, an_order_reaches_the_port_unchanged) {
  trading_fixture f;
  const auto got = f.send_json("POST", "/api/orders?wait_ms=0", R"({"ticker":"AAPL","action":"sell_short","qty":"10","order_type":"stop_limit",
    "limit_price":230.50,"stop_price":231,"tif":"gtc","account":"paper_simulator","strategy":"s","comment":"x","client_order_id":"c-1","reduce_only":false})");
  EXPECT_EQ(got.status, 201) << got.body;
  ASSERT_EQ(f.port.placed.size(), 1u);
  const auto& asked = f.port.placed[0].request;
  EXPECT_EQ(asked.symbol, "AAPL");
  EXPECT_EQ(asked.side, order_side::sell_short);
  EXPECT_EQ(asked.size, order_size{size_quantity{quantity{10}}});
  EXPECT_EQ(asked.type, order_type::stop_limit);
  EXPECT_EQ(asked.limit_price, price{dec("230.5")});
  EXPECT_EQ(asked.stop_price, price{231});
  EXPECT_EQ(asked.tif, time_in_force::gtc);
  EXPECT_EQ(asked.strategy.str(), "s");
  EXPECT_EQ(asked.client_id.str(), "c-1");
  EXPECT_EQ(f.port.placed[0].wait.count(), 0);
  const auto body = got.json();
  EXPECT_EQ(body["order_id"], "o-1");
  EXPECT_EQ(body["state"], "working");
  EXPECT_EQ(body["status"], "open");
  EXPECT_EQ(body["risk_check"]["code"], "APPROVED");
  EXPECT_EQ(body["version"], 3);
  f.check("Order", body);
}

TEST(order_routes, the_status_says_what_became_of_it) {
  trading_fixture f;
  const std::string body = R"({"symbol":"AAPL","side":"buy","quantity":10})";
  f.port.next.how = placed_order::outcome::pending;
  EXPECT_EQ(f.order(body).status, 202);
  f.port.next.how = placed_order::outcome::repeated;
  EXPECT_EQ(f.order(body).status, 200);
  f.port.next.how = placed_order::outcome::refused;
  f.port.next.order.what.state = order_state::risk_rejected;
  f.port.next.order.what.reject_code = "DAILY_LOSS";
  f.port.next.order.what.reason = "the day's loss is 0.0231 of equity at its start";
  const auto refused = f.order(body);
  EXPECT_EQ(refused.status, 422);
  const auto told = refused.json(); // the order, and what every failure says
  EXPECT_EQ(told["state"], "risk_rejected");
  EXPECT_EQ(told["error_code"], "risk.DAILY_LOSS");
  EXPECT_EQ(told["detail"], "Order refused: the day's loss is 0.0231 of equity at its start");
  EXPECT_EQ(told["error"], "Order refused");
  EXPECT_FALSE(told["request_id"].get<std::string>().empty());
  f.port.failure = error{errc::conflict, "the id was used for another order", "client_order_id"};
  EXPECT_EQ(f.order(body).status, 409);
  f.port.failure = error{errc::not_available, "the journal can't be written"};
  EXPECT_EQ(f.order(body).status, 503);
}

TEST(order_routes, what_is_wrong_is_named_and_nothing_is_guessed) {
  trading_fixture f;
  const auto field = [&](const std::string& body) {
    const auto got = f.order(body);
    if (got.status != 400) return "status " + std::to_string(got.status) + " " + got.body;
    return got.json()["errors"][0]["loc"].back().get<std::string>();
  };
  EXPECT_EQ(field(R"({"symbol":"AAPL","quantity":10})"), "side") << "no default side, ever";
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"hold","quantity":10})"), "side");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy"})"), "quantity");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":1,"weight":0.1})"), "quantity");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":-1})"), "quantity");
  for (const auto* wrong : {"-1", "1e30", "\"x\""}) // said once: wrong is not missing
    EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"buy","quantity":)" + std::string(wrong) + "}").json()["errors"].size(), 1u) << wrong;
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","weight":1.5})"), "weight");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"limit"})"), "price");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"iceberg"})"), "type");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":1,"client_order_id":"a b"})"), "client_order_id");
  EXPECT_EQ(field(R"({"symbol":"AAPL","side":"buy","quantity":1,"qty":2})"), "quantity");
  EXPECT_EQ(f.order(R"({"symbol":"NOPE","side":"buy","quantity":1})").status, 404);
  EXPECT_TRUE(f.port.placed.empty());
}

TEST(order_routes, brackets_and_pairs) {
  trading_fixture f;
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"buy","quantity":10,"type":"bracket","price":100,"take_profit":{"price":110},"stop_loss":{"stop_price":95,"price":94}})").status, 201);
  const auto& bracket = f.port.placed.at(0).request;
  EXPECT_EQ(bracket.profit, take_profit{price{110}});
  EXPECT_EQ(bracket.loss, (stop_loss{price{95}, price{94}}));
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":10,"type":"oco","legs":[{"type":"limit","price":110},{"type":"stop","stop_price":95}]})").status, 201);
  ASSERT_EQ(f.port.placed.at(1).request.legs.size(), 2u);
  EXPECT_EQ(f.port.placed[1].request.legs[1].stop_price, price{95});
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":10,"type":"oco","legs":[{"type":"limit","price":110}]})").status, 400);
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"buy","quantity":10,"type":"bracket"})").status, 400) << "never a plain market order instead";
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"buy","quantity":10,"type":"bracket","stop_loss":{"price":95}})").status, 400);
}

TEST(order_routes, changes_cancels_and_look_ups) {
  trading_fixture f;
  EXPECT_EQ(f.send_json("PATCH", "/api/orders/o-1", R"({"quantity":5,"if_version":3})").status, 202);
  EXPECT_EQ(f.port.changes.at(0).qty, quantity{5});
  EXPECT_EQ(f.port.changes.at(0).if_version, 3u);
  EXPECT_EQ(f.send_json("PATCH", "/api/orders/o-1", "{}").status, 400);
  EXPECT_EQ(f.call("DELETE", "/api/orders/client:c-1").status, 202);
  EXPECT_EQ(f.port.names.back().by, order_name::kind::client);
  EXPECT_EQ(f.port.names.back().id, "c-1");
  const auto over = f.call("DELETE", "/api/orders/final");
  EXPECT_EQ(over.status, 200);
  EXPECT_EQ(over.json()["changed"], false);
  EXPECT_EQ(f.call("DELETE", "/api/orders?symbol=AAPL").json()["requested"], 2);
  EXPECT_EQ(f.port.filters.back().symbol, "AAPL");
  EXPECT_EQ(f.get("/api/orders?status=filled&limit=7").status, 200);
  EXPECT_EQ(f.port.filters.back().status, order_status::filled);
  EXPECT_EQ(f.port.filters.back().limit, 7u);
  EXPECT_EQ(f.get("/api/orders?status=lost").status, 400);
  EXPECT_EQ(f.get("/api/orders/broker:12").status, 200);
  f.port.failure = error{errc::not_found, "no such order"};
  EXPECT_EQ(f.get("/api/orders/o-77").status, 404);
}

TEST(order_routes, accounts_positions_and_executions) {
  trading_fixture f;
  const auto account = f.get("/api/account").json();
  EXPECT_EQ(account["account_id"], "paper_simulator");
  EXPECT_EQ(account["cash_balance"], -5.5);
  f.check("Account", account);
  EXPECT_EQ(f.get("/api/v1/accounts/other").status, 404);
  EXPECT_EQ(f.get("/api/v1/accounts").json()["accounts"].size(), 1u);
  const auto positions = f.get("/api/positions").json();
  ASSERT_EQ(positions.size(), 1u);
  EXPECT_EQ(positions[0]["side"], "short");
  f.check("Position", positions[0]);
  EXPECT_EQ(positions[0]["avg_price"], 100);
  EXPECT_TRUE(positions[0]["current_price"].is_null()) << "no price is no zero";
  EXPECT_EQ(f.get("/api/positions?symbol=MSFT").json().size(), 0u);
  const auto page = f.get("/api/executions?limit=1").json();
  EXPECT_EQ(page["executions"][0]["price"], 100.25);
  EXPECT_EQ(page["next_cursor"], 19) << "the place among the executions: an order may have several";
  f.check("Executions", page);
  EXPECT_TRUE(f.get("/api/executions?limit=2").json()["next_cursor"].is_null());
  ASSERT_EQ(f.get("/api/executions?order_id=o-1&cursor=19&from=2026-01-15T15:00:00Z&to=2026-01-15T16:00:00Z").status, 200);
  const auto& filter = f.port.filters.back();
  EXPECT_EQ(filter.order, order_id{"o-1"});
  EXPECT_EQ(filter.before, 19u);
  EXPECT_EQ(filter.since, *parse_iso8601("2026-01-15T15:00:00Z"));
  EXPECT_EQ(filter.until, *parse_iso8601("2026-01-15T16:00:00Z"));
}

TEST(order_routes, preview_close_and_flatten) {
  trading_fixture f;
  const auto preview = f.send_json("POST", "/api/orders/preview", R"({"symbol":"AAPL","side":"buy","weight":0.2})").json();
  EXPECT_EQ(preview["would_accept"], false);
  f.check("OrderPreview", preview);
  const auto& check = preview["risk_check"]["checks"][0];
  EXPECT_EQ(check["code"], "POSITION_LIMIT");
  EXPECT_EQ(check["measured"], 0.2);
  EXPECT_EQ(check["limit"], 0.1);
  EXPECT_EQ(check["unit"], "ratio");
  EXPECT_EQ(check["scope"], "account");
  EXPECT_EQ(check["elapsed_ns"], 900);
  const auto& skipped = preview["risk_check"]["checks"][1]; // no data: not passed
  EXPECT_EQ(skipped["result"], "not_evaluated");
  EXPECT_EQ(skipped["message"], "the master names no sector of the instrument");
  EXPECT_TRUE(skipped.contains("measured") && skipped["measured"].is_null());
  EXPECT_TRUE(skipped.contains("limit") && skipped["limit"].is_null());
  EXPECT_EQ(preview["risk_check"]["state_offset"], 77);
  EXPECT_EQ(f.port.previewed.at(0).size, order_size{size_weight{dec("0.2")}});
  EXPECT_EQ(f.send_json("POST", "/api/positions/AAPL/close", R"({"quantity":3})").status, 202);
  EXPECT_EQ(f.port.closes.back().qty, quantity{3});
  EXPECT_EQ(f.send_json("POST", "/api/positions/AAPL/close", R"({"type":"limit"})").status, 400);
  const auto flat = f.send_json("POST", "/api/positions/flatten", R"({"reason":"home"})").json();
  EXPECT_EQ(flat["cancelled"][0], "o-9");
  EXPECT_FALSE(f.port.closes.back().symbol);
}

TEST(order_routes, risk_and_the_emergency_stop) {
  trading_fixture f;
  const auto risk = f.get("/api/v1/risk").json();
  EXPECT_EQ(risk["kill_active"], true);
  f.check("Risk", risk);
  EXPECT_EQ(risk["limits"][0]["headroom"], 0.015);
  EXPECT_EQ(risk["breakers"][0]["code"], "DAILY_LOSS");
  EXPECT_TRUE(risk["limits"][1]["measured"].is_null());
  EXPECT_EQ(risk["limits"][1]["reason"], "nothing is held");
  EXPECT_FALSE(risk["limits"][1]["would_trip"]);
  EXPECT_EQ(risk["limits"][2]["subject"], "AAPL");
  EXPECT_EQ(risk["limits"][2]["headroom"], 0.03);
  EXPECT_EQ(risk["stops"], nlohmann::json::parse(R"([{"scope":"strategy","name":"trend","mode":"reduce"}])"));
  EXPECT_EQ(risk["unconfirmed_cancels"], nlohmann::json::parse(R"(["o-3"])"));
  EXPECT_EQ(risk["frozen"][0]["theirs"], 7);
  EXPECT_EQ(risk["alarms"][0]["code"], "UNPROTECTED");
  EXPECT_EQ(risk["alarms"][0]["order_id"], "o-2");
  const auto stop = f.send_json("POST", "/api/v1/risk/emergency-stop", R"({"mode":"reduce","scope":{"account_id":"paper_simulator"},"reason":"why"})");
  EXPECT_EQ(stop.status, 200) << stop.body;
  EXPECT_EQ(stop.json()["kill_active"], true);
  f.check("EmergencyStopped", stop.json());
  EXPECT_EQ(f.port.stops.at(0).mode, risk::kill_mode::reduce);
  EXPECT_EQ(f.port.stops.at(0).scope, (risk::kill_scope{risk::kill_scope::kind::account, "paper_simulator"}));
  EXPECT_EQ(f.send_json("POST", "/api/v1/risk/emergency-stop", "{}").status, 200);
  EXPECT_EQ(f.port.stops.at(1).mode, risk::kill_mode::halt);
  EXPECT_EQ(f.port.stops.at(1).scope, risk::kill_scope{});
  EXPECT_EQ(f.send_json("POST", "/api/v1/risk/emergency-stop", R"({"scope":{"acount_id":"x"}})").status, 400) << "a slip stops nothing else instead";
  EXPECT_EQ(f.port.stops.size(), 2u);
}

TEST(order_routes, a_symbol_in_a_scope_is_spelt_as_in_an_order) {
  trading_fixture f;
  const auto root = f.token("root", role::admin);
  for (const auto* name : {"AAPL", "aapl", "NASDAQ:AAPL"}) {
    const auto scope = std::string(R"("scope":{"symbol":")") + name + "\"}";
    EXPECT_EQ(f.send_json("POST", "/api/v1/risk/emergency-stop", "{" + scope + R"(,"reason":"why"})").status, 200);
    EXPECT_EQ(f.port.stops.back().scope, (risk::kill_scope{risk::kill_scope::kind::symbol, "AAPL"})) << name;
    EXPECT_EQ(f.send_as(root, "PUT", "/api/v1/risk/limits", "{" + scope + R"(,"reason":"why","limits":{"max_position_size":0.1}})").status, 200);
    EXPECT_EQ(f.port.limit_changes.back().where, (risk::scope_key{risk::limit_scope::symbol, "AAPL"})) << name;
    EXPECT_EQ(f.call("DELETE", std::string("/api/orders?symbol=") + name).status, 202);
    EXPECT_EQ(f.port.filters.back().symbol, "AAPL");
    EXPECT_EQ(f.get(std::string("/api/positions?symbol=") + name).json().size(), 1u);
  }
  const auto stops = f.port.stops.size(), changes = f.port.limit_changes.size(), filters = f.port.filters.size();
  const auto unknown = f.send_json("POST", "/api/v1/risk/emergency-stop", R"({"scope":{"symbol":"NOPE"},"reason":"why"})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json()["errors"][0]["loc"], nlohmann::json::parse(R"(["body","scope.symbol"])"));
  EXPECT_EQ(f.send_as(root, "PUT", "/api/v1/risk/limits", R"({"scope":{"symbol":"AAPL "},"reason":"why","limits":{"max_position_size":0.1}})").status, 404);
  EXPECT_EQ(f.call("DELETE", "/api/orders?symbol=NOPE").status, 404);
  EXPECT_EQ(f.port.stops.size(), stops);
  EXPECT_EQ(f.port.limit_changes.size(), changes);
  EXPECT_EQ(f.port.filters.size(), filters);
}

TEST(order_routes, bare_lists_name_their_next_page_in_the_header) {
  trading_fixture f;
  EXPECT_EQ(f.get("/api/orders?limit=1").header("X-Next-Cursor"), "7");
  EXPECT_EQ(f.get("/api/orders?limit=2").header("X-Next-Cursor"), "") << "not full: nothing lies behind it";
  EXPECT_EQ(f.get("/api/orders?limit=1&cursor=7").status, 200);
  EXPECT_EQ(f.port.filters.back().before, 7u);
  EXPECT_EQ(f.get("/api/v1/accounts/paper_simulator/orders?limit=1").header("X-Next-Cursor"), "7");
  EXPECT_EQ(f.get("/api/v1/accounts/paper_simulator/executions?limit=1").header("X-Next-Cursor"), "19");
}

TEST(order_routes, orders_are_limited_by_their_account_whoever_sends_them) {
  trading_fixture f;
  const auto ann = f.token("ann", role::trader), bob = f.token("bob", role::trader);
  const std::string body = R"({"symbol":"AAPL","side":"buy","quantity":1})";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(f.send_as(i % 2 ? ann : bob, "POST", "/api/orders", body).status, 201) << i;
  const auto over = f.send_as(ann, "POST", "/api/orders", body);
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(over.header("Retry-After"), "1");
  EXPECT_EQ(over.header("X-RateLimit-Limit"), "60");
  EXPECT_EQ(over.header("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(f.send_as(bob, "PATCH", "/api/orders/o-1", R"({"quantity":5})").status, 429) << "changes count, too";
  EXPECT_EQ(f.port.placed.size(), 20u);
  EXPECT_TRUE(f.port.changes.empty());
  EXPECT_EQ(f.send_as(ann, "POST", "/api/orders", R"({"symbol":"AAPL","side":"buy","quantity":1,"account_id":"other"})").status, 201) << "another account";
  EXPECT_EQ(f.call("DELETE", "/api/orders/o-1").status, 202);
  EXPECT_EQ(f.send_json("POST", "/api/v1/risk/emergency-stop", "{}").status, 200);
  f.now += std::chrono::seconds{1};
  const auto next = f.send_as(ann, "POST", "/api/orders", body);
  EXPECT_EQ(next.status, 201) << "one a second comes back";
  EXPECT_EQ(next.header("X-RateLimit-Remaining"), "0");
}

TEST(order_routes, what_lies_inside_an_order_is_read_as_the_order_is) {
  trading_fixture f;
  const std::string pair = R"({"symbol":"AAPL","side":"sell","quantity":10,"type":"oco","legs":[)";
  const std::string other = R"(,{"type":"stop","stop_price":95}]})";
  EXPECT_EQ(f.order(pair + R"({"symbol":"AAPL","side":"sell","quantity":10,"type":"limit","price":110,"colour":"red"})" + other).status, 201);
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"buy","quantity":10,"type":"bracket","take_profit":{"price":110,"symbol":"AAPL"},"stop_loss":{"stop_price":95,"x":1}})").status, 201);
  EXPECT_EQ(f.order(pair + R"({"symbol":"MSFT","type":"limit","price":110})" + other).status, 400) << "another symbol";
  for (const char* said : {R"("reduce_only":true)", R"("time_in_force":"gtc")", R"("account_id":"other")", R"("quantity":9)"}) {
    const auto refused = f.order(pair + R"({"type":"limit","price":110,)" + said + "}" + other);
    EXPECT_EQ(refused.status, 400) << said << ": of a leg it would not be heeded";
  }
  const std::string whole = R"({"symbol":"AAPL","side":"sell","quantity":10,"type":"oco","reduce_only":true,"tif":"gtc","account":"paper_simulator","strategy":"s","legs":[)";
  const std::string agrees = R"("reduce_only":true,"time_in_force":"gtc","account_id":"paper_simulator","strategy_id":"s","extended_hours":false,"qty":"10")";
  const auto repeated = f.order(whole + R"({"type":"limit","price":110,)" + agrees + R"(},{"type":"stop","stop_price":95,)" + agrees + "}]}");
  EXPECT_EQ(repeated.status, 201) << repeated.body;
  EXPECT_EQ(f.port.placed.back().request.effect, position_effect::reduce_only);
  for (const char* said : {R"("reduce_only":false)", R"("tif":"day")", R"("account":"other")", R"("strategy":"t")", R"("extended_hours":true)", R"("notional":10)",
                           R"("client_order_id":"mine")", R"("comment":"mine")", R"("trail_percent":1)"}) {
    const auto refused = f.order(whole + R"({"type":"limit","price":110,)" + said + "}" + other);
    EXPECT_EQ(refused.status, 400) << said;
    EXPECT_NE(refused.body.find("conflict"), std::string::npos) << refused.body;
  }
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "\u00e9";
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":1,"comment":")" + accents + R"("})").status, 201) << "characters, not bytes";
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":1,"comment":")" + accents + R"(e"})").status, 400);
  const auto strict = f.send_json("POST", "/api/orders?strict=1", pair + R"({"type":"limit","price":110,"colour":"red"})" + other);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.json()["errors"][0]["loc"], nlohmann::json::parse(R"(["body","legs.colour"])"));
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":1,"type":"trailing_stop","trail_percent":150})").status, 400);
  EXPECT_EQ(f.order(R"({"symbol":"AAPL","side":"sell","quantity":1,"type":"trailing_stop","trail_percent":99})").status, 201);
  EXPECT_EQ(f.send_json("PATCH", "/api/orders/o-1", R"({"trail_percent":100})").status, 400);
}

TEST(order_routes, an_admin_makes_and_changes_limit_profiles) {
  trading_fixture f;
  const auto root = f.token("root", role::admin), ann = f.token("ann", role::trader);
  const std::string path = "/api/v1/risk/limit-profiles";
  const auto listed = f.get(path).json();
  f.check("LimitProfiles", listed);
  EXPECT_EQ(listed["limits_version"], 4);
  EXPECT_EQ(listed["profiles"][0]["limits"], nlohmann::json::parse(R"({"max_position_size":0.45,"sector":"off"})"));
  EXPECT_EQ(listed["profiles"][0]["assigned_to"][0]["name"], "rebalance_v1");
  EXPECT_EQ(f.get(path + "/rebalance").json(), listed["profiles"][0]);
  EXPECT_EQ(f.get(path + "/nope").status, 404);

  const auto made = f.send_as(root, "PUT", path + "/wide", R"({"limits":{"max_position_size":0.3,"sector":"off","DRAWDOWN":null},"reason":"index funds"})");
  ASSERT_EQ(made.status, 200) << made.body;
  f.check("LimitProfileChanged", made.json());
  EXPECT_EQ(made.json()["version"], 4);
  const auto& change = f.port.limit_changes.back();
  EXPECT_EQ(change.what, risk::limit_change::target::profile);
  EXPECT_EQ(change.profile, "wide");
  EXPECT_EQ(change.author, "token:root");
  EXPECT_EQ(change.reason, "index funds");
  EXPECT_EQ(change.by, risk::limit_change::role::admin);
  ASSERT_EQ(change.values.size(), 3u);
  EXPECT_EQ(change.values[1].second, risk::limit_setting::off());
  EXPECT_EQ(change.values[2].second, risk::limit_setting{});

  const auto changes = f.port.limit_changes.size();
  const auto field = [&](const std::string& name, const std::string& body) {
    const auto said = f.send_as(root, "PUT", path + "/" + name, body);
    EXPECT_EQ(said.status, 400) << said.body;
    return said.json()["errors"][0]["loc"].dump();
  };
  EXPECT_EQ(field("none", R"({"limits":{"sector":"off"},"reason":"x"})"), R"(["path","name"])");
  EXPECT_EQ(field("a%20b", R"({"limits":{"sector":"off"},"reason":"x"})"), R"(["path","name"])");
  EXPECT_EQ(field("wide", R"({"limits":{"sectors":"off"},"reason":"x"})"), R"(["body","limits.sectors"])");
  EXPECT_EQ(field("wide", R"({"limits":{"daily_loss":7},"reason":"x"})"), R"(["body","limits.daily_loss"])");
  EXPECT_EQ(field("wide", R"({"limits":{},"reason":"x"})"), R"(["body","limits"])");
  EXPECT_EQ(field("wide", R"({"limits":[1],"reason":"x"})"), R"(["body","limits"])");
  EXPECT_EQ(field("wide", R"({"limits":{"sector":"off"}})"), R"(["body","reason"])");
  EXPECT_EQ(f.send_as(ann, "PUT", path + "/wide", R"({"limits":{"sector":"off"},"reason":"x"})").status, 403);
  EXPECT_EQ(f.port.limit_changes.size(), changes);
}

TEST(order_routes, limits_go_by_name_or_code) {
  trading_fixture f;
  const auto root = f.token("root", role::admin);
  const auto put = [&](const std::string& limits) {
    return f.send_as(root, "PUT", "/api/v1/risk/limits", R"({"scope":"global","reason":"why","limits":)" + limits + "}");
  };
  for (const auto* name : {"daily_loss", "dailyLoss", "DAILY_LOSS"}) {
    EXPECT_EQ(put(std::string("{\"") + name + "\":0.01}").status, 200) << name;
    EXPECT_EQ(f.port.limit_changes.back().values.at(0).first, risk::limit_id::daily_loss);
  }
  const auto wrong = put(R"({"DAILY_LOSSES":0.01})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.json()["errors"][0]["loc"], nlohmann::json::parse(R"(["body","limits.DAILY_LOSSES"])"));
  const auto many = put(R"({"ORDER_RATE":5})");
  EXPECT_EQ(many.status, 400);
  EXPECT_NE(many.json()["detail"].get<std::string>().find("order_rate_account_second"), std::string::npos) << many.body;
}

TEST(order_routes, a_change_that_the_gate_refuses_says_so_as_an_order_does) {
  trading_fixture f;
  f.port.failure = error{errc::refused, "must be a multiple of 1", "LOT_SIZE"};
  // the order itself is found
  const auto refused = f.send_json("PATCH", "/api/orders/o-1", R"({"quantity":1.5})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json()["error_code"], "risk.LOT_SIZE");
  f.port.failure = error{errc::invalid_argument, "does not belong to limit", "stop_price"};
  const auto foreign = f.send_json("PATCH", "/api/orders/o-1", R"({"stop_price":9})");
  EXPECT_EQ(foreign.status, 400);
  EXPECT_EQ(foreign.json()["errors"][0]["loc"], nlohmann::json::parse(R"(["body","stop_price"])"));
  f.port.failure.reset();
  f.port.next.order.what.leg = "a";
  const auto pair = f.get("/api/orders/o-1").json();
  EXPECT_EQ(pair["order_type"], "oco");
  EXPECT_EQ(pair["leg_type"], "limit");
  f.check("Order", pair);
}

TEST(order_routes, an_account_that_can_not_be_believed_is_503_and_the_others_are_shown) {
  trading_fixture f;
  f.port.trouble = error{errc::not_available, "the journal of the account is damaged: record 7", "journal"};
  const auto one = f.get("/api/account");
  EXPECT_EQ(one.status, 503);
  EXPECT_EQ(one.json()["error_code"], "journal.damaged");
  EXPECT_NE(one.json()["detail"].get<std::string>().find("record 7"), std::string::npos);
  EXPECT_EQ(f.get("/api/v1/portfolio").status, 503);
  const auto all = f.get("/api/v1/accounts");
  EXPECT_EQ(all.status, 200);
  EXPECT_TRUE(all.json()["accounts"].empty());
  EXPECT_EQ(all.json()["unavailable"][0]["account_id"], "paper_simulator");
  f.check("Accounts", all.json());
  f.port.standing.journal = "read_only";
  f.port.standing.reason = "paper_simulator: record 7";
  const auto health = f.get("/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.json()["status"], "unhealthy");
  EXPECT_EQ(health.json()["journal"]["reason"], "paper_simulator: record 7");
  f.check("Health", health.json());
  EXPECT_EQ(f.get("/health/ready").status, 503);
  f.port.standing.journal = "failed"; // the disk is full
  EXPECT_EQ(f.get("/health").status, 200);
  EXPECT_EQ(f.get("/health").json()["status"], "degraded");
  EXPECT_EQ(f.get("/health/ready").status, 503);
}

TEST(order_routes, linked_orders_name_each_other_by_their_ids) {
  trading_fixture f;
  f.port.next.order.parent = order_id{"o-0"};
  f.port.next.order.linked = {order_id{"o-2"}, order_id{"o-3"}};
  const auto body = f.get("/api/orders/o-1").json();
  f.check("Order", body);
  EXPECT_EQ(body["parent_id"], "o-0");
  EXPECT_EQ(body["linked_ids"], nlohmann::json::parse(R"(["o-2","o-3"])"));
}

TEST(order_routes, what_a_person_decides_needs_the_rank_and_a_reason) {
  trading_fixture f;
  const auto root = f.token("root", role::admin), ann = f.token("ann", role::trader);
  const std::string word = R"({"reason":"not on the venue's screen"})";
  EXPECT_EQ(f.send_as(ann, "POST", "/api/orders/o-1/close-unknown", word).status, 403);
  EXPECT_EQ(f.send_as(root, "POST", "/api/orders/o-1/close-unknown", "{}").status, 400);
  EXPECT_TRUE(f.port.reasons.empty());
  const auto closed = f.send_as(root, "POST", "/api/orders/o-1/close-unknown", word);
  EXPECT_EQ(closed.status, 200) << closed.body;
  f.check("Order", closed.json());
  EXPECT_EQ(f.port.reasons, (std::vector<std::string>{"not on the venue's screen"}));
  EXPECT_EQ(f.port.callers.back().principal, "token:root");
  EXPECT_EQ(f.port.callers.back().rank, risk::access::admin);
  f.port.failure = error{errc::conflict, "is working, not unknown", "order_id"};
  EXPECT_EQ(f.send_as(root, "POST", "/api/v1/orders/o-1/close-unknown", word).status, 409);
  f.port.failure.reset();
  const auto again = f.send_as(ann, "POST", "/api/orders/client:c-1/retry", "{}");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(f.port.names.back().by, order_name::kind::client);
  f.port.next.how = placed_order::outcome::refused;
  EXPECT_EQ(f.send_as(ann, "POST", "/api/orders/o-1/retry", "{}").status, 422);
  const std::string figure = R"({"average_price":101.5,"reason":"bought by telephone","account_id":"paper_simulator"})";
  EXPECT_EQ(f.send_as(ann, "POST", "/api/positions/AAPL/accept", figure).status, 403);
  const auto taken = f.send_as(root, "POST", "/api/positions/NASDAQ:AAPL/accept", figure);
  EXPECT_EQ(taken.status, 200) << taken.body;
  f.check("PositionAccepted", taken.json());
  EXPECT_EQ(taken.json()["quantity"], 7);
  EXPECT_EQ(f.port.accepted.at(0).symbol, "AAPL");
  EXPECT_EQ(f.port.accepted.at(0).average, price{dec("101.5")});
  EXPECT_EQ(f.send_as(root, "POST", "/api/positions/AAPL/accept", R"({"average_price":1})").status, 400) << "with a reason";
  EXPECT_EQ(f.send_as(root, "POST", "/api/positions/NOBODY/accept", figure).status, 404);
}

// -- scope: what a token reaches at the accounts

TEST(order_scope, a_caller_is_handed_over_with_what_it_reaches) {
  trading_fixture fixture;
  const std::string body = R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"market"})";
  using reach = trading_caller::reach;
  EXPECT_EQ(fixture.order(body).status, 201);
  EXPECT_EQ(fixture.port.callers.back().accounts, reach::paper_only);
  const auto as = [&](const std::string& token) { return fixture.send_json("POST", "/api/orders", body, bearing(token)).status; };
  EXPECT_EQ(as(fixture.token("free", role::trader)), 201);
  EXPECT_EQ(fixture.port.callers.back().accounts, reach::paper_only) << "real money only where it was given";
  EXPECT_EQ(fixture.port.callers.back().principal, "token:free");
  EXPECT_EQ(as(fixture.token("all", role::trader, {"*"})), 201);
  EXPECT_EQ(fixture.port.callers.back().accounts, reach::all);
  EXPECT_EQ(as(fixture.token("root", role::admin)), 201);
  EXPECT_EQ(fixture.port.callers.back().accounts, reach::all);
  EXPECT_EQ(fixture.port.callers.back().rank, risk::access::admin);
  EXPECT_EQ(as(fixture.token("one", role::trader, {"live_1"})), 201) << "who names no account means his own";
  EXPECT_EQ(fixture.port.callers.back().accounts, reach::listed);
  EXPECT_EQ(fixture.port.placed.back().request.account.str(), "live_1");
  const trading_caller bound{"x", risk::access::trader, reach::listed, {account_id{"live_1"}}};
  EXPECT_TRUE(bound.reaches(account_id{"live_1"}, account_mode::live));
  EXPECT_FALSE(bound.reaches(account_id{"paper_simulator"}, account_mode::paper));
  EXPECT_FALSE(trading_caller{}.reaches(account_id{"live_1"}, account_mode::live));
}

TEST(order_scope, other_accounts_are_403_whatever_is_asked) {
  trading_fixture fixture;
  const auto token = fixture.token("one", role::trader, {"live_1"});
  const auto send = [&](std::string_view method, std::string_view target, std::string body) { return fixture.send_json(method, target, std::move(body), bearing(token)); };
  const std::string other = R"(,"account_id":"paper_simulator"})";
  for (const auto& got : {send("POST", "/api/orders", R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"market")" + other),
                          send("POST", "/api/orders/preview", R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"market")" + other),
                          send("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","reason":"x"})"),
                          send("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","scope":{"symbol":"AAPL"}})"),
                          send("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","scope":{"account_id":"paper_simulator"}})"),
                          fixture.get("/api/account?account_id=paper_simulator", bearing(token)),
                          fixture.get("/api/v1/accounts/paper_simulator", bearing(token)),
                          fixture.get("/api/v1/portfolio/paper_simulator", bearing(token))}) {
    EXPECT_EQ(got.status, 403) << got.body;
    EXPECT_EQ(got.json()["error_code"], "auth.scope") << got.body;
  }
  EXPECT_TRUE(fixture.port.placed.empty());
  EXPECT_TRUE(fixture.port.stops.empty());
  EXPECT_EQ(send("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","scope":{"account_id":"live_1"}})").status, 200);
  fixture.port.failure = error{errc::refused, "this identity is bound to other accounts", "account_id"};
  EXPECT_EQ(fixture.order(R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"market"})").status, 403) << "the accounts' own word";
}

TEST(order_scope, strategies_bind_too) {
  trading_fixture fixture;
  const auto token = fixture.token("bot", role::trader, {}, {"s1"});
  const auto order = [&](std::string more) {
    return fixture.send_json("POST", "/api/orders", R"({"symbol":"AAPL","side":"buy","quantity":1,"type":"market")" + more + "}", bearing(token)).status;
  };
  EXPECT_EQ(order(""), 403) << "an order of nobody's strategy is not one of its own";
  EXPECT_EQ(order(R"(,"strategy_id":"s2")"), 403);
  EXPECT_EQ(order(R"(,"strategy_id":"s1")"), 201);
  EXPECT_EQ(fixture.call("DELETE", "/api/orders/o-1", bearing(token)).status, 403);
  EXPECT_EQ(fixture.call("DELETE", "/api/orders", bearing(token)).status, 403);
  EXPECT_EQ(fixture.call("DELETE", "/api/orders?strategy_id=s1", bearing(token)).status, 202);
  EXPECT_EQ(fixture.send_json("POST", "/api/positions/flatten", "{}", bearing(token)).status, 403);
  fixture.port.next.order.what.strategy = strategy_id{"s1"};
  EXPECT_EQ(fixture.call("DELETE", "/api/orders/o-1", bearing(token)).status, 202);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","scope":{"strategy_id":"s1"}})", bearing(token)).status, 200);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/risk/emergency-stop", R"({"mode":"halt","scope":{"strategy_id":"s2"}})", bearing(token)).status, 403);
}

} // namespace
} // namespace tt::gateway::test
