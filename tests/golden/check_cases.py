#!/usr/bin/env python3
"""Checks the golden cases without the product.

The committed captures are what make_golden writes; the expected logs are what the reference model
(model/) finds; and each number that a why.md claims stands in the expected log. A claim is a list
item such as

    - complete 1: `c_pkts_rto` 1, `c_bytes_retx` 100

for row 1 of log_tcp_complete ("corrected complete 1" for corrected/log_tcp_complete).

Usage: check_cases.py MAKE_GOLDEN
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "model"))

import model  # noqa: E402

CLAIM = re.compile(
    r"^- (corrected )?(complete|nocomplete) (\d+): (.*?)(?=\n- |\n\n|\Z)", re.M | re.S
)
VALUE = re.compile(r"`(\w+)` ([^\s,]+)")


def internal_networks():
    lines = (HERE / "net.internal").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def rows(text):
    header, *lines = text.splitlines()
    names = [word.split(":")[0] for word in header.split("#")[2].split(" ")]
    return [dict(zip(names, line.split(" "))) for line in lines]


def check_claims(case):
    """(problems, number of claimed values)"""
    problems, claimed = [], 0
    for corrected, log, number, values in CLAIM.findall((case / "why.md").read_text()):
        file = case / ("corrected" if corrected else ".") / ("log_tcp_" + log)
        expected = rows(file.read_text())
        for column, value in VALUE.findall(values):
            claimed += 1
            have = (
                expected[int(number) - 1].get(column)
                if int(number) <= len(expected)
                else "no such row"
            )
            if have != value:
                problems.append(
                    f"{case.name}: why.md claims {column} {value} in {log} {number}, not {have}"
                )
    return problems, claimed


def main():
    problems, claimed = [], 0
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([sys.argv[1], fresh], check=True)
        names = sorted(path.name for path in pathlib.Path(fresh).iterdir())
        for name in names:
            if (pathlib.Path(fresh) / name / "input.pcap").read_bytes() != (
                HERE / name / "input.pcap"
            ).read_bytes():
                problems.append(f"{name}: input.pcap is not what make_golden writes")
    on_disk = sorted(path.parent.name for path in HERE.glob("*/input.pcap"))
    if on_disk != names:
        problems.append(
            f"cases on disk and in make_golden differ: {sorted(set(on_disk) ^ set(names))}"
        )
    for name in on_disk:
        for log, text in model.run(HERE / name / "input.pcap", internal_networks()).items():
            if (HERE / name / log).read_text() != text:
                problems.append(f"{name}: {log} is not what the reference model finds")
        found, count = check_claims(HERE / name)
        problems += found
        claimed += count
    print("\n".join(problems) if problems else f"{len(on_disk)} cases, {claimed} claimed values")
    return 1 if problems or not claimed else 0


if __name__ == "__main__":
    sys.exit(main())
