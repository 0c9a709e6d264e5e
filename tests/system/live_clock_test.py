"""The machine's clock is set while packets come: forth and back, back and forth. Times in rows go
on without a step, and each step is said once.

Sets the clock of the machine it runs on by 30 s, for less than a second each, and is skipped unless
TAPSTAT_STEP_CLOCK=1 allows that. Needs root.
"""
import os
import re
import time

import support
from live_probe import CORRECTED, LiveTestCase, Sender, conversation
from sample_lab import sample_lab_or_skip, skip

STEPS_S = (30, -30)
AWAY_S = 0.8  # several looks of the probe at its clocks
CONNECTIONS = 500  # of a round
PACED = 8_000  # frames a second
NEAR_S = 0.3  # between sending and the row's time, on a busy machine; beside 30 s
LONGEST_S = 1.0  # connections of 0.1 s
TOLD = r"the machine's clock was set (\w+) by ([\d.]+) s;"
TOLD_EACH = [("forward", "30.0"), ("back", "30.0"), ("back", "30.0"), ("forward", "30.0")]


class SetClock:
    """The machine's clock is `by_s` ahead meanwhile."""

    def __init__(self, by_s):
        self.by_ns = by_s * 1_000_000_000

    def __enter__(self):
        self.set(self.by_ns)

    def __exit__(self, *_):
        self.set(-self.by_ns)

    @staticmethod
    def set(by_ns):
        clock = time.CLOCK_REALTIME
        time.clock_settime_ns(clock, time.clock_gettime_ns(clock) + by_ns)


class ClockSet(LiveTestCase):
    def test_times_go_on(self):
        for mode in ("tstat", "corrected"):
            with self.subTest(mode):
                self.base = self.directory / mode
                flags = CORRECTED if mode == "corrected" else ("--mode", mode)
                self.start(*flags, "--workers", "2")
                begin, steady = time.time(), time.monotonic()
                sender = Sender([self.sender], conversation(CONNECTIONS), frames_per_s=PACED)
                time.sleep(AWAY_S)
                for by_s in STEPS_S:
                    with SetClock(by_s):
                        time.sleep(AWAY_S)
                    time.sleep(AWAY_S)
                sender.stop()
                end = begin + time.monotonic() - steady
                time.sleep(0.5)
                self.stop()
                self.assert_no_packet_was_lost()
                self.assert_times_are_between(begin, end, sender)
                self.assertEqual(re.findall(TOLD, self.said()), TOLD_EACH)

    def assert_times_are_between(self, begin, end, sender):
        rows = self.columns("first", "last", "durat", "c_ip")
        self.assertEqual(len(rows), sender.connections)
        of_rounds = {}
        for *texts, client in rows:
            first_s, last_s, duration_s = (float(text) / 1e3 for text in texts)
            self.assertGreater(first_s, begin - NEAR_S)
            self.assertLess(last_s, end + NEAR_S)
            self.assertTrue(0 < duration_s < LONGEST_S, duration_s)
            of_rounds.setdefault(int(client.split(".")[1]), []).append(first_s)
        rounds = [of_rounds[number] for number in sorted(of_rounds)]
        for earlier, later in zip(rounds, rounds[1:]):
            self.assertLess(max(earlier), min(later) + NEAR_S)


if __name__ == "__main__":
    sample_lab_or_skip()
    if os.environ.get("TAPSTAT_STEP_CLOCK") != "1":
        skip("it sets the machine's clock; TAPSTAT_STEP_CLOCK=1 allows it")
    support.main()
