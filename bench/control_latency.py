#!/usr/bin/env python3
"""How long from the last byte of a specification to the first row under the new header, and what an
attack on the control plane costs the packet path.

Usage: control_latency.py TAPSTAT [--rounds N] [--json FILE]

Latency: a replay loops, at real time ("idle": 1,000 flows a second) and as fast as it can ("load");
over mPlane end_to_end is asked for and interrupted again, N times each; the clock runs from the
request being sent to the moment at which log_tcp_complete of the new directory holds a row.
Attack: `load` again, packets a second with and without four clients that send rubbish without a
pause, by turns; the ratio of the medians. Figures are of the whole machine: run it on a quiet one.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/system"))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def post(connection, message):
    body = json.dumps(message)
    connection.request("POST", "/", body, {"Content-Type": "application/x-mplane+json"})
    return json.loads(connection.getresponse().read())


def specification(probe):
    import control_switch_test

    return control_switch_test.specification(probe, "end_to_end", "now + 1h", "")


def one_switch(probe, connection, message, number):
    """Milliseconds to the receipt and to the first row."""
    seen = len(probe.lines)
    token = f"latency-{number}"
    started = time.monotonic()
    post(connection, {**message, "token": token})
    receipt = time.monotonic()
    directory = probe.wait_for_line(r"created new outdir (\S+)", after=seen).group(1)
    log = pathlib.Path(directory) / "log_tcp_complete"
    while not log.exists() or log.read_bytes().count(b"\n") < 2:
        time.sleep(0.0002)
    first_row = time.monotonic()
    seen = len(probe.lines)
    post(connection, {"interrupt": "measure", "version": 0, "token": token})
    probe.wait_for_line(r"created new outdir", after=seen)
    return 1e3 * (receipt - started), 1e3 * (first_row - started)


def latency(probe, rounds):
    connection = probe.connect()
    message = specification(probe)
    times = [one_switch(probe, connection, message, number) for number in range(rounds)]
    connection.close()
    receipts, rows = zip(*times)
    return {
        "rounds": rounds,
        "receipt_ms": {"median": statistics.median(receipts), "p99": percentile(receipts, 0.99)},
        "first_row_ms": {"median": statistics.median(rows), "p99": percentile(rows, 0.99)},
    }


def packets_per_s(probe, seconds):
    before = json.loads(probe.command("status", "--json").out)
    at = time.monotonic()
    time.sleep(seconds)
    after = json.loads(probe.command("status", "--json").out)
    received = after["packets"]["received"] - before["packets"]["received"]
    return received / (time.monotonic() - at)


def attack_cost(probe, turns=7, seconds=2.0):
    from serving import raw_connection

    going = threading.Event()
    ending = threading.Event()

    def attack():
        while not ending.is_set():
            going.wait(0.1)
            if not going.is_set():
                continue
            try:
                with raw_connection(probe.port, 1) as connection:
                    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + os.urandom(512))
                    connection.recv(100)
            except OSError:
                pass

    attackers = [threading.Thread(target=attack, daemon=True) for _ in range(4)]
    for attacker in attackers:
        attacker.start()
    calm, attacked = [], []
    for turn in range(2 * turns):
        (going.set if turn % 2 else going.clear)()
        time.sleep(0.2)
        (attacked if turn % 2 else calm).append(packets_per_s(probe, seconds))
    ending.set()
    return {
        "calm_mpps": statistics.median(calm) / 1e6,
        "attacked_mpps": statistics.median(attacked) / 1e6,
        "ratio": statistics.median(attacked) / statistics.median(calm),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tapstat")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    sys.argv = [sys.argv[0], arguments.tapstat]  # what the tests' support reads
    from serving import Serving, make_capture

    result = {}
    for name, speed in (("idle", "realtime"), ("load", "max")):
        with tempfile.TemporaryDirectory(prefix="tapstat_latency_") as directory:
            capture = make_capture(pathlib.Path(directory) / "c.pcap", 3_000, gap_us=1_000)
            with Serving(directory, "-g", "none", capture=capture, speed=speed) as probe:
                result[name] = latency(probe, arguments.rounds)
                if name == "load":
                    result["attack"] = attack_cost(probe)
                probe.stop()
        print(json.dumps({name: result[name]}), flush=True)
    print(json.dumps({"attack": result["attack"]}))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
