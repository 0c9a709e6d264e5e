"""The fingerprint group over captures of real programs, against a second implementation of JA4 and
Community ID that reads the ClientHello from the capture by itself."""
import base64
import hashlib
import ipaddress
import struct

import support

GOLDEN = support.SOURCE_ROOT / "tests/golden"
TLS_CASES = ("real_tls12", "real_tls13", "real_tls_segments", "real_tls_late_client", "real_http2")
GREASE = {byte << 8 | byte for byte in range(0x0A, 0x100, 0x10)}
VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3"}
SERVER_NAME, SIGNATURE_ALGORITHMS, ALPN, SUPPORTED_VERSIONS, ECH = 0, 13, 16, 43, 0xFE0D
ALPN_BYTES_MAX = 64
COLUMNS = ("community_id", "ja4", "alpn", "sni", "tls_version", "ech")


def frames(path):
    data = path.read_bytes()
    at = 24
    while at < len(data):
        captured = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16 : at + 16 + captured]
        at += 16 + captured


def segments(path):
    """(source, destination, sequence number, flags, payload) of each TCP segment."""
    for frame in frames(path):
        packet, kind = frame[14:], frame[12:14]
        if kind == b"\x08\0" and packet[9] == 6:
            header, end = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
            addresses = packet[12:16], packet[16:20]
        elif kind == b"\x86\xdd" and packet[6] == 6:
            header, end = 40, 40 + struct.unpack_from("!H", packet, 4)[0]
            addresses = packet[8:24], packet[24:40]
        else:
            continue
        tcp = packet[header:end]
        source, destination, sequence = struct.unpack_from("!HHI", tcp)
        payload = tcp[(tcp[12] >> 4) * 4 :]
        yield (addresses[0], source), (addresses[1], destination), sequence, tcp[13], payload


