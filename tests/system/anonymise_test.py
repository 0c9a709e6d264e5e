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

    def test_flags_that_would_do_nothing_are_refused(self):
        for flags, sentence in (
            (["-W", "nets"], "-W needs -Y"),
            (["--keyfile", "key"], "a key was given, but nothing is to be anonymised"),
            (["-Y", "nets", "--keyvalue", "k", "--keyfile", "key"], "exclude each other"),
        ):
            self.assertIn(sentence, self.replay(*flags, status=2).err)


if __name__ == "__main__":
    support.main()
