#include "gateways/http/route_table.hpp"

namespace tt::gateway {

namespace {

std::vector<std::string_view> split(std::string_view pattern) {
  std::vector<std::string_view> out;
  pattern.remove_prefix(pattern.empty() ? 0 : 1);
  while (!pattern.empty()) {
    const auto end = std::min(pattern.find('/'), pattern.size());
    out.push_back(pattern.substr(0, end));
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return out;
}

bool is_param(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

} // namespace

std::string_view to_string(access who) noexcept {
  switch (who) {
  case access::open: return "open";
  case access::local_or_viewer: return "local_or_viewer";
  case access::viewer: return "viewer";
  case access::trader: return "trader";
  case access::admin: return "admin";
  case access::secret: return "secret";
  }
  return "";
}

std::string_view to_string(rate_class kind) noexcept {
  static constexpr std::array<std::string_view, rate_class_count> names{
    "unauthenticated", "failed_auth", "general", "market_data", "orders", "jobs", "webhook", "unlimited"};
  return names[static_cast<std::size_t>(kind)];
}

struct route_table::node {
  std::map<std::string, std::unique_ptr<node>, std::less<>> fixed;
  std::unique_ptr<node> param;
  std::map<verb, const route*> methods;
};

route_table::route_table() : root_(std::make_unique<node>()) {}
route_table::route_table(route_table&&) noexcept = default;
route_table& route_table::operator=(route_table&&) noexcept = default;
route_table::~route_table() = default;

result<route_table> route_table::make(std::vector<route> rows) {
  route_table out;
  for (auto& row : rows) {
    if (row.pattern.empty() || row.pattern.front() != '/')
      return error{errc::invalid_argument, "a route pattern must begin with /: " + std::string{row.pattern}};
    out.rows_.push_back(std::make_unique<const route>(std::move(row)));
    const route& added = *out.rows_.back();
    node* at = out.root_.get();
    for (const auto segment : split(added.pattern)) {
      auto& next = is_param(segment) ? at->param : at->fixed[std::string{segment}];
      if (!next) next = std::make_unique<node>();
      at = next.get();
    }
    if (!at->methods.emplace(added.method, &added).second)
      return error{errc::conflict, "two routes for " + std::string{to_string(added.method)} + " " + std::string{added.pattern}};
  }
  return out;
}

route_table::match route_table::find(verb method, const std::vector<std::string>& segments) const {
  match out;
  const node* at = root_.get();
  for (const auto& segment : segments) {
    const auto fixed = at->fixed.find(segment);
    if (fixed != at->fixed.end()) {
      at = fixed->second.get();
    } else if (at->param && !segment.empty()) {
      at = at->param.get();
      out.params.push_back(segment);
    } else {
      return {};
    }
  }
  if (at->methods.empty()) return {};
  for (const auto& [allowed, unused] : at->methods) {
    out.allowed.push_back(allowed);
    if (allowed == verb::get) out.allowed.push_back(verb::head);
  }
  out.allowed.push_back(verb::options);
  auto found = at->methods.find(method);
  if (found == at->methods.end() && method == verb::head) found = at->methods.find(verb::get);
  if (found != at->methods.end()) out.found = found->second;
  return out;
}

std::vector<std::string_view> route_table::param_names(std::string_view pattern) {
  std::vector<std::string_view> out;
  for (const auto segment : split(pattern))
    if (is_param(segment)) out.push_back(segment.substr(1, segment.size() - 2));
  return out;
}

std::string join_verbs(const std::vector<verb>& verbs) {
  std::string out;
  for (const verb one : verbs) {
    if (!out.empty()) out += ", ";
    out += to_string(one);
  }
  return out;
}

} // namespace tt::gateway
