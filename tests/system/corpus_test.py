"""The reference captures: valid ones equal to the logs of Tstat, malformed ones survived.

The comparison is that of the reference tool compare_logs.py. Columns that classification fills are
not compared.
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
CPU_SECONDS_MAX = 2  # of one bad file, enforced by the kernel
CPU_SECONDS_MAX_SANITIZED = 30  # sanitizers cost up to twenty times as much
HANG_SECONDS = 60  # wall clock
NOT_COMPARED = (
    "con_t p2p_t http_t p2p_st ed2k_data ed2k_sig ed2k_c2s ed2k_c2c ed2k_chat "
    "http_req_cnt http_res_cnt http_res c_tls_SNI s_tls_SCN c_npnalpn s_npnalpn tls_session_stat "
    "c_last_handshakeT s_last_handshakeT c_appdataT s_appdataT c_appdataB s_appdataB "
    "fqdn dns_rslv req_tm res_tm http_hostname c_TLSvers "
    "s_TLSvers dns_enc"
).split()
# Tstat takes any data offset; corrected mode counts the segment as a bad header.
FLOWS_IN_TSTAT_MODE = {"tcp-doff-0.pcap": "1", "tcp-doff-15-cut.pcap": "1"}
WANTED_STATUS = {"refuse": {3}, "part": {4}, "accept": {0}}


def compare_valid(shared):
    command = [
        sys.executable,
        shared / "tools/compare-logs/compare_logs.py",
        "--corpus",
        shared / "corpus",
        "--subset",
        "valid",
        "--kinds",
        "tcp_complete,tcp_nocomplete",
        "--ignore",
        ",".join(NOT_COMPARED),
        "--jobs",
        "2",
        "--timeout",
        "20",
        "--min-rows",
        "100",
        "--min-cells",
        str(CELLS_PERCENT_MIN),
        "--candidate",
        shlex.quote(str(support.BINARY))
        + " replay {pcap} -s {outdir} -N {nets} -g all --schema tstat-3.3 -q",
    ]
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith(
            ("core ", "e2e ", "options ", "captures with", "crashes", "hangs", "torn rows")
        ):
            print(line)
    if done.returncode != 0:
        print(done.stdout[-6000:], done.stderr[-2000:])
    return done.returncode == 0


def cpu_limit():
    """A prefix that ends the command with SIGXCPU beyond its processor time."""
    plain = "sanitize=none" in support.tapstat("--version").out
    limit = CPU_SECONDS_MAX if plain else CPU_SECONDS_MAX_SANITIZED
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
    for name in ("log_tcp_complete", "log_tcp_nocomplete"):
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
            good = compare_valid(shared)
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
