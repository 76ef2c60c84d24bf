#pragma once

// What users keep on the server: chart layouts and templates of the charting
// library, panel layouts, watchlists, hotkeys; and remembered answers. One SQLite
// file in DATA_DIR. Every row belongs to an owner (a principal's name).

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace tt::gateway {

/// Where a chart document lies: the owner's bucket for one client and user label.
struct chart_bucket {
  std::string owner;
  std::string client;
  std::string user;
};

/// A saved chart.
struct chart_layout {
  std::int64_t id = 0; ///< 0 = not saved yet
  std::string name;
  std::string symbol;
  std::string resolution;
  std::int64_t timestamp = 0; ///< epoch seconds of the last save
  std::string content;        ///< empty in lists
};

/// Kinds of template of the charting library.
enum class template_kind : std::uint8_t { study, drawing, chart };

/// A JSON document with a version that grows by one with every change.
struct versioned_document {
  std::int64_t version = 0;
  std::string content;
};

struct watchlist {
  std::int64_t id = 0;
  std::string name;
  std::vector<std::string> symbols;

  bool operator==(const watchlist&) const = default;
};

/// A remembered answer.
struct kept_answer {
  std::string digest;
  int status = 0;
  std::string headers; ///< "name: value" lines
  std::string body;
};

/// Not thread-safe: one thread at a time (the gateway's task_queue). Every member
/// may answer io_error (the database refused) besides what it names.
class document_store {
public:
  static constexpr std::int64_t max_layouts_per_owner = 500;    ///< saved charts
  static constexpr std::int64_t max_templates_per_owner = 500;  ///< of each kind
  static constexpr std::int64_t max_documents_per_owner = 100;  ///< panel layouts
  static constexpr std::int64_t max_watchlists_per_owner = 100;
  static constexpr std::int64_t max_answers = 100'000;          ///< the oldest go first

  /// Opens or creates gateway.sqlite in `folder` ("" = in memory only).
  /// Errors: io_error (naming the file), corrupt_data (not ours, or a newer schema).
  static result<std::unique_ptr<document_store>> open(const std::string& folder);
  ~document_store();
  document_store(const document_store&) = delete;
  document_store& operator=(const document_store&) = delete;

  // -- charts of the charting library

  /// Newest first, without content.
  result<std::vector<chart_layout>> list_charts(const chart_bucket& where);
  /// Errors: not_found.
  result<chart_layout> load_chart(const chart_bucket& where, std::int64_t id);
  /// Saves a new chart (id 0) or replaces one; gives its id.
  /// Errors: not_found, limit_exceeded.
  result<std::int64_t> save_chart(const chart_bucket& where, const chart_layout& chart);
  /// Errors: not_found.
  result<void> remove_chart(const chart_bucket& where, std::int64_t id);

  /// Names in alphabetical order. `tool` is "" but for drawing templates.
  result<std::vector<std::string>> list_templates(const chart_bucket& where, template_kind kind, std::string_view tool);
  /// Content. Errors: not_found.
  result<std::string> load_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name);
  /// Errors: limit_exceeded.
  result<void> save_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name,
                             std::string_view content);
  /// Errors: not_found.
  result<void> remove_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name);

  // -- documents of our own UI ("layout", "hotkeys")

  /// Errors: not_found.
  result<versioned_document> load_document(std::string_view owner, std::string_view kind, std::string_view name);
  /// Writes when the stored version is `expected` (0 = there must be none; nothing
  /// = whatever it is) and gives the new version. Errors: conflict, limit_exceeded.
  result<std::int64_t> save_document(std::string_view owner, std::string_view kind, std::string_view name,
                                     std::string_view content, std::optional<std::int64_t> expected, utc_time now);

  // -- watchlists

  /// In the order they were made. An owner's first look makes the first list.
  result<std::vector<watchlist>> watchlists(std::string_view owner);
  /// Errors: not_found.
  result<watchlist> load_watchlist(std::string_view owner, std::int64_t id);
  /// Gives the id. Errors: limit_exceeded.
  result<std::int64_t> add_watchlist(std::string_view owner, const watchlist& list);
  /// Errors: not_found.
  result<void> replace_watchlist(std::string_view owner, const watchlist& list);
  /// Errors: not_found.
  result<void> remove_watchlist(std::string_view owner, std::int64_t id);

  // -- remembered answers

  result<std::optional<kept_answer>> find_answer(std::string_view owner, std::string_view key, utc_time not_before);
  result<void> keep_answer(std::string_view owner, std::string_view key, const kept_answer& answer, utc_time now);
  /// Forgets answers older than `not_before`, and the oldest beyond max_answers.
  result<void> forget_answers(utc_time not_before);

private:
  class statement;
  explicit document_store(sqlite3* db) : db_(db) {}

  result<void> execute(const char* sql);
  result<void> create_schema();
  result<std::int64_t> count(std::string_view sql, std::string_view owner, std::string_view kind);
  result<void> first_visit(std::string_view owner);
  error failure(std::string_view doing) const;

  sqlite3* db_;
};

} // namespace tt::gateway
