"""The component-initiated workflow of mPlane: a probe that registers with a client, polls it and
delivers receipts and results.

The test plays the client with the recorded answers of a reference client (files co-* of the later
generation) and compares what the probe sends with what the reference component sent. Needs the
reference material.
"""
import collections
import http.server
import json
import re
import socket
import threading
import time
from datetime import datetime

import support
from serving import Serving

MPLANE = "application/x-mplane+json"
WAIT_S = 30
OWN_CAPABILITIES = 5
TIME = "%Y-%m-%d %H:%M:%S.%f"


# ---- the recordings ----


def message_of(block):
    """The JSON body behind a head, as many bytes as it says; None when there is none."""
    head, _, rest = block.partition(b"\n\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
    body = rest[: int(length.group(1))] if length else b""
    return json.loads(body) if body.startswith(b"{") else None


class Recording:
    """One file: `sent` by the component, `answered` by the client with `status`."""

    def __init__(self, path):
        text = path.read_bytes()
        begin = text.rindex(b"\nHTTP/1.1 ") + 1
        self.sent = message_of(text[:begin])
        self.status = int(text[begin:].split()[1])
        self.answered = message_of(text[begin:])


def recordings():
    """Number -> recording of the component-initiated workflow."""
    folder = support.shared_or_skip() / "specs/mplane-transcripts/sdk"
    return {int(path.name[:2]): Recording(path) for path in folder.glob("*-co-*.http")}


def envelope(*contents):
    return {"contents": list(contents), "envelope": "message", "version": 1}


def from_us(message, url):
    """A specification as the client at `url` hands it out."""
    return {**message, "link": url + "/"}


def specification_for(receipt):
    specification = {key: value for key, value in receipt.items() if key != "receipt"}
    return {**specification, "specification": "measure"}


def without(message, *members):
    return {key: value for key, value in message.items() if key not in members}


def interval(result):
    """Start and end of a result in seconds."""
    start, end = (datetime.strptime(text, TIME) for text in result["when"].split(" ... "))
    return start.timestamp(), end.timestamp()


# ---- the client that is polled ----


class PolledClient:
    """Answers polls with what was queued, else with `idle`; keeps what is delivered."""

    def __init__(self, registered, idle, port=0):
        self.registered = registered  # answer to a registration
        self.idle = idle
        self.queue = collections.deque()  # (status, message) for the next polls
        self.registrations, self.deliveries, self.polls, self.wrong = [], [], [], []
        self.refuse_deliveries = 0  # so many get status 500
        self.changed = threading.Condition()
        client = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(*client.on_get(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(*client.on_post(self.path, self.headers.get("Content-Type"), body))

            def answer(self, status, message):
                body = b"" if message is None else json.dumps(message).encode()
                self.send_response(status)
                self.send_header("Content-Type", MPLANE if body else "text/html; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing: the test says what went wrong."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def on_get(self, path):
        with self.changed:
            if path != "/show/specification":
                self.wrong.append(f"GET {path}")
                return 404, None
            self.polls.append(time.monotonic())
            self.changed.notify_all()
            return self.queue.popleft() if self.queue else (200, self.idle)

    def on_post(self, path, content_type, body):
        with self.changed:
            known = {"/register/capability": self.registrations, "/register/result": None}
            if path not in known or content_type != MPLANE:
                self.wrong.append(f"POST {path} {content_type}")
                return 400, None
            self.changed.notify_all()
            if path == "/register/capability":
                self.registrations.append(json.loads(body))
                return 200, self.registered
            if self.refuse_deliveries > 0:
                self.refuse_deliveries -= 1
                return 500, None
            self.deliveries.append(json.loads(body))
            return 200, None

    def hand_out(self, *answers):
        with self.changed:
            self.queue.extend(answers)

    def wait_for(self, what, condition, seconds=WAIT_S):
        with self.changed:
            if not self.changed.wait_for(condition, seconds):
                raise AssertionError(f"{what} did not come within {seconds} s")

    def delivered(self, token):
        return [m for m in self.deliveries if token in (m.get("token"), m.get("exception"))]

    def kinds(self, token):
        """What was delivered for a token, in order."""
        known = ("receipt", "result", "exception")
        return [next(kind for kind in known if kind in m) for m in self.delivered(token)]

    def wait_for_kinds(self, token, kinds, seconds=WAIT_S):
        self.wait_for(f"{kinds} of {token}", lambda: self.kinds(token) == kinds, seconds)


# ---- the tests ----


class Polling(support.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.recorded = recordings()

    def setUp(self):
        super().setUp()
        self.client = PolledClient(self.recorded[61].answered, self.recorded[62].answered)
        self.addCleanup(self.client.close)

    def start_probe(self, url=None):
        """Starts a probe that polls `url`, or our client and waits for its registration."""
        probe = Serving(
            self.directory,
            "-g",
            "none",
            config=f'[mplane]\nsupervisor = "{url or self.client.url}"\npoll_interval = "1s"\n',
        )
        self.addCleanup(probe.__exit__)
        self.addCleanup(probe.stop)
        if url is None:
            self.client.wait_for("a registration", lambda: self.client.registrations)

    def specification(self, token, when):
        """The recorded specification with another token and scope."""
        asked = self.recorded[63].answered["contents"][0]
        return from_us({**asked, "token": token, "when": when}, self.client.url)

    def test_registers_what_it_offers(self):
        self.start_probe()
        registered = self.client.registrations[0]
        recorded = self.recorded[61].sent
        self.assertEqual(without(registered, "contents"), without(recorded, "contents"))
        offered = registered["contents"]
        self.assertEqual(offered[:OWN_CAPABILITIES], recorded["contents"][:OWN_CAPABILITIES])
        self.assertEqual(len(offered), OWN_CAPABILITIES + 1)
        callback, recorded_callback = offered[-1], recorded["contents"][-1]
        self.assertEqual(callback["capability"], "callback")
        self.assertNotIn(callback["token"], [c["token"] for c in offered[:-1]])
        members = ("capability", "token")
        self.assertEqual(without(callback, *members), without(recorded_callback, *members))

    def test_receipts_results_and_interrupts_are_those_recorded(self):
        """Files 63 to 69: one measurement runs to its end, another one is interrupted."""
        self.start_probe()
        first = self.recorded[63].answered["contents"][0]
        second = specification_for(self.recorded[65].sent)
        self.client.hand_out(
            (200, envelope(from_us(first, self.client.url))),
            (200, envelope(from_us(second, self.client.url))),
        )
        self.client.wait_for_kinds(second["token"], ["receipt"])
        self.assertEqual(self.client.delivered(first["token"]), [self.recorded[64].sent])
        self.assertEqual(self.client.delivered(second["token"]), [self.recorded[65].sent])

        self.client.hand_out((200, self.recorded[67].answered))
        self.client.wait_for_kinds(second["token"], ["receipt", "result"])
        self.client.wait_for_kinds(first["token"], ["receipt", "result"])
        for token, number in ((first["token"], 66), (second["token"], 69)):
            result = self.client.delivered(token)[1]
            self.assertEqual(
                without(result, "when"), without(self.recorded[number].sent, "when", "resultvalues")
            )
        start, end = interval(self.client.delivered(first["token"])[1])
        self.assertAlmostEqual(end - start, 12, delta=1)
        start, end = interval(self.client.delivered(second["token"])[1])
        self.assertLess(end - start, 10)
        self.assertEqual(self.client.wrong, [])

    def test_an_open_end_is_accepted(self):
        """File 70: a receipt, where the reference answers an exception."""
        self.start_probe()
        asked = self.recorded[70].answered["contents"][0]
        self.client.hand_out((200, envelope(from_us(asked, self.client.url))))
        self.client.wait_for_kinds(asked["token"], ["receipt"])
        receipt = self.client.delivered(asked["token"])[0]
        self.assertEqual(receipt, {**without(asked, "specification", "link"), "receipt": "measure"})

    def test_registers_again_when_it_is_not_known(self):
        """File 71."""
        self.start_probe()
        self.client.wait_for("two polls", lambda: len(self.client.polls) >= 2)
        before = len(self.client.registrations)
        self.client.hand_out((self.recorded[71].status, None))
        self.client.wait_for("registration", lambda: len(self.client.registrations) > before, 5)
        self.assertEqual(self.client.registrations[-1], self.client.registrations[0])

    def test_scope_now_has_receipt_and_result(self):
        self.start_probe()
        self.client.hand_out((200, envelope(self.specification("t-now", "now"))))
        self.client.wait_for_kinds("t-now", ["receipt", "result"])
        self.assertEqual(self.client.delivered("t-now")[0]["when"], "now")

    def test_nested_envelopes_and_what_stands_behind_a_callback(self):
        self.start_probe()
        callback = {
            "specification": "callback",
            "label": "callback",
            "token": "cb",
            "version": 1,
            "when": "now + 3s",
        }
        nested = envelope(envelope(self.specification("t-deep", "now + 1s")))
        self.client.hand_out((200, envelope(callback, nested)))
        self.client.wait_for_kinds("t-deep", ["receipt", "result"])
        self.assertEqual(self.client.delivered("cb"), [])
        self.client.wait_for("more polls", lambda: len(self.client.polls) >= 5)
        pauses = [b - a for a, b in zip(self.client.polls, self.client.polls[1:])]
        self.assertTrue(any(2.7 < pause < 4 for pause in pauses), pauses)

    def test_a_link_to_another_host_is_refused(self):
        self.start_probe()
        foreign = {**self.specification("t-far", "now + 1s"), "link": "http://127.0.0.1:9/secret"}
        self.client.hand_out((200, envelope(foreign)))
        self.client.wait_for_kinds("t-far", ["exception"])
        self.assertEqual(
            self.client.delivered("t-far")[0]["message"],
            "User has no permission to request this capability",
        )

    def test_an_interrupt_of_an_unknown_job(self):
        self.start_probe()
        self.client.hand_out((200, self.recorded[67].answered))
        token = self.recorded[67].answered["contents"][0]["token"]
        self.client.wait_for_kinds(token, ["exception"])
        self.assertEqual(self.client.delivered(token)[0]["message"], "Unknown job")

    def test_deliveries_are_repeated_in_order_until_they_arrive(self):
        self.client.refuse_deliveries = 3
        self.start_probe()
        self.client.hand_out((200, envelope(self.specification("t-late", "now + 1s"))))
        self.client.wait_for_kinds("t-late", ["receipt", "result"])
        self.assertEqual(self.client.refuse_deliveries, 0)

    def test_a_client_that_comes_late_is_found(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.start_probe(f"http://127.0.0.1:{port}")
        time.sleep(2)
        late = PolledClient(self.recorded[61].answered, self.recorded[62].answered, port)
        self.addCleanup(late.close)
        late.wait_for("a registration", lambda: late.registrations)
        late.wait_for("a poll", lambda: late.polls)


if __name__ == "__main__":
    support.shared_or_skip()
    support.main()
