// The browser's protocol without a browser: who may call, what may be loaded.
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/browser/message_splitter.hpp"
#include "ui-bridge/desktop/browser/session.hpp"

#include <gtest/gtest.h>

namespace tt::desktop {
namespace {

using nlohmann::json;

constexpr const char* origin = "http://localhost:8080";

struct recorder : session_owner {
  std::vector<std::string> calls, rejections;
  std::vector<bool> loads;
  int main_pages = 0, closed = 0;
  document_rule rule = document_rule::load;
  void on_call(const caller&, const std::string& payload) override { calls.push_back(payload); }
  void on_rejected(const std::string& why) override { rejections.push_back(why); }
  document_rule rule_for_document() override { return rule; }
  std::string replacement_document() override { return "fo"; }
  void on_main_page() override { ++main_pages; }
  void on_load(bool was_reachable) override { loads.push_back(was_reachable); }
  void on_main_closed() override { ++closed; }
};

/// A browser that says what the test says.
struct browser_fixture : testing::Test {
  recorder owner;
  browser_session session{origin, "/* script */", owner};

  void event(const std::string& method, const json& params, const std::string& page = "") {
    json message{{"method", method}, {"params", params}};
    if (!page.empty()) message["sessionId"] = page;
    session.on_message(message.dump());
  }
  void attach(const std::string& page, const std::string& type = "page", const std::string& opener = "") {
    json target{{"targetId", "target-" + page}, {"type", type}, {"url", "about:blank"}};
    if (!opener.empty()) target["openerId"] = opener;
    event("Target.attachedToTarget", {{"sessionId", page}, {"targetInfo", target}, {"waitingForDebugger", true}});
  }
  void context(const std::string& page, int id, const std::string& of, const std::string& frame, bool is_default = true) {
    event("Runtime.executionContextCreated",
          {{"context", {{"id", id}, {"origin", of}, {"auxData", {{"isDefault", is_default}, {"frameId", frame}}}}}}, page);
  }
  void call(const std::string& page, int context_id, const std::string& payload = "{}", const std::string& name = "__tt_desktop_send") {
    event("Runtime.bindingCalled", {{"name", name}, {"payload", payload}, {"executionContextId", context_id}}, page);
  }
  /// What the session sent since the last time.
  std::vector<json> sent() {
    std::vector<json> out;
    for (auto& each : session.outgoing()) out.push_back(json::parse(each));
    session.outgoing().clear();
    return out;
  }
  json only() {
    auto all = sent();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? json{} : all.front();
  }
  void reply(const json& to, const json& result) { session.on_message(json{{"id", to["id"]}, {"result", result}}.dump()); }
};

TEST_F(browser_fixture, a_page_is_equipped_before_it_runs) {
  session.start();
  const auto hello = sent();
  EXPECT_EQ(hello.back()["method"], "Target.setAutoAttach");
  EXPECT_EQ(hello.back()["params"]["waitForDebuggerOnStart"], true);
  attach("main");
  std::vector<std::string> methods;
  for (const auto& each : sent()) {
    EXPECT_EQ(each["sessionId"], "main");
    methods.push_back(each["method"]);
  }
  ASSERT_EQ(methods.back(), "Runtime.runIfWaitingForDebugger");
  for (const auto* needed : {"Runtime.enable", "Runtime.addBinding", "Page.addScriptToEvaluateOnNewDocument", "Fetch.enable"})
    EXPECT_NE(std::find(methods.begin(), methods.end(), needed), methods.end()) << needed;
  EXPECT_EQ(owner.main_pages, 1);
}

TEST_F(browser_fixture, workers_run_without_a_bridge) {
  attach("worker", "service_worker");
  EXPECT_EQ(only()["method"], "Runtime.runIfWaitingForDebugger");
  EXPECT_EQ(session.page_count(), 0U);
}

TEST_F(browser_fixture, only_the_top_frame_of_the_gateways_page_may_call) {
  attach("main");
  context("main", 1, origin, "target-main");
  context("main", 2, "http://evil", "target-main");
  context("main", 3, origin, "a-frame-inside");
  context("main", 4, origin, "target-main", false); // an isolated world
  context("main", 5, "http://localhost:80801", "target-main");
  context("main", 6, "", "target-main");
  for (int id = 1; id <= 7; ++id) call("main", id, std::to_string(id)); // 7 was never made
  EXPECT_EQ(owner.calls, std::vector<std::string>{"1"});
  EXPECT_EQ(owner.rejections.size(), 6U);
}

TEST_F(browser_fixture, a_document_that_is_gone_may_not_call) {
  attach("main");
  context("main", 1, origin, "target-main");
  event("Runtime.executionContextDestroyed", {{"executionContextId", 1}}, "main");
  call("main", 1);
  context("main", 2, origin, "target-main");
  event("Runtime.executionContextsCleared", json::object(), "main");
  call("main", 2);
  call("nobody", 1);
  EXPECT_TRUE(owner.calls.empty());
}

TEST_F(browser_fixture, foreign_documents_are_not_loaded) {
  attach("main");
  sent();
  for (const auto* url : {"http://evil/", "http://localhost:8081/", "https://localhost:8080/", "http://localhost:8080.evil/", "http://localhost:8080@evil/", "file:///etc/passwd", ""}) {
    event("Fetch.requestPaused", {{"requestId", "r"}, {"request", {{"url", url}}}}, "main");
    EXPECT_EQ(only()["method"], "Fetch.failRequest") << url;
  }
  EXPECT_EQ(owner.rejections.size(), 7U);
  event("Fetch.requestPaused", {{"requestId", "r"}, {"request", {{"url", "http://LOCALHOST:8080/popout.html?x"}}}}, "main");
  EXPECT_EQ(only()["method"], "Fetch.continueRequest");
}

TEST_F(browser_fixture, a_document_may_be_replaced) {
  attach("main");
  sent();
  owner.rule = document_rule::replace;
  event("Fetch.requestPaused", {{"requestId", "r"}, {"request", {{"url", "http://localhost:8080/"}}}}, "main");
  const auto got = only();
  EXPECT_EQ(got["method"], "Fetch.fulfillRequest");
  EXPECT_EQ(got["params"]["body"], "Zm8=");
}

TEST_F(browser_fixture, answers_go_to_the_caller_and_events_to_every_page) {
  attach("main");
  attach("popup", "page", "target-main");
  context("main", 1, origin, "target-main");
  context("popup", 1, origin, "target-popup");
  context("popup", 2, "http://evil", "target-popup");
  sent();
  session.answer({"popup", 1}, {{"id", 4}});
  const auto answer = only();
  EXPECT_EQ(answer["sessionId"], "popup");
  EXPECT_EQ(answer["params"]["arguments"][0]["value"]["id"], 4);
  session.answer({"popup", 9}, {{"id", 4}});
  session.answer({"gone", 1}, {{"id", 4}});
  EXPECT_TRUE(sent().empty());
  session.tell_pages({{"event", "node"}});
  EXPECT_EQ(sent().size(), 2U);
}

TEST_F(browser_fixture, the_main_window_decides_when_it_is_over) {
  attach("main");
  attach("popup", "page", "target-main");
  event("Target.detachedFromTarget", {{"sessionId", "popup"}});
  EXPECT_EQ(owner.closed, 0);
  event("Target.detachedFromTarget", {{"sessionId", "main"}});
  EXPECT_EQ(owner.closed, 1);
}

TEST_F(browser_fixture, a_window_leaves_its_state_before_it_gets_bounds) {
  attach("main");
  sent();
  result<json> got = error{};
  session.change_window("main", {window_state::normal, window_bounds{1, 2, 300, 400}}, [&got](const result<json>& done) { got = done; });
  const auto ask = only();
  EXPECT_EQ(ask["params"]["targetId"], "target-main");
  reply(ask, {{"windowId", 5}, {"bounds", {{"windowState", "maximized"}}}});
  const auto leave = only();
  EXPECT_EQ(leave["params"]["bounds"]["windowState"], "normal");
  reply(leave, json::object());
  const auto move = only();
  EXPECT_EQ(move["params"], json::parse(R"({"windowId":5,"bounds":{"left":1,"top":2,"width":300,"height":400}})"));
  reply(move, json::object());
  reply(only(), {{"windowId", 5}, {"bounds", {{"windowState", "normal"}, {"left", 1}, {"top", 2}, {"width", 300}, {"height", 400}}}});
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)["bounds"]["width"], 300);
}

