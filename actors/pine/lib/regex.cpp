#include "actors/pine/lib/regex.hpp"

#include "actors/pine/util.hpp"

#include <bitset>
#include <memory>
#include <vector>

namespace tt::pine {
namespace {

constexpr int deepest = 2000; ///< of the matcher's recursion; beyond it the match fails
constexpr int unbounded = 1 << 30;

struct node {
  enum kind_t : std::uint8_t { set, start, finish, word_edge, no_word_edge, group, look, no_look, back_reference } kind = set;
  std::bitset<256> chars;
  std::vector<std::vector<node>> options; ///< of a group or look-ahead
  int capture = 0;
  int least = 1, most = 1;
  bool lazy = false, possessive = false;
};
using sequence = std::vector<node>;

struct bad_pattern {
  std::string text;
};

class reader {
public:
  explicit reader(std::string_view p) : p_(p) {}
  std::vector<sequence> run() {
    auto out = alternatives(0);
    if (at_ < p_.size()) throw bad_pattern{"a ')' without '('"};
    return out;
  }
  int captures() const { return captures_; }

private:
  std::vector<sequence> alternatives(int depth) {
    if (depth > 50) throw bad_pattern{"groups are nested too deeply"};
    std::vector<sequence> out(1);
    while (at_ < p_.size() && p_[at_] != ')') {
      if (p_[at_] == '|') {
        ++at_;
        out.emplace_back();
        continue;
      }
      auto n = atom(depth);
      quantifier(n);
      out.back().push_back(std::move(n));
    }
    return out;
  }
  void add(node& n, unsigned char c) {
    n.chars.set(c);
    if (!fold_) return;
    if (c >= 'a' && c <= 'z') n.chars.set(c - 32u);
    if (c >= 'A' && c <= 'Z') n.chars.set(c + 32u);
  }
  static std::bitset<256> class_of(char c) {
    std::bitset<256> b;
    auto range = [&](int from, int to) {
      for (int k = from; k <= to; ++k) b.set(usz(k));
    };
    switch (c) {
    case 'd':
    case 'D': range('0', '9'); break;
    case 'w':
    case 'W':
      range('0', '9');
      range('a', 'z');
      range('A', 'Z');
      b.set('_');
      break;
    default:
      for (char s : {' ', '\t', '\n', '\r', '\f', '\v'}) b.set(static_cast<unsigned char>(s));
    }
    if (c == 'D' || c == 'W' || c == 'S') b.flip();
    return b;
  }
  static char escaped(char c) {
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
  }
  node atom(int depth) {
    node n;
    char c = p_[at_++];
    switch (c) {
    case '.':
      n.chars.set();
      n.chars.reset('\n');
      return n;
    case '^': n.kind = node::start; return n;
    case '$': n.kind = node::finish; return n;
    case '[': char_set(n); return n;
    case '(': group(n, depth); return n;
    case '*':
    case '+':
    case '?': throw bad_pattern{"nothing to repeat before '" + std::string(1, c) + "'"};
    case '\\': {
      if (at_ >= p_.size()) throw bad_pattern{"a '\\' at the end"};
      char e = p_[at_++];
      if (std::string_view("dDwWsS").find(e) != std::string_view::npos) n.chars = class_of(e);
      else if (e == 'b') n.kind = node::word_edge;
      else if (e == 'B') n.kind = node::no_word_edge;
      else if (e >= '1' && e <= '9') {
        n.kind = node::back_reference;
        n.capture = e - '0';
      } else add(n, static_cast<unsigned char>(escaped(e)));
      return n;
    }
    default: add(n, static_cast<unsigned char>(c)); return n;
    }
  }
  void group(node& n, int depth) {
    n.kind = node::group;
    if (p_.substr(at_, 2) == "?:") at_ += 2;
    else if (p_.substr(at_, 2) == "?=" || p_.substr(at_, 2) == "?!") {
      n.kind = p_[at_ + 1] == '=' ? node::look : node::no_look;
      at_ += 2;
    } else if (p_.substr(at_, 3) == "?i)") {
      fold_ = true;
      at_ += 3;
      n.options.emplace_back();
      return;
    } else if (p_.substr(at_, 1) == "?") throw bad_pattern{"this kind of group isn't supported"};
    else n.capture = ++captures_;
    n.options = alternatives(depth + 1);
    if (at_ >= p_.size()) throw bad_pattern{"a '(' without ')'"};
    ++at_;
  }
  void char_set(node& n) {
    bool inverse = at_ < p_.size() && p_[at_] == '^';
    if (inverse) ++at_;
    bool first = true;
    while (at_ < p_.size() && (p_[at_] != ']' || first)) {
      first = false;
      char c = p_[at_++];
      if (c == '\\' && at_ < p_.size()) {
        char e = p_[at_++];
        if (std::string_view("dDwWsS").find(e) != std::string_view::npos) {
          n.chars |= class_of(e);
          continue;
        }
        c = escaped(e);
      }
      if (at_ + 1 < p_.size() && p_[at_] == '-' && p_[at_ + 1] != ']') {
        char to = p_[at_ + 1];
        at_ += 2;
        if (to == '\\' && at_ < p_.size()) to = escaped(p_[at_++]);
        for (int k = static_cast<unsigned char>(c); k <= static_cast<unsigned char>(to); ++k) add(n, static_cast<unsigned char>(k));
      } else add(n, static_cast<unsigned char>(c));
    }
    if (at_ >= p_.size()) throw bad_pattern{"a '[' without ']'"};
    ++at_;
    if (inverse) n.chars.flip();
  }
  void quantifier(node& n) {
    if (at_ >= p_.size()) return;
    char c = p_[at_];
    if (c == '*') n.least = 0, n.most = unbounded;
    else if (c == '+') n.least = 1, n.most = unbounded;
    else if (c == '?') n.least = 0, n.most = 1;
    else if (c == '{') {
      auto end = p_.find('}', at_);
      if (end == std::string_view::npos) return;
      auto inside = p_.substr(at_ + 1, end - at_ - 1);
      auto number = [](std::string_view s, int otherwise) {
        if (s.empty()) return otherwise;
        int v = 0;
        for (char d : s) {
          if (d < '0' || d > '9' || v > 100'000) throw bad_pattern{"a wrong count in '{}'"};
          v = v * 10 + (d - '0');
        }
        return v;
      };
      auto comma = inside.find(',');
      n.least = number(inside.substr(0, comma), 0);
      n.most = comma == std::string_view::npos ? n.least : number(inside.substr(comma + 1), unbounded);
      at_ = end;
    } else return;
    ++at_;
    if (at_ < p_.size() && p_[at_] == '?') n.lazy = true, ++at_;
    else if (at_ < p_.size() && p_[at_] == '+') n.possessive = true, ++at_;
  }
  std::string_view p_;
  std::size_t at_ = 0;
  int captures_ = 0;
  bool fold_ = false;
};

class matcher {
public:
  matcher(std::string_view t, const std::function<void(std::uint64_t)>& charge, int captures)
      : t_(t), charge_(charge), spans_(usz(captures) + 1) {}
  using next_fn = std::function<bool(std::size_t)>;

