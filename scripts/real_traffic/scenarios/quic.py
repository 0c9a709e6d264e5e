"""HTTP/3: chromium against caddy, and the client and the server of ngtcp2."""
import base64
import hashlib
import subprocess

from clock import REAL_TIME
from network import SERVER, Failure
from scenarios.scenario import NAME, Scenario, certificate


def key_hash(crt):
    """By which chromium knows a certificate that no authority has signed."""
    key = subprocess.run(
        ["openssl", "x509", "-in", crt, "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    body = base64.b64decode(b"".join(key.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def browse(net, *options):
    crt, key = certificate(net, real_time=True)
    settings = net.file(
        "Caddyfile",
        "{\n admin off\n auto_https off\n}\n"
        f'https://{NAME}:443 {{\n tls {crt} {key}\n respond "hello"\n}}\n',
    )
    home = {**REAL_TIME, "HOME": net.path("home")}
    net.start(
        "server",
        ["caddy", "run", "--adapter", "caddyfile", "--config", settings],
        [("udp", 443)],
        env=home,
    )
    net.run(
        "client",
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            f"--user-data-dir={net.path('profile')}",
            f"--origin-to-force-quic-on={NAME}:443",
            f"--host-resolver-rules=MAP {NAME} {SERVER}",
            f"--ignore-certificate-errors-spki-list={key_hash(crt)}",
            *options,
            "--dump-dom",
            f"https://{NAME}/",
        ],
        env=home,
        timeout=60,
    )


def quic(net):
    browse(net)


def quic_v2(net):
    # caddy answers with the versions that it has: the browser gives up.
    browse(net, "--quic-version=RFCv2")


def server(net, port, *options):
    crt, key = certificate(net, real_time=True)
    net.file("pages/hello.txt", "hello\n")
    net.start(
        "server",
        ["gtlsserver", *QUIET, "-d", net.path("pages"), *options, SERVER, port, key, crt],
        [("udp", port)],
        env=REAL_TIME,
    )


def client(net, local_port, port, *options):
    net.resolve_as(NAME, SERVER)
    return net.run(
        "client",
        [
            "gtlsclient",
            *QUIET,
            "--exit-on-all-streams-close",
            *options,
            NAME,
            port,
            f"https://{NAME}/hello.txt",
        ],
        client_port=local_port,
        env=REAL_TIME,
    )


def expect(text, words):
    if words not in text:
        raise Failure(f"gtlsclient does not say `{words}`:\n{text}")


def quic_handshakes(net):
    server(net, 443)
    session = ["--session-file", net.path("session"), "--tp-file", net.path("parameters")]
    client(net, 40001, 443, *session)
    expect(client(net, 40002, 443, *session), "type=0RTT")
    client(net, 40003, 443, *session, "--disable-early-data")
    server(net, 444, "--validate-addr")
    expect(client(net, 40004, 444), "type=Retry")
    # No version that the server has, then the one that it names.
    expect(client(net, 40005, 443, "--version=0x1a2a3a4a", "--preferred-versions=v1"), "type=VN")


def quic_faults(net):
    server(net, 443)
    for port in (40001, 40002):
        client(net, port, 443)


QUIET = ("--no-quic-dump", "--no-http-dump", "--no-pmtud")
NGTCP2 = ("gtlsclient", "gtlsserver", "openssl")
NGTCP2_PACKAGES = "ngtcp2-client ngtcp2-server openssl"
CHROMIUM = ("chromium", "caddy", "openssl")
SCENARIOS = [
    Scenario(
        "quic",
        "QUIC version 1 of a browser",
        CHROMIUM,
        " ".join(CHROMIUM),
        quic,
    ),
    Scenario(
        "quic_v2",
        "QUIC version 2 of a browser, which the server does not have",
        CHROMIUM,
        " ".join(CHROMIUM),
        quic_v2,
    ),
    Scenario(
        "quic_handshakes",
        "QUIC: full, 0-RTT, resumed without, Retry, version negotiation",
        NGTCP2,
        NGTCP2_PACKAGES,
        quic_handshakes,
    ),
    Scenario(
        "quic_faults",
        "QUIC: Initials of both sides lost, late and repeated",
        NGTCP2,
        NGTCP2_PACKAGES,
        quic_faults,
        ("drop:client:1", "late:server:1", "twice:client:3"),
    ),
]
