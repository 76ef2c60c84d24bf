#include "actors/market/csv_lines.hpp"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace tt::market {

namespace {

/// Bytes of an over-long line that are kept for the report.
constexpr std::size_t shown_bytes = 40;

} // namespace

result<line_reader> line_reader::open(const std::string& path) {
  // looked at before it is opened: a pipe would block there, a device never ends
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return error{errc::io_error, "is a folder, not a file", path};
    if (!S_ISREG(info.st_mode)) return error{errc::io_error, "is a device or a pipe, not a file", path};
  }
  line_reader reader;
  reader.path_ = path;
  reader.file_.reset(std::fopen(path.c_str(), "rbe"));
  if (!reader.file_) {
    const auto code = errno == ENOENT ? errc::not_found : errc::io_error;
    return error{code, "can't open: " + std::string(std::strerror(errno)), path};
  }
  std::setvbuf(reader.file_.get(), nullptr, _IONBF, 0); // we buffer ourselves
  reader.buffer_.resize(csv_block_bytes);
  return reader;
}

line_reader line_reader::from_text(std::string text) {
  line_reader reader;
  reader.buffer_.assign(text.begin(), text.end());
  reader.end_ = reader.buffer_.size();
  return reader;
}

/// Moves what is left to the front and reads behind it.
line_reader::fill line_reader::refill() {
  if (!file_) return fill::at_end;
  if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  TT_ASSERT(end_ < buffer_.size());
  const auto got = std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, file_.get());
  end_ += got;
  if (got > 0) return fill::got_bytes;
  if (std::ferror(file_.get()) == 0) return fill::at_end;
  failure_ = error{errc::io_error, "read failed: " + std::string(std::strerror(errno)), path_};
  return fill::failed;
}

void line_reader::strip_mark() {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (end_ - begin_ >= mark.size() && std::memcmp(buffer_.data() + begin_, mark.data(), mark.size()) == 0)
    begin_ += mark.size();
}

/// Drops bytes up to the end of the line.
line_state line_reader::skip_rest(std::string_view shown, std::string_view& out) {
  shown_.assign(shown.substr(0, shown_bytes));
  out = shown_;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    if (const void* hit = std::memchr(from, '\n', end_ - begin_)) {
      begin_ += static_cast<std::size_t>(static_cast<const char*>(hit) - from) + 1;
      return line_state::too_long;
    }
    begin_ = end_;
    const auto filled = refill();
    if (filled == fill::failed) return line_state::failed;
    if (filled == fill::at_end) return line_state::too_long;
  }
}

line_state line_reader::next(std::string_view& out) {
  if (failure_) return line_state::failed;
  std::size_t searched = 0;
  for (;;) {
    if (line_number_ == 0 && searched == 0) {
      if (begin_ == end_ && refill() == fill::failed) return line_state::failed;
      strip_mark();
    }
    const char* const from = buffer_.data() + begin_;
    const std::size_t held = end_ - begin_;
    const auto* hit = held > searched
                          ? static_cast<const char*>(std::memchr(from + searched, '\n', held - searched))
                          : nullptr;
    if (hit != nullptr) {
      std::string_view line{from, static_cast<std::size_t>(hit - from)};
      begin_ += line.size() + 1;
      ++line_number_;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      out = line.substr(0, max_csv_line);
      return line.size() > max_csv_line ? line_state::too_long : line_state::line;
    }
    searched = held;
    if (held > max_csv_line + 1) {
      ++line_number_;
      return skip_rest({from, held}, out);
    }
    const auto filled = refill();
    if (filled == fill::failed) return line_state::failed;
    if (filled == fill::got_bytes) continue;
    if (held == 0) return line_state::end;
    std::string_view line{buffer_.data() + begin_, held};
    begin_ = end_;
    ++line_number_;
    if (line.back() == '\r') line.remove_suffix(1);
    out = line.substr(0, max_csv_line);
    return line.size() > max_csv_line ? line_state::too_long : line_state::line;
  }
}

} // namespace tt::market
