#!/usr/bin/env python3
"""Runs the small sizes of a benchmark for some milliseconds; fails when one reports an error.

Google Benchmark itself exits with 0 then. One that is not permitted here is no failure.
Usage: smoke.py BENCHMARK
"""
import json
import subprocess
import sys

NOT_PERMITTED = "not permitted here"
LARGE = "--benchmark_filter=-/(4000000|1000000|20000|50000)"


def main():
    command = [sys.argv[1], LARGE, "--benchmark_min_time=0.001", "--benchmark_format=json"]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    runs = json.loads(result.stdout)["benchmarks"]
    failed = [run for run in runs if run.get("error_occurred")]
    errors = [
        f"{run['name']}: {run['error_message']}"
        for run in failed
        if NOT_PERMITTED not in run["error_message"]
    ]
    print("\n".join(errors) or f"{len(runs)} benchmarks")
    return 1 if errors or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
