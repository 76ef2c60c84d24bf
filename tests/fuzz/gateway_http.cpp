// Any request the parser may let through: method, target, headers and body are
// taken from the input, one per line. Never a crash, never a 500.

#include "gateways/http/form.hpp"
#include "gateways/json/json_reader.hpp"
#include "tests/gateways/support/http_fixture.hpp"

#include <cstdlib>

namespace {

using namespace tt;
using namespace tt::gateway;
using namespace tt::gateway::test;

http_fixture& fixture() {
  static auto* made = [] {
    gateway_config config;
    config.limits = {};
    config.trusted_proxies = {"127.0.0.0/8"};
    return new http_fixture{config};
  }();
  return *made;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  http_request request;
  request.method = parse_verb(take_line(rest));
  request.peer = "127.0.0.1";
  const auto target = take_line(rest);
  bool has_host = false;
  for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
    const auto colon = std::min(line.find(':'), line.size());
    request.headers.add(std::string{line.substr(0, colon)}, std::string{trimmed(line.substr(std::min(colon + 1, line.size())))});
    has_host = has_host || iequals(line.substr(0, colon), "Host");
  }
  if (!has_host) request.headers.add("Host", "localhost");
  const std::string body{rest};
  (void)parse_json(body);
  (void)parse_form(request.header("Content-Type"), body);
  if (!request.set_target(target)) return 0;
  auto& http = fixture();
  std::optional<http_response> end;
  auto in = http.requests().admit(std::move(request));
  if (in.refusal) end = std::move(*in.refusal);
  else if (in.over != transport::http || body.size() > in.body_limit) return 0; // handed over, or cut off by the server
  else http.requests().run(in.call, body, [&](http_response response) { end = std::move(response); });
  if (!end || end->status == 500) std::abort();
  if (end->headers.find("X-Request-Id") == nullptr) std::abort();
  return 0;
}
