"""Segment lists, round trips and classes of anomalous segments of one side (reference model of the
golden cases)."""
import math
from dataclasses import dataclass, field

(
    IN_SEQUENCE,
    RTO,
    FAST,
    REORDERING,
    DUPLICATE,
    UNKNOWN,
    FLOW_CONTROL,
    UNNEEDED_RTO,
    UNNEEDED_FAST,
) = range(9)
RECORDS_MAX = 100
NO_SAMPLE_RTO, NO_SAMPLE_MIN, RTO_MIN = 500000, 5000, 100000


@dataclass
class Record:
    first: int
    last: int
    time: int
    ip_id: int
    sent_again: int = 0
    acked: int = 0
    kind: int = IN_SEQUENCE


@dataclass
class Quadrant:
    records: list = field(default_factory=list)
    linked_next: bool = False
    linked_previous: bool = False


class RoundTrips:
    def __init__(self):
        self.count, self.sum, self.squares, self.min, self.max = 0, 0.0, 0.0, 0, 0

    def sample(self, us):
        self.count += 1
        self.sum += float(us)
        self.squares += float(us) * float(us)
        self.min = us if self.min == 0 or us < self.min else self.min
        self.max = max(self.max, us)


def average(total, count):
    return total / (count + 0.0001)


def deviation(total, squares, count):
    if count <= 2:
        return 0.0
    radicand = (squares - total * total / count) / (count - 1)
    return math.sqrt(radicand) if radicand >= 0 else 0.0


class Tracker:
    """What one side sent. The flow sets `peer`, `peer_window` and `both_syns`."""

    def __init__(self):
        self.quadrants = [Quadrant() for _ in range(4)]
        self.round_trips = RoundTrips()
        self.classes = [0] * 9
        self.peer = None
        self.peer_window = 0  # current window of the other side
        self.both_syns = False

    # --- insertion ---

    def touch(self, number):
        q = self.quadrants
        me, after, before = q[number], q[(number + 1) % 4], q[(number - 1) % 4]
        if me.linked_next and me.linked_previous:
            return
        me.linked_next = me.linked_previous = True
        after.linked_previous, before.linked_next = True, True
        after.linked_next = before.linked_previous = False
        q[(number + 2) % 4] = Quadrant()

    def insert(self, seq, length, segment):
        """(bytes seen before, out of order)"""
        self.now, self.ip_id = segment.time, segment.ip_id
        number, last = seq >> 30, (seq + length - 1) & 0xFFFFFFFF
        self.touch(number)
        if length <= 0 or last >> 30 == number:
            return self.insert_part(self.quadrants[number].records, seq, seq + length - 1)
        end = 0x3FFFFFFF * (number + 1)
        part = end - seq + 1
        first = self.insert_part(self.quadrants[number].records, seq, end)
        following = (number + 1) % 4
        start = following << 30
        second = self.insert_part(
            self.quadrants[following].records, start, start + length - part - 1
        )
        return first[0] + second[0], first[1] or second[1]

    def insert_part(self, records, first, last):
        repeated, split, out_of_order = 0, False, False
        i = 0
        if records and first <= records[-1].last:
            while i < len(records):
                c = records[i]
                if first > c.last:
                    i += 1
                    continue
                if first < c.first:
                    out_of_order |= last < c.last
                    new = Record(first, last, self.now, self.ip_id)
                    records.insert(i, new)
                    i += 1
                    before = records[i - 2] if i >= 2 else None
                    if last <= c.first:
                        self.classify(new, c, before, True, last - first + 1, None)
                        return repeated, out_of_order
                    new.last = c.first - 1
                    self.classify(new, c, before, True, new.last - new.first, None)
                    first = c.first
                c.sent_again += 1
                recovery = self.now - c.time
                if not split:
                    c_time, c.time = c.time, self.now
                else:
                    c_time = c.time
                before = records[i - 1] if i >= 1 else None
                if last <= c.last:
                    repeated += last - first + 1
                    self.classify(c, c, before, False, last - first + 1, recovery, c_time)
                    return repeated, out_of_order
                repeated += c.last - first + 1
                first, split = c.last + 1, True
                self.classify(c, c, before, False, repeated, recovery, c_time)
                i += 1
        records.append(Record(first, last, self.now, self.ip_id))
        if len(records) > RECORDS_MAX:
            records[1].first = records[0].first
            del records[0]
        return repeated, out_of_order

    # --- classes ---

    def classify(self, target, c, before, hole, length, recovery, c_time=None):
        c_time = c.time if c_time is None else c_time
        mine, other = self.round_trips, self.peer.round_trips
        mean = average(mine.sum, mine.count) + average(other.sum, other.count)
        pooled = deviation(
            mine.sum + other.sum, mine.squares + other.squares, mine.count + other.count
        )
        timeout, closest = max(mean + 4 * pooled, RTO_MIN), max(mine.min + other.min, 1000)
        if hole:
            recovery = self.now - before.time if before else -1
        if mine.count == 0 or other.count == 0:
            timeout, closest = NO_SAMPLE_RTO, NO_SAMPLE_MIN
            if recovery == -1:
                recovery = self.now - c_time
        prior = before.kind if before else IN_SEQUENCE
        same_id = c.ip_id == self.ip_id
        late = recovery > timeout
        fast = before is not None and before.acked > 3 and recovery < timeout
        close = self.now - c_time < closest
        if length == 1 and self.peer_window == 0 and self.both_syns:
            kind = FLOW_CONTROL
        elif recovery < mean and prior != IN_SEQUENCE:
            kind = prior
        elif c.acked == 0:
            kind = (
                DUPLICATE
                if not hole and same_id
                else FAST
                if fast
                else RTO
                if late
                else REORDERING
                if hole and close
                else UNKNOWN
            )
        else:
            kind = (
                DUPLICATE
                if same_id
                else UNNEEDED_FAST
                if fast
                else UNNEEDED_RTO
                if late
                else UNKNOWN
            )
        target.kind = kind
        self.classes[kind] += 1

    # --- acknowledgments ---

    def acknowledge(self, ack, now):
        number = ack >> 30
        self.touch(number)
        latest, changed = None, False
        previous = self.quadrants[(number - 1) % 4].records
        for record in previous:
            if record.acked == 0:
                record.acked, changed = 1, True
                latest = record.time if latest is None else max(latest, record.time)
        if changed:
            merge(previous)
        changed = False
        for record in self.quadrants[number].records:
            if ack <= record.first:
                break
            latest = record.time if latest is None else max(latest, record.time)
            if record.acked > 0:
                record.acked += 1
                continue
            record.acked, changed = 1, True
            if ack == record.last + 1 and latest <= record.time and record.sent_again == 0:
                self.round_trips.sample(max(0, now - record.time))
        if changed:
            merge(self.quadrants[number].records)


def merge(records):
    i = 0
    while i + 1 < len(records) and records[i].acked and records[i + 1].acked:
        one, two = records[i], records[i + 1]
        if two.first != one.last + 1:
            i += 1
            continue
        one.last, one.acked = two.last, two.acked
        if two.time > one.time:
            one.time, one.ip_id, one.kind = two.time, two.ip_id, two.kind
        del records[i + 1]
