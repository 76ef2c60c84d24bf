#include "gateways/news/feed_fetch.hpp"

#include "gateways/news/feed_reader.hpp"
#include "gateways/notify/outbound_rules.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tt::gateway {

namespace {

using outcome = feed_answer::outcome_t;

constexpr long ok = 200, not_modified = 304, first_redirect = 300, last_redirect = 399;
/// Longest value of ETag and Last-Modified that is kept and sent back.
constexpr std::size_t max_validator = 256;

/// libcurl counts; the last one out cleans up.
struct library {
  library() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~library() { curl_global_cleanup(); }
  library(const library&) = delete;
  library& operator=(const library&) = delete;
};

feed_answer failed(std::string why, std::chrono::seconds retry_after = {}) {
  feed_answer out;
  out.trouble = std::move(why);
  out.retry_after = retry_after;
  return out;
}

feed_answer read_file(const std::string& path) {
  struct stat found {};
  // not a device or a pipe: those have no end, or make who opens them wait
  if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return failed("there is no such file, or it is none");
  if (static_cast<std::uintmax_t>(found.st_size) > max_feed_bytes) return failed("has more than " + std::to_string(max_feed_bytes) + " bytes");
  std::ifstream in(path, std::ios::binary);
  feed_answer out{.outcome = outcome::fresh};
  out.body.resize(static_cast<std::size_t>(found.st_size));
  in.read(out.body.data(), static_cast<std::streamsize>(out.body.size()));
  if (!in) return failed("can't be read");
  return out;
}

/// One exchange, without redirects.
struct exchange {
  CURL* easy = nullptr;
  const std::atomic<bool>* is_stopping = nullptr;
  enum class reach : std::uint8_t { anywhere, public_only } may_reach = reach::anywhere;
  bool is_too_large = false, is_refused = false;
  feed_answer got = {};
  std::chrono::seconds retry_after{};

  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
    auto& me = *static_cast<exchange*>(to);
    me.is_too_large = me.got.body.size() + size * count > max_feed_bytes;
    if (me.is_too_large) return 0;
    me.got.body.append(bytes, size * count);
    return size * count;
  }
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<exchange*>(to)->header({bytes, size * count});
    return size * count;
  }
  static int look(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return static_cast<exchange*>(to)->is_stopping->load() ? 1 : 0; }
  static curl_socket_t open(void* to, curlsocktype, curl_sockaddr* where) {
    auto& me = *static_cast<exchange*>(to);
    me.is_refused = me.may_reach == reach::public_only && !is_public(*where);
    return me.is_refused ? CURL_SOCKET_BAD : socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
  }
  static bool is_public(const curl_sockaddr& where) {
    namespace ip = boost::asio::ip;
    if (where.family == AF_INET) return classify(ip::address_v4{ntohl(reinterpret_cast<const sockaddr_in&>(where.addr).sin_addr.s_addr)}) == address_class::global;
    if (where.family != AF_INET6) return false;
    ip::address_v6::bytes_type bytes;
    std::ranges::copy(reinterpret_cast<const sockaddr_in6&>(where.addr).sin6_addr.s6_addr, bytes.begin());
    return classify(ip::address_v6{bytes}) == address_class::global;
  }

  void header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "etag" && value.size() <= max_validator) got.etag = value;
    if (name == "last-modified" && value.size() <= max_validator) got.last_modified = value;
    if (name != "retry-after") return;
    std::int64_t seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    retry_after = std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, 86'400)};
  }
};

std::string part_of(const std::string& url, CURLUPart which) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> read{curl_url(), curl_url_cleanup};
  char* text = nullptr;
  if (!read || curl_url_set(read.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK || curl_url_get(read.get(), which, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

void set_up(exchange& to, const std::string& url, const std::string& agent, const curl_slist* headers) {
  auto* easy = to.easy;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(feed_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange::take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &to);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange::take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &to);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, exchange::look);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &to);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, exchange::open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &to);
}

/// Asks one address. `next` is where it sends us instead, or "".
feed_answer ask(const std::string& url, exchange::reach may_reach, const std::string& agent, const curl_slist* headers, const std::atomic<bool>& is_stopping,
                std::string& next) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{curl_easy_init(), curl_easy_cleanup};
  if (!easy) return failed("there is not enough memory to ask");
  exchange now{.easy = easy.get(), .is_stopping = &is_stopping, .may_reach = may_reach};
  set_up(now, url, agent, headers);
  const auto code = curl_easy_perform(now.easy);
  if (now.is_too_large) return failed("has more than " + std::to_string(max_feed_bytes) + " bytes");
  if (now.is_refused) return failed("leads to an address that is not public");
  if (code != CURLE_OK) return failed(curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(now.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == not_modified) return {.outcome = outcome::unchanged};
  if (status >= first_redirect && status <= last_redirect) {
    char* to = nullptr;
    curl_easy_getinfo(now.easy, CURLINFO_REDIRECT_URL, &to);
    if (to != nullptr) next = to;
    return failed("answers " + std::to_string(status) + " without saying where to");
  }
  if (status != ok) return failed("answers " + std::to_string(status), now.retry_after);
  now.got.outcome = outcome::fresh;
  return std::move(now.got);
}

} // namespace

feed_answer fetch_feed(const feed_request& what, const std::string& agent, const std::atomic<bool>& is_stopping) {
  constexpr std::string_view file = "file://";
  if (what.url.starts_with(file)) return read_file(what.url.substr(file.size()));
  static const library loaded;
  curl_slist* list = curl_slist_append(nullptr, "Accept: application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8");
  if (!what.etag.empty()) list = curl_slist_append(list, ("If-None-Match: " + what.etag).c_str());
  if (!what.last_modified.empty()) list = curl_slist_append(list, ("If-Modified-Since: " + what.last_modified).c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{list, curl_slist_free_all};
  const auto home = part_of(what.url, CURLUPART_HOST);
  auto url = what.url;
  for (int hops = 0;; ++hops) {
    std::string next;
    const auto may_reach = part_of(url, CURLUPART_HOST) == home ? exchange::reach::anywhere : exchange::reach::public_only;
    auto got = ask(url, may_reach, agent, headers.get(), is_stopping, next);
    if (next.empty()) return got;
    if (hops >= max_feed_redirects) return failed("is redirected more than " + std::to_string(max_feed_redirects) + " times");
    url = std::move(next);
  }
}

} // namespace tt::gateway
