"""Flows: one packet after the other, the sweep of the table, the end of the trace (reference model
of the golden cases)."""
import ipaddress

from packets import ACK, FIN, MASK, PSH, RST, SYN
from tracking import Tracker

IDLE, SINGLETON, UDP_IDLE = 300 * 1000000, 10 * 1000000, 200 * 1000000
SLOTS, CLASSES, STEP, SEARCH = 180000, 10000, 500, 200
WORD = (1 << 64) - 1  # windows are compared in 64 bits and stored in 32


def elapsed(a, b):
    return max(0, b - a)


class Side(Tracker):
    def __init__(self, endpoint):
        super().__init__()
        self.endpoint = endpoint
        for name in (
            "packets acks pure_acks data_packets bytes unique retx_packets retx_bytes ooo syns "
            "fins rsts window_seen scale timestamps sack_opt sack_count mss payload_max "
            "payload_min window_max window_min zero_windows flight_max flight_min initial bad "
            "isn last_ack snd msg_last messages ttl_min ttl_max window"
        ).split():
            setattr(self, name, 0)
        self.fin_seq = self.first_data = self.last_data = self.first_ack = None
        self.syn_seen = self.closed = self.data_acked = False


class Flow:
    def __init__(self, segment):
        self.first = self.last = segment.time
        self.client, self.server = Side(segment.source), Side(segment.destination)
        self.client.peer, self.server.peer = self.server, self.client

    def both_syns(self):
        return self.client.syn_seen and self.server.syn_seen

    def expired(self, now):
        age = elapsed(self.last, now)
        c, s = self.client, self.server
        singleton = c.syn_seen != s.syn_seen and c.packets + s.packets == c.syns + s.syns
        return age > IDLE or (singleton and age > SINGLETON)

    def on_segment(self, p):
        """None, or how the flow closes: 'complete' or 'nocomplete'."""
        me, peer = (
            (self.client, self.server)
            if p.source == self.client.endpoint
            else (self.server, self.client)
        )
        self.last = p.time
        earlier_fin = me.fin_seq if me.fins else None
        earlier_syn = me.syn_seen
        if p.flags & SYN:
            me.syns, me.syn_seen = (me.syns + 1) % 256, True
        if p.flags & RST:
            me.rsts += 1
        if p.flags & FIN:
            me.fins, me.fin_seq = (me.fins + 1) % 256, (p.seq + p.n) & MASK
        if me is self.client and not p.flags & SYN and p.n != 0 and not peer.syn_seen:
            return "nocomplete"
        if p.flags & ACK and peer.fin_seq is not None and p.ack >= (peer.fin_seq + 1) & MASK:
            peer.closed = True
        window = self.effective_window(me, peer, p)
        if p.flags & SYN:
            me.bad |= earlier_syn and p.seq != me.isn
            me.isn = p.seq
            peer.last_ack = p.seq
        if p.flags & FIN and earlier_fin is not None and earlier_fin != me.fin_seq:
            me.bad = 1
        self.options(me, peer, p)
        self.volume(me, p)
        repeated, ooo = self.sequence(me, peer, p)
        if p.flags & RST:
            me.acks += bool(p.flags & ACK)
            return "complete" if self.both_syns() else "nocomplete"
        self.windows_and_acks(me, p, window)
        self.flight_and_messages(me, peer, p, repeated, ooo)
        return "complete" if me.closed and peer.closed else None

    @staticmethod
    def effective_window(me, peer, p):
        if not p.flags & (ACK | SYN):
            return 0
        return (
            p.window << (me.scale & 63) & WORD if me.window_seen and peer.window_seen else p.window
        )

    @staticmethod
    def options(me, peer, p):
        o = p.options
        if o.window_scale is not None:
            me.window_seen, me.scale = 1, o.window_scale
        if o.mss is not None and o.mss != 0xFFFF:
            me.mss = o.mss - 65536 if o.mss >= 32768 else o.mss
        me.timestamps |= o.timestamps
        me.sack_opt |= o.sack_permitted
        me.sack_count += o.sack
        if not p.flags & SYN and not (me.window_seen and peer.window_seen):
            me.scale = peer.scale = 0

    @staticmethod
    def volume(me, p):
        if p.n > 0:
            me.data_packets += 1
            me.bytes += p.n
            me.payload_max = max(me.payload_max, p.n)
            me.payload_min = p.n if me.payload_min == 0 else min(me.payload_min, p.n)
        me.ttl_min = p.ttl if me.ttl_min == 0 else min(me.ttl_min, p.ttl)
        me.ttl_max = max(me.ttl_max, p.ttl)
        me.packets += 1

    def sequence(self, me, peer, p):
        repeated, ooo = 0, False
        if p.flags & (SYN | FIN) or p.n > 0:
            me.peer_window, me.both_syns = peer.window, self.both_syns()
            length = p.n + bool(p.flags & SYN) + bool(p.flags & FIN)
            repeated, ooo = me.insert(p.seq, length, p)
            payload_repeated = repeated
            for flag, count in ((SYN, me.syns), (FIN, me.fins)):
                if p.flags & flag and count > 1 and payload_repeated > 0:
                    payload_repeated -= 1
            if payload_repeated < p.n:
                me.unique += p.n - payload_repeated
            me.ooo += ooo
        if p.flags & ACK:
            peer.acknowledge(p.ack, p.time)
        if repeated > 0:
            me.retx_packets += 1
            me.retx_bytes += payload_repeated
        else:
            me.snd = (p.seq + p.n) & MASK
        return repeated, ooo

    @staticmethod
    def windows_and_acks(me, p, window):
        if p.flags & (ACK | SYN):
            me.window = window
            me.window_max = window & MASK if window > me.window_max else me.window_max
            if window > 0 and (me.window_min == 0 or window < me.window_min):
                me.window_min = window & MASK
        if p.flags & ACK:
            me.zero_windows += window == 0
            me.acks += 1
            me.pure_acks += p.n == 0 and not p.flags & (SYN | FIN)
            me.last_ack = p.ack

    def flight_and_messages(self, me, peer, p, repeated, ooo):
        if p.flags & ACK and p.ack != (peer.isn + 1) & MASK:
            peer.data_acked = True
        if p.n > 0 and not me.data_acked and repeated == 0:
            me.initial += p.n
        if p.flags & ACK and not p.flags & SYN and me.first_ack is None:
            me.first_ack = p.time
        if p.n != 0:
            me.first_data = p.time if me.first_data is None else me.first_data
            me.last_data = p.time
        if not p.flags & SYN and not ooo and repeated == 0:
            flight = (p.seq + p.n - peer.last_ack) & MASK
            if 0 < flight < 1 << 31:
                me.flight_max = max(me.flight_max, flight)
                me.flight_min = flight if me.flight_min == 0 else min(me.flight_min, flight)
        if p.flags & ACK and p.flags & (PSH | FIN) and me.msg_last < me.snd:
            size = (me.snd - me.isn - 1) & MASK if me.msg_last == 0 else me.snd - me.msg_last
            me.messages += size > 0
            me.msg_last = me.snd


