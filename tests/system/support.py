"""What the system tests share: running the binary, finding its logs, making small captures.

Every test program takes the path of the binary as its first argument (meson passes it) and the
source root in TAPSTAT_SOURCE_ROOT. Exit status 77 tells meson that a program was skipped.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BINARY = Path(sys.argv[1] if len(sys.argv) > 1 else "build/tapstat").resolve()
SOURCE_ROOT = Path(os.environ.get("TAPSTAT_SOURCE_ROOT", Path(__file__).resolve().parents[2]))
TIMEOUT_S = 60
SKIPPED = 77


def shared_directory():
    """The reference material, or None when this machine has none."""
    path = Path(os.environ.get("TAPSTAT_SHARED", SOURCE_ROOT / "../shared")).resolve()
    return path if (path / "specs/tstat-tcp-cases").is_dir() else None


def shared_or_skip():
    path = shared_directory()
    if path is None:
        print("skipped: no reference material; set TAPSTAT_SHARED to its directory")
        sys.exit(SKIPPED)
    return path


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def tapstat(*arguments, cwd=None, timeout=TIMEOUT_S, prefix=(), env=None):
    """Runs the binary in TZ=UTC without NO_COLOR and returns a Result."""
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment.update({"TZ": "UTC", "LC_ALL": "C.UTF-8"}, **(env or {}))
    command = [*map(str, prefix), str(BINARY), *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=cwd,
        timeout=timeout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return Result(done)


def is_plain():
    """The binary has no sanitizer in it."""
    return "sanitize=none" in tapstat("--version").out


def directories(base):
    """The output directories below `base`, in order."""
    return sorted(Path(base).glob("*.out*"))


def log_lines(base, name="log_tcp_complete"):
    """All lines of a log over all output directories, headers included."""
    lines = []
    for directory in directories(base):
        path = directory / name
        if path.exists():
            lines += path.read_text().splitlines()
    return lines


def rows(base, name="log_tcp_complete"):
    return [line for line in log_lines(base, name) if not line.startswith("#")]


def summary(base):
    return json.loads((directories(base)[-1] / "summary.json").read_text())


class TestCase(unittest.TestCase):
    """A test with a directory of its own, in which the binary runs."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tapstat_system_")
        self.addCleanup(holder.cleanup)
        self.directory = Path(holder.name)

    def run_tapstat(self, *arguments, **options):
        return tapstat(*arguments, cwd=self.directory, **options)

    def mount(self, name, size):
        """A file system of its own of so many bytes; without the right to make one: skipped."""
        place = self.directory / name
        place.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place],
            capture_output=True,
            check=False,
        )
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system: " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def assert_status(self, result, status):
        self.assertEqual(result.status, status, repr(result))

    def assert_ledger_closes(self, base):
        for equation in summary(base)["equations"]:
            self.assertEqual(equation["difference"], 0, equation)


# ---- captures ----


def ipv4(source, destination, protocol, payload, ident=1, ttl=64):
    address = lambda text: bytes(int(part) for part in text.split("."))
    return (
        struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + len(payload),
            ident,
            0,
            ttl,
            protocol,
            0,
            address(source),
            address(destination),
        )
        + payload
    )


def tcp(source_port, destination_port, seq, ack, flags, payload=b"", window=8192):
    return (
        struct.pack(
            "!HHIIBBHHH",
            source_port,
            destination_port,
            seq & 0xFFFFFFFF,
            ack & 0xFFFFFFFF,
            0x50,
            flags,
            window,
            0,
            0,
        )
        + payload
    )


def ethernet(payload, ether_type=0x0800):
    return b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + struct.pack("!H", ether_type) + payload


def udp(source_port, destination_port, payload):
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


def connection(
    client="192.0.2.10",
    client_port=40000,
    server="198.51.100.20",
    server_port=9999,
    start_us=0,
    sizes=(100, 1000),
    payloads=None,
):
    """A whole connection as (time_us, frame): handshake, a request, a reply, both FINs.

    `payloads` are those of request and reply; without them `sizes` bytes of no meaning."""
    request, reply = payloads or (b"q" * sizes[0], b"r" * sizes[1])
    client_seq, server_seq = 1000, 5000
    packets = []

    def send(from_client, flags, payload=b""):
        nonlocal client_seq, server_seq
        at = start_us + 10_000 * len(packets)
        if from_client:
            segment = tcp(
                client_port,
                server_port,
                client_seq,
                server_seq if flags & ACK else 0,
                flags,
                payload,
            )
            frame = ethernet(ipv4(client, server, 6, segment, ident=len(packets) + 1))
            client_seq += len(payload) + (1 if flags & (SYN | FIN) else 0)
        else:
            segment = tcp(server_port, client_port, server_seq, client_seq, flags, payload)
            frame = ethernet(ipv4(server, client, 6, segment, ident=len(packets) + 1))
            server_seq += len(payload) + (1 if flags & (SYN | FIN) else 0)
        packets.append((at, frame))

    send(True, SYN)
    send(False, SYN | ACK)
    send(True, ACK)
    send(True, PSH | ACK, request)
    send(False, PSH | ACK, reply)
    send(True, FIN | ACK)
    send(False, FIN | ACK)
    send(True, ACK)
    return packets


def connections(count, start_us=0, gap_us=1_000):
    """`count` connections that overlap in time, as one sequence in the order of time."""
    packets = []
    for i in range(count):
        packets += connection(
            client=f"192.0.{2 + (i >> 13)}.{1 + i % 250}",
            client_port=1024 + i % 60000,
            start_us=start_us + i * gap_us,
        )
    return sorted(packets, key=lambda packet: packet[0])


T0_US = 1_500_000_000_000_000


def pcap_bytes(packets, link_type=1, snap_length=65535):
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_length, link_type)]
    for at, frame in packets:
        when = T0_US + at
        kept = frame[:snap_length]
        out.append(
            struct.pack("<IIII", when // 1_000_000, when % 1_000_000, len(kept), len(frame)) + kept
        )
    return b"".join(out)


def write_pcap(path, packets, **options):
    Path(path).write_bytes(pcap_bytes(packets, **options))
    return Path(path)


def main():
    unittest.main(argv=[sys.argv[0]], verbosity=2 if "-v" in sys.argv else 1)
