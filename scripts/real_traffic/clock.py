"""The time of the recordings: captures begin at 1600000000 s, and so does the clock of the
programs, so that headers and certificates agree with it.
"""
import pathlib

START_S = 1_600_000_000
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
START_TIME = {
    "LD_PRELOAD": str(FAKETIME),
    "FAKETIME": "@2020-09-13 12:26:40",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "TZ": "UTC",
}
REAL_TIME = {"LD_PRELOAD": ""}  # for programs that hang or fail otherwise