class Table:
    """Flows in slots, the sweep that runs before a new flow, and the lines that come out."""

    def __init__(self, internal=None):
        self.internal = internal or []
        self.by_key, self.slots, self.cursor = {}, {}, 0
        self.udp_by_key, self.udp_slots, self.udp_cursor = {}, {}, 0
        self.pointer, self.last_run, self.now = 0, None, None
        self.lines = {"complete": [], "nocomplete": []}

    def is_internal(self, address):
        networks = [n for n in self.internal if n.version == address.version]
        return not networks or any(address in n for n in networks)

    def on_packet(self, time, is_ip, segment):
        self.now = time
        if is_ip and self.last_run is None:
            self.last_run = time
        if segment is None:
            return
        key = frozenset((segment.source, segment.destination))
        if segment.protocol == 17:
            return self.on_datagram(key, segment)
        flow = self.by_key.get(key)
        if flow is None:
            if segment.flags & (SYN | ACK) != SYN:
                return
            self.sweep(time)
            flow = self.create(key, segment)
            if flow is None:
                return
        outcome = flow.on_segment(segment)
        if outcome:
            self.retire(flow, outcome)

    def on_datagram(self, key, segment):
        pair = self.udp_by_key.get(key)
        if pair is None:
            self.sweep(segment.time)
            self.udp_cursor = (self.udp_cursor + 1) % (2 * SLOTS)
            pair = {"key": key, "slot": self.udp_cursor, "packets": 0}
            self.udp_by_key[key] = self.udp_slots[self.udp_cursor] = pair
        pair["packets"] += 1
        pair["last"] = segment.time

    def create(self, key, segment):
        for _ in range(SEARCH + 1):
            self.cursor = (self.cursor + 1) % SLOTS
            if self.cursor not in self.slots:
                flow = Flow(segment)
                flow.key, flow.slot = key, self.cursor
                self.by_key[key] = self.slots[self.cursor] = flow
                return flow
        return None

    def sweep(self, now):
        if now - self.last_run <= STEP:
            return
        steps = -(-(now - self.last_run) // STEP)
        self.last_run = now

        def turn(slot):
            return (slot % CLASSES - self.pointer) % CLASSES

        due = sorted((turn(slot), slot) for slot in self.slots if turn(slot) < steps)
        for slot in [slot for _, slot in due]:
            if self.slots[slot].expired(now):
                self.retire(
                    self.slots[slot], "complete" if self.slots[slot].both_syns() else "nocomplete"
                )
        for slot, pair in list(self.udp_slots.items()):
            age = elapsed(pair["last"], now)
            if turn(slot) < steps and (
                age > UDP_IDLE or (pair["packets"] == 1 and age > SINGLETON)
            ):
                del self.udp_slots[slot], self.udp_by_key[pair["key"]]
        self.pointer = (self.pointer + steps) % CLASSES

    def retire(self, flow, outcome):
        del self.by_key[flow.key], self.slots[flow.slot]
        flow.internal = [int(self.is_internal(s.endpoint[0])) for s in (flow.client, flow.server)]
        if any(flow.internal):
            self.lines[outcome].append(flow)

    def end_of_trace(self):
        for slot in sorted(self.slots):
            flow = self.slots[slot]
            if flow.expired(self.now):
                self.retire(flow, "complete" if flow.both_syns() else "nocomplete")
        for slot in sorted(self.slots):
            self.retire(self.slots[slot], "nocomplete")
