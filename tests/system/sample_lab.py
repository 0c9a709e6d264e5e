"""A lab in network namespaces: `tapstat samples` serves on one side, curl fetches on the other, the
wire between them delays and loses frames as it is told, and tcpdump taps it next to the server, or
at its mirror port.

Uses scripts/real_traffic/network.py. Needs root; sample_lab_or_skip() says what is missing.
"""
import os
import shutil
import sys
import time
from pathlib import Path

from support import BINARY, SKIPPED, SOURCE_ROOT, TIMEOUT_S

sys.path.insert(0, str(SOURCE_ROOT / "scripts/real_traffic"))

import network  # noqa: E402
from clock import REAL_TIME  # noqa: E402

PROGRAMS = ("ip", "ethtool", "ss", "sysctl", "tcpdump", "curl")
SIZES = [512 << k for k in range(12)]
PORT = 8000  # where `tapstat samples` serves unless told otherwise
ADDRESSES = {"ipv4": (network.CLIENT, network.SERVER), "ipv6": (network.CLIENT6, network.SERVER6)}
PCAP_HEADER_BYTES = 24
COUNTED = ("size_request", "size_header", "size_download", "num_connects")
FAREWELL = b"the lab is over"
SEND_FAREWELL = (
    "import socket, sys; to, text = sys.argv[1:]; "
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(text.encode(), (to, 9))"
)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def sample_lab_or_skip():
    """Ends the program, as skipped, where this machine has no lab."""
    if os.geteuid() != 0:
        skip("root is needed to make network namespaces")
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=search)]
    if absent:
        skip(f"not installed: {', '.join(absent)}")
    space = f"tapstat-try-{os.getpid()}"
    try:
        network.ip("netns", "add", space)
        network.ip("netns", "del", space)
    except network.Failure as failure:
        skip(f"no network namespaces here: {failure}")


class Fetch:
    """What one curl did on its one connection; the figures are sums over its transfers."""

    def __init__(self, family, port, paths, head):
        self.client, self.server = ADDRESSES[family]
        self.port = port
        self.paths = paths
        self.head = head
        self.statuses = []
        self.counts = dict.fromkeys(COUNTED, 0)

    def add(self, line):
        status, *counts = map(int, line.split())
        self.statuses.append(status)
        for name, count in zip(COUNTED, counts):
            self.counts[name] += count

    @property
    def bytes_of_client(self):
        return self.counts["size_request"]

    @property
    def bytes_of_server(self):
        return self.counts["size_header"] + self.counts["size_download"]

    def __repr__(self):
        return f"{self.client}:{self.port} {self.paths} {self.counts}"


class SampleLab:
    """Use with `with`. `faults` as in scripts/real_traffic/wire.py. `capture` is complete when the
    block has ended; then `sums` is the server's last line, and `retransmitted` what the kernel of
    the server's side sent again, in segments."""

    def __init__(self, directory, faults=(), mirrored=False):
        self.directory = Path(directory)
        self.interface = network.MIRRORED if mirrored else "to-server"  # that is tapped
        self.capture = self.directory / "tap.pcap"
        self.net = network.Network(self.directory / "wire.pcap", faults, mirrored)
        self.fetches = []
        self.sums = self.tcpdump_said = ""
        self.retransmitted = None

    def __enter__(self):
        self.net.__enter__()
        try:
            self._start()
        except BaseException:
            self.net.__exit__(None, None, None)
            raise
        return self

    def _start(self):
        self.server = self.net.start("server", [BINARY, "samples"], [("tcp", PORT)], env=REAL_TIME)
        command = ["tcpdump", "-i", self.interface, "-U", "-B", "32768", "-Z", "root"]
        what = "tcp or udp port 9"
        self.tap = self.net.start("wire", [*command, "-w", self.capture, what], env=REAL_TIME)
        self._wait_for_tap(
            lambda: self.capture.exists() and self.capture.stat().st_size >= PCAP_HEADER_BYTES
        )

    def _wait_for_tap(self, condition):
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > deadline or self.tap[0].poll() is not None:
                raise network.Failure(f"tcpdump is late:\n{self.net.stop(self.tap)}")
            time.sleep(0.02)

    def _say_farewell(self):
        """tcpdump forgets what it has not written when it is stopped: waits for the last frame."""
        self.net.settle()
        command = [sys.executable, "-c", SEND_FAREWELL, network.SERVER, FAREWELL.decode()]
        self.net.run("client", command, env=REAL_TIME)
        self._wait_for_tap(lambda: FAREWELL in self.capture.read_bytes()[-65_536:])

    def _tcp_counter(self, name):
        text = self.net.run("server", ["cat", "/proc/net/snmp"], env=REAL_TIME)
        names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
        return int(values[names.index(name)])

    def __exit__(self, *error):
        try:
            self._say_farewell()
            self.retransmitted = self._tcp_counter("RetransSegs")
            self.sums = self.net.stop(self.server).splitlines()[-1]
            self.tcpdump_said = self.net.stop(self.tap)
        finally:
            self.net.__exit__(*error)

    def fetch(self, *paths, family="ipv4", head=False):
        """Fetches the paths over one connection, from a client port of its own; the bodies lie in
        body() then. Returns the Fetch."""
        fetch = Fetch(family, 41_000 + len(self.fetches), paths, head)
        host = f"[{fetch.server}]" if family == "ipv6" else fetch.server
        config = "".join(
            f'url = "http://{host}:{PORT}{path}"\noutput = "{self.body(fetch, i)}"\n'
            for i, path in enumerate(paths)
        )
        words = ["%{http_code}", *(f"%{{{name}}}" for name in COUNTED)]
        command = ["curl", "-sSg", "--noproxy", "*", "--local-port", fetch.port, "-K", "-"]
        command += ["-w", " ".join(words) + "\\n", *(["--head"] if head else [])]
        said = self.net.run(
            "client", command, stdin=config.encode(), timeout=TIMEOUT_S, env=REAL_TIME
        )
        for line in said.splitlines():
            fetch.add(line)
        self.fetches.append(fetch)
        return fetch

    def body(self, fetch, number=0):
        return self.directory / f"body_{fetch.port}_{number}"
