"""HTTP/3: chromium against caddy."""
import base64
import hashlib
import subprocess

from clock import REAL_TIME
from network import SERVER
from scenarios.scenario import NAME, Scenario, certificate


def key_hash(crt):
    """By which chromium knows a certificate that no authority has signed."""
    key = subprocess.run(
        ["openssl", "x509", "-in", crt, "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    body = base64.b64decode(b"".join(key.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def quic(net):
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
            "--dump-dom",
            f"https://{NAME}/",
        ],
        env=home,
        timeout=60,
    )


SCENARIOS = [
    Scenario(
        "quic",
        "QUIC version 1 of a browser",
        ("chromium", "caddy", "openssl"),
        "chromium caddy openssl",
        quic,
    ),
]
