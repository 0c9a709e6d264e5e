#!/usr/bin/env python3
"""Records small captures of real programs that talk to each other, for tests/golden/real_*.

Usage: record.py --list
       record.py [--only NAME]... --into DIRECTORY

Writes DIRECTORY/real_NAME/input.pcap, and transcript.txt beside it: the commands and what the
programs printed, from which the expected cells of a case are worked out (it is not kept in the
tree). Client and server are network namespaces (network.py), the wire between them is a program
(wire.py). Needs root, iproute2, ethtool and
libfaketime; each scenario names the programs that it runs.
Recording again gives other keys, times and sequence numbers, hence other expected logs.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import clock  # noqa: E402
import network  # noqa: E402
import scenarios  # noqa: E402

CAPTURE_BYTES_MAX = 60_000
ALWAYS_NEEDED = ("ip", "ethtool", "ss", "sysctl")


def missing(scenario):
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    programs = (*ALWAYS_NEEDED, *scenario.programs)
    absent = [program for program in programs if not shutil.which(program, path=search)]
    return absent if clock.FAKETIME.exists() else [*absent, str(clock.FAKETIME)]


def record(scenario, into):
    """A sentence on what went wrong, or None."""
    absent = missing(scenario)
    if absent:
        return (
            f"not installed: {', '.join(absent)} (Debian packages: "
            f"iproute2 ethtool procps libfaketime {scenario.packages})"
        )
    folder = into / f"real_{scenario.name}"
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / "input.pcap"
    net = network.Network(capture, scenario.faults)
    try:
        with net:
            scenario.run(net)
            net.settle()
    except network.Failure as failure:
        return str(failure)
    except subprocess.CalledProcessError as failure:
        return f"{failure}: {(failure.stderr or b'').decode('utf-8', 'replace').strip()}"
    finally:
        (folder / "transcript.txt").write_text("".join(net.transcript))
    size = capture.stat().st_size
    print(f"{scenario.name}: {size} bytes", flush=True)
    return f"{size} bytes, more than {CAPTURE_BYTES_MAX}" if size > CAPTURE_BYTES_MAX else None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="name and contents of each scenario")
    parser.add_argument("--only", action="append", metavar="NAME", help="may be repeated")
    parser.add_argument("--into", type=pathlib.Path, metavar="DIRECTORY")
    arguments = parser.parse_args()
    known = {scenario.name: scenario for scenario in scenarios.ALL}
    if arguments.list:
        for name, scenario in known.items():
            print(f"{name:22} {scenario.shows}")
        return 0
    unknown = set(arguments.only or ()) - set(known)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; --list shows them")
    if arguments.into is None:
        parser.error("--into says where the captures go")
    if os.geteuid() != 0:
        sys.exit("record: root is needed to make network namespaces")
    failures = 0
    for name in arguments.only or known:
        sentence = record(known[name], arguments.into.resolve())
        if sentence:
            failures += 1
            print(f"record: {name}: {sentence}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
