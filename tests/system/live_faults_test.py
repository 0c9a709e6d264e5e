"""What a live run does when its machine misbehaves: overrun, link and device gone, a writer that
stands still, rights given up, a service manager that wants to know.

A pair of interfaces of its own, in a namespace of its own. Needs root.
"""
import os
import re
import signal
import socket
import time
from pathlib import Path

import support
from live_probe import LISTEN, SEND, LiveTestCase
from overload_test import ALL_THREADS, Halted
from sample_lab import sample_lab_or_skip
from support import connections, ethernet, ipv4, udp

FRAMES = 40_000  # more than the ring of the kernel holds: 32 MiB
FRAME = ethernet(ipv4("192.0.2.1", "192.0.2.2", 17, udp(4000, 5000, b"x" * 1400)))
WATCHDOG_S = 5


class LiveFaults(LiveTestCase):
    def send_frames(self, count):
        for _ in range(count):
            self.sender.send(FRAME)

    def test_what_the_ring_cannot_hold_is_counted(self):
        for workers, allowed in (("1", 0), ("2", 0), ("1", 5)):
            with self.subTest(workers=workers, allowed=allowed):
                flags = ["--fail-on-loss=0.001"] if allowed else []
                self.base = self.directory / f"out_{workers}_{allowed}"
                self.start("--workers", workers, *flags)
                self.process.send_signal(signal.SIGSTOP)
                self.send_frames(FRAMES)
                self.process.send_signal(signal.SIGCONT)
                time.sleep(0.5)
                counters = self.stop(allowed)
                self.assertGreaterEqual(counters["port_packets"], FRAMES)
                self.assertGreater(counters["dropped_nic_missed"], 0)
                self.assertEqual(
                    counters["rx_packets"] + counters["dropped_nic_missed"],
                    counters["port_packets"],
                )

    def test_link_down_and_up(self):
        self.start()
        for times in (1, 2):
            for state, said in (("down", "the link is down."), ("up", "the link is up again.")):
                self.ip("link", "set", SEND, state)
                self.wait_for(lambda: self.said().count(said) == times)
        self.send_frames(100)
        time.sleep(0.5)
        counters = self.stop()
        self.assertGreaterEqual(counters["udp_datagrams"], 100)
        self.assertEqual(counters["dropped_nic_missed"], 0)

    def test_device_removed(self):
        self.start()
        self.ip("link", "del", LISTEN)
        self.wait_for(lambda: "the device was removed" in self.said())
        self.make_interfaces()
        self.wait_for(lambda: "the device is back" in self.said())
        self.sender.close()
        self.sender = self.open_sender()
        self.send_frames(100)
        time.sleep(0.5)
        self.assertGreaterEqual(self.stop()["udp_datagrams"], 100)

    def test_device_removed_ends_the_run_when_that_is_wanted(self):
        self.start(*self.settings('[run]\non_device_removed = "stop"\n'))
        self.ip("link", "del", LISTEN)
        self.assertEqual(self.process.wait(30), 6, self.said())
        self.assert_ledger_closes(self.base)

    def test_a_writer_that_stands_still_ends_the_process(self):
        self.start()
        started = time.monotonic()
        halted = Halted(self.process, lambda name: not name.startswith("rte-worker"))
        halted.threads.remove(self.process.pid)  # the supervisor
        try:
            halted.__enter__()
        except PermissionError as error:
            self.skipTest(f"may not trace: {error}")
        main = Path(f"/proc/{self.process.pid}/status")
        deadline = started + WATCHDOG_S + 15
        while "zombie" not in main.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        for thread in halted.threads:  # who traces a thread has to see it end
            os.waitpid(thread, ALL_THREADS)
        self.assertEqual(self.process.wait(1), 7, self.said())
        self.assertGreaterEqual(time.monotonic() - started, WATCHDOG_S - 1)
        self.assertIn("writer", self.said())

    def test_rights_are_given_up(self):
        self.base.mkdir()
        self.directory.chmod(0o755)
        self.start("--user", "nobody", "-o", "tstat,web100", "--workers", "2")
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            status = dict(re.findall(r"^(\w+):\s+(.*)$", (task / "status").read_text(), re.M))
            self.assertEqual(int(status["CapEff"], 16), 0, status["Name"])
            self.assertEqual(int(status["CapPrm"], 16), 0, status["Name"])
            self.assertEqual(status["NoNewPrivs"], "1", status["Name"])
            self.assertEqual(status["Seccomp"], "2", status["Name"])
            self.assertEqual(set(status["Uid"].split()), {"65534"}, status["Name"])
        for _, frame in connections(50):
            self.sender.send(frame)
        time.sleep(0.5)
        counters = self.stop()
        self.assertEqual(counters["rows_complete_written"], 50)
        self.assertEqual(counters["exit_records_written"], 50)
        made_afterwards = [*self.base.rglob("*.json"), *self.base.glob("SideStream/**/*.web100")]
        self.assertGreaterEqual(len(made_afterwards), 3)
        for path in [self.base, *made_afterwards]:
            self.assertEqual(path.stat().st_uid, 65534, path)

    def test_a_service_manager_is_told(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(str(self.directory / "notify"))
        manager.settimeout(10)
        # The watchdog's process is the one that systemd started, which `ip netns exec` becomes.
        self.start(
            env={"NOTIFY_SOCKET": str(self.directory / "notify"), "WATCHDOG_USEC": "2000000"}
        )
        told = ""
        while "WATCHDOG=1" not in told:
            told += manager.recv(4096).decode() + "\n"
        self.assertIn("READY=1", told)
        self.stop()
        while "STOPPING=1" not in told:
            told += manager.recv(4096).decode() + "\n"


if __name__ == "__main__":
    sample_lab_or_skip()
    support.main()
