#include "cluster/node_config.hpp"
#include "cluster/settings.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

namespace tt::cluster {
namespace {

setting_sources from_yaml(std::string yaml) {
  setting_sources out;
  out.yaml = std::move(yaml);
  out.yaml_origin = "test.yaml";
  return out;
}

setting_sources& with_environment(setting_sources& sources, std::map<std::string, std::string> values) {
  sources.environment = [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto at = values.find(std::string(name));
    return at == values.end() ? std::nullopt : std::optional{at->second};
  };
  return sources;
}

result<node_config> make(const setting_sources& sources, std::vector<std::string>& warnings) {
  auto values = settings::load(sources);
  if (!values) return values.error();
  return node_config::make(*values, sources.yaml, sources.yaml_origin, "host-1", warnings);
}

TEST(settings, each_source_beats_the_next) {
  auto sources = from_yaml("server: {port: 1}");
  const auto port = [&] { return settings::load(sources)->text("server.port"); };
  EXPECT_EQ(port(), "1");
  sources.dot_env = "PORT=2\n";
  EXPECT_EQ(port(), "2");
  with_environment(sources, {{"PORT", "3"}});
  EXPECT_EQ(port(), "3");
  sources.command_line["server.port"] = "4";
  EXPECT_EQ(port(), "4");
  EXPECT_EQ(settings::load(from_yaml(""))->text("server.port"), "8080");
}

TEST(settings, datahub_names_win_over_their_alternatives) {
  auto sources = from_yaml("");
  with_environment(sources, {{"PORT", "1"}, {"BACKEND_PORT", "2"}, {"DATAHUB_PORT", "3"}});
  EXPECT_EQ(settings::load(sources)->text("server.port"), "3");
  with_environment(sources, {{"BACKEND_PORT", "2"}});
  EXPECT_EQ(settings::load(sources)->text("server.port"), "2");
}

TEST(settings, written_paths_count_from_home_and_given_ones_from_the_caller) {
  auto sources = from_yaml("node: {data_dir: rows}");
  sources.home = "/opt/tt";
  with_environment(sources, {{"TT_WEB_ROOT", "dist"}});
  sources.dot_env = "X=1";
  const auto values = settings::load(sources);
  EXPECT_EQ(values->text("node.data_dir"), "/opt/tt/rows");
  EXPECT_EQ(values->text("node.instruments"), "/opt/tt/config/instruments.yaml");
  EXPECT_EQ(values->text("server.web_root"), "dist");
  EXPECT_EQ(values->text("server.host"), "localhost");
  sources.command_line["node.data_dir"] = "here";
  EXPECT_EQ(settings::load(sources)->text("node.data_dir"), "here");
  EXPECT_EQ(in_home("/opt/tt", "/abs"), "/abs");
  EXPECT_EQ(in_home("", "rows"), "rows");
}

TEST(settings, unknown_keys_warn_with_file_line_and_suggestion) {
  const auto values = settings::load(from_yaml("server:\n  prot: 80\nservre: {}\n"));
  ASSERT_TRUE(values);
  ASSERT_EQ(values->warnings().size(), 2u);
  EXPECT_EQ(values->warnings()[0], "unknown setting server.prot (did you mean server.port?) in test.yaml line 2");
  EXPECT_EQ(values->warnings()[1], "unknown section servre in test.yaml line 3");
}

TEST(settings, a_node_that_has_traded_does_not_change_its_accounts_without_a_word) {
  const tt::test::temporary_folder folder;
  std::filesystem::create_directories(folder.path("trading"));
  const auto read = [&](const std::string& more) {
    const auto values = settings::load(from_yaml("node: {data_dir: " + folder.path() + "}\nstorage: {database_url: \"postgresql://db\"}\n"
                                                 "cluster: {control: \"tcp://127.0.0.1:1\", security: plain, roles: [execution, gateway]" + more + "}\n"));
    EXPECT_TRUE(values);
    return cluster_config::make(*values, "one");
  };
  const auto fresh = read("");
  ASSERT_TRUE(fresh) << to_string(fresh.error());
  EXPECT_EQ((*fresh)->accounts, account_home::database) << "where there is a database, accounts move";
  std::ofstream(folder.path("trading/paper_accounts.json")) << "{}";
  const auto refused = read("");
  ASSERT_FALSE(refused);
  EXPECT_NE(to_string(refused.error()).find("cluster.accounts"), std::string::npos);
  EXPECT_EQ((*read(", accounts: here"))->accounts, account_home::here);
  EXPECT_EQ((*read(", accounts: database"))->accounts, account_home::database);
  const auto bare = settings::load(from_yaml("cluster: {control: \"tcp://127.0.0.1:1\", security: plain, accounts: database}"));
  EXPECT_FALSE(cluster_config::make(*bare, "one")) << "there is no database";
}

TEST(settings, reserved_keys_say_that_nothing_reads_them) {
  auto sources = from_yaml("");
  with_environment(sources, {{"TRADIER_API_KEY", "s3cret"}});
  const auto values = settings::load(sources);
  ASSERT_EQ(values->warnings().size(), 1u);
  EXPECT_NE(values->warnings()[0].find("TRADIER_API_KEY (environment) is set, but"), std::string::npos);
  EXPECT_EQ(values->warnings()[0].find("s3cret"), std::string::npos);
}

TEST(settings, wrong_values_stop_the_start_and_name_the_key) {
  const struct {
    const char* yaml;
    const char* message;
  } cases[] = {
    {"server: {port: eighty}", "server.port (test.yaml): must be a whole number from 0 to 65535, not \"eighty\""},
    {"server: {port: [1]}", "server.port: must be a plain value, not a list (test.yaml line 1)"},
    {"server: {port: 1, port: 2}", "server.port: stands twice (test.yaml line 1)"},
    {"server: {port: 1}\nserver: {port: 2}", "server.port: stands twice (test.yaml line 2)"},
    {"server: {metrics_port: 70000}", "server.metrics_port (test.yaml): must be from 0 to 65535, not 70000"},
    {"server: {cors_origins: [\"*\"]}", "server.cors_origins (test.yaml): must list origins; \"*\" would let any web page in"},
    {"server: {port: 65536}", "server.port (test.yaml): must be from 0 to 65535, not 65536"},
    {"server: {port: 99999999999999999999}", "server.port (test.yaml): must be from 0 to 65535, not 99999999999999999999"},
    {"server: {auth_mode: none}", "server.auth_mode (test.yaml): must be one of auto, required, not \"none\""},
    {"log: {level: loud}", "log.level (test.yaml): must be one of trace, debug, info, warn, error, not \"loud\""},
    {"market: {time_zone: Mars/Olympus}", "market.time_zone (test.yaml): is no time zone of the IANA database: \"Mars/Olympus\""},
    {"server: 5", "server: must be a map of settings (test.yaml line 1)"},
    {"server: {port: {a: 1}}", "server.port: must be a plain value, not a map (test.yaml line 1)"},
    {"feeds: 3", "feeds: must be a list (test.yaml line 1)"},
    {"feeds: [3]", "feeds[0]: must be a map"},
    {"feeds: [{kind: magic}]", "feeds[0].kind: must be sim or replay, not \"magic\" (test.yaml line 1)"},
    {"feeds: [{name: x}]", "feeds[0].kind: is required: sim or replay (test.yaml line 1)"},
    {"feeds: [{kind: sim, seed: -1}]", "feeds[0].seed: must be a whole number, not \"-1\" (test.yaml line 1)"},
    {"feeds: [{kind: sim, speed: fast}]",
     "feeds[0].speed: must be a factor such as 1 or 10x, or max, or step, not \"fast\" (test.yaml line 1)"},
    {"feeds: [{kind: sim, speed: max}]", "feeds[0].speed: of a simulated exchange must be a factor: it never ends (test.yaml line 1)"},
    {"feeds: [{kind: replay, speed: max, loop: true, files: [{path: a, symbol: S}]}]",
     "feeds[0].speed: of a looped replay must be a factor or step: it never ends (test.yaml line 1)"},
    {"feeds: [{kind: sim, start: yesterday}]",
     "feeds[0].start: not an ISO-8601 time with zone: \"yesterday\" (test.yaml line 1)"},
    {"feeds:\n- kind: replay", "feeds[0].files: must be a list of recordings (test.yaml line 2)"},
    {"feeds:\n- kind: replay\n  files:\n  - {path: a.csv}", "feeds[0].files[0].symbol: is required (test.yaml line 4)"},
    {"feeds:\n- kind: replay\n  files:\n  - {path: a, symbol: S, timeframe: 7x}",
     "feeds[0].files[0].timeframe: not a timeframe: \"7x\" (expected 1m 3m 5m 15m 30m 1h 2h 4h 1d 1w 1M) (test.yaml line 4)"},
    {"feeds: [{kind: sim, symbols: []}]", "feeds[0].symbols: must name a symbol; without the key the default ones are meant (test.yaml line 1)"},
    {"feeds: [{kind: sim}, {kind: sim}]", "feeds[1].name: two feeds are called sim"},
    {"a: [", "test.yaml: not valid YAML"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> warnings;
    const auto config = make(from_yaml(c.yaml), warnings);
    ASSERT_FALSE(config) << c.yaml;
    EXPECT_EQ(to_string(config.error()).substr(0, std::string(c.message).size()), c.message) << c.yaml;
  }
}

TEST(settings, feeds_are_read_with_defaults) {
  std::vector<std::string> warnings;
  const auto config = make(from_yaml("feeds:\n"
                                     "- {name: a, kind: sim, seed: 7, symbols: [AAPL, ES1!], start: 2026-01-15T14:30:00Z, sped: 3}\n"
                                     "- name: b\n  kind: replay\n  speed: 20\n  loop: true\n"
                                     "  files: [{path: x.csv, symbol: SPY, kind: quotes}]\n"),
                           warnings);
  ASSERT_TRUE(config) << to_string(config.error());
  ASSERT_EQ(config->feeds.size(), 2u);
  EXPECT_EQ(config->feeds[0].seed, 7u);
  EXPECT_EQ(config->feeds[0].symbols, (std::vector<std::string>{"AAPL", "ES1!"}));
  EXPECT_EQ(to_iso8601(*config->feeds[0].start), "2026-01-15T14:30:00.000Z");
  EXPECT_EQ(config->feeds[1].pace.kind, market::pace_kind::scaled);
  EXPECT_EQ(config->feeds[1].pace.speed, 20);
  EXPECT_TRUE(config->feeds[1].loop);
  EXPECT_EQ(config->feeds[1].recordings[0].kind, "quotes");
  EXPECT_EQ(config->feeds[1].recordings[0].frame, timeframe::minutes(1));
  EXPECT_EQ(warnings, std::vector<std::string>{"unknown setting feeds[0].sped in test.yaml line 2"});
}

TEST(settings, without_feeds_there_is_one_simulated_exchange) {
  std::vector<std::string> warnings;
  const auto config = make(from_yaml(""), warnings);
  ASSERT_TRUE(config);
  ASSERT_EQ(config->feeds.size(), 1u);
  EXPECT_EQ(config->feeds[0].kind, feed_kind::sim);
  EXPECT_EQ(config->node_id, "host-1");
}

TEST(settings, lists_are_read_in_every_form) {
  const std::vector<std::string> expected{"http://a", "http://b"};
  for (const auto* form : {"http://a, http://b", R"(["http://a","http://b"])", "http://a,,http://b,"}) {
    auto sources = from_yaml("");
    with_environment(sources, {{"CORS_ORIGINS", form}});
    EXPECT_EQ(settings::load(sources)->list("server.cors_origins"), expected) << form;
  }
  EXPECT_EQ(settings::load(from_yaml("server: {cors_origins: [http://a, http://b]}"))->list("server.cors_origins"), expected);
}

TEST(settings, secrets_may_be_files) {
  char path[] = "/tmp/tt-secret-XXXXXX";
  const int file = mkstemp(path);
  ASSERT_GE(file, 0);
  std::ofstream(path) << "  token-1\n";
  auto sources = from_yaml("");
  with_environment(sources, {{"TRADIER_API_KEY_FILE", path}});
  EXPECT_EQ(settings::load(sources)->text("tradier.api_key"), "token-1");
  std::remove(path);
  const auto missing = settings::load(sources);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().field, "TRADIER_API_KEY_FILE");
}

TEST(settings, dot_env_forms) {
  const auto values = parse_dot_env("# comment\n\nexport A=1\nB = \"two words\" \nC='#3'\nD=4 # four\n");
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::map<std::string, std::string>{{"A", "1"}, {"B", "two words"}, {"C", "#3"}, {"D", "4"}}));
  const auto wrong = parse_dot_env("A=1\nnonsense\n");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().field, ".env line 2");
}

