"""Text from the network, in every log that shows some: a row stays one line of as many fields as
its header names, with no control byte, no field empty, and none that begins with '#'."""
import struct

import support
from support import connection, ethernet, ipv4, udp, write_pcap

CLIENT, SERVER, RESOLVER = "192.0.2.10", "198.51.100.20", "203.0.113.53"
HOSTILE = b"#15#a b\tc\r\nd\x00\x01\x1f\x7f\xff"
MODES = ("tstat", "corrected")


def word(*left_out):
    """What a name may hold in a message whose syntax ends it at some bytes."""
    return bytes(byte for byte in HOSTILE if bytes([byte]) not in left_out)


def counted(size, content):
    return len(content).to_bytes(size, "big") + content


def http():
    """In each field what its syntax lets through."""
    plain = word(b"\r", b"\n", b"\x00")
    spaceless = word(b"\r", b"\n", b"\x00", b" ", b"\t")
    names = (b"Host", b"Referer", b"User-Agent", b"Cookie", b"DNT")
    request = b"GET /" + spaceless + b" HTTP/1.1\r\n"
    request += b"".join(b"%s: %s\r\n" % (name, plain) for name in names) + b"\r\n"
    names = (b"Content-Type", b"Content-Range", b"Server", b"Location", b"Set-Cookie")
    reply = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
    reply += b"".join(b"%s: %s\r\n" % (name, plain) for name in names) + b"\r\n"
    return request, reply


def record(*messages):
    content = b"".join(bytes([kind]) + counted(3, body) for kind, body in messages)
    return b"\x16\x03\x03" + counted(2, content)


def tls():
    """Server name, ALPN and common name; TLS 1.2, as certificates are encrypted later."""
    name = HOSTILE + b".name.example"
    server_name = counted(2, b"\0" + counted(2, name))
    alpn = counted(2, counted(1, HOSTILE) + counted(1, b"h2"))
    extensions = b"\0\0" + counted(2, server_name) + b"\0\x10" + counted(2, alpn)
    hello = b"\x03\x03" + b"R" * 32 + b"\0" + counted(2, b"\x13\x01") + counted(1, b"\0")
    answer = b"\x03\x03" + b"S" * 32 + b"\0" + b"\xc0\x2f" + b"\0"
    common_name = b"\x06\x03\x55\x04\x03\x0c" + counted(1, HOSTILE + b".cn.example")
    return record((1, hello + counted(2, extensions))), record((2, answer), (11, common_name))


def dns_messages():
    """A question, its answer with an address and a text, and an error."""
    name = counted(1, HOSTILE) + counted(1, b"example") + b"\0"
    question = name + struct.pack("!HH", 1, 1)
    link = b"\xc0\x0c"
    address = link + struct.pack("!HHI", 1, 1, 60) + counted(2, bytes(map(int, SERVER.split("."))))
    text = link + struct.pack("!HHI", 16, 1, 60) + counted(2, counted(1, HOSTILE))
    yield True, struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question
    yield False, struct.pack("!HHHHHH", 7, 0x8180, 1, 2, 0, 0) + question + address + text
    yield False, struct.pack("!HHHHHH", 8, 0x8183, 1, 0, 0, 0) + question


def dns():
    for number, (is_query, message) in enumerate(dns_messages()):
        ends = (CLIENT, RESOLVER) if is_query else (RESOLVER, CLIENT)
        ports = (5353, 53) if is_query else (53, 5353)
        yield 1000 * number, ethernet(ipv4(*ends, 17, udp(*ports, message)))


class Escapes(support.TestCase):
    def setUp(self):
        super().setUp()
        packets = list(dns())
        for number, payloads in enumerate((http(), tls())):
            packets += connection(
                client=CLIENT,
                client_port=40001 + number,
                server=SERVER,
                start_us=1_000_000 * (1 + number),
                payloads=payloads,
            )
        write_pcap(self.directory / "x.pcap", packets)
        text = "[log]\nlog_dns_complete = 1\nlog_http_complete = 1\nlog_tcp_complete = 1\n"
        text += "log_udp_complete = 1\n[options]\nhttplog_full_url = 2\n"
        (self.directory / "runtime.conf").write_text(text)

    def lines(self, mode):
        """{log: lines} of a run with all columns that there are."""
        groups = "core,end_to_end,p2p,options,layer7,fingerprint"
        flags = ["-g", groups, "--schema", "tstat-3.3", "-T", "runtime.conf", "--mode", mode]
        self.assert_status(self.run_tapstat("replay", "x.pcap", "-s", mode, "-q", *flags), 0)
        (out,) = support.directories(self.directory / mode)
        return {path.name: path.read_bytes().split(b"\n") for path in out.glob("log_*")}

    def assert_whole(self, log, lines):
        separator = b"\t" if log == "log_http_complete" else b" "
        self.assertEqual(lines[-1], b"", "the last line is whole")
        widths = {len(line.split(separator)) for line in lines if line.startswith(b"#")}
        for line in lines[:-1]:
            fields = line.split(separator)
            self.assertIn(len(fields), widths, line)
            # Answers of log_dns_complete have a TAB for each blank of their own.
            allowed = b"\t" if log in ("log_http_complete", "log_dns_complete") else b""
            bad = [byte for byte in line if byte == 0x7F or byte < 0x20 and byte not in allowed]
            self.assertEqual(bad, [], line)
            if not line.startswith(b"#"):
                self.assertEqual([f for f in fields if not f or f.startswith(b"#")], [], line)

    def test_each_row_is_one_line_of_whole_fields(self):
        for mode in MODES:
            for log, lines in self.lines(mode).items():
                self.assert_whole(log, lines)

    def test_hostile_text_is_shown_where_it_belongs(self):
        escaped = b"%2315#a%20b%09c%0D%0Ad%00%01%1F%7F\xff"
        phrase = b"%2315#a b%09cd%01%1F%7F\xff"
        host = b"%2315#a%20b%09cd%01%1F%7F\xff"
        for mode in MODES:
            logs = {log: b"\n".join(lines) for log, lines in self.lines(mode).items()}
            tcp = logs["log_tcp_complete"]
            self.assertIn(b" " + escaped + b".example ", tcp, "fqdn")
            self.assertIn(b" " + escaped + b".name.example ", tcp, "c_tls_SNI and sni")
            self.assertIn(b" " + escaped + b",h2 ", tcp, "alpn")
            self.assertIn(
                b"\t" + escaped.replace(b"%20", b" ") + b".example\t",
                logs["log_http_complete"],
                "fqdn",
            )
            self.assertIn(b" %23", logs["log_dns_complete"])
            if mode == "tstat":
                self.assertIn(b" " + escaped + b".cn.example ", tcp, "s_tls_SCN")
            else:  # a value goes to the end of its line; in tstat mode to a control character
                self.assertIn(b"\t" + phrase + b"\t", logs["log_http_complete"])
                self.assertIn(b" " + host + b" ", tcp, "http_hostname")


if __name__ == "__main__":
    support.main()
