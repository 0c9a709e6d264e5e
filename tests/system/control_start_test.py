"""What is said when the control plane cannot start, and when there is none to talk to."""
import os
import socket
import subprocess

import certificates
from certificates import control_section
from serving import Serving, client_context, make_capture, wait_until
from support import BINARY, TestCase, main


class Start(TestCase):
    def serve(self, *arguments, config=None):
        """A replay that should not start."""
        if not (self.directory / "c.pcap").exists():
            make_capture(self.directory / "c.pcap", count=3)
        if config is not None:
            (self.directory / "tapstat.toml").write_text(config)
            arguments += ("-c", "tapstat.toml")
        return self.run_tapstat("replay", "c.pcap", "--serve", "-s", "out", *arguments)

    def refusal(self, result, status):
        self.assert_status(result, status)
        self.assertFalse((self.directory / "out").exists(), "nothing may have been written")
        return [line for line in result.err.splitlines() if line.startswith("tapstat: ")][-1]

    def test_a_port_that_is_taken_names_its_owner(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            said = self.refusal(self.serve("--listen", address), 6)
        self.assertEqual(
            said,
            f'tapstat: {address} is in use by "{process_name()}" (pid {os.getpid()}). '
            "Set [control] listen or stop that process.",
        )

    def test_an_open_address_needs_certificates(self):
        said = self.refusal(self.serve("--listen", "0.0.0.0:8888"), 2)
        self.assertEqual(
            said,
            'tapstat: [control] listen = "0.0.0.0:8888" without TLS. Add certificate, key and '
            "client_ca, or listen on 127.0.0.1.",
        )
        (self.directory / "tapstat.toml").write_text('[control]\nlisten = "0.0.0.0:8888"\n')
        checked = self.run_tapstat("check")
        self.assert_status(checked, 2)
        self.assertIn("without TLS", checked.err)

    def test_certificates_that_cannot_be_used(self):
        made = certificates.make_set(self.directory / "certs")
        said = self.refusal(self.serve(config=control_section(made, "nobody")), 2)
        self.assertIn("nobody", said)
        wrong_key = control_section(made).replace("server.key", "reader.key")
        self.assertIn("reader.key", self.refusal(self.serve(config=wrong_key), 2))
        half = f'[control]\ncertificate = "{made}/server.pem"\n'
        self.assertIn("[control] key is missing", self.refusal(self.serve(config=half), 2))
        (made / "users.conf").write_text("no colon here\n")
        said = self.refusal(self.serve(config=control_section(made)), 2)
        self.assertIn("users.conf:1", said)
        checked = self.run_tapstat("check")
        self.assert_status(checked, 2)
        self.assertIn("users.conf:1", checked.err)

    def test_a_state_directory_belongs_to_one_probe(self):
        state = self.directory / "state"
        config = f'[mplane]\nstate_directory = "{state}"\n'
        other = self.directory / "other"
        other.mkdir()
        with Serving(other, config=config) as probe:
            said = self.refusal(self.serve("--listen", "127.0.0.1:0", config=config), 6)
            self.assertIn(str(state), said)
            self.assertEqual(probe.stop()[0], 0)

    def test_every_interface_with_certificates(self):
        made = certificates.make_set(self.directory / "certs")
        config = control_section(made)
        with Serving(self.directory, config=config, listen="0.0.0.0:0") as probe:
            context = client_context(made, "reader")
            with socket.create_connection(("127.0.0.1", probe.port), 5) as raw:
                with context.wrap_socket(raw, server_hostname="localhost") as tls:
                    tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    self.assertIn(b"200 OK", tls.recv(100))
            self.assertEqual(probe.stop()[0], 0)
            notes = [line for _, line in probe.errors]
            self.assertTrue(any("Set [mplane] base_url" in line for line in notes), notes)

    def test_commands_find_the_probe_that_runs(self):
        run = self.directory / "run"
        run.mkdir(mode=0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(run)}
        environment.pop("RUNTIME_DIRECTORY", None)

        def command(*words):
            return subprocess.run(
                [str(BINARY), *words], env=environment, capture_output=True, text=True, check=False
            )

        nobody = command("status")
        self.assertEqual(nobody.returncode, 6)
        self.assertIn("no running tapstat", nobody.stderr)
        with Serving(self.directory, local_socket=run / "tapstat-1.sock") as probe:
            status = command("status")
            self.assertEqual(status.returncode, 0, status.stderr)
            self.assertIn("running", status.stdout)
            other = self.directory / "second"
            other.mkdir()
            with Serving(other, local_socket=run / "tapstat-2.sock") as second:
                several = command("status")
                self.assertEqual(several.returncode, 2)
                self.assertIn("tapstat-2.sock", several.stderr)
                second.stop()
            self.assertEqual(command("groups", "p2p=off").returncode, 0)
            self.assertIn("Core + End_to_end + Layer7 + Options", probe.lines[-2][1])
            self.assertEqual(command("stop").returncode, 0)
            wait_until(lambda: probe.process.poll() is not None)
            self.assertEqual(probe.stop()[0], 0)
        self.assertEqual(list(run.iterdir()), [])


def process_name():
    with open("/proc/self/comm", encoding="utf-8") as stream:
        return stream.read().strip()


if __name__ == "__main__":
    main()
