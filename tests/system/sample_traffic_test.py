"""Sample files over a real wire, captured and replayed: each connection's row has the bytes that
curl counted, whatever was lost and sent again."""
import unittest

from sample_lab import PORT, SIZES, SampleLab, sample_lab_or_skip
from support import TestCase, log_lines, main

# By count: the wire loses these frames of the server behind the tap, so all are sent twice there.
LOST_FRAMES = (30, 90, 91, 150, 400, 900, 1500)


def table(base):
    """The rows of log_tcp_complete by the client's port, each {column: text}."""
    names, found = None, {}
    for line in log_lines(base):
        if line.startswith("#"):
            names = [word.rpartition("#")[2].rpartition(":")[0] for word in line.split(" ")]
        else:
            row = dict(zip(names, line.split(" ")))
            found[int(row["c_port"])] = row
    return found


class Traffic(TestCase):
    def fetch_everything(self, lab):
        for family in ("ipv4", "ipv6"):
            for size in SIZES:
                fetch = lab.fetch(f"/Sample/{size}.txt?x={family}", family=family)
                self.assertEqual(fetch.statuses, [200])
                self.assertEqual(fetch.counts["size_download"], size)
        lab.fetch(*(f"/Sample/{size}.txt" for size in SIZES))
        lab.fetch("/Sample/1048576.txt", head=True)
        lab.fetch("/Sample", "/Sample/nothing", "/Sample/", "/", family="ipv6")
        for fetch in lab.fetches:
            self.assertEqual(fetch.counts["num_connects"], 1, fetch)

    def check_bodies(self, lab):
        self.assert_status(self.run_tapstat("samples", "--write", "files"), 0)
        whole = [fetch for fetch in lab.fetches if len(fetch.paths) == 1 and not fetch.head]
        self.assertEqual(len(whole), 2 * len(SIZES))
        for fetch in whole:
            name = fetch.paths[0].split("/")[-1].split("?")[0]
            wanted = (self.directory / "files" / name).read_bytes()
            self.assertTrue(lab.body(fetch).read_bytes() == wanted, fetch)

    def replayed(self, lab, mode):
        base = self.directory / f"out_{mode}"
        self.assert_status(
            self.run_tapstat("replay", lab.capture, "-s", base, "--mode", mode, "--no-progress"), 0
        )
        self.assert_ledger_closes(base)
        rows = table(base)
        self.assertEqual(sorted(rows), [fetch.port for fetch in lab.fetches])
        return rows

    def check_rows(self, lab, rows):
        for fetch in lab.fetches:
            row = rows[fetch.port]
            with self.subTest(fetch=repr(fetch)):
                self.assertEqual((row["c_ip"], row["s_ip"]), (fetch.client, fetch.server))
                self.assertEqual(int(row["s_port"]), PORT)
                self.assertEqual(int(row["c_bytes_uniq"]), fetch.bytes_of_client)
                self.assertEqual(int(row["s_bytes_uniq"]), fetch.bytes_of_server)
                sent = int(row["s_bytes_all"]) - int(row["s_bytes_retx"])
                self.assertEqual(sent, fetch.bytes_of_server)
                self.assertEqual((row["s_rst_cnt"], row["c_rst_cnt"]), ("0", "0"))

    def run_lab(self, faults=()):
        with SampleLab(self.directory, faults) as lab:
            self.fetch_everything(lab)
        self.assertIn("\n0 packets dropped by kernel", lab.tcpdump_said)
        self.assertIn(f": {len(lab.fetches)} connections, ", lab.sums)
        self.check_bodies(lab)
        return lab

    def test_rows_have_the_bytes_that_curl_counted(self):
        lab = self.run_lab()
        for mode in ("tstat", "corrected"):
            self.check_rows(lab, self.replayed(lab, mode))

    def test_what_is_lost_behind_the_tap_is_seen_twice(self):
        lab = self.run_lab([f"lose:server:{number}" for number in LOST_FRAMES])
        for mode in ("tstat", "corrected"):
            rows = self.replayed(lab, mode)
            self.check_rows(lab, rows)
            repeated = sum(int(row["s_pkts_retx"]) for row in rows.values())
            self.assertGreaterEqual(repeated, len(LOST_FRAMES))
            self.assertEqual(repeated, lab.retransmitted)


if __name__ == "__main__":
    sample_lab_or_skip()
    main()
