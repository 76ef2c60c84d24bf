#pragma once

// `tt webhook`: profiles of the receiver by whoever owns the node's data folder,
// while the node is stopped.

#include <map>
#include <string>
#include <vector>

namespace tt::cluster {

struct webhook_command_options {
  std::string config_path;
  std::map<std::string, std::string> overrides; ///< settings by key
  std::string id;                               ///< of a profile, for rotate and remove
  std::string name, account = "paper_simulator", strategy;
  std::string secret_file, hmac_file;           ///< files that hold a secret, so that none stands on a command line
  std::vector<std::string> ip_allow, symbols, sides;
  std::string max_quantity, sync_mode = "order", out_of_step = "refuse";
  long freshness_s = 0, expect_every_s = 0;     ///< 0: the default, none
  bool mtls = false;
};

/// Each prints what it did and gives the exit code. `add` and `rotate` print the path token, this once.
int run_webhook_add(const webhook_command_options& options);
int run_webhook_list(const webhook_command_options& options);
int run_webhook_rotate(const webhook_command_options& options);
int run_webhook_remove(const webhook_command_options& options);

} // namespace tt::cluster
