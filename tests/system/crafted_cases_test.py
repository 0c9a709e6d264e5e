"""Every crafted case of the reference material in tstat mode: all logs equal the expected text.

Arguments: the binary, and the folder of cases ("tcp" or "l7"). A reference cell that is no number
stands for zero (docs/differences_from_tstat.md); a row of another number of cells than its header
has bytes from the network unescaped, which we escape.
"""
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import support

NOT_A_NUMBER = {b"-nan", b"nan", b"inf", b"-inf"}
ZERO = {b"0", b"0.000000"}
DNS_LOG = "log_dns_complete"


def expected_logs(path):
    logs, name = {}, None
    for line in path.read_bytes().split(b"\n"):
        if line.startswith(b">>> "):
            name = line[4:].strip().decode()
            logs[name] = []
        elif line and name is not None:
            logs[name].append(line)
    return logs


def separator_of(log):
    return b"\t" if log == "log_http_complete" else b" "


def names_of(header, separator):
    return [cell.rsplit(b":", 1)[0].decode() for cell in header.split(separator)]


def row_differences(names, wanted, got):
    if len(wanted) != len(names):
        return [] if len(got) == len(names) else [f"{len(got)} cells instead of {len(names)}"]
    if len(wanted) != len(got):
        return [f"{len(got)} cells instead of {len(wanted)}"]
    return [
        f"{name}: {g} instead of {w}"
        for name, w, g in zip(names, wanted, got)
        if g != w and not (w in NOT_A_NUMBER and g in ZERO)
    ]


def log_differences(log, wanted, got):
    headers = [line for line in wanted if line.startswith(b"#")]
    if got[: len(headers)] != headers:
        return [f"header: {got[:2]} instead of {headers}"]
    separator = separator_of(log)
    names = names_of(headers[0], separator)
    out = []
    wanted, got = wanted[len(headers) :], got[len(headers) :]
    if len(wanted) != len(got):
        out.append(f"{len(got)} rows instead of {len(wanted)}")
    for number, (w, g) in enumerate(zip(wanted, got), 1):
        differences = row_differences(names, w.split(separator), g.split(separator))
        out += [f"row {number}: {text}" for text in differences]
    return out


def written_lines(out, log):
    lines = []
    for path in sorted(out.glob(f"*/{log}")):
        lines += path.read_bytes().split(b"\n")
    return [line for line in lines if line]


def replay(cases, name, out, configuration):
    command = ["replay", cases / f"{name}.pcap", "-s", out, "-q", "--schema", "tstat-3.3"]
    command += ["-N", cases / "internal.conf", "-T", cases / configuration]
    result = support.tapstat(*command)
    if result.status != 0:
        return [f"exit {result.status}: {result.err.strip()}"]
    return [
        f"ledger: {equation}"
        for equation in support.summary(out)["equations"]
        if equation["difference"] != 0
    ]


def case_differences(cases, name, work):
    out = work / name
    differences = replay(cases, name, out, "runtime.conf")
    expected = expected_logs(cases / f"{name}.expected")
    if DNS_LOG in expected:
        differences += replay(cases, name, work / f"{name}.dns", "runtime-dns.conf")
    for log, lines in expected.items():
        written = written_lines(work / f"{name}.dns" if log == DNS_LOG else out, log)
        differences += [f"{log}: {text}" for text in log_differences(log, lines, written)]
    for path in out.glob("*/log_*_complete"):
        if path.name not in expected and any(
            not line.startswith(b"#") for line in written_lines(out, path.name)
        ):
            differences.append(f"{path.name}: rows where none are expected")
    return differences


def main():
    cases = support.shared_or_skip() / f"specs/tstat-{sys.argv[2]}-cases"
    names = sorted(path.stem for path in cases.glob("*.expected"))
    with tempfile.TemporaryDirectory(prefix="tapstat_cases_") as work, ThreadPoolExecutor(
        2
    ) as pool:
        results = dict(
            zip(names, pool.map(lambda name: case_differences(cases, name, Path(work)), names))
        )
    bad = {name: differences for name, differences in results.items() if differences}
    for name, differences in bad.items():
        print(f"{name}: " + "\n    ".join(differences[:8]))
    print(f"{len(names) - len(bad)} of {len(names)} crafted cases are equal")
    sys.exit(1 if bad or not names else 0)


if __name__ == "__main__":
    main()
