#include "cluster/stops/stop_file.hpp"

#include "gateways/store/durable_file.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace tt::cluster {

namespace {

using nlohmann::json;
using open_orders = gateway::stop_request::open_orders;

constexpr int form = 1;
/// Far more than 256 nodes with a few stops each take; a larger file is not ours.
constexpr std::size_t max_file = 64UL * 1024 * 1024;

error broken(const std::string& what) { return {errc::corrupt_data, "the list of emergency stops is damaged: " + what, "stops.json"}; }

template <class T>
T named(const json& from, const char* name) {
  const auto parsed = parse_name<T>(from.at(name).get<std::string>(), name);
  if (!parsed) throw std::runtime_error(std::string(name) + ": " + parsed.error().message);
  return *parsed;
}

json as_json(const standing_stop& one) {
  return {{"node", one.version.node}, {"sequence", one.version.sequence}, {"scope", std::string(risk::to_string(one.what))}, {"name", one.name},
          {"mode", std::string(risk::to_string(one.mode))}, {"cancel_open", one.open == open_orders::cancel}, {"author", one.author},
          {"reason", one.reason}, {"at", one.at.time_since_epoch().count()}};
}

standing_stop stop_from(const json& from) {
  standing_stop out;
  out.version = {from.at("node").get<std::string>(), from.at("sequence").get<std::uint64_t>()};
  out.what = named<risk::kill_scope::kind>(from, "scope");
  out.name = from.at("name").get<std::string>();
  out.mode = named<risk::kill_mode>(from, "mode");
  out.open = from.at("cancel_open").get<bool>() ? open_orders::cancel : open_orders::keep;
  out.author = from.at("author").get<std::string>();
  out.reason = from.at("reason").get<std::string>();
  out.at = utc_time{nanoseconds{from.at("at").get<std::int64_t>()}};
  return out;
}

} // namespace

std::string to_json(const stop_memory& what) {
  auto stops = json::array(), lifted = json::array();
  for (const auto& one : what.word.stops) stops.push_back(as_json(one));
  for (const auto& one : what.word.lifted) lifted.push_back({{"node", one.node}, {"sequence", one.sequence}});
  return json{{"form", form}, {"stops", std::move(stops)}, {"lifted", std::move(lifted)}, {"hosts", what.hosts}, {"gateways", what.gateways}}.dump(1) + "\n";
}

result<stop_memory> parse_stop_memory(std::string_view text) {
  try {
    const auto whole = json::parse(text);
    if (whole.at("form").get<int>() > form)
      return error{errc::unsupported, "the list of emergency stops was written by a newer version of the program", "stops.json"};
    stop_memory out;
    for (const auto& one : whole.at("stops")) out.word.stops.push_back(stop_from(one));
    for (const auto& one : whole.at("lifted"))
      out.word.lifted.push_back({one.at("node").get<std::string>(), one.at("sequence").get<std::uint64_t>()});
    out.hosts = whole.at("hosts").get<std::set<std::string>>();
    if (whole.contains("gateways")) out.gateways = whole.at("gateways").get<std::set<std::string>>(); // older files have none
    return out;
  } catch (const std::exception& e) {
    return broken(e.what());
  }
}

result<stop_memory> load_stop_memory(const std::string& path) {
  const auto text = gateway::read_small_file(path, max_file);
  if (!text) return text.error().code == errc::out_of_range ? broken("it is too large") : text.error();
  return *text ? parse_stop_memory(**text) : stop_memory{};
}

} // namespace tt::cluster
