"""What tests ask of exit records: the published files, their records by name, the verdict of the
strict reader; and captures to make them from."""
import ipaddress
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from split_test import read_pcap
from support import SOURCE_ROOT, TestCase

ENDS = ("LocalAddress", "LocalPort", "RemAddress", "RemPort")
# What says who measured and when, not what the connection did.
OF_THE_PROBE = ("cid", "PollTime")


def published(root):
    return sorted(Path(root).glob("SideStream/**/*.web100"))


def leftovers(root):
    return sorted(Path(root).glob(".spool/*.part"))


def read_records(path):
    """The records of one file, each {key: text}."""
    lines = Path(path).read_text().splitlines()
    keys = lines[0].split(" ")[1:]
    return [dict(zip(keys, line.split(" ")[1:], strict=True)) for line in lines[1:]]


def all_records(root):
    return [record for path in published(root) for record in read_records(path)]


def by_ends(records):
    """{both ends, in either order: record}, one for each connection."""
    found = {frozenset(ends_of(record)): record for record in records}
    if len(found) != len(records):
        raise ValueError("two records of one connection")
    return found


def ends_of(record):
    """Local and Rem, each (address, port)."""
    address, port, rem_address, rem_port = (record[key] for key in ENDS)
    return (address, int(port)), (rem_address, int(rem_port))


def measured(record):
    return {key: value for key, value in record.items() if key not in OF_THE_PROBE}


def hour_of(record):
    """As file names begin."""
    date = record["PollTime"].replace("-", "")
    return f"{date[:8]}T{date[8:10]}"


def complaints(root):
    """What the strict reader says; empty when it accepts every file."""
    done = subprocess.run(
        [sys.executable, SOURCE_ROOT / "scripts/check_web100.py", "--no-warnings", root],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode in (0, 1) else done.stderr or "nothing to read"


class Packet(NamedTuple):
    time_s: float
    source: tuple  # address, port
    destination: tuple
    flags: int


def tcp_packets(capture):
    """The TCP packets of an Ethernet capture that are not fragmented."""
    for time_ns, _, frame in read_pcap(capture):
        ether_type = frame[12:14]
        if ether_type == b"\x08\x00" and frame[23] == 6:
            ends, at = (frame[26:30], frame[30:34]), 14 + 4 * (frame[14] & 15)
        elif ether_type == b"\x86\xdd" and frame[20] == 6:
            ends, at = (frame[22:38], frame[38:54]), 54
        else:
            continue
        ports = struct.unpack("!HH", frame[at : at + 4])
        source, destination = ((str(ipaddress.ip_address(a)), p) for a, p in zip(ends, ports))
        yield Packet(time_ns / 1e9, source, destination, frame[at + 13])


def write_shifted(source, target, shift_us):
    """A copy of a capture in little-endian microseconds whose packets come later."""
    data = bytearray(Path(source).read_bytes())
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        raise ValueError(f"{source} is not in little-endian microseconds")
    at = 24
    while at + 16 <= len(data):
        second, fraction, captured = struct.unpack_from("<III", data, at)
        later = second * 1_000_000 + fraction + shift_us
        struct.pack_into("<II", data, at, later // 1_000_000, later % 1_000_000)
        at += 16 + captured
    Path(target).write_bytes(data)
    return target


class RecordsTestCase(TestCase):
    def replay(self, capture, *arguments, base="out"):
        base = self.directory / base
        words = ("replay", capture, "-o", "web100", "-s", base, "--no-progress", *arguments)
        self.assert_status(self.run_tapstat(*words), 0)
        self.assertEqual(complaints(base), "")
        return all_records(base)
