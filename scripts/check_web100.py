#!/usr/bin/env python3
"""A strict reader of .web100 files: prints `file:line: error|warning: sentence` for what it finds.

Usage: check_web100.py [--no-warnings] PATH...

A PATH is a file, or a directory whose files are read all. Written from the description of the
format alone and sharing no table with the program that it checks. An error: a reader of the
published files would drop the record or give the file up, or the format is broken. A warning: the
record is sound, but such a reader would not keep it, or it stands in another hour's file. Standard
library only. Exit status 1 when there was an error, 2 when there was nothing to read.
"""

import argparse
import datetime
import ipaddress
import pathlib
import re
import socket
import sys
from typing import NamedTuple

# The keys in file order; "old=new" where dictionaries have renamed one since.
STANDARD = """
LocalAddress LocalPort RemAddress RemPort State SACKEnabled=SACK TimestampsEnabled=TimeStamps
NagleEnabled=Nagle ECNEnabled=ECN SndWinScale=SndWindScale RcvWinScale=RcvWindScale ActiveOpen
MSSRcvd WinScaleRcvd WinScaleSent PktsOut=SegsOut DataPktsOut=DataSegsOut
DataBytesOut=HCDataOctetsOut PktsIn=SegsIn DataPktsIn=DataSegsIn DataBytesIn=HCDataOctetsIn SndUna
SndNxt SndMax ThruBytesAcked=HCThruOctetsAcked SndISS=SndInitial RcvNxt
ThruBytesReceived=HCThruOctetsReceived RecvISS=RecInitial StartTimeSec=StartTimeStamp
StartTimeUsec Duration SndLimTransSender=SndLimTransSnd SndLimBytesSender
SndLimTimeSender=SndLimTimeSnd SndLimTransCwnd SndLimBytesCwnd SndLimTimeCwnd SndLimTransRwin
SndLimBytesRwin SndLimTimeRwin SlowStart CongAvoid CongestionSignals=CongSignals OtherReductions
X_OtherReductionsCV X_OtherReductionsCM CongestionOverCount=CongOverCount CurCwnd
MaxCwnd=MaxSsCwnd CurSsthresh LimCwnd MaxSsthresh MinSsthresh FastRetran Timeouts
SubsequentTimeouts CurTimeoutCount AbruptTimeouts PktsRetrans=SegsRetrans
BytesRetrans=OctetsRetrans DupAcksIn SACKsRcvd SACKBlocksRcvd PreCongSumCwnd PreCongSumRTT
PostCongSumRTT PostCongCountRTT ECERcvd=CERcvd SendStall QuenchRcvd RetranThresh NonRecovDA
AckAfterFR=SpuriousFrDetected DSACKDups SampleRTT SmoothedRTT RTTVar MaxRTT MinRTT SumRTT CountRTT
CurRTO MaxRTO MinRTO CurMSS MaxMSS MinMSS X_Sndbuf X_Rcvbuf CurRetxQueue MaxRetxQueue CurAppWQueue
MaxAppWQueue CurRwinSent MaxRwinSent MinRwinSent LimRwin DupAcksOut CurReasmQueue MaxReasmQueue
CurAppRQueue MaxAppRQueue X_rcv_ssthresh X_wnd_clamp X_dbg1 X_dbg2 X_dbg3 X_dbg4 CurRwinRcvd
MaxRwinRcvd MinRwinRcvd LocalAddressType X_RcvRTT=RcvRTT WAD_IFQ WAD_MaxBurst WAD_MaxSsthresh
WAD_NoAI WAD_CwndAdjust
"""
EXTRA = """
MSSSent TimeStampSent TimeStampRcvd IpTtl IpTosIn IpTosOut ECNsignals ECESent NonRecovDAEpisodes
SumOctetsReordered DupAckEpisodes ZeroRwinRcvd ZeroRwinSent MaxPipeSize ElapsedSecs
ElapsedMicroSecs
"""
VARIABLES = [word.split("=") for word in (STANDARD + EXTRA).split()]
PLACE = {name: place for place, names in enumerate(VARIABLES) for name in names}
FIRST = ["cid", "PollTime"]
REQUIRED = ["LocalAddress", "LocalPort", "RemAddress", "RemPort", "StartTimeSec", "StartTimeUsec"]

