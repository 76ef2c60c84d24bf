#include "actors/pine/lexer.hpp"

#include "actors/pine/old_names.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

namespace tt::pine {
namespace {

constexpr std::array keywords{"and", "or", "not", "if", "else", "for", "while", "switch", "to", "by", "in",
                              "var", "varip", "break", "continue", "true", "false", "import", "export", "as",
                              "type", "enum", "method"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Where the text stops being UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF); its size
/// when it never does.
std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    const unsigned first = byte(i), second = byte(i + 1);
    const std::size_t more = first < 0x80 ? 0 : first >= 0xC2 && first <= 0xDF ? 1 : first >= 0xE0 && first <= 0xEF ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 4;
    if (more == 4) return i;
    for (std::size_t k = 1; k <= more; ++k)
      if ((byte(i + k) & 0xC0U) != 0x80U) return i;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return i;
    i += more + 1;
  }
  return text.size();
}

class lexer {
public:
  /// `never_closed`: places of brackets that end, as an error, where the next statement seems to begin.
  lexer(std::string_view source, diagnostics& diags, const std::vector<std::size_t>& never_closed)
      : src_(source), diags_(diags), never_closed_(never_closed) {}

  /// Place of the outermost bracket that is open after run(), if there is one.
  std::optional<std::size_t> left_open() const { return open_.empty() ? std::nullopt : std::optional(open_.front()); }

  token_stream run() {
    if (src_.size() > limits::source_bytes) {
      diags_.error("PN0001", {}, "the script is longer than " + std::to_string(limits::source_bytes) + " bytes");
      src_ = {};
      out_.cut = true;
    }
    if (auto bad = first_bad_byte(src_); bad < src_.size()) {
      const auto start = bad == 0 ? 0 : src_.rfind('\n', bad - 1) + 1; // npos + 1 is 0
      diags_.error("PN0009", {u32(1 + std::count(src_.begin(), src_.begin() + std::ptrdiff_t(bad), '\n')), u32(bad - start + 1), 1},
                   "the script isn't UTF-8 text", "save the file as UTF-8");
      src_ = {};
      out_.cut = true;
    }
    if (auto line = long_line(); line > 0) {
      diags_.error("PN0008", {line, 1, 1}, "this line is longer than " + std::to_string(limits::line_chars) + " characters");
      src_ = {};
      out_.cut = true;
    }
    if (src_.substr(0, 3) == "\xEF\xBB\xBF") at_ = line_start_ = 3;
    indents_.push_back(0);
    while (at_ < src_.size()) line();
    if (!out_.tokens.empty() && out_.tokens.back().kind != tok::newline) {
      auto last = out_.tokens.back().pos; // an open bracket is reported where the text ends, not below it
      last.column += last.length;
      last.length = 1;
      push(tok::newline, at_, 0).pos = last;
    }
    while (indents_.size() > 1) {
      indents_.pop_back();
      push(tok::dedent, at_, 0);
    }
    push(tok::end, at_, 0);
    return std::move(out_);
  }

private:
  /// Number of the first line that is too long, or 0.
  std::uint32_t long_line() const {
    std::uint32_t number = 1;
    for (std::size_t from = 0; from < src_.size(); ++number) {
      auto end = std::min(src_.find('\n', from), src_.size());
      if (end - from > limits::line_chars) return number;
      from = end + 1;
    }
    return 0;
  }
  source_pos pos(std::size_t from, std::size_t length) const {
    return {line_, u32(from - line_start_ + 1), u32(length == 0 ? 1 : length)};
  }

  token& push(tok kind, std::size_t from, std::size_t length) {
    token t;
    t.kind = kind;
    t.pos = pos(from, length);
    t.text = std::string(src_.substr(std::min(from, src_.size()), length));
    out_.tokens.push_back(std::move(t));
    return out_.tokens.back();
  }

  /// True when the last token can't end a statement, so the next line must belong to it.
  bool open_ended() const {
    if (out_.tokens.empty()) return false;
    const auto& t = out_.tokens.back();
    if (t.kind == tok::keyword) return t.text == "and" || t.text == "or" || t.text == "not";
    if (t.kind != tok::punct) return false;
    return t.text != "=>" && t.text != ")" && t.text != "]" && t.text != ">";
  }

  void line() {
    int width = 0;
    while (at_ < src_.size() && is_space(src_[at_])) {
      width += src_[at_] == '\t' ? 4 : src_[at_] == ' ' ? 1 : 0;
      ++at_;
    }
    if (at_ >= src_.size()) return;
    if (src_[at_] == '\n' || src_.substr(at_, 2) == "//") {
      skip_comment();
      end_line();
      return;
    }
    if (ends_bracket(width)) {
      open_.clear();
      pending_newline_ = true;
      newline_pos_ = open_end_;
    }
    if (open_.empty()) begin_statement(width);
    rest_of_line();
  }

