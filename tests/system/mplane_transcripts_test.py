"""Recorded mPlane requests of both generations, sent byte for byte to a running probe.

Each answer is compared with the recorded one, or with what the table of expected answers says
instead, as the README beside the recordings tells. One probe without TLS gets the files without
"tls" in the name, another one with client certificates the rest. Needs the reference material.
"""
import http.client
import json
import re
import socket
import ssl
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import certificates
import support
from serving import Serving

MPLANE = "application/x-mplane+json"
NO_TOKEN = "0" * 32
TIMEOUT_S = 30
SCOPE_TOLERANCE_S = 1.0
CLIENTS = ("authorised", "unauthorised", "foreign")
LABELS = [
    "tstat-log_tcp_complete-" + name
    for name in ("core", "end_to_end", "tcp_options", "p2p_stats", "layer7")
]


# ---- the probe under test: everything that knows how it is started ----


def configuration(directory, certificates):
    """tapstat.toml of a probe; `certificates` is None without TLS."""
    lines = ["[mplane]", f'state_directory = "{directory}/state"']
    if certificates is not None:
        (directory / "users.conf").write_text(
            "".join(f"{identity}: guest\n" for identity in ("authorised", "tapstat.authorised"))
        )
        (directory / "caps.conf").write_text("".join(f"{label}: guest\n" for label in LABELS))
        lines += [
            f'users = "{directory}/users.conf"',
            f'capabilities = "{directory}/caps.conf"',
            "[control]",
            f'certificate = "{certificates / "server.pem"}"',
            f'key = "{certificates / "server.key"}"',
            f'client_ca = "{certificates / "ca.pem"}"',
        ]
    return "\n".join(lines) + "\n"


# ---- certificates ----


def make_certificates(directory):
    """ca, server (127.0.0.1), one certificate for each client, and one of another authority."""
    directory.mkdir()
    certificates.make_authority(directory, "ca")
    certificates.make_authority(directory, "other")
    certificates.make_signed(
        directory, "server", "ca", "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
    )
    for name in CLIENTS:
        certificates.make_signed(directory, name, "ca", "extendedKeyUsage=clientAuth\n")
    certificates.make_signed(directory, "unknown-ca", "other", "extendedKeyUsage=clientAuth\n")
    return directory


def client_of(name):
    """Whose certificate a file with "tls" in its name is sent with; None for no certificate."""
    for client in ("no-client-cert", "unknown-ca", "unauthorised", "authorised", "foreign"):
        if name.endswith(client):
            return None if client == "no-client-cert" else client
    raise AssertionError(f"{name}: the name says no client")


# ---- the recordings ----


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes
    allow: str = ""

    def __str__(self):
        return (
            f"{self.status} {self.content_type} {self.allow}\n"
            f"{self.body.decode('utf-8', 'replace')}"
        )


class Recording(NamedTuple):
    name: str  # "2014/11"
    file: str
    request: bytes  # as on the wire
    body: bytes
    answer: Answer  # None for a refused handshake

    def json(self):
        return json.loads(self.body)


def split_head(block):
    """(lines of the head, body of Content-Length bytes)."""
    head, _, rest = block.partition(b"\n\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
    return head.split(b"\n"), rest[: int(length.group(1))] if length else b""


def header(lines, name):
    for line in lines[1:]:
        key, _, value = line.decode().partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def read_recording(path, is_sdk):
    block = path.read_bytes()
    starts = [match.start() for match in re.finditer(rb"(?m)^HTTP/1\.1 ", block)]
    lines, body = split_head(block[: starts[-1]] if starts else block)
    if is_sdk and lines[0].startswith(b"GET /capability"):
        lines[0] = lines[0].replace(b"/capability", b"/v1/capability", 1)
    answer = None
    if starts:
        answer_lines, answer_body = split_head(block[starts[-1] :])
        answer = Answer(
            int(answer_lines[0].split()[1]), header(answer_lines, "content-type"), answer_body
        )
    return Recording(
        f"{path.parent.name}/{path.name[:2]}",
        path.stem,
        b"\r\n".join(lines) + b"\r\n\r\n" + body,
        body,
        answer,
    )


class Expected(NamedTuple):
    name: str
    wait_s: float
    status: str
    answer: str


def expected_answers(directory, folder):
    lines = (directory / "expected.tsv").read_text().splitlines()
    rows = [
        Expected(name, float(wait), status, answer)
        for name, wait, status, answer in (line.split("\t") for line in lines[1:])
    ]
    # The files of the other workflow have the roles exchanged: another test plays the client.
    return [
        row
        for row in rows
        if row.name.startswith(folder)
        and not row.answer.startswith(("send", "not sent", "client only"))
    ]


# ---- comparing ----


def links_of(page):
    return re.findall(rb"href\s*=\s*['\"]?([^'\" >]*)", page, re.IGNORECASE)


TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
SCOPE = re.compile(rf"({TIME}) \.\.\. ({TIME})")


def time_of(text):
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)


