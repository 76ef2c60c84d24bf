#include "tests/gateways/support/http_fixture.hpp"

#include "gateways/http/openapi.hpp"

namespace tt::gateway::test {

std::string answer::header(std::string_view name) const {
  const auto* found = headers.find(name);
  return found == nullptr ? "" : *found;
}

nlohmann::json answer::json() const {
  auto out = nlohmann::json::parse(body, nullptr, false);
  EXPECT_FALSE(out.is_discarded()) << body;
  return out;
}

http_request make_request(std::string_view method, std::string_view target, const call_options& options) {
  http_request out;
  out.method = parse_verb(method);
  out.peer = options.peer;
  if (!options.host.empty()) out.headers.add("Host", options.host);
  for (const auto& one : options.headers.all()) out.headers.add(one.name, one.value);
  if (!options.body.empty() && out.headers.find("Content-Length") == nullptr)
    out.headers.add("Content-Length", std::to_string(options.body.size()));
  const auto done = out.set_target(target);
  EXPECT_TRUE(done.has_value()) << target;
  return out;
}

http_fixture::http_fixture(gateway_config config) : now(from_unix_seconds(1'768'487'700)), config_(std::move(config)) {
  documents_ = std::move(document_store::open("")).value();
  keys_ = std::make_unique<idempotency_store>(*documents_, queue_);
  services_.reset(new services{config_, market, [this] { return now; }, metrics, *documents_, queue_, now - std::chrono::seconds{90},
                               [this](const context_ptr& call, const responder& to) { files_->serve(call, to); }, {}, {}});
  identities_ = std::move(identity_service::open("", [n = 0]() mutable {
                            auto out = std::to_string(++n);
                            return std::string(secret_length - out.size(), 'A') + out;
                          })).value();
  services_->identities = identities_.get();
  services_->order_rates = std::make_shared<rate_limiter>(config_.limits);
  table_.emplace(std::move(make_route_table(*services_)).value());
  services_->openapi = std::make_shared<const std::string>(write_openapi(*table_, config_.version).value());
  services_->docs_page = std::make_shared<const std::string>(write_docs_page(*table_, config_.version));
  files_ = std::make_unique<static_files>(config_.web_root);
  pipeline_rules rules{host_rules{config_.host, config_.allowed_hosts}, origin_rules{config_.cors_origins},
                       network_list::parse(config_.trusted_proxies).value(), config_.auth, is_loopback_host(config_.host), config_.limits, identities_};
  pipeline_ = std::make_unique<pipeline>(
    *table_, services_->files, std::move(rules), [this] { return now; }, metrics, keys_.get());
}

std::string http_fixture::token(const std::string& name, role rank, std::vector<std::string> accounts, std::vector<std::string> strategies) {
  auto made = identities_->add_token({name, {rank, std::move(accounts), std::move(strategies)}, {}, {}}, "test", now);
  EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
  return made ? made->secret : "";
}

std::shared_ptr<std::optional<answer>> http_fixture::begin(std::string_view method, std::string_view target, call_options options) {
  auto out = std::make_shared<std::optional<answer>>();
  const auto take = [out](const http_response& response) {
    EXPECT_FALSE(out->has_value()) << "answered twice";
    out->emplace(answer{response.status, response.headers, std::string{response.content()}});
  };
  auto admission = pipeline_->admit(make_request(method, target, options));
  last_ = admission.call;
  if (admission.refusal) take(*admission.refusal);
  else if (options.body.size() > admission.body_limit) take(pipeline_->refuse(admission.call, make_error(413, "body_too_large", "too large")));
  else pipeline_->run(admission.call, std::move(options.body), take);
  return out;
}

answer http_fixture::call(std::string_view method, std::string_view target, call_options options) {
  const auto out = begin(method, target, std::move(options));
  last_.reset();
  EXPECT_TRUE(out->has_value()) << method << " " << target << " was not answered";
  return out->value_or(answer{});
}

answer http_fixture::send_json(std::string_view method, std::string_view target, std::string body, call_options options) {
  options.body = std::move(body);
  options.headers.set("Content-Type", "application/json");
  return call(method, target, std::move(options));
}

namespace {

using nlohmann::json;

bool has_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return type == "null" && value.is_null();
}

std::string check(const json& all, const json& rule, const json& value, const std::string& at);

std::string check_object(const json& all, const json& rule, const json& value, const std::string& at) {
  for (const auto& name : rule.value("required", json::array()))
    if (!value.contains(name)) return at + " lacks " + name.get<std::string>();
  const auto properties = rule.value("properties", json::object());
  for (const auto& [name, item] : value.items()) {
    if (properties.contains(name)) {
      if (auto bad = check(all, properties[name], item, at + "." + name); !bad.empty()) return bad;
    } else if (rule.contains("additionalProperties")) {
      if (rule["additionalProperties"].is_object())
        if (auto bad = check(all, rule["additionalProperties"], item, at + "." + name); !bad.empty()) return bad;
    } else {
      return at + "." + name + " is not in the schema";
    }
  }
  return "";
}

std::string check(const json& all, const json& rule, const json& value, const std::string& at) {
  if (rule.contains("$ref")) {
    const auto target = rule["$ref"].get<std::string>();
    return check(all, all.at(target.substr(target.rfind('/') + 1)), value, at);
  }
  if (rule.contains("oneOf")) {
    for (const auto& one : rule["oneOf"])
      if (check(all, one, value, at).empty()) return "";
    return at + " fits no alternative";
  }
  if (rule.contains("type")) {
    const auto types = rule["type"].is_array() ? rule["type"] : json::array({rule["type"]});
    if (std::none_of(types.begin(), types.end(), [&](const json& t) { return has_type(value, t.get<std::string>()); }))
      return at + " has the wrong type: " + value.dump();
  }
  if (rule.contains("enum") && std::find(rule["enum"].begin(), rule["enum"].end(), value) == rule["enum"].end())
    return at + " is none of the listed values: " + value.dump();
  if (value.is_array() && rule.contains("items"))
    for (const auto& item : value)
      if (auto bad = check(all, rule["items"], item, at + "[]"); !bad.empty()) return bad;
  return value.is_object() && rule.value("type", json{}) != json{} ? check_object(all, rule, value, at) : "";
}

} // namespace

std::string schema_violation(const json& openapi, const std::string& name, const json& value) {
  const auto& all = openapi.at("components").at("schemas");
  if (!all.contains(name)) return "no schema " + name;
  return check(all, all.at(name), value, name);
}

} // namespace tt::gateway::test
