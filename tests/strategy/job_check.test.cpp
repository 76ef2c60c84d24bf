// Validation: each code of a finding by the smallest file that shows it, with its place.
#include "tests/strategy/job_files.hpp"

namespace tt::strategy {
namespace {

std::vector<finding> findings(const std::string& text, const check_context& context = test_context()) { return check_job(text, "t.yml", {}, context).findings; }
std::string changed(const std::string& line, const std::string& instead) { return codes(findings(with(small_job, line, instead))); }

TEST(job_check, the_small_job_and_the_shipped_ones_pass) {
  EXPECT_EQ(shown(findings(small_job)), "");
  for (const auto* name : {"momentum_strategy", "mean_reversion_strategy", "portfolio_rebalance"}) EXPECT_TRUE(shipped_plan(name));
}

TEST(job_check, file_rules) {
  EXPECT_EQ(codes(findings("a: [1, 2")), "YAML_SYNTAX");
  EXPECT_EQ(codes(findings("")), "YAML_SYNTAX");
  EXPECT_EQ(codes(findings("a: 1\n---\nb: 2\n")), "YAML_SYNTAX");
  EXPECT_EQ(codes(findings("a: !mine 1\n")), "YAML_SYNTAX");
  EXPECT_EQ(codes(findings("a: *nothing\n")), "YAML_SYNTAX");
  EXPECT_EQ(codes(findings("[1, 2]")), "BAD_TYPE");
  EXPECT_EQ(codes(findings(std::string(256 * 1024 + 1, '#'))), "TOO_LARGE");
  EXPECT_EQ(codes(findings(std::string(40, '[') + std::string(40, ']'))), "TOO_LARGE");
  std::string aliases = "a: &x 1\nb: [*x";
  for (int i = 0; i < 100; ++i) aliases += ", *x";
  EXPECT_EQ(codes(findings(aliases + "]\n")), "TOO_LARGE");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"; // each line ten times the one before
  for (int i = 1; i < 10; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += (k ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_EQ(codes(findings(laughs)), "TOO_LARGE");
  const auto twice = findings(with(small_job, "name: small", "name: small\nname: other"));
  ASSERT_EQ(codes(twice), "DUPLICATE_KEY");
  EXPECT_EQ(twice[0].line, 3);
  EXPECT_EQ(twice[0].key, "name");
}

TEST(job_check, keys_types_and_ranges) {
  EXPECT_EQ(changed("name: small\n", ""), "MISSING_KEY");
  EXPECT_EQ(changed("  strategy_id: small_v1\n", ""), "MISSING_KEY");
  EXPECT_EQ(changed("schedule: {every: 5m, align: bar_close, session: regular}\n", ""), "MISSING_KEY");
  EXPECT_EQ(changed("symbols: [AAPL, MSFT], ", ""), "MISSING_KEY");
  EXPECT_EQ(changed("position_size: 0.1, ", ""), "MISSING_KEY");
  EXPECT_EQ(changed("position_size: 0.1", "position_size: 1.5"), "BAD_VALUE");
  EXPECT_EQ(changed("position_size: 0.1", "position_size: 10%"), "");
  EXPECT_EQ(changed("position_size: 0.1", "position_size: much"), "MISSING_KEY BAD_TYPE");
  EXPECT_EQ(changed("max_positions: 2", "max_positions: 2, rsi_period: 0"), "BAD_VALUE");
  EXPECT_EQ(changed("max_positions: 2", "max_positions: 1.5"), "BAD_TYPE");
  EXPECT_EQ(changed("max_positions: 2", "max_positions: 2, allow_short: maybe"), "BAD_TYPE");
  EXPECT_EQ(changed("[AAPL, MSFT]", "[]"), "BAD_VALUE");
  EXPECT_EQ(changed("strategy_id: small_v1", "strategy_id: 'a b'"), "BAD_VALUE");
  EXPECT_EQ(changed("type: strategy", "type: something"), "BAD_VALUE");
  EXPECT_EQ(changed("name: small", "name: [1]"), "BAD_TYPE");
  EXPECT_EQ(changed("schema: 2", "schema: 3"), "BAD_VALUE");
  EXPECT_EQ(changed("resolution: \"5\"", "resolution: \"7x\""), "BAD_VALUE");
  EXPECT_EQ(changed("name: small", "name: small\ntimezone: Mars/Olympus"), "BAD_VALUE");
  EXPECT_EQ(changed("name: small", "name: small\ncalendar: XMAR"), "BAD_VALUE");
  EXPECT_EQ(changed("  conditions:", "  logging: {file: /etc/passwd}\n  conditions:"), "BAD_VALUE");
  const auto unknown = findings(with(small_job, "name: small", "nmae: x\nname: small"));
  ASSERT_EQ(codes(unknown), "w:UNKNOWN_KEY");
  EXPECT_EQ(unknown[0].message, "unknown key \"nmae\"; did you mean \"name\"?");
  EXPECT_EQ(unknown[0].line, 2);
}

TEST(job_check, schedule) {
  const std::string line = "schedule: {every: 5m, align: bar_close, session: regular}";
  EXPECT_EQ(changed(line, "schedule: \"*/5 9-16 * *\""), "BAD_CRON");
  EXPECT_EQ(changed(line, "schedule: \"*/5 9-16 * * 1-5\""), "");
  EXPECT_EQ(changed(line, "schedule: {at: \"16:30\", days: MON-SUN, session: any}"), "");
  EXPECT_EQ(changed(line, "schedule: {at: \"16:30\", days: SAT-SUN, session: any}"), "");
  EXPECT_EQ(changed(line, "schedule: {at: \"16:30\", days: FRI-MON, session: any}"), "BAD_VALUE");
  EXPECT_EQ(changed(line, "schedule: {every: 0m}"), "BAD_VALUE");
  EXPECT_EQ(changed(line, "schedule: {}"), "BAD_CRON");
  EXPECT_EQ(changed(line, "schedule: \"0 12 30 2 *\""), "NEVER_FIRES");
  EXPECT_EQ(changed(line, "schedule: \"30 16 * * 1-5\""), "NEVER_FIRES");
  const auto rebalance = file_text(TT_SOURCE_DIR "/config/strategies/portfolio_rebalance.yml");
  EXPECT_EQ(codes(findings(with(rebalance, "{at: \"close-30m\", days: trading}", "\"30 16 * * 1-5\""))), "w:AFTER_CLOSE");
}

TEST(job_check, expressions) {
  const std::string line = "entry_long: [\"close > sma(3)\"]";
  EXPECT_EQ(changed(line, "entry_long: [\"close > \"]"), "EXPR_SYNTAX");
  EXPECT_EQ(changed(line, "entry_long: [\"clsoe > 1\"]"), "EXPR_UNKNOWN_NAME");
  EXPECT_EQ(changed(line, "entry_long: [\"close > 'a'\"]"), "EXPR_TYPE");
  EXPECT_EQ(changed(line, "entry_long: [\"close + 1\"]"), "EXPR_TYPE");
  EXPECT_EQ(changed(line, "entry_long: [\"close > {nope}\"]"), "PARAM_UNKNOWN");
  EXPECT_EQ(changed(line, "entry_long: {all: [\"close > 1\", {any: [\"rsi > 50\", {when: \"volume > 1\", name: busy}]}]}"), "");
  EXPECT_EQ(changed(line, "entry_long: {some: [\"close > 1\"]}"), "BAD_TYPE EXPR_SYNTAX");
  const auto wrong = findings(with(small_job, line, "entry_long: [\"close > 1\", \"close > 'a'\"]"));
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong[0].key, "job.conditions.entry_long[1]");
  EXPECT_EQ(wrong[0].line, 10);
}

TEST(job_check, contradictions) {
  const std::string entry = "entry_long: [\"close > sma(3)\"]", exit = "exit_long: [\"close < sma(3)\"]";
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi < 30\", \"rsi > 60\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi < 30 and 60 < rsi\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi < 30\", \"rsi >= 30\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi <= 30\", \"rsi >= 30\"]"), "");
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi < 30\", \"rsi(5) > 60\"]"), "");
  EXPECT_EQ(changed(entry, "entry_long: [\"rsi < 100 - 70\", \"change(close, 3) > 0.02\", \"change(close, 3) < 0.01\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(exit, "exit_long: [\"rsi < 50\", \"rsi >= 50\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(exit, "exit_long: [\"rsi < 50 or rsi > 40\"]"), "w:CONTRADICTION");
  EXPECT_EQ(changed(exit, "exit_long: [\"rsi < 40\", \"rsi > 60\"]"), "");
}

TEST(job_check, symbols_and_ids) {
  EXPECT_EQ(changed("[AAPL, MSFT]", "[AAPL, NOPE]"), "SYMBOL_UNKNOWN");
  EXPECT_EQ(changed("[AAPL, MSFT]", "[AAPL, NASDAQ:AAPL]"), "SYMBOL_DUPLICATE");
  auto context = test_context();
  context.taken_ids = {"small_v1"};
  EXPECT_EQ(codes(findings(small_job, context)), "DUPLICATE_ID");
  const auto live = with(small_job, "strategy_id: small_v1", "strategy_id: small_v1\n  mode: live");
  EXPECT_EQ(codes(findings(live)), "LIVE_NOT_ALLOWED");
  context = test_context();
  context.live = check_context::live_orders::allowed;
  EXPECT_EQ(codes(findings(live, context)), "");
}

TEST(job_check, weights_of_a_portfolio) {
  const auto rebalance = file_text(TT_SOURCE_DIR "/config/strategies/portfolio_rebalance.yml");
  EXPECT_EQ(codes(findings(with(rebalance, "cash_reserve: 0.02", "cash_reserve: 0.03"))), "WEIGHTS_SUM");
  EXPECT_EQ(codes(findings(with(rebalance, "cash_reserve: 0.02", "cash_reserve: 0.02009"))), "");
  EXPECT_EQ(codes(findings(with(rebalance, "max_weight <= 0.4", "max_weight <= 0.3"))), "LIMIT_CONFLICT");
  EXPECT_EQ(codes(findings(with(rebalance, "max_position_size: 0.45", "max_position_size: 0.395"))), "LIMIT_CONFLICT");
  EXPECT_EQ(codes(findings(with(rebalance, "max_position_size: 0.45", "max_position_size: 0.2"))), "LIMIT_CONFLICT LIMIT_CONFLICT");
  EXPECT_EQ(codes(findings(with(rebalance, "XLV: 0.0196", "XLV: -0.1"))), "BAD_VALUE WEIGHTS_SUM");
  EXPECT_EQ(codes(findings(with(rebalance, "sector_rotation: {XLK", "sector_rotation: {SPY"))), "SYMBOL_DUPLICATE LIMIT_CONFLICT");
  auto context = test_context();
  context.profiles["rebalance"] = {0.3, 100};
  const auto over = findings(rebalance, context);
  EXPECT_EQ(codes(over), "LIMIT_CONFLICT");
}

TEST(job_check, lookback) {
  EXPECT_EQ(changed("lookback_periods: 60", "lookback_periods: 2"), "w:LOOKBACK_SHORT");
  const auto plan = plan_of(with(small_job, "close > sma(3)", "close > sma(50)"));
  EXPECT_GE(plan->bars_needed[0], 500);
}

std::string hook(const std::string& body) { return with(small_job, "  conditions:", "  webhooks:\n    note: " + body + "\n  conditions:"); }

TEST(job_check, notices) {
  auto context = test_context();
  context.environment = [](std::string_view name) { return name == "NOTE_HOST" ? std::optional<std::string>("hooks.example.com") : std::nullopt; };
  const auto told = [&](const std::string& body) { return codes(findings(hook(body), context)); };
  EXPECT_EQ(told("{url: \"https://hooks.example.com/a\", payload_templates: {entry: {text: \"{symbol} {shares} {stop_loss} {timestamp}\"}}}"), "");
  EXPECT_EQ(told("{url: \"https://hooks.example.com/a\", payload_templates: {entry: {text: \"{symbl}\"}}}"), "TEMPLATE_UNKNOWN");
  EXPECT_EQ(told("{url: \"https://hooks.example.com/a\", payload_templates: {lunch: {text: \"{symbol}\"}}}"), "w:EVENT_UNKNOWN");
  EXPECT_EQ(told("{url: \"https://${NOTE_HOST}/a\"}"), "");
  EXPECT_EQ(told("{url: \"https://${NOWHERE}/a\"}"), "ENV_UNSET");
  EXPECT_EQ(told("{url: \"https://${NOWHERE:-hooks.example.com}/a\"}"), "");
  EXPECT_EQ(told("{url: \"https://hooks.example.com/a\", headers: {Authorization: \"Bearer ${NOWHERE}\"}}"), "ENV_UNSET");
  EXPECT_EQ(told("{url: \"https://hooks.example.com/a\", headers: {Authorization: \"Bearer abcdefgh\"}}"), "SECRET_IN_FILE");
  EXPECT_EQ(told("{method: POST}"), "MISSING_KEY BAD_VALUE");
  for (const auto* host : {"localhost", "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "printer", "db.local", "0x7f000001", "2130706433", "100.64.0.1"})
    EXPECT_EQ(told(std::string("{url: \"https://") + host + "/a\"}"), "UNSAFE_URL") << host;
  EXPECT_EQ(told("{url: \"http://hooks.example.com/a\"}"), "UNSAFE_URL");
  context.allows_host = [](const std::string& host) { return host == "printer"; };
  EXPECT_EQ(told("{url: \"https://printer/a\"}"), "");
  EXPECT_EQ(told("{url: \"http://printer/a\"}"), "UNSAFE_URL") << "the sender speaks https only";
  context.environment = [](std::string_view) { return std::optional<std::string>("https://10.0.0.7/hook"); };
  const auto hidden = findings(hook("{url: \"${HOOK_URL}\"}"), context);
  ASSERT_EQ(codes(hidden), "UNSAFE_URL") << "also behind a variable";
  EXPECT_EQ(hidden[0].message.find("10.0.0.7"), std::string::npos) << "whose value is not repeated";
  context.allows_host = [](const std::string& host) { return host == "10.0.0.7"; };
  EXPECT_EQ(codes(findings(hook("{url: \"${HOOK_URL}\"}"), context)), "");
}

TEST(job_check, a_signature_needs_its_key) {
  auto context = test_context();
  const auto body = [](const std::string& sign) { return hook("{url: \"https://hooks.example.com/a\", sign: \"" + sign + "\"}"); };
  for (const auto* sign : {"${HOOK_KEY}", "HOOK_KEY"}) {
    const auto unset = findings(body(sign), context);
    ASSERT_EQ(codes(unset), "ENV_UNSET") << sign;
    EXPECT_GT(unset[0].line, 0);
    EXPECT_EQ(unset[0].key, "job.webhooks.note.sign");
  }
  context.environment = [](std::string_view name) { return name == "HOOK_KEY" ? std::optional<std::string>("k") : std::nullopt; };
  EXPECT_EQ(codes(findings(body("${HOOK_KEY}"), context)), "");
}

TEST(job_check, conditions_of_webhooks_are_expressions) {
  const auto told = [](const std::string& condition) { return codes(findings(hook("{url: \"https://hooks.example.com/a\", condition: \"" + condition + "\"}"))); };
  EXPECT_EQ(told("shares > 10 and side == 'long' and rsi < 70 and {max_positions} > 1"), "");
  EXPECT_EQ(told("shares + 1"), "EXPR_TYPE");
  EXPECT_EQ(told("shraes > 1"), "EXPR_UNKNOWN_NAME");
  EXPECT_EQ(told("shares > "), "EXPR_SYNTAX");
}

TEST(job_check, what_nothing_uses_may_be_unset) {
  const auto unused = findings(with(small_job, "name: small", "name: small\nenvironment: {X: \"${NOT_SET}\"}"));
  ASSERT_EQ(codes(unused), "w:ENV_UNSET");
  EXPECT_EQ(unused[0].line, 3);
  EXPECT_GT(unused[0].column, 0);
  const auto used = with(hook("{url: \"https://hooks.example.com/${X}\"}"), "name: small", "name: small\nenvironment: {X: \"${NOT_SET}\"}");
  EXPECT_EQ(codes(findings(used)), "ENV_UNSET");
}

TEST(job_check, limit_profiles_are_those_of_the_accounts) {
  const auto text = with(small_job, "strategy_id: small_v1", "strategy_id: small_v1\n  limit_profile: rebalance");
  auto context = test_context();
  context.profiles = {{"rebalance", {0.45, 1'000}}};
  EXPECT_EQ(codes(findings(text, context)), "");
  const auto unknown = findings(with(text, "limit_profile: rebalance", "limit_profile: rebalnce"), context);
  ASSERT_EQ(codes(unknown), "BAD_VALUE");
  EXPECT_EQ(unknown[0].line, 7);
  EXPECT_EQ(unknown[0].message, "there is no limit profile \"rebalnce\"; did you mean \"rebalance\"?");
  // the account tells who has been given it: a file that only names it gets nothing, and says so
  account_profiles account;
  account.named = context.profiles;
  context.by_account["paper_simulator"] = account;
  const auto bare = findings(text, context);
  ASSERT_EQ(codes(bare), "w:LIMIT_CONFLICT");
  EXPECT_EQ(bare[0].line, 7);
  EXPECT_NE(bare[0].message.find("until an admin assigns it"), std::string::npos);
  context.by_account["paper_simulator"].of_strategies["small_v1"] = "rebalance";
  EXPECT_EQ(codes(findings(text, context)), "");
  context.by_account["paper_simulator"].of_strategies.clear();
  context.by_account["paper_simulator"].of_account = "rebalance";
  EXPECT_EQ(codes(findings(text, context)), "");
}

TEST(job_check, keys_that_nothing_acts_on_are_named) {
  const auto keys = [](const std::string& text) {
    std::string out;
    for (const auto& f : findings(text)) {
      if (f.code != finding_code::not_applied) continue;
      EXPECT_EQ(f.level, severity::warning);
      EXPECT_GT(f.line, 0);
      EXPECT_GT(f.column, 0);
      out += (out.empty() ? "" : " ") + f.key;
    }
    return out;
  };
  EXPECT_EQ(keys(small_job), "");
  EXPECT_EQ(keys(small_job + "resources: {isolation: process, memory_limit: 1GB, cpu_limit: 0.5, execution_timeout: 60s}\n"), "resources.isolation resources.memory_limit resources.cpu_limit");
  EXPECT_EQ(keys(small_job + "resources: {isolation: thread}\n"), "");
  EXPECT_EQ(keys(small_job + "  logging: {file: a.log}\n  error_handling: {notifications: [mail], fallback_action: flatten}\n  monitoring: {x: 1}\n  reporting: {x: 1}\n  performance: {x: 1}\n"),
            "job.monitoring job.reporting job.performance job.logging.file job.error_handling.notifications")
    << "flatten closes positions whose exits can't be evaluated";
  EXPECT_EQ(keys(small_job + "  analytics: {risk_budgeting: {enabled: true}, factor_exposure: {}, optimization: {method: x, objective: y, constraints: [\"turnover <= 0.2\"]}}\n"),
            "job.analytics.risk_budgeting job.analytics.factor_exposure job.analytics.optimization.method job.analytics.optimization.objective");
  EXPECT_EQ(keys(file_text(TT_SOURCE_DIR "/config/strategies/portfolio_rebalance.yml")),
            "job.analytics.risk_budgeting job.analytics.factor_exposure job.analytics.optimization.method job.analytics.optimization.objective job.monitoring "
            "resources.memory_limit resources.cpu_limit");
}

TEST(job_check, what_is_missing_has_a_place) {
  for (const auto& text : {with(small_job, "symbols: [AAPL, MSFT], ", ""), with(small_job, "position_size: 0.1, ", ""), with(small_job, "  strategy_id: small_v1\n", ""),
                           with(with(small_job, "    entry_long: [\"close > sma(3)\"]\n", ""), "    exit_long: [\"close < sma(3)\"]\n", "    other: [\"close > 1\"]\n"), std::string("schema: 2\nname: x\n")})
    for (const auto& f : findings(text)) {
      EXPECT_GT(f.line, 0) << to_string(f);
      EXPECT_GT(f.column, 0) << to_string(f);
    }
}

TEST(job_check, text_that_is_not_utf8_is_called_that) {
  const auto latin = findings("schema: 2\nname: caf\xE9\n");
  ASSERT_EQ(codes(latin), "YAML_SYNTAX");
  EXPECT_NE(latin[0].message.find("is not UTF-8 text: byte 20 "), std::string::npos) << latin[0].message;
  EXPECT_EQ(latin[0].line, 2);
  EXPECT_EQ(latin[0].column, 10);
  for (const auto* bad : {"a: \xC0\xAF", "a: \xED\xA0\x80", "a: \xF5\x80\x80\x80", "a: \xE2\x82"}) EXPECT_NE(shown(findings(bad)).find("UTF-8"), std::string::npos) << bad;
  EXPECT_EQ(codes(findings(with(small_job, "name: small", "name: \xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"))), "");
}

TEST(job_check, secrets_in_a_file) {
  EXPECT_EQ(changed("name: small", "name: small\nenvironment: {API_TOKEN: abcd1234efgh}"), "SECRET_IN_FILE");
  EXPECT_EQ(changed("name: small", "name: small\nenvironment: {API_TOKEN: \"${HOME_TOKEN:-}\"}"), "");
  EXPECT_EQ(changed("name: small", "name: small\ndescription: ghp_0123456789abcdef0123456789"), "SECRET_IN_FILE");
  const auto url = [](const std::string& query) { return codes(findings(hook("{url: \"https://hooks.example.com/a" + query + "\"}"))); };
  EXPECT_EQ(url("?room=7&token=sk_live_4242424242424242"), "SECRET_IN_FILE");
  EXPECT_EQ(url("?api_key=abcdefgh"), "SECRET_IN_FILE");
  EXPECT_EQ(url("?x=sk_live_4242424242424242"), "SECRET_IN_FILE");
  EXPECT_EQ(url("?room=seven&page=2"), "");
}

TEST(job_check, parameters_of_a_study_win_over_the_file) {
  const auto checked = check_job(small_job, "t.yml", {}, test_context(), {{"position_size", "0.25"}});
  ASSERT_TRUE(checked.plan) << shown(checked.findings);
  EXPECT_EQ(checked.plan->spec.number("position_size"), 0.25);
  EXPECT_EQ(codes(check_job(small_job, "t.yml", {}, test_context(), {{"nope", "1"}}).findings), "PARAM_UNKNOWN");
  EXPECT_EQ(codes(check_job(small_job, "t.yml", {}, test_context(), {{"position_size", "2"}}).findings), "BAD_VALUE");
}

TEST(variables, expand) {
  const auto lookup = [](std::string_view name) { return name == "A" ? std::optional<std::string>("1") : name == "E" ? std::optional<std::string>("") : std::nullopt; };
  std::vector<std::string> unset;
  EXPECT_EQ(expand_variables("x${A}y${B:-2}z${C}${E:-3}${E}$A ${", lookup, unset), "x1y2z${C}3$A ${");
  EXPECT_EQ(unset, std::vector<std::string>{"C"});
}

TEST(placeholders, are_found_in_order) { EXPECT_EQ(placeholders_in("{a} {b}{c d} ${d} {e"), (std::vector<std::string>{"a", "b"})); }

// ---------------------------------------------------------------- legacy files

const std::string legacy_job = R"(name: old_momentum
description: "As an earlier installation wrote it"
schedule: "*/5 9-16 * * 1-5"
timezone: "America/New_York"
job:
  type: strategy
  strategy_id: old_momentum
  parameters:
    symbols: [AAPL, MSFT]
    rsi_period: 14
    rsi_oversold: 30
    rsi_overbought: 70
    price_change_threshold: 0.02
    position_size: 0.05
    stop_loss: 0.03
    max_positions: 3
  data_sources:
    - name: quotes
      endpoint: "http://localhost:8000/api/v1/quotes"
      symbols: "{symbols}"
    - name: history
      endpoint: "http://localhost:8000/api/v1/history"
      params: {resolution: "5", lookback_periods: 50}
  conditions:
    entry_long: ["rsi < {rsi_oversold}", "price_change > {price_change_threshold}"]
    exit_long: ["rsi > {rsi_overbought}", "price_change < -{stop_loss}"]
  webhooks:
    signal:
      url: "http://localhost:5000/webhook"
      headers: {X-Strategy-Source: kairos, Content-Type: application/json}
      payload_templates:
        entry: {symbol: "{symbol}", action: buy, contracts: "{position_size}", price: "{current_price}"}
        exit: {symbol: "{symbol}", action: exit, reason: "{exit_reason}"}
  error_handling: {max_retries: 3, retry_delay: 30, fallback_action: log_and_continue}
environment: {TRADING_MODE: paper}
resources: {memory_limit: 512MB, cpu_limit: 0.5, execution_timeout: 300}
)";

TEST(legacy, a_file_of_the_old_layout_loads_unmodified) {
  const auto checked = check_job(legacy_job, "old.yml", {}, test_context());
  ASSERT_TRUE(checked.plan) << shown(checked.findings);
  const auto& spec = checked.plan->spec;
  EXPECT_EQ(spec.dialect, job_dialect::legacy);
  ASSERT_EQ(spec.sources.size(), 2u);
  EXPECT_EQ(spec.sources[0].kind, source_kind::quotes); // the path decides
  EXPECT_EQ(spec.sources[1].kind, source_kind::bars);
  EXPECT_EQ(spec.sources[1].lookback_periods, 50);
  EXPECT_EQ(spec.when.gate, session_gate::regular);
  for (const auto& f : checked.findings) EXPECT_TRUE(f.code == finding_code::legacy_reading || f.code == finding_code::not_applied) << to_string(f);
  const auto unset = check_job(with(legacy_job, "TRADING_MODE: paper", "API_SECRET: \"${NOT_SET}\""), "old.yml", {}, test_context());
  EXPECT_TRUE(unset.plan) << shown(unset.findings);
}

TEST(legacy, price_change_has_two_meanings) {
  const auto checked = check_job(legacy_job, "old.yml", {}, test_context());
  ASSERT_TRUE(checked.plan);
  bool bar = false, entry = false;
  for (const auto& name : checked.plan->names) {
    bar = bar || name.what == std::variant<series_name, moment_name>{series_name::bar_change};
    entry = entry || name.what == std::variant<series_name, moment_name>{moment_name::change_since_entry};
  }
  EXPECT_TRUE(bar && entry);
  EXPECT_EQ(codes(check_job("schema: 2\n" + legacy_job, "t.yml", {}, test_context()).findings).find("EXPR_UNKNOWN_NAME") == std::string::npos, false);
}

TEST(legacy, gtc_and_after_the_close_of_a_portfolio_job_are_warnings) {
  auto text = file_text(TT_SOURCE_DIR "/config/strategies/portfolio_rebalance.yml");
  text = with(text, "schema: 2\n", "");
  text = with(text, "{at: \"close-30m\", days: trading}", "\"30 16 * * 1-5\"");
  text = with(text, "time_in_force: DAY", "time_in_force: GTC");
  text = with(text, "\"cash_weight < {cash_buffer} - 0.005\"", "\"cash_buffer < {cash_buffer} - 0.005\"");
  const auto checked = check_job(text, "old.yml", {}, test_context());
  ASSERT_TRUE(checked.plan) << shown(checked.findings);
  EXPECT_EQ(codes(checked.findings), "w:LEGACY_READING w:LEGACY_READING w:AFTER_CLOSE");
}

} // namespace
} // namespace tt::strategy