TEST_F(browser_fixture, refusals_of_the_browser_are_errors) {
  attach("main");
  sent();
  result<json> got = json{};
  session.read_window("main", [&got](const result<json>& done) { got = done; });
  session.on_message(json{{"id", only()["id"]}, {"error", {{"message", "no such window"}}}}.dump());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "the browser: no such window");
  session.read_window("gone", [&got](const result<json>& done) { got = done; });
  EXPECT_EQ(got.error().code, errc::not_found);
}

TEST_F(browser_fixture, nonsense_is_dropped) {
  for (const auto* text : {"", "x", "[]", "{}", R"({"id":99})", R"({"method":5})", R"({"method":"Target.attachedToTarget"})",
                           R"({"method":"Target.attachedToTarget","params":{"sessionId":7,"targetInfo":[]}})", R"({"id":"a","result":[]})"})
    session.on_message(text);
  session.on_message(std::string(1'000'000, '['));
  EXPECT_TRUE(sent().empty());
}

TEST_F(browser_fixture, windows_are_limited) {
  for (std::size_t i = 0; i < max_pages + 5; ++i) attach("page-" + std::to_string(i));
  EXPECT_EQ(session.page_count(), max_pages);
  EXPECT_EQ(owner.rejections.size(), 5U);
}

TEST(origins, are_written_as_a_browser_does) {
  EXPECT_EQ(origin_of("http://Localhost:8080/a?b#c"), "http://localhost:8080");
  EXPECT_EQ(origin_of("http://host:80/"), "http://host");
  EXPECT_EQ(origin_of("https://host:443"), "https://host");
  EXPECT_EQ(origin_of("https://user:pw@host/"), "https://host");
  EXPECT_EQ(origin_of("http://host\\@evil/"), "http://host");
  for (const auto* none : {"", "about:blank", "data:text/html,x", "blob:http://localhost:8080/1", "file:///a", "javascript:1", "http://", "ws://host/"})
    EXPECT_EQ(origin_of(none), "") << none;
}

TEST(message_splitting, does_not_care_about_pieces) {
  const std::string stream{"{\"a\":1}\0{\"b\":2}\0tail", 20};
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    message_splitter splitter{100};
    std::vector<std::string> got;
    for (std::size_t at = 0; at < stream.size(); at += step)
      for (auto& each : splitter.take(std::string_view(stream).substr(at, step)).value_or({})) got.push_back(each);
    EXPECT_EQ(got, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"})) << step;
  }
  message_splitter small{10};
  EXPECT_EQ(small.take("0123456789a").error().code, errc::limit_exceeded);
}

} // namespace
} // namespace tt::desktop
