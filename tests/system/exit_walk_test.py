"""A whole walk: served, fetched, measured live or captured and replayed, traced across an hour,
split, and each piece replayed alone. The records have what curl counted and what the server's
kernel sent again."""
from live_lab import LiveLab
from sample_lab import SIZES, SampleLab, sample_lab_or_skip
from support import main
from web100_records import (
    RecordsTestCase,
    all_records,
    by_ends,
    complaints,
    ends_of,
    hour_of,
    measured,
    published,
    read_records,
    write_shifted,
)

# By count: the wire loses these frames of the server behind the tap, so all are sent twice there.
LOST_FRAMES = (30, 90, 91, 150, 400, 900, 1500)
HOUR_US = 3_600_000_000
LINGER_US = 10_000  # shorter than it takes to start the next curl


class AWholeWalk(RecordsTestCase):
    """Each test makes traffic of its own."""

    def fetch_everything(self, lab):
        for family in ("ipv4", "ipv6"):
            for size in SIZES:
                lab.fetch(f"/Sample/{size}.txt", family=family)
        lab.fetch(*(f"/Sample/{size}.txt" for size in SIZES))

    def run_lab(self, faults=()):
        with SampleLab(self.directory, faults) as lab:
            self.fetch_everything(lab)
        self.assertIn("\n0 packets dropped by kernel", lab.tcpdump_said)
        return lab

    def by_client_port(self, records):
        return {ends_of(record)[1][1]: record for record in records}

    def check_against_curl(self, lab, records):
        found = self.by_client_port(records)
        self.assertEqual(sorted(found), [fetch.port for fetch in lab.fetches])
        for fetch in lab.fetches:
            record = found[fetch.port]
            with self.subTest(repr(fetch)):
                self.assertEqual(record["LocalAddress"], fetch.server)
                self.assertEqual(record["RemAddress"], fetch.client)
                self.assertEqual((record["State"], record["ActiveOpen"]), ("1", "0"))
                of_fin = 1
                self.assertEqual(int(record["ThruBytesAcked"]), fetch.bytes_of_server + of_fin)
                self.assertEqual(int(record["ThruBytesReceived"]), fetch.bytes_of_client + of_fin)
                self.assertGreater(int(record["ThruBytesAcked"]), fetch.counts["size_download"])
                self.assertEqual(
                    int(record["DataBytesOut"]) - int(record["BytesRetrans"]), fetch.bytes_of_server
                )
        return found

    def pieces_alone(self, base):
        """The records of each piece of a split, replayed alone."""
        records = []
        for number, piece in enumerate(sorted((self.directory / base).rglob("*.pcap"))):
            alone = self.replay(piece, base=f"{base}_{number}")
            self.assertEqual(len(alone), 1, piece)
            records += alone
        return records

    def check_same(self, records, others):
        others = by_ends(others)
        self.assertEqual(set(by_ends(records)), set(others))
        for ends, record in by_ends(records).items():
            self.assertEqual(measured(record), measured(others[ends]))

    def split(self, *captures, base):
        self.assert_status(self.run_tapstat("split", *captures, "-o", base, "--filter", "tcp"), 0)
        return self.pieces_alone(base)

    def test_records_have_what_curl_counted_and_the_kernel_repeated(self):
        lab = self.run_lab([f"lose:server:{number}" for number in LOST_FRAMES])
        records = self.replay(lab.capture)
        found = self.check_against_curl(lab, records)
        repeated = sum(int(record["PktsRetrans"]) for record in found.values())
        self.assertGreaterEqual(repeated, len(LOST_FRAMES))
        self.assertEqual(repeated, lab.retransmitted)
        self.check_same(records, self.split(lab.capture, base="pieces"))

    def test_a_live_run_with_traces(self):
        outputs = ("-o", "tstat,web100", "--trace", self.directory / "traces")
        with LiveLab(self.directory, *outputs) as lab:
            self.fetch_everything(lab)
        self.assertEqual(lab.status, 0, lab.said)
        self.assertTrue(lab.summary["difference_is_zero"], lab.said)
        self.assertEqual(complaints(lab.base), "")
        records = all_records(lab.base)
        self.check_against_curl(lab, records)
        traces = sorted((self.directory / "traces/SideStream").rglob("*.tra"))
        self.assertTrue(traces)
        self.check_same(records, self.split(*traces, base="of_traces"))

    def test_across_an_hour_with_traces(self):
        lab = self.run_lab()
        settings = self.directory / "short.toml"
        settings.write_text(f'[output.web100]\nlinger = "{LINGER_US // 1000}ms"\n')
        whole = self.replay(lab.capture, "-c", settings)
        self.check_against_curl(lab, whole)
        middle = sorted(self.start_us(record) for record in whole)[len(whole) // 2]
        shift_us = -(middle + LINGER_US) % HOUR_US
        shifted = write_shifted(lab.capture, self.directory / "shifted.pcap", shift_us)
        across = self.replay(shifted, "-c", settings, "--trace", "traces", base="across")
        self.assertEqual(
            {self.start_us(record) + shift_us for record in whole},
            {self.start_us(record) for record in across},
        )
        self.check_hours(self.directory / "across")
        traces = sorted((self.directory / "traces/SideStream").rglob("*.tra"))
        self.assertEqual(len(traces), 2, traces)
        self.check_same(across, self.split(*traces, base="of_traces"))

    @staticmethod
    def start_us(record):
        return int(record["StartTimeSec"]) * 1_000_000 + int(record["StartTimeUsec"])

    def check_hours(self, base):
        files = published(base)
        self.assertEqual(len(files), 2)
        for path in files:
            for record in read_records(path):
                self.assertEqual(hour_of(record), path.name[:11])


if __name__ == "__main__":
    sample_lab_or_skip()
    main()
