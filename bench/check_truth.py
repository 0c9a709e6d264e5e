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


# What bench/README.md says of the profiles: shares and means, lowest and highest that pass.
SHAPES = {
    "isp_mix": {
        "bytes a frame": (780, 880),
        "segments a TCP flow": (66, 76),
        "UDP flows": (0.08, 0.12),
        "IPv6 rows": (0.08, 0.12),
        "segments seen twice or late": (0.002, 0.006),
    },
    "isp_mix_loss5": {"segments seen twice or late": (0.025, 0.06)},
    "setup_stress": {"packets a flow": (14, 16)},
}


def shape_of(truth, ipv6_share):
    flows = truth["tcp_flows"] + truth["udp_flows"]
    odd = truth["retransmitted_packets"] + truth["out_of_order_packets"]
    return {
        "bytes a frame": truth["bytes_on_wire"] / truth["packets"],
        "segments a TCP flow": truth["tcp_segments"] / truth["tcp_flows"],
        "packets a flow": truth["packets"] / flows,
        "UDP flows": truth["udp_flows"] / flows,
        "IPv6 rows": ipv6_share,
        "segments seen twice or late": odd / truth["tcp_segments"],
    }


def out_of_shape(profile, shape):
    for quantity, (lowest, highest) in SHAPES.get(profile, {}).items():
        if not lowest <= shape[quantity] <= highest:
            yield f"{profile}: {quantity}: {shape[quantity]:.4g}, not {lowest} to {highest}"


def found_by(tapstat, capture, folder):
    """What the product says about the capture, by the names of the truth file; share of IPv6."""
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
    ipv6_rows = 0
    for log in ("complete", "nocomplete"):
        header, *lines = (directory / ("log_tcp_" + log)).read_text().splitlines()
        names = [word.split(":")[0] for word in header.split("#")[2].split(" ")]
        found["rows_" + log] = len(lines)
        for line in lines:
            row = dict(zip(names, line.split(" ")))
            ipv6_rows += ":" in row["c_ip"]
            for column, name in SUMS.items():
                found[name] += int(row["c_" + column]) + int(row["s_" + column])
    rows = found["rows_complete"] + found["rows_nocomplete"]
    return found, ipv6_rows / max(rows, 1)


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
            found, ipv6_share = found_by(tapstat, capture, folder)
            problems += out_of_shape(run[0], shape_of(truth, ipv6_share))
            for quantity, value in found.items():
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
