#!/usr/bin/env python3
"""Compares two results of one benchmark: ratio of the medians and what the deviation says about it.

Both files come from `BENCHMARK --benchmark_repetitions=5 --benchmark_out=FILE
--benchmark_out_format=json`, or the first is a reduced one from bench/baseline (made with
--reduce). "slower" and "faster" need a ratio beyond --tolerance and beyond the spread of both runs.
Exit status 1 when something is slower.

Usage: bench_compare.py BEFORE.json AFTER.json [--tolerance 0.03]
       bench_compare.py --reduce RESULT.json > bench/baseline/NAME.json
"""
import argparse
import json
import statistics
import sys

UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def time_of(run):
    """Nanoseconds of one iteration: timed by hand where the benchmark does, else CPU time."""
    return (
        run["real_time" if run["name"].endswith("manual_time") else "cpu_time"]
        * UNITS[run["time_unit"]]
    )


def load(path):
    """{benchmark: {"median_ns", "deviation", "items_per_second"}}; deviation is relative."""
    with open(path) as file:
        content = json.load(file)
    if "medians" in content:
        return content["medians"]
    runs = {}
    for run in content["benchmarks"]:
        if run.get("run_type") == "iteration" and not run.get("error_occurred"):
            runs.setdefault(run["run_name"], []).append(run)
    return {name: reduced(repetitions) for name, repetitions in runs.items()}


def reduced(repetitions):
    times = [time_of(run) for run in repetitions]
    median = statistics.median(times)
    deviation = statistics.stdev(times) / median if len(times) > 1 else 0.0
    rates = [run["items_per_second"] for run in repetitions if "items_per_second" in run]
    result = {"median_ns": round(median, 2), "deviation": round(deviation, 4)}
    if rates:
        result["items_per_second"] = round(statistics.median(rates))
    return result


def verdict(before, after, tolerance):
    ratio = after["median_ns"] / before["median_ns"]
    noise = max(tolerance, before["deviation"] + after["deviation"])
    return ratio, "slower" if ratio > 1 + noise else "faster" if ratio < 1 - noise else ""


def compare(before, after, tolerance):
    slower = 0
    width = max(map(len, before | after))
    print(f"{'benchmark':<{width}}  {'before ns':>12}  {'after ns':>12}  ratio  deviation")
    for name in sorted(before | after):
        if name not in before or name not in after:
            print(f"{name:<{width}}  only {'after' if name in after else 'before'}")
            continue
        ratio, word = verdict(before[name], after[name], tolerance)
        slower += word == "slower"
        old, new = before[name], after[name]
        times = f"{old['median_ns']:12.1f}  {new['median_ns']:12.1f}  {ratio:5.2f}"
        spread = f"{old['deviation']:.1%} {new['deviation']:.1%}"
        print(f"{name:<{width}}  {times}  {spread}  {word}".rstrip())
    return slower


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--tolerance", type=float, default=0.03)
    parser.add_argument("--reduce", action="store_true")
    arguments = parser.parse_args()
    if len(arguments.files) != (1 if arguments.reduce else 2):
        parser.error("two files to compare, or one with --reduce")
    if arguments.reduce:
        json.dump({"medians": load(arguments.files[0])}, sys.stdout, indent=1, sort_keys=True)
        print()
        return 0
    return (
        1 if compare(load(arguments.files[0]), load(arguments.files[1]), arguments.tolerance) else 0
    )


if __name__ == "__main__":
    sys.exit(main())