/// config/trader.yaml must state exactly the defaults of the table.
TEST(settings, shipped_file_equals_the_defaults) {
  std::ifstream file(TT_SOURCE_DIR "/config/trader.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  auto sources = from_yaml(text.str());
  const auto shipped = settings::load(sources);
  ASSERT_TRUE(shipped) << to_string(shipped.error());
  EXPECT_TRUE(shipped->warnings().empty());
  for (const auto& spec : setting_specs()) {
    EXPECT_EQ(shipped->text(spec.key), spec.fallback) << spec.key;
    const bool stands_in_the_file = spec.use == key_use::active && spec.key != "node.id";
    EXPECT_EQ(shipped->is_default(spec.key), !stands_in_the_file) << spec.key << " is missing in config/trader.yaml";
  }
}

TEST(settings, no_key_or_variable_stands_twice) {
  std::set<std::string_view> seen;
  for (const auto& spec : setting_specs()) {
    EXPECT_TRUE(seen.insert(spec.key).second) << spec.key;
    for (const auto name : spec.variables) EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_FALSE(spec.meaning.empty()) << spec.key;
  }
}

// -- the cluster section ----------------------------------------------------------

std::string cluster_failure(const std::string& section, const std::string& id = "alpha") {
  auto sources = from_yaml("node: {id: " + id + "}\ncluster: {" + section + "}");
  std::vector<std::string> warnings;
  const auto config = make(sources, warnings);
  return config ? "fine" : to_string(config.error());
}

TEST(cluster_config, without_it_a_node_stands_alone) {
  auto sources = from_yaml("");
  std::vector<std::string> warnings;
  EXPECT_FALSE(make(sources, warnings)->cluster);
  EXPECT_EQ(cluster_failure("control: \"\""), "fine");
}

TEST(cluster_config, reads_every_key) {
  auto sources = from_yaml("node: {id: beta}\ncluster: {control: 'tcp://127.0.0.1:7701', topics: 'tcp://127.0.0.1:7702', advertise: box, "
                           "seeds: [alpha=tcp://127.0.0.9:7701, 'gamma=tcp://[::1]:7703'], roles: [market, backtest], security: plain, lease_ttl_ms: 1500}");
  with_environment(sources, {{"DATABASE_URL", "postgresql://db/tt"}});
  std::vector<std::string> warnings;
  const auto config = make(sources, warnings);
  ASSERT_TRUE(config) << to_string(config.error());
  ASSERT_TRUE(config->cluster);
  const auto& cluster = *config->cluster;
  EXPECT_EQ(cluster.control, "tcp://127.0.0.1:7701");
  EXPECT_EQ(cluster.topics, "tcp://127.0.0.1:7702");
  EXPECT_EQ(cluster.advertise, "box");
  ASSERT_EQ(cluster.seeds.size(), 2u);
  EXPECT_EQ(cluster.seeds[0], (seed_address{"alpha", "tcp://127.0.0.9:7701"}));
  EXPECT_EQ(cluster.seeds[1].endpoint, "tcp://[::1]:7703");
  EXPECT_EQ(cluster.roles, (std::set{role::feed, role::symbols, role::backtest}));
  EXPECT_EQ(cluster.lease_ttl, std::chrono::milliseconds{1500});
  EXPECT_EQ(cluster.database_url, "postgresql://db/tt");
  EXPECT_FALSE(cluster.keeps_leases("alpha"));
}

TEST(cluster_config, the_first_seed_keeps_the_leases) {
  cluster_config cluster;
  EXPECT_TRUE(cluster.keeps_leases("anybody"));
  cluster.seeds = {{"alpha", "tcp://10.0.0.1:1"}, {"beta", "tcp://10.0.0.2:1"}};
  EXPECT_TRUE(cluster.keeps_leases("alpha"));
  EXPECT_FALSE(cluster.keeps_leases("beta"));
  // with a database nobody keeps them, and the first seed still coordinates backtests
  cluster.database_url = "postgresql://db/tt";
  EXPECT_FALSE(cluster.keeps_leases("alpha"));
  EXPECT_TRUE(cluster.is_first_seed("alpha"));
  EXPECT_FALSE(cluster.is_first_seed("beta"));
}

TEST(cluster_config, accounts_need_the_doors_through_which_orders_come) {
  auto sources = from_yaml("cluster: {control: 'tcp://127.0.0.1:7701', security: plain, roles: [market, execution]}");
  std::vector<std::string> warnings;
  const auto config = make(sources, warnings);
  ASSERT_FALSE(config);
  EXPECT_EQ(to_string(config.error()), "cluster.roles (test.yaml): execution needs gateway beside it: orders come in through the node's own doors");
  auto both = from_yaml("cluster: {control: 'tcp://127.0.0.1:7701', security: plain, roles: [execution, gateway]}");
  EXPECT_TRUE(make(both, warnings));
  EXPECT_TRUE(warnings.empty());
}

TEST(cluster_config, every_wrong_value_names_its_key) {
  const std::string plain = "control: 'tcp://127.0.0.1:7701', security: plain, ";
  EXPECT_EQ(cluster_failure(plain + "roles: [gateway]"), "fine");
  EXPECT_EQ(cluster_failure("seeds: [a=tcp://h:1]"), "cluster.control: is required where cluster.seeds (test.yaml) is set");
  EXPECT_EQ(cluster_failure("control: here"), "cluster.control (test.yaml): must be tcp://address:port, not \"here\"");
  EXPECT_EQ(cluster_failure("control: 'tcp://h:99999'"), "cluster.control (test.yaml): must be tcp://address:port, not \"tcp://h:99999\"");
  for (const std::string every : {"0.0.0.0", "[::]", "*"})
    EXPECT_EQ(cluster_failure("control: 'tcp://" + every + ":7701'"),
              "cluster.advertise: is required where cluster.control listens on every address: it is what others connect to");
  EXPECT_EQ(cluster_failure("control: 'tcp://10.0.0.1:7701', topics: 'tcp://0.0.0.0:7702'").find("cluster.advertise: is required where cluster.topics"), 0u);
  EXPECT_EQ(cluster_failure("control: 'tcp://0.0.0.0:7701', advertise: box"), "cluster.key_file: is required; ./tt keys new makes it");
  EXPECT_EQ(cluster_failure(plain + "topics: there"), "cluster.topics (test.yaml): must be tcp://address:port, not \"there\"");
  EXPECT_EQ(cluster_failure(plain + "seeds: [alpha]"), "cluster.seeds (test.yaml): each must be NAME=tcp://address:port, not \"alpha\"");
  EXPECT_EQ(cluster_failure(plain + "seeds: ['a b=tcp://h:1']"), "cluster.seeds (test.yaml): each must be NAME=tcp://address:port, not \"a b=tcp://h:1\"");
  EXPECT_EQ(cluster_failure(plain + "seeds: [a=tcp://h:0]"), "cluster.seeds (test.yaml): each must be NAME=tcp://address:port, not \"a=tcp://h:0\"");
  EXPECT_EQ(cluster_failure(plain + "seeds: [a=tcp://h:1, a=tcp://h:2]"), "cluster.seeds (test.yaml): names a twice");
  EXPECT_EQ(cluster_failure(plain + "roles: [king]"), "cluster.roles (test.yaml): must be of market, feed, symbols, execution, backtest, gateway; not \"king\"");
  EXPECT_EQ(cluster_failure(plain + "roles: []"), "cluster.roles (test.yaml): must name at least one role");
  EXPECT_EQ(cluster_failure(plain + "lease_ttl_ms: 1"), "cluster.lease_ttl_ms (test.yaml): must be from 500 to 600000, not 1");
  EXPECT_EQ(cluster_failure("control: 'tcp://127.0.0.1:1', security: none"), "cluster.security (test.yaml): must be one of curve, plain, not \"none\"");
  for (const auto* elsewhere : {"control: 'tcp://10.0.0.1:1'", "control: 'tcp://0.0.0.0:1', advertise: box", "control: 'tcp://127.0.0.1.example.com:1'",
                                "control: 'tcp://127.0.0.1:1', topics: 'tcp://10.0.0.1:2'", "control: 'tcp://127.0.0.1:1', seeds: [a=tcp://10.0.0.2:1]"})
    EXPECT_EQ(cluster_failure(std::string(elsewhere) + ", security: plain").find("cluster.security (test.yaml): plain is for loopback only"), 0u) << elsewhere;
  EXPECT_EQ(cluster_failure("control: 'tcp://127.0.0.1:1'"), "cluster.key_file: is required; ./tt keys new makes it");
  EXPECT_EQ(cluster_failure("control: 'tcp://127.0.0.1:1', key_file: /nowhere/x.key"), "cluster.key_file (test.yaml): no such file: /nowhere/x.key; ./tt keys new makes it");
  EXPECT_EQ(cluster_failure(plain + "topics: ''", "a node"), "node.id (test.yaml): must be 1 to 63 of a-z A-Z 0-9 . _ - in a cluster, not \"a node\"");
}

/// The shipped examples are read without a word, but for the keys that each machine makes.
TEST(cluster_config, the_examples_are_in_order) {
  for (const std::string name : {"market", "symbols", "gateway", "backtest"}) {
    std::ifstream file(TT_SOURCE_DIR "/config/cluster/" + name + ".yaml");
    std::ostringstream text;
    text << file.rdbuf();
    auto sources = from_yaml(text.str());
    with_environment(sources, {{"CLUSTER_KEY_FILE", TT_SOURCE_DIR "/README.md"}, {"CLUSTER_ALLOW_FILE", TT_SOURCE_DIR "/README.md"}});
    std::vector<std::string> warnings;
    const auto config = make(sources, warnings);
    ASSERT_TRUE(config) << name << ": " << to_string(config.error());
    EXPECT_TRUE(warnings.empty()) << name;
    ASSERT_TRUE(config->cluster) << name;
    EXPECT_EQ(config->cluster->seeds.front().name, "alpha");
  }
}

TEST(settings, the_limit_of_orders_is_a_setting) {
  std::vector<std::string> warnings;
  EXPECT_EQ(make(from_yaml(""), warnings)->rate_orders, 60U);
  EXPECT_EQ(make(from_yaml(""), warnings)->rate_orders_burst, 20U);
  auto sources = from_yaml("rate_limit: {orders: 30}");
  with_environment(sources, {{"RATE_LIMIT_ORDERS_BURST", "5"}});
  const auto made = make(sources, warnings);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->rate_orders, 30U);
  EXPECT_EQ(made->rate_orders_burst, 5U);
  EXPECT_FALSE(make(from_yaml("rate_limit: {orders: 0}"), warnings));
}

} // namespace
} // namespace tt::cluster
