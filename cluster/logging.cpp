#include "cluster/logging.hpp"

#include "actors/model/time.hpp"
#include "gateways/json/json_writer.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <memory>

namespace tt::cluster {

namespace {

/// {"time":…,"level":…,"node":…,"message":…}
class json_formatter final : public spdlog::formatter {
public:
  explicit json_formatter(std::string node_id) : node_id_(std::move(node_id)) {}

  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    gateway::json_writer json;
    const auto level = spdlog::level::to_string_view(line.level);
    json.begin_object()
      .field("time", std::chrono::time_point_cast<nanoseconds>(line.time))
      .field("level", std::string_view{level.data(), level.size()})
      .field("node", node_id_)
      .field("message", std::string_view{line.payload.data(), line.payload.size()})
      .end_object();
    const auto& text = json.text();
    out.append(text.data(), text.data() + text.size());
    out.push_back('\n');
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_formatter>(node_id_);
  }

private:
  std::string node_id_;
};

} // namespace

result<void> start_logging(const log_config& config, const std::string& folder, const std::string& node_id) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto path = std::filesystem::path(folder) / "tt.log";
  try {
    auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path.string(), config.max_mb * 1024 * 1024, config.files);
    auto terminal = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("tt", spdlog::sinks_init_list{file, terminal});
    if (config.format == "json") logger->set_formatter(std::make_unique<json_formatter>(node_id));
    else logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::from_str(config.level == "warn" ? "warning" : config.level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& e) {
    return error{errc::io_error, e.what(), "node.data_dir"};
  }
  return {};
}

} // namespace tt::cluster
