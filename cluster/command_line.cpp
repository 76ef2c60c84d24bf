#include "cluster/backtest_command.hpp"
#include "cluster/commands.hpp"
#include "cluster/jobs/job_command.hpp"
#include "cluster/node.hpp"
#include "cluster/pine_command.hpp"
#include "cluster/risk_command.hpp"
#include "cluster/setting_options.hpp"
#include "cluster/token_command.hpp"
#include "cluster/user_command.hpp"
#include "cluster/webhooks/webhook_command.hpp"
#include "cluster/strategy_command.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace tt::cluster {

namespace {

using overrides = std::map<std::string, std::string>;

struct webhook_commands {
  CLI::App *add = nullptr, *list = nullptr, *rotate = nullptr, *remove = nullptr;
};

webhook_commands add_webhook_commands(CLI::App& app, webhook_command_options& options) {
  auto* webhook = app.add_subcommand("webhook", "profiles of the webhook receiver, while the node is stopped");
  webhook->require_subcommand(1);
  webhook_commands out;
  out.add = webhook->add_subcommand("add", "make a profile; prints its path once");
  out.add->add_option("name", options.name, "name of the profile")->required();
  out.add->add_option("--account", options.account, "account it trades in");
  out.add->add_option("--strategy", options.strategy, "strategy its orders count for");
  out.add->add_option("--secret-file", options.secret_file, "file with the secret that stands in the alerts")->check(CLI::ExistingFile);
  out.add->add_option("--hmac-file", options.hmac_file, "file with the key of X-Webhook-Signature")->check(CLI::ExistingFile);
  out.add->add_option("--ip-allow", options.ip_allow, "addresses, networks, or tradingview");
  out.add->add_flag("--mtls", options.mtls, "only with TradingView's client certificate");
  out.add->add_option("--symbol", options.symbols, "symbols it may trade; all when absent");
  out.add->add_option("--side", options.sides, "sides that may open: buy, sell");
  out.add->add_option("--max-quantity", options.max_quantity, "largest quantity of an order");
  out.add->add_option("--sync-mode", options.sync_mode, "order or position");
  out.add->add_option("--out-of-step", options.out_of_step, "refuse or warn");
  out.add->add_option("--freshness", options.freshness_s, "seconds after which an alert makes no order");
  out.add->add_option("--expect-every", options.expect_every_s, "seconds after which a missing alert is an alarm");
  out.list = webhook->add_subcommand("list", "profiles");
  out.rotate = webhook->add_subcommand("rotate", "give a profile a new path");
  out.remove = webhook->add_subcommand("remove", "remove a profile");
  for (auto* one : {out.rotate, out.remove}) one->add_option("id", options.id, "id of the profile")->required();
  for (auto* one : {out.add, out.list, out.rotate, out.remove}) {
    add_config(*one, options.config_path);
    add_setting(*one, options.overrides, "--data-dir", "node.data_dir");
  }
  return out;
}

} // namespace

int run(int argc, char** argv) {
  CLI::App app{"TraderTerminal: trading terminal and execution cluster"};
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  std::string config_path;
  overrides values;
  import_options importing;

  auto* node = app.add_subcommand("node", "run a node until Ctrl-C");
  add_config(*node, config_path);
  add_setting(*node, values, "--host", "server.host");
  add_setting(*node, values, "--port,-p", "server.port");
  add_setting(*node, values, "--data-dir", "node.data_dir");
  add_setting(*node, values, "--node-id", "node.id");
  add_setting(*node, values, "--threads", "node.threads");
  add_setting(*node, values, "--web-root", "server.web_root");
  add_setting(*node, values, "--log-level", "log.level");
  add_setting(*node, values, "--log-format", "log.format");

  auto* import = app.add_subcommand("import", "load a CSV recording of bars into the bar store");
  import->add_option("file", importing.path, "CSV with the columns time,open,high,low,close,volume")->required();
  import->add_option("--symbol,-s", importing.symbol, "symbol of the instrument master")->required();
  import->add_option("--timeframe,-t", importing.frame, "length of a bar: 1m 5m 1h 1d …")->required();
  import->add_flag("--replace", importing.replace, "let the file win over bars that are stored with other values");
  import->add_option("--problems", importing.problems, "bad rows that are printed with their reason, at most")->check(CLI::Range(0, 1'000'000));
  add_config(*import, config_path);
  add_setting(*import, values, "--data-dir", "node.data_dir");

  auto* check = app.add_subcommand("check", "read a configuration and print every setting with its origin");
  add_config(*check, config_path);

  keys_options key;
  std::string key_file;
  auto* keys = app.add_subcommand("keys", "keys of the nodes and clients of a cluster");
  keys->require_subcommand(1);
  auto* new_key = keys->add_subcommand("new", "make a key pair and admit it");
  new_key->add_option("name", key.name, "node or client")->required();
  new_key->add_option("--dir,-d", key.folder, "folder of NAME.key and of the allow list");
  new_key->add_option("--kind,-k", key.kind, "node, or client (may only read topics)")->check(CLI::IsMember({"node", "client"}));
  auto* show_key = keys->add_subcommand("show", "print the line of the allow list for a key file");
  show_key->add_option("file", key_file, "key file")->required();

  auto* cluster = app.add_subcommand("cluster", "look at a running cluster");
  cluster->require_subcommand(1);
  auto* status = cluster->add_subcommand("status", "table of nodes, roles, actors and links");
  status_options asked;
  status->add_option("--url,-u", asked.url, "address of a gateway");
  status->add_option("--token", asked.token, "bearer token; else TT_TOKEN");
  pine_check_options pine_checking;
  pine_run_options pine_running;
  const auto pine = add_pine_commands(app, pine_checking, pine_running);

  backtest_options backtesting;
  optimize_options optimizing;
  const auto jobs = add_backtest_commands(app, backtesting, optimizing);

  webhook_command_options webhook_options;
  const auto webhook = add_webhook_commands(app, webhook_options);
  job_options job;
  const auto job_subcommands = add_job_commands(app, job);
  strategy_options strategies;
  const auto* strategy = add_strategy_command(app, strategies);

  token_options tokens;
  const auto* token = add_token_command(app, tokens);
  user_options users;
  const auto* user = add_user_command(app, users);
  risk_options stops;
  const auto* risk = add_risk_command(app, stops);

  auto* print_version = app.add_subcommand("version", "print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (*print_version) {
    std::printf("%s\n", std::string(version()).c_str());
    return 0;
  }
  if (*pine.check) return run_pine_check(pine_checking);
  if (*pine.run) return run_pine(pine_running);
  if (*jobs.backtest) return run_backtest(backtesting);
  if (*jobs.optimize) return run_optimize(optimizing);
  if (*webhook.add) return run_webhook_add(webhook_options);
  if (*webhook.list) return run_webhook_list(webhook_options);
  if (*webhook.rotate) return run_webhook_rotate(webhook_options);
  if (*webhook.remove) return run_webhook_remove(webhook_options);
  if (const auto code = run_job_command(job_subcommands, job)) return *code;
  if (*strategy) return run_strategy(strategies);
  if (*token) return run_token(tokens);
  if (*user) return run_user(users);
  if (*risk) return run_risk(stops);
  if (*check) return run_check(config_path, values);
  if (*new_key) return run_keys_new(key);
  if (*show_key) return run_keys_show(key_file);
  if (*status) return run_cluster_status(asked);
  if (*import) {
    importing.config_path = config_path;
    importing.overrides = values;
    return run_import(importing);
  }
  return run_node(config_path, values);
}

} // namespace tt::cluster
