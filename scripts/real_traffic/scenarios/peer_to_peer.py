"""BitTorrent: aria2 and transmission with a tracker (opentracker)."""
import json
import re
import time

from clock import REAL_TIME
from network import SERVER, Failure
from scenarios.scenario import Scenario

CONTENT = bytes(range(256)) * 64
TRACKER_PORT, SEED_PORT, PEER_PORT, DHT_PORT = 6969, 51413, 51414, 6881
DOWNLOAD_S_MAX = 40


def torrent(net, announce, seeded_in):
    """The file in the folder of the one that has it, and its torrent."""
    net.file(f"{seeded_in}/content.bin", CONTENT)
    net.run(
        "client",
        [
            "transmission-create",
            "-t",
            announce,
            "-o",
            net.path("x.torrent"),
            net.path(f"{seeded_in}/content.bin"),
        ],
    )
    return net.path("x.torrent")


def start_tracker(net):
    """It serves the torrents that are listed, and nothing outside of its folder."""
    shown = net.run("client", ["transmission-show", net.path("x.torrent")])
    net.file("torrents", re.search(r"Hash: (\w+)", shown).group(1) + "\n")
    net.start(
        "server",
        [
            "opentracker",
            "-i",
            SERVER,
            "-p",
            TRACKER_PORT,
            "-P",
            TRACKER_PORT,
            "-d",
            net.directory,
            "-u",
            "nobody",
            "-w",
            "torrents",
        ],
        [("tcp", TRACKER_PORT), ("udp", TRACKER_PORT)],
    )


def aria2(folder, port, *options):
    return [
        "aria2c",
        f"--dir={folder}",
        f"--listen-port={port}",
        "--disable-ipv6=true",
        "--enable-peer-exchange=false",
        "--bt-enable-lpd=false",
        "--enable-dht6=false",
        "--follow-torrent=false",
        "--console-log-level=info",
        "--summary-interval=0",
        *options,
    ]


def aria2_session(net, seed_options, peer_options):
    path = torrent(net, f"http://{SERVER}:{TRACKER_PORT}/announce", "seed")
    start_tracker(net)
    net.start(
        "server",
        aria2(
            net.path("seed"),
            SEED_PORT,
            "--check-integrity=true",
            "--seed-ratio=0",
            *seed_options,
            path,
        ),
        [("tcp", SEED_PORT)],
    )
    net.settle(2)
    net.run(
        "client",
        aria2(net.path("got"), PEER_PORT, "--seed-time=0", *peer_options, path),
        client_port=40001,
        timeout=DOWNLOAD_S_MAX,
    )


def bittorrent_encrypted(net):
    options = ["--enable-dht=false", "--bt-require-crypto=true", "--bt-min-crypto-level=arc4"]
    aria2_session(net, options, options)


def bittorrent_dht(net):
    seed = [
        "--enable-dht=true",
        f"--dht-listen-port={DHT_PORT}",
        f"--dht-file-path={net.path('seed.dht')}",
    ]
    peer = [
        "--enable-dht=true",
        "--dht-listen-port=40003",
        f"--dht-file-path={net.path('peer.dht')}",
        f"--dht-entry-point={SERVER}:{DHT_PORT}",
    ]
    aria2_session(net, seed, peer)


def transmission(net, name, port, with_utp):
    settings = {
        "bind-address-ipv6": "::1",
        "dht-enabled": False,
        "lpd-enabled": False,
        "pex-enabled": False,
        "peer-port": port,
        "peer-port-random-on-start": False,
        "port-forwarding-enabled": False,
        "utp-enabled": with_utp,
        "encryption": 0,
        "rpc-enabled": False,
        "ratio-limit-enabled": False,
    }
    net.file(f"{name}-settings/settings.json", json.dumps(settings))
    return [
        "transmission-cli",
        "-g",
        net.path(f"{name}-settings"),
        "-w",
        net.path(name),
        "-p",
        port,
        "-et",
        "-M",
        net.path("x.torrent"),
    ]


def transmission_session(net, scheme, with_utp):
    torrent(net, f"{scheme}://{SERVER}:{TRACKER_PORT}/announce", "seed")
    start_tracker(net)
    net.folder("got", 0o777)
    net.start(
        "server",
        transmission(net, "seed", SEED_PORT, with_utp),
        [("tcp", SEED_PORT)],
        env=REAL_TIME,
    )
    net.settle(2)
    net.set_local_port("client", 40001, 20)
    peer = net.start("client", transmission(net, "got", PEER_PORT, with_utp), env=REAL_TIME)
    ends = time.monotonic() + DOWNLOAD_S_MAX
    while not (net.directory / "got" / "content.bin").exists():
        if time.monotonic() > ends:
            raise Failure(f"nothing was downloaded:\n{net.stop(peer)}")
        time.sleep(0.2)
    net.settle(1)
    net.stop(peer)


def bittorrent(net):
    transmission_session(net, "udp", False)


def bittorrent_pieces(net):
    """The client's handshake has 68 bytes, its segments 48."""
    net.limit_segments("server", 60)
    net.limit_segments("client", 400)
    transmission_session(net, "udp", False)


def bittorrent_encrypted_pieces(net):
    for side in ("client", "server"):
        net.limit_segments(side, 200)
    bittorrent_encrypted(net)


def bittorrent_utp(net):
    transmission_session(net, "udp", True)


ARIA2 = ("aria2c", "opentracker", "transmission-create", "transmission-show")
TRANSMISSION = ("transmission-cli", "opentracker", "transmission-create", "transmission-show")
SCENARIOS = [
    Scenario(
        "bittorrent",
        "tracker over UDP, download in clear text",
        TRANSMISSION,
        "transmission-cli opentracker",
        bittorrent,
    ),
    Scenario(
        "bittorrent_utp",
        "tracker over UDP, download over uTP",
        TRANSMISSION,
        "transmission-cli opentracker",
        bittorrent_utp,
    ),
    Scenario(
        "bittorrent_mse",
        "tracker over HTTP, encrypted download",
        ARIA2,
        "aria2 transmission-cli opentracker",
        bittorrent_encrypted,
    ),
    Scenario(
        "bittorrent_dht",
        "distributed hash table beside the download",
        ARIA2,
        "aria2 transmission-cli opentracker",
        bittorrent_dht,
    ),
    Scenario(
        "bittorrent_faults",
        "handshakes in pieces, lost and late",
        TRANSMISSION,
        "transmission-cli opentracker",
        bittorrent_pieces,
        ("late:client:5", "drop:server:5", "twice:server:6"),
    ),
    Scenario(
        "bittorrent_mse_faults",
        "encrypted handshakes in pieces, lost, late and repeated",
        ARIA2,
        "aria2 transmission-cli opentracker",
        bittorrent_encrypted_pieces,
        ("drop:client:3", "late:server:4", "twice:server:6"),
    ),
    Scenario(
        "bittorrent_utp_faults",
        "packets of uTP lost, late and repeated",
        TRANSMISSION,
        "transmission-cli opentracker",
        bittorrent_utp,
        ("twice:client:4", "drop:server:5", "late:client:6", "lose:server:8"),
    ),
]
