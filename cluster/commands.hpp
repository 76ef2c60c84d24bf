#pragma once

// The commands of the program `tt`. Each returns the exit code: 0 done, 1 failed
// (the reason is on stderr), 2 wrong command line.

#include "cluster/settings.hpp"

#include <map>
#include <string>

namespace tt::cluster {

/// Parses the command line and runs what it says.
int run(int argc, char** argv);

/// `tt node`: runs a node until SIGINT or SIGTERM. `overrides` are settings given
/// as options, by key.
int run_node(const std::string& config_path, const std::map<std::string, std::string>& overrides);

/// What `tt import` is asked to do.
struct import_options {
  std::string path;
  std::string symbol;
  std::string frame;
  std::string config_path;
  std::map<std::string, std::string> overrides;
  std::size_t problems = 100; ///< bad rows that are printed one by one
  bool replace = false; ///< bars that are stored with other values are replaced
};

/// `tt import`: loads a CSV recording of bars into the bar store.
int run_import(const import_options& options);

/// What `tt keys new` is asked to do.
struct keys_options {
  std::string name;            ///< of the node or client
  std::string folder = "keys"; ///< for NAME.key and the allow list
  std::string kind = "node";   ///< node or client
};

/// `tt keys new`: makes a key pair, mode 0600, and adds the public half to the allow list.
int run_keys_new(const keys_options& options);
/// `tt keys show`: prints the line of the allow list that admits the owner of a key file.
int run_keys_show(const std::string& file);

/// What `tt cluster status` is asked to do.
struct status_options {
  std::string url = "http://localhost:8080"; ///< of a gateway
  std::string token;                         ///< bearer; else TT_TOKEN of the environment
};

/// `tt cluster status`: asks a gateway and prints a table of the nodes.
int run_cluster_status(const status_options& options);

/// `tt check`: reads a configuration, prints every setting with its origin.
int run_check(const std::string& config_path, const std::map<std::string, std::string>& overrides);

/// Reads the settings of this process: environment, .env of the working folder,
/// the YAML file (which must exist unless the path is empty), the overrides.
/// Gives the YAML's text too.
result<std::pair<settings, setting_sources>> load_settings(const std::string& config_path,
                                                           const std::map<std::string, std::string>& overrides);

} // namespace tt::cluster
