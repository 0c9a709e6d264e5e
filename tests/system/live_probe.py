"""A live run in a network namespace of its own, at one end of one or more pairs of interfaces;
frames are sent at the other end. Needs root."""
import ctypes
import multiprocessing
import os
import signal
import socket
import subprocess
import time

import support
from injected_faults import FaultTestCase
from sample_lab import network
from support import connections

SPACE = f"tapstat-live-{os.getpid()}"
LISTEN, SEND = "listen0", "send0"
CLONE_NEWNET = 0x40000000
LOST_PACKETS = (
    "dropped_nic_missed",
    "dropped_nic_errors",
    "dropped_nic_nobuf",
    "dropped_ring_full",
)


class InNamespace:
    """The calling thread's network is that of the namespace meanwhile."""

    def __enter__(self):
        self.own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with open(f"/var/run/netns/{SPACE}") as space:
            self.enter(space.fileno())

    def __exit__(self, *_):
        self.enter(self.own)
        os.close(self.own)

    @staticmethod
    def enter(descriptor):
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


# Of an Ethernet frame with IPv4: the second octet of the sender's and of the receiver's address.
SOURCE_OCTET, DESTINATION_OCTET = 27, 31
CLIENTS_BEGIN = 192  # servers with 198
FRAMES_PER_CONNECTION = 8
ROWS_LOST = 5  # exit status
CORRECTED = ("--mode", "corrected", "--flows", "100000")  # small tables: a quick start


def conversation(count, first=0):
    """The frames of `count` connections of support.py, each with the place of the client's second
    octet, by which a round of a Sender differs from the others."""
    frames = []
    for _, frame in connections(first + count)[first * FRAMES_PER_CONNECTION :]:
        is_of_client = frame[SOURCE_OCTET - 1] == CLIENTS_BEGIN
        frames.append((bytearray(frame), SOURCE_OCTET if is_of_client else DESTINATION_OCTET))
    return frames


class Sender:
    """A process that sends frames on sockets, as fast as it can or at a rate: `rounds` times, each
    with other clients, or until it is stopped; only whole rounds."""

    ROUNDS_MAX = 256

    def __init__(self, sockets, frames, first_round=0, rounds=ROUNDS_MAX, frames_per_s=None):
        self._sockets, self._frames, self._per_s = sockets, frames, frames_per_s
        self._first, self._end = first_round, min(first_round + rounds, self.ROUNDS_MAX)
        fork = multiprocessing.get_context("fork")
        self._stop = fork.Event()
        self._done = fork.Value("Q", 0)
        self._seconds = fork.Value("d", 0.0)
        self._process = fork.Process(target=self._send, daemon=True)
        self._process.start()

    def _send(self):
        send = {  # what clients send may pass on another wire than what servers send
            SOURCE_OCTET: self._sockets[0].send,
            DESTINATION_OCTET: self._sockets[-1].send,
        }
        began, sent = time.monotonic(), 0
        for number in range(self._first, self._end):
            for frame, octet in self._frames:
                frame[octet] = number
                send[octet](frame)
                sent += 1
                if self._per_s and sent % 64 == 0:
                    time.sleep(max(0, began + sent / self._per_s - time.monotonic()))
            self._done.value += 1
            self._seconds.value = time.monotonic() - began
            if self._stop.is_set():
                break

    def stop(self):
        self._stop.set()
        return self.wait()

    def wait(self):
        """Until all rounds are sent."""
        self._process.join(support.TIMEOUT_S)
        if self._process.exitcode != 0:
            raise AssertionError(f"sending ended with {self._process.exitcode}")
        return self

    @property
    def rounds(self):
        return self._done.value

    @property
    def frames(self):
        return self.rounds * len(self._frames)

    @property
    def connections(self):
        return self.frames // FRAMES_PER_CONNECTION

    @property
    def rate(self):
        """Frames a second."""
        return self.frames / self._seconds.value


class LiveTestCase(FaultTestCase):
    def setUp(self):
        super().setUp()
        network.ip("netns", "add", SPACE)
        self.addCleanup(network.ip, "netns", "del", SPACE)
        self.make_interfaces()
        self.base = self.directory / "out"
        self.process = None

    def ip(self, *words):
        network.ip("-n", SPACE, *words)

    def make_interfaces(self, listen=LISTEN, send=SEND):
        self.ip("link", "add", listen, "type", "veth", "peer", "name", send)
        for name in (listen, send):
            self.ip("link", "set", name, "up")

    def settings(self, text):
        """The flags that make a run obey this tapstat.toml."""
        path = self.directory / "t.toml"
        path.write_text(text)
        return ("-c", path)

    def start(self, *flags, env=None, ports=("-i", LISTEN), serve=("--no-serve",)):
        self.errors = self.directory / "stderr"
        self.results = self.directory / "stdout"
        with self.errors.open("w") as errors, self.results.open("w") as results:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", SPACE, support.BINARY, "run", *ports]
                + ["-s", self.base, "--no-progress", *serve, *map(str, flags)],
                cwd=self.directory,
                env={**os.environ, "TZ": "UTC", **(env or {})},
                stdout=results,
                stderr=errors,
            )
        self.addCleanup(self.process.wait, 30)
        self.addCleanup(self.process.kill)
        self.wait_for(lambda: "\nmeasuring\n" in self.results.read_text())
        time.sleep(0.1)
        self.sender = self.open_sender()

    def open_sender(self, interface=SEND):
        with InNamespace():
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.addCleanup(opened.close)
        opened.bind((interface, 0))
        return opened

    def send(self, frames, **options):
        """A Sender that has sent the frames once."""
        return Sender([self.sender], frames, rounds=1, **options).wait()

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertIsNone(self.process.poll(), self.said())
            self.assertLess(time.monotonic(), deadline, self.results.read_text() + self.said())
            time.sleep(0.02)

    def said(self):
        return self.errors.read_text()

    def stop(self, *statuses):
        """Ends with one of these, or with 0; returns its counters."""
        self.process.send_signal(signal.SIGTERM)
        self.assertIn(self.process.wait(30), statuses or (0,), self.said())
        self.assert_ledger_closes(self.base)
        self.counters = support.summary(self.base)["counters"]
        return self.counters

    def columns(self, *names):
        """These columns of every row of log_tcp_complete, as texts."""
        found, places = [], []
        for line in support.log_lines(self.base):
            words = line.split(" ")
            if line.startswith("#"):
                known = [word.rpartition("#")[2].rpartition(":")[0] for word in words]
                places = [known.index(name) for name in names]
            else:
                found.append([words[place] for place in places])
        return found

    def clients_of_round(self, number):
        """Rows of the connections that a Sender's round made."""
        return sum(client.startswith(f"192.{number}.") for client, in self.columns("c_ip"))

    def assert_no_packet_was_lost(self):
        lost = {name: n for name, n in self.counters.items() if n and name in LOST_PACKETS}
        self.assertEqual(lost, {})

    def assert_rows_are_counted(self, flows):
        """Each flow that ended is a row in the file or is in one counter."""
        c = self.counters
        self.assertEqual(len(support.rows(self.base)), c["rows_complete_written"])
        lost = c["flows_dropped_queue_full"] + c["rows_complete_dropped_write_error"]
        self.assertEqual(c["rows_complete_written"] + lost, flows)
