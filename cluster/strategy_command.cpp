#include "cluster/strategy_command.hpp"

#include "cluster/secret_token.hpp"
#include "gateways/http/client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tt::cluster {

namespace {

using nlohmann::json;
using action = strategy_options::action_t;
using verb = gateway::http_call::verb_t;

constexpr std::chrono::seconds deadline{30};

int fail(const std::string& why, int code = 1) {
  std::fprintf(stderr, "tt strategy: %s\n", why.c_str());
  return code;
}

std::string path_of(const std::string& id, const std::string& tail = {}) {
  std::string escaped;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    escaped += plain ? std::string(1, c) : std::string(hex);
  }
  return "/api/v1/strategies/" + escaped + tail;
}

/// Diagnostics of a refused source, one a line.
void print_diagnostics(const json& answer) {
  if (!answer.contains("diagnostics")) return;
  for (const auto& d : answer["diagnostics"])
    std::fprintf(stderr, "%lld:%lld: %s %s: %s\n", d.value("line", 0LL), d.value("column", 0LL), d.value("severity", "").c_str(), d.value("code", "").c_str(),
                 d.value("message", "").c_str());
}

/// One call; nothing after an error, which is printed.
std::optional<json> ask(const strategy_options& o, verb v, const std::string& path, const json& body = json::object()) {
  const auto text = v == verb::get || v == verb::remove ? std::string{} : body.dump();
  const auto reply = gateway::http_ask(o.url, {v, path, text, bearer_token(o.token)}, deadline);
  if (!reply) return fail(to_string(reply.error())), std::nullopt;
  auto answer = json::parse(reply->body, nullptr, false);
  if (answer.is_discarded()) return fail(o.url + " does not answer like TraderTerminal (" + std::to_string(reply->status) + ")"), std::nullopt;
  if (reply->status < 300) return answer;
  print_diagnostics(answer);
  fail(answer.value("detail", reply->body.substr(0, 200)));
  return std::nullopt;
}

std::string text_of(const json& v) { return v.is_null() ? "-" : v.is_string() ? v.get<std::string>() : v.dump(); }

/// Rows of objects as a table of the named fields.
void print_table(const json& rows, const std::vector<std::string>& fields) {
  std::vector<std::vector<std::string>> lines{fields};
  for (auto& cell : lines.front()) std::transform(cell.begin(), cell.end(), cell.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const auto& field : fields) {
      const auto& v = row.contains(field) ? row[field] : json();
      std::string cell;
      if (v.is_array())
        for (const auto& one : v) cell += (cell.empty() ? "" : ",") + text_of(one);
      else cell = text_of(v);
      line.push_back(cell.empty() ? "-" : cell);
    }
  }
  std::vector<std::size_t> width(fields.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
  for (const auto& line : lines) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) out += line[i] + (i + 1 < line.size() ? std::string(width[i] - line[i].size() + 2, ' ') : "");
    std::printf("%s\n", out.c_str());
  }
}

void print_object(const json& one) {
  for (const auto& [key, value] : one.items())
    if (key != "source") std::printf("%-18s %s\n", key.c_str(), text_of(value).c_str());
}

std::optional<std::string> read_source(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail("can't read " + file), std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Fields that add has in common with later changes.
std::optional<json> body_of(const strategy_options& o) {
  json body = json::object();
  if (!o.name.empty()) body["name"] = o.name;
  if (!o.account.empty()) body["account_id"] = o.account;
  if (!o.symbols.empty()) body["symbols"] = o.symbols;
  if (!o.timeframe.empty()) body["timeframe"] = o.timeframe;
  if (!o.session.empty()) body["session"] = o.session;
  if (o.min_win_rate) body["min_win_rate"] = *o.min_win_rate;
  if (o.evaluation_period) body["evaluation_period"] = *o.evaluation_period;
  for (const auto& input : o.inputs) {
    const auto at = input.find('=');
    if (at == std::string::npos || at == 0) return fail("an input is name=value, not " + input, 2), std::nullopt;
    body["inputs"][input.substr(0, at)] = input.substr(at + 1);
  }
  return body;
}

int finish(const strategy_options& o, const std::optional<json>& answer, const std::vector<std::string>& fields = {}, const char* list = nullptr) {
  if (!answer) return 1;
  if (o.as_json) std::printf("%s\n", answer->dump(2).c_str());
  else if (list != nullptr) print_table((*answer)[list], fields);
  else print_object(*answer);
  return 0;
}

int add(const strategy_options& o) {
  const auto source = read_source(o.file);
  auto body = body_of(o);
  if (!source) return 1;
  if (!body) return 2;
  (*body)["strategy_id"] = o.id;
  (*body)["kind"] = "pine";
  (*body)["source"] = *source;
  (*body)["enabled"] = o.is_enabled;
  return finish(o, ask(o, verb::post, "/api/v1/strategies", *body));
}

int put_source(const strategy_options& o) {
  const auto source = read_source(o.file);
  if (!source) return 1;
  return finish(o, ask(o, verb::put, path_of(o.id, "/source"), {{"source", *source}}));
}

int validate(const strategy_options& o) {
  const auto source = read_source(o.file);
  if (!source) return 1;
  const auto answer = ask(o, verb::post, "/api/v1/strategies/validate", {{"kind", "pine"}, {"source", *source}});
  if (!answer) return 1;
  print_diagnostics(*answer);
  if (o.as_json) std::printf("%s\n", answer->dump(2).c_str());
  return answer->value("valid", false) ? 0 : 1;
}

/// The report of a day: a line for each trade that is not the backtest's.
int diverge(const strategy_options& o) {
  auto path = path_of(o.id, "/divergence?day=" + o.day);
  if (!o.symbols.empty()) path += "&symbol=" + o.symbols.front();
  const auto answer = ask(o, verb::get, path);
  if (!answer || o.as_json) return finish(o, answer);
  std::printf("%s %s: %s of %s trades as in the backtest\n", o.id.c_str(), o.day.c_str(), text_of((*answer)["same"]).c_str(), text_of((*answer)["trades"]).c_str());
  json rows = json::array();
  for (const auto& row : (*answer)["rows"]) {
    if (row["cause"] == "none") continue;
    const auto& trade = row["account"].is_null() ? row["backtest"] : row["account"];
    rows.push_back({{"entry", trade["entry_date"]}, {"side", trade["side"]}, {"id", trade["entry_reason"]}, {"cause", row["cause"]}, {"detail", row["detail"]}});
  }
  if (!rows.empty()) print_table(rows, {"entry", "side", "id", "cause", "detail"});
  return 0;
}

void add_place(CLI::App& to, strategy_options& o) {
  to.add_option("--url,-u,--node", o.url, "address of a node (default http://127.0.0.1:8080)");
  to.add_option("--token", o.token, "bearer token; else TT_TOKEN");
  to.add_flag("--json", o.as_json, "print the answer as JSON");
}

void add_fields(CLI::App& to, strategy_options& o) {
  to.add_option("--name", o.name, "words for people");
  to.add_option("--account", o.account, "account of its orders");
  to.add_option("--symbol,-s", o.symbols, "symbol to run on; may be given more than once")->delimiter(',');
  to.add_option("--timeframe,-t", o.timeframe, "bars: 1m 5m 1h 1d ...");
  to.add_option("--session", o.session, "regular or extended")->check(CLI::IsMember({"regular", "extended"}));
  to.add_option("--input,-i", o.inputs, "name=value of one of the script's inputs");
  to.add_option("--min-win-rate", o.min_win_rate, "percent below which a set of trades fails");
  to.add_option("--evaluation-period", o.evaluation_period, "trades of a set");
}

} // namespace

