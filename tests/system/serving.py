"""A replay that serves while it runs, for the system tests of the control plane.

`Serving` starts `tapstat replay FILE --serve --loop 0` on a free port, waits until it serves, and
stops it at the end. Its lines on standard output come with the moment at which they were read.
"""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from support import BINARY, TIMEOUT_S, Result, connections, directories, write_pcap


def make_capture(path, count=200, gap_us=5_000):
    """`count` short connections, one every `gap_us`: flows end all the time."""
    return write_pcap(path, connections(count, gap_us=gap_us))


class Serving:
    def __init__(
        self,
        directory,
        *arguments,
        capture=None,
        listen="127.0.0.1:0",
        config=None,
        speed="realtime",
        env=None,
        local_socket=None,
    ):
        self.directory = Path(directory)
        capture = capture or make_capture(self.directory / "capture.pcap")
        self.out = self.directory / "out"
        self.socket = Path(local_socket or self.directory / "tapstat.sock")
        command = [
            str(BINARY),
            "replay",
            str(capture),
            "--serve",
            "--loop",
            "0",
            "--speed",
            speed,
            "--listen",
            listen,
            "--socket",
            str(self.socket),
            "-s",
            str(self.out),
            "--no-progress",
            "--color",
            "never",
        ]
        if config is not None:
            (self.directory / "tapstat.toml").write_text(config)
            command += ["-c", str(self.directory / "tapstat.toml")]
        command += [str(argument) for argument in arguments]
        environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", **(env or {})}
        self.lines = []  # (time.monotonic(), line)
        self.errors = []
        self.url = None
        self._known = threading.Condition()
        self.process = subprocess.Popen(
            command,
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for reader in self._readers:
            reader.start()
        self._wait_until_it_serves()

    def _read(self, stream, lines):
        for raw in stream:
            with self._known:
                lines.append((time.monotonic(), raw.decode("utf-8", "replace").rstrip("\n")))
                self._known.notify_all()

    def _wait_until_it_serves(self):
        found = self.wait_for_line(r"^control +(\S+) ")
        self.url = found.group(1)
        # The listener is bound before the thread runs; it answers a moment later.
        self.wait_for_line(r"created new outdir")

    def wait_for_line(self, pattern, timeout=TIMEOUT_S, after=0):
        """The match of the first line from number `after` on; fails with everything printed."""
        deadline = time.monotonic() + timeout
        with self._known:
            while True:
                for _, line in self.lines[after:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                left = deadline - time.monotonic()
                ended = self.process.poll() is not None
                if left <= 0 or ended:
                    raise AssertionError(
                        f"no line {pattern!r}, process {'ended' if ended else 'runs'}\n"
                        + "\n".join(line for _, line in self.lines + self.errors)
                    )
                self._known.wait(min(left, 0.1))

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    def connect(self, context=None, timeout=TIMEOUT_S):
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=context
            )
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, context=None):
        """(status, headers, body) over a connection of its own."""
        connection = self.connect(context)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def get_json(self, path, **options):
        status, _, body = self.request("GET", path, **options)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def mplane(self, message, **options):
        status, _, body = self.request(
            "POST",
            "/",
            body=json.dumps(message),
            headers={"Content-Type": "application/x-mplane+json"},
            **options,
        )
        return status, json.loads(body)

    def command(self, *arguments, timeout=TIMEOUT_S):
        """One of our own commands, over the local socket."""
        done = subprocess.run(
            [str(BINARY), *map(str, arguments), "--socket", str(self.socket)],
            capture_output=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Result(done)

    def logs(self, name="log_tcp_complete"):
        return logs_in(self.out, name)

    def stop(self, timeout=TIMEOUT_S):
        """Ends it as SIGTERM does; returns (status, lines of standard output)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, [line for _, line in self.lines]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(TIMEOUT_S)
        self.process.stdout.close()
        self.process.stderr.close()


def logs_in(base, name="log_tcp_complete"):
    """(directory, lines) of each output directory that has the log, in order of making."""
    found = []
    for directory in sorted(directories(base), key=order_of):
        if (directory / name).exists():
            found.append((directory, (directory / name).read_text().splitlines()))
    return found


def order_of(directory):
    """Output directories in the order of their making: 12_30.out, 12_30.out_1, 12_30.out_2."""
    name, _, suffix = directory.name.partition(".out")
    return name, int(suffix.lstrip("_") or 0)


def client_context(certificates, name=None, version=None):
    """TLS as a client: `name` is that of the client's certificate, None shows none."""
    context = ssl.create_default_context(cafile=str(Path(certificates) / "ca.pem"))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if name is not None:
        context.load_cert_chain(
            str(Path(certificates) / f"{name}.pem"), str(Path(certificates) / f"{name}.key")
        )
    return context


def wait_until(condition, timeout=10.0, pause=0.001):
    """The moment at which `condition()` was true, or a failure."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return time.monotonic()
        time.sleep(pause)
    raise AssertionError("it did not come true in time")


def raw_connection(port, timeout=TIMEOUT_S):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)