  /// Whether a line within a bracket that is never closed begins the next statement: it stands no deeper than the line
  /// with the bracket's statement and starts with a word.
  bool ends_bracket(int width) const {
    if (open_.empty() || width % 4 != 0 || width > indents_.back() || !is_alpha(src_[at_])) return false;
    return std::find(never_closed_.begin(), never_closed_.end(), open_.front()) != never_closed_.end();
  }

  void begin_statement(int width) {
    bool fresh = out_.tokens.empty();
    if (!fresh && (width % 4 != 0 || (open_ended() && width > 0))) {
      pending_newline_ = false; // a continuation line
      return;
    }
    if (pending_newline_) {
      token t;
      t.kind = tok::newline;
      t.pos = newline_pos_;
      out_.tokens.push_back(std::move(t));
      pending_newline_ = false;
    }
    if (fresh && width % 4 != 0) width = width / 4 * 4;
    if (width > indents_.back()) {
      indents_.push_back(width);
      push(tok::indent, at_, 0);
    } else {
      while (width < indents_.back()) {
        indents_.pop_back();
        push(tok::dedent, at_, 0);
      }
      if (width != indents_.back()) {
        diags_.error("PN0002", pos(at_, 1), "this line is indented to a depth that no open block has",
                     "indent each block by four spaces or one tab");
        if (indents_.size() > 1) indents_.back() = width; // the outermost stays at the margin, which no line is left of
      }
    }
  }

  void rest_of_line() {
    while (at_ < src_.size() && src_[at_] != '\n') {
      if (is_space(src_[at_])) {
        ++at_;
      } else if (src_.substr(at_, 2) == "//") {
        skip_comment();
      } else {
        one_token();
      }
    }
    end_line();
  }

  void end_line() {
    if (!open_.empty() && !out_.tokens.empty() && out_.tokens.back().pos.line == line_) open_end_ = pos(at_, 1);
    if (!out_.tokens.empty() && open_.empty() && !pending_newline_) {
      auto k = out_.tokens.back().kind;
      if (k != tok::newline && k != tok::dedent && k != tok::indent) {
        pending_newline_ = true;
        newline_pos_ = pos(at_, 1);
      }
    }
    if (at_ < src_.size()) ++at_;
    ++line_;
    line_start_ = at_;
  }

  void skip_comment() {
    auto from = at_;
    while (at_ < src_.size() && src_[at_] != '\n') ++at_;
    if (src_.substr(from, 2) != "//") return;
    auto text = src_.substr(from + 2, at_ - from - 2);
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    constexpr std::string_view key = "@version";
    if (text.substr(0, key.size()) != key || out_.version != 0) return;
    text.remove_prefix(key.size());
    while (!text.empty() && (is_space(text.front()) || text.front() == '=')) text.remove_prefix(1);
    int v = 0;
    std::from_chars(text.data(), text.data() + text.size(), v);
    out_.version = v;
  }

  void one_token() {
    char c = src_[at_];
    if (is_alpha(c)) return name();
    if (is_digit(c) || (c == '.' && at_ + 1 < src_.size() && is_digit(src_[at_ + 1]))) return number();
    if (c == '"' || c == '\'') return text(c);
    if (c == '#') return color();
    operator_token();
  }

  void name() {
    auto from = at_;
    while (at_ < src_.size() && (is_alpha(src_[at_]) || is_digit(src_[at_]))) ++at_;
    auto& t = push(tok::ident, from, at_ - from);
    bool after_dot = out_.tokens.size() > 1 && out_.tokens[out_.tokens.size() - 2].kind == tok::punct &&
                     out_.tokens[out_.tokens.size() - 2].text == ".";
    if (after_dot) return; // x.type is a field, not a keyword
    for (auto k : keywords)
      if (t.text == k) t.kind = tok::keyword;
  }

  void number() {
    auto from = at_;
    bool real = false;
    while (at_ < src_.size() && is_digit(src_[at_])) ++at_;
    if (at_ < src_.size() && src_[at_] == '.' && !(at_ + 1 < src_.size() && is_alpha(src_[at_ + 1]) &&
                                                    src_[at_ + 1] != 'e' && src_[at_ + 1] != 'E')) {
      real = true;
      ++at_;
      while (at_ < src_.size() && is_digit(src_[at_])) ++at_;
    }
    if (at_ < src_.size() && (src_[at_] == 'e' || src_[at_] == 'E')) {
      auto save = at_++;
      if (at_ < src_.size() && (src_[at_] == '+' || src_[at_] == '-')) ++at_;
      if (at_ < src_.size() && is_digit(src_[at_])) {
        real = true;
        while (at_ < src_.size() && is_digit(src_[at_])) ++at_;
      } else {
        at_ = save;
      }
    }
    auto& t = push(real ? tok::floating : tok::integer, from, at_ - from);
    t.number = std::strtod(t.text.c_str(), nullptr);
    if (at_ < src_.size() && is_alpha(src_[at_]))
      diags_.error("PN0003", pos(at_, 1), "a name can't follow a number without a space or an operator");
  }

  /// Three quotes open a string over several lines, which three of them close.
  bool opens_lines(char quote) const { return src_.substr(at_, 3) == std::string(3, quote); }

