#include "cluster/user_command.hpp"

#include "cluster/commands.hpp"
#include "cluster/setting_options.hpp"
#include "gateways/auth/identity_service.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>

namespace tt::cluster {

namespace {

using action = user_options::action_t;
using gateway::user_record;

utc_time now() { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }

int fail(const error& why) {
  std::fprintf(stderr, "tt user: %s\n", to_string(why).c_str());
  return 1;
}

result<std::shared_ptr<gateway::identity_service>> open_identities(const user_options& options) {
  auto loaded = load_settings(options.config_path, options.overrides);
  if (!loaded) return loaded.error();
  return gateway::identity_service::open(loaded->first.text("node.data_dir"));
}

const char* codes_of(const user_record& user) {
  switch (user.factor) {
  case user_record::second_factor::none: return "none";
  case user_record::second_factor::code: return "asked for";
  case user_record::second_factor::unreadable: break;
  }
  return "unreadable";
}

int list(gateway::identity_service& identities) {
  std::printf("%-20s %-8s %-10s %-16s %s\n", "NAME", "ROLE", "STATE", "ONE-TIME CODES", "CHANGED");
  for (const auto& user : identities.users(now()))
    std::printf("%-20s %-8s %-10s %-16s %s\n", user.name.c_str(), std::string(to_string(user.reach.rank)).c_str(),
                user.active == user_record::state::enabled ? "enabled" : "disabled", codes_of(user), to_iso8601(user.changed_at).c_str());
  return 0;
}

int reset_totp(gateway::identity_service& identities, const std::string& name) {
  const auto changed = identities.reset_totp(name, now());
  if (!changed) return fail(changed.error());
  std::printf("%s is asked for no one-time codes any more\n", changed->name.c_str());
  return 0;
}

} // namespace

CLI::App* add_user_command(CLI::App& app, user_options& o) {
  auto* user = app.add_subcommand("user", "users of a node who sign in with a password");
  user->require_subcommand(1);
  const auto sub = [&](const char* name, const char* words, action what) {
    auto* out = user->add_subcommand(name, words);
    out->callback([&o, what] { o.action = what; });
    add_config(*out, o.config_path);
    add_setting(*out, o.overrides, "--data-dir", "node.data_dir");
    return out;
  };
  sub("list", "the users, without their passwords", action::list);
  sub("reset-totp", "ask a user for no one-time codes any more: for who has lost the key", action::reset_totp)
    ->add_option("name", o.name, "name of the user")->required();
  return user;
}

int run_user(const user_options& options) {
  auto identities = open_identities(options);
  if (!identities) return fail(identities.error());
  switch (options.action) {
  case action::list: return list(**identities);
  case action::reset_totp: return reset_totp(**identities, options.name);
  case action::none: break;
  }
  return 2;
}

} // namespace tt::cluster
