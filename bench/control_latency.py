#!/usr/bin/env python3
"""How long from the last byte of a specification to the first row under the new header, and what an
attack on the control plane costs the packet path.

Usage: control_latency.py TAPSTAT [--rounds N] [--attack CAPTURE] [--json FILE]

Latency: a replay loops, at real time ("idle": 1,000 flows a second) and as fast as it can ("load");
over mPlane end_to_end is asked for and interrupted again, N times each; the clock runs from the
request being sent to the moment at which log_tcp_complete of the new directory holds a row.
Attack: CAPTURE (make_traffic isp_mix) loops as fast as it can; packets a second while clients on
another core send rubbish without a pause to us, to a listener that is not ours, and to nobody, by
turns. On a machine with few cores the clients themselves cost something, which is what the second
of the three shows; the ratio of the first to it is ours. Run it on a quiet machine.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import random
import signal
import socket
import statistics
import sys
import tempfile
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


def listen_for_nothing():
    """A listener of no program under test, in a process of its own: accepts, reads, closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        while True:
            connection, _ = listener.accept()
            connection.recv(4096)
            connection.close()
    return listener.getsockname()[1], child


def attack(port_of, ending):
    """Sends rubbish to the port that `port_of` holds, as fast as it is refused; 0: rests."""
    while not ending.is_set():
        port = port_of.value
        if port == 0:
            time.sleep(0.01)
            continue
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + os.urandom(512))
                connection.recv(100)
        except OSError:
            pass


def attack_cost(probe, turns=9, seconds=2.0):
    other_port, other = listen_for_nothing()
    port_of = multiprocessing.Value("i", 0)
    ending = multiprocessing.Event()
    attackers = [multiprocessing.Process(target=attack, args=(port_of, ending)) for _ in range(2)]
    for attacker in attackers:
        attacker.start()
    rates = {"nobody": [], "another": [], "us": []}
    ports = {"nobody": 0, "another": other_port, "us": probe.port}
    for turn in range(turns):
        for name in random.sample(sorted(rates), len(rates)):
            port_of.value = ports[name]
            time.sleep(0.3)
            rates[name].append(packets_per_s(probe, seconds))
    ending.set()
    for attacker in attackers:
        attacker.join()
    os.kill(other, signal.SIGKILL)
    os.waitpid(other, 0)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    paired = [us / other for us, other in zip(rates["us"], rates["another"])]
    return {
        **{f"{name}_mpps": value / 1e6 for name, value in medians.items()},
        "deviation": statistics.pstdev(rates["nobody"]) / medians["nobody"],
        "us_to_another": statistics.median(paired),
        "us_to_nobody": medians["us"] / medians["nobody"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tapstat")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--attack", type=pathlib.Path, metavar="CAPTURE")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    # The worker has the first CPU to itself; clients come from elsewhere in real life.
    cpus = sorted(os.sched_getaffinity(0))
    sys.argv = [sys.argv[0], arguments.tapstat]  # what the tests' support reads
    from serving import Serving, make_capture

    result = {}
    loads = [("idle", "realtime", None), ("load", "max", None)]
    if arguments.attack:
        loads.append(("attack", "max", arguments.attack))
    for name, speed, capture in loads:
        with tempfile.TemporaryDirectory(prefix="tapstat_latency_") as directory:
            capture = capture or make_capture(pathlib.Path(directory) / "c.pcap", 3_000, 1_000)
            flags = ["-g", "none"] + (["--source", "preloaded"] if name == "attack" else [])
            with Serving(directory, *flags, capture=capture, speed=speed) as probe:
                os.sched_setaffinity(0, cpus[1:] or cpus)
                measure = attack_cost if name == "attack" else latency
                result[name] = measure(probe, *(() if name == "attack" else (arguments.rounds,)))
                probe.stop()
            os.sched_setaffinity(0, cpus)
        print(json.dumps({name: result[name]}), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
