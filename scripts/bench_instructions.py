#!/usr/bin/env python3
"""Instructions on the worker path, counted by valgrind: repeatable to a tenth of a per cent, so
they decide where times on a shared machine cannot.

    bench_instructions.py [--build BUILD]              prints the figures
    bench_instructions.py --gate BASELINE.json         fails when one is more than 3 % above it
    bench_instructions.py --update BASELINE.json       writes the figures there

Only what happens inside bench/run_pipeline's measured_*() is counted: neither the generator nor the
start of the program. Figures, each in both modes but the floor, all above `tls` without inspection
of payload:

    steady   a packet of 10,000 open connections
    isp_mix  a packet of the ISP mix, openings and closings included
    loss5    the same with 5 % loss and 2 % reordering
    steady exit, isp_mix exit
             both with exit records: what those add is the difference
    steady follow, isp_mix follow
             what the thread for exit records does with a packet of these
    flow     a flow of the set-up stress on top of its packets, which count as steady ones
    tls      a packet past the first ten of a flow with TLS (bench/layer7_traffic.h)
    mixed    the same of the mixed traffic there
    ... off  both without inspection of payload: what classification adds is the difference
    floor    a packet of the floor (dataplane/floor.h)

Exit status 1: too many instructions; 77: valgrind is not installed.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOLERANCE = 0.03
SKIPPED = 77  # what meson takes for "not run"
MODES = ("tstat", "corrected")
NAMES = (
    *("steady", "steady exit", "steady follow"),
    *("isp_mix", "isp_mix exit", "isp_mix follow", "loss5"),
    *("flow", "tls", "tls off", "mixed", "mixed off"),
)
OFF = "off"  # without inspection of payload: the flows' filler is of no protocol
EXIT = "exit"  # the same, with exit records
WITHOUT_DRAIN = "--toggle-collect=tapstat::bench::PacketPath::drain*"
PROCESS, FOLLOW, FLOOR_LOOP = "process", "follow", "floor"  # of measured_*()
STEADY = ("steady", 10_000, 40_960)  # flows, packets: whole blocks of 2,048
FLOOR = ("floor", 10_000, 40_960)
ISP_MIX = ("isp_mix", 1_000, 500)  # flows, of them at the same time
LOSS5 = ("isp_mix_loss5", 1_000, 500, OFF)
LAYER7 = ((2_000, 163_840), (2_000, 163_840, OFF))  # with and without inspection
SETUP = ("setup_stress", 3_000, 1_000, OFF)


def count(program, mode, load, measured=PROCESS):
    """(instructions, packets, flows) of one load."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--toggle-collect=tapstat::bench::measured_{measured}*",
            *([] if measured == FOLLOW else [WITHOUT_DRAIN]),
            f"--callgrind-out-file={folder}/out",
            program,
            mode,
            *map(str, load),
        ]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", result.stderr)
    sizes = re.search(r"(\d+) packets (\d+) flows", result.stdout)
    if result.returncode != 0 or counted is None or sizes is None or int(counted.group(1)) == 0:
        words = " ".join(map(str, command))
        sys.exit(f"bench_instructions: no count from {words}\n{result.stderr}")
    return int(counted.group(1)), int(sizes.group(1)), int(sizes.group(2))


def figures(program):
    """{"MODE figure": instructions}"""
    found = {}
    for mode in MODES:
        for name, load, measured in (
            ("steady", (*STEADY, OFF), PROCESS),
            ("steady exit", (*STEADY, EXIT), PROCESS),
            ("steady follow", (*STEADY, EXIT), FOLLOW),
            ("isp_mix", (*ISP_MIX, OFF), PROCESS),
            ("isp_mix exit", (*ISP_MIX, EXIT), PROCESS),
            ("isp_mix follow", (*ISP_MIX, EXIT), FOLLOW),
            ("loss5", LOSS5, PROCESS),
        ):
            instructions, packets, _ = count(program, mode, load, measured)
            found[f"{mode} {name}"] = instructions / packets
        instructions, packets, flows = count(program, mode, SETUP)
        steady = found[f"{mode} steady"]
        found[f"{mode} flow"] = (instructions - packets * steady) / flows
        for name in ("tls", "mixed"):
            for load in LAYER7:
                instructions, packets, _ = count(program, mode, (name, *load))
                found[" ".join([mode, name, *load[2:]])] = instructions / packets
    instructions, packets, _ = count(program, MODES[0], FLOOR, FLOOR_LOOP)
    found["floor"] = instructions / packets
    return {name: round(value, 1) for name, value in found.items()}


def compare(found, baseline):
    """Sentences about what has become too dear; prints everything."""
    problems = []
    print(f"{'instructions':<20}{'now':>10}{'baseline':>10}{'change':>9}")
    for name, now in found.items():
        if name not in baseline:
            problems.append(f"{name}: not in the baseline; write it with --update")
            continue
        change = now / baseline[name] - 1
        print(f"{name:<20}{now:>10.1f}{baseline[name]:>10.1f}{change:>9.1%}")
        if change > TOLERANCE:
            problems.append(f"{name}: {now:.1f} instructions, {change:.1%} more than the baseline")
    for name in sorted(baseline.keys() - found.keys()):
        problems.append(f"{name}: in the baseline, not measured")
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build", type=pathlib.Path)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--gate", type=pathlib.Path, metavar="BASELINE.json")
    choice.add_argument("--update", type=pathlib.Path, metavar="BASELINE.json")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("bench_instructions: valgrind is not installed (package valgrind); nothing counted")
        return SKIPPED
    found = figures(arguments.build.resolve() / "bench" / "run_pipeline")
    if arguments.gate is None:
        for name, value in found.items():
            print(f"{name:<20}{value:>10.1f}")
        if arguments.update is not None:
            arguments.update.write_text(json.dumps({"instructions": found}, indent=1) + "\n")
        return 0
    problems = compare(found, json.loads(arguments.gate.read_text())["instructions"])
    print("\n".join(problems) or f"nothing more than {TOLERANCE:.0%} above the baseline")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
