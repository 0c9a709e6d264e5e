"""Anonymisation from outside: keys, refusals, and what the rows show."""
import base64
import ipaddress
import json
import os
import stat

import support
from support import connection, write_pcap

KEY = "0123456789abcdef0123456789abcdef"


class Anonymise(support.TestCase):
    def setUp(self):
        super().setUp()
        self.write("nets", "10.0.0.0/8\n2001:db8::/32\n")
        self.write("key", KEY + "\n", 0o400)
        packets = connection(client="10.0.0.1") + connection(
            client="10.0.0.9", start_us=1_000_000, client_port=40001
        )
        write_pcap(self.directory / "x.pcap", packets)

    def write(self, name, text, mode=0o644):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def replay(self, *flags, out="out", status=0):
        command = ["replay", "x.pcap", "-s", out, "--schema", "tstat-3.3", *flags]
        result = self.run_tapstat(*command)
        self.assert_status(result, status)
        return result

    def cells(self, out, *names):
        lines = support.log_lines(self.directory / out)
        header = [cell.split(":")[0] for cell in lines[0].split("#")[2].split(" ")]
        return [
            tuple(line.split(" ")[header.index(name)] for name in names)
            for line in lines
            if not line.startswith("#")
        ]

    def test_rows_show_what_tstat_shows(self):
        self.replay("-Y", "nets", "--keyfile", "key")
        rows = self.cells("out", "c_ip", "c_iscrypto", "s_ip", "s_iscrypto")
        self.assertEqual(rows[0], ("58.1.207.134", "1", "198.51.100.20", "0"))
        other = ipaddress.ip_address(rows[1][0])
        common = int(other) ^ int(ipaddress.ip_address("58.1.207.134"))
        self.assertEqual(common.bit_length(), (1 ^ 9).bit_length())
        self.assertFalse(list((self.directory / "out").glob("CPanKey*")))

    def test_what_is_excepted_and_what_is_external_stays(self):
        self.write("except", "10.0.0.1/32\n")
        self.replay("-Y", "nets", "-W", "except", "--keyfile", "key", out="a")
        rows = self.cells("a", "c_ip", "c_iscrypto")
        self.assertEqual(rows[0], ("10.0.0.1", "0"))
        self.assertNotEqual(rows[1], ("10.0.0.9", "0"))
        self.write("key64", base64.b64encode(KEY.encode()).decode() + "\n", 0o600)
        self.write(
            "t.toml",
            '[network]\ninternal = "nets"\n[privacy]\ncrypto_pan_key = "key64"\n'
            'anonymise = ["external"]\n',
        )
        self.replay("-c", "t.toml", out="b")
        rows = self.cells("b", "c_ip", "c_iscrypto", "s_iscrypto", "c_isint", "s_isint")
        self.assertEqual(rows[0], ("10.0.0.1", "0", "1", "1", "0"))
        self.assert_status(self.run_tapstat("check", "t.toml"), 0)

    def test_a_run_without_a_key_keeps_its_own(self):
        result = self.replay("-Y", "nets")
        (path,) = (self.directory / "out").glob("CPanKey_*")
        self.assertEqual(path.name, "CPanKey_2017_07_14_02_40")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o400)
        self.assertIn(f'the key of anonymisation of this run is in "out/{path.name}"', result.err)
        self.assertIn("privacy addresses anonymised, names kept (a new key)", result.out)
        self.replay("-Y", "nets", "--keybase64", path, out="again")
        self.assertEqual(self.cells("out", "c_ip"), self.cells("again", "c_ip"))
        self.replay("-Y", "nets")
        self.assertEqual(len(list((self.directory / "out").glob("CPanKey_*"))), 2)

    def test_a_dry_run_makes_no_key(self):
        result = self.run_tapstat(
            "replay", "x.pcap", "-s", "out", "-Y", "nets", "--enc", "--dry-run", "--json"
        )
        self.assert_status(result, 0)
        plan = json.loads(result.out)["plan"]
        self.assertEqual((plan["anonymised"], plan["names"]), (True, "encrypted"))
        self.assertFalse((self.directory / "out").exists())

    def test_a_key_that_others_may_read_is_refused(self):
        self.write("open", KEY, 0o640)
        result = self.replay("-Y", "nets", "--keyfile", "open", status=2)
        self.assertIn(
            'tapstat: Crypto-PAn key "open": its mode is 0640, others may use it. '
            "Run: chmod 0400 open\n",
            result.err,
        )
        self.assertFalse((self.directory / "out").exists())
        self.write("t.toml", '[privacy]\ncrypto_pan_key = "open"\nanonymise = ["internal"]\n')
        result = self.run_tapstat("check", "t.toml")
        self.assert_status(result, 2)
        self.assertIn("its mode is 0640", result.err)

    def test_a_key_is_made_once(self):
        result = self.run_tapstat("anonymise-key", "cpan.key")
        self.assert_status(result, 0)
        path = self.directory / "cpan.key"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o400)
        self.assertEqual(len(base64.b64decode(path.read_text())), 32)
        again = self.run_tapstat("anonymise-key", "cpan.key")
        self.assert_status(again, 2)
        self.assertIn("it is there already and is not overwritten", again.err)
        self.replay("-Y", "nets", "--keybase64", "cpan.key")

    def http_row(self, *flags, out):
        """Path, referer and cookie of the one request, and what was said."""
        packets = connection(
            server_port=80,
            payloads=(
                b"GET /secret/path?q=1 HTTP/1.1\r\nHost: www.example.com\r\n"
                b"Referer: http://other.example/a/b\r\nCookie: c=1\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            ),
        )
        write_pcap(self.directory / "http.pcap", packets)
        self.write("r.conf", "[log]\nlog_http_complete = 1\n[options]\nhttplog_full_url = 2\n")
        result = self.run_tapstat("replay", "http.pcap", "-s", out, "-T", "r.conf", *flags)
        self.assert_status(result, 0)
        lines = support.rows(self.directory / out, "log_http_complete")
        (cells,) = [line.split("\t") for line in lines if "\tGET\t" in line]
        return (cells[8], cells[9], cells[11]), result

    def test_strict_privacy_wins_over_runtime_conf(self):
        shown, result = self.http_row(out="open")
        self.assertEqual(shown, ("/secret/path?q=1", "http://other.example/a/b", "c=1"))
        self.assertIn("(-) Enabling full HTTP URL log", result.out)
        hidden = ("-", "http://other.example/", "-")
        note = "r.conf: httplog_full_url has no effect: strict privacy (-0) keeps it at 0."
        shown, result = self.http_row("-0", out="flag")
        self.assertEqual(shown, hidden)
        self.assertIn(note, result.err)
        self.assertNotIn("HTTP URL log", result.out)
        self.write("t.toml", "[privacy]\nstrict = true\n[log]\nhttp_url = 1\n")
        shown, result = self.http_row("-c", "t.toml", out="file")
        self.assertEqual(shown, hidden)
        self.assertIn(
            "[log] http_url has no effect: strict privacy (-0) keeps it at 0.", result.err
        )

        result = self.run_tapstat("check", "t.toml", "-T", "r.conf")
        self.assert_status(result, 0)
        self.assertIn(note, result.err)

    def test_the_mask_of_tstat_is_refused(self):
        result = self.replay("-A", "0xff", status=2)
        self.assertIn("tapstat: -A is not offered:", result.err)
        self.assertIn("Use -Y with a list of networks and a key", result.err)
        self.assertFalse((self.directory / "out").exists())

    def rows_of(self, path):
        """Each row as {column: value}; the HTTP log names the ends alike in both its headers."""
        separator = "\t" if path.name == "log_http_complete" else " "
        names = []
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("#"):
                names = [cell.split(":")[0] for cell in line.rsplit("#", 1)[1].split(separator)]
            else:
                yield dict(zip(names, line.split(separator)))

    def test_no_log_shows_an_address_that_is_replaced(self):
        self.write("all", "192.0.2.0/24\n198.51.100.0/24\n2001:db8::/32\n")
        golden = support.SOURCE_ROOT / "tests/golden"
        captures = [
            golden / case / "input.pcap" for case in ("real_dns_names", "real_rtp", "real_quic")
        ]
        groups = "core,end_to_end,p2p,options,layer7,fingerprint"
        flags = ["-q", "-g", groups, "--logs", "all", "--schema", "tstat-3.3"]
        flags += ["-Y", "all", "--keyfile", "key"]
        real = ("192.0.2.", "198.51.100.", "2001:db8:")
        for mode in ("tstat", "corrected"):
            result = self.run_tapstat("replay", *captures, "-s", mode, "--mode", mode, *flags)
            self.assert_status(result, 0)
            (out,) = support.directories(self.directory / mode)
            logs = {path.name: list(self.rows_of(path)) for path in out.glob("log_*")}
            self.assertEqual([log for log in logs if not logs[log]], ["log_tcp_nocomplete"])
            for log, rows in logs.items():
                for row in rows:
                    shown = [row[name] for name in ("c_ip", "s_ip", "dns_rslv") if name in row]
                    self.assertFalse([ip for ip in shown if ip.startswith(real)], (log, row))
                    marks = {row[name] for name in ("c_iscrypto", "s_iscrypto") if name in row}
                    self.assertLessEqual(marks, {"1"}, (log, row))
                    learnt = row.get("dns_rslv", "-") != "-"
                    self.assertEqual(row.get("dns_enc", "0"), "1" if learnt else "0", (log, row))
            if mode == "corrected":  # what messages and names hold, too
                for path in out.iterdir():
                    text = path.read_text(errors="replace")
                    self.assertFalse([word for word in real if word in text], path.name)

    def test_flags_that_would_do_nothing_are_refused(self):
        for flags, sentence in (
            (["-W", "nets"], "-W needs -Y"),
            (["--keyfile", "key"], "a key was given, but nothing is to be anonymised"),
            (["-Y", "nets", "--keyvalue", "k", "--keyfile", "key"], "exclude each other"),
        ):
            self.assertIn(sentence, self.replay(*flags, status=2).err)


if __name__ == "__main__":
    support.main()