def client_streams(path):
    """{(client, server): the first bytes of what the client sent, in order}"""
    starts, pieces = {}, {}
    for source, destination, sequence, flags, payload in segments(path):
        if flags & (support.SYN | support.ACK) == support.SYN:
            starts[source, destination] = sequence + 1
        elif payload and (source, destination) in starts:
            offset = (sequence - starts[source, destination]) % 2**32
            pieces.setdefault((source, destination), {})[offset] = payload
    for ends, by_offset in pieces.items():
        stream = b""
        for offset, payload in sorted(by_offset.items()):
            if offset <= len(stream):
                stream = stream[:offset] + payload + stream[offset + len(payload) :]
        yield ends, stream


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def vector(self, count):
        return self.take(self.number(count))

    def numbers(self):
        return [self.number(2) for _ in range(len(self.data) // 2)]


def client_hello(stream):
    """{name: value} of a ClientHello, None when the stream begins with no TLS."""
    if stream[:2] != b"\x16\x03":
        return None
    hello = Reader(Reader(stream[9:]).take(int.from_bytes(stream[6:9], "big")))
    found = {"version": hello.number(2), "random": hello.take(32), "session": hello.vector(1)}
    found["ciphers"] = Reader(hello.vector(2)).numbers()
    hello.vector(1)
    found["extensions"] = {}
    extensions = Reader(hello.vector(2))
    while extensions.data:
        kind = extensions.number(2)
        found["extensions"][kind] = extensions.vector(2)
    return found


def without_grease(numbers):
    return [number for number in numbers if number not in GREASE]


def protocols(hello):
    names, reader = [], Reader(Reader(hello["extensions"].get(ALPN, b"\0\0")).vector(2))
    while reader.data:
        names.append(reader.vector(1).decode())
    return names


def highest_version(hello):
    offered = Reader(Reader(hello["extensions"].get(SUPPORTED_VERSIONS, b"\0")).vector(1)).numbers()
    return max(without_grease(offered), default=hello["version"])


def short_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def ja4(hello):
    ciphers = sorted(f"{cipher:04x}" for cipher in without_grease(hello["ciphers"]))
    kinds = without_grease(hello["extensions"])
    names = protocols(hello)
    ends = names[0][0] + names[0][-1] if names else "00"
    start = "t" + VERSIONS[highest_version(hello)] + ("d" if SERVER_NAME in kinds else "i")
    start += f"{len(ciphers):02}{len(kinds):02}{ends}"
    content = ",".join(sorted(f"{kind:04x}" for kind in kinds if kind not in (SERVER_NAME, ALPN)))
    algorithms = Reader(Reader(hello["extensions"].get(SIGNATURE_ALGORITHMS, b"\0\0")).vector(2))
    signatures = ",".join(f"{number:04x}" for number in without_grease(algorithms.numbers()))
    content += "_" + signatures if signatures else ""
    return f"{start}_{short_hash(','.join(ciphers))}_{short_hash(content)}"


def community_id(client, server):
    (low, low_port), (high, high_port) = sorted((client, server))
    content = b"\0\0" + low + high + b"\x06\0" + struct.pack("!HH", low_port, high_port)
    return "1:" + base64.b64encode(hashlib.sha1(content).digest()).decode()


def expected(ends, stream):
    hello = client_hello(stream)
    if hello is None:
        return (community_id(*ends), "-", "-", "-", "-", "0")
    name = hello["extensions"].get(SERVER_NAME)
    return (
        community_id(*ends),
        ja4(hello),
        ",".join(protocols(hello))[:ALPN_BYTES_MAX] or "-",
        name[5:].decode() if name else "-",
        f"0x{highest_version(hello):04x}",
        "1" if ECH in hello["extensions"] else "0",
    )


class Fingerprint(support.TestCase):
    def replay(self, case, mode, groups):
        out = self.directory / f"{case}-{mode}-{len(groups)}"
        capture = GOLDEN / case / "input.pcap"
        flags = ["-q", "-g", groups, "--mode", mode]
        self.assert_status(self.run_tapstat("replay", capture, "-s", out, *flags), 0)
        return out

    def rows(self, out, log):
        header, *lines = support.log_lines(out, log)
        names = [cell.split(":")[0] for cell in header.rsplit("#", 1)[1].split(" ")]
        return header, [dict(zip(names, line.split(" "))) for line in lines]

    def test_hellos_of_real_programs(self):
        hellos = 0
        for case in TLS_CASES:
            streams = dict(client_streams(GOLDEN / case / "input.pcap"))
            self.assertTrue(streams)
            for mode in ("tstat", "corrected"):
                header, rows = self.rows(
                    self.replay(case, mode, "core,fingerprint"), "log_tcp_complete"
                )
                self.assertTrue(header.startswith("#32#"), header)
                found = {(row["c_ip"], row["c_port"]): row for row in rows}
                for ends, stream in streams.items():
                    address, port = ends[0]
                    row = found.get((str(ipaddress.ip_address(address)), str(port)))
                    if mode == "tstat" and case == "real_tls_late_client":
                        continue  # Tstat's view of a hello whose first piece comes last
                    shown = tuple(row[name] for name in COLUMNS)
                    self.assertEqual(shown, expected(ends, stream), (case, mode))
                    hellos += shown[1] != "-"
        self.assertGreater(hellos, 20)

    def test_quic_has_them_in_the_log_of_udp_flows(self):
        for mode in ("tstat", "corrected"):
            out = self.replay("real_quic", mode, "core,fingerprint")
            _, rows = self.rows(out, "log_udp_complete")
            hellos = [row for row in rows if row["c_type"] == "27"]
            self.assertTrue(hellos)
            for row in hellos:
                self.assertEqual(row["quic_version"], row["quic_c_vers"])
                self.assertEqual(row["sni"], row["quic_SNI"])
                self.assertEqual(row["alpn"].split(",")[0], "h3")
                self.assertRegex(row["ja4"], "^q13d[0-9]{4}h3_[0-9a-f]{12}_[0-9a-f]{12}$")
                self.assertEqual(row["ech"], "1" if row["quic_ech"] != "0" else "0")

    def test_is_off_unless_asked_for(self):
        out = self.replay("real_tls13", "tstat", "all")
        for log in ("log_tcp_complete", "log_udp_complete"):
            header, _ = self.rows(out, log)
            self.assertNotIn("ja4", header)


if __name__ == "__main__":
    support.main()
