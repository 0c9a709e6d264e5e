#!/usr/bin/env python3
"""The wire between client and server: carries Ethernet frames between two interfaces, delays them,
spoils some of them, and writes what a tap in its middle sees.

Usage: wire.py [--mirror INTERFACE] CLIENT_SIDE SERVER_SIDE CAPTURE [FAULT...]

A fault is VERB:SIDE:N for the Nth frame with TCP or UDP payload that SIDE (client or server) sends:
    drop   the tap sees it, the other side does not: it is sent again
    lose   neither sees it: it comes late, behind a hole
    late   held back for 30 ms before the tap
    twice  both see it twice
Loss by count and not by chance, so that each recording has it in the same place. Ends on SIGTERM.
Only TCP and UDP are written. Times are counted from the first frame, which is at 1600000000 s.
--mirror: the tap also sends what it sees, as the mirror port of a switch does.
"""
import argparse
import heapq
import select
import signal
import socket
import struct
import sys
import time

from clock import START_S

DELAY_S = 0.005  # one way, behind the tap
LATE_S = 0.030
FRAME_BYTES_MAX = 65_536
SIDES = ("client", "server")
VERBS = ("drop", "lose", "late", "twice")
EVERY_PROTOCOL = 0x0003
SO_RCVBUFFORCE = 33
WAITING_BYTES_MAX = 32 << 20  # frames that have not been read: a full buffer would be another loss
OUTGOING = 4  # packet type of frames that this machine sends itself


def payload_length(frame):
    """Bytes of TCP or UDP payload; None for other frames and for later fragments."""
    ether_type = int.from_bytes(frame[12:14], "big")
    if ether_type == 0x0800:
        if int.from_bytes(frame[20:22], "big") & 0x1FFF:
            return None
        protocol, start = frame[23], 14 + 4 * (frame[14] & 15)
        end = 14 + int.from_bytes(frame[16:18], "big")
    elif ether_type == 0x86DD:
        protocol, start = frame[20], 54
        end = 54 + int.from_bytes(frame[18:20], "big")
    else:
        return None
    if protocol == socket.IPPROTO_TCP:
        return end - start - 4 * (frame[start + 12] >> 4)
    return end - start - 8 if protocol == socket.IPPROTO_UDP else None


class Capture:
    def __init__(self, path):
        self.file = open(path, "wb", buffering=0)
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        self.first = None

    def write(self, now, frame):
        if self.first is None:
            self.first = now
        microseconds = round((now - self.first) * 1e6)
        head = struct.pack(
            "<IIII",
            START_S + microseconds // 1_000_000,
            microseconds % 1_000_000,
            len(frame),
            len(frame),
        )
        self.file.write(head + frame)


class Wire:
    def __init__(self, interfaces, mirror, capture, faults):
        self.sockets = [self.open(name) for name in interfaces]
        self.mirror = self.open(mirror) if mirror else None
        self.capture = capture
        self.faults = faults
        self.payloads_seen = [0, 0]
        self.events = []  # (due time, order, what to do)
        self.order = 0

    @staticmethod
    def open(interface):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, WAITING_BYTES_MAX)
        tap.bind((interface, 0))
        return tap

    def at(self, due, action):
        self.order += 1
        heapq.heappush(self.events, (due, self.order, action))

    def deliver(self, side, frame):
        self.sockets[1 - side].send(frame)

    def pass_tap(self, side, frame, delivered=True):
        now = time.time()
        self.capture.write(now, frame)
        if self.mirror:
            self.mirror.send(frame)
        if delivered:
            self.at(now + DELAY_S, lambda: self.deliver(side, frame))

    def on_frame(self, side, frame):
        length = payload_length(frame)
        if length is None:
            self.deliver(side, frame)
            return
        verb = None
        if length > 0:
            self.payloads_seen[side] += 1
            verb = self.faults.get((side, self.payloads_seen[side]))
        if verb == "late":
            self.at(time.time() + LATE_S, lambda: self.pass_tap(side, frame))
        elif verb != "lose":
            self.pass_tap(side, frame, delivered=verb != "drop")
        if verb == "twice":
            self.pass_tap(side, frame)

    def run(self):
        while True:
            wait = max(0.0, self.events[0][0] - time.time()) if self.events else None
            for ready in select.select(self.sockets, [], [], wait)[0]:
                frame, address = ready.recvfrom(FRAME_BYTES_MAX)
                if address[2] != OUTGOING:
                    self.on_frame(self.sockets.index(ready), frame)
            while self.events and self.events[0][0] <= time.time():
                heapq.heappop(self.events)[2]()


def parse_faults(texts):
    faults = {}
    for text in texts:
        verb, side, number = text.split(":")
        if verb not in VERBS or side not in SIDES:
            sys.exit(f"wire: no such fault: {text}")
        faults[SIDES.index(side), int(number)] = verb
    return faults


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--mirror")
    parser.add_argument("interfaces", nargs=2)
    parser.add_argument("capture")
    parser.add_argument("faults", nargs="*")
    a = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    wire = Wire(a.interfaces, a.mirror, Capture(a.capture), parse_faults(a.faults))
    print("ready", flush=True)
    wire.run()


if __name__ == "__main__":
    main()