CLI::App* add_strategy_command(CLI::App& app, strategy_options& o) {
  auto* strategy = app.add_subcommand("strategy", "strategies of a running node");
  strategy->require_subcommand(1);
  const auto add = [&](const char* name, const char* words, action what) {
    auto* out = strategy->add_subcommand(name, words);
    add_place(*out, o);
    out->callback([&o, what] { o.action = what; });
    if (what != action::list && what != action::validate) out->add_option("id", o.id, "strategy")->required();
    return out;
  };
  auto* adding = add("add", "register a Pine strategy", action::add);
  adding->add_option("file", o.file, "Pine source")->required()->check(CLI::ExistingFile);
  add_fields(*adding, o);
  adding->add_flag("--enable", o.is_enabled, "begin to trade on paper at once");
  add("list", "all strategies", action::list);
  add("enable", "let it trade", action::enable)->add_option("--reason", o.reason, "for the log");
  add("disable", "stop it; what protects a position stays at the venue", action::disable)->add_option("--reason", o.reason, "for the log");
  auto* mode = add("mode", "paper or live", action::mode);
  mode->add_option("mode", o.mode, "paper or live")->required()->check(CLI::IsMember({"paper", "live"}));
  mode->add_option("--reason", o.reason, "why")->required();
  add("remove", "forget it", action::remove);
  add("show", "one strategy", action::show);
  add("signals", "what it asked for and what became of it", action::signals);
  add("performance", "figures of its closed trades", action::performance);
  auto* day = add("diverge", "a traded day beside its backtest, each difference with its cause", action::diverge);
  day->add_option("--day", o.day, "YYYY-MM-DD")->required();
  day->add_option("--symbol,-s", o.symbols, "one of its symbols; the first unless given");
  add("source", "a new version of its source", action::source)->add_option("file", o.file, "Pine source")->required()->check(CLI::ExistingFile);
  add("validate", "check a source on the node", action::validate)->add_option("file", o.file, "Pine source")->required()->check(CLI::ExistingFile);
  return strategy;
}

int run_strategy(const strategy_options& o) {
  const json reason = o.reason.empty() ? json::object() : json{{"reason", o.reason}};
  switch (o.action) {
  case action::add: return add(o);
  case action::list:
    return finish(o, ask(o, verb::get, "/api/v1/strategies"), {"strategy_id", "kind", "enabled", "mode", "account_id", "symbols", "timeframe", "version", "problem"}, "strategies");
  case action::enable: return finish(o, ask(o, verb::post, path_of(o.id, "/enable"), reason));
  case action::disable: return finish(o, ask(o, verb::post, path_of(o.id, "/disable"), reason));
  case action::mode: return finish(o, ask(o, verb::post, path_of(o.id, "/mode"), {{"new_mode", o.mode}, {"reason", o.reason}}));
  case action::remove: return finish(o, ask(o, verb::remove, path_of(o.id)));
  case action::show: return finish(o, ask(o, verb::get, path_of(o.id)));
  case action::signals:
    return finish(o, ask(o, verb::get, path_of(o.id, "/signals")), {"timestamp", "symbol", "action", "order_id", "quantity", "type", "price", "decision", "reason"}, "signals");
  case action::performance: return finish(o, ask(o, verb::get, path_of(o.id, "/performance")));
  case action::source: return put_source(o);
  case action::validate: return validate(o);
  case action::diverge: return diverge(o);
  case action::none: break;
  }
  return fail("nothing to do", 2);
}

} // namespace tt::cluster