class Replay:
    """The files of one folder in the order of their numbers; mixed into a test case."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.recordings = {}
        directory = support.shared_or_skip() / "specs/mplane-transcripts"  # TAPSTAT_SHARED
        for path in sorted((directory / cls.folder).glob("*.http")):
            recording = read_recording(path, cls.folder == "sdk")
            cls.recordings[recording.name] = recording
        cls.rows = expected_answers(directory, cls.folder)

    def setUp(self):
        super().setUp()
        self.certificates = make_certificates(self.directory / "certificates")
        self.ports = {
            "http": self.probe("plain", None),
            "https": self.probe("tls", self.certificates),
        }
        self.answers = {}
        self.labels = {}  # by token, of the specifications sent so far

    def probe(self, name, certificates):
        directory = self.directory / name
        directory.mkdir()
        probe = Serving(directory, "-g", "core", config=configuration(directory, certificates))
        self.addCleanup(probe.__exit__)
        self.addCleanup(probe.stop)
        return probe.port

    # ---- sending ----

    def connect(self, recording):
        if "tls" not in recording.file:
            return socket.create_connection(("127.0.0.1", self.ports["http"]), TIMEOUT_S)
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        client = client_of(recording.file)
        if client is not None:
            context.load_cert_chain(
                self.certificates / f"{client}.pem", self.certificates / f"{client}.key"
            )
        plain = socket.create_connection(("127.0.0.1", self.ports["https"]), TIMEOUT_S)
        try:
            return context.wrap_socket(plain, server_hostname="127.0.0.1")
        except OSError:
            plain.close()
            raise

    def send(self, recording):
        with self.connect(recording) as connection:
            connection.sendall(recording.request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(
                response.status,
                response.headers.get("Content-Type", ""),
                response.read(),
                response.headers.get("Allow", ""),
            )

    # ---- the rules of expected.tsv ----

    def check(self, row, recording):
        if row.answer == "no handshake":
            return self.check_refused(recording)
        before = datetime.now(timezone.utc)
        answer = self.send(recording)
        self.answers[row.name] = answer
        about = f"{row.name} ({recording.file}): expected {row.answer!r}, got\n"
        about += str(answer)
        self.assertEqual(answer.status, int(row.status), about)
        if answer.status == 405:
            self.assertEqual(answer.allow, "GET, POST", about)
        self.check_layout(answer, about)
        verb, _, rest = row.answer.partition(" ")
        check = {
            "=": self.check_recorded,
            "page": self.check_page,
            "receipt": self.check_receipt,
            "result": self.check_result,
            "again": self.check_again,
            "exception": self.check_exception,
            "exception0": self.check_exception,
            "envelope": self.check_envelope,
        }[verb]
        check(recording, answer, rest, about, verb)
        self.check_times(answer, before, about)
        self.remember_label(recording)

    def check_refused(self, recording):
        try:
            answer = self.send(recording)
        except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
            return
        self.fail(f"{recording.file}: expected no handshake, got\n{answer}")

    def check_layout(self, answer, about):
        """Messages have the reference's layout: sorted members, two blanks, no final line end."""
        if answer.content_type == MPLANE:
            text = json.dumps(json.loads(answer.body), indent=2, sort_keys=True)
            self.assertEqual(answer.body.decode(), text, about)

    def check_recorded(self, recording, answer, rest, about, _verb):
        expected = recording.answer
        self.assertEqual(answer.content_type, expected.content_type, about)
        if answer.content_type == "text/html":
            return self.check_list(recording, answer, rest, about)
        wanted, got = json.loads(expected.body), json.loads(answer.body)
        wanted.pop("resultvalues", None)
        if "capability" in wanted and "link" in wanted:
            scheme = "https" if "tls" in recording.file else "http"
            wanted["link"] = f"{scheme}://127.0.0.1:{self.ports[scheme]}/"
        if SCOPE.fullmatch(wanted.get("when", "")):
            self.check_scope(got, float(rest) if rest else None, about)
            wanted["when"] = got["when"]
        self.assertEqual(got, wanted, about)

    def check_list(self, recording, answer, rest, about):
        wanted = recording.answer.body
        if rest == "first five":
            links = re.findall(rb"<a href='[^']*'>[^<]*</a><br/>", wanted)
            wanted = wanted.replace(b"".join(links), b"".join(links[:5]))
        if recording.name.startswith("sdk/"):
            wanted = wanted.replace(b"'/capability/", b"'/v1/capability/")
        self.assertEqual(answer.body, wanted, about)

    def check_page(self, _recording, answer, rest, about, _verb):
        self.assertEqual(answer.content_type, "text/html", about)
        self.assertEqual(links_of(answer.body), [rest.encode()], about)

    def check_receipt(self, recording, answer, _rest, about, _verb):
        self.assertEqual(answer.content_type, MPLANE, about)
        request = recording.json()
        self.assertEqual(
            json.loads(answer.body),
            {
                **self.repeated(request, with_label=request.get("version", 0) > 0),
                "receipt": "measure",
                "when": request["when"],
            },
            about,
        )

    def check_result(self, recording, answer, rest, about, _verb):
        self.assertEqual(answer.content_type, MPLANE, about)
        seconds, _, label = rest.partition(" label ")
        request, got = recording.json(), json.loads(answer.body)
        wanted = {**self.repeated(request, with_label=True), "result": "measure"}
        wanted["label"] = label or request.get("label") or self.labels[request["token"]]
        self.check_scope(got, float(seconds), about)
        self.assertEqual(got, {**wanted, "when": got["when"]}, about)

    def check_again(self, _recording, answer, rest, about, _verb):
        self.assertIn(rest, self.answers, about)
        self.assertEqual(answer.content_type, MPLANE, about)
        self.assertEqual(answer.body, self.answers[rest].body, about)

    def check_exception(self, recording, answer, rest, about, verb):
        self.assertEqual(answer.content_type, MPLANE, about)
        got = json.loads(answer.body)
        token = NO_TOKEN if verb == "exception0" else recording.json()["token"]
        text = got.get("message", "") if rest.endswith(":") else rest
        self.assertEqual(got, {"exception": token, "message": text}, about)
        self.assertTrue(text.startswith(rest), about)

    def check_envelope(self, recording, answer, rest, about, _verb):
        self.assertEqual(answer.content_type, MPLANE, about)
        request = recording.json()
        contents = [
            {
                **self.repeated(content, with_label=True),
                "receipt": "measure",
                "when": content["when"],
            }
            for content in request["contents"]
        ]
        self.assertEqual(len(contents), 1 if rest == "receipt" else 0, about)
        self.assertEqual(
            json.loads(answer.body),
            {"envelope": "message", "version": request.get("version", 0), "contents": contents},
            about,
        )

    def repeated(self, request, with_label):
        """The members that an answer repeats as they were sent."""
        names = ["token", "version", "results"] + (["label"] if with_label else [])
        if request.get("version", 0) > 0:
            names += ["registry", "parameters", "metadata"]
        return {name: request[name] for name in names if name in request}

    def check_scope(self, message, seconds, about):
        scope = SCOPE.fullmatch(message.get("when", ""))
        self.assertIsNotNone(scope, "no absolute scope; " + about)
        start, end = map(time_of, scope.groups())
        if seconds == 0:
            self.assertEqual(start, end, "an instant is told twice; " + about)
        elif seconds is not None:
            self.assertAlmostEqual(
                (end - start).total_seconds(), seconds, delta=SCOPE_TOLERANCE_S, msg=about
            )

    def check_times(self, answer, before, about):
        """A result speaks of the time of this run, never of the future."""
        if answer.content_type != MPLANE:
            return
        message = json.loads(answer.body)
        if "result" not in message:
            return
        start, end = map(time_of, SCOPE.fullmatch(message["when"]).groups())
        slack = timedelta(seconds=SCOPE_TOLERANCE_S)
        self.assertGreater(start, before - timedelta(minutes=5), about)
        self.assertLess(end, datetime.now(timezone.utc) + slack, about)

    def remember_label(self, recording):
        try:
            request = recording.json()
        except ValueError:
            return
        if isinstance(request, dict) and "specification" in request and "label" in request:
            self.labels[request["token"]] = request["label"]

    def test_every_file(self):
        sent = 0
        for row in self.rows:
            time.sleep(row.wait_s)
            with self.subTest(file=row.name, expected=row.answer):
                self.check(row, self.recordings[row.name])
            sent += 1
        self.assertEqual(sent, len([name for name in self.recordings if self.is_sent(name)]))

    def is_sent(self, name):
        return not (name.startswith("sdk/") and int(name.split("/")[1]) >= 61)


class FirstGeneration(Replay, support.TestCase):
    folder = "2014"


class LaterGeneration(Replay, support.TestCase):
    folder = "sdk"


if __name__ == "__main__":
    support.shared_or_skip()
    if not certificates.have_openssl():
        print("skipped: needs the program openssl")
        sys.exit(support.SKIPPED)
    support.main()
