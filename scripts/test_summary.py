#!/usr/bin/env python3
"""Adds up test results: prints why tests were skipped and one closing line.

Usage: test_summary.py [--counts FILE] (BUILD | COUNTS)...

BUILD is a build directory after `meson test`; each GoogleTest case counts, and a program that
failed in another way (crash, time-out, leak at exit) counts as one failure. COUNTS is a file with
lines "PASSED FAILED SKIPPED". The last line printed is `N passed, N failed, N skipped`. With
--counts the three sums are appended to FILE. Exit status 1 when a test failed or none passed.
"""

import argparse
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

PASSED = {"OK", "EXPECTEDFAIL"}


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def case_result(case):
    """(result, reason) of one <testcase> that GoogleTest wrote."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", last_line(skipped.text)
    return ("skipped", "disabled") if case.get("status") == "notrun" else ("passed", "")


def cases_of(name, suites):
    """The results of the cases of one program; meson names their suites PROJECT.TEST.SUITE."""
    return [case_result(case) for suite in suites if f".{name}." in suite.get("name")
            for case in suite.iter("testcase")]


def results_of(build):
    """(result, reason) of every test of a build's last `meson test`."""
    logs = build / "meson-logs"
    suites = list(xml.etree.ElementTree.parse(logs / "testlog.junit.xml").iter("testsuite"))
    for line in (logs / "testlog.json").read_text().splitlines():
        test = json.loads(line)
        cases = cases_of(test["name"], suites)
        yield from cases
        if test["result"] == "SKIP":
            if not cases:
                yield "skipped", last_line(test.get("stdout"))
        elif test["result"] not in PASSED:
            if "failed" not in (result for result, _ in cases):
                yield "failed", ""
        elif not cases:
            yield "passed", ""


def read_counts(path, totals):
    for line in path.read_text().splitlines():
        for name, number in zip(("passed", "failed", "skipped"), line.split()):
            totals[name] += int(number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=pathlib.Path, help="append the three sums to this file")
    parser.add_argument("places", nargs="+", type=pathlib.Path,
                        help="build directory or counts file")
    options = parser.parse_args()
    totals = collections.Counter()
    reasons = collections.Counter()
    for place in options.places:
        if place.is_dir():
            for result, reason in results_of(place):
                totals[result] += 1
                reasons[reason] += result == "skipped"
        else:
            read_counts(place, totals)
    if options.counts:
        with options.counts.open("a") as out:
            out.write(f"{totals['passed']} {totals['failed']} {totals['skipped']}\n")
    for reason, count in sorted(reasons.items()):
        if count:
            print(f"skipped {count}: {reason}")
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
