"""Capture file -> TCP segments, decoded as Tstat does (reference model of the golden cases).

Deliberately slow and literal: it is read beside the rules, not run on real links.
"""
import ipaddress
import struct
from dataclasses import dataclass, field

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MASK = 0xFFFFFFFF
EXTENSIONS = {0, 43, 60, 135}  # hop-by-hop, routing, destination options, mobility


@dataclass
class Options:
    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack: bool = False
    timestamps: bool = False


@dataclass
class Segment:
    time: int  # microseconds
    source: tuple = ()
    destination: tuple = ()
    seq: int = 0
    ack: int = 0
    flags: int = 0
    window: int = 0
    ttl: int = 0
    ip_id: int = 0
    n: int = 0  # payload length; may be negative
    options: Options = field(default_factory=Options)
    protocol: int = 6


def read_capture(path):
    """Yields (time in microseconds, link type, captured bytes)."""
    data = open(path, "rb").read()
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nanoseconds = magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    link_type = struct.unpack(order + "I", data[20:24])[0]
    at = 24
    while at + 16 <= len(data):
        sec, frac, captured, _ = struct.unpack(order + "4I", data[at : at + 16])
        yield sec * 1000000 + (frac // 1000 if nanoseconds else frac), link_type, data[
            at + 16 : at + 16 + captured
        ]
        at += 16 + captured


def strip_link(link_type, frame):
    """The bytes from the IP header on, or None."""
    fixed = {0: 4, 9: 4, 12: 0, 101: 0, 104: 4, 113: 16}
    if link_type in fixed:
        return frame[fixed[link_type] :]
    if len(frame) < 14:
        return None
    kind = frame[12] << 8 | frame[13]
    if kind in (0x0800, 0x86DD):
        return frame[14:]
    if kind == 0x8847:
        return frame[18:]
    if kind == 0x8864 and frame[20:22] == b"\x00\x21":
        return frame[22:]
    if kind == 0x8100:
        return frame[22:] if frame[16:18] == b"\x88\x47" else frame[18:]
    return None


def parse(time, link_type, frame):
    """(is IP, Segment or None). A UDP datagram gives a segment of protocol 17, endpoints only."""
    ip = strip_link(link_type, frame)
    if not ip:
        return False, None
    version = ip[0] >> 4
    if version == 4 and len(ip) >= 20:
        if ip[9] in (4, 41) and fragment_offset(ip) == 0:
            inner = ip[4 * (ip[0] & 15) :]
            if not inner:
                return True, None
            ip, version = inner, inner[0] >> 4
    if version == 4 and len(ip) >= 20:
        return True, parse_ipv4(time, ip)
    if version == 6 and len(ip) >= 40:
        return True, parse_ipv6(time, ip)
    return False, None


def fragment_offset(ip):
    return (ip[6] & 0x1F) << 8 | ip[7]


def parse_ipv4(time, ip):
    if fragment_offset(ip) != 0:
        return None
    header = 4 * (ip[0] & 15)
    payload = (ip[2] << 8 | ip[3]) - header
    segment = Segment(time, ttl=ip[8], ip_id=ip[4] << 8 | ip[5], protocol=ip[9])
    addresses = ipaddress.ip_address(ip[12:16]), ipaddress.ip_address(ip[16:20])
    return parse_transport(segment, addresses, ip[header:], payload)


def parse_ipv6(time, ip):
    payload = ip[4] << 8 | ip[5]
    segment = Segment(time, ttl=ip[7], ip_id=payload)
    at, kind = 40, ip[6]
    while True:
        if len(ip) < at + 8 and kind != 6:
            return None
        if kind in EXTENSIONS:
            kind, at = ip[at], at + 8 + 8 * ip[at + 1]
        elif kind == 51:
            kind, at = ip[at], at + 8 + 4 * ip[at + 1]
        elif kind == 44:
            if ip[at + 2] & 0xFC:
                return None
            kind, at = ip[at], at + 8
        else:
            break
    segment.protocol = kind
    addresses = ipaddress.ip_address(ip[8:24]), ipaddress.ip_address(ip[24:40])
    return parse_transport(segment, addresses, ip[at:], payload + 40 - at)


def parse_transport(segment, addresses, transport, ip_payload):
    if segment.protocol == 17 and len(transport) >= 8:
        ports = struct.unpack(">HH", transport[:4])
    elif segment.protocol == 6 and len(transport) >= 20 and ip_payload >= 20:
        *ports, segment.seq, segment.ack, offset, segment.flags, segment.window = struct.unpack(
            ">HHIIBBH", transport[:16]
        )
        offset = 4 * (offset >> 4)
        segment.n = ip_payload - offset
        parse_options(segment.options, transport, offset)
    else:
        return None
    segment.source, segment.destination = zip(addresses, ports)
    return segment


def parse_options(options, tcp, data_offset):
    at = 20
    while at < min(data_offset, len(tcp)):
        kind = tcp[at]
        if kind in (0, 1):
            at += 1
            continue
        if at + 1 >= len(tcp) or tcp[at + 1] == 0 or at + tcp[at + 1] > len(tcp):
            return
        if kind == 2 and at + 4 <= len(tcp):
            options.mss = tcp[at + 2] << 8 | tcp[at + 3]
        if kind == 3 and at + 3 <= len(tcp):
            options.window_scale = tcp[at + 2]
        options.sack_permitted |= kind == 4
        options.sack |= kind == 5
        options.timestamps |= kind == 8
        at += tcp[at + 1]
