#!/usr/bin/env python3
"""Kills a replay with SIGKILL at random moments and looks at what is left.

Usage: kill_loop.py BINARY [--rounds N] [--directory DIR] [--seed N]

An endless replay writes Tstat's logs and exit records, again and again into the same directory.
After each kill: every line of every log but its last one is whole; every published .web100 file
passes check_web100.py; no file of an earlier round has changed. What a round has left in the spool
is published by a later one, cut at its last line end and with a sentence that names the bytes.
A last run ends in order and leaves nothing behind. Exit status 1 when any of this does not hold.
"""

import argparse
import hashlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))
# pylint: disable=wrong-import-position
from support import connections, write_pcap  # noqa: E402

CONNECTIONS, GAP_US = 2_500, 8_000_000  # five and a half hours of packet time
SPEED = "x20000"
LONGEST_LIFE_S = 1.2
EARLY_SHARE = 0.2  # of the rounds: killed while they start
START_S_MAX = 30
LAST_RUN_CONNECTIONS = 50
LEFT = re.compile(
    r'"(?P<path>[^"]+)" was left by a process that did not end in order, and is published now, '
    r"(?P<cut>\d+) bytes of an unfinished line cut; records .* may be missing\."
)


class Broken(Exception):
    """A sentence about what does not hold."""


def files_below(directory):
    """{path: bytes} of all files but locks."""
    found = (p for p in sorted(directory.rglob("*")) if p.is_file())
    return {p: p.read_bytes() for p in found if not p.name.startswith("lock")}


def is_part(path):
    return path.name.endswith(".part")


class Figures:
    def __init__(self):
        self.rounds = self.killed_early = self.untold = 0
        self.partial_lines = self.recovered = self.bytes_cut = 0


class Loop:
    def __init__(self, binary, directory):
        self.binary = binary
        self.directory = directory
        self.out = directory / "out"
        self.capture = write_pcap(
            directory / "endless.pcap", connections(CONNECTIONS, gap_us=GAP_US)
        )
        self.known = {}  # path: digest, of every file but parts
        self.parts = {}  # path: bytes
        self.figures = Figures()

    def command(self, capture, *arguments):
        return [self.binary, "replay", capture, "-s", self.out, "-o", "tstat,web100", *arguments]

    def live_and_die(self, life_s, early):
        """What a run says until it is killed, `life_s` after its start (`early`) or after it has
        made its directory."""
        before = set(self.out.glob("*.out*"))
        with subprocess.Popen(
            self.command(self.capture, "--loop", "0", "--speed", SPEED, "--no-progress"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            deadline = time.monotonic() + START_S_MAX
            while not early and set(self.out.glob("*.out*")) == before:
                if process.poll() is not None or time.monotonic() > deadline:
                    break
                time.sleep(0.005)
            time.sleep(life_s)
            if process.poll() is not None:
                raise Broken("the endless replay has ended:\n" + process.communicate()[0])
            process.kill()
            return process.communicate()[0]

    def check_logs(self, files):
        """Whole lines; a last one without its end is counted."""
        for path, data in files.items():
            if path.suffix == ".web100" or is_part(path) or not path.name.startswith("log_"):
                continue
            lines = data.split(b"\n")
            if lines.pop():
                self.figures.partial_lines += 1
            separator = b"\t" if lines and b"\t" in lines[0] else b" "
            for line in lines[1:]:
                if line.count(separator) != lines[0].count(separator):
                    raise Broken(f"{path}: a line is not whole: {line!r}")

    def check_published(self, files):
        new = [p for p in files if p.suffix == ".web100" and p not in self.known]
        if not new:
            return
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/check_web100.py", "--no-warnings", *new],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Broken(done.stdout + done.stderr)

    def check_unchanged(self, files):
        for path, digest in self.known.items():
            if path not in files:
                raise Broken(f"{path} is gone")
            if hashlib.sha256(files[path]).digest() != digest:
                raise Broken(f"{path} has changed")

    def check_recovered(self, files, said):
        """Parts of earlier rounds: still there as they were, or published as far as they were
        whole, with a sentence; or dropped, when they held no record."""
        told = {pathlib.Path(m["path"]): int(m["cut"]) for m in LEFT.finditer(said)}
        for part, data in self.parts.items():
            if files.get(part) == data:
                continue
            whole = data[: data.rfind(b"\n") + 1]
            if whole.count(b"\n") <= 1:
                continue
            published = [p for p, d in files.items() if d == whole and not is_part(p)]
            if not published:
                raise Broken(f"what {part} held is not published")
            if not told:  # killed between the one and the other
                self.figures.untold += 1
                continue
            # Rounds that got equally far have files of the same content.
            published = [p for p in published if p in told]
            if not published:
                raise Broken(f"what {part} held is published, but the run does not say so:\n{said}")
            if told[published[0]] != len(data) - len(whole):
                raise Broken(f"{part}: {len(data) - len(whole)} bytes were cut, not those told")
            self.figures.recovered += 1
            self.figures.bytes_cut += len(data) - len(whole)

    def look(self, said):
        files = files_below(self.out) if self.out.exists() else {}
        self.check_unchanged(files)
        self.check_logs({p: d for p, d in files.items() if p not in self.known})
        self.check_published(files)
        self.check_recovered(files, said)
        self.parts = {p: d for p, d in files.items() if is_part(p)}
        self.known = {p: hashlib.sha256(d).digest() for p, d in files.items() if not is_part(p)}
        return files

    def round(self, life_s, early):
        before = len(self.known) + len(self.parts)
        files = self.look(self.live_and_die(life_s, early))
        self.figures.rounds += 1
        self.figures.killed_early += len(files) == before

    def last_run(self):
        capture = write_pcap(self.directory / "last.pcap", connections(LAST_RUN_CONNECTIONS))
        done = subprocess.run(
            self.command(capture), capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode != 0:
            raise Broken(f"the last run ends with status {done.returncode}:\n{done.stderr}")
        files = self.look(done.stdout + done.stderr)
        if self.parts:
            raise Broken(f"the last run has left {sorted(self.parts)}")
        return files

    def report(self, files, seconds):
        f = self.figures
        logs = [p for p in files if p.name.startswith("log_")]
        exits = [p for p in files if p.suffix == ".web100"]
        rows = sum(files[p].count(b"\n") for p in logs) - len(logs)
        records = sum(files[p].count(b"\nC: ") for p in exits)
        print(
            f"{f.rounds} rounds in {seconds:.0f} s, {f.killed_early} killed before they wrote\n"
            f"{len(logs)} logs with {rows} whole rows, {f.partial_lines} of them end in a partial "
            f"line\n"
            f"{len(exits)} published files with {records} records, {f.recovered} of them "
            f"recovered, {f.bytes_cut} bytes of unfinished lines cut, {f.untold} in the moment of "
            f"a kill\n"
            "nothing torn, changed or overwritten"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--directory", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random_life = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="tapstat_kill_") as own:
        loop = Loop(arguments.binary, arguments.directory or pathlib.Path(own))
        started = time.monotonic()
        try:
            for _ in range(arguments.rounds):
                early = random_life.random() < EARLY_SHARE
                loop.round(random_life.uniform(0, LONGEST_LIFE_S), early)
            files = loop.last_run()
        except Broken as broken:
            print(f"round {loop.figures.rounds + 1}: {broken}", file=sys.stderr)
            return 1
        loop.report(files, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
