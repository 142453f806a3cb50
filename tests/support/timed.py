"""Entries that nobody timed: their rounds share a noise, and each has a wobble of its own."""

import math
from dataclasses import replace

from harness import protocols
from harness.records import Complexity, Count, Entry, Inspection, RoundVisit, Timing, Visit
from tests.support import tiny

EDITION = replace(
    protocols.load(tiny.PROTOCOL), splits=(replace(protocols.load(tiny.PROTOCOL).splits[0]),)
)
NOISE = (0.01, -0.02, 0.03, -0.01, 0.0, -0.01)  # of the baseline's brackets, by round
WOBBLE = (0.004, -0.003, 0.001, -0.002, 0.003, -0.003)


def visit(ms):
    """Return a visit of one image that takes so long."""
    return Visit({"valid": ((ms,),)}, {"valid": 2**20}, "scripted", {"valid": ("a",)})


def entry(name, made, flops=100):
    """Return an entry with the visits that were made of it."""
    count = Count(flops, {}, {})
    inspection = Inspection(flops, flops, Complexity({"fvcore": count}, 1, 1))
    return Entry(name, name, inspection=inspection, timing=Timing(tuple(made)))


def timed(name, ratio, wobble=WOBBLE, session=0, flops=100):
    """Return an entry `ratio` times as slow as the baseline, but for a wobble of its own."""
    visits = [
        RoundVisit(session, number, "entry", visit(10 * ratio * math.exp(noise + own)))
        for number, (noise, own) in enumerate(zip(NOISE, wobble, strict=True))
    ]
    return entry(name, visits, flops)


def baseline(sessions=1):
    """Return the baseline, visited at both ends of every round."""
    return entry(
        "good",
        [
            RoundVisit(session, number, place, visit(10 * math.exp(noise)))
            for session in range(sessions)
            for number, noise in enumerate(NOISE)
            for place in ("start", "end")
        ],
    )
