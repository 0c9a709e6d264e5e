#!/usr/bin/env python3
"""Floods a replay and tells whether the flows that matter noticed.

    scripts/flood.py                      the whole acceptance: a million flood packets a second for
                                          30 s of packet time, 10,000 known flows (an hour and 3 GB
                                          in the temporary directory)
    scripts/flood.py --flood-rows         with rows of the flood in the logs, too: 10 GB and more
    scripts/flood.py --kinds syn,udp --rate 200000 --seconds 5 --workers 2

For each kind of flood: `synflood_gen` writes the known flows within the flood and alone; both
captures are replayed, and the rows of the known flows are compared as they are (sorted). Beside
that the ledger must close, the process must stay below the memory ceiling that it printed, and
exit records, when asked for, must be the same but for the connection's number (`Cid`). One line of
figures for each run; the exit status is 1 when a corrected run differs. In tstat mode the table of
the original fills up and refuses known flows as well: what is left is shown, and no known row that
is there may be wrong. tests/system/flood_test.py uses the same functions on small floods.
"""
import argparse
import ipaddress
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("syn", "udp", "flows", "ack", "fragments", "others", "mixed")
# The addresses of the flood (bench/flood_traffic.h).
STRANGERS = (ipaddress.ip_network("11.0.0.0/8"), ipaddress.ip_network("203.0.113.0/24"))
LOGS = ("log_tcp_complete", "log_tcp_nocomplete", "log_udp_complete", "log_mm_complete")
KNOWN = "10.0.0.0/8\n2001:db8:1::/48\n"  # clients (bench/traffic_flow.cc)
STRANGER_PREFIX = "11."  # of the first column: who opened the flow


@dataclass
class Replay:
    """What one replay left behind."""

    directory: Path
    status: int
    seconds: float
    peak_bytes: int  # resident memory at its largest
    summary: dict = field(default_factory=dict)

    @property
    def counters(self):
        return self.summary["counters"]

    @property
    def ceiling_bytes(self):
        return self.summary["memory_ceiling_bytes"]

    def open_equations(self):
        return [e["name"] for e in self.summary["equations"] if e["difference"] != 0]


def generate(generator, kind, path, rate, seconds, known, seed=1):
    """Writes `path` and the capture of the known flows alone, whose name is returned."""
    command = [generator, kind, "-o", path, "--rate", rate, "--seconds", seconds]
    command += ["--known", known, "--seed", seed]
    done = subprocess.run([str(word) for word in command], check=False, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.returncode)  # it has said why
    return Path(path).with_suffix(".known.pcap")


