#include "gateways/jobs/job_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace tt::gateway {

namespace {

using backtest::job_kind;
using backtest::job_status;

/// Copies JSON events to a writer.
class restyler {
public:
  explicit restyler(json_style style) : out_(style) {}
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return done(out_.null()); }
  bool boolean(bool value) { return done(out_.value(value)); }
  bool number_integer(number_integer_t value) { return done(out_.value(value)); }
  bool number_unsigned(number_unsigned_t value) { return done(out_.value(value)); }
  bool number_float(number_float_t, const string_t& text) {
    if (out_.style().numbers == number_style::string) return done(out_.value(text));
    return done(out_.raw(text));
  }
  bool string(string_t& text) { return done(out_.value(text)); }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) {
    names_.push_back(is_free(last_key_) || (!names_.empty() && names_.back() == names::free) ? names::free : names::ours);
    last_key_.clear();
    return done(out_.begin_object());
  }
  bool key(string_t& name) {
    last_key_ = name;
    if (names_.back() == names::free) out_.raw_key(name);
    else out_.key(name);
    return true;
  }
  bool end_object() {
    names_.pop_back();
    last_key_.clear();
    return done(out_.end_object());
  }
  bool start_array(std::size_t) {
    last_key_.clear();
    return done(out_.begin_array());
  }
  bool end_array() { return done(out_.end_array()); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

  [[nodiscard]] std::string take() { return out_.take(); }

private:
  enum class names : std::uint8_t { ours, free };
  static bool is_free(std::string_view key) { return key == "inputs" || key == "params" || key == "parameters"; }
  bool done(json_writer&) { return true; }

  json_writer out_;
  std::vector<names> names_;
  std::string last_key_;
};

} // namespace

std::string_view id_field(job_kind kind) { return kind == job_kind::backtest ? "backtest_id" : "study_id"; }

decimal shown_progress(double percent) {
  const auto hundredths = static_cast<std::int64_t>(std::floor(std::clamp(percent, 0.0, 100.0) * 100));
  return decimal::from_scaled(hundredths, 2);
}

std::string job_status_json(const job_status& job, json_style style) {
  json_writer out{style};
  out.begin_object().field(id_field(job.kind), job.id).field("status", backtest::to_string(job.state));
  out.field("progress", shown_progress(job.progress)).field("stage", job.stage);
  out.field("symbols_done", job.symbols_done).field("symbols_total", job.symbols_total);
  if (job.kind == job_kind::study) {
    out.field("trials_done", job.trials_done).field("trials_total", job.trials_total).key("best");
    if (job.best.empty()) out.null();
    else out.raw(restyle(job.best, style));
  }
  out.field("created_at", job.created).optional_field("started_at", job.started).optional_field("completed_at", job.finished);
  if (!job.error_message.empty()) out.field("error_message", job.error_message);
  return out.end_object().take();
}

void write_listed_job(json_writer& out, const job_status& job) {
  out.begin_object().field(id_field(job.kind), job.id).field("status", backtest::to_string(job.state));
  out.field("progress", shown_progress(job.progress)).key("symbols").begin_array();
  for (const auto& symbol : job.symbols) out.value(symbol);
  out.end_array().field("created_at", job.created).field("completed_at", job.finished).end_object();
}

void write_progress_fields(json_writer& out, const job_status& job) {
  out.field(id_field(job.kind), job.id).field("status", backtest::to_string(job.state));
  out.field("progress", shown_progress(job.progress)).field("stage", job.stage);
  if (!job.symbol.empty()) out.field("symbol", job.symbol);
  if (job.kind == job_kind::study) {
    out.field("trials_done", job.trials_done).field("trials_total", job.trials_total).key("best");
    if (job.best.empty()) out.null();
    else out.raw(restyle(job.best, out.style()));
  }
  if (!backtest::is_final(job.state)) return;
  out.key("error_message");
  if (job.error_message.empty()) out.null();
  else out.value(job.error_message);
}

std::string progress_message(const job_status& job, json_style style) {
  json_writer out{style};
  out.begin_object().field("type", backtest::is_final(job.state) ? "completed" : "progress");
  write_progress_fields(out, job);
  return out.end_object().take();
}

std::string restyle(std::string text, json_style style) {
  if (style == json_style{}) return text;
  restyler to{style};
  if (!nlohmann::json::sax_parse(text, &to)) return text;
  return to.take();
}

} // namespace tt::gateway
