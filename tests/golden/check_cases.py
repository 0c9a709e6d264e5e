#!/usr/bin/env python3
"""Checks the golden cases without the product.

The committed captures are what make_golden writes; the expected logs are what the reference model
(model/) finds, but for the layer-7 columns of real_* and layer7_*; and each number that a why.md
claims stands in the expected log. A claim is a list item such as

    - complete 1: `c_pkts_rto` 1, `c_bytes_retx` 100

for row 1 of log_tcp_complete ("corrected complete 1" for corrected/log_tcp_complete).

Usage: check_cases.py MAKE_GOLDEN
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "model"))

import model  # noqa: E402

# The model knows nothing of applications.
LAYER_7 = set(
    "con_t p2p_t http_t p2p_st ed2k_data ed2k_sig ed2k_c2s ed2k_c2c ed2k_chat http_req_cnt"
    " http_res_cnt http_res c_tls_SNI s_tls_SCN c_npnalpn s_npnalpn tls_session_stat"
    " c_last_handshakeT s_last_handshakeT c_appdataT s_appdataT c_appdataB s_appdataB fqdn dns_rslv"
    " req_tm res_tm http_hostname c_TLSvers s_TLSvers dns_enc".split()
)
CLAIM = re.compile(
    r"^- (corrected )?(complete|nocomplete) (\d+): (.*?)(?=\n- |\n\n|\Z)", re.M | re.S
)
VALUE = re.compile(r"`(\w+)` ([^\s,]+)")


def internal_networks():
    lines = (HERE / "net.internal").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def rows(text):
    header, *lines = text.splitlines()
    names = [word.split(":")[0] for word in header.split("#")[2].split(" ")]
    return [dict(zip(names, line.split(" "))) for line in lines]


def check_claims(case):
    """(problems, number of claimed values)"""
    problems, claimed = [], 0
    for corrected, log, number, values in CLAIM.findall((case / "why.md").read_text()):
        file = case / ("corrected" if corrected else ".") / ("log_tcp_" + log)
        expected = rows(file.read_text())
        for column, value in VALUE.findall(values):
            claimed += 1
            have = (
                expected[int(number) - 1].get(column)
                if int(number) <= len(expected)
                else "no such row"
            )
            if have != value:
                problems.append(
                    f"{case.name}: why.md claims {column} {value} in {log} {number}, not {have}"
                )
    return problems, claimed


def below_layer_7(text):
    return [
        {name: value for name, value in row.items() if name not in LAYER_7} for row in rows(text)
    ]


def check_below_layer_7():
    """Captures with payload that means something: the model knows their TCP only."""
    problems = []
    cases = [case for kind in ("real", "layer7") for case in HERE.glob(f"{kind}_*/input.pcap")]
    for case in sorted(path.parent for path in cases):
        for log, text in model.run(case / "input.pcap", internal_networks()).items():
            if below_layer_7((case / log).read_text()) != below_layer_7(text):
                problems.append(f"{case.name}: {log} is not what the reference model finds")
    return problems


def main():
    problems, claimed = check_below_layer_7(), 0
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([sys.argv[1], fresh], check=True)
        names = sorted(path.name for path in pathlib.Path(fresh).iterdir())
        for name in names:
            if (pathlib.Path(fresh) / name / "input.pcap").read_bytes() != (
                HERE / name / "input.pcap"
            ).read_bytes():
                problems.append(f"{name}: input.pcap is not what make_golden writes")
    on_disk = sorted(
        path.parent.name
        for path in HERE.glob("*/input.pcap")
        if not path.parent.name.startswith("real_")
    )
    if on_disk != names:
        problems.append(
            f"cases on disk and in make_golden differ: {sorted(set(on_disk) ^ set(names))}"
        )
    for name in on_disk:
        with_layer_7 = name.startswith("layer7_")
        logs = {} if with_layer_7 else model.run(HERE / name / "input.pcap", internal_networks())
        for log, text in logs.items():
            if (HERE / name / log).read_text() != text:
                problems.append(f"{name}: {log} is not what the reference model finds")
        found, count = check_claims(HERE / name)
        problems += found
        claimed += count
    print("\n".join(problems) if problems else f"{len(on_disk)} cases, {claimed} claimed values")
    return 1 if problems or not claimed else 0


if __name__ == "__main__":
    sys.exit(main())