  void check_length(const std::string& value, source_pos at) {
    if (value.size() > limits::string_chars)
      diags_.error("PN0007", at, "this string is longer than " + std::to_string(limits::string_chars) + " characters");
  }

  void lines_of_text(char quote) {
    auto from = at_;
    auto started = pos(from, 3);
    auto line = line_;
    auto line_start = line_start_;
    std::string value;
    for (at_ += 3; at_ < src_.size() && !opens_lines(quote);) {
      char c = src_[at_++];
      if (c == '\n') {
        ++line_;
        line_start_ = at_;
      }
      if (c == '\r') continue;
      value += c == '\\' && at_ < src_.size() && src_[at_] != '\n' ? escaped(src_[at_++]) : c;
    }
    check_length(value, started);
    bool closed = at_ < src_.size();
    if (closed) {
      at_ += 3;
    } else { // the lines below are read as if it ended with its first one
      diags_.error("PN0004", started, "this string isn't closed before the end of the script", "add closing " + std::string(3, quote));
      line_ = line;
      line_start_ = line_start;
      at_ = std::min(src_.find('\n', from), src_.size());
    }
    auto& t = push(tok::string, from, 0);
    t.pos = started;
    t.text = std::move(value);
  }
  static char escaped(char e) { return e == 'n' ? '\n' : e == 't' ? '\t' : e; }

  void text(char quote) {
    if (opens_lines(quote)) return lines_of_text(quote);
    auto from = at_++;
    std::string value;
    while (at_ < src_.size() && src_[at_] != quote && src_[at_] != '\n') {
      char c = src_[at_++];
      if (c != '\\' || at_ >= src_.size() || src_[at_] == '\n') {
        value += c;
        continue;
      }
      value += escaped(src_[at_++]);
    }
    check_length(value, pos(from, 1));
    bool closed = at_ < src_.size() && src_[at_] == quote;
    if (closed) {
      ++at_;
    } else {
      diags_.error("PN0004", pos(from, at_ - from), "this string isn't closed before the end of the line",
                   std::string("add a closing ") + quote);
    }
    auto& t = push(tok::string, from, at_ - from);
    t.text = std::move(value);
  }

  void color() {
    auto from = at_++;
    std::uint64_t v = 0;
    int n = 0;
    while (at_ < src_.size() && hex_digit(src_[at_]) >= 0 && n < 9) {
      v = v * 16 + static_cast<std::uint64_t>(hex_digit(src_[at_]));
      ++at_;
      ++n;
    }
    if (n == 6) v = v << 8 | 0xFF;
    auto& t = push(tok::color, from, at_ - from);
    if (n != 6 && n != 8)
      diags_.error("PN0005", t.pos, "a color is written #RRGGBB or #RRGGBBAA");
    t.number = f64(v & 0xFFFFFFFFull);
  }

  void operator_token() {
    static constexpr std::array twos{"=>", ":=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%="};
    auto two = src_.substr(at_, 2);
    for (auto op : twos) {
      if (two == op) {
        push(tok::punct, at_, 2);
        at_ += 2;
        return;
      }
    }
    char c = src_[at_];
    if (std::string_view("+-*/%<>=?:,.()[]").find(c) == std::string_view::npos) {
      auto from = at_++;
      while (at_ < src_.size() && (static_cast<unsigned char>(src_[at_]) & 0xC0) == 0x80) ++at_;
      const bool pair = two == "&&" || two == "||";
      if (pair) at_ = from + 2;
      auto sign = src_.substr(from, at_ - from);
      diags_.error("PN0006", pos(from, pair ? 2 : 1), (pair ? "'" : "the character '") + std::string(sign) + "' isn't part of Pine Script",
                   foreign_sign_hint(sign));
      return;
    }
    if (c == '(' || c == '[') open_.push_back(at_);
    if ((c == ')' || c == ']') && !open_.empty()) open_.pop_back();
    push(tok::punct, at_, 1);
    ++at_;
  }

  std::string_view src_;
  diagnostics& diags_;
  token_stream out_;
  std::size_t at_ = 0, line_start_ = 0;
  std::uint32_t line_ = 1;
  const std::vector<std::size_t>& never_closed_;
  std::vector<std::size_t> open_; ///< places of the brackets that are open
  bool pending_newline_ = false;
  source_pos newline_pos_, open_end_;
  std::vector<int> indents_;
};

} // namespace

token_stream lex(std::string_view source, diagnostics& diags) {
  std::vector<std::size_t> never_closed;
  for (;;) {
    diagnostics found;
    lexer l(source, found, never_closed);
    auto tokens = l.run();
    auto open = l.left_open();
    bool again = open && never_closed.size() < static_cast<std::size_t>(limits::open_brackets) &&
                 std::find(never_closed.begin(), never_closed.end(), *open) == never_closed.end();
    if (!again) {
      for (const auto& d : found.all()) diags.error(d.code, d.pos, d.message, d.hint);
      return tokens;
    }
    never_closed.push_back(*open);
  }
}

} // namespace tt::pine
