// The YAML form of the instrument master. Every value is read as text and parsed
// by our own types, so a price never passes through a binary float.

#include "actors/model/instrument.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>

namespace tt {

namespace {

/// Where in which file something stands.
struct place {
  std::string_view origin;
  int line = 0; // from 1; 0 when unknown

  [[nodiscard]] std::string to_string() const {
    return std::string(origin) + (line > 0 ? " line " + std::to_string(line) : "");
  }
};

place place_of(const YAML::Node& node, std::string_view origin) { return {origin, node.Mark().line + 1}; }

error bad(const place& where, std::string_view field, const std::string& message, errc code = errc::invalid_argument) {
  return {code, where.to_string() + ": " + message, std::string(field)};
}

result<std::string> read_text(const YAML::Node& node) {
  if (!node.IsScalar()) return error{errc::invalid_argument, "must be a single value"};
  return node.Scalar();
}

/// Stores a parsed value, or hands on the error.
template <class Target, class Parsed>
result<void> store(Target& target, Parsed parsed) {
  if (!parsed) return std::move(parsed).error();
  target = std::move(*parsed);
  return {};
}

using field_reader = result<void> (*)(instrument& out, const YAML::Node& node);

/// A reader for a field that is a text parsed by `Parse`.
template <auto Member, auto Parse>
result<void> read_field(instrument& out, const YAML::Node& node) {
  auto text = read_text(node);
  if (!text) return std::move(text).error();
  return store(out.*Member, Parse(*text));
}

result<std::string> as_text(std::string_view text) { return std::string(text); }

result<std::optional<bool>> as_switch(std::string_view text) {
  if (text == "true") return std::optional{true};
  if (text == "false") return std::optional{false};
  return error{errc::invalid_argument, "must be true or false"};
}

result<std::optional<civil_date>> as_day(std::string_view text) {
  auto day = civil_date::parse(text);
  if (!day) return std::move(day).error();
  return std::optional{*day};
}

result<void> read_venue_symbols(instrument& out, const YAML::Node& node) {
  if (!node.IsMap()) return error{errc::invalid_argument, "must map venues to symbols"};
  for (const auto& entry : node) {
    auto venue = read_text(entry.first);
    auto spelling = read_text(entry.second);
    if (!venue || !spelling) return error{errc::invalid_argument, "must map venues to symbols"};
    if (!out.venue_symbols.emplace(*venue, *spelling).second)
      return error{errc::invalid_argument, "names " + in_quotes(*venue) + " twice"};
  }
  return {};
}

enum class presence : std::uint8_t { required, optional };

struct field_spec {
  std::string_view key;
  presence needed;
  field_reader read;
};

constexpr std::array<field_spec, 22> fields{{
  {"symbol", presence::required, read_field<&instrument::symbol, as_text>},
  {"exchange", presence::required, read_field<&instrument::exchange, as_text>},
  {"description", presence::optional, read_field<&instrument::description, as_text>},
  {"type", presence::required, read_field<&instrument::kind, parse_asset_class>},
  {"calendar", presence::required, read_field<&instrument::calendar_id, as_text>},
  {"tick", presence::required, read_field<&instrument::tick, price::parse>},
  {"lot", presence::optional, read_field<&instrument::lot, quantity::parse>},
  {"multiplier", presence::optional, read_field<&instrument::multiplier, decimal::parse>},
  {"currency", presence::optional, read_field<&instrument::currency, as_text>},
  {"basis", presence::optional, read_field<&instrument::basis, parse_price_basis>},
  {"venue_symbols", presence::optional, read_venue_symbols},
  {"roll_date", presence::optional, read_field<&instrument::roll_date, as_day>},
  {"initial_margin", presence::optional, read_field<&instrument::initial_margin, money::parse>},
  {"maintenance_margin", presence::optional, read_field<&instrument::maintenance_margin, money::parse>},
  {"borrowable", presence::optional, read_field<&instrument::borrowable, as_switch>},
  {"issuer", presence::optional, read_field<&instrument::issuer, as_text>},
  {"sector", presence::optional, read_field<&instrument::sector, as_text>},
  {"broad_index", presence::optional, read_field<&instrument::broad_index, as_switch>},
  {"min_notional", presence::optional, read_field<&instrument::min_notional, money::parse>},
  {"last_trade", presence::optional, read_field<&instrument::last_trade, as_day>},
  {"first_notice", presence::optional, read_field<&instrument::first_notice, as_day>},
  {"tradable", presence::optional, read_field<&instrument::tradable, as_switch>},
}};

const field_spec* find_field(std::string_view key) {
  for (const field_spec& spec : fields)
    if (spec.key == key) return &spec;
  return nullptr;
}

/// An instrument and the lines of its keys, for messages.
struct located_instrument {
  instrument value;
  std::map<std::string, place, std::less<>> places; // "" is the entry itself

