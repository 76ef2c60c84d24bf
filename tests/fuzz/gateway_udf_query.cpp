// Any query string on the UDF routes: never a crash, never a 500, always the
// shape that the charting library relies on.

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
    auto* out = new http_fixture{config};
    for (const auto hours : {session_hours::regular, session_hours::extended})
      for (const auto frame : {timeframe::minutes(1), timeframe::days(1)})
        out->market.set_bars("AAPL", frame, hours, scripted_market::make_bars(from_unix_seconds(1'768'000'000), std::chrono::minutes{1}, 50));
    out->market.set_quote(scripted_market::make_quote("AAPL", "231.11", out->now));
    return out;
  }();
  return *made;
}

void require(bool rule) {
  if (!rule) std::abort();
}

void check_history(const nlohmann::json& body) {
  const std::string s = body.at("s");
  if (s == "no_data") require(!body.contains("t"));
  if (s != "ok") return;
  require(!body.contains("nextTime") && !body.at("t").empty());
  for (const auto* column : {"o", "h", "l", "c", "v"}) require(body.at(column).size() == body.at("t").size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view routes[] = {"/udf/history?", "/udf/search?", "/udf/symbols?", "/udf/quotes?", "/udf/symbol_info?",
                                                "/udf/marks?", "/api/v1/bars?", "/api/v1/quotes?", "/api/v1/calendar?", "/udf/charts/1.1/charts?"};
  if (size == 0) return 0;
  const std::size_t which = data[0] % std::size(routes);
  const std::string target = std::string{routes[which]} + std::string{reinterpret_cast<const char*>(data) + 1, size - 1};
  http_request request;
  request.method = verb::get;
  request.peer = "127.0.0.1";
  request.headers.add("Host", "localhost");
  if (!request.set_target(target)) return 0; // refused by the server as malformed
  auto& http = fixture();
  std::optional<http_response> end;
  auto in = http.requests().admit(std::move(request));
  if (in.refusal) end = std::move(*in.refusal);
  else http.requests().run(in.call, "", [&](http_response response) { end = std::move(response); });
  require(end.has_value() && end->status != 500);
  const auto body = nlohmann::json::parse(end->content(), nullptr, false);
  require(!body.is_discarded());
  if (which == 0 && end->status == 200) check_history(body);
  return 0;
}
