"""Rings that are full while packets come: those to a worker, and those of records to a writer that
stands still for less than the watchdog waits. The packet path waits for nobody, and what is missing
is counted. Needs root."""
import time

import support
from live_probe import CORRECTED, LISTEN, ROWS_LOST, LiveTestCase, Sender, conversation
from overload_test import Halted
from sample_lab import sample_lab_or_skip

FIRST_WORKER = "rte-worker-2"  # 1 is the dispatcher
LISTEN_BACK, SEND_BACK = "listen1", "send1"
STALLED = 3_000  # connections, while somebody stands still; more than any ring holds
AFTERWARDS = 500
PACED = 8_000  # frames a second: the ring of records holds a second of them
TWO_PORTS = f"""
[ports.{LISTEN}]
kernel = true
queues = 1
[ports.{LISTEN_BACK}]
kernel = true
queues = 1
"""
SMALL_RING = "[memory]\nrecord_ring = 1024\n[output.web100]\nlinger = '0s'\n"
EXITS_DUE_S = 3  # their timers turn each second, and the watchdog waits for 5


def is_output(name):
    return not name.startswith("rte-worker")


class FullRings(LiveTestCase):
    @classmethod
    def setUpClass(cls):
        cls.many, cls.few = conversation(STALLED), conversation(AFTERWARDS)

    def halted(self, wanted):
        try:
            return Halted(self.process, wanted)
        except PermissionError as error:
            self.skipTest(f"may not trace: {error}")

    def test_ring_to_a_worker_that_stands_still(self):
        """Two ports, merged by one thread, and one of two workers halted."""
        self.make_interfaces(LISTEN_BACK, SEND_BACK)
        self.start(*self.settings(TWO_PORTS), *CORRECTED, "--workers", "2", ports=())
        sockets = [self.sender, self.open_sender(SEND_BACK)]
        with self.halted(lambda name: name == FIRST_WORKER):
            stalled = Sender(sockets, self.many, rounds=1).wait()
            time.sleep(0.3)
        time.sleep(0.3)
        later = Sender(sockets, self.few, first_round=1, rounds=1, frames_per_s=PACED).wait()
        time.sleep(0.5)
        c = self.stop()
        self.assertEqual(c["dropped_nic_missed"], 0)
        self.assertEqual(c["rx_packets"], c["port_packets"])
        self.assertGreaterEqual(c["rx_packets"], stalled.frames + later.frames)
        self.assertGreater(c["dropped_ring_full"], 0)
        self.assertEqual(c["tcp_segments"] + c["dropped_ring_full"], stalled.frames + later.frames)
        self.assertGreater(self.clients_of_round(0), STALLED / 3)  # the other worker's half
        self.assertEqual(self.clients_of_round(1), AFTERWARDS)

    def test_ring_of_records(self):
        for mode in ("tstat", "corrected"):
            with self.subTest(mode):
                self.base = self.directory / mode
                flags = CORRECTED if mode == "corrected" else ("--mode", mode)
                self.start(*flags, *self.settings(SMALL_RING), "-o", "tstat,web100")
                with self.halted(is_output):
                    stalled = self.send(self.many)
                    time.sleep(EXITS_DUE_S)
                time.sleep(0.5)
                later = self.send(self.few, first_round=1, frames_per_s=PACED)
                time.sleep(0.5)
                c = self.stop(ROWS_LOST)
                self.assert_no_packet_was_lost()
                self.assertEqual(c["rx_packets"], c["port_packets"])
                self.assertEqual(self.clients_of_round(1), AFTERWARDS)
                self.assert_rows_are_counted(stalled.connections + later.connections)
                self.assertGreater(c["flows_dropped_queue_full"], 0)
                self.assertGreater(c["exit_records_dropped_queue_full"], 0)


if __name__ == "__main__":
    sample_lab_or_skip()
    support.main()
