"""The reference captures of real transfers, each with what the kernels of both ends said of them:
TCP_INFO of either end when its connection was over, and what the path dropped.

Side A is the one that the tap is next to, except where it is in the middle. The kernel's ways of
counting: a passive opener's SYN-ACKs are not in segs_out, the SYN of an active opener is in its
bytes_acked, and what comes for a socket that is closed already is in no counter of it.
"""
import json
from collections import Counter

from support import shared_directory
from web100_records import ends_of, tcp_packets

SETS = ("clean", "loss1", "loss3-delay40", "mid-tap-loss2", "reorder")
SYN, ACK = 0x02, 0x10
OPTIONS = {"SACKEnabled": "opt_sack", "TimestampsEnabled": "opt_timestamps"}
COUNTED = {
    "DataPktsOut": "data_segs_out",
    "DataBytesOut": "bytes_sent",
    "DataPktsIn": "data_segs_in",
    "PktsRetrans": "total_retrans",
    "BytesRetrans": "bytes_retrans",
}


class Transfers:
    """One of the sets: a capture, and a Transfer for each connection in it."""

    def __init__(self, name):
        self.directory = shared_directory() / "corpus/tcpinfo" / name
        self.capture = self.directory / "capture.pcap"
        self.meta = json.loads((self.directory / "meta.json").read_text())
        lines = (self.directory / "truth.jsonl").read_text().splitlines()
        self.flows = [json.loads(line) for line in lines]
        self.packets = list(tcp_packets(self.capture))

    def networks_of_a(self):
        """A's hosts as the text of a list of internal networks."""
        return "".join(f"{a}/{128 if ':' in a else 32}\n" for a in self.meta["a"])

    def beside(self, records):
        """A Connection for each flow; records: {both ends: record}."""
        return [Connection(self, flow, records) for flow in self.flows]

    def recoveries_of_a(self):
        counters = self.meta["counters"]["A"]
        return sum(counters.get(f"TcpExt.TCP{kind}Recovery", 0) for kind in ("Sack", "Reno"))


class Connection:
    """A record and the kernel's figures of its Local end."""

    def __init__(self, transfers, flow, records):
        self.flow = flow
        a = (flow["a_addr"], flow["a_port"])
        self.record = records[frozenset((a, (flow["b_addr"], flow["b_port"])))]
        self.local, self.rem = ends_of(self.record)
        self.side = "A" if self.local == a else "B"
        self.is_sender = self.side == flow["sender"]
        self.is_active = self.side == flow["active_open"]
        self.kernel = flow["sender_end" if self.is_sender else "receiver_end"]
        self.is_near = transfers.meta["tap"] == "local" and self.side == "A"
        self.tap = transfers.meta["tap"]
        self._count(transfers.packets)

    def _count(self, packets):
        """What the kernel's counters leave out."""
        self.syn_acks = self.syns = 0
        self.too_late = Counter()  # of the kernel's figures, by sender
        for packet in packets:
            if {packet.source, packet.destination} != {self.local, self.rem}:
                continue
            if packet.time_s > self.kernel["t"]:
                self.too_late[packet.source] += 1
            if packet.flags & SYN:
                self.syns += 1
                self.syn_acks += bool(packet.flags & ACK) and packet.source == self.local

    @property
    def syns_were_repeated(self):
        return self.syns > 2

    def __repr__(self):
        kind, number = self.flow["kind"], self.flow["flow"]
        return f"flow {number} ({kind}), Local is {self.side}"

    def value(self, key):
        return int(self.record[key])

    def dropped_before_tap(self, what):
        path = self.flow["path_a_to_b" if self.side == "A" else "path_b_to_a"]
        where = "_before_tap" if self.tap == "middle" else ""
        return sum(path.get(f"{what}{why}_drop{where}", 0) for why in ("loss", "queue"))

    def exact(self):
        """[(key, the kernel's figure)] of what must be equal."""
        info = self.kernel
        wanted = {key: info[name] for key, name in OPTIONS.items()}
        wanted |= {
            "State": 1,
            "ActiveOpen": int(self.is_active),
            "SndWinScale": info["snd_wscale"],
            "RcvWinScale": info["rcv_wscale"],
            "ThruBytesAcked": info["bytes_acked"] - int(self.is_active),
            "ThruBytesReceived": info["bytes_received"],
            "DSACKDups": info["dsack_dups"],
            "CurRwinRcvd": info["snd_wnd"],
        }
        if self.is_near:
            wanted |= {key: info[name] for key, name in COUNTED.items()}
            wanted["PktsOut"] = info["segs_out"] + self.syn_acks + self.too_late[self.local]
            wanted["PktsIn"] = info["segs_in"] + self.too_late[self.rem]
        else:
            wanted["DataPktsOut"] = info["data_segs_out"] - self.dropped_before_tap("data_")
        if self.value("DataBytesOut") >= 3 * info["snd_mss"]:
            wanted["CurMSS"] = info["snd_mss"]
        return list(wanted.items())
