#!/usr/bin/env python3
"""tt-desktop with a browser and a node that the test plays: what comes up, what goes
down with what, what the page gets and what it does not.

  shell.py PATH_OF_TT_DESKTOP [TEST ...]
"""
import base64
import json
import os
import pathlib
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv.pop(1)
PATIENCE = 60  # seconds; a busy machine is slow, not wrong


def wait_for_end(pid):
    """Waits until a process that is not our child is gone. No zombie counts as gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([handle], [], [], PATIENCE)[0]:
            raise AssertionError(f"process {pid} is still there")
    finally:
        os.close(handle)


class Shell:
    """A running shell, and the browser's end of its conversation."""

    def __init__(self, test, *arguments, config=None, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tt-desktop-"))
        test.addCleanup(subprocess.run, ["rm", "-rf", str(self.folder)])
        self.exports = self.folder / "exports"
        self.secrets = self.folder / "secrets.json"
        self.config = self.folder / "node.json"
        self.next_call = 1
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / "socket"))
        listener.listen()
        listener.settimeout(PATIENCE)
        options = ["--browser", str(HERE / "support/fake_browser.py"), "--profile", str(self.folder / "profile"), "--export-dir", str(self.exports),
                   "--secrets", str(self.secrets), "--node-dir", str(self.folder / "data")]
        if config is not None:
            self.config.write_text(json.dumps(config))
            options += ["--config", str(self.config), "--tt", str(HERE / "support/fake_tt.py")]
        self.stderr = (self.folder / "stderr").open("w+")
        self.process = subprocess.Popen([PROGRAM, *options, *arguments], stderr=self.stderr,
                                        env={**os.environ, "FAKE_BROWSER_SOCKET": str(self.folder / "socket"), **(environment or {})})
        test.addCleanup(self.end)
        self.listener = listener
        self.link = None

    def browser(self):
        """Waits for the browser to be started; gives its command line."""
        self.link, _ = self.listener.accept()
        self.link.settimeout(PATIENCE)
        self.lines = self.link.makefile()
        hello = self.receive()
        self.browser_pid = hello["pid"]
        self.arguments = hello["arguments"]
        self.origin = next(a for a in self.arguments if a.startswith("--app="))[len("--app="):].rstrip("/")
        return self.arguments

    def receive(self):
        line = self.lines.readline()
        if not line:
            raise AssertionError("the browser's line is cut")
        return json.loads(line)

    def expect(self, method):
        """The next command of that name; others are passed over."""
        while True:
            message = self.receive()
            if message.get("method") == method:
                return message

    def send(self, message):
        self.link.sendall((json.dumps(message) + "\n").encode())

    def event(self, method, params, session=None):
        self.send({"method": method, "params": params, **({"sessionId": session} if session else {})})

    def open_page(self):
        """The main window, with a document of the gateway."""
        self.event("Target.attachedToTarget", {"sessionId": "main", "targetInfo": {"targetId": "T", "type": "page", "url": ""}, "waitingForDebugger": True})
        self.expect("Runtime.runIfWaitingForDebugger")
        self.context(1, self.origin)

    def context(self, number, origin):
        self.event("Runtime.executionContextCreated",
                   {"context": {"id": number, "origin": origin, "auxData": {"isDefault": True, "frameId": "T"}}}, "main")

    def document(self):
        """Asks for the gateway's document: how it is answered."""
        self.event("Fetch.requestPaused", {"requestId": "r", "request": {"url": self.origin + "/"}}, "main")
        while True:
            message = self.receive()
            if message["method"].startswith("Fetch.") and message["method"] != "Fetch.enable":
                return message

    def call_raw(self, payload, context=1):
        self.event("Runtime.bindingCalled", {"name": "__tt_desktop_send", "payload": payload, "executionContextId": context}, "main")

    def message_to_page(self):
        return self.expect("Runtime.callFunctionOn")["params"]["arguments"][0]["value"]

    def call(self, method, **params):
        """A call of the page and its answer; events on the way are passed over."""
        number = self.next_call
        self.next_call += 1
        self.call_raw(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = self.message_to_page()
            if message.get("id") == number:
                return message

    def node_event(self, state):
        while True:
            message = self.message_to_page()
            if message.get("event") == "node" and message["state"] == state:
                return message

    def wait_until_ready(self):
        """The node's state is told by app_info; its events may be over already."""
        while (self.call("app_info")["value"]["node"] or {}).get("state") != "ready":
            pass

    def node_pid(self):
        return int((self.folder / "node.json.pid").read_text())

    def posts(self):
        return [json.loads(line) for line in (self.folder / "node.json.posts").read_text().splitlines()]

    def log(self):
        return (self.folder / "stderr").read_text()

    def close_window(self):
        self.event("Target.detachedFromTarget", {"sessionId": "main"})
        self.expect("Browser.close")
        self.send({"exit": 0})

    def wait(self):
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.link:
            self.lines.close()
            self.link.close()
        self.listener.close()
        self.stderr.close()


class ProcessTest(unittest.TestCase):
    def test_closing_the_window_ends_everything(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        node = shell.node_pid()
        shell.close_window()
        self.assertEqual(shell.wait(), 0, shell.log())
        wait_for_end(node)
        wait_for_end(shell.browser_pid)

    def test_a_signal_ends_everything(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            shell = Shell(self, config={})
            shell.browser()
            node = shell.node_pid()
            shell.process.send_signal(number)
            shell.expect("Browser.close")
            shell.send({"exit": 0})
            self.assertEqual(shell.wait(), 0, shell.log())
            wait_for_end(node)
            wait_for_end(shell.browser_pid)

    def test_a_killed_shell_takes_both_with_it(self):
        shell = Shell(self, config={})
        shell.browser()
        node = shell.node_pid()
        shell.process.kill()
        wait_for_end(node)
        wait_for_end(shell.browser_pid)

    def test_a_browser_that_does_not_go_is_killed(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.send({"ignore": True})
        shell.call("app_info")  # it has read that line by now
        shell.event("Target.detachedFromTarget", {"sessionId": "main"})
        self.assertEqual(shell.wait(), 0, shell.log())
        wait_for_end(shell.browser_pid)

    def test_a_browser_that_breaks_ends_the_shell(self):
        shell = Shell(self, config={})
        shell.browser()
        node = shell.node_pid()
        shell.send({"exit": 5})
        self.assertEqual(shell.wait(), 1)
        self.assertIn("the browser ended with 5", shell.log())
        wait_for_end(node)

    def test_one_shell_per_profile(self):
        shell = Shell(self, config={})
        shell.browser()
        second = subprocess.run([PROGRAM, "--browser", "/bin/true", "--profile", str(shell.folder / "profile"), "--gateway", "http://localhost:1"],
                                capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(second.returncode, 1)
        self.assertIn("open already", second.stderr)

    def test_the_command_line_of_the_browser(self):
        shell = Shell(self, "--gateway", "https://Trader.example:443")
        arguments = shell.browser()
        self.assertIn("--app=https://trader.example/", arguments)
        self.assertIn("--remote-debugging-pipe", arguments)
        self.assertFalse([a for a in arguments if a.startswith("--remote-debugging-port")], "no open port")
        self.assertIn(f"--user-data-dir={shell.folder}/profile", arguments)
        self.assertEqual("--no-sandbox" in arguments, os.geteuid() == 0, "the sandbox is off for root only")

    def test_wrong_command_lines(self):
        for arguments in (["--gateway", "ftp://x"], ["--gateway", "http://u:p@x"], ["--gateway", "http://x/path"], ["--node", "maybe"],
                          ["--config", "/nowhere"], ["stop", "--mode", "resume"], ["stop", "--reason", ""], ["--frobnicate"]):
            run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(run.returncode, 2, arguments)
            self.assertTrue(run.stderr, arguments)
        self.assertRegex(subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout, r"^\d+\.\d+\.\d+\n$")


class NodeTest(unittest.TestCase):
    def test_the_page_loads_when_the_node_is_ready(self):
        shell = Shell(self, config={"ready": False})
        shell.browser()
        shell.open_page()
        standing_in = shell.document()
        self.assertEqual(standing_in["method"], "Fetch.fulfillRequest")
        self.assertEqual(standing_in["params"]["responseCode"], 503)

        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        self.assertEqual(shell.document()["method"], "Fetch.continueRequest")

    def test_a_crash_is_told_and_the_node_starts_again(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        first = shell.node_pid()
        os.kill(first, signal.SIGSEGV)
        told = shell.node_event("ended")
        self.assertIn("signal 11", told["reason"])
        self.assertIn("is running", told["log"][0])
        self.assertEqual(shell.document()["method"], "Fetch.fulfillRequest")
        self.assertTrue(shell.call("restart_node")["ok"])
        # the gateway has another port now, and the page comes from there
        moved = shell.expect("Page.navigate")["params"]["url"].rstrip("/")
        while moved == shell.origin:
            moved = shell.expect("Page.navigate")["params"]["url"].rstrip("/")
        shell.origin = moved
        shell.context(2, moved)
        shell.call_raw(json.dumps({"id": 900, "method": "app_info"}), context=2)
        while (message := shell.message_to_page()).get("id") != 900:
            pass
        self.assertEqual(message["value"]["gateway"], moved)
        self.assertNotEqual(shell.node_pid(), first)

    def test_a_node_that_cannot_start_is_shown(self):
        shell = Shell(self, config={"fail": "trader.yaml:3: <b>no such feed</b>"})
        shell.browser()
        shell.open_page()
        page = base64.b64decode(shell.document()["params"]["body"]).decode()
        self.assertIn("It ended with 3.", page)
        self.assertIn("trader.yaml:3: &lt;b&gt;no such feed&lt;/b&gt;", page)
        self.assertIn('id="restart"', page)

    def test_attached_shells_leave_the_node_alone(self):
        owner = Shell(self, config={})
        owner.browser()
        owner.open_page()
        owner.wait_until_ready()
        guest = Shell(self, "--node", "auto", "--gateway", owner.origin)
        guest.browser()
        self.assertEqual(guest.origin, owner.origin)
        guest.open_page()
        self.assertIsNone(guest.call("app_info")["value"]["node"])
        refused = guest.call("restart_node")
        self.assertEqual(refused["error"]["code"], "refused")
        self.assertEqual(guest.document()["method"], "Fetch.continueRequest")
        guest.close_window()
        self.assertEqual(guest.wait(), 0)
        self.assertEqual(owner.call("app_info")["value"]["node"]["state"], "ready")


class BridgeTest(unittest.TestCase):
    def test_calls_outside_of_the_list_are_rejected_and_logged(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        for method, params in (("exec", {"command": "id"}), ("http", {"url": shell.origin + "/api/orders"}), ("app_info", {"more": 1})):
            answer = shell.call(method, **params)
            self.assertFalse(answer["ok"])
        shell.call_raw("not json")
        shell.context(5, "http://evil.example")
        shell.call_raw(json.dumps({"id": 77, "method": "secret_names"}), context=5)
        shell.event("Fetch.requestPaused", {"requestId": "r", "request": {"url": "http://evil.example/"}}, "main")
        self.assertEqual(shell.expect("Fetch.failRequest")["params"]["errorReason"], "Aborted")
        self.assertNotEqual(shell.call("app_info")["id"], 77, "a foreign page got an answer")
        log = shell.log()
        for words in ('there is no method "exec"', 'there is no method "http"', "params.more", "not a JSON object", '"http://evil.example", which is not the gateway',
                      'a document of "http://evil.example"'):
            self.assertIn("rejected: ", log)
            self.assertIn(words, log)

    def test_a_flood_of_calls_is_held_up_but_not_the_stop(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        for number in range(1000, 1300):
            shell.call_raw(json.dumps({"id": number, "method": "secret_names"}))
        stop = shell.call("emergency_stop", reason="flood")
        self.assertEqual(stop["value"], {"kill_active": True})
        self.assertIn("too many calls", shell.log())
        self.assertLess(shell.log().count("rejected:"), 40)

    def test_answers_that_are_quick_are_passed_on_at_once(self):
        """An answer may be complete before the shell waits for it; nothing else happens here that would wake it."""
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        for number in range(40):
            began = time.monotonic()
            self.assertEqual(shell.call("emergency_stop", reason=str(number))["value"], {"kill_active": True})
            self.assertLess(time.monotonic() - began, PATIENCE / 4)

    def test_the_stop_switch_reaches_the_gateway(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        self.assertTrue(shell.call("secret_set", name="gateway_token", value="tt_secret")["ok"])
        answer = shell.call("emergency_stop", mode="flatten", reason="out", scope={"symbol": "ES1!"})
        self.assertEqual(answer["value"], {"kill_active": True})
        self.assertEqual(shell.posts(), [{"path": "/api/v1/risk/emergency-stop", "token": "Bearer tt_secret", "origin": None,
                                          "body": {"mode": "flatten", "reason": "out", "scope": {"symbol": "ES1!"}, "cancel_open": True}}])
        self.assertNotIn("tt_secret", shell.log())
        self.assertEqual(stat.S_IMODE(shell.secrets.stat().st_mode), 0o600)

    def test_a_refused_stop_is_no_stop(self):
        shell = Shell(self, config={"stop_status": 403, "stop_reply": {"detail": "identity lacks the role"}})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        answer = shell.call("emergency_stop", reason="out")
        self.assertEqual(answer["error"], {"code": "refused", "message": "identity lacks the role"})
        self.assertIn("emergency stop FAILED", shell.log())

    def test_the_stop_switch_without_a_window(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.wait_until_ready()
        run = subprocess.run([PROGRAM, "stop", "--gateway", shell.origin, "--reason", "from the desk", "--secrets", str(shell.secrets)],
                             capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(shell.posts()[-1]["body"]["reason"], "from the desk")
        gone = subprocess.run([PROGRAM, "stop", "--gateway", "http://127.0.0.1:1"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(gone.returncode, 1)
        self.assertIn("FAILED", gone.stderr)

    def test_files_go_to_the_export_folder_and_nowhere_else(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        saved = shell.call("save_file", name="trades.csv", text="time,price\n")
        self.assertEqual(saved["value"], {"path": str(shell.exports / "trades.csv"), "bytes": 11})
        self.assertEqual((shell.exports / "trades.csv").read_text(), "time,price\n")
        self.assertFalse(shell.call("save_file", name="../trades.csv", text="x")["ok"])
        self.assertEqual([p.name for p in shell.folder.rglob("trades*")], ["trades.csv"])

    def test_notifications(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tt-notify-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", str(folder)])
        program = folder / "notify-send"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/shown.part\nmv {folder}/shown.part {folder}/shown\nkill -USR1 {os.getpid()}\n')
        program.chmod(0o755)
        shell = Shell(self, config={}, environment={"PATH": f"{folder}:{os.environ['PATH']}"})
        shell.browser()
        shell.open_page()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        self.assertTrue(shell.call("notify", title="--help", body="a & <b>", urgency="critical")["ok"])
        self.assertIsNotNone(signal.sigtimedwait([signal.SIGUSR1], PATIENCE))
        self.assertEqual((folder / "shown").read_text().splitlines(),
                         ["--app-name=TraderTerminal", "--icon=traderterminal", "--urgency=critical", "--", "--help", "a &amp; &lt;b&gt;"])

    def test_windows_are_moved_by_the_browser(self):
        shell = Shell(self, config={})
        shell.browser()
        shell.open_page()
        shell.call_raw(json.dumps({"id": 1, "method": "set_window", "params": {"bounds": {"left": 1, "top": 2, "width": 300, "height": 400}}}))
        ask = shell.expect("Browser.getWindowForTarget")
        self.assertEqual(ask["params"], {"targetId": "T"})
        shell.send({"id": ask["id"], "result": {"windowId": 3, "bounds": {"windowState": "normal"}}})
        move = shell.expect("Browser.setWindowBounds")
        self.assertEqual(move["params"], {"windowId": 3, "bounds": {"left": 1, "top": 2, "width": 300, "height": 400}})
        shell.send({"id": move["id"], "error": {"message": "not now"}})
        self.assertEqual(shell.message_to_page()["error"]["message"], "the browser: not now")


if __name__ == "__main__":
    unittest.main(verbosity=2)
