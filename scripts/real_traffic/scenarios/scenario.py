"""What a scenario is, and the certificate that several of them need."""
import os
import subprocess
from typing import Callable, NamedTuple, Tuple

from clock import START_TIME

NAME = "www.example.org"


class Scenario(NamedTuple):
    name: str
    shows: str  # one line for --list
    programs: Tuple[str, ...]  # on PATH
    packages: str  # of Debian, where the programs are
    run: Callable  # takes the Network
    faults: Tuple[str, ...] = ()  # of wire.py


def certificate(net, name=NAME, key="ec", alternative_names=(), real_time=False):
    """A fresh self-signed certificate and its key; paths. It lives as long as the recording.
    `real_time`: for programs that check its dates and cannot be given the time of the capture."""
    kind = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}[key]
    names = ",".join(f"DNS:{n}" for n in (name, *alternative_names))
    paths = net.path(f"{name}.{key}.crt"), net.path(f"{name}.{key}.key")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            *kind,
            "-keyout",
            paths[1],
            "-out",
            paths[0],
            "-days",
            "3650",
            "-subj",
            f"/O=Example/CN={name}",
            "-addext",
            f"subjectAltName={names}",
        ],
        capture_output=True,
        check=True,
        env=dict(os.environ) if real_time else {**os.environ, **START_TIME},
    )
    return paths