  [[nodiscard]] place at(std::string_view key) const {
    const auto found = places.find(key);
    return found == places.end() ? places.at("") : found->second;
  }
};

/// The symbol of an entry, or its number: what messages call it.
std::string label_of(const YAML::Node& entry, std::size_t index) {
  for (const auto& pair : entry)
    if (pair.first.IsScalar() && pair.first.Scalar() == "symbol" && pair.second.IsScalar() && !pair.second.Scalar().empty())
      return printable(pair.second.Scalar());
  return "instruments[" + std::to_string(index) + "]";
}

result<located_instrument> read_entry(const YAML::Node& entry, std::size_t index, std::string_view origin) {
  const place here = place_of(entry, origin);
  if (!entry.IsMap()) return bad(here, "instruments[" + std::to_string(index) + "]", "must be a map of keys");
  const std::string label = label_of(entry, index);
  located_instrument out;
  out.places.emplace("", here);
  for (const auto& pair : entry) {
    const place where = place_of(pair.first, origin);
    if (!pair.first.IsScalar()) return bad(where, label, "a key must be a word");
    const std::string& key = pair.first.Scalar();
    const std::string field = label + "." + printable(key);
    const field_spec* spec = find_field(key);
    if (!spec) return bad(where, field, "unknown key " + in_quotes(key));
    if (!out.places.emplace(key, where).second) return bad(where, field, "key \"" + key + "\" stands twice");
    if (auto ok = spec->read(out.value, pair.second); !ok) return bad(where, field, ok.error().message, ok.error().code);
  }
  for (const field_spec& spec : fields)
    if (spec.needed == presence::required && !out.places.contains(spec.key))
      return bad(here, label + "." + std::string(spec.key), "missing key \"" + std::string(spec.key) + "\"");
  return out;
}

/// An event handler that keeps nothing.
class no_events : public YAML::EventHandler {
public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// Whether the text holds exactly one document. Asks for the second document only:
/// YAML::LoadAll reads on until there is no more, and never ends on some broken texts,
/// of which the parser hands out empty documents for ever.
bool is_one_document(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  no_events nothing;
  return parser.HandleNextDocument(nothing) && !parser.HandleNextDocument(nothing);
}

/// The list under the one key `instruments`.
result<YAML::Node> read_root(const std::string& text, std::string_view origin) {
  if (!is_one_document(text)) return bad({origin}, "instruments", "must be one YAML document");
  const YAML::Node root = YAML::Load(text);
  if (!root.IsMap()) return bad(place_of(root, origin), "instruments", "must be a map with the key \"instruments\"");
  std::optional<YAML::Node> list;
  for (const auto& pair : root) {
    const place where = place_of(pair.first, origin);
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
    if (key != "instruments") return bad(where, printable(key), "unknown key " + in_quotes(key));
    if (list) return bad(where, key, "key \"instruments\" stands twice");
    if (!pair.second.IsSequence()) return bad(where, key, "must be a list");
    list.emplace(pair.second);
  }
  if (!list) return bad(place_of(root, origin), "instruments", "missing key \"instruments\"");
  return *list;
}

/// Adds the line to an error of instrument_master::make ("AAPL.tick").
error located(const error& e, const std::vector<located_instrument>& entries) {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const std::string symbol = printable(entry->value.symbol);
    if (e.field == symbol) return bad(entry->at("symbol"), e.field, e.message, e.code);
    if (e.field.starts_with(symbol + ".")) return bad(entry->at(e.field.substr(symbol.size() + 1)), e.field, e.message, e.code);
  }
  return e;
}

result<instrument_master> read_master(std::string_view text, std::string_view origin) {
  auto list = read_root(std::string(text), origin);
  if (!list) return std::move(list).error();
  if (list->size() > instrument_master::max_instruments)
    return bad(place_of(*list, origin), "instruments", "more than " + std::to_string(instrument_master::max_instruments) + " entries",
               errc::limit_exceeded);
  std::vector<located_instrument> entries;
  std::vector<instrument> values;
  for (const auto& node : *list) {
    auto entry = read_entry(node, entries.size(), origin);
    if (!entry) return std::move(entry).error();
    values.push_back(entry->value);
    entries.push_back(std::move(*entry));
  }
  auto master = instrument_master::make(std::move(values));
  if (!master) return located(master.error(), entries);
  return master;
}

} // namespace

result<instrument_master> instrument_master::from_yaml(std::string_view text, std::string_view origin) {
  if (text.size() > max_yaml_bytes) return bad({origin}, "instruments", "larger than 64 MiB", errc::limit_exceeded);
  try {
    return read_master(text, origin);
  } catch (const YAML::Exception& e) {
    return bad({origin, e.mark.line + 1}, "instruments", "not YAML: " + printable(e.msg));
  } catch (const std::exception& e) {
    return bad({origin}, "instruments", std::string("not YAML: ") + e.what());
  }
}

result<instrument_master> instrument_master::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error{errc::io_error, "can't open " + path, path};
  std::string text;
  std::array<char, 64 * 1024> chunk;
  while (in && text.size() <= max_yaml_bytes) {
    in.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return error{errc::io_error, "can't read " + path, path};
  return from_yaml(text, path);
}

} // namespace tt
