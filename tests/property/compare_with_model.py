#!/usr/bin/env python3
"""The product beside the reference model of the golden cases, on random conversations: every column
of every row, in order.

Usage: compare_with_model.py RANDOM_CAPTURES [FROM TO]     (seeds; default 0 400)
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden" / "model"))

import flows  # noqa: E402
import packets  # noqa: E402
import rows  # noqa: E402


class OrderedTable(flows.Table):
    """Remembers the order of complete and other rows together."""

    def __init__(self):
        super().__init__()
        self.order = []

    def retire(self, flow, outcome):
        super().retire(flow, outcome)
        self.order.append(
            ("+" if outcome == "complete" else "-") + " ".join(map(str, rows.full_row(flow)))
        )


def expected_rows(capture):
    table = OrderedTable()
    for time, link_type, frame in packets.read_capture(capture):
        table.on_packet(time, *packets.parse(time, link_type, frame))
    if table.now is not None:
        table.end_of_trace()
    return table.order


def differences(seed, expected, found):
    if len(expected) != len(found):
        yield f"seed {seed}: the model has {len(expected)} rows, the product {len(found)}"
    for number, (want, have) in enumerate(zip(expected, found), 1):
        columns = [
            f"{name} {w} -> {h}"
            for name, w, h in zip(rows.ALL, want.split(" "), have.split(" "))
            if w != h
        ]
        if columns:
            yield f"seed {seed} row {number}: " + ", ".join(columns)


def main():
    first, last = (int(word) for word in sys.argv[2:4]) if len(sys.argv) > 3 else (0, 400)
    problems, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], str(first), str(last), folder], check=True)
        for seed in range(first, last):
            expected = expected_rows(f"{folder}/{seed}.pcap")
            found = pathlib.Path(f"{folder}/{seed}.rows").read_text().splitlines()
            problems += differences(seed, expected, found)
            compared += len(expected)
    print("\n".join(problems[:20]) if problems else f"{compared} rows identical in every column")
    return 1 if problems or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
