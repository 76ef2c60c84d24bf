#include "cluster/webhooks/webhook_command.hpp"

#include "actors/alerts/webhook/receiver.hpp"
#include "cluster/commands.hpp"
#include "cluster/folder_lock.hpp"
#include "cluster/secret_token.hpp"
#include "cluster/webhooks/webhook_service.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tt::cluster {

using namespace webhook;

namespace {

constexpr std::string_view first_paper_account = "paper_simulator";

int fail(const error& why) {
  std::fprintf(stderr, "tt: %s\n", to_string(why).c_str());
  return 1;
}

/// The receiver's state on disk, held by this process alone.
struct opened_folder {
  folder_lock lock;
  std::unique_ptr<event_journal> journal;
  std::unique_ptr<instrument_master> master;
  std::unique_ptr<receiver> core;
  utc_time now;
};

result<opened_folder> open_folder(const webhook_command_options& options) {
  auto loaded = load_settings(options.config_path, options.overrides);
  if (!loaded) return loaded.error();
  const auto& values = loaded->first;
  const auto folder = values.text("node.data_dir");
  auto member = cluster_config::make(values, values.text("node.id"));
  if (!member) return member.error();
  if (*member && (*member)->accounts == account_home::database)
    return error{errc::unsupported, "the profiles of this cluster lie in its database: use the API of the node that has the accounts (/api/v1/webhooks)", "cluster.accounts"};
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return error{errc::io_error, "can't make " + folder + ": " + failed.message(), "node.data_dir"};
  opened_folder out;
  out.now = std::chrono::system_clock::now();
  auto lock = folder_lock::take(folder);
  if (!lock) return error{lock.error().code, lock.error().message + "; stop the node first", lock.error().field};
  out.lock = std::move(*lock);
  auto master = instrument_master::load(values.text("node.instruments"));
  if (!master) return master.error();
  out.master = std::make_unique<instrument_master>(std::move(*master));
  auto journal = open_event_journal((std::filesystem::path(folder) / "webhooks.sqlite").string(), make_secret_token().substr(0, 16));
  if (!journal) return journal.error();
  out.journal = std::move(*journal);
  receiver_settings settings;
  settings.fallback.id = settings.fallback.name = "default";
  settings.fallback.account = account_id{std::string(first_paper_account)};
  settings.fallback.source = profile_source::settings;
  settings.make_token = make_secret_token;
  auto core = receiver::open(*out.journal, *out.master, {}, std::move(settings), {out.now, {}});
  if (!core) return core.error();
  out.core = std::move(*core);
  return out;
}

/// The first line of a file.
result<std::string> read_secret(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line) || line.empty()) return error{errc::io_error, "can't read a secret from the file", path};
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

result<profile_change> change_of(const webhook_command_options& options) {
  profile_change out;
  out.name = options.name;
  // live accounts are admitted by an administrator of a running node, who knows them
  if (options.account != first_paper_account)
    return error{errc::unsupported, "only " + std::string(first_paper_account) + " can be named here; other accounts by the API of a running node", "--account"};
  out.account = account_id{options.account};
  if (!options.strategy.empty()) out.strategy = strategy_id{options.strategy};
  if (!options.secret_file.empty()) {
    auto text = read_secret(options.secret_file);
    if (!text) return text.error();
    out.body_secret = *text;
  }
  if (!options.hmac_file.empty()) {
    auto text = read_secret(options.hmac_file);
    if (!text) return text.error();
    out.hmac_key = *text;
  }
  out.ip_allow = options.ip_allow;
  out.symbols = options.symbols;
  out.mtls = options.mtls ? client_certificate::tradingview : client_certificate::ignored;
  out.sides.emplace();
  for (const auto& name : options.sides) {
    const auto side = parse_name<direction>(name, "--side");
    if (!side) return side.error();
    out.sides->push_back(*side);
  }
  if (!options.max_quantity.empty()) {
    auto most = decimal::parse(options.max_quantity);
    if (!most) return error{most.error().code, most.error().message, "--max-quantity"};
    out.max_quantity = *most;
  }
  const auto sync = parse_name<sync_mode>(options.sync_mode, "--sync-mode");
  if (!sync) return sync.error();
  const auto step = parse_name<out_of_step_rule>(options.out_of_step, "--out-of-step");
  if (!step) return step.error();
  out.sync = *sync;
  out.out_of_step = *step;
  if (options.freshness_s != 0) out.freshness = std::chrono::seconds{options.freshness_s};
  if (options.expect_every_s != 0) out.expect_every = std::chrono::seconds{options.expect_every_s};
  return out;
}

void print(const webhook_profile& profile, const std::string& token = {}) {
  const auto& rules = profile.rules;
  std::printf("%s  %s  account %s  freshness %lld s  %s mode%s%s%s%s\n", profile.id.c_str(), profile.name.c_str(), profile.account.str().c_str(),
              static_cast<long long>(profile.freshness.count()), std::string(tt::to_string(profile.sync)).c_str(),
              rules.body_secret.is_set() ? "  secret" : "", rules.hmac_key.empty() ? "" : "  hmac", rules.ip_allow.empty() ? "" : "  addresses",
              rules.mtls == client_certificate::tradingview ? "  certificate" : "");
  if (!token.empty()) std::printf("path, shown this once: /webhook/tradingview/%s\n", token.c_str());
}

} // namespace

int run_webhook_add(const webhook_command_options& options) {
  auto at = open_folder(options);
  if (!at) return fail(at.error());
  auto change = change_of(options);
  if (!change) return fail(change.error());
  auto made = at->core->create(*change, at->now);
  if (!made) return fail(made.error());
  print(made->profile, made->path_token);
  return 0;
}

int run_webhook_list(const webhook_command_options& options) {
  auto at = open_folder(options);
  if (!at) return fail(at.error());
  for (const auto& one : at->core->profiles())
    if (one.source == profile_source::api) print(one);
  return 0;
}

int run_webhook_rotate(const webhook_command_options& options) {
  auto at = open_folder(options);
  if (!at) return fail(at.error());
  auto made = at->core->rotate(options.id, at->now);
  if (!made) return fail(made.error());
  print(made->profile, made->path_token);
  return 0;
}

int run_webhook_remove(const webhook_command_options& options) {
  auto at = open_folder(options);
  if (!at) return fail(at.error());
  if (auto gone = at->core->remove(options.id); !gone) return fail(gone.error());
  std::printf("%s is gone\n", options.id.c_str());
  return 0;
}

} // namespace tt::cluster
