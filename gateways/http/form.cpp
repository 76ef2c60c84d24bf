#include "gateways/http/form.hpp"

namespace tt::gateway {

namespace {

error malformed(std::string what) { return {errc::invalid_argument, "malformed multipart body: " + std::move(what)}; }

/// Value of `name` in "form-data; name=\"x\"; filename=\"y\"", or nothing.
std::optional<std::string> attribute(std::string_view text, std::string_view name) {
  auto at = text.find(';');
  while (at != std::string_view::npos && at < text.size()) {
    text = trimmed(text.substr(at + 1));
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool wanted = iequals(trimmed(text.substr(0, equals)), name);
    text.remove_prefix(equals + 1);
    std::string value;
    if (!text.empty() && text.front() == '"') {
      std::size_t i = 1;
      for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
      if (i >= text.size()) return std::nullopt;
      text.remove_prefix(i + 1);
    } else {
      const auto end = std::min(text.find(';'), text.size());
      value = trimmed(text.substr(0, end));
      text.remove_prefix(end);
    }
    if (wanted) return value;
    at = text.find(';');
  }
  return std::nullopt;
}

/// The field name of one part's head.
std::optional<std::string> part_name(std::string_view head) {
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !iequals(trimmed(line.substr(0, colon)), "content-disposition")) continue;
    return attribute(line.substr(colon + 1), "name");
  }
  return std::nullopt;
}

result<query_params> parse_multipart(std::string_view boundary, std::string_view body) {
  const std::string mark = "--" + std::string{boundary};
  const std::string inner = "\r\n" + mark;
  query_params out;
  if (body.substr(0, mark.size()) != mark) {
    const auto first = body.find(inner); // a preamble may come before
    if (first == std::string_view::npos) return malformed("no boundary line");
    body.remove_prefix(first + 2);
  }
  body.remove_prefix(mark.size());
  while (body.substr(0, 2) != "--") {
    if (out.all().size() == max_form_parts) return error{errc::out_of_range, "more than 100 form parts"};
    if (body.substr(0, 2) != "\r\n") return malformed("no line break after a boundary");
    const auto end = body.find(inner);
    if (end == std::string_view::npos) return malformed("no closing boundary");
    // A part without head fields begins with the empty line itself.
    std::string_view part = body.substr(0, end);
    const auto head_end = part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return malformed("a part without an empty line");
    auto name = part_name(part.substr(2, head_end > 2 ? head_end - 2 : 0));
    if (!name) return malformed("a part without a name");
    out.add(std::move(*name), std::string{part.substr(head_end + 4)});
    body.remove_prefix(end + inner.size());
  }
  return out;
}

} // namespace

result<query_params> parse_form(std::string_view content_type, std::string_view body) {
  const auto media = trimmed(content_type.substr(0, content_type.find(';')));
  if (body.empty()) return query_params{};
  if (iequals(media, "application/x-www-form-urlencoded")) return query_params::parse(body);
  if (!iequals(media, "multipart/form-data")) return error{errc::unsupported, "the body must be a form"};
  const auto boundary = attribute(content_type, "boundary");
  constexpr std::size_t max_boundary = 70; // RFC 2046
  if (!boundary || boundary->empty() || boundary->size() > max_boundary) return malformed("no boundary in Content-Type");
  return parse_multipart(*boundary, body);
}

} // namespace tt::gateway
