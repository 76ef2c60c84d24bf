#include "gateways/http/message.hpp"

#include <algorithm>
#include <array>

namespace tt::gateway {

namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<std::string_view, 8> verb_names{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"};

} // namespace

std::string_view to_string(verb method) noexcept { return verb_names[static_cast<std::size_t>(method)]; }

verb parse_verb(std::string_view text) noexcept {
  const auto found = std::find(verb_names.begin(), verb_names.end() - 1, text);
  return static_cast<verb>(found - verb_names.begin());
}

bool is_unsafe(verb method) noexcept { return method != verb::get && method != verb::head && method != verb::options; }

bool iequals(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string to_lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

void header_list::add(std::string name, std::string value) { list_.push_back({std::move(name), std::move(value)}); }

void header_list::set(std::string name, std::string value) {
  std::erase_if(list_, [&](const name_value& one) { return iequals(one.name, name); });
  add(std::move(name), std::move(value));
}

const std::string* header_list::find(std::string_view name) const {
  for (const auto& one : list_)
    if (iequals(one.name, name)) return &one.value;
  return nullptr;
}

std::size_t header_list::count(std::string_view name) const {
  return static_cast<std::size_t>(
    std::count_if(list_.begin(), list_.end(), [&](const name_value& one) { return iequals(one.name, name); }));
}

const std::string* query_params::find(std::string_view name) const {
  for (const auto& one : list_)
    if (one.name == name) return &one.value;
  return nullptr;
}

result<std::string> percent_decode(std::string_view text, plus_sign plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == plus_sign::blank) c = ' ';
    else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return error{errc::invalid_argument, "bad percent escape in the URL"};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return error{errc::invalid_argument, "NUL byte in the URL"};
    out += c;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

result<query_params> query_params::parse(std::string_view text) {
  query_params out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty()) continue;
    if (out.list_.size() == max_params) return error{errc::out_of_range, "more than 100 parameters"};
    const auto equals = std::min(item.find('='), item.size());
    auto name = percent_decode(item.substr(0, equals), plus_sign::blank);
    if (!name) return std::move(name).error();
    auto value = percent_decode(item.substr(std::min(equals + 1, item.size())), plus_sign::blank);
    if (!value) return std::move(value).error();
    out.add(std::move(*name), std::move(*value));
  }
  return out;
}

result<void> http_request::set_target(std::string_view text) {
  target = text;
  if (const auto scheme = text.find("://"); !text.empty() && text.front() != '/' && scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
    const auto slash = std::min(text.find('/'), text.size());
    authority = text.substr(0, slash);
    text.remove_prefix(slash);
    if (text.empty()) text = "/";
  }
  if (text == "*") text = "/";
  if (text.empty() || text.front() != '/') return error{errc::invalid_argument, "the request target must begin with /"};
  text = text.substr(0, text.find('#'));
  const auto mark = std::min(text.find('?'), text.size());
  std::string_view route = text.substr(0, mark);
  auto parsed = query_params::parse(text.substr(std::min(mark + 1, text.size())));
  if (!parsed) return std::move(parsed).error();
  query = std::move(*parsed);
  while (route.size() > 1 && route.back() == '/') route.remove_suffix(1);
  path = route;
  segments.clear();
  route.remove_prefix(1);
  while (!route.empty()) {
    const auto end = std::min(route.find('/'), route.size());
    auto segment = percent_decode(route.substr(0, end), plus_sign::literal);
    if (!segment) return std::move(segment).error();
    segments.push_back(std::move(*segment));
    route.remove_prefix(std::min(end + 1, route.size()));
  }
  return {};
}

std::string_view http_request::header(std::string_view name) const {
  const auto* found = headers.find(name);
  return found == nullptr ? std::string_view{} : std::string_view{*found};
}

http_response json_response(std::string json, int status) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(json), .shared_body = {}};
}

http_response text_response(std::string text, int status) {
  return {.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(text), .shared_body = {}};
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
  case 100: return "Continue";
  case 200: return "OK";
  case 201: return "Created";
  case 202: return "Accepted";
  case 204: return "No Content";
  case 304: return "Not Modified";
  case 400: return "Bad Request";
  case 401: return "Unauthorized";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 408: return "Request Timeout";
  case 409: return "Conflict";
  case 412: return "Precondition Failed";
  case 413: return "Payload Too Large";
  case 415: return "Unsupported Media Type";
  case 417: return "Expectation Failed";
  case 421: return "Misdirected Request";
  case 422: return "Unprocessable Entity";
  case 426: return "Upgrade Required";
  case 429: return "Too Many Requests";
  case 431: return "Request Header Fields Too Large";
  case 500: return "Internal Server Error";
  case 503: return "Service Unavailable";
  default: return "Unknown";
  }
}

} // namespace tt::gateway
