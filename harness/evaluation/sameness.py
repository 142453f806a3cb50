"""Whether timed calls compute what ordinary ones do: in a second process, of the same pixels.

And how far two calls are apart, which counted ones are held to as well.
"""

import random
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench, result
from harness.evaluation.clock import Differing
from harness.images.fidelity import psnr
from harness.records import Apart, Outcome, Visit, pixels
from harness.records.schema import to_table
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Finish, as_told

Image = NDArray[np.uint8]

_RANDOM = random.SystemRandom()
_MOST = 6  # calls of a visit that are looked at; whole images are in memory until then


class Sample:
    """A few of a visit's calls that differ, each as likely as any other."""

    def __init__(self) -> None:
        self.seen, self.kept = 0, list[Differing]()

    def take(self, one: Differing) -> None:
        """Keep a call, or not."""
        self.seen += 1
        if len(self.kept) < _MOST:
            self.kept.append(one)
        elif (place := _RANDOM.randrange(self.seen)) < _MOST:
            self.kept[place] = one


def compared(outcome: Outcome, sample: Sample, submission: Submission, bench: Bench) -> Outcome:
    """Add to a visit how far its calls that differ are from ordinary ones of the same pixels.

    These are made in a process of their own, each twice. Where that fails, so does the visit.
    """
    visit = result(Visit, outcome)
    if visit is None or not sample.kept:
        return outcome
    apart: list[Apart] = []

    def drive(exchange: Exchange) -> Finish:
        first = [exchange.called(one.lr).sr for one in sample.kept]
        again = [exchange.called(one.lr).sr for one in sample.kept]
        apart.extend(map(apart_from, sample.kept, first, again))
        return as_told

    ordinary = bench.run("restore", submission, drive, 2 * len(sample.kept))
    if ordinary.failure:
        return ordinary
    return replace(outcome, result=to_table(replace(visit, apart=tuple(apart))))


def apart_from(one: Differing, first: Image, again: Image) -> Apart:
    """Compare a call with an ordinary one, and this with another of its process.

    Where it is, bit for bit, the ordinary one of an earlier process, an entry that changes within a
    process gains nothing by it.
    """
    other = first if pixels.digest(first) == one.expected else again
    return Apart(
        one.split,
        one.image,
        one.perturbed,
        _levels(one.sr, first),
        psnr(one.sr, first, border=0)[0],
        _levels(first, other),
        psnr(first, other, border=0)[0],
    )


def _levels(one: Image, other: Image) -> int:
    return int(np.abs(one.astype(np.int16) - other).max())
