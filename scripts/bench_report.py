#!/usr/bin/env python3
"""The figures that no single benchmark gives: ratios to the floor, to ordinary pages, to printf,
and the CPU time of the whole program per packet and per flow.

The benchmarks run with their repetitions interleaved at random, so that whatever else the machine
does meets all of them alike. End to end is `tapstat replay` of two generated captures with many and
with few packets a flow, less a very small one: two equations for packet and flow.

Usage: bench_report.py [--build BUILD] [--repetitions 7] [--large] [--quick]
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

SMALL = "(4000000|1000000|20000|50000)"
# name of the ratio, over, under; {n} is a number of flows
RATIOS = [
    ("worker path / floor, {n} flows", "worker_full/hugepages/{n}", "floor/{n}"),
    ("corrected mode / floor, {n} flows", "worker_full/corrected/{n}", "floor/{n}"),
    ("4 KiB / huge pages, {n} flows", "worker_full/4k/{n}", "worker_full/hugepages/{n}"),
    ("5 % loss / ISP mix", "whole_capture/isp_mix_loss5/2000", "whole_capture/isp_mix/2000"),
    ("row / printf, 112 columns", "format/tcp_112", "format_baseline_printf/tcp_112"),
    ("row / printf, 134 columns", "format/tcp_134", "format_baseline_printf/tcp_134"),
]
FLOWS = (10_000, 1_000_000, 4_000_000)


def run_benchmark(program, arguments):
    """{name without its last words: [ns per packet, flow or row, one for each repetition]}"""
    command = [program, "--benchmark_format=json", "--benchmark_enable_random_interleaving=true"]
    command.append(f"--benchmark_repetitions={arguments.repetitions}")
    if not arguments.large:
        command.append(f"--benchmark_filter=-/{SMALL if arguments.quick else '4000000'}")
    if arguments.quick:
        command.append("--benchmark_min_time=0.001")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    times = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            sys.exit(f"bench_report: {run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration" and "items_per_second" in run:
            words = [w for w in run["run_name"].split("/") if ":" not in w and w != "manual_time"]
            times.setdefault("/".join(words), []).append(1e9 / run["items_per_second"])
    return times


def low(values):
    """10th percentile."""
    return sorted(values)[int(0.1 * (len(values) - 1))]


def find(times, name):
    """The times of the benchmark, whose name may go on after `name`."""
    for full, values in times.items():
        if full == name or full.startswith(name + "/"):
            return values
    return None


def print_times(times):
    print(f"{'':<44}{'median ns':>11}{'10 % below':>12}")
    for name, values in times.items():
        print(f"{name:<44}{statistics.median(values):>11.1f}{low(values):>12.1f}")


def print_ratios(times):
    print(f"\n{'':<44}{'of medians':>11}{'of lows':>12}")
    for label, over, under in RATIOS:
        for n in FLOWS if "{n}" in label else (None,):
            above, below = (find(times, name.format(n=n)) for name in (over, under))
            if above is None or below is None:
                continue
            medians = statistics.median(above) / statistics.median(below)
            print(f"{label.format(n=n):<44}{medians:>11.2f}{low(above) / low(below):>12.2f}")


def cpu_seconds(command):
    """Of all threads of the program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def replay_cost(build, folder, profile, flows, concurrency, repetitions):
    """(CPU seconds, packets, TCP flows) of a replay: the median of several."""
    capture = folder / f"{profile}_{flows}.pcap"
    make = [build / "bench/make_traffic", profile, "-o", capture, "--flows", str(flows)]
    make += ["--concurrency", str(concurrency)]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    truth = json.loads(capture.with_suffix(".truth.json").read_text())
    command = [build / "tapstat", "replay", "-q", "-s", folder / "logs", capture]
    times = [cpu_seconds(command) for _ in range(repetitions)]
    return statistics.median(times), truth["packets"], truth["tcp_flows"]


def print_end_to_end(build, arguments):
    scale = 20 if arguments.quick else 1
    repetitions = 1 if arguments.quick else 3
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        start, _, _ = replay_cost(build, folder, "isp_mix", 10, 10, repetitions)
        mix = replay_cost(build, folder, "isp_mix", 40_000 // scale, 10_000, repetitions)
        stress = replay_cost(build, folder, "setup_stress", 160_000 // scale, 20_000, repetitions)
    (mix_s, mix_packets, mix_flows), (stress_s, packets, flows) = mix, stress
    mix_s, stress_s = mix_s - start, stress_s - start
    flow = (stress_s - mix_s * packets / mix_packets) / (flows - mix_flows * packets / mix_packets)
    packet = (mix_s - flow * mix_flows) / mix_packets
    print("\nend to end, CPU time of all threads (tapstat replay, file in the page cache)")
    for label, seconds in (
        ("ISP mix, a packet with its share of flows", mix_s / mix_packets),
        ("a packet", packet),
        ("a flow on top of its packets, with its row", flow),
    ):
        print(f"{label:<44}{1e9 * seconds:>11.0f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--repetitions", default=7, type=int)
    parser.add_argument("--large", action="store_true", help="4 million flows as well")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work?")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    times = run_benchmark(build / "bench/bench_pipeline", arguments)
    times |= run_benchmark(build / "bench/bench_writer", arguments)
    print_times(times)
    print_ratios(times)
    print_end_to_end(build, arguments)


if __name__ == "__main__":
    main()
