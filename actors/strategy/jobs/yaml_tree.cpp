#include "actors/strategy/jobs/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

namespace tt::strategy {

namespace {

using problem_kind = yaml_problem::kind;

/// Thrown through yaml-cpp and caught in read_yaml.
struct stop_reading {
  yaml_problem why;
};

class tree_builder : public YAML::EventHandler {
public:
  [[nodiscard]] yaml_ptr root() const { return root_; }
  [[nodiscard]] int documents() const { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(problem_kind::syntax, "holds more than one document", mark);
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf({}, mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (++aliases_ > limits::job_aliases) fail(problem_kind::too_large, "uses more than " + std::to_string(limits::job_aliases) + " aliases", mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(problem_kind::syntax, "an alias may not stand inside of what it names", mark);
    place(found->second, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    check_tag(tag, mark);
    yaml_node n;
    const bool quoted_scalar = tag == "!" || tag == "tag:yaml.org,2002:str";
    n.how = quoted_scalar ? yaml_node::style::quoted : yaml_node::style::plain;
    const bool is_null = !quoted_scalar && (value == "null" || value == "~" || value == "Null" || value == "NULL" || value.empty());
    n.what = is_null ? yaml_node::kind::null : yaml_node::kind::scalar;
    n.text = value;
    leaf(std::move(n), mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(yaml_node::kind::list, tag, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(yaml_node::kind::map, tag, mark, anchor);
  }
  void OnMapEnd() override { close(); }

private:
  struct level {
    std::shared_ptr<yaml_node> node;
    YAML::anchor_t anchor = 0;
    std::optional<std::pair<std::string, text_place>> key; ///< waits for its value
    std::set<std::string> seen;
    YAML::Mark mark;
  };

  static text_place at(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }
  [[noreturn]] void fail(problem_kind what, std::string message, const YAML::Mark& mark, std::string key = {}) const {
    throw stop_reading{{what, std::move(message), at(mark), std::move(key)}};
  }
  void check_tag(const std::string& tag, const YAML::Mark& mark) const {
    static const std::set<std::string> core{"", "?", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float",
                                            "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"};
    if (!core.contains(tag)) fail(problem_kind::syntax, "the tag " + in_quotes(tag) + " means nothing here", mark);
  }

  void leaf(yaml_node n, const YAML::Mark& mark, YAML::anchor_t anchor) {
    n.at = at(mark);
    auto made = std::make_shared<const yaml_node>(std::move(n));
    if (anchor) anchors_[anchor] = made;
    place(std::move(made), mark);
  }
  void open(yaml_node::kind what, const std::string& tag, const YAML::Mark& mark, YAML::anchor_t anchor) {
    check_tag(tag, mark);
    if (levels_.size() >= limits::job_depth) fail(problem_kind::too_large, "is nested deeper than " + std::to_string(limits::job_depth), mark);
    level l;
    l.node = std::make_shared<yaml_node>();
    l.node->what = what;
    l.node->at = at(mark);
    l.anchor = anchor;
    l.mark = mark;
    levels_.push_back(std::move(l));
  }
  void close() {
    level done = std::move(levels_.back());
    levels_.pop_back();
    if (done.anchor) anchors_[done.anchor] = done.node;
    place(done.node, done.mark);
  }

  [[nodiscard]] std::string path() const {
    std::string out;
    for (const auto& l : levels_)
      if (l.key) out += (out.empty() ? "" : ".") + l.key->first;
    return out;
  }

  void place(yaml_ptr n, const YAML::Mark& mark) {
    if (levels_.empty()) {
      root_ = std::move(n);
      return;
    }
    level& l = levels_.back();
    if (l.node->is_map() && !l.key) return take_key(l, *n, mark);
    l.node->nodes += n->nodes;
    if (l.node->nodes > limits::job_nodes) fail(problem_kind::too_large, "holds more than " + std::to_string(limits::job_nodes) + " values", mark);
    if (l.node->is_list()) {
      l.node->items.push_back(std::move(n));
    } else {
      l.node->entries.push_back({std::move(l.key->first), l.key->second, std::move(n)});
      l.key.reset();
    }
  }
  void take_key(level& l, const yaml_node& n, const YAML::Mark& mark) {
    if (!n.is_scalar()) fail(problem_kind::syntax, "a key must be a word", mark, path());
    const std::string outer = path();
    if (!l.seen.insert(n.text).second)
      fail(problem_kind::duplicate_key, "key " + in_quotes(n.text) + " stands twice", mark, (outer.empty() ? "" : outer + ".") + n.text);
    l.key.emplace(n.text, at(mark));
  }

  yaml_ptr root_;
  std::vector<level> levels_;
  std::map<YAML::anchor_t, yaml_ptr> anchors_;
  std::size_t aliases_ = 0;
  int documents_ = 0;
};

/// Where the text stops being UTF-8; its size: nowhere.
std::size_t first_bad_byte(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xC2 && lead <= 0xDF ? 1 : lead >= 0xE0 && lead <= 0xEF ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 4;
    if (more == 4 || i + more >= text.size()) return i;
    for (std::size_t k = 1; k <= more; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    const unsigned char second = more > 0 ? byte(i + 1) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return i;
    i += more + 1;
  }
  return text.size();
}

std::variant<yaml_ptr, yaml_problem> syntax(std::string message, text_place where) {
  return yaml_problem{problem_kind::syntax, std::move(message), where, {}};
}

} // namespace

const yaml_entry* yaml_node::entry(std::string_view key) const {
  for (const auto& e : entries)
    if (e.key == key) return &e;
  return nullptr;
}
const yaml_node* yaml_node::get(std::string_view key) const {
  const auto* e = entry(key);
  return e ? e->value.get() : nullptr;
}

std::variant<yaml_ptr, yaml_problem> read_yaml(std::string_view text) {
  if (text.size() > limits::job_bytes)
    return yaml_problem{problem_kind::too_large, "is larger than " + std::to_string(limits::job_bytes / 1024) + " KiB", {1, 1}, {}};
  if (text.find('\0') != std::string_view::npos) return syntax("holds a NUL byte", {1, 1});
  if (const auto bad = first_bad_byte(text); bad < text.size()) {
    const auto before = text.substr(0, bad);
    const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
    const auto begin = before.rfind('\n');
    const auto column = static_cast<int>(bad - (begin == std::string_view::npos ? 0 : begin + 1)) + 1;
    return syntax("is not UTF-8 text: byte " + std::to_string(bad + 1) + " belongs to no character; save the file as UTF-8", {line, column});
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    tree_builder builder;
    // asks for a second document only: on some broken texts the parser hands out empty documents for ever
    if (parser.HandleNextDocument(builder)) (void)parser.HandleNextDocument(builder);
    if (!builder.root()) return syntax("is empty", {1, 1});
    return builder.root();
  } catch (stop_reading& stop) {
    return std::move(stop.why);
  } catch (const YAML::Exception& e) {
    return syntax("not YAML: " + printable(e.msg), {e.mark.line + 1, e.mark.column + 1});
  } catch (const std::exception& e) {
    return syntax(std::string("not YAML: ") + printable(e.what()), {1, 1});
  }
}

std::optional<bool> as_boolean(const yaml_node& n) {
  if (!n.is_scalar() || n.how == yaml_node::style::quoted) return std::nullopt;
  if (n.text == "true" || n.text == "True" || n.text == "TRUE") return true;
  if (n.text == "false" || n.text == "False" || n.text == "FALSE") return false;
  return std::nullopt;
}

std::optional<double> as_number(const yaml_node& n) {
  if (!n.is_scalar()) return std::nullopt;
  std::string_view text = n.text;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  if (n.how == yaml_node::style::quoted && !percent) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return percent ? out / 100 : out;
}

std::optional<std::int64_t> as_integer(const yaml_node& n) {
  const auto number = as_number(n);
  if (!number || *number != std::floor(*number) || std::fabs(*number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

} // namespace tt::strategy
