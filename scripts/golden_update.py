#!/usr/bin/env python3
"""Re-records the golden cases: captures from make_golden, expected logs from what the product
prints now. The captures of real_* stay; scripts/real_traffic/record.py makes new ones.

Read every change with `git diff`: a changed number needs its reason in the case's why.md, and
tests/golden/check_cases.py refuses an expected log of tstat mode that the reference model does not
confirm. corrected/ is kept only where it differs.

Usage: golden_update.py [--build BUILD] [CASE...]   (default: all cases, directory "build")
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"
LOGS = ("log_tcp_complete", "log_tcp_nocomplete")


def replay(tapstat, capture, mode):
    """{log name: text}"""
    with tempfile.TemporaryDirectory() as out:
        command = [
            tapstat,
            "replay",
            "-q",
            "-g",
            "all",
            "--schema",
            "tstat-3.3",
            "--mode",
            mode,
            "-N",
            GOLDEN / "net.internal",
            "-s",
            out,
            capture,
        ]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC"}
        )
        directory = next(pathlib.Path(out).glob("*.out"))
        return {log: (directory / log).read_text() for log in LOGS}


def as_set(logs):
    """Rows without their order, which corrected mode does not promise."""
    return {name: sorted(text.splitlines()) for name, text in logs.items()}


def write_logs(folder, logs):
    """Number of files that changed."""
    folder.mkdir(exist_ok=True)
    changed = 0
    for name, text in logs.items():
        file = folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            changed += 1
    return changed


def update(case, tapstat):
    tstat, corrected = (
        replay(tapstat, case / "input.pcap", mode) for mode in ("tstat", "corrected")
    )
    changed = write_logs(case, tstat)
    old = case / "corrected"
    if as_set(corrected) == as_set(tstat):
        if old.exists():
            shutil.rmtree(old)
            changed += 1
    elif not old.exists() or as_set(corrected) != as_set(
        {log: (old / log).read_text() for log in LOGS}
    ):
        changed += write_logs(old, corrected)
    return changed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([build / "tests" / "golden" / "make_golden", fresh], check=True)
        made = {path.name for path in pathlib.Path(fresh).iterdir()}
        real = {path.parent.name for path in GOLDEN.glob("real_*/input.pcap")}
        known = sorted(made | real)
        unknown = set(arguments.case) - set(known)
        if unknown:
            sys.exit(f"golden_update: no such case: {', '.join(sorted(unknown))}")
        for name in arguments.case or known:
            case = GOLDEN / name
            case.mkdir(exist_ok=True)
            if name in made:
                shutil.copyfile(pathlib.Path(fresh) / name / "input.pcap", case / "input.pcap")
            changed = update(case, build / "tapstat")
            if changed:
                print(f"{name}: {changed} changed")
            if not (case / "why.md").exists():
                print(f"{name}: write {case / 'why.md'}")


if __name__ == "__main__":
    main()
