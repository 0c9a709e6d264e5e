"""A thousand switches of column groups while a live port gets as much as can be sent: every row
fits the header above it, and every packet and row is written or counted. Needs root."""
import http.client
import re
import time

import support
from control_switch_test import GROUPS, SwitchingTestCase, specification
from live_probe import CORRECTED, ROWS_LOST, InNamespace, LiveTestCase, Sender, conversation
from sample_lab import sample_lab_or_skip
from serving import logs_in

ROUND = 1_000  # connections


class LiveSwitching(SwitchingTestCase, LiveTestCase):
    def connect(self):
        """Over TCP, in the run's own network."""
        port = int(re.search(r"control +http://127.0.0.1:(\d+)", self.results.read_text())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.TIMEOUT_S)
        with InNamespace():
            connection.connect()
        return connection

    def request(self, method, path):
        connection = self.connect()
        connection.request(method, path)
        reply = connection.getresponse()
        answer = reply.status, dict(reply.getheaders()), reply.read()
        connection.close()
        return answer

    def test_a_thousand_random_switches_at_full_load(self):
        self.ip("link", "set", "lo", "up")
        self.start(
            *(*CORRECTED, "-g", "none", "--workers", "2"),
            serve=("--listen", "127.0.0.1:0", "--socket", self.directory / "probe.sock"),
        )
        templates = {g: specification(self, g, "now + 5m", "") for g in GROUPS}
        connection = self.connect()
        sender = Sender([self.sender], conversation(ROUND))
        self.switch_at_random(connection, templates)
        connection.close()
        sender.stop()
        time.sleep(0.5)
        counters = self.stop(0, ROWS_LOST)
        rows = self.assert_rows_fit(logs_in(self.base))
        self.assertEqual(rows, counters["rows_complete_written"])
        self.assertEqual(rows, counters["rows_complete_formatted"])
        self.assertGreater(counters["directories_created"], 10)
        if counters["dropped_nic_missed"] == 0 == counters["dropped_ring_full"]:
            self.assertEqual(counters["tcp_segments"], sender.frames)
            self.assert_rows_are_counted(sender.connections)


if __name__ == "__main__":
    sample_lab_or_skip()
    support.main()