U32, U63 = range(2**32), range(2**63)
WIDE = {
    "DataBytesOut",
    "DataBytesIn",
    "ThruBytesAcked",
    "ThruBytesReceived",
    "Duration",
    "SndLimBytesSender",
    "SndLimBytesCwnd",
    "SndLimBytesRwin",
}
RANGES = {
    "LocalPort": range(2**16),
    "RemPort": range(2**16),
    "State": range(1, 13),
    "StartTimeUsec": range(10**6),
    "ElapsedMicroSecs": range(10**6),
    "LocalAddressType": range(1, 3),
    "TimeStampSent": range(2),
    "TimeStampRcvd": range(2),
    "IpTtl": range(256),
    "IpTosIn": range(256),
    "IpTosOut": range(256),
    "MSSRcvd": range(2**16),
    "MSSSent": range(2**16),
    "ActiveOpen": range(2),
}
SHIFTS = {"SndWinScale", "RcvWinScale", "WinScaleRcvd", "WinScaleSent"}
ADDRESSES = ("LocalAddress", "RemAddress")

# Rows with such an end are dropped by readers, the file goes on.
UNWANTED = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "192.0.2.0/24",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "::/128",
        "::1/128",
        "fe80::/10",
        "ff00::/8",
        "fc00::/7",
        "fec0::/10",
        "2001:db8::/32",
    )
]

NAME = re.compile(r"(\d{8}T\d\d:00:00Z)_(?:ALL|([0-9a-f.:]+)_)(0|[1-9]\d*)\.web100")
POLL = re.compile(r"\d{4}-\d\d-\d\d-\d\d:\d\d:\d\dZ")
INTEGER = re.compile(r"0|-?[1-9]\d*")


class Finding(NamedTuple):
    path: pathlib.Path
    line: int
    is_error: bool
    sentence: str

    def __str__(self):
        kind = "error" if self.is_error else "warning"
        return f"{self.path}:{self.line}: {kind}: {self.sentence}"


