#!/usr/bin/env python3
"""Second opinion for the golden cases: Tstat's rules, written for reading, applied to one capture.

Usage: model.py CAPTURE [--internal NETWORK]...   prints both logs, each after a line with its name.
"""
import argparse
import ipaddress
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import flows  # noqa: E402
import packets  # noqa: E402
import rows  # noqa: E402


def run(capture, internal=()):
    table = flows.Table([ipaddress.ip_network(n) for n in internal])
    for time, link_type, frame in packets.read_capture(capture):
        is_ip, segment = packets.parse(time, link_type, frame)
        table.on_packet(time, is_ip, segment)
    if table.now is not None:
        table.end_of_trace()
    return rows.logs(table.lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture")
    parser.add_argument("--internal", action="append", default=[])
    arguments = parser.parse_args()
    for name, content in run(arguments.capture, arguments.internal).items():
        print(">>> " + name)
        print(content, end="")


if __name__ == "__main__":
    main()
