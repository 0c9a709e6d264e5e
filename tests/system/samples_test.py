"""`tapstat samples`: every file over IPv4 and IPv6, wrong ways to ask, limits, and --write."""
import re
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

from support import BINARY, TIMEOUT_S, TestCase, main

SIZES = [512 << k for k in range(12)]
PER_CLIENT = 32
HEAD_S = 30


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class Samples:
    """The server on a free port of all addresses, or of `listen`."""

    def __init__(self, listen=None):
        listen = listen or ("[::]:0" if has_ipv6() else "0.0.0.0:0")
        self.process = subprocess.Popen(
            [str(BINARY), "samples", "--listen", listen],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.first_line = self.process.stdout.readline()
        found = re.match(r"samples: http://\S+:(\d+)/Sample/ ", self.first_line)
        if not found:
            raise AssertionError(self.first_line + self.process.stderr.read())
        self.port = int(found.group(1))

    def url(self, path="", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def connect(self, host="127.0.0.1"):
        return socket.create_connection((host, self.port), TIMEOUT_S)

    def ask(self, request):
        """Everything that comes back until the server closes."""
        with self.connect() as client:
            client.sendall(request)
            return read_all(client)

    def stop(self, number=signal.SIGTERM):
        """Exit status, the last line, and what stood on standard error."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, out.splitlines()[-1], err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def read_all(client):
    data = b""
    try:
        while piece := client.recv(65_536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def curl(*arguments):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(TIMEOUT_S), "--noproxy", "*", *map(str, arguments)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"curl {arguments}: {done.stderr.decode()}")
    return done.stdout


def split_answer(raw):
    """Status, headers in lower case, body of one answer with `curl -i`."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


def expected_content(size, words):
    return b"".join(b"\n%06d" % block + words for block in range(size // 512))


class Files(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Samples()
        cls.words = curl(cls.server.url("/Sample/512.txt"))[7:]

    @classmethod
    def tearDownClass(cls):
        with cls.server:
            pass

    def get(self, path, *arguments):
        return split_answer(curl("-i", *arguments, self.server.url(path)))

    def test_all_sizes_byte_for_byte(self):
        self.assertEqual(len(self.words), 505)
        self.assertTrue(all(0x20 <= byte < 0x7F for byte in self.words))
        for size in SIZES:
            status, headers, body = self.get(f"/Sample/{size}.txt", "--compressed")
            self.assertEqual(status, 200)
            self.assertEqual(headers["content-length"], str(size))
            self.assertEqual(headers["content-type"], "text/plain")
            self.assertEqual(headers["cache-control"], "no-store, no-transform")
            self.assertIn("last-modified", headers)
            self.assertNotIn("content-encoding", headers)
            self.assertNotIn("transfer-encoding", headers)
            self.assertTrue(body == expected_content(size, self.words), f"{size} differs")

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_over_ipv6(self):
        for size in SIZES:
            body = curl("-g", self.server.url(f"/Sample/{size}.txt", "[::1]"))
            self.assertTrue(body == expected_content(size, self.words), f"{size} differs")

    def test_the_query_is_not_looked_at(self):
        for query in ("?x=123", "?", "?/Sample/512.txt", "?a=%00&b=" + "x" * 1000):
            status, _, body = self.get("/Sample/1024.txt" + query)
            self.assertEqual((status, len(body)), (200, 1024), query)
        self.assertEqual(self.get("/Sample/?x")[0], 200)

    def test_head_has_the_headers_of_get(self):
        for path in ("/Sample/1048576.txt", "/Sample/", "/", "/Sample/nothing"):
            whole, head = self.get(path), self.get(path, "--head")
            self.assertEqual(head[:2], whole[:2], path)
            self.assertEqual(head[2], b"")

    def test_the_list_is_in_numeric_order(self):
        status, headers, body = self.get("/Sample/")
        self.assertEqual((status, headers["content-type"][:9]), (200, "text/html"))
        rows = re.findall(rb'<a href="(/Sample/\d+\.txt)">(\d+)\.txt</a></td><td>(\d+)</td>', body)
        self.assertEqual([int(row[1]) for row in rows], SIZES)
        for link, name, size in rows:
            self.assertEqual(name, size)
            self.assertEqual(len(curl(self.server.url(link.decode()))), int(size))

    def test_the_way_to_the_list(self):
        status, headers, _ = self.get("/Sample")
        self.assertEqual((status, headers["location"]), (301, "/sample/"))
        self.assertIn(b"1048576.txt", curl("-L", self.server.url("/Sample?x")))
        self.assertIn(b'href="/Sample/"', self.get("/")[2])

    def test_other_methods_and_names(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            status, headers, _ = self.get("/Sample/512.txt", "-X", method)
            self.assertEqual((status, headers["allow"]), (405, "get, head"), method)
        upload = self.directory / "upload"
        upload.write_bytes(bytes(1 << 20))
        self.assertEqual(self.get("/Sample/512.txt", "-T", upload, "-H", "Expect:")[0], 405)
        for path in ("/Sample/513.txt", "/x", "/Sample/../../etc/passwd", "/Sample/512.txt/"):
            self.assertEqual(self.get(path, "--path-as-is")[0], 404, path)

    def test_connections_are_kept_and_requests_may_come_in_a_row(self):
        urls = [self.server.url(f"/Sample/{size}.txt") for size in SIZES]
        made = curl("-w", "%{num_connects}", "-o", self.directory / "all", *urls[:1])
        self.assertEqual(made, b"1")
        config = self.directory / "urls"
        config.write_text("".join(f'url="{url}"\noutput="/dev/null"\n' for url in urls))
        made = curl("-K", config, "-w", "%{num_connects}\\n").split()
        self.assertEqual(sum(map(int, made)), 1, made)
        request = b"GET /Sample/512.txt HTTP/1.1\r\nHost: a\r\n\r\n"
        last = request.replace(b"Host: a", b"Host: a\r\nConnection: close")
        self.assertEqual(self.server.ask(request * 3 + last).count(b"\n000000"), 4)
        old = self.server.ask(b"GET /Sample/512.txt HTTP/1.0\r\n\r\n")
        self.assertTrue(old.endswith(self.words))

    def test_heads_up_to_8_kib(self):
        for size, status in ((8_000, 200), (8_300, 431)):
            answer = self.get("/Sample/512.txt", "-H", "X-Long: " + "x" * size)
            self.assertEqual(answer[0], status, size)
        self.assertIn(self.get("/Sample/" + "1" * 9_000)[0], (414, 431))
        self.assertIn(b" 400 ", self.server.ask(b"hello\r\n\r\n"))

    def test_slow_heads_are_cut_after_half_a_minute(self):
        begun = time.monotonic()
        with self.server.connect() as silent, self.server.connect() as slow:
            slow.sendall(b"GET /Sample/512.txt HTTP/1.1\r\nHost: ")
            time.sleep(HEAD_S / 2)
            slow.sendall(b"a")  # a byte now and then does not help
            answer, nothing = read_all(slow), read_all(silent)
        self.assertGreater(time.monotonic() - begun, HEAD_S - 2)
        self.assertIn(b" 408 ", answer.split(b"\r\n")[0])
        self.assertEqual(nothing, b"")


class Limits(TestCase):
    def test_connections_of_one_client(self):
        with Samples() as server:
            held = [server.connect() for _ in range(PER_CLIENT)]
            for client in held:  # each is taken before the next one is tried
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200 "))
            with server.connect() as one_more:
                self.assertEqual(read_all(one_more), b"", "closed without an answer")
            if has_ipv6():
                self.assertEqual(len(curl("-g", server.url("/Sample/512.txt", "[::1]"))), 512)
            for client in held:
                client.close()
            # The server notices within moments.
            deadline = time.monotonic() + TIMEOUT_S
            request = b"GET /Sample/512.txt HTTP/1.0\r\n\r\n"
            while not server.ask(request) and time.monotonic() < deadline:
                time.sleep(0.05)
            status, last, _ = server.stop()
            self.assertEqual(status, 0)
            refused = int(re.search(r"; (\d+) connections refused", last).group(1))
            self.assertGreaterEqual(refused, 1, last)


class StartAndStop(TestCase):
    def test_each_stopping_signal_ends_it_with_sums(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with Samples("127.0.0.1:0") as server:
                self.assertEqual(
                    server.first_line,
                    f"samples: http://127.0.0.1:{server.port}/Sample/ (Ctrl-C ends it)\n",
                )
                curl(server.url("/Sample/2048.txt"), server.url("/Sample/512.txt"))
                status, last, errors = server.stop(number)
                self.assertEqual((status, errors), (0, ""))
                self.assertEqual(
                    last,
                    "samples: 1 connections, 2 answers, 2 whole files (2,560 bytes without "
                    "headers); 0 connections refused, 0 timed out, 0 bad requests",
                )

    def test_a_transfer_under_way_does_not_hold_it_up(self):
        with Samples("127.0.0.1:0") as server:
            with server.connect() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.sendall(b"GET /Sample/1048576.txt HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
                self.assertTrue(client.recv(100))
                self.assertEqual(server.stop()[0], 0)

    def test_a_port_that_is_taken(self):
        with Samples("127.0.0.1:0") as server:
            address = f"127.0.0.1:{server.port}"
            result = self.run_tapstat("samples", "--listen", address)
            self.assert_status(result, 6)
            self.assertEqual(
                result.err,
                f'tapstat: {address} is in use by "tapstat" (pid {server.process.pid}). '
                "Set --listen or stop that process.\n",
            )
            result = self.run_tapstat("samples", "--listen", f"0.0.0.0:{server.port}")
            self.assert_status(result, 6)

    def test_an_address_of_another_machine(self):
        result = self.run_tapstat("samples", "--listen", "192.0.2.1:0")
        self.assert_status(result, 6)
        self.assertIn("Set --listen to an address of this machine.", result.err)


class Write(TestCase):
    def test_the_files_are_those_that_are_served(self):
        result = self.run_tapstat("samples", "--write", "www/Sample")
        self.assert_status(result, 0)
        self.assertEqual(
            result.out, "samples: 12 files written to www/Sample, 0 were there already\n"
        )
        with Samples("127.0.0.1:0") as server:
            for size in SIZES:
                path = self.directory / "www/Sample" / f"{size}.txt"
                self.assertEqual(path.stat().st_mode & 0o777, 0o644)
                self.assertTrue(
                    path.read_bytes() == curl(server.url(f"/Sample/{size}.txt")), f"{size} differs"
                )

    def test_other_content_stays_unless_told(self):
        self.assert_status(self.run_tapstat("samples", "--write", "."), 0)
        path = Path(self.directory / "8192.txt")
        path.write_text("mine")
        (self.directory / "512.txt").unlink()
        result = self.run_tapstat("samples", "--write", ".")
        self.assert_status(result, 2)
        self.assertIn('"./8192.txt" is there with other content', result.err)
        self.assertEqual(path.read_text(), "mine")
        self.assertFalse((self.directory / "512.txt").exists())
        result = self.run_tapstat("samples", "--write", ".", "--overwrite")
        self.assert_status(result, 0)
        self.assertIn("2 files written to ., 10 were there already", result.out)
        self.assertEqual(path.stat().st_size, 8192)


if __name__ == "__main__":
    main()
