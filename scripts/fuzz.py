#!/usr/bin/env python3
"""Runs the fuzz targets of a build, each for a while, and ends with a table.

Usage: fuzz.py [--build DIR] [--seconds N] [--jobs N] [--keep] [TARGET...]

The build is one with -Dfuzz=true (clang). A target starts from tests/fuzz/corpus/TARGET with its
dictionary from tests/fuzz/dictionaries. An input counts as new when it reached code that the corpus
does not; --keep adds those to the corpus, the smallest for each piece of code. Findings are left in
the build directory, and a finding makes the exit status 1.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
FUZZ = ROOT / "tests/fuzz"
LIMITS = ("-timeout=2", "-rss_limit_mb=512")
LONGEST, LONGEST_OF_PACKETS = 65_536, 16_384
OF_PACKETS = {"fuzz_packet", "fuzz_packets", "fuzz_frag", "fuzz_split"}
DICTIONARIES = {
    "tls": ("fuzz_tls", "fuzz_tcp_inspector"),
    "http": ("fuzz_http_fields", "fuzz_http_server", "fuzz_sample_site"),
    "dns": ("fuzz_dns", "fuzz_dns_stream"),
    "quic": ("fuzz_quic", "fuzz_udp_inspector"),
    "config": ("fuzz_config",),
    "mplane": ("fuzz_mplane_json", "fuzz_when", "fuzz_mirror"),
}


class Outcome(NamedTuple):
    target: str
    runs: int
    seconds: float
    coverage: int  # edges
    new_inputs: int
    findings: list
    kept: int


def words_for(target):
    longest = LONGEST_OF_PACKETS if target in OF_PACKETS else LONGEST
    words = [*LIMITS, f"-max_len={longest}"]
    for name, targets in DICTIONARIES.items():
        if target in targets:
            words.append(f"-dict={FUZZ}/dictionaries/{name}.dict")
    return words


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def environment():
    """Files that targets make stay in memory."""
    in_memory = {"TMPDIR": "/dev/shm"} if os.path.isdir("/dev/shm") else {}
    return {**os.environ, **in_memory}


def findings_of(folder, target):
    """What is left behind is named KIND-SUM behind the target's name."""
    return {
        p.name
        for p in folder.glob(target + "-*")
        if re.search(r"-(crash|leak|oom|timeout)-", p.name)
    }


def keep_new(program, target, found):
    """How many inputs the corpus gets."""
    corpus = FUZZ / "corpus" / target
    before = len(list(corpus.iterdir()))
    merge = [program, "-merge=1", *words_for(target), corpus, found]
    subprocess.run(merge, env=environment(), capture_output=True, check=False)
    return len(list(corpus.iterdir())) - before


def run(target, arguments):
    folder = arguments.build
    program = folder / "tests/fuzz" / target
    before = findings_of(folder, target)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as found:
        done = subprocess.run(
            [program, *words_for(target), f"-max_total_time={arguments.seconds}"]
            + [f"-artifact_prefix={folder}/{target}-", "-print_final_stats=1"]
            + [found, FUZZ / "corpus" / target],
            env=environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        seconds = time.monotonic() - started
        (folder / f"{target}.log").write_text(done.stderr)
        new_inputs = len(os.listdir(found))
        kept = keep_new(program, target, found) if arguments.keep and new_inputs else 0
    findings = sorted(findings_of(folder, target) - before)
    if done.returncode != 0 and not findings:
        findings = [f"status {done.returncode}"]
    return Outcome(
        target,
        last_number(r"stat::number_of_executed_units: (\d+)", done.stderr),
        seconds,
        last_number(r"cov: (\d+)", done.stderr),
        new_inputs,
        findings,
        kept,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time")
    parser.add_argument("--keep", action="store_true", help="add new inputs to the corpus")
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    built = {p.name for p in (arguments.build / "tests/fuzz").glob("fuzz_*") if p.is_file()}
    unknown = set(arguments.targets) - built
    if unknown or not built:
        sys.exit(f"not built in {arguments.build}: {' '.join(sorted(unknown)) or 'fuzz targets'}")
    targets = arguments.targets or sorted(built)
    print(f"{'target':22}{'runs':>12}{'seconds':>9}{'edges':>7}{'new':>6}{'kept':>6}  findings")
    failed = False
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for o in pool.map(lambda target: run(target, arguments), targets):
            line = f"{o.target:22}{o.runs:>12,}{o.seconds:>9.0f}{o.coverage:>7}"
            line += f"{o.new_inputs:>6}{o.kept:>6}  {' '.join(o.findings) or 'none'}"
            print(line, flush=True)
            failed = failed or bool(o.findings)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
