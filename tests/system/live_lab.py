"""The lab of sample_lab.py with `tapstat run` on the tapped interface, beside tcpdump: both see the
same frames, so the rows of the run are those of the capture replayed.

Needs root; sample_lab_or_skip() says what is missing.
"""
import json
import signal
import time
from pathlib import Path

from sample_lab import REAL_TIME, SampleLab, network
from support import BINARY, TIMEOUT_S

STOP_S = 30


class LiveLab(SampleLab):
    """Use with `with`; afterwards `status` and `said` are what the probe ended with, and `summary`
    is its summary.json."""

    def __init__(self, directory, *flags, faults=()):
        super().__init__(directory, faults, mirrored=True)
        self.flags = flags
        self.base = self.directory / "live"
        self.probe = self.status = self.summary = None
        self.said = ""

    def _start(self):
        super()._start()
        command = [BINARY, "run", "-i", self.interface, "-s", self.base, "--no-progress"]
        command += self.flags
        if "--no-serve" not in self.flags:
            command += ["--socket", self.directory / "probe.sock", "--listen", "127.0.0.1:0"]
        self.probe = self.net.start("wire", command, env=REAL_TIME)
        deadline = time.monotonic() + TIMEOUT_S
        while "\nmeasuring\n" not in Path(self.probe[1].name).read_text():
            if time.monotonic() > deadline or self.probe[0].poll() is not None:
                raise network.Failure(self.net.stop(self.probe))
            time.sleep(0.02)
        time.sleep(0.1)

    def _say_farewell(self):
        super()._say_farewell()
        if self.probe[0].poll() is None:
            self.probe[0].send_signal(signal.SIGTERM)
        self.said = self.net.wait(self.probe, STOP_S)
        self.status = self.probe[0].returncode
        newest = sorted(self.base.glob("*.out"))[-1]
        self.summary = json.loads((newest / "summary.json").read_text())
