#include "cluster/cluster_node.hpp"

#include "actors/market/caf_error.hpp"
#include "actors/market/directory_actor.hpp"
#include "actors/market/feed_actor.hpp"
#include "bus/errc.hpp"
#include "bus/keys/keys.hpp"
#include "cluster/backtest/recruiter_actor.hpp"
#include "cluster/codec_types.hpp"
#include "cluster/feed_names.hpp"
#include "cluster/lease/lease_actor.hpp"
#include "cluster/lease/singleton_actor.hpp"
#include "cluster/membership/member_actor.hpp"
#include "cluster/membership/seed_watch_actor.hpp"
#include "cluster/membership/watch_actor.hpp"
#include "cluster/node.hpp"
#include "cluster/placement/placement_actor.hpp"
#include "cluster/placement/symbol_directory_actor.hpp"
#include "cluster/topic_demand_actor.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

namespace tt::cluster {

namespace {

/// The name under which the keeper of the leases is found.
constexpr std::string_view leases_name = "leases";
/// Longest wait for the leases to be given back at the end.
constexpr std::chrono::milliseconds farewell{500};

void log_bus(bus::log_level level, std::string_view text) {
  switch (level) {
  case bus::log_level::debug: spdlog::debug("bus: {}", text); return;
  case bus::log_level::info: spdlog::info("bus: {}", text); return;
  case bus::log_level::warning: spdlog::warn("bus: {}", text); return;
  case bus::log_level::error: break;
  }
  spdlog::error("bus: {}", text);
}

bus::config bus_settings(const node_config& config) {
  const auto& cluster = *config.cluster;
  bus::config out;
  out.name = config.node_id;
  out.listen = cluster.control;
  out.listen_topics = cluster.topics;
  out.advertise = cluster.advertise;
  for (const auto& seed : cluster.seeds)
    if (seed.name != config.node_id) out.peers.push_back({seed.name, seed.endpoint});
  out.security = cluster.security == link_security::plain ? bus::security::plain : bus::security::curve;
  out.key_file = cluster.key_file;
  out.allow_file = cluster.allow_file;
  out.log = log_bus;
  return out;
}

error start_error(const caf::error& e) {
  const bool busy = e == make_error(bus::errc::socket_failed);
  return {busy ? errc::not_available : errc::invalid_argument, bus::text_of(e), "cluster"};
}

std::vector<std::string> role_names(const cluster_config& config) {
  std::vector<std::string> out;
  for (const auto r : config.roles) out.emplace_back(to_string(r));
  return out;
}

/// The updates of symbols that live here, for other nodes.
market::topic_publisher make_publisher(bus::node* node, std::string venue) {
  return [node, venue = std::move(venue)](const market::topic& what, std::vector<market::market_update> updates) {
    if (const auto topic = node->topic(market::bus_topic_name(what, venue)))
      topic.publish(caf::make_message(market::update_batch{std::move(updates)}));
  };
}

/// Membership as those see it who have workers spawned.
void note_workers(const caf::actor& recruiter, const std::string& who, const member& what) {
  const auto hosts = [](const member_info& info) { return std::ranges::find(info.roles, to_string(role::backtest)) != info.roles.end(); };
  if (what.state != member_state::up) caf::anon_send(recruiter, recruit_change{who, recruiting::gone});
  else if (what.info && hosts(*what.info)) caf::anon_send(recruiter, recruit_change{who, recruiting::hosts_workers});
}

} // namespace

std::shared_ptr<crew_host> cluster_node::attach(caf::actor_system_config& system, const node_config& config) {
  bus::node::attach(system, bus_settings(config), project_types());
  return config.cluster->has(role::backtest) ? crew_host::attach(system) : nullptr;
}

cluster_node::cluster_node(caf::actor_system& system, cluster_surroundings around, std::shared_ptr<crew_host> crews)
  : system_(system), around_(std::move(around)), crews_(std::move(crews)), bus_(&bus::node::of(system)),
    market_time_(std::make_shared<market_time_board>()), feed_names_(std::make_shared<feed_names>()) {}

cluster_node::~cluster_node() { stop(); }

// -- start ----------------------------------------------------------------------

result<void> cluster_node::start() {
  if (config().security == link_security::curve) allow_digest_ = digest_of(config().allow_file); // first: an edit while the bus reads is seen later
  if (const auto failed = bus_->start()) return start_error(failed);
  running_ = true;
  spdlog::info("node {}: control {}, topics {}", name(), bus_->control_endpoint(), bus_->topics_endpoint());
  start_leases();
  directory_ = system_.spawn(symbol_directory_actor, bus_, around_.master);
  if (config().has(role::symbols)) start_host();
  start_placement();
  if (config().has(role::feed)) start_feeds();
  if (around_.config.backtesting) start_backtests();
  start_member();
  return {};
}

namespace {

/// Whether every node that this one knows has been linked once.
std::function<bool()> all_have_been_linked(const bus::node* node) {
  return [node] { return std::ranges::none_of(node->links(), [](const bus::link_info& link) { return !link.up && link.times_up == 0; }); };
}

} // namespace

void cluster_node::start_placement() {
  const auto linked = system_.clock().now() + gathering_time;
  const auto run = [this, linked](std::uint64_t epoch) {
    // the first placement that there ever was has nothing to find
    return system_.spawn(placement_actor, bus_, epoch, epoch == 1 ? caf::actor_clock::time_point{} : linked, all_have_been_linked(bus_));
  };
  singletons_.push_back(start_singleton(std::string(placement_name), config().lease_ttl, run));
}

namespace {

void tell_leases(lease_agreement& agreed, const std::string& who, const std::string& from) {
  switch (agreed.hear(who, from)) {
  case lease_word::same:
  case lease_word::repeated: return;
  case lease_word::stray:
    return spdlog::error("{} has its leases from {}, who keeps none: it gets none; it needs the seeds of the others, in their order", who, from);
  case lease_word::another:
    spdlog::error("{} has its leases from {}, this node from {}: nothing that needs a lease runs until all nodes have the same seeds, in one order, "
                  "and the same storage.database_url", who, from, agreed.own());
  }
}

} // namespace

void cluster_node::start_leases() {
  agreement_ = std::make_shared<lease_agreement>(name(), config().lease_source(name()));
  if (!config().database_url.empty())
    leases_ = system_.spawn<caf::detached>(lease_actor, lease_store_opener{[url = config().database_url] { return open_postgres_lease_store(url); }});
  else if (config().keeps_leases(name()))
    leases_ = system_.spawn<caf::detached>(lease_actor, lease_store_opener{[folder = around_.config.data_dir] {
                                             return open_sqlite_lease_store((std::filesystem::path(folder) / "leases.sqlite").string());
                                           }});
  // with a database of its own every node asks it directly
  if (leases_ && config().database_url.empty()) bus_->publish(std::string(leases_name), leases_);
}

gateway::cluster_standing cluster_node::standing() const {
  const std::lock_guard lock(epochs_->mutex);
  gateway::cluster_standing out{epochs_->all.contains(std::string(placement_name)) ? "leader" : "member", 0};
  for (const auto& [lease, epoch] : epochs_->all) out.epoch = std::max(out.epoch, epoch);
  return out;
}

std::function<caf::actor()> cluster_node::lease_service() const {
  return [own = leases_, node = bus_, agreed = agreement_] {
    if (!agreed->holds()) return caf::actor{}; // two stores would give every lease twice
    return own ? own : node->find(std::string(leases_name));
  };
}

void cluster_node::start_host() {
  const auto make = [node = bus_, make_symbol = around_.make_symbol](const instrument& what) {
    auto options = make_symbol(what);
    options.publish = make_publisher(node, what.exchange);
    return options;
  };
  demand_ = system_.spawn(topic_demand_actor, bus_);
  const auto on_start = [node = bus_, demand = demand_, master = around_.master](const std::string& symbol, const caf::actor& actor) {
    const auto published = "symbol/" + symbol;
    node->withdraw(published); // its predecessor's, if that has not ended yet
    if (const auto failed = node->publish(published, actor)) spdlog::error("{} can't be published: {}", published, bus::text_of(failed));
    caf::anon_send(demand, market::symbol_atom::value, symbol, master->find(symbol)->exchange, actor);
  };
  host_ = system_.spawn(market::hosting_directory_actor, around_.master, make, on_start);
  bus_->publish(std::string(host_prefix) + name(), host_);
}

void cluster_node::hold_accounts(std::function<caf::actor(std::uint64_t)> run) {
  auto holder = start_singleton(std::string(accounts_lease), std::min(config().lease_ttl, accounts_lease_ttl), std::move(run));
  singletons_.push_back(holder);
  caf::anon_send(member_, joined_singleton{holder});
}

caf::actor cluster_node::start_singleton(const std::string& lease, std::chrono::milliseconds ttl, std::function<caf::actor(std::uint64_t)> run) {
  const auto& published_as = lease;
  auto options = std::make_shared<singleton_options>();
  options->lease = lease;
  options->holder = name() + ":" + to_string(system_.node());
  options->ttl = ttl;
  options->clock = boot_time;
  options->leases = lease_service();
  options->start = [lease, run = std::move(run), held = epochs_](std::uint64_t epoch) {
    auto started = run(epoch);
    if (!started) return started;
    spdlog::info("{} runs here under epoch {}", lease, epoch);
    const std::lock_guard lock(held->mutex);
    held->all.insert_or_assign(lease, epoch);
    return started;
  };
  options->on_start = [node = bus_, published_as](const caf::actor& started) {
    node->withdraw(published_as);
    if (const auto failed = node->publish(published_as, started)) spdlog::error("{} can't be published: {}", published_as, bus::text_of(failed));
  };
  options->on_stop = [node = bus_, lease, published_as, held = epochs_](const std::string& why) {
    {
      const std::lock_guard lock(held->mutex);
      held->all.erase(lease);
    }
    node->withdraw(published_as);
    spdlog::warn("{} ends here: {}", lease, why);
  };
  options->is_known = [node = bus_, published_as] { return static_cast<bool>(node->find(published_as)); };
  options->on_trouble = [lease](const std::string& why) { spdlog::warn("the lease {} can't be had: {}", lease, why); };
  return system_.spawn(singleton_actor, std::move(options));
}

void cluster_node::start_feeds() {
  std::vector<std::string> names;
  for (const auto& feed : around_.config.feeds) {
    names.push_back(feed.name);
    singletons_.push_back(start_singleton("feed/" + feed.name, config().lease_ttl, [this, feed = feed.name](std::uint64_t epoch) { return run_feed(feed, epoch); }));
  }
  feed_names_->add(names);
}

void cluster_node::start_backtests() {
  // jobs lie in a folder of the first seed, locked by its process: the coordinator stays there, wherever the leases are,
  // and needs no lease of its own
  const bool coordinates = config().is_first_seed(name());
  if (!coordinates && !config().has(role::backtest)) return;
  backtests_ = std::make_unique<backtest_service>(system_, around_.config, around_.clock, around_.master, directory_);
  if (config().has(role::backtest)) backtests_->host_crews(crews_);
  if (!coordinates) return;
  const auto on_start = [node = bus_](const caf::actor& started) {
    const std::string published(backtest::coordinator_name);
    node->withdraw(published); // its predecessor's, if that has not ended yet
    if (const auto failed = node->publish(published, started)) spdlog::error("{} can't be published: {}", published, bus::text_of(failed));
    else spdlog::info("{} runs here", published);
  };
  const auto publish = [node = bus_](const backtest::job_news& news) {
    if (const auto topic = node->topic(backtest::jobs_topic)) topic.publish(caf::make_message(news));
  };
  backtests_->keep_coordinator(on_start, publish);
  recruiter_ = backtests_->recruit([node = bus_](const std::string& peer) { return node->agent(peer); });
  if (config().has(role::backtest)) caf::anon_send(recruiter_, recruit_change{name(), recruiting::hosts_workers});
}

gateway::jobs_plane cluster_node::jobs_plane() const {
  return [node = bus_](const caf::actor& reader) { node->subscribe(backtest::jobs_topic, reader, bus::delivery::every); };
}

std::function<caf::actor()> cluster_node::backtest_coordinator() const {
  return [node = bus_] { return node->find(std::string(backtest::coordinator_name)); };
}

caf::actor cluster_node::run_feed(const std::string& feed, std::uint64_t epoch) {
  const auto now = around_.clock();
  std::vector<std::string> notes;
  auto prepared = around_.make_feeds(*around_.master, *around_.store, now, notes);
  if (!prepared) {
    spdlog::error("feed {} can't be made: {}", feed, to_string(prepared.error()));
    return nullptr;
  }
  for (auto& made : *prepared) {
    if (made.name != feed) continue;
    auto options = std::make_shared<market::feed_options>();
    options->name = feed;
    if (!made.follows_wall_clock) options->time_before_start = made.market_start.value_or(made.source->start_time());
    options->source = std::move(made.source);
    options->how = made.pace;
    options->clock = around_.clock;
    options->market_start = made.market_start;
    options->on_end = log_end_of_feed;
    options->reopen = make_reopener(around_.make_feeds, around_.master, around_.store, now, feed);
    options->epoch = epoch;
    options->publish = [node = bus_, topic = market::feed_topic_name(feed)](const market::feed_status& status) {
      if (const auto writer = node->topic(topic)) writer.publish(caf::make_message(status));
    };
    auto actor = system_.spawn(market::feed_actor, std::move(options), directory_);
    caf::anon_send(actor, market::start_atom::value);
    return actor;
  }
  return nullptr;
}

void cluster_node::start_member() {
  auto options = std::make_shared<member_options>();
  options->node = bus_;
  auto& self = options->self;
  self.name = name();
  self.endpoint = bus_->control_endpoint();
  self.roles = role_names(config());
  self.feeds = feed_names_->all();
  self.version = std::string(version());
  self.started = around_.clock();
  self.leases = agreement_->own();
  options->clock = around_.clock;
  options->host = host_;
  options->singletons = singletons_;
  options->on_change = [recruiter = recruiter_, names = feed_names_, agreed = agreement_](const std::string& who, const member& what) {
    if (recruiter) note_workers(recruiter, who, what);
    if (what.state == member_state::left) agreed->forget(who);
    else if (what.info) tell_leases(*agreed, who, what.info->leases);
    if (what.info) names->add(what.info->feeds);
    if (what.state == member_state::up) spdlog::info("node {} is up", who);
    else spdlog::warn("node {} is {}: {}", who, to_string(what.state), what.reason);
  };
  member_ = system_.spawn(member_actor, std::move(options));

  auto watching = std::make_shared<watch_options>();
  if (config().has(role::gateway)) watching->feeds = feeds();
  else watching->feeds = [] { return std::vector<gateway::feed_handle>{}; };
  watching->join = [node = bus_](const std::string& feed, const caf::actor& reader) {
    node->subscribe(market::feed_topic_name(feed), reader, bus::delivery::latest);
  };
  watching->clock = around_.clock;
  watching->market_time = market_time_;
  if (config().security == link_security::curve) watching->allow_file = config().allow_file;
  watching->allow_digest = allow_digest_;
  watching->on_allow_change = [this] { reload_keys(); };
  watcher_ = system_.spawn(watch_actor, std::move(watching));
  start_seed_watch();
}

void cluster_node::start_seed_watch() {
  auto options = std::make_shared<seed_watch_options>();
  for (const auto& seed : config().seeds)
    if (seed.name != name()) options->seeds.push_back(seed.name);
  if (options->seeds.empty()) return;
  options->is_linked = [node = bus_](const std::string& seed) { return static_cast<bool>(node->agent(seed)); };
  options->on_missing = [own = name()](const std::string& seed) {
    spdlog::warn("seed {} is not linked: does it run, is its address right, do both have each other's key, is no other node called {}?", seed, own);
  };
  seed_watcher_ = system_.spawn(seed_watch_actor, std::move(options));
}

void cluster_node::announce(const std::string& url) const {
  caf::anon_send(member_, report_atom::value, url);
  bus_->publish(std::string(member_prefix) + name(), member_);
}

// -- stop -----------------------------------------------------------------------

void cluster_node::give_leases_back() {
  caf::scoped_actor self{system_};
  for (const auto& singleton : singletons_) {
    self->monitor(singleton);
    self->send_exit(singleton, caf::exit_reason::user_shutdown);
  }
  std::size_t open = singletons_.size();
  bool waiting = true;
  while (open > 0 && waiting) self->receive([&](const caf::down_msg&) { --open; }, caf::after(farewell) >> [&] { waiting = false; });
  singletons_.clear();
  // the keeper takes its messages in order: once this one is answered, the leases are back
  const auto leases = lease_service()();
  if (!leases) return;
  const auto last = lease_request{lease_op::release, "-", "-", 0, 1};
  self->request(leases, farewell, last).receive([](const lease_grant&) {}, [](const caf::error&) {});
}

void cluster_node::stop() {
  if (!running_) return;
  running_ = false;
  recruiter_ = nullptr;
  for (auto* actor : {&watcher_, &seed_watcher_, &member_}) {
    if (*actor) caf::anon_send_exit(*actor, caf::exit_reason::user_shutdown);
    *actor = nullptr;
  }
  give_leases_back();
  if (backtests_) backtests_->stop();
  bus_->stop();
  for (auto* actor : {&host_, &demand_, &directory_, &leases_}) {
    if (*actor) caf::anon_send_exit(*actor, caf::exit_reason::user_shutdown);
    *actor = nullptr;
  }
}

// -- for the gateway --------------------------------------------------------------

gateway::feed_list cluster_node::feeds() const {
  return [node = bus_, names = feed_names_] {
    std::vector<gateway::feed_handle> out;
    for (const auto& name : names->all()) out.push_back({name, node->find("feed/" + name)});
    return out;
  };
}

gateway::topic_plane cluster_node::plane() const {
  const auto topic_name = [master = around_.master](const market::topic& what) {
    const auto* found = master->find(what.symbol);
    return market::bus_topic_name(what, found ? found->exchange : std::string{});
  };
  gateway::topic_plane out;
  out.join = [node = bus_, topic_name](const market::topic& what, const caf::actor& reader) {
    // of quotes only the newest counts; prints and bars are numbered, so that a gap is seen
    const auto how = what.kind == market::topic_kind::quotes ? bus::delivery::latest : bus::delivery::every;
    node->subscribe(topic_name(what), reader, how);
  };
  out.leave = [node = bus_, topic_name](const market::topic& what, const caf::actor& reader) {
    node->unsubscribe(topic_name(what), reader);
  };
  return out;
}

std::function<utc_time()> cluster_node::market_clock() const {
  return [clock = around_.clock, board = market_time_] { return board->now(clock()); };
}

void cluster_node::reload_keys() {
  // whoever copies a list truncates it first: what was read in that moment would cut every link
  if (config().security == link_security::curve)
    if (const auto list = bus::keys::allow_list::load(config().allow_file); list && !list->find_name(name()))
      return spdlog::error("the allow list is not taken: {} does not list this node itself, as one that is half written; the keys that were listed last still hold",
                           config().allow_file);
  if (const auto failed = bus_->reload_allowed()) spdlog::error("the allow list is not taken: {}", bus::text_of(failed));
  else spdlog::info("the allow list has been read again");
}

void cluster_node::report(std::function<void(result<gateway::cluster_report>)> done) {
  if (!member_) return done(error{errc::not_available, "this node is starting or stopping"});
  caf::anon_send(member_, gather_request{std::make_shared<const std::function<void(result<gateway::cluster_report>)>>(std::move(done))});
}

} // namespace tt::cluster
