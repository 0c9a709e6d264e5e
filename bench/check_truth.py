#!/usr/bin/env python3
"""Generated traffic through the product: every number of the ground truth must come out exactly.

Also checks that examples/first.pcap is what the generator writes. Usage: check_truth.py
MAKE_TRAFFIC TAPSTAT
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMS = {
    "pkts_retx": "retransmitted_packets",
    "bytes_retx": "retransmitted_bytes",
    "pkts_ooo": "out_of_order_packets",
    "bytes_uniq": "unique_bytes",
    "bytes_all": "payload_bytes",
}
COUNTERS = (
    "analysed_packets dropped_not_ip dropped_not_tcp_udp dropped_bad_ip "
    "dropped_fragment_incomplete tcp_segments udp_datagrams"
).split()
RUNS = [
    ["first"],
    ["isp_mix", "--flows", "1500", "--concurrency", "300"],
    ["isp_mix_loss5", "--flows", "1500"],
    ["setup_stress", "--flows", "4000"],
    ["concurrent", "--flows", "3000", "--packets", "20000"],
]


def found_by(tapstat, capture, folder):
    """What the product says about the capture, by the names of the truth file."""
    out = folder / (capture.stem + ".logs")
    subprocess.run(
        [tapstat, "replay", "-q", "-s", out, capture],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TZ": "UTC"},
    )
    directory = next(out.glob("*.out"))
    counters = json.loads((directory / "counters.json").read_text())["counters"]
    found = {name: counters[name] for name in COUNTERS}
    found |= {
        "packets": counters["rx_packets"],
        "bytes_captured": counters["rx_bytes"],
        "tcp_flows": counters["flows_created"],
    }
    found |= {name: 0 for name in SUMS.values()}
    for log in ("complete", "nocomplete"):
        header, *lines = (directory / ("log_tcp_" + log)).read_text().splitlines()
        names = [word.split(":")[0] for word in header.split("#")[2].split(" ")]
        found["rows_" + log] = len(lines)
        for line in lines:
            row = dict(zip(names, line.split(" ")))
            for column, name in SUMS.items():
                found[name] += int(row["c_" + column]) + int(row["s_" + column])
    return found


def main():
    make_traffic, tapstat = sys.argv[1:3]
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for run in RUNS:
            capture = folder / (run[0] + ".pcap")
            subprocess.run(
                [make_traffic, *run, "-o", capture], check=True, stdout=subprocess.DEVNULL
            )
            truth = json.loads(capture.with_suffix(".truth.json").read_text())
            for quantity, value in found_by(tapstat, capture, folder).items():
                if truth[quantity] != value:
                    problems.append(
                        f"{' '.join(run)}: {quantity} is {truth[quantity]}, not {value}"
                    )
        for file in ("first.pcap", "first.truth.json"):
            if (ROOT / "examples" / file).read_bytes() != (folder / file).read_bytes():
                problems.append(f"examples/{file} is not what make_traffic writes")
    print("\n".join(problems) or f"{len(RUNS)} captures, every number exact")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
