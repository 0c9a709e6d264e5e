"""The control plane under attack: slow, oversized, many and wrong clients are refused as documented
while the measurement goes on and others are served."""
import json
import os
import socket
import ssl
import threading
import time

import certificates
from certificates import control_section
from serving import Serving, client_context, raw_connection, wait_until
from support import TestCase, main, summary

MPLANE = "application/x-mplane+json"
QUICK = """[control]
head_timeout = "300ms"
body_timeout = "300ms"
handshake_timeout = "300ms"
idle_timeout = "600ms"
"""


def read_all(connection):
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except (ConnectionError, TimeoutError):
        pass
    return data


class Attack(TestCase):
    def assert_measuring(self, probe):
        before = probe.get_json("/api/v1/status")["packets"]["received"]
        wait_until(lambda: probe.get_json("/api/v1/status")["packets"]["received"] > before)

    def assert_ends_well(self, probe):
        status, _ = probe.stop()
        self.assertEqual(status, 0, probe.errors)
        for equation in summary(probe.out)["equations"]:
            self.assertEqual(equation["difference"], 0, equation)

    def test_slow_clients_are_closed_and_cost_nobody_else_anything(self):
        with Serving(self.directory, config=QUICK) as probe:
            heads = [raw_connection(probe.port) for _ in range(3)]
            for connection in heads:
                connection.sendall(b"GET /healthz HT")
            body = raw_connection(probe.port)
            body.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                + MPLANE.encode()
                + b"\r\nContent-Length: 100\r\n\r\n{"
            )
            idle = raw_connection(probe.port)
            started = time.monotonic()
            self.assertEqual(probe.request("GET", "/healthz")[0], 200)
            self.assertLess(time.monotonic() - started, 20)
            for connection in heads + [body]:
                answer = read_all(connection)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 408 "), answer)
            self.assertLess(time.monotonic() - started, 20)
            self.assertEqual(read_all(idle), b"")
            self.assert_measuring(probe)
            self.assert_ends_well(probe)

    def test_oversized_and_malformed_requests(self):
        with Serving(self.directory) as probe:
            status, headers, body = probe.request(
                "POST", "/", body=b" " * 300_000, headers={"Content-Type": MPLANE}
            )
            self.assertEqual(status, 413)
            self.assertEqual(headers["Content-Type"], MPLANE)
            self.assertEqual(json.loads(body)["message"], "Message too large")
            status, headers, body = probe.request(
                "PATCH",
                "/api/v1/groups",
                body=b" " * 70_000,
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual((status, headers["Content-Type"]), (413, "application/problem+json"))
            self.assertEqual(probe.request("GET", "/healthz", headers={"X": "y" * 20_000})[0], 431)
            deep = b"[" * 100_000
            self.assertEqual(
                probe.request("POST", "/", body=deep, headers={"Content-Type": MPLANE})[0], 400
            )
            for raw in (
                b"\x16\x03\x01\x02\x00\x01\x00",
                b"GET\r\n\r\n",
                b"\0" * 100,
                b"GET / HTTP/9.9\r\n\r\n",
            ):
                connection = raw_connection(probe.port)
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                answer = read_all(connection)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer)
            both = (
                b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            )
            connection = raw_connection(probe.port)
            connection.sendall(both)
            self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 400 "))
            self.assert_measuring(probe)
            self.assert_ends_well(probe)

    def test_two_hundred_connections(self):
        with Serving(self.directory) as probe:
            many = [raw_connection(probe.port) for _ in range(200)]
            time.sleep(0.3)
            open_ones = 0
            for connection in many:
                connection.setblocking(False)
                try:
                    open_ones += connection.recv(1) != b""
                except BlockingIOError:
                    open_ones += 1  # nothing to read, and not closed
                except ConnectionError:
                    pass
            self.assertEqual(open_ones, 8)  # connections_per_address
            self.assertEqual(probe.command("status").status, 0)  # over the local socket
            for connection in many:
                connection.close()
            wait_until(lambda: probe_answers(probe))
            self.assert_measuring(probe)
            text = probe.request("GET", "/metrics")[2].decode()
            self.assertIn("tapstat_", text)
            self.assert_ends_well(probe)

    def refused(self, probe, context):
        """True when no byte of HTTP came back."""
        try:
            with socket.create_connection(("127.0.0.1", probe.port), timeout=5) as raw:
                with context.wrap_socket(raw, server_hostname="localhost") as tls:
                    tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return tls.recv(1) == b""
        except (ssl.SSLError, ConnectionError):
            return True

    def test_wrong_certificates(self):
        ours = certificates.make_set(self.directory / "ours")
        foreign = certificates.make_set(self.directory / "foreign")
        expired = certificates.make_expired(ours)
        with Serving(self.directory, config=control_section(ours)) as probe:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                good = client_context(ours, "reader", version)
                self.assertFalse(self.refused(probe, good))
                self.assertTrue(self.refused(probe, client_context(ours, None, version)), "none")
                self.assertTrue(self.refused(probe, client_context(ours, "revoked", version)))
                self.assertTrue(self.refused(probe, client_context(ours, expired, version)))
                wrong = client_context(ours, None, version)
                wrong.load_cert_chain(str(foreign / "operator.pem"), str(foreign / "operator.key"))
                self.assertTrue(self.refused(probe, wrong), "another authority")
            old = client_context(ours, "reader")
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            self.assertTrue(self.refused(probe, old), "TLS 1.1")
            plain = raw_connection(probe.port)
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertNotIn(b"200 OK", read_all(plain))
            slow = raw_connection(probe.port)
            started = time.monotonic()
            self.assertEqual(read_all(slow), b"")
            self.assertLess(time.monotonic() - started, 30)
            reader = client_context(ours, "reader")
            self.assertEqual(probe.request("GET", "/api/v1/status", context=reader)[0], 200)
            status, _, body = probe.request(
                "PATCH",
                "/api/v1/groups",
                body='{"p2p": false}',
                context=reader,
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual(status, 403, body)
            operator = client_context(ours, "operator")
            status, _, body = probe.request(
                "PATCH",
                "/api/v1/groups",
                body='{"p2p": false}',
                context=operator,
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual(status, 200, body)
            self.assert_ends_well(probe)

    def test_certificates_are_replaced_without_dropping_a_connection(self):
        ours = certificates.make_set(self.directory / "ours")
        with Serving(self.directory, config=control_section(ours)) as probe:
            context = client_context(ours, "reader")
            kept = probe.connect(context)
            kept.request("GET", "/healthz")
            self.assertEqual(kept.getresponse().read() and True, True)
            first = server_certificate(probe, context)
            certificates.make_set(ours, "--force")
            probe.process.send_signal(1)  # SIGHUP
            renewed = client_context(ours, "reader")
            wait_until(lambda: server_certificate(probe, renewed, None) not in (None, first))
            kept.request("GET", "/healthz")
            self.assertEqual(kept.getresponse().status, 200)
            kept.close()
            self.assert_ends_well(probe)

    def test_the_packet_path_does_not_feel_it(self):
        """The benchmark measures the rate (bench/control_attack.py); here packets keep coming."""
        with Serving(self.directory, speed="max", config=QUICK) as probe:
            ending = threading.Event()

            def attack():
                while not ending.is_set():
                    try:
                        with raw_connection(probe.port, 1) as connection:
                            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + os.urandom(512))
                            connection.recv(100)
                    except OSError:
                        pass

            attackers = [threading.Thread(target=attack) for _ in range(4)]
            for attacker in attackers:
                attacker.start()

            def received():
                return json.loads(probe.command("status", "--json").out)["packets"]["received"]

            for _ in range(4):  # however slow the machine
                before = received()
                wait_until(lambda: received() > before)
            ending.set()
            for attacker in attackers:
                attacker.join()
            self.assert_ends_well(probe)


def probe_answers(probe):
    try:
        return probe.request("GET", "/healthz")[0] == 200
    except OSError:
        return False


def server_certificate(probe, context, otherwise=b""):
    try:
        with socket.create_connection(("127.0.0.1", probe.port), timeout=5) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                return tls.getpeercert(binary_form=True)
    except (ssl.SSLError, ConnectionError):
        return otherwise


if __name__ == "__main__":
    main()