def replay(binary, capture, directory, *flags):
    """Runs the probe and measures the process."""
    log = directory.with_suffix(".txt")
    begin = time.monotonic()
    with open(log, "wb") as text:
        process = subprocess.Popen(
            [str(word) for word in (binary, "replay", capture, "-s", directory, *flags)],
            stdout=text,
            stderr=text,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    run = Replay(directory, process.returncode, time.monotonic() - begin, usage.ru_maxrss * 1024)
    summaries = sorted(directory.glob("*.out*/summary.json"))
    if not summaries:
        raise SystemExit(f"{log.read_text()}\nflood.py: no summary from {capture}")
    run.summary = json.loads(summaries[-1].read_text())
    return run


def rows(directory, of_strangers=False):
    """Every row of every log of the known flows (or of the flood's), counted."""
    found = Counter()
    for log in LOGS:
        for path in directory.glob(f"*.out*/{log}"):
            with open(path, encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    if line.startswith("#"):
                        continue
                    if line.startswith(STRANGER_PREFIX) == of_strangers:
                        found[log, line] += 1
    return found


def exit_records(directory):
    """Each `C:` line but for the number of its connection, as {name: value}, counted."""
    found = Counter()
    for path in directory.glob("SideStream/**/*.web100"):
        names = []
        for line in path.read_text().splitlines():
            kind, *values = line.split()
            if kind == "K:":
                names = values
                continue
            record = dict(zip(names, values))
            record.pop("cid", None)
            record.pop("Cid", None)
            if not is_stranger(record):
                found[tuple(sorted(record.items()))] += 1
    return found


def is_stranger(record):
    address = record.get("RemAddress") or record.get("LocalAddress")
    try:
        return any(ipaddress.ip_address(address) in network for network in STRANGERS)
    except ValueError:
        return False


def differences(expected, got):
    """(missing, unexpected): rows of one that the other has not."""
    return expected - got, got - expected


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of flood, separated by commas")
    parser.add_argument("--rate", type=int, default=1_000_000, help="flood packets in a second")
    parser.add_argument("--seconds", type=float, default=30, help="of flood, in packet time")
    parser.add_argument("--known", type=int, default=10_000, help="known flows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modes", default="corrected,tstat")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--source", default="file", help="dpdk, file or preloaded")
    parser.add_argument(
        "--flood-rows", action="store_true", help="all addresses are internal, the flood's as well"
    )
    parser.add_argument("--flags", default="", help="more flags of tapstat replay, in one word")
    parser.add_argument("--directory", type=Path, help="for captures and logs [a temporary one]")
    return parser.parse_args()


def one_kind(arguments, kind, base):
    """Replays one kind of flood in all modes; True when the known flows are as they were."""
    binary, generator = arguments.build / "tapstat", arguments.build / "bench/synflood_gen"
    capture = base / f"{kind}.pcap"
    known = generate(
        generator,
        kind,
        capture,
        arguments.rate,
        arguments.seconds,
        arguments.known,
        arguments.seed,
    )
    good = True
    networks = base / "networks"
    networks.write_text(KNOWN)
    for mode in arguments.modes.split(","):
        flags = ["--mode", mode, "--source", arguments.source, "-q"]
        flags += [] if arguments.flood_rows else ["-N", networks]
        flags += arguments.flags.split()
        reference = replay(binary, known, base / f"{kind}.{mode}.known", *flags)
        expected = rows(reference.directory)
        expected_exits = exit_records(reference.directory)
        shutil.rmtree(reference.directory)
        for workers in arguments.workers.split(","):
            directory = base / f"{kind}.{mode}.{workers}"
            run = replay(binary, capture, directory, "--workers", workers, *flags)
            lost, wrong = differences(expected, rows(directory))
            exits_lost, exits_wrong = differences(expected_exits, exit_records(directory))
            shutil.rmtree(directory)
            good &= report(kind, mode, workers, run, len(expected), (lost, wrong))
            if expected_exits:
                print(f"{'':38}exit records {len(expected_exits):,}", end="")
                print(f", missing {len(exits_lost):,}, other {len(exits_wrong):,}", flush=True)
                good &= mode == "tstat" or not (exits_lost or exits_wrong)
    capture.unlink()
    known.unlink()
    return good


def report(kind, mode, workers, run, expected, different):
    lost, wrong = different
    counters = run.counters
    refused = counters["flows_refused_table_full"] + counters["udp_flows_refused_table_full"]
    evicted = counters["flows_evicted"] + counters["udp_flows_evicted"]
    print(
        f"{kind:<12}{mode:<10}{workers:>2} {counters['rx_packets']:>12,} packets "
        f"{counters['rx_packets'] / run.seconds / 1e6:5.2f} Mpps  known {expected:,}, "
        f"missing {sum(lost.values()):,}, other {sum(wrong.values()):,}  "
        f"evicted {evicted:,}, refused {refused:,}  "
        f"memory {run.peak_bytes / 2**20:,.0f} of {run.ceiling_bytes / 2**20:,.0f} MiB",
        flush=True,
    )
    problems = [f"equation open: {name}" for name in run.open_equations()]
    if run.status != 0:
        problems.append(f"status {run.status}")
    if run.peak_bytes > run.ceiling_bytes:
        problems.append("more memory than the ceiling")
    if mode == "corrected" and (lost or wrong):
        problems.append("rows of known flows differ: " + str(list((lost + wrong).keys())[:2]))
    for problem in problems:
        print(f"  PROBLEM  {problem}", flush=True)
    return not problems


def main():
    arguments = parse_arguments()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    good = True
    with tempfile.TemporaryDirectory(prefix="tapstat_flood_", dir=arguments.directory) as holder:
        for kind in arguments.kinds.split(","):
            good &= one_kind(arguments, kind, Path(holder))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
