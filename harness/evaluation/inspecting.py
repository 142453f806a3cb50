"""The inspect pass: a network looked at and counted, or its twin counted in its place.

Ordinary images are restored while they are counted. What came out is kept beside the inspection,
and held to what the restore pass gives: see `scoring`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.errors import ForwardError, PassError
from harness.evaluation import twins
from harness.evaluation.bench import Bench, result
from harness.images.datasets import Pair, SplitData
from harness.records import Counted, Inspection, Outcome
from harness.records.schema import to_table
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Drive, Finish
from harness.store import album
from harness.worker.exchange import COUNTERS

Image = NDArray[np.uint8]
Place = tuple[str, int]  # a split, and which of its images
CountedImages = Mapping[Place, Mapping[str, Image]]  # by counter, as SR


class _Ordinary(NamedTuple):
    """An ordinary image that a counter is tried on: which of the first split's."""

    image: int
    pair: Pair


def depends(bench: Bench) -> list[str]:
    """Return what an inspection depends on of the images: nothing where there is no split."""
    return [split.lr_digest for split in _first(bench)]


def _first(bench: Bench) -> list[SplitData]:
    """Return the first split that is there, if any is."""
    return [split for split in bench.splits if split.pairs][:1]


def _ordinary(bench: Bench) -> list[_Ordinary]:
    """Return an image for each counter: of the first split, those nearest the cost image in area.

    Each has its own as far as there are several, so that none gives what another computed.
    """
    cost = prod(bench.protocol.cost_size)
    every = [_Ordinary(*pair) for one in _first(bench) for pair in enumerate(one.pairs)]
    near = sorted(every, key=lambda one: abs(one.pair.lr.height * one.pair.lr.width - cost))
    return [near[number % len(near)] for number in range(len(COUNTERS) if near else 0)]


class _Counting:
    """Has ordinary images restored while they are counted."""

    def __init__(self, bench: Bench) -> None:
        self._images = _ordinary(bench)
        self.found, self.sr = list[Counted](), dict[str, Image]()

    def ask(self, exchange: Exchange) -> None:
        """Ask for one by each counter; what a counter has no figure of, it has none of here."""
        for counter, (image, pair) in zip(COUNTERS, self._images, strict=False):
            lr = pair.lr.read()
            one = Counted(counter, image, (pair.lr.height, pair.lr.width))
            try:
                counted = exchange.counted(lr, counter)
            except ForwardError as error:
                self.found.append(replace(one, refused=str(error)))
                continue
            if counted:
                flops, self.sr[counter] = counted
                self.found.append(replace(one, flops=flops))

    def told_with(self, told: Inspection) -> Inspection:
        """Add what was found. Raises PassError where a counter has no figure beside it."""
        counted = {one.counter for one in self.found if not one.refused}
        if of_none := counted - told.complexity.flops.keys():
            raise PassError(f"the worker told of no figure of {', '.join(sorted(of_none))}")
        return replace(told, counted=tuple(self.found))


def inspect(submission: Submission, bench: Bench, pictures: Path) -> Outcome:
    """Inspect a submission; the SR images of counted calls go to the album `pictures`.

    Where it has a twin for the counters, that is counted in a process without the network.
    """
    counting, drawn = _Counting(bench), twins.Drawn()
    has_twin = submission.manifest.complexity is not None
    first = drawn.by_network if has_twin else _nothing
    outcome = bench.run("inspect", submission, _looking(first, counting))
    inspection = result(Inspection, outcome)
    if inspection and has_twin and not inspection.operator_missing:
        # without a checkpoint, each has weights of its own
        first = drawn.by_twin if inspection.complete else _nothing
        twin = bench.run("inspect", submission, _looking(first, counting), twin=True)
        outcome = _joined(outcome, twin)
    if not outcome.failure:
        album.write(pictures, {name: album.picture(sr) for name, sr in counting.sr.items()})
    return outcome


def _looking(first: Callable[[Exchange], None], counting: _Counting) -> Drive:
    def look(exchange: Exchange) -> Finish:
        first(exchange)
        counting.ask(exchange)
        return counting.told_with

    return look


def _nothing(exchange: Exchange) -> None:
    pass


def _joined(network: Outcome, twin: Outcome) -> Outcome:
    """Add to what was found of a network what its twin costs; fail where that failed."""
    one, other = result(Inspection, network), result(Inspection, twin)
    if one is None or other is None:
        return twin
    changed = dict.fromkeys((*network.switches_changed, *twin.switches_changed))
    return replace(
        network,
        result=to_table(twins.joined(one, other)),
        switches_changed=tuple(changed),
        log=network.log + twin.log,
    )


def counted_images(inspection: Inspection, pictures: Path, bench: Bench) -> CountedImages:
    """Return the SR images that were restored while they were counted."""
    kept = album.read(pictures, COUNTERS)
    found: dict[Place, dict[str, Image]] = {}
    for split in _first(bench):
        for one in inspection.counted:
            if one.counter in kept:
                place = split.name, one.image
                found.setdefault(place, {})[one.counter] = kept[one.counter].pixels
    return found


def is_whole(outcome: Outcome, pictures: Path) -> bool:
    """Tell whether the images that belong to a stored inspection are there."""
    inspection = result(Inspection, outcome)
    if inspection is None:
        return True
    wanted = {one.counter for one in inspection.counted if not one.refused}
    return wanted <= album.read(pictures, COUNTERS).keys()
