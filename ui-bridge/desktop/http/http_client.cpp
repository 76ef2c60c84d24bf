#include "ui-bridge/desktop/http/http_client.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/browser/session.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <poll.h>

namespace tt::desktop {

struct http_client::transfer {
  http_request what;
  reply done;
  http_reply got;
  curl_slist* headers = nullptr;
  bool is_too_large = false;

  transfer() = default;
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;
  ~transfer() { curl_slist_free_all(headers); }

  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
    auto& into = *static_cast<transfer*>(to);
    into.is_too_large = into.got.body.size() + size * count > max_reply_bytes;
    if (into.is_too_large) return 0;
    into.got.body.append(bytes, size * count);
    return size * count;
  }
};

namespace {

/// One part of a URL, empty when it has none.
std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK || !text) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

} // namespace

http_client::http_client() {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = curl_multi_init();
}

http_client::~http_client() {
  for (auto& [easy, unfinished] : transfers_) {
    curl_multi_remove_handle(multi_, easy);
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

void http_client::send(const http_request& what, reply done) {
  if (!what.bearer_token.empty() && !what.url.starts_with("https://") && !is_loopback(origin_of(what.url)))
    return done(error{errc::refused, "a token goes over TLS or to this machine only; use an https address"});
  CURL* easy = curl_easy_init();
  if (!easy) return done(error{errc::internal, "can't make a request"});
  auto owned = std::make_unique<transfer>();
  auto& now = *owned;
  now.what = what;
  now.done = std::move(done);
  transfers_[easy] = std::move(owned);
  curl_easy_setopt(easy, CURLOPT_URL, now.what.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(now.what.timeout.count()));
  now.headers = curl_slist_append(nullptr, "Accept: application/json");
  if (!now.what.json_body.empty()) {
    now.headers = curl_slist_append(now.headers, "Content-Type: application/json");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, now.what.json_body.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(now.what.json_body.size()));
  }
  if (!now.what.bearer_token.empty())
    now.headers = curl_slist_append(now.headers, ("Authorization: Bearer " + now.what.bearer_token).c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, now.headers);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &now);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &transfer::take);
  curl_multi_add_handle(multi_, easy);
}

void http_client::finish(void* easy, int code) {
  const auto at = transfers_.extract(easy);
  auto& now = *at.mapped();
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  now.got.status = static_cast<int>(status);
  curl_multi_remove_handle(multi_, easy);
  curl_easy_cleanup(easy);
  if (code == CURLE_OK) return now.done(std::move(now.got));
  if (now.is_too_large) return now.done(error{errc::limit_exceeded, "the gateway's answer is too long"});
  const bool is_late = code == CURLE_OPERATION_TIMEDOUT;
  now.done(error{is_late ? errc::timed_out : errc::not_available,
                 is_late ? "the gateway did not answer in time; whether it did what was asked is not known"
                         : std::string("the gateway can't be reached: ") + curl_easy_strerror(static_cast<CURLcode>(code))});
}

void http_client::poll(std::vector<pollfd>& others, std::chrono::milliseconds longest) {
  std::vector<curl_waitfd> waits;
  for (const auto& other : others) {
    short events = 0;
    if (other.events & POLLIN) events |= CURL_WAIT_POLLIN;
    if (other.events & POLLOUT) events |= CURL_WAIT_POLLOUT;
    waits.push_back({other.fd, events, 0});
  }
  int running = 0;
  curl_multi_perform(multi_, &running);
  // an answer that is here already has no socket left to wake for: it must not wait for something else to happen
  const bool has_answers = static_cast<std::size_t>(running) < transfers_.size();
  curl_multi_poll(multi_, waits.data(), static_cast<unsigned>(waits.size()), has_answers ? 0 : static_cast<int>(longest.count()), nullptr);
  // libcurl drops POLLHUP and POLLERR of foreign descriptors on the way: ask again, without waiting
  for (auto& other : others) other.revents = 0;
  ::poll(others.data(), others.size(), 0);
  curl_multi_perform(multi_, &running);
  int left = 0;
  std::vector<std::pair<void*, int>> finished;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left))
    if (message->msg == CURLMSG_DONE) finished.emplace_back(message->easy_handle, message->data.result);
  for (const auto& [easy, code] : finished) finish(easy, code);
}

result<std::string> gateway_origin(const std::string& text) {
  const error wrong{errc::invalid_argument, "must be an address like http://localhost:8080", "gateway"};
  if (text.size() > 300 || text.find('\\') != std::string::npos) return wrong;
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url{curl_url(), &curl_url_cleanup};
  const auto full = text.find("://") == std::string::npos ? "http://" + text : text;
  if (curl_url_set(url.get(), CURLUPART_URL, full.c_str(), 0) != CURLUE_OK) return wrong;
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong;
  const auto path = part(url.get(), CURLUPART_PATH);
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty() || (path != "/" && !path.empty()) ||
      !part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty())
    return wrong;
  const auto host = part(url.get(), CURLUPART_HOST);
  const auto is_fine = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._:[]").find(c) != std::string_view::npos; };
  if (host.empty() || host.front() == '-' || !std::all_of(host.begin(), host.end(), is_fine)) return wrong;
  return origin_of(full);
}

bool is_loopback(const std::string& origin) {
  const auto scheme_end = origin.find("://");
  if (scheme_end == std::string::npos) return false;
  auto host = origin.substr(scheme_end + 3);
  if (host.starts_with("[")) return host.starts_with("[::1]") && (host.size() == 5 || host[5] == ':');
  host = host.substr(0, host.find(':'));
  if (host == "localhost") return true;
  return host.starts_with("127.") && std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

} // namespace tt::desktop
