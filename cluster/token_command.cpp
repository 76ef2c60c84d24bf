#include "cluster/token_command.hpp"

#include "cluster/commands.hpp"
#include "cluster/setting_options.hpp"
#include "gateways/auth/identity_service.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

namespace tt::cluster {

namespace {

using action = token_options::action_t;

constexpr int most_days = 3650;
constexpr std::chrono::hours day{24};

utc_time now() { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }

int fail(const error& why) {
  std::fprintf(stderr, "tt token: %s\n", to_string(why).c_str());
  return 1;
}

result<std::shared_ptr<gateway::identity_service>> open_identities(const token_options& options) {
  auto loaded = load_settings(options.config_path, options.overrides);
  if (!loaded) return loaded.error();
  const auto folder = loaded->first.text("node.data_dir");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return error{errc::io_error, "can't make " + folder + ": " + failed.message(), "node.data_dir"};
  return gateway::identity_service::open(folder);
}

std::string joined(const std::vector<std::string>& list, std::string_view otherwise) {
  std::string out;
  for (const auto& one : list) out += (out.empty() ? "" : ",") + one;
  return out.empty() ? std::string(otherwise) : out;
}

/// What an identity without a list reaches.
std::string accounts_of(const gateway::identity_reach& reach) {
  return joined(reach.accounts, reach.rank == gateway::role::admin ? "all" : "paper");
}

int add(gateway::identity_service& identities, const token_options& options) {
  const auto rank = gateway::parse_role(options.role);
  if (!rank) return fail(rank.error());
  gateway::token_draft draft{options.name, {*rank, options.accounts, options.strategies}, options.allowed_ips, {}};
  if (options.days > 0) draft.expires_at = now() + options.days * day;
  const auto made = identities.add_token(draft, "tt token", now());
  if (!made) return fail(made.error());
  const auto& token = made->token;
  std::fprintf(stderr, "token %s, id %s: role %s, accounts %s%s; the next line is shown this once\n", token.name.c_str(), token.id.c_str(),
               options.role.c_str(), accounts_of(token.reach).c_str(), token.expires_at ? (", until " + to_iso8601(*token.expires_at)).c_str() : "");
  std::printf("%s\n", made->secret.c_str());
  return 0;
}

int list(gateway::identity_service& identities) {
  std::printf("%-16s %-20s %-8s %-24s %-26s %s\n", "ID", "NAME", "ROLE", "ACCOUNTS", "EXPIRES", "LAST USED");
  const auto at = now();
  for (const auto& [token, used] : identities.tokens(at)) {
    const auto expires = !token.expires_at ? std::string("never") : token.is_expired(at) ? "expired" : to_iso8601(*token.expires_at);
    std::printf("%-16s %-20s %-8s %-24s %-26s %s\n", token.id.c_str(), token.name.c_str(), std::string(to_string(token.reach.rank)).c_str(),
                accounts_of(token.reach).c_str(), expires.c_str(), used ? to_iso8601(*used).c_str() : "never");
  }
  return 0;
}

int revoke(gateway::identity_service& identities, const std::string& wanted) {
  auto id = wanted;
  for (const auto& one : identities.tokens(now()))
    if (one.token.name == wanted) id = one.token.id;
  const auto gone = identities.revoke_token(id);
  if (!gone) return fail(gone.error());
  std::printf("revoked %s (%s)\n", gone->name.c_str(), gone->id.c_str());
  return 0;
}

} // namespace

CLI::App* add_token_command(CLI::App& app, token_options& o) {
  auto* token = app.add_subcommand("token", "bearer tokens of a node: who may do what over its API");
  token->require_subcommand(1);
  const auto sub = [&](const char* name, const char* words, action what) {
    auto* out = token->add_subcommand(name, words);
    out->callback([&o, what] { o.action = what; });
    add_config(*out, o.config_path);
    add_setting(*out, o.overrides, "--data-dir", "node.data_dir");
    return out;
  };
  auto* made = sub("new", "make a token; prints its secret once", action::add);
  made->add_option("name", o.name, "name of the token")->required();
  made->add_option("--role", o.role, "viewer, trader or admin")->required()->check(CLI::IsMember({"viewer", "trader", "admin"}));
  made->add_option("--accounts", o.accounts, "accounts it is bound to; * = all; without: paper accounts, of an admin all")->delimiter(',');
  made->add_option("--strategies", o.strategies, "strategies it is bound to")->delimiter(',');
  made->add_option("--expires", o.days, "days until it expires; without: never")->check(CLI::Range(1, most_days));
  made->add_option("--allow-ips", o.allowed_ips, "addresses and networks it may be used from")->delimiter(',');
  sub("list", "the tokens, without their secrets", action::list);
  sub("revoke", "end a token", action::revoke)->add_option("id", o.name, "its id or name")->required();
  return token;
}

int run_token(const token_options& options) {
  auto identities = open_identities(options);
  if (!identities) return fail(identities.error());
  switch (options.action) {
  case action::add: return add(**identities, options);
  case action::list: return list(**identities);
  case action::revoke: return revoke(**identities, options.name);
  case action::none: break;
  }
  return 2;
}

} // namespace tt::cluster
