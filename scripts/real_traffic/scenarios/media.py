"""Calls and streams: RTP and RTCP with GStreamer, SIP of sipp, RTMP from ffmpeg to nginx."""
import pathlib

from clock import REAL_TIME
from network import CLIENT, SERVER
from scenarios.scenario import Scenario

RTP_END = pathlib.Path(__file__).resolve().parent.parent / "rtp_end.py"
RTP_PORT, CLIENT_RTP_PORT, SECONDS = 5004, 40002, 3


def rtp(net):
    """Payload type 8 is A-law at 8 kHz (RFC 3551): its clock is known without a description."""
    end = ["/usr/bin/python3", RTP_END]
    receiver = net.start(
        "server",
        [*end, "receive", RTP_PORT, CLIENT, CLIENT_RTP_PORT, SECONDS + 2],
        [("udp", RTP_PORT)],
        env=REAL_TIME,
    )
    net.run("client", [*end, "send", CLIENT_RTP_PORT, SERVER, RTP_PORT, SECONDS], env=REAL_TIME)
    net.wait(receiver)


def sip(net):
    net.start(
        "server", ["sipp", "-sn", "uas", "-i", SERVER, "-p", 5060, "-nostdin"], [("udp", 5060)]
    )
    net.start(
        "server",
        ["sipp", "-sn", "uas", "-t", "t1", "-i", SERVER, "-p", 5070, "-nostdin"],
        [("tcp", 5070)],
    )
    call = ["sipp", "-sn", "uac", "-i", CLIENT, "-m", 1, "-r", 1, "-d", 300, "-nostdin"]
    net.run("client", [*call, "-p", 40001, f"{SERVER}:5060"])
    net.run("client", [*call, "-t", "t1", "-p", 40002, f"{SERVER}:5070"])


def rtmp(net):
    settings = net.file(
        "nginx.conf",
        "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
        f"daemon off; master_process off; pid {net.path('nginx.pid')}; error_log stderr warn;\n"
        "events { worker_connections 64; }\n"
        "rtmp { server { listen 1935; application live { live on; } } }\n",
    )
    net.start(
        "server",
        ["nginx", "-e", "stderr", "-p", net.directory, "-c", settings],
        [("tcp", 1935)],
        env=REAL_TIME,
    )
    tone = ["-re", "-f", "lavfi", "-i", "sine=frequency=440:duration=2"]
    target = ["-c:a", "aac", "-b:a", "32k", "-f", "flv", f"rtmp://{SERVER}/live/tone"]
    net.run("client", ["ffmpeg", "-hide_banner", "-nostdin", *tone, *target], 40001, env=REAL_TIME)


PACKAGES = "python3-gi gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-good"
SCENARIOS = [
    Scenario("rtp", "a tone for three seconds, with RTCP", (), PACKAGES, rtp),
    Scenario(
        "rtp_faults",
        "the same with losses, reordering and repetitions",
        (),
        PACKAGES,
        rtp,
        ("lose:client:30", "lose:client:60", "late:client:90", "twice:client:120"),
    ),
    Scenario(
        "rtmp",
        "a tone is published",
        ("ffmpeg", "nginx"),
        "ffmpeg nginx-light libnginx-mod-rtmp",
        rtmp,
    ),
    Scenario("sip", "a call over UDP, a call over TCP", ("sipp",), "sip-tester", sip),
]
