#!/usr/bin/env python3
"""Instructions of one packet on the worker path, counted by valgrind: repeatable to a tenth of a
per cent on any machine.

Four runs of bench/run_pipeline: many and few packets, with and without processing them. Start-up
and opening cancel out between many and few, the writing of the frames between processing and not
processing.

Usage: bench_instructions.py [--build BUILD] [--flows 10000]
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

FEW, MANY = 20_480, 61_440  # whole blocks of 2048 packets


def instructions(program, packets, flows, *more):
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/out",
            program,
            str(packets),
            str(flows),
            *more,
        ]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", result.stderr)
    if counted is None:
        sys.exit("bench_instructions: valgrind did not report a count:\n" + result.stderr)
    return int(counted.group(1))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--flows", default=10_000, type=int)
    arguments = parser.parse_args()
    program = arguments.build.resolve() / "bench" / "run_pipeline"

    def growth(*more):
        many, few = (
            instructions(program, packets, arguments.flows, *more) for packets in (MANY, FEW)
        )
        return (many - few) / (MANY - FEW)

    print(
        f"{growth() - growth('--write-only'):.1f} instructions a packet at {arguments.flows} flows"
    )


if __name__ == "__main__":
    main()
