"""The reference captures: valid ones equal to the logs of Tstat, malformed ones survived.

The comparison is that of the reference tool compare_logs.py, for every log that the reference has.
"""
import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import support

CELLS_PERCENT_MIN = 99.99
ROWS_PERCENT_MIN = 99.9
CPU_SECONDS_MAX = 2  # of one bad file, enforced by the kernel
CPU_SECONDS_MAX_SANITIZED = 30  # sanitizers cost up to twenty times as much
HANG_SECONDS = 60  # wall clock
# With the DNS log on the original takes more for DNS, so its other logs come from a run without it.
RUNS = (
    ("tcp_complete,tcp_nocomplete,udp_complete,http_complete,mm_complete", "usual,http_complete"),
    ("dns_complete", "usual,dns_complete"),
)
# Tstat takes any data offset; corrected mode counts the segment as a bad header.
FLOWS_IN_TSTAT_MODE = {"tcp-doff-0.pcap": "1", "tcp-doff-15-cut.pcap": "1"}
WANTED_STATUS = {"refuse": {3}, "part": {4}, "accept": {0}}


def compare_valid(shared, work):
    return all([compare_logs(shared, work, kinds, logs) for kinds, logs in RUNS])


def compare_logs(shared, work, kinds, logs):
    found_path = work / "found.json"
    tool = shared / "tools/compare-logs/compare_logs.py"
    command = [sys.executable, tool, "--corpus", shared / "corpus", "--subset", "valid"]
    command += ["--kinds", kinds, "--jobs", "2", "--timeout", "20", "--json", found_path]
    command += ["--candidate", shlex.quote(str(support.BINARY))]
    command[-1] += " replay {pcap} -s {outdir} -N {nets} -g all --schema tstat-3.3 -q"
    command[-1] += f" --logs {logs}"
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(found_path.read_text())
    figures = found["all"]
    print(
        f"{kinds}: {figures['rows_matched_pct']:.4f} % of rows, "
        f"{figures['cells_matched_pct']:.4f} % of cells, "
        f"{found['captures_exact']} of {found['captures_valid']} captures exact"
    )
    # Rows that the original itself writes with blanks inside a field are no fault of ours.
    good = (
        found["crashes"] == found["hangs"] == 0
        and figures["torn_rows"] <= figures["oracle_torn_rows"]
        and figures["rows_matched_pct"] >= ROWS_PERCENT_MIN
        and figures["cells_matched_pct"] >= CELLS_PERCENT_MIN
    )
    if not good:
        print(done.stdout[:3000], done.stderr[-2000:])
    return good


def cpu_limit():
    """A prefix that ends the command with SIGXCPU beyond its processor time."""
    limit = CPU_SECONDS_MAX if support.is_plain() else CPU_SECONDS_MAX_SANITIZED
    return ("prlimit", f"--cpu={limit}:{limit + 1}")


def complaint_of(path, work, mode, prefix, wanted=None):
    """Replays one bad file; a sentence about what is wrong with the outcome, or None."""
    out = work / mode / path.name
    try:
        result = support.tapstat(
            "replay",
            path,
            "-s",
            out,
            "--mode",
            mode,
            "--json",
            "--no-progress",
            "--no-unpack",
            timeout=HANG_SECONDS,
            prefix=prefix,
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    if result.status == -signal.SIGXCPU:
        return f"takes more processor time than {prefix[-1]} allows"
    if result.status not in (wanted["statuses"] if wanted else {0, 3, 4}):
        return f"exit {result.status}: {result.err.strip()[-300:]}"
    if result.status == 3:
        return (
            None
            if "tapstat: " in result.err and not out.exists()
            else "refused without a message, or left files"
        )
    return complaint_of_result(json.loads(result.out), out, wanted)


def complaint_of_result(document, out, wanted):
    for equation in document["equations"]:
        if equation["difference"] != 0:
            return f"ledger: {equation}"
    if document["counters"]["dropped_other"] != 0:
        return "packets dropped for an unnamed reason"
    if wanted and wanted["packets"] not in ("-", str(document["counters"]["rx_packets"])):
        return f"{document['counters']['rx_packets']} packets instead of {wanted['packets']}"
    if document["mode"] == "tstat" and out.name in FLOWS_IN_TSTAT_MODE:
        wanted = {**wanted, "flows": FLOWS_IN_TSTAT_MODE[out.name]}
    if wanted and wanted["flows"] not in ("-", str(document["counters"]["flows_created"])):
        return f"{document['counters']['flows_created']} TCP flows instead of {wanted['flows']}"
    return torn_row(out)


def torn_row(out):
    for name in ("log_tcp_complete", "log_tcp_nocomplete", "log_udp_complete", "log_mm_complete"):
        lines = support.log_lines(out, name)
        cells = len(lines[0].split(" "))
        for line in lines[1:]:
            if len(line.split(" ")) != cells or any(ord(c) < 0x20 for c in line):
                return f"torn row in {name}: {line[:100]}"
    return None


def survive(files, work, wanted):
    good = True
    limit = cpu_limit()
    for mode in ("tstat", "corrected"):
        with ThreadPoolExecutor(2) as pool:
            outcomes = pool.map(
                lambda path, m=mode: complaint_of(path, work, m, limit, wanted.get(path.name)),
                files,
            )
            for path, outcome in zip(files, outcomes):
                if outcome:
                    print(f"{path.name} ({mode} mode): {outcome}")
                    good = False
    return good


def made_files(shared, work):
    made = work / "made"
    subprocess.run(
        [sys.executable, str(shared / "tools/bad-inputs/make_bad_inputs.py"), str(made)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with open(made / "expected.tsv", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    wanted = {
        line["file"]: {
            "statuses": WANTED_STATUS[line["want"]],
            "packets": line["packets_readable"],
            "flows": line["tcp_flows"],
        }
        for line in lines
    }
    return [made / name for name in wanted], wanted


def main():
    shared = support.shared_or_skip()
    which = sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="tapstat_corpus_") as name:
        work = Path(name)
        if which == "valid":
            good = compare_valid(shared, work)
        elif which == "malformed":
            files = sorted(p for p in (shared / "corpus/malformed").iterdir() if p.suffix != ".tsv")
            good = survive(files, work, {})
            print(f"{len(files)} malformed captures")
        else:
            files, wanted = made_files(shared, work)
            good = survive(files, work, wanted)
            print(f"{len(files)} made bad inputs")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
