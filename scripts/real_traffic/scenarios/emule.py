"""ED2K and KAD: two amuled. Each knows the other from its list of contacts, since they look for
sources only while one of the networks is there, and the source from the link.
"""
import hashlib
import os
import socket
import struct
import subprocess
import time

from clock import REAL_TIME
from network import CLIENT, SERVER, Failure
from scenarios.scenario import Scenario

# Nothing to compress, and longer than a block of ED2K.
CONTENT = b"".join(hashlib.sha512(bytes([number])).digest() for number in range(250))
PASSWORD, CONTROL_PORT = "word", 4712
SEED_PORT, PEER_PORT = 4662, 4762
UDP_PORT_OFFSET = 10
# Two bytes say that it is the identifier of a client of this kind.
SEED_USER = bytes.fromhex("10111213140e161718191a1b1c1d6f1f")
SEED_CONTACT, PEER_CONTACT = bytes(range(1, 17)), bytes(range(0x81, 0x91))
KAD_VERSION = 8
DOWNLOAD_S_MAX = 60
SETTINGS = """
[eMule]
AppVersion=2.3.3
Nick={name}
Port={port}
UDPPort={udp_port}
UDPEnable=1
Autoconnect=1
ConnectToKad=1
ConnectToED2K=0
TempDir={home}/Temp
IncomingDir={home}/Incoming
FilterLanIPs=0
NewVersionCheck=0
UPnPEnabled=0
GeoIPEnabled=0
[ExternalConnect]
AcceptExternalConnections=1
ECPort={control_port}
ECPassword={password}
IpFilterClients=0
IpFilterServers=0
[Obfuscation]
IsClientCryptLayerSupported={hidden}
IsCryptLayerRequested={hidden}
IsClientCryptLayerRequired={hidden}
"""


def contacts(identifier, address, port):
    """nodes.dat with one contact."""
    ip = struct.unpack(">I", socket.inet_aton(address))[0]
    return struct.pack("<III", 0, 1, 1) + struct.pack(
        "<16sIHHB", identifier, ip, port + UDP_PORT_OFFSET, port, KAD_VERSION
    )


def start(net, side, name, port, hidden):
    for folder in ("Temp", "Incoming"):
        net.folder(f"{name}/{folder}", 0o755)
    net.file(
        f"{name}/amule.conf",
        SETTINGS.format(
            name=name,
            port=port,
            udp_port=port + UDP_PORT_OFFSET,
            home=net.path(name),
            control_port=CONTROL_PORT,
            password=hashlib.md5(PASSWORD.encode()).hexdigest(),
            hidden=int(hidden),
        ),
    )
    return net.start(
        side,
        ["amuled", "-c", net.path(name), "-o"],
        [("tcp", port), ("tcp", CONTROL_PORT)],
        env=REAL_TIME,
    )


def command(net, side, words):
    return net.run(
        side,
        ["amulecmd", "-h", "127.0.0.1", "-p", CONTROL_PORT, "-P", PASSWORD, "-c", words],
        env=REAL_TIME,
    )


def ed2k_hash():
    """MD4, which OpenSSL keeps in its legacy provider; the file is shorter than a part."""
    digest = ["openssl", "dgst", "-md4", "-provider", "legacy", "-provider", "default"]
    done = subprocess.run(digest, input=CONTENT, capture_output=True, check=True)
    return done.stdout.split()[-1].decode()


def download(net, hidden):
    for name, own, other in (
        ("seed", SEED_CONTACT, contacts(PEER_CONTACT, CLIENT, PEER_PORT)),
        ("got", PEER_CONTACT, contacts(SEED_CONTACT, SERVER, SEED_PORT)),
    ):
        net.file(f"{name}/preferencesKad.dat", struct.pack("<IH16sB", 0, 0, own, 0))
        net.file(f"{name}/nodes.dat", other)
    net.file("seed/preferences.dat", b"\x14" + SEED_USER)
    net.file("seed/Incoming/content.bin", CONTENT)
    start(net, "server", "seed", SEED_PORT, hidden)
    peer = start(net, "client", "got", PEER_PORT, hidden)
    net.settle(3)
    net.set_local_port("client", 40001, 20)
    # Obfuscation is supported and requested, and the identifier follows.
    source = f"{SERVER}:{SEED_PORT}" + (f":{0x83}:{SEED_USER.hex()}" if hidden else "")
    link = f"ed2k://|file|content.bin|{len(CONTENT)}|{ed2k_hash()}|/|sources,{source}|/"
    command(net, "client", f"add {link}")
    ends = time.monotonic() + DOWNLOAD_S_MAX
    while not os.path.exists(net.path("got/Incoming/content.bin")):
        if time.monotonic() > ends:
            raise Failure(f"nothing was downloaded:\n{net.stop(peer)}")
        net.settle()
    command(net, "client", "status")
    net.settle(6)


def ed2k(net):
    download(net, hidden=False)


def ed2k_hidden(net):
    download(net, hidden=True)


PROGRAMS, PACKAGES = ("amuled", "amulecmd", "openssl"), "amule-daemon amule-utils openssl"
SCENARIOS = [
    Scenario("ed2k", "KAD, and a download over ED2K in clear text", PROGRAMS, PACKAGES, ed2k),
    Scenario(
        "ed2k_faults",
        "the same with losses and reordering",
        PROGRAMS,
        PACKAGES,
        ed2k,
        ("twice:client:4", "drop:server:6", "late:server:14", "lose:server:16"),
    ),
    Scenario("ed2k_hidden", "KAD and ED2K obfuscated", PROGRAMS, PACKAGES, ed2k_hidden),
]
