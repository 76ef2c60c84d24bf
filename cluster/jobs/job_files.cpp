#include "cluster/jobs/job_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tt::cluster {

namespace fs = std::filesystem;

std::optional<std::string> process_variable(std::string_view name) {
  const char* text = std::getenv(std::string(name).c_str()); // NOLINT: nobody changes the environment once threads are there
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

result<std::string> read_job_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error{errc::io_error, "can't be read", path};
  std::string text(strategy::limits::job_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return error{errc::io_error, "can't be read", path};
  text.resize(static_cast<std::size_t>(in.gcount())); // one byte too many is told by the reader
  return text;
}

result<std::vector<job_file>> read_job_folder(const std::string& folder, const strategy::job_defaults& defaults, const strategy::check_context& context) {
  std::error_code failed;
  std::vector<std::string> paths;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const auto extension = at->path().extension();
    if ((extension == ".yml" || extension == ".yaml") && at->is_regular_file(failed)) paths.push_back(at->path().string());
  }
  if (failed) return error{errc::io_error, "can't be read: " + failed.message(), folder};
  std::sort(paths.begin(), paths.end());
  if (paths.size() > limits::job_files) paths.resize(limits::job_files);
  std::vector<job_file> out;
  auto seen = context;
  for (const auto& path : paths) {
    job_file file;
    file.path = path;
    auto text = read_job_file(path);
    if (!text) {
      strategy::finding f;
      f.code = strategy::finding_code::yaml_syntax, f.message = text.error().message, f.file = path;
      file.checked.findings.push_back(std::move(f));
      out.push_back(std::move(file));
      continue;
    }
    file.text = std::move(*text);
    file.checked = strategy::check_job(file.text, path, defaults, seen);
    if (file.checked.spec) seen.taken_ids.insert(file.checked.spec->strategy_id);
    out.push_back(std::move(file));
  }
  return out;
}

} // namespace tt::cluster