class FileCheck:
    """One file; `findings` after read()."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.findings = []
        self.records = 0
        self.number = 0  # of the line
        self.keys = []
        self.hour = None
        self.local = None  # address in the name
        self.seen = {}

    def error(self, sentence):
        self.findings.append(Finding(self.path, self.number, True, sentence))

    def warn(self, sentence):
        self.findings.append(Finding(self.path, self.number, False, sentence))

    def read(self):
        self.check_name()
        data = self.path.read_bytes()
        if not data.endswith(b"\n"):
            self.error("the last line has no end" if data else "an empty file")
        for self.number, line in enumerate(data.decode("latin-1").split("\n")[:-1], 1):
            if not line or not line.isascii() or not line.isprintable():
                self.error("a blank line, or a byte that is no printable ASCII")
                continue
            words = line.split(" ")
            if "" in words:
                self.error("fields are separated by exactly one blank, and none is at an end")
            if self.number == 1:
                self.check_keys(words)
            elif words[0] == "C:":
                self.check_record(words[1:])
            else:
                self.error(f"a second key line or an unknown kind of line: {words[0]!r}")
        return self

    def check_name(self):
        found = NAME.fullmatch(self.path.name)
        if not found:
            self.error("the name is not YYYYMMDDTHH:00:00Z_ALLn.web100 or ..._ADDRESS_n.web100")
            return
        try:
            self.hour = datetime.datetime.strptime(found[1], "%Y%m%dT%H:%M:%SZ")
        except ValueError:
            self.error(f"{found[1]} is no date")
            return
        if found[2]:
            self.local = found[2]
            self.address(found[2])
        parts = self.path.absolute().parent.parts
        if "SideStream" in parts:
            below = parts[len(parts) - parts[::-1].index("SideStream") :]
            if list(below[:3]) != self.hour.strftime("%Y %m %d").split() or len(below) > 4:
                self.error(f"the directory {'/'.join(below)} is not that of the name's day")

    def check_keys(self, words):
        if words[0] != "K:" or words[1:3] != FIRST:
            self.error("the first line is `K: cid PollTime` and the keys")
            return
        self.keys = words[1:]
        places = []
        for key in self.keys[2:]:
            if key not in PLACE:
                self.error(f"{key!r} is in no dictionary; readers give the file up")
            else:
                places.append(PLACE[key])
        if len(set(places)) != len(places):
            self.error("a variable comes twice, perhaps in both spellings")
        if places != sorted(places):
            self.error("the keys are not in the standard order")
        for key in REQUIRED:
            if PLACE[key] not in places:
                self.error(f"{key} is missing; readers tell records apart by it")

    def check_record(self, words):
        self.records += 1
        if len(words) != len(self.keys):
            self.error(f"{len(words)} values for {len(self.keys)} keys")
            return
        # By the old spellings; the first two are no variables.
        values = dict(zip(FIRST, words))
        for key, word in zip(self.keys[2:], words[2:]):
            values[VARIABLES[PLACE[key]][0] if key in PLACE else key] = word
        self.integer("cid", values["cid"], range(1, 2**31))
        self.check_poll(values["PollTime"])
        for key, word in list(values.items())[2:]:
            if key not in ADDRESSES:
                self.integer(key, word, self.range_of(key))
        self.check_ends(values)
        identity = tuple(values.get(key) for key in REQUIRED)
        if identity in self.seen:
            self.error(f"the same connection as in line {self.seen[identity]}")
        self.seen[identity] = self.number

    @staticmethod
    def range_of(key):
        if key in SHIFTS:
            return range(-1, 15)
        if key in RANGES:
            return RANGES[key]
        if key.startswith("WAD_"):
            return range(-(2**31), 2**31)
        return U63 if key in WIDE else U32

    def integer(self, key, word, allowed):
        if not INTEGER.fullmatch(word):
            self.error(f"{key} is no decimal integer: {word!r}")
        elif int(word) not in allowed:
            self.error(f"{key} = {word} is not in {allowed.start}..{allowed.stop - 1}")

    def check_poll(self, word):
        try:
            if not POLL.fullmatch(word):
                raise ValueError
            poll = datetime.datetime.strptime(word, "%Y-%m-%d-%H:%M:%SZ")
        except ValueError:
            self.error(f"PollTime is no YYYY-MM-DD-HH:MM:SSZ: {word!r}")
            return
        if self.hour and poll.replace(minute=0, second=0) != self.hour:
            self.warn(f"PollTime {word} is not in the hour of the name")

    def address(self, word):
        """The address, or None with an error said: one text form only for each."""
        try:
            address = ipaddress.ip_address(word)
        except ValueError:
            self.error(f"no address: {word!r}")
            return None
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        if socket.inet_ntop(family, address.packed) != word:
            self.error(f"not the canonical form of the address: {word!r}")
        return address

    def check_ends(self, values):
        ends = [self.address(values[key]) for key in ADDRESSES if key in values]
        if len(ends) != 2 or None in ends:
            return
        if ends[0].version != ends[1].version:
            self.error("the ends are of different IP versions")
        kind = values.get("LocalAddressType")
        if kind is not None and kind != {4: "1", 6: "2"}[ends[0].version]:
            self.error(f"LocalAddressType {kind} for {ends[0]}")
        if self.local and self.local != values["LocalAddress"]:
            self.error(f"{ends[0]} in the file of {self.local}")
        for end in ends:
            if any(end in network for network in UNWANTED if network.version == end.version):
                self.warn(f"readers drop records of {end}")


def files_of(paths):
    """Files to read, and findings about files that do not belong where they are."""
    files, strays = [], []
    for path in map(pathlib.Path, paths):
        if not path.is_dir():
            files.append(path)
            continue
        for inner in sorted(p for p in path.rglob("*") if p.is_file()):
            if ".spool" in inner.parts or inner.name.endswith((".tra", ".tra.meta")):
                continue
            if inner.suffix == ".web100":
                files.append(inner)
            elif "SideStream" in inner.parts:
                strays.append(Finding(inner, 0, True, "no .web100 file in the exported tree"))
    return files, strays


def check(paths):
    """Findings, number of files, number of records."""
    files, findings = files_of(paths)
    done = [FileCheck(path).read() for path in files]
    for one in done:
        findings.extend(one.findings)
    return findings, len(done), sum(one.records for one in done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-warnings", action="store_true", help="print errors only")
    parser.add_argument("path", nargs="+")
    options = parser.parse_args()
    findings, files, records = check(options.path)
    for finding in findings:
        if finding.is_error or not options.no_warnings:
            print(finding)
    print(f"{files} files, {records} records", file=sys.stderr)
    if any(finding.is_error for finding in findings):
        return 1
    return 0 if files else 2


if __name__ == "__main__":
    sys.exit(main())