  bool any(const std::vector<sequence>& options, std::size_t at, const next_fn& next) {
    for (const auto& s : options)
      if (run(s, 0, at, next)) return true;
    return false;
  }

private:
  bool word(std::size_t i) const {
    if (i >= t_.size()) return false;
    char c = t_[i];
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  bool run(const sequence& s, std::size_t k, std::size_t at, const next_fn& next) {
    if (k == s.size()) return next(at);
    charge_(4);
    if (++depth_ > deepest) {
      --depth_;
      return false;
    }
    bool good = repeat(s[k], 0, at, at + 1, [&](std::size_t to) { return run(s, k + 1, to, next); });
    --depth_;
    return good;
  }
  bool repeat(const node& n, int count, std::size_t at, std::size_t last, const next_fn& next) {
    if (n.kind == node::set && !n.lazy) return repeat_set(n, at, next);
    charge_(1);
    if (++depth_ > deepest) {
      --depth_;
      return false;
    }
    bool good = false;
    bool more = count < n.most && (count < n.least || at != last || count == 0);
    auto again = [&](std::size_t to) { return repeat(n, count + 1, to, at, next); };
    if (n.lazy) good = (count >= n.least && next(at)) || (more && once(n, at, again));
    else good = (more && once(n, at, again)) || (count >= n.least && next(at));
    --depth_;
    return good;
  }
  bool repeat_set(const node& n, std::size_t at, const next_fn& next) {
    int count = 0;
    while (count < n.most && at + usz(count) < t_.size() && n.chars[static_cast<unsigned char>(t_[at + usz(count)])]) ++count;
    charge_(static_cast<std::uint64_t>(count / 8 + 1));
    if (n.possessive) return count >= n.least && next(at + usz(count));
    for (; count >= n.least; --count)
      if (next(at + usz(count))) return true;
    return false;
  }
  bool once(const node& n, std::size_t at, const next_fn& next) {
    switch (n.kind) {
    case node::set: return at < t_.size() && n.chars[static_cast<unsigned char>(t_[at])] && next(at + 1);
    case node::start: return at == 0 && next(at);
    case node::finish: return at == t_.size() && next(at);
    case node::word_edge: return (at > 0 && word(at - 1)) != word(at) && next(at);
    case node::no_word_edge: return (at > 0 && word(at - 1)) == word(at) && next(at);
    case node::look: return any(n.options, at, [](std::size_t) { return true; }) && next(at);
    case node::no_look: return !any(n.options, at, [](std::size_t) { return true; }) && next(at);
    case node::back_reference: {
      if (usz(n.capture) >= spans_.size()) return false;
      auto [from, to] = spans_[usz(n.capture)];
      auto part = t_.substr(from, to - from);
      charge_(part.size() / 16 + 1);
      return t_.substr(at, part.size()) == part && next(at + part.size());
    }
    case node::group:
      return any(n.options, at, [&](std::size_t to) {
        if (n.capture == 0) return next(to);
        auto saved = spans_[usz(n.capture)];
        spans_[usz(n.capture)] = {at, to};
        if (next(to)) return true;
        spans_[usz(n.capture)] = saved;
        return false;
      });
    }
    return false;
  }
  std::string_view t_;
  const std::function<void(std::uint64_t)>& charge_;
  std::vector<std::pair<std::size_t, std::size_t>> spans_;
  int depth_ = 0;
};

} // namespace

std::string regex_find(std::string_view pattern, std::string_view text, std::string& error,
                       const std::function<void(std::uint64_t)>& charge) {
  std::vector<sequence> options;
  int captures = 0;
  try {
    reader r(pattern);
    options = r.run();
    captures = r.captures();
  } catch (const bad_pattern& b) {
    error = b.text;
    return {};
  }
  for (std::size_t from = 0; from <= text.size(); ++from) {
    charge(1);
    std::size_t end = 0;
    matcher m(text, charge, captures);
    if (m.any(options, from, [&](std::size_t to) {
          end = to;
          return true;
        }))
      return std::string(text.substr(from, end - from));
  }
  return {};
}

} // namespace tt::pine
