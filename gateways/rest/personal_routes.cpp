// Panel layouts, watchlists and hotkeys (http-api.md section 14).

#include "gateways/json/json_reader.hpp"
#include "gateways/rest/services.hpp"

#include <algorithm>
#include <charconv>

namespace tt::gateway {

namespace {

constexpr std::size_t max_layout_bytes = 256 * 1024;
constexpr std::size_t max_hotkeys_bytes = 64 * 1024;
constexpr std::size_t max_list_symbols = 500;
constexpr std::size_t max_document_name = 100;

std::string etag_of(std::int64_t version) { return "\"" + std::to_string(version) + "\""; }

std::optional<std::int64_t> to_id(std::string_view text) {
  std::int64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, out);
  return code == std::errc{} && stop == end ? std::optional{out} : std::nullopt;
}

/// The version that If-Match or If-None-Match asks for: 0 = none may exist,
/// nothing = any. A tag of another form can match nothing: -1.
std::optional<std::int64_t> expected_version(const http_request& request) {
  const auto none_match = trimmed(request.header("If-None-Match"));
  if (none_match == "*") return 0;
  const auto match = trimmed(request.header("If-Match"));
  if (match.empty() || match == "*") return std::nullopt;
  if (match.size() < 3 || match.front() != '"' || match.back() != '"') return -1;
  const auto version = to_id(match.substr(1, match.size() - 2));
  return version && *version > 0 ? *version : -1;
}

/// What kind of document a route keeps.
struct document_family {
  std::string_view kind;
  std::size_t max_bytes;
  /// Served when nothing was saved yet; empty = 404.
  std::string_view initial;
};

constexpr document_family layouts{"layout", max_layout_bytes, ""};
constexpr document_family hotkeys{"hotkeys", max_hotkeys_bytes, "{}"};

outcome load_document(document_store& store, const request_context& call, const document_family& family, const std::string& name) {
  auto found = store.load_document(call.who.name, family.kind, name);
  if (!found && (found.error().code != errc::not_found || family.initial.empty())) return to_api_error(found.error(), "path");
  const std::string tag = etag_of(found ? found->version : 0);
  if (trimmed(call.request.header("If-None-Match")) == tag)
    return http_response{.status = 304, .headers = {{"ETag", tag}}, .body = {}, .shared_body = {}};
  auto out = json_response(found ? std::move(found->content) : std::string{family.initial});
  out.headers.set("ETag", tag);
  return out;
}

outcome save_document(document_store& store, const request_context& call, const document_family& family, const std::string& name) {
  const auto expected = expected_version(call.request);
  const auto version = store.save_document(call.who.name, family.kind, name, call.request.body, expected, call.now);
  if (!version && version.error().code == errc::conflict) {
    return make_error(412, std::string{family.kind} + ".version", "changed by somebody else: " + version.error().message);
  }
  if (!version) return to_api_error(version.error(), "path");
  json_writer out{call.style};
  out.begin_object().field("name", name).field("version", *version).field("updated_at", call.now).end_object();
  auto response = json_response(out.take(), *version == 1 ? 201 : 200);
  response.headers.set("ETag", etag_of(*version));
  return response;
}

/// Refuses what isn't a JSON object before the store is asked.
std::optional<api_error> check_document(const request_context& call, const std::string& name) {
  if (name.empty() || name.size() > max_document_name) return bad_field("path", "name", "must have 1 to 100 characters", "range");
  const auto parsed = parse_json(call.request.body);
  if (!parsed) return to_api_error(parsed.error(), "body");
  if (parsed->type() != json_value::kind::object) return bad_field("body", "", "must be a JSON object", "type");
  return std::nullopt;
}

void get_document(services& parts, const context_ptr& call, const responder& answer, const document_family& family, const std::string& name) {
  with_store(parts, answer, [call, &family, name](document_store& store) { return load_document(store, *call, family, name); });
}

void put_document(services& parts, const context_ptr& call, const responder& answer, const document_family& family, const std::string& name) {
  if (auto failed = check_document(*call, name)) return answer(std::move(*failed));
  with_store(parts, answer, [call, &family, name](document_store& store) { return save_document(store, *call, family, name); });
}

// -- watchlists

void write_watchlist(json_writer& out, const watchlist& list) {
  out.begin_object().field("id", list.id).field("name", list.name).key("symbols").begin_array();
  for (const auto& symbol : list.symbols) out.value(symbol);
  out.end_array().end_object();
}

outcome watchlist_response(const request_context& call, const watchlist& list, int status) {
  json_writer out{call.style};
  write_watchlist(out, list);
  return json_response(out.take(), status);
}

outcome list_watchlists(document_store& store, const request_context& call) {
  const auto lists = store.watchlists(call.who.name);
  if (!lists) return to_api_error(lists.error());
  json_writer out{call.style};
  out.begin_object().key("watchlists").begin_array();
  for (const auto& one : *lists) write_watchlist(out, one);
  out.end_array().end_object();
  return json_response(out.take());
}

/// `{name, symbols}`; symbols become upper case, repeats are dropped.
std::variant<watchlist, api_error> read_watchlist(const request_context& call, gateway_metrics& metrics) {
  const auto parsed = parse_json(call.request.body);
  if (!parsed) return to_api_error(parsed.error(), "body");
  object_reader body{*parsed};
  watchlist out;
  out.name = body.string({"name"}, object_reader::need::required, max_document_name).value_or("");
  const auto symbols = body.strings({"symbols"}, object_reader::need::required, max_list_symbols).value_or(std::vector<std::string>{});
  for (const auto& one : symbols) {
    auto symbol = to_upper(trimmed(one));
    if (symbol.empty() || symbol.find_first_of("\n\r,") != std::string::npos) {
      body.problem("symbols", "holds an entry that is no symbol", "value");
      break;
    }
    if (std::find(out.symbols.begin(), out.symbols.end(), symbol) == out.symbols.end()) out.symbols.push_back(std::move(symbol));
  }
  if (auto failed = body.finish(call.strictness)) return std::move(*failed);
  metrics.unknown_json_fields(body.unknown().size());
  return out;
}

/// The list that the path names; what is no number names none.
result<std::int64_t> list_id(const request_context& call) {
  if (const auto id = to_id(call.params.front())) return *id;
  return error{errc::not_found, "no watchlist " + in_quotes(call.params.front()), "id"};
}

void write_list(services& parts, const context_ptr& call, const responder& answer) {
  auto read = read_watchlist(*call, parts.metrics);
  if (auto* failed = std::get_if<api_error>(&read)) return answer(std::move(*failed));
  auto list = std::get<watchlist>(std::move(read));
  if (call->params.empty())
    return with_store(parts, answer, [call, list](document_store& store) mutable -> outcome {
      if (const auto known = store.watchlists(call->who.name); !known) return to_api_error(known.error());
      const auto id = store.add_watchlist(call->who.name, list);
      if (!id) return to_api_error(id.error());
      list.id = *id;
      return watchlist_response(*call, list, 201);
    });
  const auto id = list_id(*call);
  if (!id) return answer(to_api_error(id.error(), "path"));
  list.id = *id;
  with_store(parts, answer, [call, list](document_store& store) -> outcome {
    const auto done = store.replace_watchlist(call->who.name, list);
    return done ? watchlist_response(*call, list, 200) : outcome{to_api_error(done.error(), "path")};
  });
}

outcome load_list(document_store& store, const request_context& call) {
  const auto id = list_id(call);
  if (!id) return to_api_error(id.error(), "path");
  const auto found = store.load_watchlist(call.who.name, *id);
  return found ? watchlist_response(call, *found, 200) : outcome{to_api_error(found.error(), "path")};
}

outcome remove_list(document_store& store, const request_context& call) {
  const auto id = list_id(call);
  if (!id) return to_api_error(id.error(), "path");
  const auto done = store.remove_watchlist(call.who.name, *id);
  if (!done) return to_api_error(done.error(), "path");
  return http_response{.status = 204, .headers = {}, .body = {}, .shared_body = {}};
}

route personal_row(verb method, std::string_view pattern, std::string_view summary, handler run, std::string_view request, std::string_view response) {
  return {.method = method, .pattern = pattern, .policy = {access::viewer, rate_class::general}, .summary = summary,
          .run = std::move(run), .request_schema = request, .response_schema = response,
          .body = request.empty() ? body_kind::none : body_kind::json, .tag = "layouts and lists"};
}

} // namespace

