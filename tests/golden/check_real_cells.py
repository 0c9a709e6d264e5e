#!/usr/bin/env python3
"""Compares what the product makes of the captures of real programs with what the programs said, and
of those of layer7_* with what the rules say.

Each tests/golden/CASE/expected_cells.tsv has lines of five fields, separated by TABs:

    mode    log    match    column    value

mode is tstat, corrected or both; log a log's name; match which of its rows: `c_port=40001`, or
several such conditions with blanks between. Exactly one row must match, unless the column is
`rows`: then the value is how many do. A TAB inside a value is written as backslash and t. The
values come from the output of the programs or from the rules (why.md) and from no product.

Usage: check_real_cells.py BINARY [CASE...]
       check_real_cells.py --logs DIRECTORY [CASE...]   (DIRECTORY/CASE/MODE/LOG, no replay)
"""
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

GOLDEN = pathlib.Path(__file__).resolve().parent
CELLS = "expected_cells.tsv"
MODES = ("tstat", "corrected")
LOGS = (
    "tcp_complete",
    "tcp_nocomplete",
    "udp_complete",
    "http_complete",
    "dns_complete",
    "mm_complete",
)
GROUPS = ("end_to_end", "layer7", "p2p", "options", "fingerprint")
TIMEOUT_S = 60


class Cell(NamedTuple):
    mode: str
    log: str
    match: str
    column: str
    value: str


def cells_of(case):
    """All expected cells of a case; one of mode "both" twice."""
    out = []
    for number, line in enumerate((case / CELLS).read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 5 or fields[0] not in (*MODES, "both"):
            sys.exit(f"{case.name}/{CELLS}:{number}: mode, log, match, column, value expected")
        fields[4] = fields[4].replace("\\t", "\t")
        out += [Cell(mode, *fields[1:]) for mode in MODES if fields[0] in (mode, "both")]
    return out


def rows_of(path):
    """The rows of a log as {column: value}. The HTTP log has two headers: the rows of requests and
    those of responses (HTTP in the sixth column) have other names."""
    if not path.exists():
        return []
    separator = "\t" if path.name == "log_http_complete" else " "
    headers, rows = [], []
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").split("\n"):
        if not line:
            continue
        if line.startswith("#"):
            names = line.rsplit("#", 1)[1].split(separator)
            headers.append([name.rsplit(":", 1)[0] for name in names])
            continue
        values = line.split(separator)
        is_answer = len(headers) > 1 and values[5] in ("HTTP", "RES2")
        rows.append(dict(zip(headers[1 if is_answer else 0], values)))
    return rows


def problem_with(cell, rows):
    conditions = [condition.split("=", 1) for condition in cell.match.split()]
    found = [row for row in rows if all(row.get(name) == value for name, value in conditions)]
    where = f"{cell.mode} {cell.log} {cell.match}"
    if cell.column == "rows":
        count = str(len(found))
        return None if count == cell.value else f"{where}: {count} rows, not {cell.value}"
    if len(found) != 1:
        return f"{where}: {len(found)} rows match"
    value = found[0].get(cell.column, "no such column")
    return None if value == cell.value else f"{where}: {cell.column} is {value}, not {cell.value}"


def configuration(directory):
    path = pathlib.Path(directory) / "runtime.conf"
    path.write_text(
        "[log]\n"
        + "".join(f"log_{log} = 1\n" for log in LOGS)
        + "[options]\n"
        + "".join(f"tcplog_{group} = 1\n" for group in GROUPS)
        + "httplog_full_url = 2\n"
    )
    return path


def replay(binary, case, mode, work):
    """The one output directory."""
    out = pathlib.Path(work) / f"{case.name}-{mode}"
    command = [
        binary,
        "replay",
        "-q",
        "--schema",
        "tstat-3.3",
        "--mode",
        mode,
        "-N",
        GOLDEN / "net.internal",
        "-T",
        configuration(work),
        "-s",
        out,
        case / "input.pcap",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "TZ": "UTC"},
    )
    if done.returncode != 0:
        sys.exit(f"{case.name}: exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')}")
    return next(out.glob("*.out*"))


def problems_of(case, logs_of_mode):
    """`logs_of_mode`: gives the folder with the logs of a mode."""
    cells = cells_of(case)
    folders = {mode: logs_of_mode(mode) for mode in sorted({cell.mode for cell in cells})}
    rows = {}
    problems = []
    for cell in cells:
        key = cell.mode, cell.log
        if key not in rows:
            rows[key] = rows_of(folders[cell.mode] / cell.log)
        problem = problem_with(cell, rows[key])
        if problem:
            problems.append(f"{case.name}: {problem}")
    return problems, len(cells)


def main():
    arguments = sys.argv[1:]
    given = None
    if arguments[:1] == ["--logs"]:
        given = pathlib.Path(arguments.pop(1))
    if not arguments:
        sys.exit(__doc__)
    binary, names = arguments[0], arguments[1:]
    cases = sorted(path.parent for path in GOLDEN.glob(f"*/{CELLS}"))
    cases = [case for case in cases if not names or case.name in names]
    problems, count = [], 0
    with tempfile.TemporaryDirectory(prefix="tapstat_real_") as work:
        for case in cases:
            folder = (
                (lambda mode: given / case.name / mode)
                if given
                else (lambda mode: replay(binary, case, mode, work))
            )
            found, cells = problems_of(case, folder)
            problems += found
            count += cells
    print("\n".join(problems))
    print(
        f"{count - len(problems)} of {count} cells of {len(cases)} captures are as the programs "
        "and the rules say"
    )
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
