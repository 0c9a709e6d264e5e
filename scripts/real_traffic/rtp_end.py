#!/usr/bin/env python3
"""One end of an RTP session, with GStreamer: a tone is sent or received, RTCP goes both ways.

Usage: rtp_end.py send|receive LOCAL_PORT PEER_ADDRESS PEER_PORT SECONDS

RTP has the even port, RTCP the next one, on both ends. Prints what the session knows at the end.
Needs Debian's python3-gi with the GStreamer 1.0 bindings, hence Debian's interpreter.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SAMPLES = 160  # 20 ms at 8 kHz
RTCP_INTERVAL_NS = 500_000_000
CAPS = "application/x-rtp,media=audio,payload=8,clock-rate=8000,encoding-name=PCMA"


def pipeline_text(sends, port, address, peer_port, seconds):
    rtcp = (
        f"udpsrc name=rtcp_in port={port + 1} ! rtp.recv_rtcp_sink_0 "
        f"rtp.send_rtcp_src_0 ! udpsink name=rtcp_out host={address} port={peer_port + 1} "
        "sync=false async=false "
    )
    if not sends:
        return (
            f"rtpbin name=rtp {rtcp} udpsrc port={port} caps={CAPS} ! rtp.recv_rtp_sink_0 "
            "rtp. ! rtppcmadepay ! fakesink"
        )
    return (
        f"rtpbin name=rtp {rtcp} audiotestsrc is-live=true samplesperbuffer={SAMPLES} "
        f"num-buffers={seconds * 50} ! audio/x-raw,rate=8000,channels=1 ! alawenc ! "
        "rtppcmapay pt=8 ssrc=305419896 seqnum-offset=1000 timestamp-offset=0 ! "
        "rtp.send_rtp_sink_0 rtp.send_rtp_src_0 ! "
        f"udpsink bind-port={port} host={address} port={peer_port}"
    )


def main():
    role, port, address, peer_port, seconds = sys.argv[1:]
    Gst.init(None)
    pipeline = Gst.parse_launch(
        pipeline_text(role == "send", int(port), address, int(peer_port), int(seconds))
    )
    session = pipeline.get_by_name("rtp").emit("get-internal-session", 0)
    session.set_property("rtcp-min-interval", RTCP_INTERVAL_NS)
    # RTCP leaves from the port where it is received.
    source, sink = pipeline.get_by_name("rtcp_in"), pipeline.get_by_name("rtcp_out")
    source.set_state(Gst.State.READY)
    sink.set_property("socket", source.get_property("used-socket"))
    sink.set_property("close-socket", False)
    pipeline.set_state(Gst.State.PLAYING)
    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(int(seconds) + 1, loop.quit)
    loop.run()
    for source in session.get_property("sources"):
        print(source.get_property("stats").to_string().replace(", ", "\n    "))
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