void add_personal_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  rows.push_back(personal_row(verb::get, "/api/v1/layouts/{name}", "Load a panel layout", [p](const context_ptr& call, const responder& answer) {
    get_document(*p, call, answer, layouts, call->params.front());
  }, "", "AnyDocument"));
  rows.push_back(personal_row(verb::put, "/api/v1/layouts/{name}", "Save a panel layout; If-Match guards its version", [p](const context_ptr& call, const responder& answer) {
    put_document(*p, call, answer, layouts, call->params.front());
  }, "AnyDocument", "SavedDocument"));
  rows.back().body_limit = max_layout_bytes;
  rows.push_back(personal_row(verb::get, "/api/v1/hotkeys", "Load hotkeys", [p](const context_ptr& call, const responder& answer) {
    get_document(*p, call, answer, hotkeys, "default");
  }, "", "AnyDocument"));
  rows.push_back(personal_row(verb::put, "/api/v1/hotkeys", "Save hotkeys", [p](const context_ptr& call, const responder& answer) {
    put_document(*p, call, answer, hotkeys, "default");
  }, "AnyDocument", "SavedDocument"));
  rows.back().body_limit = max_hotkeys_bytes;
  const auto on_store = [p](auto work) -> handler {
    return [p, work](const context_ptr& call, const responder& answer) {
      with_store(*p, answer, [call, work](document_store& store) { return work(store, *call); });
    };
  };
  const handler write = [p](const context_ptr& call, const responder& answer) { write_list(*p, call, answer); };
  rows.push_back(personal_row(verb::get, "/api/v1/watchlists", "Watchlists", on_store(list_watchlists), "", "Watchlists"));
  rows.push_back(personal_row(verb::post, "/api/v1/watchlists", "Add a watchlist", write, "WatchlistInput", "Watchlist"));
  rows.back().success = 201;
  rows.push_back(personal_row(verb::get, "/api/v1/watchlists/{id}", "One watchlist", on_store(load_list), "", "Watchlist"));
  rows.push_back(personal_row(verb::put, "/api/v1/watchlists/{id}", "Replace a watchlist", write, "WatchlistInput", "Watchlist"));
  rows.push_back(personal_row(verb::remove, "/api/v1/watchlists/{id}", "Remove a watchlist", on_store(remove_list), "", ""));
  rows.back().success = 204;
}

} // namespace tt::gateway
