// Any message of a page, and any message of the browser. Never a crash; what is
// accepted keeps the limits and names of files stay plain.
#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"
#include "ui-bridge/desktop/browser/session.hpp"

#include <cstdlib>

namespace {

using namespace tt;
using namespace tt::desktop;

struct nobody : session_owner {
  void on_call(const caller&, const std::string&) override {}
  void on_rejected(const std::string&) override {}
  document_rule rule_for_document() override { return document_rule::replace; }
  std::string replacement_document() override { return "x"; }
  void on_main_page() override {}
  void on_load(bool) override {}
  void on_main_closed() override {}
};

void check(const bridge_request& request) {
  if (const auto* file = std::get_if<save_file>(&request.command)) {
    if (!check_file_name(file->name) || file->bytes.size() > max_file_bytes) std::abort();
    if (file->name.find('/') != std::string::npos || file->name.find("..") == 0) std::abort();
  }
  if (const auto* window = std::get_if<set_window>(&request.command))
    if (window->bounds && (window->bounds->width < min_window_px || window->bounds->width > max_window_px)) std::abort();
  if (const auto* stop = std::get_if<emergency_stop>(&request.command))
    if (stop->reason.empty() || stop->reason.size() > max_reason_bytes) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto got = parse_request(text); const auto* request = std::get_if<bridge_request>(&got)) check(*request);

  nobody owner;
  browser_session session{"http://localhost:8080", "", owner};
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    session.on_message(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return 0;
}
