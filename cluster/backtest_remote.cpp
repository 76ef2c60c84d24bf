#include "cluster/backtest_remote.hpp"

#include "gateways/http/client.hpp"

#include <chrono>
#include <thread>

namespace tt::cluster {

using backtest::document;
using verb = gateway::http_call::verb_t;

namespace {

constexpr std::chrono::seconds deadline{30};
constexpr std::chrono::milliseconds between_looks{300}; // 200 a minute, a third of what a client may ask
/// Looks that may fail one after the other before the node counts as gone.
constexpr int most_misses = 20;
constexpr std::size_t page_rows = 1'000;
constexpr std::size_t most_pages = 1'000;

std::string text_of(const document& d, const char* name) {
  const auto it = d.is_object() ? d.find(name) : d.end();
  return d.is_object() && it != d.end() && it->is_string() ? it->get<std::string>() : std::string{};
}
double number_of(const document& d, const char* name) {
  const auto it = d.is_object() ? d.find(name) : d.end();
  return d.is_object() && it != d.end() && it->is_number() ? it->get<double>() : 0;
}

class remote {
public:
  explicit remote(const remote_job& job) : job_(job), base_(job.kind == remote_kind::backtest ? "/api/backtest" : "/api/optimize") {}

  /// The answer's document. Errors: the sentence of the node, with its field problems.
  result<document> ask(verb v, const std::string& path, const std::string& body = {}) const {
    auto reply = gateway::http_ask(job_.node, {v, base_ + path, body, job_.token}, deadline);
    if (!reply) return reply.error();
    auto parsed = document::parse(reply->body, nullptr, false);
    if (reply->status >= 200 && reply->status < 300) {
      if (parsed.is_discarded()) return error{errc::corrupt_data, "does not answer like TraderTerminal", job_.node};
      return parsed;
    }
    return refusal(reply->status, parsed);
  }

  /// The answer as it comes.
  result<std::string> text(const std::string& path) const {
    auto reply = gateway::http_ask(job_.node, {verb::get, base_ + path, {}, job_.token}, deadline);
    if (!reply) return reply.error();
    if (reply->status >= 200 && reply->status < 300) return std::move(reply->body);
    return refusal(reply->status, document::parse(reply->body, nullptr, false));
  }

private:
  error refusal(unsigned status, const document& body) const {
    auto text = text_of(body, "detail");
    if (text.empty()) text = "answers " + std::to_string(status);
    if (body.is_object() && body.contains("errors") && body["errors"].is_array())
      for (const auto& e : body["errors"]) {
        std::string loc;
        if (e.is_object() && e.contains("loc") && e["loc"].is_array())
          for (const auto& part : e["loc"]) loc += (loc.empty() ? "" : ".") + (part.is_string() ? part.get<std::string>() : part.dump());
        text += "\n  " + loc + ": " + text_of(e, "msg");
      }
    const auto code = status == 404 ? errc::not_found : status == 409 ? errc::conflict : status == 429 ? errc::limit_exceeded
                      : status < 500 ? errc::invalid_argument : errc::not_available;
    return {code, text, job_.node};
  }

  const remote_job& job_;
  std::string base_;
};

bool is_end(const std::string& status) { return status == "completed" || status == "failed" || status == "cancelled"; }

void tell_state(const document& state, remote_kind kind, const remote_progress& tell) {
  if (!tell) return;
  const auto count = [&](const char* done, const char* total, const char* what) {
    const auto all = number_of(state, total);
    return all <= 0 ? std::string{} : std::to_string(static_cast<long long>(number_of(state, done))) + " of " + std::to_string(static_cast<long long>(all)) + what;
  };
  const auto stage = text_of(state, "stage");
  tell(number_of(state, "progress"), stage.empty() ? text_of(state, "status") : stage,
       kind == remote_kind::study ? count("trials_done", "trials_total", " trials") : count("symbols_done", "symbols_total", " runs"));
}

} // namespace

result<remote_outcome> run_remote(const remote_job& job, const remote_progress& tell, const std::atomic<bool>& cancel) {
  const remote node(job);
  auto submitted = node.ask(verb::post, job.kind == remote_kind::backtest ? "/strategy" : "/study", job.body);
  if (!submitted) return submitted.error();
  remote_outcome out;
  out.id = text_of(*submitted, job.kind == remote_kind::backtest ? "backtest_id" : "study_id");
  if (out.id.empty()) return error{errc::corrupt_data, "gave no id for the job", job.node};
  int misses = 0;
  while (!is_end(out.status)) {
    if (cancel) {
      auto gone = node.ask(verb::remove, "/" + out.id);
      if (!gone && gone.error().code != errc::conflict) return gone.error();
      return backtest::cancelled();
    }
    auto state = node.ask(verb::get, "/" + out.id + "/status");
    if (!state && (state.error().code == errc::not_found || ++misses > most_misses)) return state.error();
    if (state) {
      misses = 0;
      out.status = text_of(*state, "status");
      out.error_message = text_of(*state, "error_message");
      tell_state(*state, job.kind, tell);
    }
    if (!is_end(out.status)) std::this_thread::sleep_for(between_looks);
  }
  if (out.status == "cancelled") return out;
  auto results = node.ask(verb::get, "/" + out.id + "/results");
  if (!results && out.status == "failed") return out; // the message says it
  if (!results) return results.error();
  out.results = results->contains("results") && (*results)["results"].is_object() ? (*results)["results"] : document::object();
  if (results->contains("compile_diagnostics")) out.results["compile_diagnostics"] = (*results)["compile_diagnostics"]; // of a failed job
  return out;
}

result<std::string> remote_trials_csv(const remote_job& job, const std::string& id) { return remote(job).text("/" + id + "/trials?format=csv"); }

result<document> remote_trials(const remote_job& job, const std::string& id) {
  const remote node(job);
  auto rows = document::array();
  std::string cursor;
  for (std::size_t page = 0; page < most_pages; ++page) {
    auto answer = node.ask(verb::get, "/" + id + "/trials?limit=" + std::to_string(page_rows) + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (!answer) return answer.error();
    const auto& list = answer->is_object() && answer->contains("trials") ? (*answer)["trials"] : *answer;
    if (!list.is_array()) return error{errc::corrupt_data, "does not answer like TraderTerminal", job.node};
    for (const auto& row : list) rows.push_back(row);
    cursor = text_of(*answer, "next_cursor");
    if (cursor.empty()) return rows;
  }
  return error{errc::limit_exceeded, "has more trials than are fetched", job.node};
}

} // namespace tt::cluster
