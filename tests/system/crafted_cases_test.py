"""Every crafted case of the reference material in tstat mode: the logs equal the expected text.

Not compared: the columns of P2P and layer 7 and con_t, p2p_t, http_t, which classification fills. A
reference cell "-nan" stands for 0.000000 (docs/differences_from_tstat.md).
"""
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import support

NOT_COMPARED = {
    "con_t",
    "p2p_t",
    "http_t",
    "p2p_st",
    "ed2k_data",
    "ed2k_sig",
    "ed2k_c2s",
    "ed2k_c2c",
    "ed2k_chat",
}
COMPARED_OF_LAYER7 = {"c_pkts_push", "s_pkts_push"}


def expected_logs(path):
    logs, name = {}, None
    for line in path.read_text().splitlines():
        if line.startswith(">>> "):
            name = line[4:].strip()
            logs[name] = []
        elif line and name is not None:
            logs[name].append(line)
    return logs


def columns_of(header):
    return [cell.rsplit(":", 1)[0] for cell in header.split("#", 2)[2].split(" ")]


def is_compared(names, position):
    layer7 = names.index("http_req_cnt") if "http_req_cnt" in names else len(names)
    return (position < layer7 or names[position] in COMPARED_OF_LAYER7) and names[
        position
    ] not in NOT_COMPARED


def row_differences(names, wanted, got):
    wanted_cells, got_cells = wanted.split(" "), got.split(" ")
    if len(wanted_cells) != len(got_cells):
        return [f"{len(got_cells)} cells instead of {len(wanted_cells)}"]
    out = []
    for position, (w, g) in enumerate(zip(wanted_cells, got_cells)):
        if is_compared(names, position) and g != ("0.000000" if w == "-nan" else w):
            out.append(f"{names[position]}: {g} instead of {w}")
    return out


def log_differences(wanted, got):
    if not wanted or not got or wanted[0] != got[0]:
        return [f"header: {got[:1]} instead of {wanted[:1]}"]
    names = columns_of(wanted[0])
    out = []
    if len(wanted) != len(got):
        out.append(f"{len(got) - 1} rows instead of {len(wanted) - 1}")
    for number, (w, g) in enumerate(zip(wanted[1:], got[1:]), 1):
        out += [f"row {number}: {text}" for text in row_differences(names, w, g)]
    return out


def case_differences(cases, name, work):
    out = work / name
    result = support.tapstat(
        "replay",
        cases / f"{name}.pcap",
        "-s",
        out,
        "-q",
        "--schema",
        "tstat-3.3",
        "-N",
        cases / "internal.conf",
        "-T",
        cases / "runtime.conf",
    )
    if result.status != 0:
        return [f"exit {result.status}: {result.err.strip()}"]
    differences = []
    for log, lines in expected_logs(cases / f"{name}.expected").items():
        differences += [
            f"{log}: {text}" for text in log_differences(lines, support.log_lines(out, log))
        ]
    for equation in support.summary(out)["equations"]:
        if equation["difference"] != 0:
            differences.append(f"ledger: {equation}")
    return differences


def main():
    cases = support.shared_or_skip() / "specs/tstat-tcp-cases"
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
