"""Two machines and the wire between them, as network namespaces of this one.

The client has 192.0.2.10 and 2001:db8:1::10, the server 198.51.100.20 to 198.51.100.22 and
2001:db8:2::20 (documentation addresses, RFC 5737 and RFC 3849). Segmentation and checksum offload
are off, so that frames are what a network carries. Needs root. One Network is one recording.
With `mirrored`, what the wire carries also comes in at the interface MIRRORED beside it, all of it
in one order.
"""
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from clock import START_S, START_TIME

CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
OTHER_SERVERS = ("198.51.100.21", "198.51.100.22")
CLIENT6, SERVER6 = "2001:db8:1::10", "2001:db8:2::20"
MIRROR, MIRRORED = "mirror", "mirrored"
WIRE = pathlib.Path(__file__).resolve().parent / "wire.py"
LISTENING_S_MAX = 15
OFFLOADS = ("tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off")


class Failure(Exception):
    """A sentence for the user: what did not work, and what the program said."""


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout


class Network:
    """Use with `with`. `capture` is complete when the block has ended."""

    def __init__(self, capture, faults=(), mirrored=False):
        number = os.getpid()
        self.capture = capture
        self.faults = faults
        self.mirrored = mirrored
        self.spaces = {side: f"real-{side}-{number}" for side in ("client", "server", "wire")}
        self.running = []
        self.started = 0
        self.transcript = []

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="real_traffic_")
        self.directory = pathlib.Path(self.holder.name)
        self.directory.chmod(0o755)
        try:
            self._build()
            self._start_wire()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    # ---- what scenarios call ----

    def file(self, name, content, mode=0o644):
        """A file in the scenario's directory; returns its path as text."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        os.utime(path, (START_S, START_S))
        return str(path)

    def folder(self, name, mode):
        """Makes a folder below the scenario's directory, or an absolute one."""
        path = self.directory / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)

    def path(self, name):
        return str(self.directory / name)

    def run(self, side, command, client_port=None, timeout=30, stdin=b"", env=None, fails=False):
        """Runs a program to its end and returns what it printed. `client_port` is the one port that
        the side's next connections come from. `fails`: a failure is what is wanted."""
        if client_port is not None:
            self.set_local_port(side, client_port)
        words = [str(word) for word in command]
        done = self._run_to_end(
            self._inside(side) + words,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            env={**os.environ, **START_TIME, **(env or {})},
            cwd=self.directory,
        )
        text = done.stdout.decode("utf-8", "replace")
        self.transcript.append(f"$ [{side}] {shlex.join(words)}\n{text}\n-> {done.returncode}\n")
        if done.returncode != 0 and not fails:
            raise Failure(f"`{shlex.join(words)}` gave {done.returncode}:\n{text}")
        return text

    def start(self, side, command, listens=(), env=None):
        """Starts a program that runs until stop() or the end. `listens`: ("tcp", 80) to wait for.
        What it prints goes to the transcript when it ends."""
        words = [str(word) for word in command]
        output = open(self.directory / f"output_{self.started}", "w+b")
        self.started += 1
        process = subprocess.Popen(
            self._inside(side) + words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **START_TIME, **(env or {})},
            cwd=self.directory,
            start_new_session=True,
        )
        entry = (process, output, f"$ [{side}] {shlex.join(words)} &")
        self.running.append(entry)
        for protocol, port in listens:
            self._wait_for_listener(side, protocol, port, entry)
        return entry

    def wait(self, entry, timeout=30):
        """Waits for the end of a program that start() gave; returns what it printed."""
        try:
            entry[0].wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{late}:\n{self.stop(entry)}") from late
        return self.stop(entry)

    def stop(self, entry):
        """Ends a program that start() gave, and all that it started; returns what it printed."""
        process, output, title = entry
        if entry in self.running:
            self.running.remove(entry)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
        output.close()
        self.transcript.append(f"{title}\n{text}\n")
        return text

    def set_local_port(self, side, port, count=1):
        """The side's next connections come from here. Programs that bind before they connect need
        more than one."""
        self._sysctl(side, "net.ipv4.ip_local_port_range", f"{port} {port + count - 1}")

    def limit_segments(self, side, bytes_max):
        """The other side sends segments of at most `bytes_max` bytes to this one (IPv4)."""
        network = "198.51.100.0/24" if side == "client" else "192.0.2.0/24"
        ip(
            "-n",
            self.spaces[side],
            "route",
            "replace",
            network,
            "dev",
            side,
            "advmss",
            str(bytes_max),
        )

    def resolve_with(self, address):
        """The client's programs ask this DNS server."""
        self._configure_client("resolv.conf", f"nameserver {address}\n")

    def resolve_as(self, name, address):
        """The client's programs know this name without asking."""
        self._configure_client("hosts", f"{address} {name}\n")

    def settle(self, seconds=0.3):
        time.sleep(seconds)

    # ---- how it is made ----

    def _configure_client(self, name, content):
        """A file of the client's /etc: `ip netns exec` puts it in place."""
        folder = pathlib.Path("/etc/netns") / self.spaces["client"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    @staticmethod
    def _run_to_end(command, **options):
        try:
            return subprocess.run(command, check=False, **options)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{late}:\n{(late.output or b'').decode('utf-8', 'replace')}") from late

    def _inside(self, side):
        return ["ip", "netns", "exec", self.spaces[side]]

    def _sysctl(self, side, name, value):
        subprocess.run(self._inside(side) + ["sysctl", "-q", "-w", f"{name}={value}"], check=True)

    def _build(self):
        for space in self.spaces.values():
            ip("netns", "add", space)
        for side, number in (("client", "01"), ("server", "02")):
            space, wire = self.spaces[side], self.spaces["wire"]
            ip(
                "link",
                "add",
                "dev",
                side,
                "netns",
                space,
                "type",
                "veth",
                "peer",
                "name",
                f"to-{side}",
                "netns",
                wire,
            )
            ip("-n", space, "link", "set", "dev", side, "address", f"02:00:00:00:00:{number}")
            for where, interface in ((space, side), (wire, f"to-{side}")):
                subprocess.run(
                    ["ip", "netns", "exec", where, "ethtool", "-K", interface, *OFFLOADS],
                    capture_output=True,
                    check=True,
                )
            ip(
                "-n",
                wire,
                "link",
                "set",
                "dev",
                f"to-{side}",
                "promisc",
                "on",
                "addrgenmode",
                "none",
                "up",
            )
            ip("-n", space, "link", "set", "dev", side, "addrgenmode", "none", "up")
            ip("-n", space, "link", "set", "dev", "lo", "up")
        if self.mirrored:
            self._build_mirror()
        for address in (f"{CLIENT}/24", f"{CLIENT6}/48"):
            self._address("client", address)
        for address in (SERVER, *OTHER_SERVERS):
            self._address("server", f"{address}/24")
        self._address("server", f"{SERVER6}/48")
        for side, networks in (
            ("client", ("198.51.100.0/24", "2001:db8:2::/48")),
            ("server", ("192.0.2.0/24", "2001:db8:1::/48")),
        ):
            for network in networks:
                ip("-n", self.spaces[side], "route", "add", network, "dev", side)

    def _build_mirror(self):
        wire = self.spaces["wire"]
        ip("-n", wire, "link", "add", MIRROR, "type", "veth", "peer", "name", MIRRORED)
        for interface in (MIRROR, MIRRORED):
            ip("-n", wire, "link", "set", "dev", interface, "addrgenmode", "none", "up")

    def _address(self, side, address):
        ip("-n", self.spaces[side], "address", "add", address, "dev", side, "nodad")

    def _start_wire(self):
        mirror = ["--mirror", MIRROR] if self.mirrored else []
        interfaces = ["to-client", "to-server"]
        command = [sys.executable, WIRE, *mirror, *interfaces, self.capture, *self.faults]
        self.wire = subprocess.Popen(
            self._inside("wire") + [str(word) for word in command], stdout=subprocess.PIPE
        )
        if self.wire.stdout.readline() != b"ready\n":
            raise Failure("the wire did not start")

    def _wait_for_listener(self, side, protocol, port, entry):
        kind = "-lt" if protocol == "tcp" else "-lu"
        for _ in range(LISTENING_S_MAX * 20):
            shown = subprocess.run(
                self._inside(side) + ["ss", "-Hn" + kind[1:]],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            if any(line.split()[3].endswith(f":{port}") for line in shown.splitlines()):
                return
            if entry[0].poll() is not None:
                break
            time.sleep(0.05)
        raise Failure(f"{entry[2]} does not listen on {protocol} {port}:\n{self.stop(entry)}")

    def _remove(self):
        for entry in list(reversed(self.running)):
            self.stop(entry)
        if hasattr(self, "wire"):
            self.wire.terminate()
            self.wire.wait()
            self.wire.stdout.close()
        for space in self.spaces.values():
            self._end_programs_in(space)
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
        shutil.rmtree(f"/etc/netns/{self.spaces['client']}", ignore_errors=True)
        self.holder.cleanup()

    @staticmethod
    def _end_programs_in(space):
        """Daemons that left their parents. The namespace is ours, so are all its processes."""
        listed = subprocess.run(
            ["ip", "netns", "pids", space], capture_output=True, text=True, check=False
        ).stdout
        for number in listed.split():
            subprocess.run(["kill", "-9", number], capture_output=True, check=False)
