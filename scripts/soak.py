#!/usr/bin/env python3
"""Lets the probe work for hours and watches it: an endless replay at a part of its full speed,
times shifted each round, while columns are switched and directories rotated each minute, a client
asks ten times a second, and every ten minutes something goes wrong. Exit status 0 when nothing
grew, nothing was lost and every round gave the same rows.

Usage: soak.py BINARY CAPTURE [--hours H | --seconds S] [--share 0.5] [--directory DIR]
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MINUTE_S = 60
FAULT_EVERY_S = 600
ASK_EVERY_S = 0.1
SLOPE_MIB_PER_HOUR_MAX = 1.0
GROUPS = ("p2p", "options", "end_to_end")


class Failed(Exception):
    """A sentence: what did not hold."""


def replay(binary, capture, base, *flags):
    command = [binary, "replay", capture, "-s", base, "--json", "--no-progress", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


class Soak:
    def __init__(self, arguments, directory):
        self.binary = arguments.binary.resolve()
        self.capture = arguments.capture.resolve()
        self.seconds = arguments.seconds or arguments.hours * 3600
        self.share = arguments.share
        self.directory = Path(directory)
        self.socket = self.directory / "probe.sock"
        self.conf = self.directory / "runtime.conf"
        self.samples = []
        self.asked = self.switches = self.rotations = self.faults = 0

    def run(self):
        alone = replay(self.binary, self.capture, self.directory / "alone")
        rounds_per_s = 1 / alone["wall_s"]
        speed = max(alone["traffic_s"] * rounds_per_s * self.share, 0.001)
        print(
            f"full speed {alone['packets_per_s'] / 1e6:.2f} Mpps; soak at {speed:.1f} x real time"
        )
        self.conf.write_text("[log]\nlog_tcp_complete = 1\n[options]\ntcplog_end_to_end = 1\n")
        flags = ["-T", self.conf, "--serve", "--listen", "127.0.0.1:0", "--socket", self.socket]
        self.errors = (self.directory / "stderr").open("w+")
        self.process = subprocess.Popen(
            [self.binary, "replay", self.capture, "-s", self.directory / "out", "--loop", "0"]
            + ["--speed", f"x{speed:.3f}", "--json", "--no-progress", *flags],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        try:
            self.watch()
        except BaseException:
            self.process.kill()
            raise
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=300)[0]
        if self.process.returncode != 0:
            raise Failed(f"status {self.process.returncode}: {self.said()}")
        self.judge(alone, json.loads(said))

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def ask(self, *words):
        command = [self.binary, words[0], "--socket", self.socket, *words[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0

    def watch(self):
        started = time.monotonic()
        next_minute, next_fault = started + MINUTE_S / 2, started + FAULT_EVERY_S / 2
        while time.monotonic() - started < self.seconds:
            if self.process.poll() is not None:
                raise Failed(f"it ended with {self.process.returncode}: {self.said()}")
            self.asked += self.ask("status", "--json")
            now = time.monotonic()
            if now >= next_minute:
                next_minute += MINUTE_S
                self.every_minute()
            if now >= next_fault:
                next_fault += FAULT_EVERY_S
                self.make_a_fault()
            time.sleep(ASK_EVERY_S)
        self.sample()

    def sample(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        rss_mib = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        self.samples.append((time.monotonic(), rss_mib, descriptors, threads))

    def every_minute(self):
        group = GROUPS[self.switches % len(GROUPS)]
        state = "on" if self.switches // len(GROUPS) % 2 else "off"
        self.switches += self.ask("groups", f"{group}={state}")
        self.rotations += self.ask("rotate")
        self.sample()
        print(f"rss {self.samples[-1][1]:.1f} MiB, {self.samples[-1][2:]}", flush=True)

    def make_a_fault(self):
        kind = self.faults % 3
        self.faults += 1
        good = self.conf.read_text()
        if kind == 0:  # a configuration that is none
            self.conf.write_text("[options]\nno such line\n")
            time.sleep(1)
            self.conf.write_text(good)
        elif kind == 1:  # the machine sleeps
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(3)
            self.process.send_signal(signal.SIGCONT)
        else:  # a hang-up in the middle of everything
            self.process.send_signal(signal.SIGHUP)

    def judge(self, alone, done):
        if not done["difference_is_zero"]:
            raise Failed("the ledger does not close")
        counters = done["counters"]
        lost = {k: v for k, v in counters.items() if v and ("queue_full" in k or "error" in k)}
        if lost:
            raise Failed(f"lost: {lost}")
        rounds = counters["rx_packets"] // alone["counters"]["rx_packets"]
        in_one = alone["counters"]
        flows = in_one["rows_complete_written"] + in_one["rows_nocomplete_written"]
        for name in ("rows_complete_written", "rows_nocomplete_written"):
            # The last round ends in its middle: what is open then ends as not complete.
            more = counters[name] - rounds * in_one[name]
            if not 0 <= more <= flows:
                raise Failed(f"{name}: {counters[name]} in {rounds} rounds of {in_one[name]}")
        settled = self.samples[len(self.samples) // 4 :]
        hours = (settled[-1][0] - settled[0][0]) / 3600
        slope = (settled[-1][1] - settled[0][1]) / max(hours, 1e-9)
        changed = {k: [s[k] for s in settled] for k in (2, 3)}
        print(
            f"{rounds} rounds, {counters['rx_packets']:,} packets, {self.switches} switches, "
            f"{self.rotations} rotations, {self.asked} questions, {self.faults} faults; "
            f"memory {slope:+.2f} MiB/h, descriptors {min(changed[2])}-{max(changed[2])}, "
            f"threads {min(changed[3])}-{max(changed[3])}"
        )
        if len(settled) > 2 and slope > SLOPE_MIB_PER_HOUR_MAX and hours >= 1:
            raise Failed(f"memory grows by {slope:.2f} MiB/h")
        if max(changed[2]) - min(changed[2]) > 4 or len(set(changed[3])) > 1:
            raise Failed("descriptors or threads come and stay")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--share", type=float, default=0.5, help="of the full speed")
    parser.add_argument("--directory", help="where files go; kept")
    arguments = parser.parse_args()
    try:
        if arguments.directory:
            Path(arguments.directory).mkdir(parents=True)
            Soak(arguments, arguments.directory).run()
        else:
            with tempfile.TemporaryDirectory(prefix="soak_") as directory:
                Soak(arguments, directory).run()
    except Failed as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
