"""Exit records against the kernel's own figures, on the reference captures: what is exact must be
equal, what is estimated inside its tolerance."""
from kernel_truth import SETS, Transfers
from support import main, shared_or_skip
from web100_records import RecordsTestCase, by_ends

ESTIMATES_INSIDE = 0.85  # of the connections
ROUNDED = 0.5  # milliseconds
# The kernel's figure, and what may lie between: milliseconds, or a part of it.
TIMES = {
    "MinRTT": ("min_rtt", 1.1, 0.03),
    "SmoothedRTT": ("rtt", 2.5, 0.20),
    "RTTVar": ("rttvar", 3, 0.30),
    "CurRTO": ("rto", 12, 0.10),
}


def estimates(connection):
    """{key: (observed, the kernel's, whether it is inside)}."""
    found = {}
    for key, (name, absolute, relative) in TIMES.items():
        if key == "CurRTO" and connection.syns_were_repeated:
            continue  # the kernel starts from another value then
        kernel = connection.kernel[name] / 1000
        observed = connection.value(key)
        limit = max(absolute, relative * kernel) + ROUNDED
        found[key] = (observed, kernel, abs(observed - kernel) <= limit)
    limited = connection.value("SndLimTimeRwin") / 1000
    kernel = connection.kernel["rwnd_limited"] / 1000
    inside = abs(limited - kernel) <= max(30, 0.2 * kernel)
    found["SndLimTimeRwin"] = (limited, kernel, inside)
    return found


class AgainstTheKernel(RecordsTestCase):
    def connections(self, transfers, with_networks):
        """The connections of a set as the probe saw them, with A's hosts internal or without."""
        arguments = ()
        if with_networks:
            (self.directory / "networks").write_text(transfers.networks_of_a())
            arguments = ("-N", "networks")
        base = f"{transfers.meta['seed']}_{with_networks}"
        records = by_ends(self.replay(transfers.capture, *arguments, base=base))
        self.assertEqual(len(records), len(transfers.flows))
        return transfers.beside(records)

    def test_exact_variables_are_equal(self):
        for name in SETS:
            for with_networks in (True, False):
                found = self.connections(Transfers(name), with_networks)
                sides = {connection.side for connection in found}
                self.assertEqual(sides, {"A"} if with_networks else {"A", "B"})
                for connection in found:
                    with self.subTest(name, connection=repr(connection)):
                        self.check_exact(connection)

    def check_exact(self, connection):
        for key, wanted in connection.exact():
            self.assertEqual(connection.value(key), wanted, key)
        times = ("SndLimTimeSender", "SndLimTimeCwnd", "SndLimTimeRwin")
        self.assertEqual(sum(map(connection.value, times)), connection.value("Duration"))

    def test_estimates_are_inside_their_tolerances(self):
        for name in SETS:
            transfers = Transfers(name)
            found = self.connections(transfers, with_networks=True)
            near = [c for c in found if c.is_near and c.is_sender]
            inside = {}
            for connection in near:
                for key, (_, _, is_inside) in estimates(connection).items():
                    inside.setdefault(key, []).append(is_inside)
                with self.subTest(name, connection=repr(connection)):
                    self.check_bounds(connection)
            for key, results in inside.items():
                with self.subTest(name, key=key):
                    self.assertGreaterEqual(sum(results), ESTIMATES_INSIDE * len(results))
            if near:
                recoveries = transfers.recoveries_of_a()
                seen = sum(connection.value("FastRetran") for connection in near)
                self.assertLessEqual(abs(seen - recoveries), max(1, 0.05 * recoveries), name)

    def test_any_number_of_workers_sees_the_same(self):
        for name in SETS:
            capture = Transfers(name).capture
            seen = []
            for workers in (1, 3):
                found = self.replay(capture, "--workers", workers, base=f"{name}_{workers}")
                seen.append(sorted(str({**record, "cid": 0}) for record in found))
            self.assertEqual(seen[1], seen[0])

    def check_bounds(self, connection):
        """Against what was polled of the kernel while the connection lived."""
        timeouts = connection.value("Timeouts") + connection.value("SubsequentTimeouts")
        self.assertLessEqual(abs(timeouts - connection.kernel["total_rto"]), 1)
        polled, mss = connection.flow["polled"], connection.kernel["snd_mss"]
        window = max(polled["max_snd_cwnd"], 10)
        self.assertLessEqual(connection.value("MaxCwnd"), 1.02 * (window + 3) * mss)
        if connection.flow["kind"] == "bulk":  # its segments are full but for the last
            whole = connection.value("DataBytesOut")
            least = min((polled["max_unacked"] - 1) * mss, whole)
            self.assertGreaterEqual(connection.value("MaxRetxQueue"), least)


if __name__ == "__main__":
    shared_or_skip()
    main()
