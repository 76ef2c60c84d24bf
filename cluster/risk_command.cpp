#include "cluster/risk_command.hpp"

#include "cluster/secret_token.hpp"
#include "cluster/trading/stop_flag.hpp"
#include "gateways/http/client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

namespace tt::cluster {

namespace {

using nlohmann::json;
using action = risk_options::action_t;
using verb = gateway::http_call::verb_t;

constexpr std::chrono::seconds deadline{15};
/// A stop is answered within two seconds, by a cluster, too.
constexpr std::chrono::seconds stop_patience{5};

int fail(const std::string& why) {
  std::fprintf(stderr, "tt risk: %s\n", why.c_str());
  return 1;
}

/// The first word of the file, or TT_TOKEN. Errors: io_error.
result<std::string> token_of(const risk_options& o) {
  if (o.token_file.empty()) return bearer_token({});
  std::ifstream in(o.token_file);
  std::string token;
  if (!(in >> token)) return error{errc::io_error, "can't read a token from the file", o.token_file};
  return token;
}

/// What an answer says; nothing after an error, which is printed.
std::optional<json> read(const risk_options& o, const result<gateway::http_reply>& reply) {
  if (!reply) return fail(to_string(reply.error())), std::nullopt;
  auto answer = json::parse(reply->body, nullptr, false);
  if (!answer.is_object()) return fail(o.url + " does not answer like TraderTerminal (" + std::to_string(reply->status) + ")"), std::nullopt;
  if (reply->status < 300) return answer;
  fail(answer.value("detail", std::to_string(reply->status)));
  if (reply->status == 401 || reply->status == 403) fail("show a token that may: --token FILE, or TT_TOKEN; `tt token new NAME --role admin` makes one");
  return std::nullopt;
}

/// One call; nothing after an error, which is printed.
std::optional<json> ask(const risk_options& o, verb v, const std::string& path, const json& body = {}) {
  const auto token = token_of(o);
  if (!token) return fail(to_string(token.error())), std::nullopt;
  return read(o, gateway::http_ask(o.url, {v, path, v == verb::get ? std::string{} : body.dump(), *token}, deadline));
}

/// The file that a running node sees at once, where its gateway does not answer.
int stop_by_file(const risk_options& o, const error& why) {
  fail(to_string(why));
  if (o.data_dir.empty()) return fail("the gateway does not answer: name the node's data folder (--data-dir, or DATA_DIR) to stop it by its file STOP");
  if (!o.account.empty() || !o.strategy.empty() || !o.symbol.empty())
    return fail("the file STOP knows no scopes: stop everything, or ask when the gateway answers again");
  const auto mode = parse_name<risk::kill_mode>(o.mode, "mode");
  if (!mode) return fail(to_string(mode.error()));
  if (auto written = write_stop_flag(o.data_dir, *mode, o.reason); !written) return fail(to_string(written.error()));
  std::printf("the gateway at %s does not answer: wrote %s/trading/%s (mode %s).\n"
              "A node that runs on this data folder stops all its accounts within half a second, one that does not stops at its next start.\n"
              "Whether it did is shown by its log only. Take the file away before trading is resumed.\n",
              o.url.c_str(), o.data_dir.c_str(), stop_flag_name, o.mode.c_str());
  return 0;
}

int stop(const risk_options& o) {
  json body{{"mode", o.mode}, {"reason", o.reason}, {"cancel_open", o.open == risk_options::open_orders::cancel}};
  for (const auto& [field, value] : {std::pair{"account_id", &o.account}, std::pair{"strategy_id", &o.strategy}, std::pair{"symbol", &o.symbol}})
    if (!value->empty()) body["scope"][field] = *value;
  const auto token = token_of(o);
  if (!token) return fail(to_string(token.error()));
  const auto reply = gateway::http_ask(o.url, {verb::post, "/api/v1/risk/emergency-stop", body.dump(), *token}, stop_patience);
  if (!reply && reply.error().code != errc::invalid_argument) return stop_by_file(o, reply.error());
  const auto done = read(o, reply);
  if (!done) return 1;
  std::printf("stopped: mode %s, epoch %llu, %zu orders asked to cancel\n", done->value("mode", o.mode).c_str(),
              static_cast<unsigned long long>(done->value("epoch", 0ULL)), done->value("cancel_requested", json::array()).size());
  for (const auto& node : done->value("nodes", json::array()))
    std::printf("%s: %s %s\n", node.value("node", "").c_str(), node.value("result", "").c_str(), node.value("detail", "").c_str());
  return 0;
}

bool is_confirmed(const risk_options& o) {
  if (o.confirm == risk_options::confirmation::given) return true;
  std::printf("Type `%s` to let orders go again: ", resume_word);
  std::fflush(stdout);
  std::string line;
  if (o.read_line) line = o.read_line();
  else std::getline(std::cin, line);
  return line == resume_word;
}

int resume(const risk_options& o) {
  const auto question = ask(o, verb::post, "/api/v1/risk/resume", {{"reason", o.reason}});
  if (!question) return 1;
  const auto blocking = question->value("blocking", json::array());
  if (blocking.empty()) std::printf("Nothing would stop trading again at once.\n");
  for (const auto& code : blocking) std::printf("would stop trading again at once: %s\n", code.get<std::string>().c_str());
  if (!is_confirmed(o)) return fail("not confirmed: the stop stands");
  const auto done = ask(o, verb::post, "/api/v1/risk/resume", {{"confirm_token", question->value("confirm_token", "")}});
  if (!done) return 1;
  std::printf("resumed: epoch %llu\n", static_cast<unsigned long long>(done->value("epoch", 0ULL)));
  return 0;
}

std::string text_of(const json& object, const char* field) {
  const auto found = object.find(field);
  return found == object.end() || found->is_null() ? "-" : found->is_string() ? found->get<std::string>() : found->dump();
}

int status(const risk_options& o) {
  const auto now = ask(o, verb::get, "/api/v1/risk" + (o.account.empty() ? std::string{} : "?account_id=" + o.account));
  if (!now) return 1;
  std::printf("mode %s, kill %s, epoch %s\n", text_of(*now, "mode").c_str(), now->value("kill_active", false) ? "active" : "not active",
              text_of(*now, "epoch").c_str());
  for (const auto& one : now->value("breakers", json::array()))
    if (one.value("tripped", false) || one.value("would_trip", false))
      std::printf("breaker %s: %s, measured %s, limit %s\n", text_of(one, "code").c_str(), one.value("tripped", false) ? "tripped" : "would trip",
                  text_of(one, "measured").c_str(), text_of(one, "limit").c_str());
  for (const auto& one : now->value("limits", json::array()))
    if (one.value("would_trip", false))
      std::printf("limit %s: measured %s, limit %s\n", text_of(one, "name").c_str(), text_of(one, "measured").c_str(), text_of(one, "limit").c_str());
  return 0;
}

} // namespace

CLI::App* add_risk_command(CLI::App& app, risk_options& o) {
  auto* risk = app.add_subcommand("risk", "emergency stop of a running node: stop, resume, status");
  risk->require_subcommand(1);
  const auto sub = [&](const char* name, const char* words, action what) {
    auto* out = risk->add_subcommand(name, words);
    out->callback([&o, what] { o.action = what; });
    out->add_option("--node,--url,-u", o.url, "address of the node");
    out->add_option("--token", o.token_file, "file with a bearer token; else TT_TOKEN")->check(CLI::ExistingFile);
    return out;
  };
  auto* stopping = sub("stop", "stop trading; everything unless a scope is named", action::stop);
  stopping->add_option("--mode", o.mode, "halt: cancels only; reduce: closing orders, too; flatten: close all, then halt")
    ->required()->check(CLI::IsMember({"halt", "reduce", "flatten"}));
  stopping->add_option("--reason", o.reason, "why, for the journal")->required();
  stopping->add_option("--account", o.account, "this account only");
  stopping->add_option("--strategy", o.strategy, "this strategy only");
  stopping->add_option("--data-dir", o.data_dir, "data folder of the node, for a stop by file where its gateway does not answer")->envname("DATA_DIR");
  stopping->add_option("--symbol,-s", o.symbol, "this symbol only");
  stopping->add_flag_callback("--keep-open", [&o] { o.open = risk_options::open_orders::keep; }, "leave working orders where they are");
  auto* resuming = sub("resume", "let orders go again (admin); shows what would stop them at once, and asks", action::resume);
  resuming->add_option("--reason", o.reason, "why, for the journal")->required();
  resuming->add_flag_callback("--yes", [&o] { o.confirm = risk_options::confirmation::given; }, "without the question");
  sub("status", "what is stopped, what is near its limit", action::status)->add_option("--account", o.account, "account; the default one unless given");
  return risk;
}

int run_risk(const risk_options& options) {
  switch (options.action) {
  case action::stop: return stop(options);
  case action::resume: return resume(options);
  case action::status: return status(options);
  case action::none: break;
  }
  return 2;
}

} // namespace tt::cluster
