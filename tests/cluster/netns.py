"""Nodes of a cluster on one machine, each in a network namespace of its own, with a bridge between them; and just
enough HTTP and WebSocket to be their client. Needs root; `enter()` says what is missing otherwise."""
import base64
import ctypes
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def enter():
    """Runs the script again inside namespaces of its own, so that nothing of the machine's network is touched."""
    if os.environ.get("TT_IN_NETNS"):
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        run("mkdir", "-p", "/run/netns")
        try:
            run("ip", "link", "add", "hub", "type", "bridge")
        except subprocess.CalledProcessError as e:
            skip(f"no bridge can be made here: {e.stderr.decode().strip()}")
        run("ip", "link", "set", "hub", "up")
        return
    if os.geteuid() != 0:
        skip("network namespaces need root")
    if not shutil.which("ip") or not shutil.which("unshare"):
        skip("ip (iproute2) or unshare (util-linux) is missing")
    os.environ["TT_IN_NETNS"] = "1"
    probe = subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True)
    if probe.returncode != 0:
        skip(f"no network namespace can be made here: {probe.stderr.decode().strip()}")
    os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, *sys.argv])


class Machine:
    """A namespace with one cable to the hub."""
    count = 0

    def __init__(self, name):
        Machine.count += 1
        self.name = name
        self.address = f"10.77.0.{Machine.count}"
        self.cable = f"to-{name}"[:15]
        run("ip", "netns", "add", name)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", self.cable, "master", "hub", "up")
        for words in (["link", "set", "lo", "up"], ["addr", "add", f"{self.address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
            run("ip", "-n", name, *words)

    def cut(self):
        run("ip", "link", "set", self.cable, "down")

    def mend(self):
        run("ip", "link", "set", self.cable, "up")

    def socket(self):
        """A TCP socket that lives in this namespace."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            if libc.setns(there, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            libc.setns(home, CLONE_NEWNET)
            os.close(home)
            os.close(there)


class Cluster:
    """Starts and kills nodes; everything they need lies in a temporary folder."""

    def __init__(self, tt, instruments):
        self.tt = tt
        self.instruments = instruments
        self.folder = tempfile.mkdtemp(prefix="tt-cluster-")
        self.processes = {}
        self.machines = {}
        self.seed = None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def add(self, name):
        self.machines[name] = Machine(name)
        run(self.tt, "keys", "new", name, "--dir", self.path("keys"))
        self.seed = self.seed or name

    def start(self, name, roles, feeds, more=""):
        machine = self.machines[name]
        with open(self.path(f"{name}.yaml"), "w") as out:
            out.write(f"node: {{id: {name}, data_dir: {self.path('data-' + name)}, instruments: {self.instruments}}}\n"
                      "server: {port: 8080, web_root: /nonexistent}\nlog: {level: info, format: text}\n"
                      "rate_limit: {general: 1000000, market_data: 1000000, unauthenticated: 1000000}\n"
                      f"cluster:\n  control: tcp://{machine.address}:7701\n  topics: tcp://{machine.address}:7702\n"
                      f"  seeds: [{self.seed}=tcp://{self.machines[self.seed].address}:7701]\n  roles: [{roles}]\n"
                      f"  key_file: {self.path('keys', name + '.key')}\n  allow_file: {self.path('keys', 'allow')}\n{more}"
                      f"feeds: {json.dumps(feeds)}\n")
        self.launch(name, ["ip", "netns", "exec", name])

    def start_alone(self, name, feeds):
        """The same program as a node that stands alone, in a namespace like the others."""
        self.machines[name] = Machine(name)
        with open(self.path(f"{name}.yaml"), "w") as out:
            out.write(f"node: {{id: {name}, data_dir: {self.path('data-' + name)}, instruments: {self.instruments}}}\n"
                      "server: {port: 8080, web_root: /nonexistent}\nlog: {level: info, format: text}\n"
                      "rate_limit: {general: 1000000, market_data: 1000000, unauthenticated: 1000000}\n"
                      f"feeds: {json.dumps(feeds)}\n")
        self.launch(name, ["ip", "netns", "exec", name])

    def launch(self, name, prefix):
        with open(self.path(f"{name}.log"), "ab") as log:
            self.processes[name] = subprocess.Popen([*prefix, self.tt, "node", "--config", self.path(f"{name}.yaml")], stdout=log,
                                                    stderr=log, cwd=self.folder)

    def command(self, name, *words):
        """What the program prints when it is asked on a node's machine."""
        return subprocess.run(["ip", "netns", "exec", name, self.tt, *words], capture_output=True, text=True, check=True, timeout=30).stdout

    def signal(self, name, number):
        self.processes[name].send_signal(number)

    def kill(self, name):
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def rss_mb(self, name):
        with open(f"/proc/{self.processes[name].pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        return 0

    def close(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        for name, machine in self.machines.items():
            # the cable first: a namespace goes some time after its name
            subprocess.run(["ip", "link", "del", machine.cable], capture_output=True)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        self.machines.clear()
        if not os.environ.get("TT_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- as a client ----------------------------------------------------------

    def get(self, name, target):
        """(status, JSON or text); status 0 when nobody answers."""
        try:
            sock = self.machines[name].socket()
            sock.settimeout(12)
            sock.connect(("127.0.0.1", 8080))
            link = http.client.HTTPConnection("localhost", 8080)
            link.sock = sock
            link.request("GET", target, headers={"Connection": "close"})
            answer = link.getresponse()
            body = answer.read().decode()
            link.close()
        except OSError:
            return 0, ""
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, body

    def until(self, name, target, accept, patience=60):
        """Asks until the answer is accepted; gives the answer and the seconds that it took."""
        began = time.monotonic()
        last = None
        while time.monotonic() - began < patience:
            last = self.get(name, target)
            if accept(*last):
                return last[1], time.monotonic() - began
            gone = {n: p.returncode for n, p in self.processes.items() if p.poll() is not None}
            assert not gone, f"nodes ended by themselves: {gone}"
            time.sleep(0.02)
        raise AssertionError(f"{target} on {name} never came; last: {last[0]} {str(last[1])[:500]}")


class Stream:
    """A WebSocket client of /stream."""

    def __init__(self, machine):
        self.sock = machine.socket()
        self.sock.settimeout(30)
        self.sock.connect(("127.0.0.1", 8080))
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(f"GET /stream HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.sock.recv(4096)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        proof = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert b"101" in head and proof in head, head

    def send(self, message, opcode=1):
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0xfe]) + struct.pack(">H", len(data))
        self.sock.sendall(bytes([0x80 | opcode]) + size + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(data)))

    def take(self, count):
        while len(self.buffer) < count:
            more = self.sock.recv(65536)
            if not more:
                raise OSError("the stream was closed")
            self.buffer += more
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def receive(self):
        """The next message; pings are answered."""
        while True:
            first, second = self.take(2)
            size = second & 0x7f
            if size == 126:
                size = struct.unpack(">H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.take(8))[0]
            data = self.take(size)
            opcode = first & 0x0f
            if opcode == 9:
                self.send(data, 10)
            elif opcode == 8:
                raise OSError("the stream was closed")
            elif opcode in (1, 2):
                return json.loads(data)
