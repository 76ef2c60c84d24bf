#include "gateways/http/static_files.hpp"

#include "gateways/http/digest.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace tt::gateway {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view missing_page =
  "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>TraderTerminal</title></head><body>"
  "<h1>TraderTerminal is running</h1><p>The web UI has not been built. <code>./tt up</code> builds and serves it; by hand: "
  "<code>cd ui-bridge/web &amp;&amp; npm ci &amp;&amp; npm run build</code>.</p>"
  "<p>The API works: <a href=\"/docs\">/docs</a>, <a href=\"/health\">/health</a>.</p></body></html>";

bool is_inside(const fs::path& root, const fs::path& path) {
  auto r = root.begin();
  auto p = path.begin();
  for (; r != root.end(); ++r, ++p)
    if (p == path.end() || *r != *p) return false;
  return true;
}

std::optional<std::string> read_file(const fs::path& path, std::uintmax_t size) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::nullopt;
  std::string out(static_cast<std::size_t>(size), '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

api_error no_file() { return make_error(404, "not_found", "there is no such file"); }

} // namespace

std::string_view content_type_of(std::string_view file_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> types{
    {{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"}, {".json", "application/json"}, {".map", "application/json"}, {".svg", "image/svg+xml"},
     {".png", "image/png"}, {".jpg", "image/jpeg"}, {".webp", "image/webp"}, {".ico", "image/x-icon"}, {".woff2", "font/woff2"},
     {".woff", "font/woff"}, {".wasm", "application/wasm"}, {".txt", "text/plain; charset=utf-8"}, {".webmanifest", "application/manifest+json"}}};
  for (const auto& [extension, type] : types)
    if (file_name.size() > extension.size() && iequals(file_name.substr(file_name.size() - extension.size()), extension)) return type;
  return "application/octet-stream";
}

bool is_hashed_asset(std::string_view file_name) {
  // Vite: NAME-HASH.EXT with 8 characters of base64url
  constexpr std::size_t hash_length = 8;
  const auto dot = file_name.find('.', file_name.rfind('/') == std::string_view::npos ? 0 : file_name.rfind('/'));
  if (dot == std::string_view::npos || dot < hash_length + 1 || file_name[dot - hash_length - 1] != '-') return false;
  const auto hash = file_name.substr(dot - hash_length, hash_length);
  return std::all_of(hash.begin(), hash.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
    const auto item = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const auto mark = std::min(item.find(';'), item.size());
    if (!iequals(trimmed(item.substr(0, mark)), "gzip")) continue;
    const auto quality = to_lower(item.substr(mark));
    const auto q = quality.find("q=");
    return q == std::string::npos || trimmed(quality.substr(q + 2)).find_first_not_of("0.") != std::string_view::npos;
  }
  return false;
}

static_files::static_files(const std::string& root) {
  if (root.empty()) return;
  std::error_code failed;
  auto canonical = fs::canonical(root, failed);
  if (!failed && fs::is_directory(canonical, failed)) root_ = std::move(canonical);
}

std::optional<fs::path> static_files::locate(const std::vector<std::string>& segments) const {
  fs::path path = root_;
  for (const auto& segment : segments) {
    if (segment.empty() || segment.front() == '.' || segment.find_first_of("/\\") != std::string::npos) return std::nullopt;
    path /= segment;
  }
  std::error_code failed;
  auto real = fs::canonical(path, failed);
  if (failed || !is_inside(root_, real) || !fs::is_regular_file(real, failed)) return std::nullopt;
  return real;
}

std::optional<static_files::file> static_files::load(const fs::path& path) {
  std::error_code failed;
  file out;
  out.changed = fs::last_write_time(path, failed);
  if (!failed) out.size = fs::file_size(path, failed);
  if (failed || out.size > max_file_bytes) return std::nullopt;
  std::lock_guard guard{mutex_};
  auto& kept = cache_[path.string()];
  if (kept.content && kept.changed == out.changed && kept.size == out.size) return kept;
  auto content = read_file(path, out.size);
  if (!content) return std::nullopt;
  out.etag = "\"" + sha256_hex(*content).substr(0, 20) + "\"";
  out.content = std::make_shared<const std::string>(std::move(*content));
  if (kept.content) cached_bytes_ -= kept.content->size();
  kept = {};
  if (cached_bytes_ + out.content->size() <= max_cached_bytes) {
    cached_bytes_ += out.content->size();
    kept = out;
  }
  return out;
}

/// TradingView's licensed library draws in a frame of its own (ui-bridge/web/README.md). Only its files may be framed, and not
/// the terminal's page that stands in for names without a file.
bool static_files::may_be_framed(const fs::path& path) const {
  const auto below = path.lexically_relative(root_);
  return !below.empty() && *below.begin() == framed_folder;
}

http_response static_files::respond(const request_context& call, const fs::path& path, const file& plain) {
  const std::string name = path.filename().string();
  http_response out;
  if (may_be_framed(path)) out.framed_by = http_response::framing::own_origin;
  out.headers.set("Content-Type", std::string{content_type_of(name)});
  out.headers.set("Cache-Control", is_hashed_asset(name) ? "public, max-age=31536000, immutable" : "no-cache");
  file chosen = plain;
  if (auto packed_path = path; accepts_gzip(call.request.header("Accept-Encoding"))) {
    packed_path += ".gz";
    std::error_code failed;
    if (fs::is_regular_file(fs::symlink_status(packed_path, failed)))
      if (auto packed = load(packed_path)) {
        chosen = std::move(*packed);
        out.headers.set("Content-Encoding", "gzip");
      }
  }
  out.headers.add("Vary", "Accept-Encoding");
  out.headers.set("ETag", chosen.etag);
  const auto known = call.request.header("If-None-Match");
  if (!known.empty() && known.find(chosen.etag) != std::string_view::npos) out.status = 304;
  else out.shared_body = chosen.content;
  return out;
}

void static_files::serve(const context_ptr& call, const responder& answer) {
  const auto& segments = call->request.segments;
  if (root_.empty()) {
    const bool page = segments.empty() || segments.back().find('.') == std::string::npos;
    if (!page) return answer(no_file());
    auto out = text_response(std::string{missing_page}, 503);
    out.headers.set("Content-Type", "text/html; charset=utf-8");
    return answer(std::move(out));
  }
  const bool hidden = std::any_of(segments.begin(), segments.end(), [](const std::string& one) { return !one.empty() && one.front() == '.'; });
  if (hidden) return answer(no_file());
  auto path = segments.empty() ? std::nullopt : locate(segments);
  const bool is_page = segments.empty() || segments.back().find('.') == std::string::npos;
  if (!path && is_page && (segments.empty() || segments.front() != "assets")) path = locate({"index.html"});
  if (!path) return answer(no_file());
  const auto found = load(*path);
  if (!found) return answer(no_file());
  answer(respond(*call, *path, *found));
}

} // namespace tt::gateway
